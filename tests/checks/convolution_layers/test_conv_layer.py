"""Task 1.1: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
from torch import nn

from helpers import checks
from tests.checks.convolution_layers.parts import used_layer
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


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
        (nn.Conv2d(1, 8, 5, 5), "your layer has stride=5; asked for is a kernel that moves by 1"),
        (nn.Conv2d(1, 8, 5, (1, 2)), "your layer has stride=(1, 2)"),
        (nn.Conv2d(1, 8, 5, padding=2), "your layer has padding=(2, 2)"),
        (nn.Conv2d(1, 8, 5, padding=(2, 0)), "your layer has padding=(2, 0)"),
        (nn.Conv2d(1, 8, 5, padding="same"), "your layer has padding='same'"),
        (nn.Conv2d(1, 8, 5, dilation=2), "your layer has dilation=2; asked for is a kernel that"),
        (nn.Conv2d(1, 8, 5, dilation=(2, 1)), "your layer has dilation=(2, 1)"),
        (nn.Sequential(nn.Linear(1, 8)), "one nn.Conv2d by itself, without nn.Sequential"),
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


def test_conv_layer_leaves_no_trace():
    assert_no_trace(checks.conv_layer, used_layer())
    assert_no_trace(checks.conv_layer, used_layer(padding=1))
