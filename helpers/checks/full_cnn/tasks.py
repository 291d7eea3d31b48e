"""Checks of tasks 3.5 and 3.6: a student's loops, after they ran on a recorder."""

import numpy as np
import torch
import torch.nn.functional as F

from helpers.checks.core.checking import check
from helpers.checks.core.describing import counted, describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, close, is_blank
from helpers.checks.full_cnn import loop_behaviour as behaviour
from helpers.checks.full_cnn import loop_recorder
from helpers.checks.full_cnn.loop_numbers import judge_accuracy, judge_loss, judge_number, weighted


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
    behaviour.judge_loop(train_loop, "train_loop", ("dataloader", "model", "loss_fn", "optimizer"))
    bench = loop_recorder.bench()
    before = bench.model.weight.detach().clone()
    bench.model.eval()  # as a test leaves it
    bench.record.modes_set.clear()
    args = (bench.loader, bench.model, bench.loss_fn, bench.optimizer)
    found = behaviour.run_loop(train_loop, "train_loop", bench, *args)
    torch.set_grad_enabled(True)
    value = judge_number(found, "what train_loop returns", "loss.item()")
    behaviour.judge_devices(bench.record, "train_loop")
    behaviour.judge_epoch(bench.record, "train_loop")
    behaviour.judge_training_mode(bench.record)
    losses = behaviour.judge_learning(bench, before)
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
    behaviour.judge_loop(test_loop, "test_loop", ("dataloader", "model", "loss_fn"))
    bench = loop_recorder.bench()
    before = bench.model.weight.detach().clone()
    bench.model.train()
    bench.record.modes_set.clear()
    args = (bench.loader, bench.model, bench.loss_fn)
    found = _two_values(behaviour.run_loop(test_loop, "test_loop", bench, *args))
    gradients_on = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    behaviour.judge_devices(bench.record, "test_loop")
    behaviour.judge_epoch(bench.record, "test_loop")
    behaviour.judge_quiet(bench, before, gradients_on)
    loss, accuracy = (
        judge_number(value, f"the {what} that test_loop returns", ".item()")
        for value, what in zip(found, ("loss", "accuracy"), strict=True)
    )
    losses = [F.cross_entropy(bench.model(x), y).item() for x, y in bench.batches()]
    right = sum(loop_recorder.RIGHT) / loop_recorder.TOTAL
    if close([loss, accuracy], [right, weighted(losses)], 1e-3):
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
            f"test_loop returns {counted(len(found), 'value')}; expected are two, the "
            "loss and the accuracy."
        )
    if Ellipsis in [value for value in found if is_blank(value)]:
        raise NotAnswered("there are still dots (...) in what test_loop returns.")
    if None in [value for value in found if is_blank(value)]:
        raise Incorrect(
            "test_loop returns None in place of a number, as a call gives that returns nothing, "
            "such as print or append. Return the loss and the accuracy themselves."
        )
    return tuple(found)
