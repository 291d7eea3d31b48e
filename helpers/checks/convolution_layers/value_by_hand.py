"""The check of task 1.4: one value of a convolution, computed by hand, and how it goes wrong."""

import math
from collections.abc import Iterator

import torch
from torch import nn

from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import attempt, close, describe, real_number

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
_HINTS = (
    (
        "size of tensor a (28)",
        "The whole image is in it: cut out a window, with three indices, image[0, rows, columns].",
    ),
    (
        "must match the size",
        "Is your window as high and wide as the kernel? The slice a:b has b - a entries.",
    ),
    (
        "out of bounds",
        "The channel picks a kernel, layer.weight[channel], and a bias. The image has one channel, "
        "number 0. The arguments come in the order image, layer, channel, row, column.",
    ),
    (
        "'Tensor' object has no attribute",
        "The arguments come in the order image, layer, channel, row, column.",
    ),
    (
        "in-place operation",
        "+= and *= would change the layer's own numbers. Put the result into a new variable.",
    ),
)


def judge_value(function) -> None:
    """Raise unless ``function`` computes the output value in every case, without the layer."""
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
            if number and kernel != 5:
                raise Incorrect(
                    f"{error.message} With a kernel of 5 it works: take the size from the layer, "
                    "layer.kernel_size[0], in place of a typed 5."
                ) from None
            hint = next((hint for text, hint in _HINTS if text in error.message), "")
            raise Incorrect(f"{error.message} {hint}".rstrip()) from None
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
            sentence = (
                named
                or _what_is_not_used(function, number, case, found)
                or "Print your window, the kernel and the bias for this place, and compare their "
                "shapes."
            )
            raise Incorrect(
                f"value_by_hand gives {found:.4f}, the layer {expected:.4f}, on {on}. {sentence}"
            )
        _refuse_the_layers_own(function, number, case, expected)


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


def _what_is_not_used(function, number: int, case: tuple, found: float) -> str:
    """A sentence if the value stays the same for another image or another layer, else ''."""
    layer, image = _make(number, case)
    other_layer, other_image = _make(99, case)
    for name, arguments in (("image", (other_image, layer)), ("layer", (image, other_layer))):
        value = attempt(function, *arguments, *case[3:])
        if _agree(_one_number(value, case[2], "another image"), found):
            return (
                f"For another {name} your function gives the same: use the {name} that it is "
                "given, and not one from outside."
            )
    return ""


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
                f"value_by_hand returns {describe(value)}: the products, one per pixel of the "
                "window. Sum them up to get one number."
            )
        if shape[-1] == kernel:
            raise Incorrect(
                f"value_by_hand returns {describe(value)}: the products are summed in one "
                "direction only. .sum() without a number in the parentheses sums them all."
            )
        if shape == (8,):
            raise Incorrect(
                "value_by_hand returns 8 numbers, one per channel; only the given channel is "
                "asked for. Is it the bias that is still a list of 8?"
            )
        raise Incorrect(
            f"value_by_hand returns {describe(value)} on {on}; asked for is the one value at the "
            "given channel, row and column."
        )
    return real_number(value, "the value that value_by_hand returns")


def _agree(found: float, expected: float) -> bool:
    return abs(found - expected) <= 2e-4 * max(1.0, abs(expected))


def _refuse_the_layers_own(function, number: int, case: tuple, expected: float) -> None:
    """Raise if the value follows the layer's output when that is changed behind its back."""
    layer, image = _make(number, case)
    convolve = layer._conv_forward  # what layer(image) and layer.forward(image) come to
    layer._conv_forward = lambda *args: convolve(*args) + 1000
    try:
        value = real_number(attempt(function, image, layer, *case[3:]), "value")
    except Incorrect:  # as when it compares its value with the layer's
        return
    if not _agree(value, expected):
        raise Incorrect(
            "the value is right, but the layer computed it. Take a window of the image, "
            "layer.weight and layer.bias, and compute it yourself."
        )


def _diagnosis(found, image, kernels, bias, channel, row, column) -> str:
    """A sentence on what seems to have gone wrong, or ''."""
    b = bias[channel].item()
    for sentence, products in _slips(image, kernels, channel, row, column):
        if _agree(found, products + b):
            return sentence
        if _agree(found, products):
            return f"{sentence} The bias is missing as well."
    size = kernels.shape[-1]
    window = image[row : row + size, column : column + size]
    s = (window * kernels[channel]).sum().item()
    for sentence, value in (
        ("The bias of the channel is still missing.", s),
        ("The bias is added, not subtracted.", s - b),
        ("The bias is added once, after the sum, not to each product.", s + size**2 * b),
        ("The bias is added once, after the sum, not to each row.", s + size * b),
        ("Only one bias belongs to the value: that of the channel.", s + bias.sum().item()),
        ("Only one bias belongs to the value: that of the channel.", s + bias.mean().item()),
        ("The bias multiplies; it should be added.", s * b),
        ("There is no ReLU in the layer: negative values stay.", max(0.0, s + b)),
        ("The sign is to be kept: negative values stay.", abs(s + b)),
        ("Do not round the value.", float(round(s + b))),
        ("Do not round the value.", float(int(s + b))),
    ):
        if _agree(found, value):
            return sentence
    for other, kernel in enumerate(kernels):
        if _agree(found, s + bias[other].item()):
            return "That is the bias of another channel: take the one with the index channel."
        if _agree(found, (window * kernel).sum().item() + bias[other].item()):
            return (
                f"Kernel and bias are those of channel {other}; take those with the index channel."
            )
    if abs(found - s - b) < 0.02:
        return "That is nearly it: do not round on the way, and stay with torch.float32."
    return ""


def _slips(image, kernels, channel, row, column) -> Iterator[tuple[str, float]]:
    """Sentences, each with the sum of products that it explains; the bias is not in them."""
    size = kernels.shape[-1]
    kernel = kernels[channel]

    def window(top: int, left: int) -> torch.Tensor:
        """``size`` rows and columns from a corner; windows over the edge are filled with 0."""
        padded = nn.functional.pad(image, (size, size, size, size))
        return padded[top + size : top + 2 * size, left + size : left + 2 * size]

    here = window(row, column)
    yield "Sum the products; do not take their mean.", (here * kernel).mean().item()
    yield (
        "Row and column are swapped: rows come first in image[channel, row, column].",
        (window(column, row) * kernel).sum().item(),
    )
    yield (
        "Your window stands at (0, 0), whatever row and column are.",
        (window(0, 0) * kernel).sum().item(),
    )
    yield (
        "Your window has its middle at (row, column); there its upper left corner belongs.",
        (window(row - size // 2, column - size // 2) * kernel).sum().item(),
    )
    yield (
        "Your window has its lower right corner at (row, column); there its upper left belongs.",
        (window(row - size + 1, column - size + 1) * kernel).sum().item(),
    )
    for down, right in ((1, 1), (1, 0), (0, 1), (-1, -1), (-1, 0), (0, -1)):
        yield (
            "Your window is off by one pixel: rows and columns are counted from 0.",
            (window(row + down, column + right) * kernel).sum().item(),
        )
    yield (
        "The kernel is flipped, as mathematicians do; PyTorch lays it on the window as it is.",
        (here * kernel.flip(0, 1)).sum().item(),
    )
    for flipped in (kernel.T, kernel.flip(0), kernel.flip(1)):
        yield "The kernel is turned; take it as it is.", (here * flipped).sum().item()
    yield (
        "@ is the product of matrices. Multiply pixel by pixel, with *.",
        (here @ kernel).sum().item(),
    )
    yield "The window is not multiplied by the kernel yet.", here.sum().item()
    yield "The image is not in it yet: only the kernel is summed.", kernel.sum().item()
    yield (
        "Sums are multiplied here. Multiply pixel by pixel first, then sum.",
        (here.sum() * kernel.sum()).item(),
    )
    yield "Kernel and window are added; they should be multiplied.", (here + kernel).sum().item()
    yield (
        "The kernel is subtracted from the window; they should be multiplied.",
        (here - kernel).sum().item(),
    )
    yield "That is the largest product alone; sum them all.", (here * kernel).max().item()
    yield "That is one pixel of the image, without the kernel.", here[0, 0].item()
    yield (
        "One pixel is multiplied by all weights; each weight has a pixel of its own in the window.",
        (here[0, 0] * kernel.sum()).item(),
    )
    for other in range(len(kernels)):
        if other != channel:
            yield (
                f"That is the kernel of channel {other}; take the one with the index channel.",
                (here * kernels[other]).sum().item(),
            )
    yield (
        "All 8 kernels are summed up; only that of the channel belongs there.",
        (here * kernels).sum().item(),
    )
    for sentence, products in (
        ("Only the first product is in it; does return stand inside a loop?", (0, 0)),
        ("Only the last product is in it; += adds up, while = starts anew.", (-1, -1)),
        ("Only the first row of the window is in it; does return stand inside a loop?", 0),
    ):
        yield sentence, (here * kernel)[products].sum().item()
    yield (
        "Your window is one pixel too small: a slice ends before its second number.",
        (here * kernel)[:-1, :-1].sum().item(),
    )
