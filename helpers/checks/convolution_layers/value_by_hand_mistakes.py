"""What else a student may compute in place of the value of task 1.4, and the sentence on it."""

import math
from collections.abc import Iterator

import torch
from torch import nn


def mistakes_by_hand(image, kernels, bias, channel, row, column) -> Iterator[tuple[float, str]]:
    """Values that other ways of computing give, each with the sentence on it."""
    b, size = bias[channel].item(), kernels.shape[-1]
    for products, sentence in _other_products(image, kernels, channel, row, column):
        yield products + b, sentence
        yield products, f"{sentence} The bias is missing as well."
    window = image[row : row + size, column : column + size]
    s = (window * kernels[channel]).sum().item()
    yield s, "The bias of the channel is still missing."
    yield s - b, "The bias is added, not subtracted."
    yield s + size**2 * b, "The bias is added once, after the sum, not to each product."
    yield s + size * b, "The bias is added once, after the sum, not to each row."
    yield s + bias.sum().item(), "Only one bias belongs to the value: that of the channel."
    yield s + bias.mean().item(), "Only one bias belongs to the value: that of the channel."
    yield s * b, "The bias multiplies; it should be added."
    yield max(0.0, s + b), "There is no ReLU in the layer: negative values stay."
    yield abs(s + b), "The sign is to be kept: negative values stay."
    for scale in (1, 10):  # to a whole number, to one digit after the point
        for cut in (round, math.floor, math.ceil):
            yield cut(scale * (s + b)) / scale, "Do not round the value."
    another = "That is the bias of another channel: take the one with the index channel."
    for other, kernel in enumerate(kernels):
        own = f"Kernel and bias are those of channel {other}; take those with the index channel."
        yield s + bias[other].item(), another
        yield (window * kernel).sum().item() + bias[other].item(), own


def _other_products(image, kernels, channel, row, column) -> list[tuple[torch.Tensor, str]]:
    """Other sums of products, each with the sentence on it; the bias is not in them."""
    size = kernels.shape[-1]
    kernel = kernels[channel]

    def window(top: int, left: int) -> torch.Tensor:
        """``size`` rows and columns from a corner; windows over the edge are filled with 0."""
        padded = nn.functional.pad(image, (size, size, size, size))
        return padded[top + size : top + 2 * size, left + size : left + 2 * size]

    def summed(top: int, left: int) -> torch.Tensor:
        return (window(top, left) * kernel).sum()

    here = window(row, column)
    products = here * kernel
    near = ((1, 1), (1, 0), (0, 1), (-1, -1), (-1, 0), (0, -1))
    return [
        (products.mean(), "Sum the products; do not take their mean."),
        (summed(column, row),
         "Row and column are swapped: rows come first in image[channel, row, column]."),
        (summed(0, 0), "Your window stands at (0, 0) in place of (row, column)."),
        (summed(row - size // 2, column - size // 2),
         "Your window has its middle at (row, column); there its upper left corner belongs."),
        (summed(row - size + 1, column - size + 1),
         "Your window has its lower right corner at (row, column); there its upper left belongs."),
        *((summed(row + down, column + right),
           "Your window is off by one pixel: rows and columns are counted from 0.")
          for down, right in near),
        ((here * kernel.flip(0, 1)).sum(),
         "The kernel is flipped, as mathematicians do; PyTorch lays it on the window as it is."),
        *(((here * turned).sum(), "The kernel is turned; take it as it is.")
          for turned in (kernel.T, kernel.flip(0), kernel.flip(1))),
        ((here @ kernel).sum(), "@ is the product of matrices. Multiply pixel by pixel, with *."),
        (here.sum(), "The window is not multiplied by the kernel yet."),
        (kernel.sum(), "The image is not in it yet: only the kernel is summed."),
        (here.sum() * kernel.sum(),
         "Sums are multiplied here. Multiply pixel by pixel first, then sum."),
        ((here + kernel).sum(), "Kernel and window are added; they should be multiplied."),
        ((here - kernel).sum(),
         "The kernel is subtracted from the window; they should be multiplied."),
        (products.max(), "That is the largest product alone; sum them all."),
        (here[0, 0], "That is one pixel of the image, without the kernel."),
        (here[0, 0] * kernel.sum(), "One pixel is multiplied by all weights; each weight has a "
         "pixel of its own in the window."),
        *(((here * other).sum(),
           f"That is the kernel of channel {number}; take the one with the index channel.")
          for number, other in enumerate(kernels) if number != channel),
        ((here * kernels).sum(),
         "All 8 kernels are summed up; only that of the channel belongs there."),
        (products[0, 0], "Only the first product is in it; does return stand inside a loop?"),
        (products[-1, -1], "Only the last product is in it; += adds up, while = starts anew."),
        (products[0].sum(),
         "Only the first row of the window is in it; does return stand inside a loop?"),
        (products[:-1, :-1].sum(),
         "Your window is one pixel too small: a slice ends before its second number."),
    ]  # fmt: skip
