"""What the checks of notebooks 01 and 02 have in common: shapes, and functions that give a size."""

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from helpers.checks.core.limits import TimeUp
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import attempt, describe, first_line, show_shape


def expect_image(image) -> None:
    """Refuse what is not one grey image, as it comes from the data or as a batch of one."""
    if not isinstance(image, torch.Tensor) or tuple(image.shape) not in (
        (1, 28, 28),
        (1, 1, 28, 28),
    ):
        raise Incorrect(
            f"image is {describe(image)}; expected is one image, a tensor of shape [1, 28, 28]. "
            "Run the cell again that takes it from the training data."
        )


def judge_known(given, right, name: str, slips: Mapping, otherwise: str) -> None:
    """Raise unless ``given`` is ``right``; ``slips`` has a sentence for what is often given."""
    if given != right:
        shown = show_shape(given) if isinstance(given, tuple) else given
        raise Incorrect(f"{name} is {shown}: {slips.get(given, otherwise)}")


def judge_shape(
    given: tuple[int, ...], right: tuple[int, ...], name: str, slips: Mapping[tuple, str]
) -> None:
    """Raise unless the shape, written down for one image, is right."""
    channels, _, width = right
    batch = "64 is the size of a batch; this is one image."
    slips = {
        (channels, 1, *right[1:]): "each kernel makes one map: what goes in is summed up.",
        (1, *right): "the leading 1 is a batch dimension; this is one image without it.",
        (64, *right): batch,
        (64, *right[1:]): batch,
        right[1:]: "the channels are missing; they come first, even if there is only 1.",
        (8, 1, 5, 5): "that is the shape of the weights; asked for is what comes out.",
        **slips,
    }
    if len(given) != 3:
        otherwise = f"one image has three entries, not {len(given)}: channels, height and width."
    elif sorted(given) == sorted(right):
        otherwise = "PyTorch puts the channels first, before height and width."
    elif given[0] != channels:
        otherwise = "look again at the first number, the channels that come out."
    elif given[1] != given[2]:
        otherwise = "image and window are square, so height and width must come out the same."
    else:
        way = "large" if given[1] > width else "small"
        otherwise = (
            f"{given[1]} is too {way}. Count the places where the window can start in a row."
        )
    judge_known(given, right, name, slips, otherwise)


def judge_made(
    made: torch.Tensor, right: tuple[int, ...], name: str, slips: Mapping[tuple, str]
) -> None:
    """Raise unless a layer's output has the right shape, for one image or for a batch of 1."""
    shape = tuple(made.shape)
    if shape == (1, *right):
        return
    image = "that is an image still. Call the layer with it."
    slips = {(28, 28): image, (1, 28, 28): image, (1, 1, 28, 28): image, **slips}
    otherwise = (
        f"that is for {shape[0]} images. Pass one image through the layer."
        if shape[1:] == right
        else f"what comes out for one image has the shape {show_shape(right)}. Look again at the "
        "numbers of the layer, and leave its output as it is."
    )
    judge_known(shape, right, f"the shape of {name}", slips, otherwise)


# -------------------------------------------------------------------------- size functions


def expect_int(value, name: str, on: str) -> None:
    """Raise unless ``value``, returned by the function ``name``, is a whole number."""
    if isinstance(value, (float, np.floating)) or (
        isinstance(value, torch.Tensor) and value.is_floating_point()
    ):
        raise Incorrect(
            f"{name} returns {describe(value)} on {on}; pixels are counted in whole numbers. "
            "Divide with // in place of /: it rounds down and stays whole. int(...) does so, too."
        )
    if value is None:
        raise Incorrect(f"{name} returns nothing on {on}. Let every way through it end in return.")
    try:
        if isinstance(value, bool):
            raise TypeError
        operator.index(value)
    except Exception:  # whatever an object of the student's own may raise
        raise Incorrect(
            f"{name} returns {describe(value)} on {on}; expected is one whole number."
        ) from None


class Raised(NamedTuple):
    """In place of a result: the exception that was raised (not returned)."""

    error: Exception


def results_of(
    function: Callable, settings: Iterable[tuple], names: tuple[str, ...]
) -> dict[tuple, object]:
    """What ``function`` returns, or what it ``Raised``, for each tuple of arguments."""
    results = {}
    for arguments in settings:
        try:
            results[arguments] = function(*arguments)
        except TimeUp as error:
            raise Incorrect(
                f"your function {error} on {show_call(names, arguments)}. "
                "Is there a loop whose condition stays true?"
            ) from None
        except Exception as error:
            results[arguments] = Raised(error)
    return results


def judge_sizes(
    function: Callable,
    truth: Mapping[tuple, int],
    names: tuple[str, ...],
    authority: str,
    slips: Iterable[tuple[str, Callable]],
) -> None:
    """Raise unless ``function`` agrees with ``truth`` everywhere; say where first, and why.

    ``slips`` are sentences with the formula that each belongs to.
    """
    name = getattr(function, "__name__", "your function")
    results = results_of(function, truth, names)
    for arguments, value in results.items():
        if not isinstance(value, Raised):
            expect_int(value, name, show_call(names, arguments))
    returned = {a: int(v) for a, v in results.items() if not isinstance(v, Raised)}
    wrong = [a for a in truth if returned.get(a) != truth[a]]
    if not wrong:
        return
    first = next((a for a in wrong if a in returned), None)
    if first is None:
        error = results[wrong[0]].error
        raise Incorrect(
            f"for {show_call(names, wrong[0])} {name} raises {type(error).__name__} "
            f"({first_line(error)}); {authority} gives {truth[wrong[0]]}."
            + " The kernel fits here: look again at when you raise."
            * isinstance(error, ValueError)
        )
    message = (
        f"for {show_call(names, first)} {name} returns {returned[first]}; "
        f"{authority} gives {truth[first]}."
    )
    for sentence, formula in slips:
        if all(formula(*a) == value for a, value in returned.items()):
            raise Incorrect(f"{message} {sentence}")
    raise Incorrect(f"{message} Try these numbers by hand, step by step.")


def show_call(names: tuple[str, ...], arguments: tuple) -> str:
    """``input_width=28, kernel_size=5``."""
    return ", ".join(f"{n}={a}" for n, a in zip(names, arguments, strict=False))


# --------------------------------------------------- the width of a convolution's output

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
WIDTH_SLIPS = (
    (
        "It is one too few: the number of steps is one less than the number of places.",
        lambda w, k, s, p, d: _formula(w, k, s, p, d) - 1,
    ),
    (
        "Padding is added on both sides of the image.",
        lambda w, k, s, p, d: (w + p - d * (k - 1) - 1) // s + 1,
    ),
    ("Padding makes the image larger: add it.", lambda w, k, s, p, d: _formula(w, k, s, -p, d)),
    *(
        (f"Your function leaves out the {' and the '.join(names)}.", _without(*names))
        for number in (1, 2)
        for names in combinations(USUAL, number)
    ),
    (
        "Your function takes the image and the kernel alone; stride, padding and dilation count.",
        _without(*USUAL),
    ),
    ("It is one too few; stride, padding and dilation count, too.", lambda w, k, *others: w - k),
    (
        "A larger kernel makes the output smaller: subtract it.",
        lambda w, k, s, p, d: _formula(w, k, s, p, -d),
    ),
    (
        "A larger stride makes the output smaller: divide by it.",
        lambda w, k, s, p, d: (_formula(w, k, 1, p, d) - 1) * s + 1,
    ),
    (
        "Your function takes 28 for every width; calculate with input_width.",
        lambda w, *others: _formula(28, *others),
    ),
    (
        "Your function takes 5 for every kernel; calculate with kernel_size.",
        lambda w, k, *others: _formula(w, 5, *others),
    ),
    (
        "The stride comes before the padding, in this order: def ...(..., stride=1, padding=0, "
        "dilation=1).",
        lambda w, k, s, p, d: _formula(w, k, p, s, d) if p else None,
    ),
    (f"{_UP}round down.", lambda w, k, s, p, d: -((d * (k - 1) + 1 - w - 2 * p) // s) + 1),
    (
        f"{_UP}round() may round up; use //.",
        lambda w, k, s, p, d: round((w + 2 * p - d * (k - 1) - 1) / s) + 1,
    ),
    (
        f"{_UP}round() may round up; use //.",
        lambda w, k, s, p, d: round((w + 2 * p - d * (k - 1) - 1) / s + 1),
    ),
    (_STEPS, lambda w, k, s, p, d: (w + 2 * p - d * k - 1) // s + 1),
    (_STEPS, lambda w, k, s, p, d: (w + 2 * p - d * k) // s + 1),
    (
        "dilation * kernel_size - 1 multiplies first; put kernel_size - 1 in parentheses.",
        lambda w, k, s, p, d: (w + 2 * p - d * k - 2) // s + 1,
    ),
    (
        "// divides only what stands right before it; put all that is above the line in "
        "parentheses.",
        lambda w, k, s, p, d: w + 2 * p - d * (k - 1) - 1 // s + 1,
    ),
    (
        "The -1 inside the fraction is missing.",
        lambda w, k, s, p, d: (w + 2 * p - d * (k - 1)) // s + 1,
    ),
    (
        "The +1 stands outside the fraction: it is added after the division.",
        lambda w, k, s, p, d: (w + 2 * p - d * (k - 1)) // s,
    ),
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
