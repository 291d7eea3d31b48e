"""What the checks of tasks 3.5 and 3.6 ask of the numbers that a student's loop returns."""

import math
from functools import partial

import torch

from helpers.checks.core.describing import describe
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import close, real_number
from helpers.checks.full_cnn.loop_recorder import RIGHT, SIZES, TOTAL, Bench

_same = partial(close, tolerance=1e-3, floor=1e-3)


def judge_number(value, name: str, example: str) -> float:
    """``value`` as a float: one number that does not keep the computation of a batch alive."""
    if isinstance(value, torch.Tensor) and value.requires_grad:
        raise Incorrect(
            f"{name} is a tensor that still remembers how it was computed, and keeps the memory "
            f"of the batches with it. Add up plain numbers: {example} gives one."
        )
    if isinstance(value, (list, tuple, dict)):
        count = f"{len(value)} values" if len(value) != 1 else "a value in brackets"
        raise Incorrect(
            f"{name} is {describe(value)}: {count}, where one number is expected. Return one "
            "number alone."
        )
    number = real_number(value, name)
    if not math.isfinite(number):
        raise Incorrect(
            f"{name} is {number}; a finite number was expected. Is there a division by zero?"
        )
    return number


def judge_loss(value: float, losses: list[float], name: str) -> None:
    """Is ``value`` the mean loss per image, given the mean loss of each batch?"""
    if _same(value, weighted(losses)):
        return
    named = sentence_on(value, other_losses(losses).items(), _same)
    if named:
        raise Incorrect(f"the loss that {name} returns is {named}")
    raise Incorrect(
        f"the loss that {name} returns is {value:.4f}; for these batches it should be "
        f"{weighted(losses):.4f}. Weigh the loss of each batch by its number of images, add up, "
        "and divide by the number of all images."
    )


def weighted(means) -> float:
    """Mean over all images of what is given as a mean per batch."""
    return sum(n * mean for n, mean in zip(SIZES, means, strict=True)) / TOTAL


def other_losses(losses: list[float]) -> dict[float, str]:
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
        weighted(losses) * TOTAL / SIZES[-1]: "the sum over all images, divided by the size of the "
        "last batch. Divide it by the number of all images.",
        -weighted(losses): "negative. Leave out the minus sign.",
        **_typed_counts(weighted(losses) * TOTAL),
    }


def _typed_counts(total: float) -> dict[float, str]:
    """``total`` divided by numbers that are true of the notebook's loaders only."""
    counts = {"60,000": 60_000, "10,000": 10_000, "64 for each batch": 64 * len(SIZES)}
    return {
        total / count: f"divided by {typed}, typed in. Count the images that the loader gives."
        for typed, count in counts.items()
    }


def judge_accuracy(value: float, bench: Bench) -> None:
    """Is ``value`` the share of images that the network gets right?"""
    if _same(value, sum(RIGHT) / TOTAL):
        return
    named = sentence_on(value, other_accuracies(bench).items(), _same)
    if named:
        raise Incorrect(f"the accuracy that test_loop returns is {named}")
    raise Incorrect(
        f"the accuracy that test_loop returns is {value:.4f}; for these batches it should be "
        f"{sum(RIGHT) / TOTAL:.4f}. For each image, compare the class with the highest score "
        "(look along the dimension of the classes) with its label."
    )


def other_accuracies(bench: Bench) -> dict[float, str]:
    """What else may be returned for the accuracy, and what to do about it."""
    right = sum(RIGHT)
    shares = [n / size for n, size in zip(RIGHT, SIZES, strict=True)]
    with torch.no_grad():
        scores = [(bench.model(x), y) for x, y in bench.batches()]
    flat = sum((s.argmax() == y).sum().item() for s, y in scores)
    among = {
        k: sum((s.topk(k).indices == y[:, None]).sum().item() for s, y in scores)
        for k in range(2, 8)
    }
    return {
        **{
            count / TOTAL: f"the share of images whose label is among the {k} highest scores. "
            "Count an image only if its label has the highest one."
            for k, count in among.items()
        },
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
        0.0: "0, so not one image counts as right. Compare the class with the highest score (its "
        "place, as argmax gives it) with the label, and divide with /, without rounding.",
        1.0: "1, so every image counts as right. Count only those whose class with the highest "
        "score is the label, and divide without rounding.",
        1 - right / TOTAL: "the share of wrong images. Asked for is the share of right ones.",
        **_typed_counts(right),
    }
