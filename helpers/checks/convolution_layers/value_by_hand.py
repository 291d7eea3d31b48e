"""The check of task 1.4: one value of a convolution, computed by hand, and how it goes wrong."""

import math
from contextlib import nullcontext
from copy import deepcopy
from functools import partial

import torch
from torch import nn

from helpers.checks.convolution_layers.other_convolutions import OtherConvolutions
from helpers.checks.convolution_layers.value_by_hand_mistakes import mistakes_by_hand
from helpers.checks.core.calling import advised, attempt
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, listed, show_size
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import CheckError, Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered, close, real_number

# Image height and width, kernel size, and then channel, row and column of the value asked for.
# First two for the diagnosis: all numbers differ, and every neighbouring window fits.
_CASES = (
    (28, 28, 5, 3, 4, 9),
    (28, 28, 5, 6, 17, 2),
    (28, 28, 5, 0, 0, 0),
    (28, 28, 5, 7, 23, 23),
    (12, 20, 5, 1, 7, 15),
    (10, 10, 3, 2, 7, 1),
    (9, 9, 2, 5, 3, 6),
    (6, 6, 1, 4, 5, 0),
)


# What Python says where something does not fit, and what is then added.
_ADVICE = (
    ("size of tensor a (28)", "The whole image is in it: cut out a window, with three indices, "
     "image[:, rows, columns]."),
    ("must match the size", "Is your window as high and wide as the kernel? The slice a:b has b "
     "- a entries."),
    ("out of bounds", "The channel picks a kernel, layer.weight[channel], and a bias. The image "
     "has one channel, number 0. The arguments come in the order image, layer, channel, row, "
     "column."),
    ("'Tensor' object has no attribute", "The arguments come in the order image, layer, channel, "
     "row, column."),
    ("in-place operation", "+= and *= would change the layer's own numbers. Put the result into "
     "a new variable."),
)  # fmt: skip


_agree = partial(close, tolerance=2e-4)


@check("1.4", "Compute it yourself", hints=(
    "Before you multiply, print two shapes: that of your window and that of the kernel. They "
    "must be the same.",
    "Four steps: the kernel is layer.weight[channel]; its height and width are in its shape; the "
    "window is the part of the image that begins at row and column and has this height and "
    "width; multiply the two, sum up, and add the one bias that belongs to the channel.",
))  # fmt: skip
def value_by_hand(function) -> str:
    """Right: (window · kernel).sum() + bias at ``(channel, row, column)``, for any square kernel.

    ``(row, column)`` is the window's upper left corner, as in the layer's output.
    """
    answered(value_by_hand=function)
    for number, case in enumerate(_CASES):
        height, width, kernel, *place = case
        on = (
            f"an image of {height}×{width}, a kernel of {kernel}×{kernel}, "
            f"channel={place[0]}, row={place[1]}, column={place[2]}"
        )
        layer, image = _make(number, case)
        numbers = [layer.weight, layer.bias, image]
        copies = weight, bias, picture = [tensor.detach().clone() for tensor in numbers]
        try:
            value = attempt(function, image, layer, *place, on=on)
        except Incorrect as error:
            worked = _CASES[number - 1][2]  # the kernel of the case before
            if number and kernel != worked:
                raise Incorrect(
                    f"{error.message} With a kernel of {show_size((worked, worked))} it works: "
                    "take height and width of the window from layer.kernel_size."
                ) from None
            raise advised(error, _ADVICE) from None
        if not all(close(now, then, 0) for now, then in zip(numbers, copies, strict=True)):
            raise Incorrect(
                "value_by_hand changes the image or the layer that it is given (as *= does). "
                "Multiply with * into a new variable."
            )
        found = _one_number(value, kernel, on)
        if not math.isfinite(found):
            raise Incorrect(
                f"value_by_hand gives {found} on {on}, which is no ordinary number. There is "
                "nothing to divide by, and no root or logarithm to take: multiply and add."
            )
        expected = nn.functional.conv2d(picture[None], weight, bias)[0][tuple(place)].item()
        if not _agree(found, expected):
            named = _diagnosis(found, picture[0], weight[:, 0], bias, *place)
            if number < 2 and not _known_slip(function, 1 - number):
                named = ""  # by chance: numbers of another layer, say, came close to a slip
            unused = _unused(function, number, case, found)
            if {"image", "layer"} <= {*unused}:  # a number that is nothing's value
                named = ""
            sentence = (
                named
                or _on_unused(unused)
                or (
                    "Print the window, the kernel and the bias for this place, and follow your "
                    "steps with them."
                )
            )
            raise Incorrect(
                f"value_by_hand gives {found:.4f}, the layer {expected:.4f}, on {on}. {sentence}"
            )
        _judge_own_work(function, number, case, expected)
    return "25 products, summed, plus 1 bias: one of the layer's 8·24·24 = 4,608 output values"


def _known_slip(function, number: int) -> bool:
    """Whether the value of this case is right, or wrong in a way that ``_diagnosis`` knows."""
    layer, image = _make(number, _CASES[number])
    kernel, *place = _CASES[number][2:]
    try:
        found = _one_number(attempt(function, image, layer, *place), kernel, "another image")
    except Incorrect:
        return True
    numbers = image[0], layer.weight.detach()[:, 0], layer.bias.detach()
    expected = layer(image[None])[0][tuple(place)].item()
    return _agree(found, expected) or bool(_diagnosis(found, *numbers, *place))


def _unused(function, number: int, case: tuple, found: float) -> list[str]:
    """The arguments that do not count: with others in their place the value is the same."""
    layer, image = _make(number, case)
    height, width, kernel, channel, row, column = case
    negative = deepcopy(layer)
    with torch.no_grad():
        for numbers in negative.parameters():
            numbers.neg_()
    given = {"image": image, "layer": layer, "channel": channel, "row": row, "column": column}
    counts = {"channel": 8, "row": height - kernel + 1, "column": width - kernel + 1}
    others = {"image": [_make(99, case)[1], -image], "layer": [_make(99, case)[0], negative]} | {
        name: [n for n in range(count) if n != given[name]][:3] for name, count in counts.items()
    }

    def gives_the_same(arguments: dict) -> bool:
        try:
            value = attempt(function, *arguments.values())
            return _agree(_one_number(value, kernel, "another image"), found)
        except CheckError:
            return False

    return [
        name
        for name, values in others.items()
        if all(gives_the_same(given | {name: value}) for value in values)
    ]


def _on_unused(names: list[str]) -> str:
    """A sentence on arguments that do not count; '' if there are none."""
    if not names:
        return ""
    others, those = (listed(f"{word} {name}" for name in names) for word in ("another", "the"))
    return f"For {others} your function gives the same: calculate with {those} that it is given."


def _make(seed: int, case: tuple) -> tuple[nn.Conv2d, torch.Tensor]:
    """A layer and an image, drawn afresh; in the first cases the value asked for is -1.37."""
    height, width, kernel, channel, row, column = case
    generator = seeded(140 + seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator, dtype=torch.float32, device="cpu")

    layer = nn.Conv2d(1, 8, kernel, device="cpu", dtype=torch.float32)
    image = draw(1, height, width)
    with torch.no_grad():
        layer.weight.copy_(draw(*layer.weight.shape) * 2 - 1)
        layer.bias.copy_(draw(8) + 0.5)
        if seed < 2:
            window = image[0, row : row + kernel, column : column + kernel]
            value = (window * layer.weight[channel, 0]).sum() + layer.bias[channel]
            layer.weight[channel] -= (value + 1.37) / window.sum()
    return layer, image


def _one_number(value, kernel: int, on: str) -> float:
    if isinstance(value, (tuple, list)):
        raise Incorrect(
            f"value_by_hand returns a {type(value).__name__}; asked for is one number, the sum of "
            "the products plus the bias."
        )
    if isinstance(value, torch.Tensor) and value.numel() > 1:
        shape = tuple(value.shape)
        if shape[-2:] == (kernel, kernel) and kernel > 1:
            raise Incorrect(
                f"value_by_hand returns {describe(value)}, a number per pixel of the window; "
                "asked for is one. Multiply, and sum up all the products."
            )
        if shape[-1] == kernel:
            raise Incorrect(
                f"value_by_hand returns {describe(value)}; asked for is one number. .sum() "
                "without a number in the parentheses sums in all directions."
            )
        if shape == (8,):
            raise Incorrect(
                "value_by_hand returns 8 numbers, as many as there are channels; only the given "
                "channel is asked for. Is it the bias that is still a list of 8?"
            )
        raise Incorrect(
            f"value_by_hand returns {describe(value)} on {on}; asked for is the one value at the "
            "given channel, row and column."
        )
    return real_number(value, "the value that value_by_hand returns")


def _judge_own_work(function, number: int, case: tuple, expected: float) -> None:
    """Raise if the value follows the layer's output, or another convolution of more than a window.

    Both are changed behind its back. Where it only compares its value with theirs, it may raise.
    """
    changes = (
        (_changed_layer, nullcontext, "the layer computed it"),
        (lambda layer: layer, OtherConvolutions, "a convolution of PyTorch computed it, from more "
         "of the image than the window"),
    )  # fmt: skip
    for change, block, who in changes:
        layer, image = _make(number, case)
        try:
            with block():
                value = attempt(function, image, change(layer), *case[3:])
            follows = not _agree(real_number(value, "value"), expected)
        except CheckError:
            continue
        if follows:
            raise Incorrect(
                f"the value is right, but {who}. Take a window of the image, layer.weight and "
                "layer.bias, and compute it yourself."
            )


def _changed_layer(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer, whose output is not what its weights make any more."""
    convolve = layer._conv_forward  # what layer(image) and layer.forward(image) come to
    layer._conv_forward = lambda *args: convolve(*args) + 1000
    return layer


def _diagnosis(found, image, kernels, bias, channel, row, column) -> str:
    """A sentence on what seems to have gone wrong, or ''."""
    named = sentence_on(found, mistakes_by_hand(image, kernels, bias, channel, row, column), _agree)
    size = kernels.shape[-1]
    window = image[row : row + size, column : column + size]
    right = ((window * kernels[channel]).sum() + bias[channel]).item()
    nearly = "That is nearly it: do not round, and stay with torch.float32."
    return named or nearly * (abs(found - right) < 0.02)
