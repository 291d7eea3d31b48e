"""What the checks of tasks 3.5 and 3.6 ask of the numbers that a student's loop returns."""

import math
from functools import partial
from typing import NamedTuple

import torch

from helpers.checks.core.describing import describe
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import close, real_number
from helpers.checks.full_cnn.loop_recorder import RIGHT, SIZES, TOTAL, Bench

_right = partial(close, tolerance=1e-3, floor=1e-3)
_same = partial(close, tolerance=1e-4, floor=1e-3)  # to name a mistake: no two are so close

_MULTIPLY = (
    "loss_fn gives the mean of a batch: multiply it by the number of images in that batch before "
    "you add it up."
)
_OWN_SIZE = "The last batch is smaller: take the number of images that each batch really has."
_ALL_BATCHES = "Add up over all batches, starting from 0, and divide once, after the last."


class Part(NamedTuple):
    """A number that an answer may be made of: what it is, and what to do about it."""

    value: float
    words: str
    advice: str = ""


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
    _judge_mean(
        value,
        weighted(losses),
        f"the loss that {name} returns is",
        other_losses(losses),
        "That is the loss of every image, added up over all batches, divided by the number of all "
        "images.",
    )


def judge_accuracy(value: float, bench: Bench) -> None:
    """Is ``value`` the share of images that the network gets right?"""
    _judge_mean(
        value,
        sum(RIGHT) / TOTAL,
        "the accuracy that test_loop returns is",
        other_accuracies(bench),
        "That is the number of images whose highest score stands at their label, divided by the "
        "number of all images.",
    )


def _judge_mean(value: float, right: float, begin: str, others: dict, meaning: str) -> None:
    rounded = as_if_rounded(value, right)
    if _right(value, right) and not rounded:
        return
    named = sentence_on(value, others.items(), _same)
    if named:
        raise Incorrect(f"{begin} {named}")
    if rounded:
        raise Incorrect(
            f"{begin} {value:g} where {right:.4f} is right, as if rounded or cut off. Return the "
            "number as it is; round only what you print, as with :.2f."
        )
    raise Incorrect(f"{begin} {value:.6g}; for these batches it should be {right:.4f}. {meaning}")


def as_if_rounded(value: float, right: float) -> bool:
    """Whether ``value`` is ``right`` with two digits after the point or fewer."""
    shortened = [way(right * 10**n) / 10**n for n in range(3) for way in (round, math.trunc)]
    return not close(value, right, 1e-5) and any(close(value, one, 1e-6) for one in shortened)


def weighted(means) -> float:
    """Mean over all images of what is given as a mean per batch."""
    return sum(n * mean for n, mean in zip(SIZES, means, strict=True)) / TOTAL


def other_losses(losses: list[float]) -> dict[float, str]:
    """What else may be returned for the loss, and what to do about it."""
    plain, size = sum(losses), SIZES[0]
    running = 0.0
    for loss in losses:
        running = (running + loss) / 2
    sums = [
        Part(weighted(losses) * TOTAL, "the sum over all images of their losses"),
        Part(plain, "the sum over the batches of their mean losses", _MULTIPLY),
        Part(64 * plain, "the sum of 64 times the mean loss of each batch", _OWN_SIZE),
        Part(size * plain, "the sum of batch size times the mean loss of each batch", _OWN_SIZE),
        Part(
            sum(loss / n for n, loss in zip(SIZES, losses, strict=True)),
            "the sum of the mean losses of the batches, each divided by its number of images",
            _MULTIPLY,
        ),
    ]
    single = [
        Part(losses[-1], "that of the last batch alone", _ALL_BATCHES),
        Part(
            losses[-1] / len(SIZES),
            "that of the last batch alone, divided by the number of batches",
            _ALL_BATCHES,
        ),
        Part(losses[-1] * SIZES[-1], "the sum over the images of the last batch", _ALL_BATCHES),
        Part(losses[0], "that of the first batch alone", _ALL_BATCHES),
        Part(losses[0] * size, "the sum over the images of the first batch", _ALL_BATCHES),
    ]
    return {
        **_quotients(sums, single),
        plain / len(losses): "the mean over the batches, not over the images: the last batch is "
        f"smaller and counts less. {_MULTIPLY}",
        -weighted(losses): "negative. Leave out the minus sign.",
        running: "the mean of each batch's loss and of what was there before, taken anew in every "
        f"batch, so that the last ones count most. {_ALL_BATCHES}",
        max(losses): f"the largest of the batches' mean losses. {_ALL_BATCHES}",
        min(losses): f"the smallest of the batches' mean losses. {_ALL_BATCHES}",
    }


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
    count = "Count the right images of all batches, and divide once, at the end."
    sums = [
        Part(right, "the number of right images"),
        Part(sum(shares), "the sum of the batches' accuracies", count),
    ]
    single = [
        Part(shares[-1], "that of the last batch alone", _ALL_BATCHES),
        Part(RIGHT[-1], "the number of right images in the last batch alone", _ALL_BATCHES),
        Part(shares[0], "that of the first batch alone", _ALL_BATCHES),
        Part(RIGHT[0], "the number of right images in the first batch alone", _ALL_BATCHES),
    ]
    return {
        **_quotients(sums, single),
        100 * right / TOTAL: "in percent. Return a number between 0 and 1; print it with :.1%.",
        sum(shares) / len(SIZES): "the mean over the batches, not over the images: the last batch "
        f"is smaller. {count}",
        1 - right / TOTAL: "the share of wrong images. Asked for is the share of right ones.",
        0.0: "0, so not one image counts as right. Compare the class with the highest score (its "
        "place, as argmax gives it) with the label, and divide with /, without rounding.",
        1.0: "1, so every image counts as right. Count only those whose class with the highest "
        "score is the label, and divide without rounding.",
        flat / TOTAL: "the share of images whose label is argmax() of all scores of a batch, which "
        "is one place for all. Tell it to look along the dimension of the classes, so that it "
        "gives one class per image.",
        **{
            n / TOTAL: f"the share of images whose label is among the {k} highest scores. Count an "
            "image only if its label has the highest one."
            for k, n in among.items()
        },
    }


def _quotients(sums: list[Part], single: list[Part]) -> dict[float, str]:
    """Each of the ``sums`` over what one may divide by; ``single``: those of one batch alone."""
    typed = "That number is true of the notebook's own data only: count the images that come."
    divisors = [
        Part(1, "", "A mean is asked for: divide by the number of all images at the end."),
        Part(TOTAL, "the number of images"),
        Part(len(SIZES), "the number of batches", "Divide by the number of all images."),
        Part(
            len(SIZES) * SIZES[0],
            "batches times batch size",
            "Count the images that really came.",
        ),
        Part(
            SIZES[-1],  # which is both
            f"{SIZES[-1]} (the size of the last batch, and its number as enumerate counts)",
            "Divide by the number of all images.",
        ),
        Part(SIZES[0], "the size of the first batch", "Divide by the number of all images."),
        *(
            Part(number, said, typed)
            for number, said in (
                (64, "64"),
                (64 * len(SIZES), "64 times the number of batches"),
                (60_000, "60,000"),
                (10_000, "10,000"),
                (938, "938"),
                (157, "157"),
            )
        ),
    ]
    pairs = [(part, by) for part in sums for by in divisors]
    pairs += [(part, by) for part in single for by in divisors if by.value in (1, TOTAL, SIZES[-1])]
    found: dict[float, str] = {}
    for part, by in pairs:
        over = f", divided by {by.words}" if by.words else ""
        advice = [part.advice] if part in single else [part.advice, by.advice]
        if any(advice):  # all but the right one
            sentence = f"{part.words}{over}. {' '.join(filter(None, advice))}"
            found.setdefault(part.value / by.value, sentence)
    return found
