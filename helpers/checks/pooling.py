"""Checks of notebook 02, pooling."""

import math
from functools import cache
from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks._change import judge_change
from helpers.checks._check import check
from helpers.checks._conv_answers import (
    expect_image,
    expect_int,
    judge_shape,
    judge_sizes,
    show_call,
)
from helpers.checks._feedback import Incorrect
from helpers.checks._reading import (
    answered,
    attempt,
    close,
    describe,
    real_number,
    shape_of,
    show_shape,
    whole_number,
)
from helpers.checks._side_by_side import judge_pictures


@check("2.1", "Pool an image")
def max_pool(predicted_shape, pooled, image) -> str:
    """Right: ``[1, 5, 5]`` and what ``nn.MaxPool2d(5)`` makes of ``image`` (or a batch of 1)."""
    answered(predicted_shape=predicted_shape, pooled=pooled, image=image)
    predicted = shape_of(predicted_shape, "predicted_shape")
    if isinstance(pooled, (nn.Module, type)):
        raise Incorrect(
            f"pooled is {describe(pooled)}. Make the layer with nn.MaxPool2d(...), and call it "
            "with the image: pooled is what comes out."
        )
    if isinstance(pooled, tuple) and len(pooled) == 2:
        raise Incorrect("pooled is a pair: leave out return_indices, or keep the first part only.")
    if not isinstance(pooled, torch.Tensor):
        raise Incorrect(f"pooled is {describe(pooled)}; expected is the tensor that comes out.")
    expect_image(image)
    batch = tuple(pooled.shape) == (1, 1, 5, 5)
    if not (batch and predicted == (1, 1, 5, 5)):
        slips = {
            (1, 24, 24): "that is the size after a convolution; pooling moves by a whole window.",
            (1, 23, 23): "pooling moves its window by more than 1 pixel at a time.",
            (1, 6, 6): "the sixth window would hang over the edge, and is left out.",
            (1, 4, 4): "that is the number of steps; the first place of the window counts as well.",
            (1, 14, 14): "that is pooling by 2; this window is 5 pixels wide.",
            (1, 28, 28): "that is the image itself; pooling keeps one value of each window.",
            (8, 5, 5): "this is the image, which has 1 channel, not the output of conv_layer.",
            (1, 1, 1): "the largest value of each window is kept, not that of the image.",
        }
        judge_shape(predicted, (1, 5, 5), "predicted_shape", slips)
    if not batch and tuple(pooled.shape) != (1, 5, 5):
        raise Incorrect(_pooled_shape_message(tuple(pooled.shape)))
    _judge_pooled(pooled.reshape(1, 5, 5), image.detach().reshape(1, 28, 28))
    return "[1, 28, 28] → [1, 5, 5]: 25 numbers are left of 784"


def _pooled_shape_message(shape: tuple[int, ...]) -> str:
    slips = {
        (1, 24, 24): "the window moved by 1 pixel only. Leave out stride (or you convolved).",
        (1, 6, 6): "windows hang over the edge. Leave out ceil_mode and padding.",
        (1, 14, 14): "that is pooling by 2; take a window of 5 pixels.",
        (1, 28, 28): "that is an image still. Call the layer with it.",
        (1, 1, 28, 28): "that is an image still. Call the layer with it.",
        (8, 24, 24): "that is the output of a convolution; pool the image itself.",
        (8, 4, 4): "that is the output of a convolution, pooled; pool the image itself.",
        (5, 5): "the channel got lost. Give the image with its channel, [1, 28, 28].",
        (1, 28, 5): "only the columns are pooled. Take nn.MaxPool2d, not nn.MaxPool1d.",
    }
    advice = slips.get(shape, "nn.MaxPool2d makes [1, 5, 5] of one image if its window is 5 wide.")
    return f"pooled has the shape {show_shape(shape)}: {advice}"


def _judge_pooled(pooled: torch.Tensor, image: torch.Tensor) -> None:
    picture = image.cpu().double()
    if close(pooled, F.max_pool2d(picture, 5), 1e-5):
        return
    begin = "pooled has the right shape, but not the right values: "
    if close(pooled, F.avg_pool2d(picture, 5), 1e-5):
        raise Incorrect(f"{begin}these are the windows' means. Take nn.MaxPool2d.")
    if close(pooled, -F.max_pool2d(-picture, 5), 1e-5):
        raise Incorrect(f"{begin}these are the smallest values of the windows, not the largest.")
    if close(pooled, picture[:, ::5, ::5][:, :5, :5], 1e-5):
        raise Incorrect(f"{begin}this is every fifth pixel. Take the largest of each window.")
    if close(pooled, F.interpolate(picture[None], size=(5, 5), mode="area")[0], 1e-5):
        raise Incorrect(f"{begin}the image was made smaller by taking means. Take nn.MaxPool2d.")
    raise Incorrect(
        f"{begin}nn.MaxPool2d(5) makes something else of this image. If you took the image anew in "
        "the meantime, run your cell again."
    )


NAMES = ("input_width", "kernel_size", "stride")
_POOLED_SLIPS = (
    (
        "If no stride is given, pooling does not take 1, as a convolution does.",
        lambda w, k, s=None: (w - k) // (s or 1) + 1,
    ),
    (
        "Your function always moves by the kernel size, even if a stride is given.",
        lambda w, k, s=None: (w - k) // k + 1,
    ),
    (
        "With a stride, the last window still has to end inside the image.",
        lambda w, k, s=None: w // (s or k),
    ),
    (
        "It is one too few: the number of steps is one less than the number of places.",
        lambda w, k, s=None: (w - k) // (s or k),
    ),
    (
        "A window that would hang over the edge does not count: round down.",
        lambda w, k, s=None: -(-(w - k) // (s or k)) + 1,
    ),
    (
        "A window that would hang over the edge does not count: round down.",
        lambda w, k, s=None: -(-w // (s or k)),
    ),
    (
        "A window that would hang over the edge does not count: round() may round up; use //.",
        lambda w, k, s=None: round(w / (s or k)),
    ),
    ("That is the size of a convolution.", lambda w, k, s=None: w - k + 1),
)


@check("2.2", "Make the size function agree")
def pooled_width(function, dropped) -> str:
    """Right: ⌊(H − kernel) / stride⌋ + 1, where a stride of None is the kernel size; 3 dropped."""
    answered(get_pooled_width=function, dropped=dropped)
    name = getattr(function, "__name__", "get_pooled_width")
    on = show_call(NAMES, (28, 5))
    expect_int(_attempt_width(function, 28, 5, on=on), name, on)
    on = "input_width=28, kernel_size=5, stride=None"
    given = dict(zip(NAMES, (28, 5, None), strict=True))
    expect_int(_attempt_width(function, on=on, **given), name, on)
    rows = whole_number(dropped, "dropped")
    judge_sizes(function, _true_widths(), NAMES, "nn.MaxPool2d", _POOLED_SLIPS)
    if rows != 3:
        slips = {
            0: "5 does not divide 28, so some rows at the end are in no window.",
            5: "that is the number of windows in a row; how many pixels do they cover?",
            25: "that is how many rows the windows cover; how many of the 28 are left?",
            23: "that is 28 - 5, where the last window could start at most.",
            2: "that is what a sixth window would lack; how many rows are left for it?",
            -3: "count them as a positive number.",
            6: "count the rows only; the columns are as many again.",
            159: "that is the number of pixels in them; asked for is the number of rows.",
        }
        advice = slips.get(rows, "how many rows do the windows cover, and how many are left?")
        raise Incorrect(f"dropped is {rows}: {advice}")
    return "28 = 5 windows of 5 pixels + 3 pixels in none: the stride is the kernel size"


def _attempt_width(function, *args, on: str, **kwargs):
    try:
        return attempt(function, *args, on=on, **kwargs)
    except Incorrect as error:
        if "NoneType" in error.message:
            raise Incorrect(
                f"{error.message} If stride is None, nothing was given: put in the stride that "
                "pooling then takes, before you calculate with it."
            ) from None
        raise


@cache
def _true_widths() -> dict[tuple, int]:
    """What PyTorch's pooling makes of small images; without a stride first."""
    widths, kernels = (28, 12, 10, 9, 7, 6, 5, 4, 3, 2, 1), (5, 2, 3, 4, 6, 1)
    settings = [(w, k) for w, k in product(widths, kernels) if k <= w]
    settings += [(w, k, s) for (w, k), s in product(settings, (1, 2, 3, 5))]
    return {a: F.max_pool2d(torch.zeros(1, a[0], a[0]), *a[1:]).shape[-1] for a in settings}


@check("2.3", "Show both")
def side_by_side(fig, image, pooled) -> str:
    """Right: a figure with ``image`` and ``pooled`` beside each other, each under its own title."""
    answered(fig=fig, image=image, pooled=pooled)
    return judge_pictures(fig, image, pooled)


KEYS = ("convolution", "maximum", "average")


@check("2.4", "Measure the change")
def shift_changes(relative_change, changes) -> str:
    """Right: sum|after − before| / sum|before|, and its three measured values in a dictionary."""
    answered(relative_change=relative_change, changes=changes)
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
    judge_change(relative_change)
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
    return "0 is no change; 2 is an image as bright that shares no bright pixel with the old one"
