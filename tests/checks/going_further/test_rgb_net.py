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


HEAD = (linear(400, 120), nn.ReLU, linear(120, 84), nn.ReLU, linear(84, 10))


FIRST, SECOND = conv(3, 6, 5), conv(6, 16, 5)


def stack(first=FIRST, second=SECOND, bend=nn.ReLU, pooling=pool):
    return first, bend, pooling, second, bend, pooling


RGBSequence = sequence(*stack(), nn.Flatten, *HEAD)


RGBPoolFirst = sequence(
    conv(3, 6, 5), pool, nn.ReLU, conv(6, 16, (5, 5)), pool, nn.ReLU, nn.Flatten, *HEAD
)


RGBLazy = sequence(
    *stack(lambda: nn.LazyConv2d(6, 5), lambda: nn.LazyConv2d(16, 5)),
    nn.Flatten,
    lambda: nn.LazyLinear(120),
    *HEAD[1:],
)


class RGBByHand(nn.Module):
    """Everything in forward; known layers are kept in a list, too."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.known = [self.one, self.two]
        self.head = nn.ModuleList([nn.Linear(400, 120), nn.Linear(120, 84)])
        self.last = nn.Linear(84, 10)

    def forward(self, x):
        for convolution in self.known:
            x = functional.max_pool2d(functional.relu(convolution(x)), 2)
        x = x.view(len(x), -1)
        for layer in self.head:
            x = functional.relu(layer(x))
        return self.last(x)


class RGBOneByOne(RGBConvNet):
    def forward(self, x):
        return torch.cat([super(RGBOneByOne, self).forward(image[None]) for image in x])


class RGBInOwnTypes(RGBConvNet):
    def __init__(self):
        super().__init__()
        self.double()


@pytest.mark.parametrize(
    "answer",
    [
        RGBConvNet,
        RGBSequence,
        RGBPoolFirst,
        RGBOneByOne,
        RGBLazy,
        lambda: ConvNet(3, 32),
        RGBByHand,
        RGBInOwnTypes,
    ],
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


def flattening(function):
    """The network with ``function`` in place of its flatten layer."""

    class Flattening(RGBConvNet):
        def forward(self, x):
            return self.linear_stack(function(self.conv_stack(x)))

    return Flattening


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
    "mean of batch": (
        prepared(lambda x: x.mean(0, keepdim=True)),
        "before the first layer, mean changes the first dimension",
    ),
    "luminance": (
        prepared(lambda x: (x * luminance).sum(1, keepdim=True), **grey()),
        "mixes the colours to grey",
    ),
    "brightest": (
        prepared(lambda x: x.amax(1, keepdim=True), **grey()),
        "with red and blue exchanged",
    ),
    "cropped": (
        prepared(lambda x: x[:, :, 2:30, 2:30], **grey(in_channels=3, image_size=28)),
        "the two outermost rows and columns of pixels make no difference to the scores. The im",
    ),
    "red by index": (
        prepared(lambda x: x[:, 0], **grey()),
        "changed before they come to the first convolution: there comes a selection with [...]",
    ),
    "no images": (prepared(torch.zeros_like), "all images get the same scores"),
    "no convolution": (
        sequence(nn.Flatten, linear(3072, 10)),
        "the images pass 0 convolutions; asked for are 2.",
    ),
    "dropout": (prepared(functional.dropout), "two calls with the same images give different"),
    "softmax": (sequence(RGBConvNet, lambda: nn.Softmax(1)), "are probabilities already"),
    "nan": (prepared(lambda x: x * float("nan")), "not finite"),
    "detached": (sequence(RGBConvNet, lambda: Detached()), "do not hang on the network any more"),
    "whole numbers": (sequence(RGBConvNet, lambda: Rounded()), "numbers of type torch.int32"),
    "centred by batch": (prepared(lambda x: x - x.mean(0)), "change with the other images"),
    "to grey": (
        prepared(lambda x: x.mean(1, keepdim=True), **grey()),
        "mixes the colours to grey",
    ),
    "one channel": (prepared(lambda x: x[:, :1], **grey()), "channel 1 (green) makes no diff"),
    "without red": (prepared(lambda x: x * torch.tensor([0, 1, 1.0])[:, None, None]), "(red)"),
    "channels between": (
        sequence(conv(3, 6, 5), nn.ReLU, pool, conv(8, 16, 5)),
        "made for 8 channels, but gets 6",
    ),
    "too small": (
        sequence(conv(3, 6, 5), lambda: nn.MaxPool2d(9), conv(6, 9, 5)),
        "After the first convolution comes 9×9 max pooling; asked for is 2×2 max pooling",
    ),
    "100 classes": (
        sequence(*stack(), nn.Flatten, *HEAD[:-1], linear(84, 100)),
        "the third fully-connected layer gives 100 numbers; asked for are 10.",
    ),
    "no flatten": (
        sequence(conv(3, 6, 5), linear(28, 10)),
        "expected is [4, 10]. Put nn.Flatten()",
    ),
    "flat images": (
        sequence(*stack(), lambda: nn.Flatten(0), linear(1600, 120), *HEAD[1:]),
        "the shape [10] on 4 images of 3×32×32; expected is [4, 10]: after the second "
        "convolution, flatten changes the first dimension, which counts the images of the batch",
    ),
    "no flatten, other size": (
        sequence(*stack(), *HEAD),
        "a linear layer gets the shape [4, 16, 5, 5], not one row of numbers for each image. Put "
        "nn.Flatten()",
    ),
    "the batch flattened, too": (
        flattening(lambda x: x.flatten()),
        "after the second convolution, flatten changes the first dimension",
    ),
    "the batch in one row": (
        flattening(lambda x: x.reshape(1, -1)),
        "after the second convolution, reshape changes the first dimension",
    ),
    "a view for one image": (
        flattening(lambda x: x.view(400)),
        "raised RuntimeError on 4 images of 3×32×32: shape '[400]' is invalid for input of size",
    ),
    "flattened too little": (
        flattening(lambda x: x.flatten(2)),
        "a linear layer gets the shape [4, 16, 25], not one row",
    ),
    "images mixed": (
        flattening(lambda x: x.transpose(0, 1).reshape(len(x), -1)),
        "the scores of an image change with the other images in the batch",
    ),
    "transposed maps": (
        flattening(lambda x: x.transpose(2, 3).flatten(1)),
        "the numbers of each image are put into another order, by transpose",
    ),
    "padding": (
        sequence(*stack(conv(3, 6, 5, padding=2)), nn.Flatten, linear(576, 120), *HEAD[1:]),
        "the first convolution pads the image (padding=(2, 2)).",
    ),
    "padding of both": (
        sequence(
            *stack(conv(3, 6, 5, padding=2), conv(6, 16, 5, padding="same")),
            nn.Flatten,
            linear(1024, 120),
            *HEAD[1:],
        ),
        "the first convolution pads the image (padding=(2, 2)).",
    ),
    "kernel 3": (
        sequence(*stack(conv(3, 6, 3)), nn.Flatten, linear(400, 120), *HEAD[1:]),
        "the first convolution has a kernel of 3×3 pixels; asked for is 5×5.",
    ),
    "kernel 3, the second": (
        sequence(*stack(second=conv(6, 16, 3)), nn.Flatten, linear(576, 120), *HEAD[1:]),
        "the second convolution has a kernel of 3×3 pixels; asked for is 5×5.",
    ),
    "18 maps": (
        sequence(*stack(conv(3, 18, 5), conv(18, 16, 5)), nn.Flatten, *HEAD),
        "the first convolution gives 18 channels; asked for are 6.",
    ),
    "32 maps": (
        sequence(*stack(second=conv(6, 32, 5)), nn.Flatten, linear(800, 120), *HEAD[1:]),
        "the second convolution gives 32 channels; asked for are 16.",
    ),
    "groups": (
        sequence(*stack(conv(3, 6, 5, groups=3)), nn.Flatten, *HEAD),
        "the first convolution has groups=3. Leave groups out here.",
    ),
    "dilation": (
        sequence(*stack(conv(3, 6, 5, dilation=2)), nn.Flatten, linear(256, 120), *HEAD[1:]),
        "the first convolution has dilation=(2, 2).",
    ),
    "one linear layer": (
        sequence(*stack(), nn.Flatten, linear(400, 10)),
        "the images pass 1 fully-connected layer; asked for are 3.",
    ),
    "no ReLU": (
        sequence(*stack(bend=nn.Identity), nn.Flatten, *HEAD),
        "there is no ReLU after the first convolution nor after the second convolution.",
    ),
    "average pooling": (
        sequence(*stack(pooling=lambda: nn.AvgPool2d(2)), nn.Flatten, *HEAD),
        "the pooling after the first convolution and after the second convolution takes the avera",
    ),
    "the smallest of each window": (
        sequence(*stack(pooling=lambda: Smallest()), nn.Flatten, *HEAD),
        "after the first convolution and after the second convolution comes neg, which is not ask",
    ),
    "ReLU on the scores": (
        sequence(*stack(), nn.Flatten, *HEAD, nn.ReLU),
        "a ReLU after the last layer, which turns every negative score into zero",
    ),
    "centred": (
        prepared(lambda x: 2 * x - 1),
        "before they come to the first convolution: there comes a multiplication and a subtraction",
    ),
    "dropout in training": (
        sequence(*stack(), nn.Flatten, nn.Dropout, *HEAD),
        "after the second convolution comes dropout, which is not asked for.",
    ),
    "tuple": (sequence(RGBConvNet, lambda: Tupled()), "expected is a tensor of scores"),
}


class Smallest(nn.Module):
    def forward(self, x):
        return -functional.max_pool2d(-x, 2)


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
