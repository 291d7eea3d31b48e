"""Tests of the checks of notebook 05: right ways, mistakes and their messages, blanks, traces."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from helpers import checks
from helpers.layers import count_parameters, get_output_width
from helpers.models import ConvNet
from helpers.training import History
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(5)


def sequence(*layers):
    """A class whose instances are new sequences: the entries are layers, or make them."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(*(layer() for layer in layers))

        def forward(self, x):
            return self.layers(x)

    return Net


def conv(*sizes, **options):
    return lambda: nn.Conv2d(*sizes, **options)


def linear(*sizes):
    return lambda: nn.Linear(*sizes)


def drop(p=0.5):
    return lambda: nn.Dropout(p)


def pool():
    return nn.MaxPool2d(2)


# ----------------------------------------------------------------------------- 5.1


def make_conv_net(channels=(6, 16), kernel_size=5):
    layers, width, before = [], 28, 1
    for after in channels:
        layers += [nn.Conv2d(before, after, kernel_size), nn.ReLU(), nn.MaxPool2d(2)]
        width = get_output_width(get_output_width(width, kernel_size), 2, stride=2)
        before = after
    sizes = [nn.Linear(before * width**2, 84), nn.ReLU(), nn.Linear(84, 10)]
    return nn.Sequential(*layers, nn.Flatten(), *sizes)


class VariantNet(nn.Module):
    def __init__(self, channels=(6, 16), kernel_size=5):
        super().__init__()
        ends = zip((1, *channels), channels, strict=False)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size, padding="same") for before, after in ends
        )
        self.head = nn.Linear(channels[-1], 10)

    def forward(self, x):
        for convolution in self.convolutions:
            x = functional.max_pool2d(functional.relu(convolution(x)), 2)
        return self.head(x.mean((2, 3)))


def with_lazy_layers(channels=(6, 16), kernel_size=5):
    layers = []
    for n in channels:
        layers += [nn.LazyConv2d(n, kernel_size), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))


def with_tanh(channels=(6, 16), kernel_size=5):
    """Another activation, and batch normalisation, in a Sequential inside a Sequential."""
    net = make_conv_net(channels, kernel_size)
    parts = [nn.Tanh() if isinstance(layer, nn.ReLU) else layer for layer in net]
    return nn.Sequential(nn.BatchNorm2d(1), nn.Sequential(*parts))


def compiled(channels=(6, 16), kernel_size=5):
    return torch.compile(make_conv_net(channels, kernel_size), backend=no_backend)


def no_backend(graph, inputs):
    raise RuntimeError("a check must not compile")


def row(variant="base", parameters=44_426, seconds=60.5, accuracy=0.88):
    return {
        "variant": variant,
        "parameters": parameters,
        "seconds": seconds,
        "accuracy": accuracy,
    }


def table(**change):
    """Three right rows, of which the last has something changed."""
    return [row(), row("wide", 91_000, 70.0, 0.89), row("deep", 30_000, 65.0, 0.87) | change]


@pytest.mark.parametrize(
    "answer", [make_conv_net, VariantNet, with_lazy_layers, with_tanh, compiled]
)
def test_variants_right(answer):
    assert_passes(checks.variants, answer, table())


def test_variants_right_results():
    rows = table(parameters=torch.tensor(5000), seconds=np.float64(3), accuracy=torch.tensor(0.9))
    rows[0]["note"] = "more keys are fine"
    assert_passes(checks.variants, make_conv_net, rows)
    assert_passes(checks.variants, make_conv_net, (*table(), row((6, 16), 999, 1, 1)))


def typed_in(channels=(6, 16), kernel_size=5):
    return nn.Sequential(*[layer() for layer in typed_in_layers(channels, kernel_size)])


def typed_in_layers(channels, kernel_size):
    first, second = channels[0], channels[-1]
    yield from (conv(1, first, kernel_size), nn.ReLU, pool)
    yield from (conv(first, second, kernel_size), nn.ReLU, pool)
    yield from (nn.Flatten, linear(16 * 4 * 4, 10))


def two_layers(channels=(6, 16), kernel_size=5):
    return VariantNet((channels[0], channels[-1]), kernel_size)


def first_of_three(channels=(6, 16), kernel_size=5):
    net = VariantNet(channels, kernel_size)
    net.convolutions[0] = nn.Conv2d(3, channels[0], kernel_size)
    return net


def without(kind):
    """``make_conv_net`` without the layers of a kind."""

    def make_net(channels=(6, 16), kernel_size=5):
        layers = [m for m in make_conv_net(channels, kernel_size) if not isinstance(m, kind)]
        return nn.Sequential(*layers[:-1], nn.LazyLinear(10))

    return make_net


class ListNet(nn.Module):
    def __init__(self, channels=(6, 16), kernel_size=5):
        super().__init__()
        self.layers = list(make_conv_net(channels, kernel_size))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def unpacking(channels=(6, 16), kernel_size=5):
    first, second = channels
    return VariantNet((first, second), kernel_size)


def broken(*layers):
    """A function that puts ``layers`` into a sequence, whatever it is asked for."""
    return lambda channels=(6, 16), kernel_size=5: nn.Sequential(*(layer() for layer in layers))


def headless(channels=(6, 16), kernel_size=5):
    net = VariantNet(channels, kernel_size)
    net.head = nn.Identity()
    return net


def hundred(channels=(6, 16), kernel_size=5):
    net = VariantNet(channels, kernel_size)
    net.head = nn.Linear(channels[-1], 100)
    return net


VARIANT_MISTAKES = {
    "channels ignored": (
        lambda channels=(6, 16), kernel_size=5: VariantNet((6, 16), kernel_size),
        "the network has 2 convolutions; expected is one for each entry of channels: 1",
    ),
    "numbers ignored": (
        lambda channels=(6, 16), kernel_size=5: VariantNet((6, 16, 8)[: len(channels)]),
        "6 output channels; expected are 8",
    ),
    "kernel ignored": (
        lambda channels=(6, 16), kernel_size=5: VariantNet(channels),
        "the kernels have sizes 5 and 5; expected is 3 for each",
    ),
    "always two": (two_layers, "channels=(8,), kernel_size=5, the network has 2 convolutions"),
    "typed in": (typed_in, "a linear layer is made for 256 numbers, but gets 128"),
    "colour": (first_of_three, "takes 3 channels in; grey images have 1"),
    "no pooling": (
        without((nn.MaxPool2d, nn.Linear)),
        "convolution 1 gets images 28 pixels wide, and the next one still 24",
    ),
    "no ReLU": (without(nn.ReLU), "Put a ReLU behind each convolution"),
    "no flatten": (without(nn.Flatten), "Put nn.Flatten() in front"),
    "softmax": (
        lambda channels=(6, 16), kernel_size=5: nn.Sequential(
            make_conv_net(channels, kernel_size), nn.Softmax(1)
        ),
        "Leave the softmax out",
    ),
    "one channel again": (
        lambda channels=(6, 16), kernel_size=5: nn.Sequential(
            *(nn.Conv2d(1, number, kernel_size) for number in channels)
        ),
        "a convolution is made for 1 channel, but gets 6",
    ),
    "no convolution": (broken(nn.Flatten, linear(784, 10)), "the network has 0 convolutions;"),
    "one convolution": (
        broken(conv(1, 6, 5), nn.Flatten, linear(3456, 10)),
        "the network has 1 convolution; expected is one for each entry of channels: 2",
    ),
    "list": (ListNet, "layers is a list with layers in it"),
    "module list": (
        lambda channels=(6, 16), kernel_size=5: nn.ModuleList(make_conv_net(channels)),
        "nn.Sequential(*layers) calls one after the other",
    ),
    "no star": (
        lambda channels=(6, 16), kernel_size=5: nn.Sequential(list(make_conv_net())),
        "Write a star in front of a list",
    ),
    "not called": (
        lambda channels=(6, 16), kernel_size=5: nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU),
        "made by calling its class",
    ),
    "half a pixel": (
        lambda channels=(6, 16), kernel_size=5: nn.Linear(channels[-1] * (8 / 2) ** 2, 10),
        "divide with // in place of /",
    ),
    "unpacked": (unpacking, "to unpack (expected 2, got 1). Any number of layers should work"),
    "no defaults": (
        lambda channels, kernel_size: VariantNet(channels, kernel_size),
        "Leave the first line of the function",
    ),
    "one argument": (lambda channels=(6, 16): VariantNet(channels), "Leave the first line"),
    "no scores": (headless, "expected is [4, 10]"),
    "100 scores": (hundred, "The last layer gives 100"),
    "fixed two": (
        lambda channels=(6, 16), kernel_size=5: VariantNet((channels[0], channels[1]), kernel_size),
        "make them in a loop over channels",
    ),
    "wrong defaults": (
        lambda channels=(8, 8), kernel_size=5: VariantNet(channels, kernel_size),
        "which means channels=(6, 16)",
    ),
    "pools too often": (
        lambda channels=(6, 16), kernel_size=5: nn.Sequential(
            *(layer for _ in channels for layer in (nn.LazyConv2d(8, kernel_size), nn.MaxPool2d(6)))
        ),
        "less image left than a kernel needs",
    ),
    "class": (lambda channels=(6, 16), kernel_size=5: ConvNet, "the class ConvNet itself"),
    "layers": (lambda channels=(6, 16), kernel_size=5: [nn.Conv2d(1, 6, 5)], "is a network"),
    "a network": (ConvNet(), "expected is a function"),
    "liar": (Liar(), "expected is a function"),
}


@pytest.mark.parametrize(("answer", "fragment"), VARIANT_MISTAKES.values(), ids=VARIANT_MISTAKES)
def test_variants_wrong_function(answer, fragment):
    assert_incorrect(checks.variants, fragment, answer, table())


RESULT_MISTAKES = {
    "two rows": (table()[:2], "results has 2 rows; expected are at least 3"),
    "a row": (row(), "a list with one dictionary per variant"),
    "lists": ([["base", 44_426, 60.5, 0.88]] * 3, "expected is a dictionary"),
    "missing key": ([row(), {"variant": "wide"}], "lacks parameters, seconds and accuracy"),
    "other keys": ([dict.fromkeys(("name", "size", "time"), 1)] * 3, "other keys than expected"),
    "tensors": (table(parameters=10), "so many tensors, perhaps"),
    "clock": (table(seconds=1.7e9), "the clock itself"),
    "endless": (table(seconds=float("inf")), "is inf; expected is a time above 0"),
    "loss": (table(accuracy=2.3), "Is this a loss"),
    "history": (table(accuracy=History(accuracies=[0.7])), ".accuracies[-1]"),
    "list of one": (table(accuracy=[0.7]), "a list of 1 thing;"),
    "networks": (
        [row(VariantNet(), 999, 1), row(VariantNet(), 998, 2), row("c", 997, 3)],
        "the same variant, VariantNet( (convolutions)",
    ),
    "no parameters": (table(parameters=0), '"parameters" in row 2 of results is 0'),
    "parameters": (table(parameters=[1, 2]), "a whole number was expected"),
    "no time": (table(seconds=0.0), "a time above 0"),
    "time turned round": (table(seconds=-3.5), "is -3.5; expected is a time above 0"),
    "percent": (table(accuracy=87.2), "is 87.2: a percentage, it seems"),
    "count": (table(accuracy=8720), "between 0 and 1"),
    "negative": (table(accuracy=-0.1), "between 0 and 1"),
    "nan": (table(accuracy=float("nan")), "is nan, not a number"),
    "text": (table(accuracy="87%"), "a number was expected"),
    "list of epochs": (table(accuracy=[0.7, 0.8]), "Take the last"),
    "same numbers": ([row("a"), row("b"), row("c")], "rows 0 and 1 of results have the same numb"),
    "same name": (table(variant="base"), "the same variant, base"),
    "liar": (Liar(), "a list with one dictionary per variant"),
    "liar inside": (table(accuracy=Liar()), "a number was expected"),
}


@pytest.mark.parametrize(("results", "fragment"), RESULT_MISTAKES.values(), ids=RESULT_MISTAKES)
def test_variants_wrong_results(results, fragment):
    assert_incorrect(checks.variants, fragment, make_conv_net, results)


def dots_in_a_layer(channels=(6, 16), kernel_size=5):
    return nn.Sequential(nn.Conv2d(1, ..., kernel_size))


def test_variants_blank_and_trace():
    assert_blank(checks.variants, ..., table())
    assert_blank(checks.variants, make_conv_net, ...)
    assert_blank(checks.variants, make_conv_net, [])
    assert_blank(checks.variants, make_conv_net, [..., ...])
    assert_blank(checks.variants, make_conv_net, table(accuracy=...))
    assert_blank(checks.variants, lambda channels=(6, 16), kernel_size=5: ..., table())
    assert_blank(checks.variants, dots_in_a_layer, table())
    assert_no_trace(checks.variants, make_conv_net, table())


# ------------------------------------------------------------------- blanks of 5.2, 5.3, 5.4


class NoForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_stack = nn.Conv2d(1, 6, 5)

    def forward(self, x): ...


class DotsAsPart(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_stack = ...

    def forward(self, x):
        return self.conv_stack(x)


class NoneAsPart(DotsAsPart):
    def __init__(self):
        super().__init__()
        self.conv_stack = None


class DotsInSequential(DotsAsPart):
    def __init__(self):
        super().__init__()
        self.conv_stack = nn.Sequential(...)


class DotsReturned(NoForward):
    def forward(self, x):
        return ...


class OnlyHalf(DotsAsPart):
    """One of two stacks is filled in."""

    def __init__(self):
        super().__init__()
        self.linear_stack = nn.Linear(784, 10)

    def forward(self, x):
        return self.linear_stack(self.conv_stack(x).flatten(1))


class OldStack(ConvNet):
    """The dots stand in place of a stack that the class has from ConvNet."""

    def __init__(self):
        super().__init__()
        self.linear_stack = ...


CLASS_CHECKS = [checks.rgb_net, checks.dropout, checks.batch_norm]


@pytest.mark.parametrize("check", CLASS_CHECKS)
@pytest.mark.parametrize(
    "stub",
    [
        ...,
        None,
        NoForward,
        DotsAsPart,
        NoneAsPart,
        DotsInSequential,
        DotsReturned,
        OnlyHalf,
        OldStack,
    ],
)
def test_classes_blank(check, stub):
    assert_blank(check, stub)


class NoInit(nn.Module):
    def __init__(self):
        self.conv_stack = nn.Conv2d(1, 6, 5)


class NotAModule:
    pass


class HidingNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = {"one": nn.Conv2d(1, 6, 5)}


class Unfinished(nn.Module):
    pass


CLASS_MISTAKES = {
    "instance": (ConvNet(), "is an instance of your class"),
    "number": (3, "expected is a class"),
    "not a module": (NotAModule, "Let the class inherit from nn.Module"),
    "arguments": (nn.Linear, "a call without arguments"),
    "no parentheses": (lambda: nn.Sequential(nn.ReLU), "made by calling its class"),
    "list of layers": (lambda: HidingNet(), "a dict with layers in it"),
    "no super": (NoInit, "Begin __init__ with super().__init__()"),
    "no forward": (Unfinished, "Write def forward(self, x) in the class"),
    "object": (NotAModule, "makes an object of type NotAModule"),
    "liar": (Liar(), "expected is a class"),
}


@pytest.mark.parametrize("check", CLASS_CHECKS)
@pytest.mark.parametrize(("answer", "fragment"), CLASS_MISTAKES.values(), ids=CLASS_MISTAKES)
def test_classes_wrong(check, answer, fragment):
    assert_incorrect(check, fragment, answer)


# ----------------------------------------------------------------------------- 5.2


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


# ----------------------------------------------------------------------------- 5.3

FIRST = (conv(1, 6, 5), nn.ReLU, pool, nn.Flatten, linear(864, 40), nn.ReLU)
DropoutConvNet = sequence(*FIRST, drop(), linear(40, 10))
AlphaNet = sequence(*FIRST, nn.AlphaDropout, linear(40, 10))
DropoutEarly = sequence(conv(1, 6, 5), lambda: nn.Dropout2d(0.2), nn.Flatten, linear(3456, 10))


class Functional(nn.Module):
    """``F.dropout`` in forward; ``training`` says how it is called."""

    training_argument = "listens"

    def __init__(self):
        super().__init__()
        self.hidden, self.last = nn.Linear(784, 40), nn.Linear(40, 10)

    def forward(self, x):
        x = self.hidden(x.flatten(1)).relu()
        if self.training_argument == "listens":
            x = functional.dropout(x, 0.3, training=self.training)
        else:
            x = functional.dropout(x, 0.3)
        return self.last(x)


class AlwaysOn(Functional):
    training_argument = "forgotten"


class NeverCalled(ConvNet):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)


class Inserted(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack.insert(2, nn.Dropout(0.5))
        self.linear_stack.insert(5, nn.Dropout(0.2, inplace=True))


class InsertedOnce(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack.insert(2, nn.Dropout(0.5))


class BySelf(ConvNet):
    """A mask of its own, and one dropout layer that is called in front of all linear layers."""

    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        x = self.dropout(self.flatten(self.conv_stack(x)))
        if self.training:
            x = 2 * x * (torch.rand_like(x) > 0.5)
        return self.linear_stack(x)


NoLinear = sequence(
    conv(1, 6, 5), nn.ReLU, drop(), conv(6, 10, 1), lambda: nn.AdaptiveAvgPool2d(1), nn.Flatten
)


@pytest.mark.parametrize(
    "answer",
    [DropoutConvNet, AlphaNet, DropoutEarly, Functional, Inserted, InsertedOnce, BySelf, NoLinear],
)
def test_dropout_right(answer):
    assert_passes(checks.dropout, answer)


class ScoresDropped(ConvNet):
    def forward(self, x):
        return functional.dropout(super().forward(x), 0.5, self.training)


class MadeInForward(ConvNet):
    def forward(self, x):
        return self.linear_stack(nn.Dropout(0.5)(self.flatten(self.conv_stack(x))))


class AlwaysTraining(DropoutConvNet):
    def forward(self, x):
        self.train()
        return super().forward(x)


class NeverTraining(DropoutConvNet):
    def forward(self, x):
        self.eval()
        return super().forward(x)


class SilentEval(DropoutConvNet):
    def eval(self):
        """Returns nothing, and does nothing."""


DROPOUT_MISTAKES = {
    "none": (ConvNet, "no dropout found"),
    "always on": (AlwaysOn, "training=self.training"),
    "p = 0": (sequence(*FIRST, drop(0), linear(40, 10)), "p=0, so it drops nothing"),
    "p = 1": (sequence(*FIRST, drop(1), linear(40, 10)), "p=1, so it drops all"),
    "percent": (sequence(*FIRST, drop(50), linear(40, 10)), "0.5, for example"),
    "after the last": (sequence(*FIRST, linear(40, 10), drop()), "after the last layer"),
    "never called": (NeverCalled, "dropout is defined, but forward never calls it"),
    "scores dropped": (ScoresDropped, "after the last layer"),
    "alpha after the last": (
        sequence(nn.Flatten, linear(784, 10), nn.AlphaDropout),
        "after the last layer",
    ),
    "after both": (sequence(*FIRST, drop(), linear(40, 10), drop()), "after the last layer"),
    "made in forward": (MadeInForward, "if it is made in __init__"),
    "train in forward": (AlwaysTraining, "goes back to train() mode"),
    "eval in forward": (NeverTraining, "your dropout drops nothing"),
    "eval does nothing": (SilentEval, "goes back to train() mode"),
    "not called": (sequence(*FIRST, lambda: nn.Dropout, linear(40, 10)), "made by calling its"),
    "softmax": (sequence(*FIRST, drop(), linear(40, 10), lambda: nn.Softmax(1)), "Leave the soft"),
    "wrong size": (sequence(*FIRST, drop(), linear(84, 10)), "made for 84 numbers, but gets 40"),
    "three classes": (sequence(*FIRST, drop(), linear(40, 3)), "The last layer gives 3"),
}


@pytest.mark.parametrize(("answer", "fragment"), DROPOUT_MISTAKES.values(), ids=DROPOUT_MISTAKES)
def test_dropout_wrong(answer, fragment):
    assert_incorrect(checks.dropout, fragment, answer)


def test_dropout_leaves_no_trace():
    assert_no_trace(checks.dropout, DropoutConvNet)
    assert_no_trace(checks.dropout, AlwaysOn)


# ----------------------------------------------------------------------------- 5.4


def norm(features, dims=2, **options):
    kind = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[dims]
    return lambda: kind(features, **options)


def normed(**places):
    """A class with four places for batch normalisation, three of them filled unless given."""
    right = {"first": norm(6), "second": norm(16), "third": norm(40, 1), "fourth": None}
    first, second, third, fourth = (right | places).values()
    parts = [conv(1, 6, 5), first, nn.ReLU, pool, conv(6, 16, 5), second, nn.ReLU, pool]
    parts += [nn.Flatten, linear(256, 40), third, nn.ReLU, linear(40, 10), fourth]
    return sequence(*(part for part in parts if part))


BatchNormConvNet = normed()
NormAfterReLU = sequence(
    conv(1, 4, 5), nn.ReLU, pool, norm(4), nn.Flatten, linear(576, 20), nn.ReLU, norm(20, 1),
    linear(20, 10),
)  # fmt: skip
NormLazy = sequence(
    conv(1, 4, 5, bias=False), nn.LazyBatchNorm2d, nn.Flatten, linear(2304, 20, False),
    nn.LazyBatchNorm1d, nn.ReLU, linear(20, 10),
)  # fmt: skip
NormOneLinear = sequence(conv(1, 4, 5), norm(4), nn.ReLU, nn.Flatten, linear(2304, 10))


NormSlow = normed(first=norm(6, momentum=0.01), second=norm(16, momentum=None, affine=False))
NormAndDropout = sequence(
    conv(1, 4, 5), norm(4), nn.ReLU, nn.Flatten, linear(2304, 20), norm(20, 1), nn.ReLU, drop(),
    linear(20, 10),
)  # fmt: skip


class NormByHand(nn.Module):
    """Everything in forward, in float64."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4)
        self.hidden, self.norm2, self.last = (
            nn.Linear(576, 20),
            nn.BatchNorm1d(20),
            nn.Linear(20, 10),
        )
        self.double()

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.norm(self.convolution(x))), 2).flatten(1)
        return self.last(functional.relu(self.norm2(self.hidden(x))))


@pytest.mark.parametrize(
    "answer",
    [
        BatchNormConvNet,
        NormAfterReLU,
        NormLazy,
        NormOneLinear,
        NormSlow,
        NormAndDropout,
        NormByHand,
    ],
)
def test_batch_norm_right(answer):
    assert_passes(checks.batch_norm, answer)


class NormNeverCalled(ConvNet):
    def __init__(self):
        super().__init__()
        self.bn2 = nn.BatchNorm2d(16)


class NormShared(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.last = nn.BatchNorm2d(4), nn.Linear(4, 10)
        self.one, self.two = nn.Conv2d(1, 4, 5), nn.Conv2d(4, 4, 5)

    def forward(self, x):
        return self.last(self.norm(self.two(self.norm(self.one(x)).relu())).mean((2, 3)))


class NormInForward(ConvNet):
    def forward(self, x):
        return self.linear_stack(self.flatten(nn.BatchNorm2d(16)(self.conv_stack(x))))


class NormInEval(BatchNormConvNet):
    def forward(self, x):
        self.eval()
        return super().forward(x)


class NormThrownAway(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution, self.norm, self.last = (
            nn.Conv2d(1, 4, 5),
            nn.BatchNorm2d(4),
            nn.Linear(4, 10),
        )

    def forward(self, x):
        x = self.convolution(x)
        self.norm(x)
        return self.last(x.mean((2, 3)))


BATCH_NORM_MISTAKES = {
    "none": (ConvNet, "no batch normalisation found"),
    "1d after convolution": (normed(first=norm(6, 1)), "a BatchNorm1d gets [8, 6, 24, 24]"),
    "2d after linear": (normed(third=norm(40)), "a BatchNorm2d gets [8, 40]"),
    "wrong channels": (normed(second=norm(6)), "made for 6 channels, but gets 16"),
    "wrong features": (normed(third=norm(256, 1)), "made for 256 numbers, but gets 40"),
    "3d": (normed(first=lambda: nn.BatchNorm3d(6)), "a BatchNorm3d gets [8, 6, 24, 24]"),
    "no number": (normed(first=lambda: nn.BatchNorm2d()), "how many channels or numbers come in"),
    "momentum 0": (normed(second=norm(16, momentum=0.0)), "eval() knows nothing of the training"),
    "momentum 1": (normed(second=norm(16, momentum=1.0)), "eval() knows only the last batch"),
    "momentum 90": (normed(third=norm(40, 1, momentum=90)), "has momentum=90"),
    "instance norm": (
        normed(first=lambda: nn.InstanceNorm2d(6), second=None, third=None),
        "no batch normalisation found",
    ),
    "softmax": (normed(fourth=lambda: nn.Softmax(1)), "Leave the softmax out"),
    "made in forward": (NormInForward, "as layers made in __init__"),
    "before the layers": (
        sequence(norm(1), conv(1, 4, 5), nn.Flatten, norm(2304, 1), linear(2304, 10)),
        "convolution number 1 has no BatchNorm2d after it",
    ),
    "eval in forward": (NormInEval, "train() and eval() give the same scores"),
    "first missing": (normed(first=None), "convolution number 1 has no BatchNorm2d"),
    "second missing": (normed(second=None), "convolution number 2 has no BatchNorm2d"),
    "1d missing": (normed(third=None), "linear layer number 1 has no BatchNorm1d"),
    "after the last": (normed(fourth=norm(10, 1)), "after the last linear layer"),
    "never called": (NormNeverCalled, "bn2 is defined, but forward never calls it"),
    "shared": (NormShared, "norm is used 2 times"),
    "thrown away": (NormThrownAway, "train() and eval() give the same scores"),
    "no statistics": (
        normed(first=norm(6, track_running_stats=False)),
        "track_running_stats=False",
    ),
    "no convolution": (
        sequence(nn.Flatten, linear(784, 40), norm(40, 1), linear(40, 10)),
        "has no nn.Conv2d",
    ),
    "wrong size": (
        sequence(conv(1, 4, 5), norm(4), nn.Flatten, linear(400, 10)),
        "made for 400 numbers, but gets 2304",
    ),
}


@pytest.mark.parametrize(
    ("answer", "fragment"), BATCH_NORM_MISTAKES.values(), ids=BATCH_NORM_MISTAKES
)
def test_batch_norm_wrong(answer, fragment):
    assert_incorrect(checks.batch_norm, fragment, answer)


def test_batch_norm_leaves_no_trace():
    assert_no_trace(checks.batch_norm, BatchNormConvNet)
    assert_no_trace(checks.batch_norm, normed(first=norm(6, 1)))


# ----------------------------------------------------------------------------- 5.5


def test_small_net_right():
    line = assert_passes(checks.small_net, ConvNet(), 0.931)
    assert "92.5%" in line
    assert "931" not in line
    assert_passes(checks.small_net, ConvNet().double(), torch.tensor(0.5))
    assert_passes(checks.small_net, BatchNormConvNet(), np.float32(0.9))
    lazy = with_lazy_layers()
    lazy(torch.rand(1, 1, 28, 28))
    assert_passes(checks.small_net, lazy, 1)
    assert_passes(checks.small_net, nn.Sequential(ConvNet()).half(), Fraction(9, 10))
    assert_passes(checks.small_net, nn.DataParallel(ConvNet()), 0.0)
    assert_passes(checks.small_net, AveragedModel(ConvNet()), 0.9)


def test_small_net_is_not_compiled():
    assert_passes(checks.small_net, torch.compile(ConvNet(), backend=no_backend), 0.9)
    in_place = ConvNet()
    in_place.compile(backend=no_backend)
    assert_passes(checks.small_net, in_place, 0.9)
    assert in_place._compiled_call_impl is not None
    large = torch.compile(Large(), backend=no_backend)
    assert_incorrect(checks.small_net, "are in linear_stack.0 (Linear): begin there", large, 0.9)


class Large(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack[0] = nn.Linear(256, 400)
        self.linear_stack[2] = nn.Linear(400, 84)


def test_small_net_counts_parameters():
    total, most = count_parameters(Large()), count_parameters(Large().linear_stack[0])
    message = assert_incorrect(checks.small_net, f"has {total:,} parameters", Large(), 0.9)
    assert f"{total - 100_000:,} more than 100,000" in message
    assert f"{most:,}, are in linear_stack.0 (Linear)" in message
    own = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    own.register_parameter("more", nn.Parameter(torch.zeros(100_000)))
    assert_incorrect(checks.small_net, "100,000, are in Sequential: begin there", own, 0.9)
    frozen = Large().requires_grad_(False)
    assert_incorrect(checks.small_net, f"has {total:,} parameters", frozen, 0.9)
    exact = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Linear(10, 10))
    room = 100_000 - count_parameters(exact)
    exact.register_parameter("more", nn.Parameter(torch.zeros(room)))
    assert_passes(checks.small_net, exact, 0.9)
    exact.register_parameter("one_more", nn.Parameter(torch.zeros(1)))
    assert_incorrect(checks.small_net, "has 100,001 parameters, 1 more", exact, 0.9)


def unlearned():
    net = ConvNet()
    nn.init.zeros_(net.linear_stack[4].weight)
    return net


def diverged():
    net = ConvNet()
    nn.init.constant_(net.conv_stack[0].weight, float("inf"))
    return net


SMALL_NET_MISTAKES = {
    "class": (ConvNet, 0.9, "the class ConvNet itself"),
    "path": ("small_net.pt", 0.9, "the network that you have trained"),
    "weights": (ConvNet().state_dict(), 0.9, "the network that you have trained"),
    "colour": (ConvNet(3), 0.9, "takes 3 channels in; grey images have 1"),
    "ten images": (nn.Sequential(nn.Flatten(0), nn.Linear(3136, 10)), 0.9, "the shape [10]"),
    "26 classes": (nn.Sequential(nn.Flatten(), nn.Linear(784, 26)), 0.9, "gives 26"),
    "no parameters": (nn.Sequential(nn.AdaptiveAvgPool2d((2, 5)), nn.Flatten()), 0.9, "no param"),
    "diverged": (diverged(), 0.9, "training has diverged"),
    "one for all": (unlearned(), 0.9, "gives all images the same scores"),
    "never called": (with_lazy_layers(), 0.9, "lazy layers that have not seen an image"),
    "layers in a list": (ListNet(), 0.9, "layers is a list with layers in it"),
    "function": (make_conv_net, 0.9, "the function make_conv_net itself"),
    "history": (ConvNet(), History(accuracies=[0.7, 0.9]), "all that training.fit returns"),
    "loss": (ConvNet(), 1.7, "Is this a loss"),
    "percent": (ConvNet(), 93.1, "93.1: a percentage"),
    "count": (ConvNet(), 9310, "Divide the number of right answers"),
    "negative": (ConvNet(), -0.5, "between 0 and 1"),
    "nan": (ConvNet(), float("nan"), "divided by 0 images"),
    "list": (ConvNet(), [0.8, 0.9], "accuracy is a list of 2 things"),
    "loss and accuracy": (ConvNet(), (0.3, 0.9), "accuracy is a tuple of 2 things"),
    "text": (ConvNet(), "93%", "a number was expected"),
    "tensor": (ConvNet(), torch.ones(3), "one number was expected"),
    "liar": (Liar(), 0.9, "the network that you have trained"),
    "lying accuracy": (ConvNet(), Liar(), "a number was expected"),
}


@pytest.mark.parametrize(
    ("net", "accuracy", "fragment"), SMALL_NET_MISTAKES.values(), ids=SMALL_NET_MISTAKES
)
def test_small_net_wrong(net, accuracy, fragment):
    assert_incorrect(checks.small_net, fragment, net, accuracy)


def test_small_net_blank_and_trace():
    assert_blank(checks.small_net, ..., 0.9)
    assert_blank(checks.small_net, ConvNet(), None)
    assert_blank(checks.small_net, DotsAsPart(), 0.9)
    assert_blank(checks.small_net, NoForward(), 0.9)
    assert_no_trace(checks.small_net, ConvNet(), 0.9)
    assert_no_trace(checks.small_net, BatchNormConvNet(), 0.9)
    assert_no_trace(checks.small_net, Large(), 0.9)
