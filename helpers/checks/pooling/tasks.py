"""Checks of notebook 02, pooling."""

import math
from functools import cache
from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.convolution_layers.vertical_edges import refuse_comma
from helpers.checks.core.checking import check
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import (
    expect_image,
    judge_known,
    judge_made,
    judge_shape,
    judge_sizes,
    show_call,
)
from helpers.checks.core.values import (
    answered,
    attempt,
    close,
    describe,
    real_number,
    shape_of,
    whole_number,
)
from helpers.checks.pooling.shift_changes import judge_change
from helpers.checks.pooling.side_by_side import judge_pictures


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
    refuse_comma(pooled, "pooled")
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
    slips = {
        (1, 24, 24): "the window moved by 1 pixel only. Leave out stride (or you convolved).",
        (1, 6, 6): "one window too many. Take 5 pixels; leave out ceil_mode and padding.",
        (1, 14, 14): "that is pooling by 2; take a window of 5 pixels.",
        (8, 24, 24): "that is the output of a convolution; pool the image itself.",
        (8, 4, 4): "that is the output of a convolution, pooled; pool the image itself.",
        (5, 5): "the channel got lost. Give the image with its channel, [1, 28, 28].",
        (1, 28, 5): "only the columns are pooled. Take nn.MaxPool2d, not nn.MaxPool1d.",
        (1, 1, 1): "that is the largest of all; keep that of each window.",
        (): "that is the largest of all; keep that of each window.",
    }
    judge_made(pooled, (1, 5, 5), "pooled", slips)
    _judge_pooled(pooled.reshape(1, 5, 5), image.detach().reshape(1, 28, 28))
    return "[1, 28, 28] → [1, 5, 5]: 25 numbers are left of 784"


def _judge_pooled(pooled: torch.Tensor, image: torch.Tensor) -> None:
    picture = image.cpu().double()
    if close(pooled, F.max_pool2d(picture, 5), 2e-3):
        return
    begin = "pooled has the right shape, but not the right values: "
    if not pooled.is_floating_point():
        raise Incorrect(
            f"{begin}these are whole numbers. Leave out what rounds, and return_indices, which "
            "tells places in place of values."
        )
    if close(pooled, F.avg_pool2d(picture, 5), 1e-5):
        raise Incorrect(f"{begin}these are the windows' means. Take nn.MaxPool2d.")
    if close(pooled, -F.max_pool2d(-picture, 5), 1e-5):
        raise Incorrect(f"{begin}these are the smallest values of the windows, not the largest.")
    if close(pooled, picture[:, ::5, ::5][:, :5, :5], 1e-5):
        raise Incorrect(f"{begin}this is every fifth pixel. Take the largest of each window.")
    if close(pooled, picture[:, :5, :5], 1e-5):
        raise Incorrect(f"{begin}this is a corner of the image. Pool the whole image.")
    if close(pooled, F.adaptive_avg_pool2d(picture, 5), 1e-5):
        raise Incorrect(f"{begin}the image was made smaller by taking means. Take nn.MaxPool2d.")
    if close(pooled, F.adaptive_max_pool2d(picture, 5), 1e-5):
        raise Incorrect(f"{begin}the windows overlap. Take nn.MaxPool2d, not AdaptiveMaxPool2d.")
    for size in (4, 6, 7, 8):
        if close(pooled, F.max_pool2d(picture, size, 5), 1e-5):
            raise Incorrect(f"{begin}these are windows of {size} pixels. Take windows of 5.")
    raise Incorrect(
        f"{begin}nn.MaxPool2d(5) makes something else of this image. If you took the image anew in "
        "the meantime, run your cell again."
    )


NAMES = ("input_width", "kernel_size", "stride")
# Formulas that are often written, each with what is then said; w, k, s as in NAMES.
_UP = "A window that would hang over the edge does not count: "
_STRIDE_ONLY = "That is the stride that pooling takes; asked for is the width that comes out."
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
        "The kernel size is taken as the stride where one is given: turn the condition round.",
        lambda w, k, s=None: (w - k) // (k if s else 1) + 1,
    ),
    (
        "A stride of 5 is right for a kernel of 5 only.",
        lambda w, k, s=None: (w - k) // (s or 5) + 1,
    ),
    (
        "Your function takes 28 for every width; calculate with input_width.",
        lambda w, k, s=None: (28 - k) // (s or k) + 1,
    ),
    (_STRIDE_ONLY, lambda w, k, s=None: s or k),
    (_STRIDE_ONLY, lambda w, k, s=None: k if s is None else (w - k) // s + 1),
    (
        "With a stride, the last window still has to end inside the image.",
        lambda w, k, s=None: w // (s or k),
    ),
    (
        "It is one too few: the number of steps is one less than the number of places.",
        lambda w, k, s=None: (w - k) // (s or k),
    ),
    (
        "The width after a convolution is divided here; give get_output_width the stride instead.",
        lambda w, k, s=None: (w - k + 1) // (s or k),
    ),
    (f"{_UP}round down.", lambda w, k, s=None: -((k - w) // (s or k)) + 1),
    (f"{_UP}round down.", lambda w, k, s=None: -(-w // (s or k))),
    (f"{_UP}round() may round up; use //.", lambda w, k, s=None: round(w / (s or k))),
    (f"{_UP}round() may round up; use //.", lambda w, k, s=None: round((w - k) / (s or k)) + 1),
    (f"{_UP}round() may round up; use //.", lambda w, k, s=None: round((w - k) / (s or k) + 1)),
    ("That is the size of a convolution.", lambda w, k, s=None: w - k + 1),
)


@check("2.2", "Make the size function agree")
def pooled_width(function, dropped) -> str:
    """Right: ⌊(H − kernel) / stride⌋ + 1, where a stride of None is the kernel size; 3 dropped."""
    answered(get_pooled_width=function, dropped=dropped)
    for arguments in ((28, 5), (28, 5, None)):
        try:
            attempt(function, *arguments, on=show_call(NAMES, arguments))
        except Incorrect as error:
            hint = next((hint for text, hint in _HINTS if text in error.message), "")
            raise Incorrect(f"{error.message} {hint}".rstrip()) from None
    rows = whole_number(dropped, "dropped")
    judge_sizes(function, _true_widths(), NAMES, "nn.MaxPool2d", _POOLED_SLIPS)
    slips = {
        0: "5 does not divide 28, so some rows at the end are in no window.",
        5: "that is the number of windows in a row; how many pixels do they cover?",
        25: "that is how many rows the windows cover; how many of the 28 are left?",
        23: "that is 28 - 5; but each of the windows covers more than 1 of the 28 rows.",
        2: "that is what a sixth window would lack; how many rows are left for it?",
        4: "that is what a convolution takes away; pooling moves by a whole window.",
        -3: "count them as a positive number.",
        6: "count the rows only; the columns are as many again.",
        9: "count the rows only, not the pixels in the corner.",
        159: "that is the number of pixels in them; asked for is the number of rows.",
    }
    otherwise = "how many rows do the windows cover, and how many are left?"
    judge_known(rows, 3, "dropped", slips, otherwise)
    return "28 = 5 windows of 5 pixels + 3 pixels in none: the stride is the kernel size"


_NO_STRIDE = (
    "If stride is None, nothing was given: put in the stride that pooling then takes, before you "
    "calculate with it."
)
# What Python says where something does not fit, and what is then added.
_HINTS = (
    ("NoneType", _NO_STRIDE),
    ("not None", _NO_STRIDE),
    (
        "raised ValueError",
        "A kernel of 5 fits into 28. Does the width come before the kernel size?",
    ),
)


@cache
def _true_widths() -> dict[tuple, int]:
    """What PyTorch's pooling makes of small images; without a stride first."""
    widths, kernels = (28, 12, 10, 9, 7, 6, 5, 4, 3, 2, 1), (5, 2, 3, 4, 6, 1)
    settings = [(w, k) for w, k in product(widths, kernels) if k <= w]
    settings += [(w, k, s) for (w, k), s in product(settings, (1, 2, 3, 5, None))]
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
