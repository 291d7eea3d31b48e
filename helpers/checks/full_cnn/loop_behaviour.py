"""What the checks of tasks 3.5 and 3.6 ask of a student's loop, after it ran on the bench."""

import inspect

import torch

from helpers.checks.core.calling import call, judge_arguments
from helpers.checks.core.describing import counted, describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import close
from helpers.checks.full_cnn.loop_by_hand import slopes, trained
from helpers.checks.full_cnn.loop_errors import OTHER_DATA, why_it_raised
from helpers.checks.full_cnn.loop_recorder import SIZES, TOTAL, Bench, Moves, Record


def judge_loop(function, name: str, arguments: tuple[str, ...]) -> None:
    """Is it a function that can be called with these arguments, in this order?"""
    asked = f"{name}({', '.join(arguments)})"
    if isinstance(function, type) or not callable(function):
        raise Incorrect(
            f"{name} is {describe(function)}; expected is the function itself. Define {asked}, and "
            "hand it to the check by its name, without parentheses."
        )
    if inspect.isgeneratorfunction(function):
        raise Incorrect(
            f"{name} uses yield, so calling it runs nothing yet. Leave yield out, and end the "
            "function with one return, after the loop."
        )
    judge_arguments(function, name, arguments)


def run_loop(function, name: str, bench: Bench, *args):
    """What the loop returns on the bench, or what is wrong with its running at all."""
    record = bench.record
    try:
        with Moves():
            value = call(function, *args, on="four batches of images")
    except Incorrect as error:
        raise Incorrect(why_it_raised(error.message, record, name)) from None
    if value is Ellipsis:
        raise NotAnswered(f"{name} returns dots (...). Put what it is to return in their place.")
    if value is None and not record.passes and not record.sizes:
        raise NotAnswered(
            f"{name} takes no batch from dataloader, calls no model and returns nothing yet. Fill "
            "in its body."
        )
    if value is None:
        did = "goes through the loader" if record.passes else "passes images through model"
        raise Incorrect(
            f"{name} {did}, but returns nothing. Keep the numbers, and end the function with "
            "return (printing alone is not enough)."
        )
    if not record.sizes:
        raise Incorrect(
            f"{name} returns something, but never passed a batch through model. "
            "Inside the loop over dataloader, call model(X)."
        )
    return value


def judge_devices(record: Record, name: str) -> None:
    """Images and labels were moved before they were used."""
    still = [
        what
        for what, moved in (("images", record.images_moved), ("labels", record.labels_moved))
        if not all(moved)
    ]
    if still:
        raise Incorrect(
            f"{name} uses the {' and the '.join(still)} of a batch as the loader gives them, on "
            "the CPU. With a network on a GPU this stops with an error: at the start of the loop, "
            "move X and y to the device that the network is on."
        )


def judge_epoch(record: Record, name: str) -> None:
    """Every batch once, in one pass: images and scores go on as they come."""
    if not record.passes:
        raise Incorrect(OTHER_DATA.format(name=name))
    if record.passes > 1:
        raise Incorrect(
            f"{name} starts the loader {record.passes} times. One call is one epoch: a single for "
            "loop over dataloader that sees each batch once."
        )
    if tuple(record.sizes) == SIZES[:-1]:
        raise Incorrect(
            f"only {len(record.sizes)} of {len(SIZES)} batches went through the network: the last "
            "one, which is smaller, is left out. It counts, too."
        )
    if sum(record.sizes) < TOTAL and len(record.sizes) >= len(SIZES):
        raise Incorrect(
            f"only {sum(record.sizes)} of {TOTAL} images went through the network. Give model the "
            "whole X of each batch."
        )
    if sum(record.sizes) < TOTAL:
        raise Incorrect(
            f"only {len(record.sizes)} of {len(SIZES)} batches went through the network. Does a "
            "return or a break inside the loop end it early?"
        )
    if sum(record.sizes) > TOTAL:
        raise Incorrect(
            f"{sum(record.sizes)} images went through the network, but the loader has only "
            f"{TOTAL}. Call model once per batch, and keep its scores in a variable."
        )
    if record.softmaxed:
        raise Incorrect(
            "the loss was given numbers that add up to 1 for each image, as after a softmax. "
            "nn.CrossEntropyLoss does that itself; hand it the scores as they come."
        )
    if record.images_changed:
        raise Incorrect(
            f"{name} changes the numbers of the images before the network gets them. Give model "
            "the X of the loader as it is, only moved to the device."
        )
    if record.scores_changed:
        raise Incorrect(
            "the loss was given other numbers than the network returned. Give loss_fn what "
            "model(X) returns, as it comes."
        )


def judge_training_mode(record: Record) -> None:
    """The network was in training mode in every forward pass."""
    if all(record.training):
        return
    if False in record.modes_set:
        raise Incorrect(
            "train_loop puts the network into eval mode, which is for testing. In training, "
            "call model.train() before the loop, and no eval()."
        )
    raise Incorrect(
        "the network was in eval mode during training, because a test before had left it so. "
        "Layers of notebook 5 learn in training mode only: call model.train(), with parentheses, "
        "at the start of train_loop."
    )


def judge_learning(bench: Bench, before: torch.Tensor) -> list[float]:
    """Did the epoch change the weights as SGD does? Returns the loss of each batch."""
    record, weight, batches = bench.record, bench.model.weight.detach(), bench.batches()
    expected, losses = trained(batches, before)
    if 0 < len(record.steps) < len(SIZES):
        raise Incorrect(
            f"the optimizer takes {counted(len(record.steps), 'step')} in the whole epoch of "
            f"{len(SIZES)} batches. Take one for each batch: step() belongs inside the for loop, "
            "and under no if."
        )
    if not record.steps:
        raise Incorrect(_why_no_step(record, moved=not close(weight, before, 1e-7)))
    if _moved_alike(weight, expected, before):
        return losses
    if not record.backwards:
        raise Incorrect(
            "the optimizer takes its steps, but there are no gradients to follow. "
            "Which call of the loss computes them? (A call needs its parentheses.)"
        )
    if record.stepped_first:
        raise Incorrect(
            "the first step comes before any gradients are there. For each batch, compute the "
            "gradients first, with backward(), then take the step."
        )
    if not any(record.steps):
        raise Incorrect(
            "at each step the gradients are gone, or all 0, although backward() was called. Are "
            "they cleared between backward() and step()? Clear them before both or after both."
        )
    for count, what in ((len(record.steps), "steps"), (record.backwards, "calls of backward()")):
        if count > len(SIZES):
            raise Incorrect(
                f"there are {count} {what} for {len(SIZES)} batches. Once is enough for each batch."
            )
    _judge_settings(bench.optimizer)
    _judge_gradient(record, slopes(*batches[0], before, before.new_zeros(10))[1][0])
    if _moved_alike(weight, trained(batches, before, accumulate=True)[0], before):
        raise Incorrect(
            "the gradients of all batches pile up: PyTorch adds new ones to what is there. "
            "Clear them once for each batch, inside the loop. (A call needs its parentheses.)"
        )
    raise Incorrect(
        "after one epoch the weights are not where SGD takes them. For each batch, once and "
        "in this order: scores, loss, gradients, one step, and the gradients cleared. Change "
        "neither gradients nor weights in another way."
    )


def _why_no_step(record: Record, moved: bool) -> str:
    if moved:
        return (
            "the weights change, but not by optimizer.step(): train_loop uses another "
            "optimizer than the one it is given, or changes them itself. Use the argument."
        )
    if record.backwards:
        return (
            "after the epoch the weights are what they were before: the gradients are there, but "
            "nothing follows them. Which call of the optimizer, the one that train_loop is given, "
            "changes the weights? (A call needs its parentheses.)"
        )
    return (
        "after the epoch the weights are what they were before: no gradients were computed, and "
        "no step was taken. For each batch: gradients of the loss first, then a step of the "
        "optimizer."
    )


def _judge_settings(optimizer: torch.optim.Optimizer) -> None:
    """Are the settings of the optimizer those that it was handed over with?"""
    for group in optimizer.param_groups:
        for name, value in optimizer.defaults.items():
            if group[name] != value:
                raise Incorrect(
                    f"train_loop changes a setting of the optimizer: its {name} was {value} and is "
                    f"{group[name]} after the epoch. Leave the settings as they are."
                )


def _judge_gradient(record: Record, expected: torch.Tensor) -> None:
    """Is the gradient that the first step follows that of the loss, and not a multiple of it?"""
    found = record.first_gradient
    factor = float((found * expected).sum() / expected.square().sum())
    if not _moved_alike(found, factor * expected, torch.zeros_like(found)):
        return
    if factor < 0:
        raise Incorrect(
            "the network learns in the wrong direction: each step makes the loss larger. "
            "Is there a minus sign before the loss?"
        )
    if abs(factor - 1) > 0.01:
        raise Incorrect(
            f"the gradients are {factor:.3g} times those of the loss. Call backward() on the loss "
            "as loss_fn returns it, the mean over the batch: no sum, not multiplied, not divided."
        )


def _moved_alike(weight: torch.Tensor, expected: torch.Tensor, before: torch.Tensor) -> bool:
    """Whether the way from ``before`` to both is the same, up to 0.1% of its length."""
    return bool((weight - expected).norm() <= 1e-3 * (expected - before).norm())


def judge_quiet(bench: Bench, before: torch.Tensor, gradients_on: bool) -> None:
    """The test changed nothing: no training, no gradients, eval mode."""
    record, model = bench.record, bench.model
    if not close(model.weight, before, 1e-7):
        raise Incorrect(
            "the weights have changed during the test. A test only measures: leave out the "
            "optimizer, and backward() with it."
        )
    if model.weight.grad is not None:
        raise Incorrect(
            "after the test there are gradients that were not there before. "
            "A test needs no backward()."
        )
    if any(record.training):
        raise Incorrect(
            "the network was in training mode during the test, in which layers of notebook 5 "
            "draw at random. Call model.eval(), with parentheses, before the loop."
        )
    if any(record.with_gradients):
        raise Incorrect(
            "during the test PyTorch kept all it needs for gradients, which costs memory and time. "
            "Put the whole loop under with torch.no_grad(): and indent it."
        )
    if not gradients_on:
        raise Incorrect(
            "test_loop leaves gradients switched off, so no training could follow. Use "
            "with torch.no_grad(): around the loop, which switches them on again."
        )
