"""What the checks of tasks 3.5 and 3.6 ask of a student's loop, after it ran on the bench."""

import inspect
import math

import torch

from helpers.checks._bench import (
    RIGHT,
    SIZES,
    TOTAL,
    Bench,
    Record,
    call,
    trained,
)
from helpers.checks._feedback import Incorrect, NotAnswered
from helpers.checks._reading import close, describe, real_number


def look_at_function(function, name: str, arguments: tuple[str, ...]) -> None:
    """Is it a function that can be called with these arguments, in this order?"""
    asked = f"{name}({', '.join(arguments)})"
    if isinstance(function, type) or not callable(function):
        raise Incorrect(
            f"{name} is {describe(function)}; expected is the function itself. Define {asked}, and "
            "hand it to the check by its name, without parentheses."
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    names = list(signature.parameters)[: len(arguments)]
    if sorted(names) == sorted(arguments) and tuple(names) != arguments:
        raise Incorrect(f"the arguments of your {name} are in another order than in {asked}.")
    try:
        signature.bind(*arguments)
    except TypeError:
        raise Incorrect(
            f"your function is {name}{signature}; it should work when called as {asked}."
        ) from None


def run_loop(function, name: str, bench: Bench, *args):
    """What the loop returns on the bench, or what is wrong with its running at all."""
    record = bench.record
    try:
        value = call(function, *args, on="four batches of images")
    except Incorrect as error:
        raise Incorrect(_why_it_raised(error.message, record, name)) from None
    if value is Ellipsis or (value is None and not record.passes and not record.sizes):
        raise NotAnswered(f"fill in the body of {name}: it does nothing and returns nothing yet.")
    if value is None:
        raise Incorrect(
            f"{name} goes through the loader, but returns nothing. Keep the numbers, and end the "
            "function with return (printing alone is not enough)."
        )
    if not record.sizes:
        raise Incorrect(
            f"{name} returns something, but never passed a batch through model. "
            "Inside the loop over dataloader, call model(X)."
        )
    return value


def _why_it_raised(message: str, record: Record, name: str) -> str:
    if record.with_gradients and not any(record.with_gradients) and "does not require" in message:
        return (
            "there is no gradient to compute: your loop runs under torch.no_grad(). "
            "That belongs into the test; in training, leave it out."
        )
    if "size of tensor a (10)" in message or "size of tensor b (10)" in message:
        return (
            "ten numbers were compared with a batch of labels. argmax should find the best class "
            "of each image, so it has to look along the dimension of the classes, not of the batch."
        )
    if "more than" in message and "started" in message:
        return (
            f"{name} never ends: it starts the loader again and again. "
            "One call is one epoch: a single for loop over dataloader."
        )
    return message


def look_at_devices(record: Record, name: str) -> None:
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


def look_at_epoch(record: Record, name: str) -> None:
    """Every batch once, in one pass, with scores that go into the loss as they are."""
    if record.passes > 1:
        raise Incorrect(
            f"{name} starts the loader {record.passes} times. One call is one epoch: a single for "
            "loop over dataloader that sees each batch once."
        )
    if sum(record.sizes) < TOTAL:
        raise Incorrect(
            f"only {len(record.sizes)} of {len(SIZES)} batches went through the network. Is the "
            "return indented so far that it ends the loop early?"
        )
    if sum(record.sizes) > TOTAL:
        raise Incorrect(
            f"{sum(record.sizes)} images went through the network, but the loader has only "
            f"{TOTAL}. Call model once per batch, and keep its scores in a variable."
        )
    if record.softmaxed:
        raise Incorrect(
            "the loss was given numbers that add up to 1 for each image: a softmax was there "
            "before. nn.CrossEntropyLoss does that itself; hand it the scores as they come."
        )


def look_at_number(value, name: str, example: str) -> float:
    """``value`` as a float: one number that does not hang on the graph of the last batch."""
    if isinstance(value, torch.Tensor) and value.requires_grad:
        raise Incorrect(
            f"{name} is a tensor that still remembers how it was computed, and keeps the memory "
            f"of the batches with it. Add up plain numbers: {example} gives one."
        )
    if isinstance(value, (list, tuple, dict)):
        count = f"{len(value)} values" if len(value) != 1 else "a value in brackets"
        raise Incorrect(
            f"{name} is {describe(value)}: {count}, where one number is expected, the mean loss."
        )
    number = real_number(value, name)
    if not math.isfinite(number):
        raise Incorrect(f"{name} is {number}; a finite number was expected.")
    return number


def look_at_loss(value: float, losses: list[float], name: str) -> None:
    """Is ``value`` the mean loss per image, given the mean loss of each batch?"""
    if _same(value, weighted(losses)):
        return
    for found, what in _other_losses(losses).items():
        if _same(value, found):
            raise Incorrect(f"the loss that {name} returns is {what}")
    raise Incorrect(
        f"the loss that {name} returns is {value:.4f}; for these batches it should be "
        f"{weighted(losses):.4f}. Weigh the loss of each batch by its number of images, add up, "
        "and divide by the number of all images."
    )


def weighted(means) -> float:
    """Mean over all images of what is given as a mean per batch."""
    return sum(n * mean for n, mean in zip(SIZES, means, strict=True)) / TOTAL


def _other_losses(losses: list[float]) -> dict[float, str]:
    """What else may be returned for the loss, and what to do about it."""
    images = "the last batch is smaller, so weigh each batch by its number of images."
    return {
        sum(losses) / len(losses): f"the mean over the batches, not over the images: {images}",
        losses[-1]: "that of the last batch alone. Add up over all batches, starting from 0.",
        losses[0]: "that of the first batch alone. Add up over all batches, then return.",
        sum(losses): "the sum over the batches. A mean is asked for, and per image: " + images,
        weighted(losses) * TOTAL: "the sum over all images. Divide it by their number at the end.",
        sum(losses) / TOTAL: "too small: loss_fn gives the mean of a batch already. Before you add "
        "it up, multiply it by the number of images in the batch.",
        weighted(losses) * TOTAL / len(SIZES): "the sum over all images, divided by the number of "
        "batches. Divide it by the number of images.",
        weighted(losses) * TOTAL / (len(SIZES) * SIZES[0]): "divided by batches times batch size, "
        "but the last batch is smaller. Count the images that really came.",
        sum(losses) * SIZES[0] / TOTAL: "weighed as if all batches were of the same size, but "
        "the last one is smaller. Take the number of images in each.",
        losses[-1] / SIZES[-1]: "that of the last batch alone, divided by its size. loss_fn gives "
        "a mean already; add up over all batches.",
        losses[-1] / TOTAL: "that of the last batch alone, divided by the number of all images. "
        "Add up over all batches.",
        losses[-1] / len(SIZES): "that of the last batch alone, divided by the number of batches. "
        "Add up with +=, over all batches.",
        losses[-1] * SIZES[-1] / TOTAL: "that of the last batch alone, divided by the number of "
        "all images. Add up with +=, over all batches.",
        -weighted(losses): "negative. Leave out the minus sign.",
    }


def _same(value: float, expected: float) -> bool:
    return math.isclose(value, expected, rel_tol=1e-3, abs_tol=1e-6)


def look_at_training_mode(record: Record) -> None:
    """The network was in training mode in every forward pass."""
    if all(record.training):
        return
    if False in record.modes_set:
        raise Incorrect(
            "train_loop puts the network into eval mode. That is for testing; at the start of "
            "training call model.train()."
        )
    raise Incorrect(
        "the network was in eval mode during training, because a test before had left it so, "
        "and dropout would be off. Call model.train() at the start of train_loop."
    )


def look_at_learning(bench: Bench, before: torch.Tensor) -> list[float]:
    """Did the epoch change the weights as SGD does? Returns the loss of each batch."""
    record, weight, batches = bench.record, bench.model.weight.detach(), bench.batches()
    expected, losses = trained(batches, before)
    if len(record.steps) == 1:
        raise Incorrect(
            "the optimizer takes one step in the whole epoch. Take one for each batch: "
            "step() belongs inside the for loop."
        )
    if _moved_alike(weight, expected, before):
        if not record.steps:
            raise Incorrect(
                "the weights change, but not by optimizer.step(): train_loop uses another "
                "optimizer than the one it is given. Use the argument."
            )
        return losses
    moved = not close(weight, before, 1e-7)
    if not record.steps:
        if moved:
            raise Incorrect(
                "the weights change, but not by optimizer.step(): train_loop uses another "
                "optimizer than the one it is given. Use the argument."
            )
        raise Incorrect(
            "after the epoch the weights are what they were before: "
            + (
                "the gradients are there, but nothing follows them. Which call of the optimizer "
                "changes the weights?"
                if record.backwards
                else "no gradients were computed, and no step was taken. For each batch: "
                "gradients of the loss first, then a step of the optimizer."
            )
        )
    if not any(record.steps):
        if not record.backwards:
            raise Incorrect(
                "the optimizer takes its steps, but there are no gradients to follow. "
                "Which call of the loss computes them?"
            )
        raise Incorrect(
            "at each step the gradients are gone: they are cleared between backward() and step(). "
            "Clear them before backward() or after step()."
        )
    if not record.steps[0]:
        raise Incorrect(
            "the first step comes before any gradients are there, so each step follows the batch "
            "before. Compute the gradients first, then take the step."
        )
    if _moved_alike(weight, trained(batches, before, accumulate=True)[0], before):
        raise Incorrect(
            "the gradients of all batches pile up: PyTorch adds new ones to what is there. "
            "Clear them once for each batch, inside the loop."
        )
    if _moved_alike(weight, trained(batches, before, sign=-1)[0], before):
        raise Incorrect(
            "the network learns in the wrong direction: each step makes the loss larger. "
            "Is there a minus sign before the loss?"
        )
    raise Incorrect(
        "after one epoch the weights are not where SGD takes them. For each batch, once and "
        "in this order: scores, loss, gradients (of the loss itself, not multiplied or divided), "
        "one step, and the gradients cleared."
    )


def _moved_alike(weight: torch.Tensor, expected: torch.Tensor, before: torch.Tensor) -> bool:
    """Whether the way from ``before`` to both is the same, up to 0.1% of its length."""
    return bool((weight - expected).norm() <= 1e-3 * (expected - before).norm())


def look_at_accuracy(value: float, bench: Bench) -> None:
    """Is ``value`` the share of images that the network gets right?"""
    if _same(value, sum(RIGHT) / TOTAL):
        return
    for found, what in _other_accuracies(bench).items():
        if _same(value, found):
            raise Incorrect(f"the accuracy that test_loop returns is {what}")
    raise Incorrect(
        f"the accuracy that test_loop returns is {value:.4f}; for these batches it should be "
        f"{sum(RIGHT) / TOTAL:.4f}. For each image, compare the class with the highest score "
        "(look along the dimension of the classes) with its label."
    )


def _other_accuracies(bench: Bench) -> dict[float, str]:
    """What else may be returned for the accuracy, and what to do about it."""
    right = sum(RIGHT)
    shares = [n / size for n, size in zip(RIGHT, SIZES, strict=True)]
    with torch.no_grad():
        flat = sum((bench.model(x).argmax() == y).sum().item() for x, y in bench.batches())
    return {
        flat / TOTAL: "too small: argmax() finds one place in the whole batch. Tell it to look "
        "along the dimension of the classes, so that it gives one class per image.",
        100 * right / TOTAL: "in percent. Return a number between 0 and 1; print it with :.1%.",
        float(right): "the number of right images. Divide it by the number of all images.",
        right / len(SIZES): "the number of right images divided by the number of batches. Divide "
        "it by the number of images.",
        sum(shares) / len(SIZES): "the mean over the batches, not over the images: the last batch "
        "is smaller. Count the right images of all batches, and divide once, at the end.",
        sum(shares): "a sum of the batches' accuracies. Count the right images, and divide once, "
        "at the end, by the number of images.",
        sum(shares) / TOTAL: "a sum of the batches' accuracies divided by the number of images. "
        "Count the right images of each batch, without dividing, and divide once, at the end.",
        shares[-1]: "that of the last batch alone. Count over all batches, starting from 0.",
        RIGHT[-1] / TOTAL: "counted in the last batch alone. Count over all batches, with +=.",
        right / (len(SIZES) * SIZES[0]): "divided by batches times batch size, but the last batch "
        "is smaller. Count the images that really came.",
        1 - right / TOTAL: "the share of wrong images. Asked for is the share of right ones.",
    }


def look_at_quiet(bench: Bench, before: torch.Tensor, gradients_on: bool) -> None:
    """The test changed nothing: no training, no gradients, no dropout active."""
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
            "the network was in training mode during the test, so dropout would be active. "
            "Call model.eval() before the loop."
        )
    if any(record.with_gradients):
        raise Incorrect(
            "during the test PyTorch noted every step for gradients, which costs memory and time. "
            "Put the loop under with torch.no_grad():, indented."
        )
    if not gradients_on:
        raise Incorrect(
            "test_loop leaves gradients switched off, so no training could follow. Use "
            "with torch.no_grad(): around the loop, which switches them on again."
        )
