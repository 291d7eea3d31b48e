"""Task 1.4: right ways, mistakes and their messages, blanks, traces."""

import copy
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import checks
from helpers.checks.convolution_layers import value_by_hand
from tests.checks.convolution_layers.parts import image
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes

ROOT = Path(__file__).parents[3]


def parts(image, layer, channel, row, column):
    """The window, the kernel and the bias of one output value."""
    k = layer.kernel_size[0]
    return image[0, row : row + k, column : column + k], layer.weight[channel, 0], layer.bias


def by_sum(image, layer, channel, row, column):
    window, kernel, bias = parts(image, layer, channel, row, column)
    return (window * kernel).sum() + bias[channel]


def by_loop(image, layer, channel, row, column):
    total = layer.bias[channel].item()
    for i in range(layer.kernel_size[0]):
        for j in range(layer.kernel_size[1]):
            total += image[0, row + i, column + j].item() * layer.weight[channel, 0, i, j].item()
    return total


def by_numpy(image, layer, channel, row, column):
    window, kernel, bias = parts(image, layer, channel, row, column)
    return np.vdot(window.numpy(), kernel.detach().numpy()) + bias[channel].detach().numpy()


def by_dot(image, layer, channel, row, column):
    print("a note to myself")
    window, kernel, bias = parts(image, layer, channel, row, column)
    return window.flatten() @ kernel.flatten() + bias[channel : channel + 1]


def by_einsum(picture, conv, k, y, x):
    k_rows, k_columns = conv.kernel_size
    window = picture.double()[:, y : y + k_rows, x : x + k_columns]
    return torch.einsum("cij,cij", window, conv.weight[k].double()) + conv.bias.data[k]


def by_functional(image, layer, channel=0, row=0, column=0):
    k = layer.kernel_size[0]
    window = image[None, :, row : row + k, column : column + k]
    return F.conv2d(window, layer.weight[[channel]], layer.bias[[channel]])


def by_unfold(image, layer, channel, row, column):
    windows = image.unfold(1, layer.kernel_size[0], 1).unfold(2, layer.kernel_size[1], 1)
    return (windows[:, row, column] * layer.weight[channel]).sum() + layer.bias[channel]


def by_sum_compared_with_functional(image, layer, channel, row, column):
    value = by_sum(image, layer, channel, row, column)
    maps = F.conv2d(image, layer.weight, layer.bias)
    print("by PyTorch:", maps[channel, row, column])
    assert torch.isclose(value, maps[channel, row, column], atol=1e-4)
    return value


def by_sum_compared_with_the_layer(image, layer, channel, row, column):
    value = by_sum(image, layer, channel, row, column)
    assert torch.isclose(value, layer(image)[channel, row, column], atol=1e-4)
    return value


@pytest.mark.parametrize(
    "function",
    [
        by_sum,
        by_loop,
        by_numpy,
        by_dot,
        by_einsum,
        by_functional,
        by_unfold,
        by_sum_compared_with_functional,
        by_sum_compared_with_the_layer,
        lambda image, layer, *place: by_sum(image, layer, *place).detach().requires_grad_(),
    ],
)
def test_value_by_hand_right(function):
    assert "25 products" in assert_passes(checks.value_by_hand, function)


def changed(make):
    """A function that makes its value of window, kernel, biases and channel in its own way."""

    def value_by_hand(image, layer, channel, row, column):
        return make(*parts(image, layer, channel, row, column), channel)

    return value_by_hand


def moved(place):
    """A function that looks at another place of the image or another channel."""

    def value_by_hand(image, layer, channel, row, column):
        k = layer.kernel_size[0]
        image = F.pad(image, (k, k, k, k))  # a window over the edge is not what is tested here
        channel, row, column = place(channel, row, column, k)
        window = image[0, row + k : row + 2 * k, column + k : column + 2 * k]
        return (window * layer.weight[channel, 0]).sum() + layer.bias[channel]

    return value_by_hand


def other_kernel(image, layer, channel, row, column):
    window, _, bias = parts(image, layer, channel, row, column)
    return (window * layer.weight[0, 0]).sum() + bias[channel]


def in_place(image, layer, channel, row, column):
    window, kernel, bias = parts(image, layer, channel, row, column)
    window *= kernel.detach()
    return window.sum() + bias[channel]


def typed_five(image, layer, channel, row, column):
    window = image[0, row : row + 5, column : column + 5]
    return (window * layer.weight[channel, 0]).sum() + layer.bias[channel]


def bias_in_place(image, layer, channel, row, column):
    window, kernel, bias = parts(image, layer, channel, row, column)
    value = bias.detach()[channel]
    value += (window * kernel).sum()
    return value


def weight_in_place(image, layer, channel, row, column):
    window, kernel, bias = parts(image, layer, channel, row, column)
    kernel *= window
    return kernel.sum() + bias[channel]


def arguments_swapped(layer, image, channel, row, column):
    return by_sum(image, layer, channel, row, column)


def place_first(image, layer, row, column, channel):
    return by_sum(image, layer, channel, row, column)


IMAGE, LAYER = image(), value_by_hand._make(77, (28, 28, 5, 0, 0, 0))[0]


def image_from_outside(image, layer, channel, row, column):
    return by_sum(IMAGE, layer, channel, row, column)


def layer_from_outside(image, layer, channel, row, column):
    return by_sum(image, LAYER, channel, row, column)


def by_chance_a_known_slip(image, layer, channel, row, column):
    """Numbers of another layer; in the first case they come out as a mistake that has a name."""
    case = value_by_hand._CASES[0]
    first, picture = value_by_hand._make(0, case)
    window, kernel, _ = parts(picture, first, *case[3:])
    missed = (window * kernel).max() - by_sum(picture, LAYER, *case[3:])
    return by_sum(image, LAYER, channel, row, column) + missed


def no_window(image, layer, channel, row, column):
    return (image[0] * layer.weight[channel, 0]).sum() + layer.bias[channel]


def channel_of_the_image(image, layer, channel, row, column):
    return image[channel, row, column]


def all_kernels(image, layer, channel, row, column):
    window, _, bias = parts(image, layer, channel, row, column)
    return (window * layer.weight).sum() + bias[channel]


def channel_before(image, layer, channel, row, column):
    return by_sum(image, layer, (channel - 1) % 8, row, column)


def one_short(image, layer, channel, row, column):
    k = layer.kernel_size[0] - 1
    window = image[0, row : row + k, column : column + k]
    return (window * layer.weight[channel, 0, :k, :k]).sum() + layer.bias[channel]


def slice_short(image, layer, channel, row, column):
    window = image[0, row : row + 4, column : column + 4]
    return (window * layer.weight[channel, 0]).sum() + layer.bias[channel]


def by_layer(image, layer, channel, row, column):
    return layer(image)[channel, row, column]


def by_forward(image, layer, channel, row, column):
    return layer.forward(image)[channel, row, column]


def by_functional_of_all(image, layer, channel, row, column):
    return F.conv2d(image, layer.weight, layer.bias)[channel, row, column]


def by_functional_with_names(image, layer, channel, row, column):
    maps = F.conv2d(bias=layer.bias, weight=layer.weight, input=image)
    return maps[channel, row, column]


def by_operation(image, layer, channel, row, column):
    maps = torch.ops.aten.conv2d(image[None], layer.weight, layer.bias)
    return maps[0, channel, row, column]


def by_functional_of_one_kernel(image, layer, channel, row, column):
    maps = torch.conv2d(image[None], layer.weight[[channel]])
    return maps[0, 0, row, column] + layer.bias[channel]


def by_functional_that_jumps(image, layer, channel, row, column):
    """All that lies below and to the right of the corner, but only one place of the window."""
    rest = image[None, :, row:, column:]
    return F.conv2d(rest, layer.weight, layer.bias, stride=28)[0, channel, 0, 0]


def by_another_layer(image, layer, channel, row, column):
    other = nn.Conv2d(1, 1, layer.kernel_size)
    with torch.no_grad():
        other.weight[0], other.bias[0] = layer.weight[channel], layer.bias[channel]
    return other(image)[0, row, column]


def by_copy(image, layer, channel, row, column):
    return copy.deepcopy(layer)(image)[channel, row, column]


def by_loaded_layer(image, layer, channel, row, column):
    other = nn.Conv2d(1, 8, layer.kernel_size)
    other.load_state_dict(layer.state_dict())
    with torch.inference_mode():
        return nn.Sequential(other)(image)[channel, row, column].item()


def by_conv3d(image, layer, channel, row, column):
    maps = F.conv3d(image[None, None], layer.weight[[channel], None], layer.bias[[channel]])
    return maps[0, 0, 0, row, column]


def by_rows(image, layer, channel, row, column):
    kernel = layer.weight[channel, 0]
    rows = image[0, row : row + len(kernel)]
    sums = [F.conv1d(r[None, None], k[None, None])[0, 0] for r, k in zip(rows, kernel, strict=True)]
    return sum(s[column] for s in sums) + layer.bias[channel]


def layer_on_a_window(image, layer, channel, row, column):
    k = layer.kernel_size[0]
    return layer(image[:, row : row + k, column : column + k])[channel]


def typed(**numbers):
    """A function that takes numbers of its own in place of these arguments."""

    def value_by_hand(image, layer, channel, row, column):
        place = {"channel": channel, "row": row, "column": column} | numbers
        return by_sum(image, layer, **place)

    return value_by_hand


def squeezed(image, layer, channel, row, column):
    kernel = layer.weight[channel].squeeze()
    window = image[0, row : row + kernel.shape[0], column : column + kernel.shape[1]]
    return (window * kernel).sum() + layer.bias[channel]


def printing(image, layer, channel, row, column):
    print(by_sum(image, layer, channel, row, column))


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (changed(lambda w, k, b, c: (w * k).sum()), "bias of the channel is still missing"),
        (changed(lambda w, k, b, c: (w * k).mean() + b[c]), "do not take their mean"),
        (changed(lambda w, k, b, c: (w * k).mean()), "The bias is missing as well"),
        (changed(lambda w, k, b, c: (w * k).sum() - b[c]), "not subtracted"),
        (changed(lambda w, k, b, c: (w * k + b[c]).sum()), "added once"),
        (changed(lambda w, k, b, c: (w * k).sum() + b[0]), "bias of another channel"),
        (changed(lambda w, k, b, c: (w * k).sum() + b.sum()), "Only one bias"),
        (changed(lambda w, k, b, c: (w * k).sum() + b.mean()), "Only one bias"),
        (changed(lambda w, k, b, c: (w * k).sum() + len(k) * b[c]), "not to each row"),
        (changed(lambda w, k, b, c: (w - k).sum() + b[c]), "The kernel is subtracted"),
        (changed(lambda w, k, b, c: (w * k).max() + b[c]), "largest product"),
        (changed(lambda w, k, b, c: w[0, 0]), "one pixel of the image"),
        (changed(lambda w, k, b, c: w[0, 0] * k.sum() + b[c]), "a pixel of its own"),
        (changed(lambda w, k, b, c: (w * k)[-1, -1] + b[c]), "= starts anew"),
        (changed(lambda w, k, b, c: (w * k)[0].sum() + b[c]), "Only the first row"),
        (changed(lambda w, k, b, c: (w * k).sum(0) + b[c]), "sums in all directions"),
        (changed(lambda w, k, b, c: ((w * k).sum(), b[c])), "returns a tuple; asked for is one"),
        (changed(lambda w, k, b, c: ((w * k).sum() + b[c]).half()), "nearly it"),
        (changed(lambda w, k, b, c: (w * k).sum() * b[c]), "should be added"),
        (changed(lambda w, k, b, c: ((w * k).sum() + b[c]).relu()), "no ReLU"),
        (changed(lambda w, k, b, c: ((w * k).sum() + b[c]).abs()), "sign is to be kept"),
        (changed(lambda w, k, b, c: round(((w * k).sum() + b[c]).item())), "Do not round"),
        (changed(lambda w, k, b, c: (w * k.flip(0, 1)).sum() + b[c]), "flipped"),
        (changed(lambda w, k, b, c: (w * k.T).sum() + b[c]), "turned"),
        (changed(lambda w, k, b, c: (w @ k).sum() + b[c]), "product of matrices"),
        (changed(lambda w, k, b, c: w.sum() + b[c]), "not multiplied by the kernel"),
        (changed(lambda w, k, b, c: k.sum() + b[c]), "image is not in it"),
        (changed(lambda w, k, b, c: w.sum() * k.sum() + b[c]), "Sums are multiplied"),
        (changed(lambda w, k, b, c: (w + k).sum() + b[c]), "Kernel and window are added"),
        (changed(lambda w, k, b, c: w * k + b[c]), "sum up all the products"),
        (changed(lambda w, k, b, c: (w * k).sum() + b), "8 numbers"),
        (changed(lambda w, k, b, c: (w * k)[0, 0] + b[c]), "Only the first product"),
        (changed(lambda w, k, b, c: 0.5), "For another image, another layer, another channel"),
        (changed(lambda w, k, b, c: 0.0), "another row and another column your function gives"),
        (changed(lambda w, k, b, c: -1), "For another image, another layer, another channel"),
        (changed(lambda w, k, b, c: (w / k).sum() + b[c]), "Print the window"),
        (changed(lambda w, k, b, c: ((w * k).sum() + b[c]) ** 2), "Print the window"),
        (changed(lambda w, k, b, c: round(((w * k).sum() + b[c]).item(), 1)), "Do not round"),
        (
            changed(lambda w, k, b, c: round(((w * k).sum() + b[c]).item(), 2)),
            "nearly it: do not round",
        ),
        (changed(lambda w, k, b, c: torch.round((w * k).sum() + b[c], decimals=1)), "Do not round"),
        (
            changed(lambda w, k, b, c: math.floor(10 * ((w * k).sum() + b[c]).item()) / 10),
            "Do not round",
        ),
        (changed(lambda w, k, b, c: int(10 * ((w * k).sum() + b[c])) / 10), "Do not round"),
        (changed(lambda w, k, b, c: f"{(w * k).sum() + b[c]:.1f}"), "a number was expected"),
        (typed(channel=3, row=12, column=10), "For another channel, another row and another"),
        (typed(row=12, column=10), "For another row and another column your function gives the"),
        (typed(row=4, column=9), "calculate with the row and the column that it is given"),
        (typed(row=12), "For another row your function gives the same: calculate with the row"),
        (typed(column=0), "For another column your function gives the same"),
        (typed(channel=5), "Kernel and bias are those of channel 5"),
        (changed(lambda w, k, b, c: "12"), "a number was expected"),
        (changed(lambda w, k, b, c: Liar()), "a number was expected"),
        (changed(lambda w, k, b, c: float("nan")), "no ordinary number"),
        (changed(lambda w, k, b, c: torch.zeros(5, 5, device="meta")), "on the device meta"),
        (moved(lambda c, y, x, k: (c, x, y)), "Row and column are swapped"),
        (moved(lambda c, y, x, k: (c, y - k // 2, x - k // 2)), "has its middle at"),
        (moved(lambda c, y, x, k: (c, y - k + 1, x - k + 1)), "lower right corner"),
        (moved(lambda c, y, x, k: (c, 0, 0)), "Your window stands at (0, 0)"),
        (moved(lambda c, y, x, k: (c, y + 1, x + 1)), "off by one"),
        (moved(lambda c, y, x, k: (c, y, x - 1)), "off by one"),
        (other_kernel, "the kernel of channel 0"),
        (channel_before, "Kernel and bias are those of channel 2"),
        (all_kernels, "All 8 kernels are summed up"),
        (image_from_outside, "For another image your function gives the same"),
        (layer_from_outside, "For another layer your function gives the same"),
        (by_chance_a_known_slip, "For another layer your function gives the same"),
        (in_place, "changes the image"),
        (bias_in_place, "changes the image or the layer"),
        (weight_in_place, "would change the layer's own numbers"),
        (arguments_swapped, "in the order image, layer, channel, row, column"),
        (place_first, "in the order image, layer, channel, row, column"),
        (channel_of_the_image, "The image has one channel, number 0"),
        (no_window, "The whole image is in it"),
        (typed_five, "With a kernel of 5×5 it works: take height and width of the window from"),
        (squeezed, "With a kernel of 2×2 it works: take height and width of the window from"),
        (one_short, "one pixel too small"),
        (slice_short, "as high and wide as the kernel?"),
        (by_layer, "the layer computed it"),
        (by_forward, "the layer computed it"),
        (by_copy, "the layer computed it"),
        (layer_on_a_window, "the layer computed it"),
        (by_functional_of_all, "a convolution of PyTorch computed it, from more of the image"),
        (by_functional_with_names, "a convolution of PyTorch computed it"),
        (by_operation, "a convolution of PyTorch computed it"),
        (by_functional_of_one_kernel, "a convolution of PyTorch computed it"),
        (by_functional_that_jumps, "a convolution of PyTorch computed it"),
        (by_another_layer, "a convolution of PyTorch computed it"),
        (by_loaded_layer, "a convolution of PyTorch computed it"),
        (by_conv3d, "a convolution of PyTorch computed it"),
        (by_rows, "a convolution of PyTorch computed it"),
        (printing, "prints something"),
        (lambda image, layer: 0.0, "raised TypeError"),
        (lambda image, layer, *place: layer(image), "the one value at the given channel"),
        (0.25, "a function was expected"),
    ],
)
def test_value_by_hand_wrong(function, fragment):
    assert_incorrect(checks.value_by_hand, fragment, function)


def partly_blank(image, layer, channel, row, column):
    window = ...
    return (window * layer.weight[channel, 0]).sum()


@pytest.mark.parametrize("function", [..., None, lambda *_: None, lambda *_: ..., partly_blank])
def test_value_by_hand_blank(function):
    assert_blank(checks.value_by_hand, function)


def without_return(image, layer, channel, row, column):
    by_sum(image, layer, channel, row, column)


def test_value_by_hand_without_return():
    message = assert_blank(checks.value_by_hand, without_return)
    assert "returns nothing yet" in message and "if not, end it with return" in message


def test_value_by_hand_blank_by_name():
    assert "so that value_by_hand has a value" in assert_blank(checks.value_by_hand, ...)


def careless(image, layer, channel, row, column):
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    np.random.seed(0)
    return by_sum(image, layer, channel, row, column)


def test_value_by_hand_leaves_no_trace():
    assert_no_trace(checks.value_by_hand, by_sum)
    assert_no_trace(checks.value_by_hand, careless)


def test_the_first_check_of_a_kernel_does_not_wait_for_torch_compile():
    """Its import takes two seconds, longer than all checks of the lesson together."""
    code = (
        "import sys; from helpers import checks; "
        "from tests.checks.convolution_layers.test_value_by_hand import by_sum; "
        "checks.value_by_hand(by_sum); print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["False"], done.stdout + done.stderr
