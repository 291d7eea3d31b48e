"""Layers and networks: sizes, the table of layers, and what a run of a network does.

``get_output_width`` and ``count_parameters`` compute sizes; ``layer_table`` shows the layers of a
network, and how much of an image each sees; ``describe_network`` tells, operation by operation,
what it does with a batch; ``Sight`` what each value inside it sees, down to the image.
"""

from helpers.layers.operations import INPUT, Operation, Recording, describe_network, recorded
from helpers.layers.rows import LayerRow, layer_rows, layer_table
from helpers.layers.sight import Sight, Step
from helpers.layers.sizes import count_parameters, get_output_width

__all__ = [
    "INPUT",
    "LayerRow",
    "Operation",
    "Recording",
    "Sight",
    "Step",
    "count_parameters",
    "describe_network",
    "get_output_width",
    "layer_rows",
    "layer_table",
    "recorded",
]
