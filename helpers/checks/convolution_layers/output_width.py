"""The check of task 1.5: the width of a convolution's output, and how its formula goes wrong."""

from functools import cache
from itertools import combinations, product

import torch
import torch.nn.functional as F

from helpers.checks.core.calling import advised, attempt
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.size_functions import Raised, judge_sizes, results_of, show_call
from helpers.checks.core.values import answered

WIDTH_NAMES = ("input_width", "kernel_size", "stride", "padding", "dilation")
USUAL = {"stride": 1, "padding": 0, "dilation": 1}


def _formula(w, k, s, p, d) -> int:
    return (w + 2 * p - d * (k - 1) - 1) // s + 1


def _without(*names: str):
    """The formula in which these settings have their usual values, whatever is given."""

    def formula(w, k, *settings) -> int:
        given = dict(zip(USUAL, settings, strict=True))
        return _formula(w, k, *(given | {name: USUAL[name] for name in names}).values())

    return formula


_UP = "A window that would hang over the edge does not count: "
_STEPS = "The dilation spreads the kernel's pixels: there are kernel_size - 1 steps between them."
# Formulas that are often written, each with what is then said; w, k, s, p, d as in WIDTH_NAMES.
_MISTAKES = (
    (lambda w, k, s, p, d: _formula(w, k, s, p, d) - 1, "It is one too few: the number of steps "
     "is one less than the number of places."),
    (lambda w, k, s, p, d: (w + p - d * (k - 1) - 1) // s + 1,
     "Padding is added on both sides of the image."),
    (lambda w, k, s, p, d: _formula(w, k, s, -p, d), "Padding makes the image larger: add it."),
    *(
        (_without(*names), f"Your function leaves out the {' and the '.join(names)}.")
        for number in (1, 2)
        for names in combinations(USUAL, number)
    ),
    (_without(*USUAL), "Your function takes the image and the kernel alone; stride, padding and "
     "dilation count."),
    (lambda w, k, *others: w - k, "It is one too few; stride, padding and dilation count, too."),
    (lambda w, k, s, p, d: _formula(w, k, s, p, -d), "A larger kernel makes the output smaller: "
     "subtract it."),
    (lambda w, k, s, p, d: (_formula(w, k, 1, p, d) - 1) * s + 1,
     "A larger stride makes the output smaller: divide by it."),
    (lambda w, *others: _formula(28, *others), "Your function takes 28 for every width; "
     "calculate with input_width."),
    (lambda w, k, *others: _formula(w, 5, *others), "Your function takes 5 for every kernel; "
     "calculate with kernel_size."),
    (lambda w, k, s, p, d: _formula(w, k, p, s, d) if p else None,
     "The stride comes before the padding, in this order: def ...(..., stride=1, padding=0, "
     "dilation=1)."),
    (lambda w, k, s, p, d: -((d * (k - 1) + 1 - w - 2 * p) // s) + 1, f"{_UP}round down."),
    (lambda w, k, s, p, d: round((w + 2 * p - d * (k - 1) - 1) / s) + 1,
     f"{_UP}round() may round up; use //."),
    (lambda w, k, s, p, d: round((w + 2 * p - d * (k - 1) - 1) / s + 1),
     f"{_UP}round() may round up; use //."),
    (lambda w, k, s, p, d: (w + 2 * p - d * k - 1) // s + 1, _STEPS),
    (lambda w, k, s, p, d: (w + 2 * p - d * k) // s + 1, _STEPS),
    (lambda w, k, s, p, d: (w + 2 * p - d * k - 2) // s + 1, "dilation * kernel_size - 1 "
     "multiplies first; put kernel_size - 1 in parentheses."),
    (lambda w, k, s, p, d: w + 2 * p - d * (k - 1) - 1 // s + 1,
     "// divides only what stands right before it; put all that is above the line in parentheses."),
    (lambda w, k, s, p, d: (w + 2 * p - d * (k - 1)) // s + 1,
     "The -1 inside the fraction is missing."),
    (lambda w, k, s, p, d: (w + 2 * p - d * (k - 1)) // s, "The +1 stands outside the fraction: "
     "it is added after the division."),
)  # fmt: skip


_ADVICE = (
    ("raised ValueError", "A kernel of 5 fits into 28. Does your condition compare the right way "
     "round, and does the width come before the kernel size?"),
)  # fmt: skip


@check("1.5", "The size as a function", hints=(
    "Build the formula from the inside out and give each part a name: how wide is the image with "
    "its padding? How many pixels does the kernel reach over? How much room is left?",
    "padded = input_width + 2 * padding, and reach = dilation * (kernel_size - 1) + 1. If reach "
    "is larger than padded, raise the error. Else the room, padded - reach, holds room // stride "
    "steps; the number of places is one more than the number of steps.",
))  # fmt: skip
def output_width(function) -> str:
    """Right: ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 as a whole number.

    Raises ``ValueError`` where the kernel reaches over more than the padded image. Stride,
    padding and dilation may be left out. How the arguments are named does not matter.
    """
    answered(get_output_width=function)
    name = getattr(function, "__name__", "get_output_width")
    try:
        attempt(function, 28, 5, on=show_call(WIDTH_NAMES, (28, 5)))
    except Incorrect as error:
        raise advised(error, _ADVICE) from None
    fitting = {a: width for a, width in true_widths().items() if width is not None}
    judge_sizes(function, fitting, WIDTH_NAMES, "nn.Conv2d", _MISTAKES)
    judge_usual_values(function, name)
    too_large = [a for a, width in true_widths().items() if width is None]
    for arguments, value in results_of(function, too_large, WIDTH_NAMES).items():
        raised = isinstance(value, Raised)
        if raised and isinstance(value.error, ValueError):
            judge_sentence(value.error, show_call(WIDTH_NAMES, arguments), name)
            continue
        told = (
            f"raises {type(value.error).__name__}"
            if raised
            else "returns nothing"
            if value is None
            else f"returns {describe(value)}"
        )
        raise Incorrect(
            f"for {show_call(WIDTH_NAMES, arguments)} the kernel reaches over more than the padded "
            f"image. {name} {told}; it should raise a ValueError with a sentence that says so."
        )
    return (
        f"28 → 24; right for {len(fitting)} settings of nn.Conv2d, and a ValueError for the "
        f"{len(too_large)} where the kernel does not fit"
    )


def judge_sentence(error: ValueError, on: str, name: str) -> None:
    """Raise unless ``error`` says something in words, or by the name of a class of its own."""
    if type(error) is ValueError and not any(sign.isalpha() for sign in str(error)):
        raise Incorrect(
            f"for {on} {name} raises a ValueError, as it should, but without words. Put a sentence "
            'into it that tells what does not fit: raise ValueError("...").'
        )


def judge_usual_values(function, name: str) -> None:
    """Raise unless settings that are left out have their usual values, from the last to the first.

    ``function`` is right already where all of them are given.
    """
    for given in ((28, 5, 2, 1), (28, 5, 2), (28, 5)):
        left_out = WIDTH_NAMES[len(given)]
        usual = list(USUAL.values())[len(given) - 2 :]
        value, expected = attempt(function, *given), true_width(*given, *usual)
        if value != expected:
            raise Incorrect(
                f"for {show_call(WIDTH_NAMES, given)} {name} returns {value}; nn.Conv2d gives "
                f"{expected}. If {left_out} is not given, it is {USUAL[left_out]}: set this in "
                "the line with def."
            )


@cache
def true_widths() -> dict[tuple, int | None]:
    """What PyTorch's convolution makes of small images, simple settings first.

    The keys are arguments in the order of ``WIDTH_NAMES``; ``None`` where the kernel does not fit.
    """
    settings = product((28, 7, 2), (5, 1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2))
    usual = tuple(USUAL.values())

    def unusual(arguments: tuple) -> tuple:
        differing = [a != b for a, b in zip(arguments[2:], usual, strict=True)]
        return sum(differing), -arguments[0]

    return {a: true_width(*a) for a in sorted(settings, key=unusual)}


def true_width(width, kernel, stride, padding, dilation) -> int | None:
    """What PyTorch's convolution makes of an image so wide; ``None`` if the kernel does not fit."""
    image = torch.zeros(1, 1, width, device="meta")  # it has a shape, and nothing is computed
    weight = torch.zeros(1, 1, kernel, device="meta")
    try:
        return F.conv1d(image, weight, None, stride, padding, dilation).shape[-1]
    except RuntimeError:
        return None
