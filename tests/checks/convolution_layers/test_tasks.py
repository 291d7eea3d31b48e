"""Tasks 1.1 to 1.7: what passes, and what each mistake is told."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import checks, layers
from helpers.checks.convolution_layers import value_by_hand
from helpers.checks.convolution_layers.output_width import true_widths
from helpers.checks.core import limits
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


def image():
    return torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(5))


# ---------------------------------------------------------------------------------- 1.1


class OwnConv(nn.Conv2d):
    """A student's own kind of Conv2d."""


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 8, 5),
        nn.Conv2d(in_channels=1, out_channels=8, kernel_size=(5, 5)),
        nn.Conv2d(1, 8, 5, stride=1, padding="valid", dilation=(1, 1)),
        OwnConv(1, 8, 5).eval(),
        torch.compile(nn.Conv2d(1, 8, 5), backend="eager"),
        nn.Conv2d(1, 8, 5).requires_grad_(False),
    ],
)
def test_conv_layer_right(layer):
    line = assert_passes(checks.conv_layer, layer)
    assert line == "✓ 1.1  8 kernels of 1×5×5 and 8 biases: 208 numbers"


class Doubled(nn.Conv2d):
    def forward(self, images):
        return 2 * super().forward(images)


@pytest.mark.parametrize(
    ("layer", "fragment"),
    [
        (nn.Conv2d(8, 1, 5), "other way round"),
        (nn.Conv2d(3, 8, 5), "grey, so they have 1"),
        (nn.Conv2d(28, 8, 5), "28 is their width"),
        (nn.Conv2d(64, 8, 5), "64 is a batch"),
        (nn.Conv2d(784, 8, 5), "784 is the number of their pixels"),
        (nn.Conv2d(1, 5, 8), "1 in and 5 out as its channels, and a kernel of 8×8"),
        (nn.Conv2d(8, 5, 1), "the right numbers, but in another order"),
        (nn.Conv2d(1, 6, 5), "gives 6 channels out"),
        (nn.Conv2d(1, 1, 5), "gives 1 channel out"),
        (nn.Conv2d(1, 8, 3), "3×3 pixels"),
        (nn.Conv2d(1, 8, (1, 5)), "1×5 pixels"),
        (nn.Conv2d(1, 8, 5, 5), "moves by 5 pixels"),
        (nn.Conv2d(1, 8, 5, padding=2), "your layer has padding=(2, 2)"),
        (nn.Conv2d(1, 8, 5, padding=(2, 0)), "your layer has padding=(2, 0)"),
        (nn.Conv2d(1, 8, 5, padding="same"), "your layer has padding='same'"),
        (nn.Conv2d(1, 8, 5, dilation=2), "leaves gaps"),
        (nn.Conv2d(1, 8, 5, bias=False), "no bias"),
        (nn.Conv2d(1, 8, 5, dtype=torch.float64), "torch.float64"),
        (nn.Conv2d(1, 8, 5).half(), "torch.float16"),
        (nn.Conv2d(1, 8, 5, device="meta"), "the weight of conv_layer is on the device meta"),
        (nn.Conv1d(1, 8, 5), "one direction"),
        (nn.Conv3d(1, 8, 5), "three directions"),
        (nn.ConvTranspose2d(1, 8, 5), "larger"),
        (nn.Linear(784, 8), "joins every pixel"),
        (nn.Sequential(nn.Conv2d(1, 8, 5)), "without nn.Sequential"),
        (nn.MaxPool2d(5), "of type MaxPool2d"),
        (nn.LazyConv2d(8, 5), "sizes yet"),
        (nn.Conv2d, "the class Conv2d itself"),
        ((nn.Conv2d(1, 8, 5),), "comma"),
        ((1, 8, 5), "calling nn.Conv2d"),
        ("nn.Conv2d(1, 8, 5)", "calling nn.Conv2d"),
        (Doubled(1, 8, 5), "something else than the convolution"),
        (Liar(), "calling nn.Conv2d"),
    ],
)
def test_conv_layer_wrong(layer, fragment):
    assert_incorrect(checks.conv_layer, fragment, layer)


def test_conv_layer_with_weights_that_are_no_numbers():
    layer = nn.Conv2d(1, 8, 5)
    nn.init.constant_(layer.bias, torch.nan)
    assert_incorrect(checks.conv_layer, "nan or inf", layer)


def test_conv_layer_with_weights_of_another_shape():
    layer = nn.Conv2d(1, 8, 5)
    layer.weight = nn.Parameter(torch.zeros(8, 5, 5))
    assert_incorrect(checks.conv_layer, "not how they were made", layer)


@pytest.mark.parametrize("blank", [..., None])
def test_conv_layer_blank(blank):
    assert_blank(checks.conv_layer, blank)


def used_layer(**settings):
    """A layer with a gradient, a hook and its mode changed."""
    layer = nn.Conv2d(1, 8, 5, **settings).eval()
    layer(image()).sum().backward()
    layer.register_forward_hook(lambda *_: None)
    return layer


def test_conv_layer_leaves_no_trace():
    assert_no_trace(checks.conv_layer, used_layer())
    assert_no_trace(checks.conv_layer, used_layer(padding=1))


# ---------------------------------------------------------------------------------- 1.2


@pytest.mark.parametrize(
    "answer",
    [
        (nn.Conv2d(1, 8, 5).weight.shape, nn.Conv2d(1, 8, 5).bias.shape, 208),
        ([8, 1, 5, 5], [8], 208.0),
        ((8, 1, 5, 5), (8,), torch.tensor(208)),
        (np.array([8, 1, 5, 5]), torch.tensor([8]), np.int64(208)),
    ],
)
def test_conv_parameters_right(answer):
    assert "208" in assert_passes(checks.conv_parameters, *answer)


WEIGHTS, BIASES = (8, 1, 5, 5), (8,)


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [
        (((1, 8, 5, 5), BIASES, 208), "come out stand first"),
        (((8, 5, 5), BIASES, 208), "come in are missing"),
        (((5, 5), BIASES, 208), "one kernel of the layer"),
        (((5, 5, 1, 8), BIASES, 208), "channels first"),
        (((5, 5, 8, 1), BIASES, 208), "channels first"),
        (((8, 5, 5, 1), BIASES, 208), "channels first"),
        (((1, 5, 5), BIASES, 208), "one kernel of the layer"),
        (((8, 3, 5, 5), BIASES, 208), "in colour"),
        (((8, 1, 28, 28), BIASES, 208), "how wide is a kernel"),
        ((BIASES, WEIGHTS, 208), "shape of the bias"),
        (((8, 24, 24), BIASES, 208), "the output"),
        (((1, 28, 28), BIASES, 208), "an image"),
        (
            ((8, 1, 3, 3), BIASES, 208),
            "every tensor has a .shape; look at that of conv_layer.weight",
        ),
        ((nn.Conv2d(1, 8, 5).weight, BIASES, 208), "asked for is the shape itself"),
        ((nn.Conv2d(1, 8, 5).weight.size, BIASES, 208), "not what it returns"),
        (("8, 1, 5, 5", BIASES, 208), "a shape is a list"),
        ((WEIGHTS, (1,), 208), "more than one bias"),
        ((WEIGHTS, (8, 1), 208), "one entry is enough"),
        ((WEIGHTS, (1, 8), 208), "one entry is enough"),
        ((WEIGHTS, (8, 24, 24), 208), "the same everywhere"),
        ((WEIGHTS, (8, 1, 5, 5), 208), "shape of the weights"),
        ((WEIGHTS, (5,), 208), "look at that of conv_layer.bias"),
        ((WEIGHTS, 8, 208), "written with a comma, (8,)"),
        ((WEIGHTS, np.int64(8), 208), "written with a comma, (8,)"),
        ((WEIGHTS, nn.Conv2d(1, 8, 5).bias, 208), "a shape is a list"),
        ((WEIGHTS, BIASES, 200), "weights alone"),
        ((WEIGHTS, BIASES, 8), "biases alone"),
        ((WEIGHTS, BIASES, 25), "one kernel"),
        ((WEIGHTS, BIASES, 26), "with its bias"),
        ((WEIGHTS, BIASES, 33), "with all the biases"),
        ((WEIGHTS, BIASES, 48), "5 rows of 5 weights"),
        ((WEIGHTS, BIASES, 1600), "they do not multiply it"),
        ((WEIGHTS, BIASES, 201), "bias of its own"),
        ((WEIGHTS, BIASES, 2), "numel()"),
        ((WEIGHTS, BIASES, 784), "do not depend on the image"),
        ((WEIGHTS, BIASES, 4608), "size of the output"),
        ((WEIGHTS, BIASES, 209), "add the biases"),
        ((WEIGHTS, BIASES, 208.5), "a whole number"),
        ((WEIGHTS, BIASES, nn.Conv2d(1, 8, 5).parameters()), "of type generator; asked for is one"),
        ((WEIGHTS, BIASES, [200, 8]), "sum(...) adds up several"),
        ((WEIGHTS, BIASES, nn.Conv2d(1, 8, 5).weight.numel), "not what it returns"),
        ((WEIGHTS, BIASES, "208"), "a whole number"),
        ((Liar(), BIASES, 208), "a shape is a list"),
        ((WEIGHTS, BIASES, Liar()), "a whole number"),
    ],
)
def test_conv_parameters_wrong(answer, fragment):
    assert_incorrect(checks.conv_parameters, fragment, *answer)


@pytest.mark.parametrize(
    "answer",
    [
        (..., ..., ...),
        (WEIGHTS, None, 208),
        (WEIGHTS, BIASES, ...),
        ((8, ..., 5, 5), BIASES, 208),
    ],
)
def test_conv_parameters_blank(answer):
    assert_blank(checks.conv_parameters, *answer)


def test_conv_parameters_leaves_no_trace():
    assert_no_trace(checks.conv_parameters, nn.Conv2d(1, 8, 5).weight, [8], 208)


# ---------------------------------------------------------------------------------- 1.3


def test_conv_output_right():
    layer, x = nn.Conv2d(1, 8, 5), image()
    maps = layer(x)
    line = assert_passes(checks.conv_output, (8, 24, 24), maps, layer, x)
    for predicted, feature_maps, picture in (
        ([8, 24, 24], maps.detach(), x),
        (maps.shape, maps.double(), x),
        ((8, 24, 24), layer(x.unsqueeze(0)), x),
        (torch.tensor([8, 24, 24]), F.conv2d(x, layer.weight, layer.bias), x),
        ((8, 24, 24), maps.half(), x),
        ((1, 8, 24, 24), layer(x.unsqueeze(0)), x.unsqueeze(0)),
    ):
        assert assert_passes(checks.conv_output, predicted, feature_maps, layer, picture) == line
    compiled = torch.compile(layer, backend="eager")
    assert_passes(checks.conv_output, (8, 24, 24), compiled(x), compiled, x)


@pytest.mark.parametrize(
    ("predicted", "fragment"),
    [
        ((8, 28, 28), "cannot start at every pixel"),
        ((8, 23, 23), "one place too few"),
        ((8, 25, 25), "one place too many"),
        ((1, 24, 24), "how many maps"),
        ((24, 24), "the channels are missing"),
        ((24, 24, 8), "channels first"),
        ((24, 8, 24), "channels first"),
        ((1, 8, 24, 24), "batch dimension"),
        ((64, 8, 24, 24), "size of a batch"),
        ((64, 24, 24), "size of a batch"),
        ((8, 1, 5, 5), "the shape of the weights"),
        ((8, 1, 24, 24), "one map"),
        ((8, 5, 5), "the size of the kernels"),
        ((1, 28, 28), "the image that goes in"),
        ((8, 24), "three entries, not 2"),
        ((8, 24, 28), "square"),
        ((6, 24, 24), "first number"),
        ((8, 26, 26), "26 is too large"),
        ((8, 12, 12), "every second place"),
        ((8, 20, 20), "20 is too small"),
        (4608, "a shape is a list"),
    ],
)
def test_conv_output_wrong_prediction(predicted, fragment):
    layer, x = nn.Conv2d(1, 8, 5), image()
    assert_incorrect(checks.conv_output, fragment, predicted, layer(x), layer, x)


def test_conv_output_wrong_maps():
    torch.manual_seed(3)
    layer, x, right = nn.Conv2d(1, 8, 5), image(), (8, 24, 24)
    bias = layer.bias[:, None, None]
    for maps, fragment in (
        (nn.Conv2d(1, 8, 5)(x), "run your cell again"),
        (layer(1 - x), "run your cell again"),
        (layer(x).relu(), "a ReLU came after"),
        (layer(x) - bias, "lacks the bias"),
        (x, "an image still"),
        (x.unsqueeze(0), "an image still"),
        (x[0], "an image still"),
        (layer(x)[0], "one map alone"),
        (layer(x)[:1], "one map alone"),
        (layer(x).permute(1, 2, 0), "channels first"),
        (layer(x.expand(64, 1, 28, 28)), "for 64 images"),
        (layer.weight, "the layer's weights"),
        (F.conv2d(x, layer.weight, layer.bias, padding=2), "feature_maps is [8, 28, 28]: what"),
        (F.conv2d(x, layer.weight.flip(2, 3), layer.bias), "turned round"),
        (layer(x) * torch.nan, "makes something else"),
        ((layer(x),), "comma"),
        (layer(x).detach().numpy(), "an array of shape [8, 24, 24]"),
        (layer(x).to("meta"), "on the device meta"),
        (layer, "call the layer like a function"),
        ([1, 2], "call the layer like a function"),
        (Liar(), "call the layer like a function"),
    ):
        assert_incorrect(checks.conv_output, fragment, right, maps, layer, x)
    assert_incorrect(checks.conv_output, "Run the cell again", right, layer(x), layer, (x, 3))
    other = nn.Conv2d(1, 8, 3)
    assert_incorrect(checks.conv_output, "3×3 pixels", right, layer(x), other, x)


def test_conv_output_of_other_things():
    layer, x, right = nn.Conv2d(1, 8, 5), image(), (8, 24, 24)
    for picture, fragment in (
        (x[0], "one image, a tensor of shape [1, 28, 28]"),
        (x.numpy(), "an array of shape [1, 28, 28]"),
        (x.to("meta"), "on the device meta"),
    ):
        assert_incorrect(checks.conv_output, fragment, right, layer(x), layer, picture)
    doubled = nn.Conv2d(1, 8, 5).double()
    assert_incorrect(checks.conv_output, "torch.float64", right, layer(x), doubled, x)


def test_conv_output_blank():
    layer, x = nn.Conv2d(1, 8, 5), image()
    assert_blank(checks.conv_output, ..., layer(x), layer, x)
    assert_blank(checks.conv_output, (8, 24, 24), ..., layer, x)
    assert_blank(checks.conv_output, (8, 24, 24), None, ..., x)
    assert_blank(checks.conv_output, (..., ..., ...), layer(x), layer, x)


def test_conv_output_leaves_no_trace(recwarn):
    layer, x = used_layer(), image().requires_grad_()
    assert_no_trace(checks.conv_output, (8, 24, 24), layer(x), layer, x)
    assert_no_trace(checks.conv_output, (8, 23, 23), layer(x), layer, x)
    assert not recwarn.list  # a warning would stand in the notebook's output


# ---------------------------------------------------------------------------------- 1.4


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
        (changed(lambda w, k, b, c: (w * k).sum(0) + b[c]), "in one direction only"),
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
        (changed(lambda w, k, b, c: w * k + b[c]), "Sum them up"),
        (changed(lambda w, k, b, c: (w * k).sum() + b), "8 numbers"),
        (changed(lambda w, k, b, c: (w * k)[0, 0] + b[c]), "Only the first product"),
        (changed(lambda w, k, b, c: 0.5), "For another image your function gives the same"),
        (changed(lambda w, k, b, c: (w / k).sum() + b[c]), "Print your window"),
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
        (typed_five, "in place of a typed 5"),
        (one_short, "one pixel too small"),
        (slice_short, "as high and wide as the kernel?"),
        (by_layer, "the layer computed it"),
        (by_forward, "the layer computed it"),
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


# ---------------------------------------------------------------------------------- 1.5


def width(input_width, kernel_size, stride=1, padding=0, dilation=1):
    if dilation * (kernel_size - 1) + 1 > input_width + 2 * padding:
        raise ValueError("the kernel does not fit")
    return (input_width + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def by_floor(input_width, kernel_size, stride=1, padding=0, dilation=1):
    numerator = input_width + 2 * padding - dilation * (kernel_size - 1) - 1
    if numerator < 0:
        raise ValueError("the kernel does not fit")
    return math.floor(numerator / stride + 1)


def by_counting(input_width, kernel_size, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel_size - 1) + 1
    starts = range(0, input_width + 2 * padding - reach + 1, stride)
    if not starts:
        raise ValueError("the kernel does not fit")
    print(len(starts))
    return np.int64(len(starts))


def other_names(w, k, s=1, p=0, d=1):
    return width(w, k, s, p, d)


def by_pytorch(input_width, kernel_size, *settings):
    try:
        layer = nn.Conv1d(1, 1, kernel_size, *settings, device="meta")
        maps = layer(torch.zeros(1, input_width, device="meta"))
    except RuntimeError:
        raise ValueError("the kernel does not fit") from None
    return torch.tensor(maps.shape[-1])


class TooLarge(ValueError):
    """An error of the student's own."""


def own_error(*args, **kwargs):
    try:
        return width(*args, **kwargs)
    except ValueError:
        raise TooLarge from None


@pytest.mark.parametrize(
    "function",
    [
        width,
        by_floor,
        by_counting,
        own_error,
        other_names,
        by_pytorch,
        layers.get_output_width,
        lambda w, k, stride=None, *others: width(w, k, stride or 1, *others),
    ],
)
def test_output_width_right(function):
    line = assert_passes(checks.output_width, function)
    assert line.startswith("✓ 1.5  28 → 24; right for ")


def formula(make, guard=True):
    """``get_output_width`` by another formula of w, k, s, p, d."""

    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
        if guard:
            width(input_width, kernel_size, stride, padding, dilation)
        return make(input_width, kernel_size, stride, padding, dilation)

    return get_output_width


def top(w, k, s, p, d):
    return w + 2 * p - d * (k - 1) - 1


def guarded_by(error):
    def get_output_width(*args, **kwargs):
        try:
            return width(*args, **kwargs)
        except ValueError:
            return error()

    return get_output_width


def raising(kind):
    def raise_it():
        raise kind("too large")

    return raise_it


def afraid(input_width, kernel_size, stride=1, padding=0, dilation=1):
    if dilation * (kernel_size - 1) + 1 >= input_width + 2 * padding:
        raise ValueError("the kernel does not fit")
    return width(input_width, kernel_size, stride, padding, dilation)


def afraid_of(condition):
    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
        if condition(input_width, kernel_size, stride, padding, dilation):
            raise ValueError("the kernel does not fit")
        return width(input_width, kernel_size, stride, padding, dilation)

    return get_output_width


def print_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
    print(width(input_width, kernel_size, stride, padding, dilation))


def no_defaults(input_width, kernel_size, stride, padding, dilation):
    return width(input_width, kernel_size, stride, padding, dilation)


def usual(stride=1, padding=0, dilation=1):
    """``get_output_width`` with these values of settings that are left out."""
    usual = (stride, padding, dilation)

    def get_output_width(input_width, kernel_size, *settings):
        return width(input_width, kernel_size, *settings, *usual[len(settings) :])

    return get_output_width


def swapped(input_width, kernel_size, padding=0, stride=1, dilation=1):
    return width(input_width, kernel_size, stride, padding, dilation)


def kernel_first(kernel_size, input_width, *settings):
    return width(input_width, kernel_size, *settings)


def two_arguments(input_width, kernel_size):
    return input_width - kernel_size + 1


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (formula(lambda *a: top(*a) / a[2] + 1), "Divide with //"),
        (formula(lambda *a: np.floor(top(*a) / a[2]) + 1), "int(...) does so, too"),
        (formula(lambda *a: top(*a) // a[2]), "It is one too few"),
        (
            formula(lambda w, k, s, p, d: (w + p - d * (k - 1) - 1) // s + 1),
            "both sides of the image",
        ),
        (formula(lambda w, k, s, p, d: (w - d * (k - 1) - 1) // s + 1), "leaves out the padding"),
        (formula(lambda w, k, s, p, d: (w + 2 * p - k) // s + 1), "leaves out the dilation"),
        (formula(lambda *a: top(*a) + 1), "leaves out the stride"),
        (formula(lambda w, k, s, p, d: w - k + 1), "the image and the kernel alone"),
        (formula(lambda w, k, s, p, d: w - k), "one too few; stride, padding and dilation count"),
        (
            formula(lambda w, k, s, p, d: (w - k) // s + 1),
            "leaves out the padding and the dilation",
        ),
        (
            formula(lambda w, k, s, p, d: w + 2 * p - k + 1),
            "leaves out the stride and the dilation",
        ),
        (formula(lambda w, k, s, p, d: w - d * (k - 1)), "leaves out the stride and the padding"),
        (formula(lambda *a: (top(*a) - 4 * a[3]) // a[2] + 1), "Padding makes the image larger"),
        (formula(lambda w, k, s, p, d: (w + 2 * p + d * (k - 1) - 1) // s + 1), "subtract it"),
        (formula(lambda *a: top(*a) * a[2] + 1), "divide by it"),
        (formula(lambda w, *a: top(28, *a) // a[1] + 1), "takes 28 for every width"),
        (formula(lambda w, k, *a: top(w, 5, *a) // a[0] + 1), "takes 5 for every kernel"),
        (
            formula(lambda w, k, s, p, d: w + 2 * p - d * (k - 1) - 1 // s + 1),
            "// divides only what stands right before it",
        ),
        (
            formula(lambda w, k, s, p, d: (w + 2 * p - d * k - 1 - 1) // s + 1),
            "put kernel_size - 1 in parentheses",
        ),
        (formula(lambda *a: math.ceil(top(*a) / a[2]) + 1), "does not count: round down"),
        (formula(lambda *a: round(top(*a) / a[2]) + 1), "round() may round up"),
        (formula(lambda *a: round(top(*a) / a[2] + 1)), "round() may round up"),
        (
            formula(lambda w, k, s, p, d: (w + 2 * p - d * k - 1) // s + 1),
            "kernel_size - 1 steps",
        ),
        (
            formula(lambda w, k, s, p, d: (w + 2 * p - d * k) // s + 1),
            "kernel_size - 1 steps",
        ),
        (formula(lambda *a: (top(*a) + 1) // a[2] + 1), "The -1 inside the fraction"),
        (formula(lambda *a: (top(*a) + 1) // a[2]), "The +1 stands outside"),
        (formula(lambda *a: 24), "Try these numbers by hand"),
        (formula(lambda *a: top(*a) // a[2] + 1, guard=False), "should raise a ValueError"),
        (
            formula(lambda *a: max(0, top(*a) // a[2] + 1), guard=False),
            "returns 0 (of type int); it should raise",
        ),
        (guarded_by(lambda: None), "returns nothing; it should raise"),
        (guarded_by(raising(AssertionError)), "raises AssertionError; it should raise"),
        (guarded_by(lambda: ValueError("too large")), "it should raise a ValueError"),
        (afraid, "nn.Conv2d gives 1. The kernel fits here"),
        (afraid_of(lambda w, k, s, p, d: s > w), "The kernel fits here"),
        (afraid_of(lambda w, k, s, p, d: k > w), "The kernel fits here"),
        (afraid_of(lambda w, k, s, p, d: d * k > w + 2 * p), "The kernel fits here"),
        (afraid_of(lambda w, k, s, p, d: d * (k - 1) + 1 > w + p), "The kernel fits here"),
        (usual(stride=2), "If stride is not given, it is 1"),
        (usual(padding=2), "If padding is not given, it is 0"),
        (usual(dilation=2), "If dilation is not given, it is 1"),
        (swapped, "The stride comes before the padding"),
        (kernel_first, "A kernel of 5 fits into 28"),
        (two_arguments, "takes 2 positional arguments but 5 were given"),
        (no_defaults, "raised TypeError on input_width=28, kernel_size=5"),
        (print_width, "prints something"),
        (formula(lambda *a: (24, 24)), "one whole number"),
        (formula(lambda *a: True), "returns True (of type bool)"),
        (formula(lambda *a: None if a[2] == 2 else width(*a)), "Let every way through it end"),
        (formula(lambda *a: torch.tensor(24, device="meta")), "on the device meta"),
        (formula(lambda *a: torch.tensor(24.0)), "Divide with //"),
        (formula(lambda *a: Liar()), "one whole number"),
        (24, "a function was expected"),
    ],
)
def test_output_width_wrong(function, fragment):
    assert_incorrect(checks.output_width, fragment, function)


def test_output_width_names_the_first_disagreement():
    once = formula(lambda w, k, s, p, d: (w + p - d * (k - 1) - 1) // s + 1)
    message = assert_incorrect(checks.output_width, "both sides", once)
    assert "input_width=28, kernel_size=5, stride=1, padding=1, dilation=1" in message
    assert "returns 25; nn.Conv2d gives 26" in message


def test_output_width_without_end(monkeypatch):
    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
        starts = 0
        while stride == 2 or starts < input_width - kernel_size + 1:
            starts += 1
        return starts

    monkeypatch.setattr(limits, "SECONDS", 0.1)
    assert_incorrect(checks.output_width, "Is there a loop", get_output_width)


def dots_inside(input_width, kernel_size, stride=1, padding=0, dilation=1):
    reach = ...
    return (input_width - reach) // stride + 1


@pytest.mark.parametrize("function", [..., None, lambda *_: None, lambda *_: ..., dots_inside])
def test_output_width_blank(function):
    assert_blank(checks.output_width, function)


def test_output_width_blank_by_name():
    assert "so that get_output_width has a value" in assert_blank(checks.output_width, ...)


def test_output_width_leaves_no_trace():
    assert_no_trace(checks.output_width, width)


def test_true_widths_are_those_of_the_formula():
    truth = true_widths()
    for arguments, expected in truth.items():
        if expected is None:
            with pytest.raises(ValueError, match="kernel"):
                layers.get_output_width(*arguments)
        else:
            assert layers.get_output_width(*arguments) == expected
    assert None in truth.values()
    assert {*truth.values()} > {1, 24, 28}


# ---------------------------------------------------------------------------------- 1.6


@pytest.mark.parametrize(
    "answer",
    [
        (nn.Conv2d(1, 8, 5, padding="same"), (8, 28, 28)),
        (nn.Conv2d(1, 8, 5, padding=2), [8, 28, 28]),
        (nn.Conv2d(1, 8, (5, 5), padding=(2, 2)), torch.Size([8, 28, 28])),
        (nn.Conv2d(1, 8, 5, padding="same", padding_mode="reflect"), (8, 28, 28)),
        (torch.compile(nn.Conv2d(1, 8, 5, 1, 2), backend="eager"), torch.tensor([8, 28, 28])),
    ],
)
def test_same_padding_right(answer):
    assert "2 pixels of zeros" in assert_passes(checks.same_padding, *answer)


SAME = nn.Conv2d(1, 8, 5, padding="same")


@pytest.mark.parametrize(
    ("layer", "shape", "fragment"),
    [
        (nn.Conv2d(1, 8, 5), (8, 28, 28), "adds no padding"),
        (nn.Conv2d(1, 8, 5, "same"), (8, 28, 28), "the word stands where the stride belongs"),
        (nn.Conv2d(1, 8, 5, padding="valid"), (8, 28, 28), "adds no padding"),
        (nn.Conv2d(1, 8, 5, padding=5), (8, 28, 28), "larger than the image"),
        (nn.Conv2d(1, 8, 5, padding=4), (8, 28, 28), "larger than the image"),
        (nn.Conv2d(1, 8, 5, padding=1), (8, 28, 28), "smaller than the image"),
        (nn.Conv2d(1, 8, 5, padding=(2, 0)), (8, 28, 24), "keeps only one of height and width"),
        (nn.Conv2d(1, 8, 5, stride=2, padding=2), (8, 28, 28), "moves by 2 pixels"),
        (nn.Conv2d(1, 8, 3, padding="same"), (8, 28, 28), "3×3 pixels"),
        (nn.Conv2d(1, 6, 5, padding="same"), (8, 28, 28), "gives 6 channels"),
        (nn.Conv2d(3, 8, 5, padding="same"), (8, 28, 28), "grey"),
        (nn.Conv2d, (8, 28, 28), "the class Conv2d itself"),
        ("same", (8, 28, 28), "expected is a convolution layer"),
        (SAME, (8, 24, 24), "without padding"),
        (SAME, (1, 28, 28), "8 channels"),
        (SAME, (28, 28), "the channels are missing"),
        (SAME, (28, 28, 8), "channels first"),
        (SAME, (1, 8, 28, 28), "batch dimension"),
        (SAME, (8, 32, 32), "takes some away again"),
        (SAME, (8, 26, 26), "as wide as the image"),
        (SAME, (8, 1, 28, 28), "each kernel makes one map"),
        (SAME, (64, 28, 28), "size of a batch"),
        (SAME, (8, 1, 5, 5), "the shape of the weights"),
        (SAME, (8, 784), "three entries, not 2"),
        (SAME, (8, 30, 30), "30 is too large"),
        (SAME, image(), "asked for is the shape itself"),
        (SAME, Liar(), "a shape is a list"),
    ],
)
def test_same_padding_wrong(layer, shape, fragment):
    assert_incorrect(checks.same_padding, fragment, layer, shape)


def test_same_padding_blank():
    assert_blank(checks.same_padding, ..., (8, 28, 28))
    assert_blank(checks.same_padding, SAME, ...)
    assert_blank(checks.same_padding, SAME, (8, None, None))


def test_same_padding_leaves_no_trace():
    assert_no_trace(checks.same_padding, used_layer(padding="same"), (8, 28, 28))


# ---------------------------------------------------------------------------------- 1.7


def edge_layer(weights, bias=None, **settings):
    """A layer from 1 to 1 channel with these weights."""
    weights = torch.tensor(weights, dtype=torch.float32)
    layer = nn.Conv2d(1, 1, tuple(weights.shape), bias=bias is not None, **settings)
    with torch.no_grad():
        layer.weight[0, 0] = weights
        if bias is not None:
            layer.bias.fill_(bias)
    return layer


SOBEL = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]


@pytest.mark.parametrize(
    "layer",
    [
        edge_layer(SOBEL),
        edge_layer([[-1, 0, 1]] * 3),
        edge_layer([[0, 0, 0], [1, 0, -1], [0, 0, 0]]),
        edge_layer([[0, 0, 0], [0, -1, 1], [0, 0, 0]], padding=1),
        edge_layer([[0.125, 0, -0.125], [0.25, 0, -0.25], [0.125, 0, -0.125]], bias=0.0),
        edge_layer([[-1, -2, 0, 2, 1]] * 5, padding="same"),
        edge_layer([[-1, 2, -1]] * 3),
        torch.compile(edge_layer(SOBEL), backend="eager"),
        edge_layer([[3, 0, -3], [10, 0, -10], [3.1, 0, -3.1]]),
    ],
)
def test_vertical_edges_right(layer):
    assert "flat areas give 0" in assert_passes(checks.vertical_edges, layer)


def test_vertical_edges_says_how_strong():
    line = assert_passes(checks.vertical_edges, edge_layer(SOBEL))
    assert "gives 4 at a vertical edge, 0 at a horizontal one" in line
    negative = [[-w for w in row] for row in SOBEL]
    assert assert_passes(checks.vertical_edges, edge_layer(negative)) == line


def replaced(weights):
    layer = nn.Conv2d(1, 1, 3, bias=False)
    layer.weight = nn.Parameter(weights)
    return layer


@pytest.mark.parametrize(
    ("layer", "fragment"),
    [
        (edge_layer([[1, 2, 1], [0, 0, 0], [-1, -2, -1]]), "finds horizontal edges"),
        (edge_layer([[1 / 9] * 3] * 3), "That blurs"),
        (edge_layer([[1, 2, 1], [2, 4, 2], [1, 2, 1]]), "the same sign"),
        (edge_layer([[0] * 3] * 3), "all weights are 0"),
        (edge_layer([[1, 0, -1], [2, 0, -1], [1, 0, -1]]), "add up to 1"),
        (edge_layer([[-1, 5, -1]] * 3), "add up to 9"),
        (edge_layer(SOBEL, bias=0.5), "the bias is not 0"),
        (edge_layer([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]), "the second should be 0"),
        (edge_layer([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]), "the second should be 0"),
        (edge_layer([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]), "and on horizontal ones"),
        (edge_layer([[1, 0, -1]]), "1×3 pixels"),
        (edge_layer([[1, -1], [1, -1]]), "odd size"),
        (edge_layer([[2]]), "one pixel cannot see"),
        (edge_layer([[float("nan")] * 3] * 3), "nan or inf"),
        (edge_layer([[1, 0, 1]] * 3), "All weights have the same sign, or are 0"),
        (nn.Conv2d(1, 1, 3, device="meta"), "on the device meta"),
        (replaced(torch.tensor(SOBEL, dtype=torch.float32)), "have the shape [3, 3]"),
        (replaced(torch.tensor([[SOBEL]], dtype=torch.float64)), "torch.float64"),
        (nn.Conv2d(1, 8, 3), "1 in and 8 out"),
        (nn.Conv2d(3, 1, 3, bias=False), "3 in and 1 out"),
        (torch.tensor(SOBEL), "expected is a convolution layer"),
        (nn.Sequential(edge_layer(SOBEL), nn.ReLU()), "without nn.Sequential"),
        (nn.Conv1d(1, 1, 3), "one direction"),
        (nn.Conv2d, "the class Conv2d itself"),
        (Liar(), "expected is a convolution layer"),
    ],
)
def test_vertical_edges_wrong(layer, fragment):
    assert_incorrect(checks.vertical_edges, fragment, layer)


@pytest.mark.parametrize("seed", range(5))
def test_vertical_edges_weights_untouched(seed):
    torch.manual_seed(seed)
    assert_incorrect(checks.vertical_edges, "random numbers", nn.Conv2d(1, 1, 3, bias=False))
    assert_incorrect(checks.vertical_edges, "random numbers", nn.Conv2d(1, 1, 5))


def test_vertical_edges_that_cancel_in_the_columns():
    weights = [[1, 0, -1], [-1.9, 0, 1.9], [1, 0, -1]]
    assert_incorrect(checks.vertical_edges, "cancel within the columns", edge_layer(weights))


def test_vertical_edges_of_a_layer_that_does_more():
    layer = edge_layer(SOBEL)
    layer.register_forward_hook(lambda layer, inputs, output: output.abs())
    assert_incorrect(checks.vertical_edges, "something else than the convolution", layer)


def test_vertical_edges_blank():
    assert_blank(checks.vertical_edges, ...)
    assert_blank(checks.vertical_edges, None)


def test_vertical_edges_leaves_no_trace():
    assert_no_trace(checks.vertical_edges, edge_layer(SOBEL).eval())
    assert_no_trace(checks.vertical_edges, nn.Conv2d(1, 1, 3))
