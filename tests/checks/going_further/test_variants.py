"""Task 5.1: right ways, mistakes and their messages, blanks, traces."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from helpers import checks
from helpers.models import ConvNet
from helpers.training import History
from tests.checks.going_further.parts import (
    ListNet,
    conv,
    linear,
    make_conv_net,
    no_backend,
    pool,
    with_lazy_layers,
)
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


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


def with_tanh(channels=(6, 16), kernel_size=5):
    """Another activation, and batch normalisation, in a Sequential inside a Sequential."""
    net = make_conv_net(channels, kernel_size)
    parts = [nn.Tanh() if isinstance(layer, nn.ReLU) else layer for layer in net]
    return nn.Sequential(nn.BatchNorm2d(1), nn.Sequential(*parts))


def compiled(channels=(6, 16), kernel_size=5):
    return torch.compile(make_conv_net(channels, kernel_size), backend=no_backend)


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
