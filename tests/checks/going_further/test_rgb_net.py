"""Task 5.2: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from helpers import checks
from helpers.models import ConvNet
from tests.checks.going_further.parts import conv, linear, pool, sequence
from tests.checks.tables import (
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


class RGBConvNet(ConvNet):
    def __init__(self):
        super().__init__(in_channels=3, image_size=32)


RGBSequence = sequence(conv(3, 8, 3), nn.ReLU, pool, nn.Flatten, linear(8 * 15 * 15, 10))


RGBLazy = sequence(lambda: nn.LazyConv2d(4, 5), pool, nn.Flatten, lambda: nn.LazyLinear(10))


class RGBByHand(nn.Module):
    """Everything in forward, with centred colours; known layers are kept in a list, too."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.last = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5), nn.Linear(400, 10)
        self.known = [self.one, self.two]

    def forward(self, x):
        for convolution in self.known:
            x = functional.max_pool2d(functional.relu(convolution(2 * x - 1)), 2)
        return self.last(x.view(len(x), -1))


class RGBInOwnTypes(RGBConvNet):
    def __init__(self):
        super().__init__()
        self.double()


@pytest.mark.parametrize(
    "answer",
    [RGBConvNet, RGBSequence, RGBLazy, lambda: ConvNet(3, 32), RGBByHand, RGBInOwnTypes],
)
def test_rgb_net_right(answer):
    assert_passes(checks.rgb_net, answer)


def prepared(prepare, network=RGBConvNet, **sizes):
    """A class that hands ``prepare(x)`` on to ``network``."""

    class Prepared(network):
        def __init__(self):
            nn.Module.__init__(self)
            self.inner = network(**sizes)

        def forward(self, x):
            return self.inner(prepare(x))

    return Prepared


luminance = torch.tensor([0.299, 0.587, 0.114])[:, None, None]


def grey(**sizes):
    return {"network": ConvNet, "in_channels": 1, "image_size": 32} | sizes


RGB_MISTAKES = {
    "grey": (lambda: ConvNet(1, 32), "takes 1 channel in; colour images have 3"),
    "28×28": (lambda: ConvNet(3, 28), "made for 256 numbers, but gets 400"),
    "old": (ConvNet, "takes 1 channel in"),
    "colours as images": (
        prepared(lambda x: x.reshape(-1, 1, 32, 32), **grey()),
        "The 3 colours are treated as 3 images",
    ),
    "mean of batch": (prepared(lambda x: x.mean(0, keepdim=True)), "keep the first dimension"),
    "luminance": (
        prepared(lambda x: (x * luminance).sum(1, keepdim=True), **grey()),
        "averages the colours to grey",
    ),
    "brightest": (
        prepared(lambda x: x.amax(1, keepdim=True), **grey()),
        "with red and blue exchanged",
    ),
    "cropped": (
        prepared(lambda x: x[:, :, 2:30, 2:30], **grey(in_channels=3, image_size=28)),
        "Do not cut the images to 28×28",
    ),
    "red by index": (prepared(lambda x: x[:, 0], **grey()), "takes 1 channel in"),
    "no images": (prepared(torch.zeros_like), "all images get the same scores"),
    "no convolution": (sequence(nn.Flatten, linear(3072, 10)), "has no convolution"),
    "dropout": (prepared(functional.dropout), "two calls with the same images give different"),
    "softmax": (sequence(RGBConvNet, lambda: nn.Softmax(1)), "are probabilities already"),
    "nan": (prepared(lambda x: x * float("nan")), "not finite"),
    "detached": (sequence(RGBConvNet, lambda: Detached()), "do not hang on the network any more"),
    "whole numbers": (sequence(RGBConvNet, lambda: Rounded()), "numbers of type torch.int32"),
    "centred by batch": (prepared(lambda x: x - x.mean(0)), "change with the other images"),
    "to grey": (
        prepared(lambda x: x.mean(1, keepdim=True), **grey()),
        "averages the colours to grey",
    ),
    "one channel": (prepared(lambda x: x[:, :1], **grey()), "channel 1 (green) makes no diff"),
    "without red": (prepared(lambda x: x * torch.tensor([0, 1, 1.0])[:, None, None]), "(red)"),
    "channels between": (
        sequence(conv(3, 6, 5), pool, conv(8, 16, 5)),
        "made for 8 channels, but gets 6",
    ),
    "too small": (sequence(conv(3, 6, 5), lambda: nn.MaxPool2d(9), conv(6, 9, 5)), "less image"),
    "100 classes": (
        sequence(conv(3, 6, 5), nn.Flatten, linear(6 * 28 * 28, 100)),
        "The last layer gives 100: there are 10 classes",
    ),
    "no flatten": (
        sequence(conv(3, 6, 5), linear(28, 10)),
        "expected is [4, 10]. Put nn.Flatten()",
    ),
    "flat images": (
        sequence(conv(3, 6, 5), lambda: nn.Flatten(0), linear(18816, 10)),
        "the shape [10] on 4 images of 3×32×32; expected is [4, 10]: for each image, one score",
    ),
    "no flatten, other size": (sequence(conv(3, 6, 5), linear(400, 10)), "Put nn.Flatten()"),
    "tuple": (sequence(RGBConvNet, lambda: Tupled()), "expected is a tensor of scores"),
}


class Detached(nn.Module):
    def forward(self, x):
        return x.detach()


class Rounded(nn.Module):
    def forward(self, x):
        return x.int()


class Tupled(nn.Module):
    def forward(self, x):
        return x, x.softmax(1)


@pytest.mark.parametrize(("answer", "fragment"), RGB_MISTAKES.values(), ids=RGB_MISTAKES)
def test_rgb_net_wrong(answer, fragment):
    assert_incorrect(checks.rgb_net, fragment, answer)


def test_rgb_net_leaves_no_trace():
    assert_no_trace(checks.rgb_net, RGBConvNet)
    assert_no_trace(checks.rgb_net, ConvNet)
