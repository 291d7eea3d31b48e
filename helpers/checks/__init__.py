"""Is this answer right, and if not, why? One module per notebook, one function per task.

``hint("3.5")`` helps with a task, ``progress()`` tells how far a notebook is done.
"""

from helpers.checks.convolution_layers.tasks import (
    conv_layer,
    conv_output,
    conv_parameters,
    output_width,
    same_padding,
    value_by_hand,
    vertical_edges,
)
from helpers.checks.core.hints import hint
from helpers.checks.core.outcomes import CheckError, Incorrect, NotAnswered
from helpers.checks.core.progress import progress
from helpers.checks.core.seeds import other_inputs
from helpers.checks.full_cnn.tasks import (
    conv_net,
    learning_rates,
    loss_and_optimizer,
    loss_plot,
    on_device,
    quick_test,
    test_loop,
    train_loop,
    training_run,
)
from helpers.checks.going_further.tasks import (
    batch_norm,
    data_parallel,
    dropout,
    rgb_net,
    small_net,
    variants,
)
from helpers.checks.inspection.tasks import (
    activations,
    decision_map,
    feature_maps,
    first_layer,
    kernel_pictures,
    mistakes,
)
from helpers.checks.pooling.tasks import max_pool, pooled_width, shift_changes, side_by_side

__all__ = [
    "CheckError",
    "Incorrect",
    "NotAnswered",
    "activations",
    "batch_norm",
    "conv_layer",
    "conv_net",
    "conv_output",
    "conv_parameters",
    "data_parallel",
    "decision_map",
    "dropout",
    "feature_maps",
    "first_layer",
    "hint",
    "kernel_pictures",
    "learning_rates",
    "loss_and_optimizer",
    "loss_plot",
    "max_pool",
    "mistakes",
    "on_device",
    "other_inputs",
    "output_width",
    "pooled_width",
    "progress",
    "quick_test",
    "rgb_net",
    "same_padding",
    "shift_changes",
    "side_by_side",
    "small_net",
    "test_loop",
    "train_loop",
    "training_run",
    "value_by_hand",
    "variants",
    "vertical_edges",
]
