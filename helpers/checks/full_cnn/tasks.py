"""Checks of notebook 03, the full CNN: what is right, and what is said then."""

import numpy as np
import torch
import torch.nn.functional as F

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, close, is_blank
from helpers.checks.full_cnn import loop_recorder
from helpers.checks.full_cnn.conv_net import judge_conv_net
from helpers.checks.full_cnn.learning_rates import judge_learning_rates
from helpers.checks.full_cnn.loop_behaviour import (
    judge_devices,
    judge_epoch,
    judge_learning,
    judge_loop,
    judge_quiet,
    judge_training_mode,
    run_loop,
)
from helpers.checks.full_cnn.loop_numbers import judge_accuracy, judge_loss, judge_number
from helpers.checks.full_cnn.loss_and_optimizer import judge_loss_and_optimizer
from helpers.checks.full_cnn.loss_plot import judge_loss_plot
from helpers.checks.full_cnn.on_device import judge_on_device
from helpers.checks.full_cnn.quick_test import judge_quick_test
from helpers.checks.full_cnn.training_run import judge_training_run


@check("3.1", "Build the network", hints=(
    "Follow one image with a pencil: 28 pixels wide, after the convolution 24, after pooling 12, "
    "and so on. Each arrow in the table is one layer, and each convolution or pooling is one "
    "call of get_output_width.",
    "conv_stack is nn.Sequential of six layers: convolution, ReLU, pooling, twice. The width: "
    "width = get_output_width(width, 5) for a convolution, width = get_output_width(width, 2, 2) "
    "for a pooling, in their order. linear_stack is nn.Sequential of five layers: linear, ReLU, "
    "linear, ReLU, linear; the first takes 16 * width**2 numbers. forward passes x through the "
    "three parts and returns the result.",
))  # fmt: skip
def conv_net(ConvNet) -> str:
    """Right: a class of networks with ``conv_stack``, ``flatten``, ``linear_stack`` and a
    ``linear_entry_dim`` of 4, which computes two convolutions (6 and 16 channels, kernel 5) with
    ReLU and 2×2 max pooling, then fully-connected layers of 120, 84 and 10 with ReLU after all but
    the last: 44,426 parameters. How it is written down does not matter."""
    answered(ConvNet=ConvNet)
    judge_conv_net(ConvNet)
    return "44,426 parameters; the first fully-connected layer takes 16·4² = 256 numbers"


@check("3.2", "Make one", hints=(
    "You need two things in a row: make a network from the class, and send it to where the "
    "computing happens.",
    "A single layer would be made and moved like this: nn.Linear(2, 3).to(device). Do the same "
    "with your class, which needs nothing in its parentheses.",
))  # fmt: skip
def on_device(model, device) -> str:
    """Right: an instance of ``ConvNet`` with all its parameters and buffers on ``device``."""
    answered(model=model, device=device)
    judge_on_device(model, device)
    return "all 44,426 parameters are on the device, where the images will have to go, too"


@check("3.3", "Test it before you train it", hints=(
    "Print image.shape, image.unsqueeze(0).shape and X.shape. Which two have four entries? Those "
    "are batches.",
    "A layer is called like a function, layer(batch), and so is a network. X is a batch; of the "
    "single image unsqueeze(0) makes one.",
))  # fmt: skip
def quick_test(scores_one, scores_batch) -> str:
    """Right: the scores for one image, ``[1, 10]``, and for a batch, ``[64, 10]``, as they come
    out of the network, without softmax or argmax."""
    answered(scores_one=scores_one, scores_batch=scores_batch)
    judge_quick_test(scores_one, scores_batch)
    return "ten scores per image: [1, 10] for one, [64, 10] for a batch; the batch comes first"


@check("3.4", "Loss and optimizer", hints=(
    "Both are objects made from a class, so both need parentheses. Which of the two has to know "
    "your network?",
    "With Adam and another learning rate the second would be "
    "torch.optim.Adam(model.parameters(), lr=0.01). Take the optimizer and the learning rate of "
    "the task. The loss needs nothing in its parentheses.",
))  # fmt: skip
def loss_and_optimizer(loss_fn, optimizer, model) -> str:
    """Right: cross-entropy as it comes (mean over the batch), and ``torch.optim.SGD`` with a
    learning rate of 1e-3 and nothing else set, on all parameters of ``model``."""
    answered(loss_fn=loss_fn, optimizer=optimizer, model=model)
    judge_loss_and_optimizer(loss_fn, optimizer, model)
    return "ten equal scores cost ln 10 ≈ 2.303: this is where training will begin"


@check("3.5", "The training loop", hints=(
    "Tell it as a story, for one batch: move, look, compare, find out what to change, change it, "
    "forget. Each of the six is one line. What has to be prepared before the first batch, and "
    "what is left to do after the last?",
    "Before the loop: the device, model.train(), a sum of 0.0 and a count of 0. For each X, y in "
    "dataloader: both to the device; the loss of model(X) and y; its backward(); the optimizer's "
    "step() and zero_grad(); add loss.item() * len(X) to the sum and len(X) to the count. After "
    "the loop, not inside: return one divided by the other.",
))  # fmt: skip
def train_loop(train_loop) -> str:
    """Right: one pass over the loader in training mode, each batch moved to the model's device,
    one SGD step per batch with the gradients of this batch alone; returns the mean loss per image
    as a number (or as a tensor of one number that needs no gradient)."""
    answered(train_loop=train_loop)
    judge_loop(train_loop, "train_loop", ("dataloader", "model", "loss_fn", "optimizer"))
    bench = loop_recorder.bench()
    before = bench.model.weight.detach().clone()
    bench.model.eval()  # as a test leaves it
    bench.record.modes_set.clear()
    args = (bench.loader, bench.model, bench.loss_fn, bench.optimizer)
    found = run_loop(train_loop, "train_loop", bench, *args)
    torch.set_grad_enabled(True)
    value = judge_number(found, "what train_loop returns", "loss.item()")
    judge_devices(bench.record, "train_loop")
    judge_epoch(bench.record, "train_loop")
    judge_training_mode(bench.record)
    losses = judge_learning(bench, before)
    judge_loss(value, losses, "train_loop")
    return "one step per batch; the short last batch counts by its number of images"


@check("3.6", "The test loop", hints=(
    "Begin with a copy of train_loop and take away all that learns: what is left of the six "
    "lines? Then count two things, not one.",
    "Before the loop: the device, model.eval(), three zeros. The whole loop stands under with "
    "torch.no_grad():. For each batch: move, compute the scores, add the loss times len(X), add "
    "(scores.argmax(dim=1) == y).sum().item(), add len(X). After the loop return two quotients: "
    "loss first, then accuracy.",
))  # fmt: skip
def test_loop(test_loop) -> str:
    """Right: one pass over the loader in eval mode and without gradients, each batch moved to the
    model's device; returns the mean loss per image and the accuracy, between 0 and 1."""
    answered(test_loop=test_loop)
    judge_loop(test_loop, "test_loop", ("dataloader", "model", "loss_fn"))
    bench = loop_recorder.bench()
    before = bench.model.weight.detach().clone()
    bench.model.train()
    bench.record.modes_set.clear()
    args = (bench.loader, bench.model, bench.loss_fn)
    found = _two_values(run_loop(test_loop, "test_loop", bench, *args))
    gradients_on = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    judge_devices(bench.record, "test_loop")
    judge_epoch(bench.record, "test_loop")
    judge_quiet(bench, before, gradients_on)
    loss, accuracy = (
        judge_number(value, f"the {what} that test_loop returns", ".item()")
        for value, what in zip(found, ("loss", "accuracy"), strict=True)
    )
    losses = [F.cross_entropy(bench.model(x), y).item() for x, y in bench.batches()]
    right = sum(loop_recorder.RIGHT) / loop_recorder.TOTAL
    if close(loss, right, 1e-3, floor=0.0) and accuracy > 1:
        raise Incorrect(
            "test_loop returns the accuracy first and the loss second. Return the loss first."
        )
    judge_loss(loss, losses, "test_loop")
    judge_accuracy(accuracy, bench)
    return "loss and accuracy are means over images: comparable with the loss of train_loop"


def _two_values(found) -> tuple:
    if isinstance(found, (torch.Tensor, np.ndarray)) and found.ndim == 1:
        found = tuple(found)
    if not isinstance(found, (tuple, list)):
        raise Incorrect(
            f"test_loop returns {describe(found)}; expected are two numbers, the loss and the "
            "accuracy, separated by a comma."
        )
    if len(found) != 2:
        raise Incorrect(
            f"test_loop returns {len(found)} values; expected are two, the loss and the accuracy."
        )
    if any(is_blank(value) for value in found):
        raise NotAnswered("there are still dots (...) in what test_loop returns.")
    return tuple(found)


@check("3.7", "Ten epochs", hints=(
    "In one epoch each of your two loops is called once. What does each return, and into which "
    "list does it go?",
    "Six lines inside the for: train_loss = train_loop(...); test_loss, accuracy = "
    "test_loop(...); one append for each of the three lists; run.log. Look at the first lines of "
    "the two functions for what goes into the parentheses, and in which order.",
))  # fmt: skip
def training_run(train_losses, test_losses, accuracies) -> str:
    """Right: three lists of the same length, ten epochs or more, of mean losses per image and of
    accuracies between 0 and 1; the training loss is lower at the end than at the start. A run that
    is still on the plateau is right, too."""
    answered(train_losses=train_losses, test_losses=test_losses, accuracies=accuracies)
    judge_training_run(train_losses, test_losses, accuracies)
    return "a curve that stays near ln 10 ≈ 2.303 is on a plateau: no mistake, continue training"


@check("3.8", "The learning curves", hints=(
    "A picture that others can read answers three questions: what goes to the right, what goes "
    "up, and which line is which.",
    "With accuracies it would be: fig, ax = plt.subplots(); ax.plot(range(1, len(accuracies) + "
    '1), accuracies, label="accuracy"); ax.set_xlabel("epoch"); ax.set_ylabel("accuracy"); '
    "ax.legend(). You need two curves, and another name for the axis that goes up.",
))  # fmt: skip
def loss_plot(fig, train_losses, test_losses) -> str:
    """Right: a Matplotlib figure (or axes) with both losses over the epochs in the same axes, both
    axes named, and a legend (or text) that tells the two curves apart."""
    answered(fig=fig, train_losses=train_losses, test_losses=test_losses)
    judge_loss_plot(fig, train_losses, test_losses)
    return "both curves are means per image, so the gap between them means something"


@check("3.9", "The learning rate", hints=(
    "What does a training need to start from nothing? If something of the last one is used "
    "again, the comparison is not fair.",
    "In the function: a new network on the device, a new SGD for its parameters with "
    "lr=learning_rate, an empty list, the loop of Task 3.7 with the accuracy appended, and at "
    "the end return the network and the list. Call it once for each of the two new rates, and "
    "compare the last numbers of the three lists.",
))  # fmt: skip
def learning_rates(runs, best_learning_rate) -> str:
    """Right: a dictionary of the accuracies per epoch for 1e-3, 1e-2 and 1e-1, ten epochs or more
    each with a new network, of which 1e-1 reaches 0.80; and the rate whose run ends highest."""
    answered(runs=runs, best_learning_rate=best_learning_rate)
    judge_learning_rates(runs, best_learning_rate)
    return "a step 100 times as long crosses the plateau within the first epoch"
