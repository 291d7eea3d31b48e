"""The check of task 2.4: how much of the values moved, as a function and as measured."""

import math
from functools import partial

import torch

from helpers.checks.core.calling import attempt
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered, close, real_number

KEYS = ("convolution", "maximum", "average")
_SHAPES = ((2, 1, 28, 28), (3, 8, 12, 12), (1, 1, 5, 5))  # of batches, as the notebook has them
_SQUARED = "Differences are squared; take their absolute values."
_BEFORE = "Divide by what was there before alone; after is in it, too."
_SUMS = "Sums are compared here; subtract pixel by pixel first, then take absolute values and sum."
_PARENTHESES = "abs() takes in before alone; put after - before in parentheses."
# What is often measured instead, and what is then said; d is after - before.
_MISTAKES = (
    (lambda b, a, d: d.sum() / b.abs().sum(), "Differences of opposite sign cancel: sum their "
     "absolute values."),
    (lambda b, a, d: d.sum().abs() / b.abs().sum(), "Differences of opposite sign cancel: take "
     "absolute values first, then sum."),
    (lambda b, a, d: d.abs().sum() / b.sum(), "Values before may be negative: take their "
     "absolute values first, then sum."),
    (lambda b, a, d: d.sum() / b.sum(), "Values of opposite sign cancel, above and below: sum "
     "their absolute values."),
    (lambda b, a, d: (d.sum() / b.sum()).abs(), "Values of opposite sign cancel, above and "
     "below: take absolute values first, then sum."),
    (lambda b, a, d: d.abs().sum() / a.abs().sum(), "Divide by what was there before, not after."),
    (lambda b, a, d: (a.abs() - b.abs()).abs().sum() / b.abs().sum(),
     "Sizes are compared here; compare the values pixel by pixel."),
    (lambda b, a, d: d.abs().mean(), "It is the mean difference; divide by the sizes before."),
    (lambda b, a, d: d.abs().sum(), "It is the summed difference; divide by the sizes before."),
    (lambda b, a, d: d.abs().mean() / b.abs().sum(), "A mean is divided by a sum; take sums in "
     "both places."),
    (lambda b, a, d: d.abs().sum() / b.abs().mean(), "A sum is divided by a mean; take sums in "
     "both places."),
    (lambda b, a, d: d.square().sum() / b.square().sum(), _SQUARED),
    (lambda b, a, d: d.norm() / b.norm(), _SQUARED),
    (lambda b, a, d: d.square().sum() / b.abs().sum(), _SQUARED),
    (lambda b, a, d: d.square().mean(), _SQUARED),
    (lambda b, a, d: d.square().mean().sqrt(), _SQUARED),
    (lambda b, a, d: d.abs().sum() / (b.abs().sum() + a.abs().sum()), _BEFORE),
    (lambda b, a, d: 2 * d.abs().sum() / (b.abs().sum() + a.abs().sum()), _BEFORE),
    (lambda b, a, d: (a.abs().sum() - b.abs().sum()) / b.abs().sum(), _SUMS),
    (lambda b, a, d: (a.abs().sum() - b.abs().sum()).abs() / b.abs().sum(), _SUMS),
    (lambda b, a, d: a.abs().sum() / b.abs().sum(), _SUMS),
    (lambda b, a, d: (a - b.abs()).abs().sum() / b.abs().sum(), _PARENTHESES),
    (lambda b, a, d: (a - b.abs()).sum() / b.abs().sum(), _PARENTHESES),
    (lambda b, a, d: (d.abs().sum((1, 2, 3)) / b.abs().sum((1, 2, 3))).mean(),
     "It is the mean over the images of their changes; sum over all images first, then divide."),
    (lambda b, a, d: d.abs().max(), "That is the largest difference; sum them all."),
    (lambda b, a, d: d.abs().max() / b.abs().max(), "Largest values are compared here; sum them "
     "all."),
    (lambda b, a, d: d.abs().sum() // b.abs().sum(), "Do not round: // gives whole numbers, and "
     "int() and round() do."),
    (lambda b, a, d: (d.abs() / b.abs()).mean(), "Sum first, then divide; a mean of shares gives "
     "dark pixels too much weight."),
    (lambda b, a, d: (d.abs() / b.abs()).sum(), "Sum first, then divide, once."),
    (lambda b, a, d: 100 * d.abs().sum() / b.abs().sum(), "Give a share, not a percentage: leave "
     "out the 100."),
    (lambda b, a, d: 1 - d.abs().sum() / b.abs().sum(), "That is what stays alike; asked for is "
     "what changes."),
    (lambda b, a, d: b.abs().sum() / d.abs().sum(), "The fraction is upside down."),
)  # fmt: skip


_agree = partial(close, floor=1e-3)


def judge_change(function) -> None:
    """Raise unless ``function(before, after)`` is sum|after − before| / sum|before|."""
    generator = seeded(24)
    for shape in _SHAPES:
        before, after = (
            torch.randn(shape, generator=generator, dtype=torch.float32, device="cpu") + mean
            for mean in (0.3, -0.2)  # the sums differ in sign, so that abs() in any place shows
        )
        on = f"two tensors of shape {list(shape)}"
        copies = before.clone(), after.clone()
        value = attempt(function, *copies, on=on)
        if not (torch.equal(copies[0], before) and torch.equal(copies[1], after)):
            raise Incorrect(
                "relative_change changes the tensors that it is given (as -= does). Put the "
                "difference into a new variable."
            )
        if isinstance(value, (tuple, list)):
            raise Incorrect(
                f"relative_change returns a {type(value).__name__}; asked for is one number, the "
                "first sum divided by the second."
            )
        if isinstance(value, torch.Tensor) and value.numel() > 1:
            raise Incorrect(
                f"relative_change returns {describe(value)} on {on}; asked for is one number for "
                "the whole. .sum() without a number in the parentheses sums all values."
            )
        found = real_number(value, "the value that relative_change returns")
        b, a = before.double(), after.double()
        if not _agree(found, (a - b).abs().sum() / b.abs().sum()):
            raise Incorrect(_message(function, found, before, after, on))
    same = torch.ones(1, 1, 4, 4)
    unmoved = real_number(
        attempt(function, same, same.clone(), on="the same image twice"), "relative_change"
    )
    if abs(unmoved) > 1e-6:
        raise Incorrect(f"for the same image twice relative_change gives {unmoved:.4g}, not 0.")


def _message(function, found: float, before: torch.Tensor, after: torch.Tensor, on: str) -> str:
    if not math.isfinite(found):
        return f"on {on} relative_change gives {found}. Do you divide by something that is 0?"
    b, a = before.double(), after.double()
    expected = ((a - b).abs().sum() / b.abs().sum()).item()
    told = f"on {on} relative_change gives {found:.5g}; expected is {expected:.5g}."
    named = sentence_on(
        found, ((formula(b, a, a - b), text) for formula, text in _MISTAKES), _agree
    )
    if named:
        return f"{told} {named}"
    if abs(found - expected) < 0.01:
        return f"{told} That is nearly it: do not round, and stay with torch.float32."
    if found == real_number(attempt(function, 3 * after, before - 1, on=on), "the value"):
        return f"{told} It is the same for other tensors: use before and after as they are given."
    return f"{told} Try it on before = [1, -2] and after = [2, -2]: there it is 1/3."


def judge_keys(changes) -> None:
    """Raise unless ``changes`` is a dictionary with a value for each of the three keys."""
    if not isinstance(changes, dict):
        raise Incorrect(
            f"changes is {describe(changes)}; expected is a dictionary with the keys "
            f"{', '.join(map(repr, KEYS))}."
        )
    missing = [key for key in KEYS if key not in changes]
    if missing:
        there = ", ".join(repr(key) for key in changes) or "no key"
        raise Incorrect(f"changes has {there}; the key {missing[0]!r} is missing.")
    answered(**{f"changes[{key!r}]": changes[key] for key in KEYS})


def judge_changes(changes: dict) -> None:
    """Raise unless all are numbers as they are measured, each with its own layer."""
    numbers = {key: real_number(changes[key], f"changes[{key!r}]") for key in KEYS}
    for key, number in numbers.items():
        begin = f"changes[{key!r}] is {number:.4g}"
        if not math.isfinite(number):
            raise Incorrect(f"{begin}, not a finite number. Is the image before the shift empty?")
        if number == 0:
            raise Incorrect(f"{begin}: nothing changed. Compare with the shifted image.")
        if number < 0:
            raise Incorrect(f"{begin}; a change is never below 0. Measure it again.")
        if number >= 3:
            raise Incorrect(
                f"{begin}, far more than a shift by one pixel does. It is a share, not a "
                "percentage; give relative_change the values before first, then those after."
            )
    for one, other in (KEYS[:2], KEYS[1:], KEYS[::2]):
        if numbers[one] == numbers[other]:
            raise Incorrect(
                f"changes has the same number for {one!r} and {other!r}. Measure each with its "
                "own layer."
            )


@check("2.4", "Measure the change", hints=(
    "Work it out by hand for before = [1, -2] and after = [2, -2]: the change is 1, what was "
    "there is 1 + 2 = 3, so the answer is 1/3. Which functions of tensors did you use?",
    "Three steps: the difference of the two; the sum of its absolute values, .abs().sum(); "
    "divided by the same sum for before. Then send before and after through nn.MaxPool2d(2), or "
    "nn.AvgPool2d(2), and compare what comes out.",
))  # fmt: skip
def shift_changes(relative_change, changes) -> str:
    """Right: sum|after − before| / sum|before|, and its three measured values in a dictionary."""
    answered(relative_change=relative_change, changes=changes)
    judge_keys(changes)
    judge_change(relative_change)
    judge_changes(changes)
    return "0 is no change; 2 is an image as bright that shares no bright pixel with the old one"
