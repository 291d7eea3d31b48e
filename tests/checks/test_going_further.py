"""Tests of the checks of notebook 05: right ways, mistakes and their messages, blanks, traces."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from helpers.checks import going_further as checks
from helpers.layers import count_parameters, get_output_width
from helpers.models import ConvNet
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
    layers = [layer for n in channels for layer in (nn.LazyConv2d(n, kernel_size), nn.MaxPool2d(2))]
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))


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


@pytest.mark.parametrize("answer", [make_conv_net, VariantNet, with_lazy_layers])
def test_variants_right(answer):
    assert_passes(checks.variants, answer, table())


def test_variants_right_results():
    rows = table(parameters=torch.tensor(5000), seconds=np.float64(3), accuracy=torch.tensor(0.9))
    rows[0]["note"] = "more keys are fine"
    assert_passes(checks.variants, make_conv_net, rows)
    assert_passes(checks.variants, make_conv_net, (*table(), row((6, 16), 1, 1, 1)))


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
    "no parameters": (table(parameters=0), '"parameters" in row 2 of results is 0'),
    "parameters": (table(parameters=[1, 2]), "a whole number was expected"),
    "no time": (table(seconds=0.0), "a time above 0"),
    "time turned round": (table(seconds=-3.5), "is -3.5; expected is a time above 0"),
    "percent": (table(accuracy=87.2), "is 87.2: a percentage, it seems"),
    "count": (table(accuracy=8720), "between 0 and 1"),
    "negative": (table(accuracy=-0.1), "between 0 and 1"),
    "nan": (table(accuracy=float("nan")), "is nan"),
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


CLASS_CHECKS = [checks.rgb_net, checks.dropout, checks.batch_norm]


@pytest.mark.parametrize("check", CLASS_CHECKS)
@pytest.mark.parametrize(
    "stub", [..., None, NoForward, DotsAsPart, NoneAsPart, DotsInSequential, DotsReturned]
)
def test_classes_blank(check, stub):
    assert_blank(check, stub)


class NoInit(nn.Module):
    def __init__(self):
        self.conv_stack = nn.Conv2d(1, 6, 5)


class NotAModule:
    pass


class Unfinished(nn.Module):
    pass


CLASS_MISTAKES = {
    "instance": (ConvNet(), "is an instance of your class"),
    "number": (3, "expected is a class"),
    "not a module": (NotAModule, "Let the class inherit from nn.Module"),
    "arguments": (nn.Linear, "missing 2 required positional arguments"),
    "no super": (NoInit, "Begin __init__ with super().__init__()"),
    "no forward": (Unfinished, "raised NotImplementedError"),
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


@pytest.mark.parametrize("answer", [RGBConvNet, RGBSequence, RGBLazy, lambda: ConvNet(3, 32)])
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
    "no flatten": (sequence(conv(3, 6, 5), linear(28, 10)), "the shape [4, 6, 28, 10]"),
    "tuple": (sequence(RGBConvNet, lambda: Tupled()), "expected is a tensor of scores"),
}


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


@pytest.mark.parametrize("answer", [DropoutConvNet, AlphaNet, DropoutEarly, Functional])
def test_dropout_right(answer):
    assert_passes(checks.dropout, answer)


DROPOUT_MISTAKES = {
    "none": (ConvNet, "no dropout found"),
    "always on": (AlwaysOn, "training=self.training"),
    "p = 0": (sequence(*FIRST, drop(0), linear(40, 10)), "p=0, so it drops nothing"),
    "p = 1": (sequence(*FIRST, drop(1), linear(40, 10)), "p=1, so it drops all"),
    "percent": (sequence(*FIRST, drop(50), linear(40, 10)), "between 0 and 1"),
    "after the last": (sequence(*FIRST, linear(40, 10), drop()), "after the last layer"),
    "never called": (NeverCalled, "dropout is defined, but forward never calls it"),
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


@pytest.mark.parametrize("answer", [BatchNormConvNet, NormAfterReLU, NormLazy, NormOneLinear])
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
    "wrong features": (normed(third=norm(256, 1)), "made for 256 channels, but gets 40"),
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
    assert_passes(checks.small_net, with_lazy_layers(), 1)


class Large(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack[0] = nn.Linear(256, 400)
        self.linear_stack[2] = nn.Linear(400, 84)


def test_small_net_counts_parameters():
    total, most = count_parameters(Large()), count_parameters(Large().linear_stack[0])
    message = assert_incorrect(checks.small_net, f"has {total:,} parameters", Large(), 0.9)
    assert f"{total - 100_000:,} more than 100,000" in message
    assert f"{most:,}, are in linear_stack.0" in message
    frozen = Large().requires_grad_(False)
    assert_incorrect(checks.small_net, f"has {total:,} parameters", frozen, 0.9)
    exact = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Linear(10, 10))
    room = 100_000 - count_parameters(exact)
    exact.register_parameter("more", nn.Parameter(torch.zeros(room)))
    assert_passes(checks.small_net, exact, 0.9)
    exact.register_parameter("one_more", nn.Parameter(torch.zeros(1)))
    assert_incorrect(checks.small_net, "has 100,001 parameters, 1 more", exact, 0.9)


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
    "percent": (ConvNet(), 93.1, "93.1: a percentage"),
    "count": (ConvNet(), 9310, "Divide the number of right answers"),
    "negative": (ConvNet(), -0.5, "between 0 and 1"),
    "nan": (ConvNet(), float("nan"), "accuracy is nan"),
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
