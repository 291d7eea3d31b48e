"""Task 1.3: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import checks
from tests.checks.convolution_layers.parts import image, used_layer
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


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
        (x, "the shape of an image still"),
        (x.unsqueeze(0), "the shape of an image still"),
        (x[0], "the shape of an image still"),
        (layer(x)[0], "one map alone"),
        (layer(x)[:1], "one map alone"),
        (layer(x).permute(1, 2, 0), "channels first"),
        (layer(x.expand(64, 1, 28, 28)), "for 64 images"),
        (layer.weight, "that is the shape of the layer's weights"),
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
