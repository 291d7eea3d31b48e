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
    head,
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
    """Lists of PyTorch's, and functions in forward."""

    def __init__(self, channels=(6, 16), kernel_size=5, padding=0):
        super().__init__()
        ends = zip((1, *channels), channels, strict=False)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, kernel_size, padding=padding) for before, after in ends
        )
        self.head = nn.ModuleList([nn.LazyLinear(120), nn.Linear(120, 84), nn.Linear(84, 10)])

    def forward(self, x):
        for convolution in self.convolutions:
            x = functional.max_pool2d(functional.relu(convolution(x)), 2)
        x = x.flatten(1)
        for layer in self.head[:-1]:
            x = functional.relu(layer(x))
        return self.head[-1](x)


def in_blocks(channels=(6, 16), kernel_size=5):
    """Sequentials in a Sequential; pooling before ReLU, which gives the same numbers."""
    blocks, before = [], 1
    for after in channels:
        parts = nn.Conv2d(before, after, kernel_size), nn.MaxPool2d((2, 2), stride=2)
        blocks.append(nn.Sequential(*parts, nn.ReLU(inplace=True)))
        before = after
    return nn.Sequential(nn.Sequential(*blocks), nn.Flatten(), nn.Sequential(*lazy_head()))


def lazy_head():
    return head(nn.LazyLinear(120))


def by_appending(channels=(6, 16), kernel_size=5):
    net = nn.Sequential()
    for number, after in enumerate(channels):
        net.add_module(f"conv{number}", nn.LazyConv2d(after, kernel_size, padding="valid"))
        net.append(nn.ReLU()).append(nn.MaxPool2d(2))
    return net.append(nn.Flatten()).extend(lazy_head())


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
    "answer", [make_conv_net, VariantNet, with_lazy_layers, in_blocks, by_appending, compiled]
)
def test_variants_right(answer):
    assert_passes(checks.variants, answer, table())


def test_variants_right_results():
    rows = table(parameters=torch.tensor(5000), seconds=np.float64(3), accuracy=torch.tensor(0.9))
    rows[0]["note"] = "more keys are fine"
    assert_passes(checks.variants, make_conv_net, rows)
    assert_passes(checks.variants, make_conv_net, (*table(), row((6, 16), 999, 1, 1)))


def typed_in(channels=(6, 16), kernel_size=5):
    layers = with_lazy_layers(channels, kernel_size)
    return nn.Sequential(*layers[:-5], nn.Linear(256, 120), *layers[-4:])


def two_layers(channels=(6, 16), kernel_size=5):
    return VariantNet((channels[0], channels[-1]), kernel_size)


def first_of_three(channels=(6, 16), kernel_size=5):
    net = VariantNet(channels, kernel_size)
    net.convolutions[0] = nn.Conv2d(3, channels[0], kernel_size)
    return net


def changed(change, *more):
    """``with_lazy_layers`` with ``change(layer)`` for each layer, and ``more`` at the end.

    What ``change`` makes is a layer, or a list of layers.
    """

    def make_net(channels=(6, 16), kernel_size=5):
        layers = []
        for layer in with_lazy_layers(channels, kernel_size):
            made = change(layer)
            layers += made if isinstance(made, list) else [made]
        return nn.Sequential(*layers, *(layer() for layer in more))

    return make_net


def without(kind):
    """``with_lazy_layers`` without the layers of a kind."""
    return changed(lambda layer: [] if isinstance(layer, kind) else layer)


def in_place_of(kind, make):
    """``with_lazy_layers`` with ``make()`` in place of the layers of a kind."""
    return changed(lambda layer: make() if isinstance(layer, kind) else layer)


def after(kind, make):
    """``with_lazy_layers`` with ``make()`` behind each layer of a kind."""
    return changed(lambda layer: [layer, make()] if isinstance(layer, kind) else layer)


def pooling_by_the_kernel(channels=(6, 16), kernel_size=5):
    return in_place_of(nn.MaxPool2d, lambda: nn.MaxPool2d(kernel_size))(channels, kernel_size)


def one_convolution_too_many(channels=(6, 16), kernel_size=5):
    *layers, flatten, a, b, c, d, e = with_lazy_layers(channels, kernel_size)
    return nn.Sequential(*layers, nn.LazyConv2d(32, kernel_size), flatten, a, b, c, d, e)


def kept_default(channels=(6, 16), kernel_size=5, layers=[]):  # noqa: B006 (the mistake itself)
    before, width = 1, 28
    for n in channels:
        layers += [nn.Conv2d(before, n, kernel_size), nn.ReLU(), nn.MaxPool2d(2)]
        before, width = n, (width - kernel_size + 1) // 2
    layers += [nn.Flatten(), *head(nn.Linear(before * width**2, 120))]
    return nn.Sequential(*layers)


SHARED = head(nn.LazyLinear(120))[1:]


def one_head_for_all(channels=(6, 16), kernel_size=5):
    layers = list(with_lazy_layers(channels, kernel_size))
    return nn.Sequential(*layers[:-4], *SHARED)


def relu_in_the_head_only(channels=(6, 16), kernel_size=5):
    layers = list(with_lazy_layers(channels, kernel_size))
    convolutions = [layer for layer in layers[:-6] if not isinstance(layer, nn.ReLU)]
    return nn.Sequential(*convolutions, *layers[-6:])


def relu_in_the_stack_only(channels=(6, 16), kernel_size=5):
    layers = list(with_lazy_layers(channels, kernel_size))
    return nn.Sequential(*layers[:-4], layers[-3], layers[-1])


def without_84(channels=(6, 16), kernel_size=5):
    return nn.Sequential(*list(with_lazy_layers(channels, kernel_size))[:-3], nn.LazyLinear(10))


def unpacking(channels=(6, 16), kernel_size=5):
    first, second = channels
    return VariantNet((first, second), kernel_size)


def broken(*layers):
    """A function that puts ``layers`` into a sequence, whatever it is asked for."""
    return lambda channels=(6, 16), kernel_size=5: nn.Sequential(*(layer() for layer in layers))


def headless(channels=(6, 16), kernel_size=5):
    return nn.Sequential(*list(with_lazy_layers(channels, kernel_size))[:-5])


def hundred(channels=(6, 16), kernel_size=5):
    net = VariantNet(channels, kernel_size)
    net.head[-1] = nn.Linear(84, 100)
    return net


VARIANT_MISTAKES = {
    "channels ignored": (
        lambda channels=(6, 16), kernel_size=5: VariantNet((6, 16), kernel_size),
        "made with channels=(8,), kernel_size=5: the images pass 2 convolutions; asked for is 1.",
    ),
    "numbers ignored": (
        lambda channels=(6, 16), kernel_size=5: VariantNet((6, 16, 8)[: len(channels)]),
        "kernel_size=5: the first convolution gives 6 channels; asked for are 8.",
    ),
    "kernel ignored": (
        lambda channels=(6, 16), kernel_size=5: VariantNet(channels),
        "kernel_size=3: the first convolution has a kernel of 5×5 pixels; asked for is 3×3.",
    ),
    "always two": (two_layers, "channels=(8,), kernel_size=5: the images pass 2 convolutions"),
    "typed in": (typed_in, "a linear layer is made for 256 numbers, but gets 1152"),
    "colour": (first_of_three, "takes 3 channels in; grey images have 1"),
    "no pooling": (
        without(nn.MaxPool2d),
        "there is no 2×2 max pooling after the first convolution nor after the second convolution",
    ),
    "no ReLU": (without(nn.ReLU), "there is no ReLU after the first convolution nor after"),
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
        "there is no ReLU after the first convolution",
    ),
    "one channel again, after ReLU and pooling": (
        lambda channels=(6, 16), kernel_size=5: nn.Sequential(
            *(nn.Sequential(nn.Conv2d(1, n, kernel_size), nn.ReLU(), pool()) for n in channels)
        ),
        "a convolution is made for 1 channel, but gets 6",
    ),
    "no convolution": (broken(nn.Flatten, linear(784, 10)), "the images pass 0 convolutions;"),
    "one convolution": (
        broken(conv(1, 6, 5), nn.Flatten, linear(3456, 10)),
        "the images pass 1 convolution; asked for are 2",
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
    "100 scores": (hundred, "the third fully-connected layer gives 100 numbers; asked for are 10."),
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
            *(layer for n in channels for layer in (nn.LazyConv2d(n, kernel_size), nn.MaxPool2d(6)))
        ),
        "After the first convolution comes 6×6 max pooling; asked for is 2×2 max pooling",
    ),
    "ReLU in the head only": (
        relu_in_the_head_only,
        "there is no ReLU after the first convolution nor after the second convolution.",
    ),
    "ReLU in the convolutions only": (
        relu_in_the_stack_only,
        "there is no ReLU after the first fully-connected layer nor after the second",
    ),
    "tanh": (
        in_place_of(nn.ReLU, nn.Tanh),
        "after the first convolution and after the second convolution and after the first fully-",
    ),
    "leaky": (in_place_of(nn.ReLU, nn.LeakyReLU), "comes leaky ReLU; asked for is ReLU."),
    "padding": (
        lambda channels=(6, 16), kernel_size=5: VariantNet(channels, kernel_size, "same"),
        "the first convolution pads the image (padding=same). Leave padding out here.",
    ),
    "padding by 1": (
        lambda channels=(6, 16), kernel_size=5: VariantNet(channels, kernel_size, 1),
        "the first convolution pads the image (padding=(1, 1)).",
    ),
    "strides": (
        changed(
            lambda m: (
                nn.LazyConv2d(m.out_channels, m.kernel_size, stride=2)
                if isinstance(m, nn.LazyConv2d)
                else []
                if isinstance(m, nn.MaxPool2d)
                else m
            )
        ),
        "the first convolution has stride=(2, 2). Leave stride out here.",
    ),
    "no bias": (
        changed(
            lambda m: (
                nn.LazyConv2d(m.out_channels, m.kernel_size, bias=False)
                if isinstance(m, nn.LazyConv2d)
                else m
            )
        ),
        "the first convolution has no bias.",
    ),
    "84 missing": (without_84, "the images pass 2 fully-connected layers; asked for are 3."),
    "100 in place of 120": (
        changed(
            lambda m: (
                [nn.LazyLinear(100), nn.ReLU()]
                if isinstance(m, nn.LazyLinear)
                else nn.LazyLinear(84)
                if getattr(m, "in_features", 0) == 120
                else m
            )
        ),
        "the first fully-connected layer gives 100 numbers; asked for are 120.",
    ),
    "one layer more": (
        changed(lambda m: m, nn.ReLU, lambda: nn.Linear(10, 10)),
        "the images pass 4 fully-connected layers; asked for are 3.",
    ),
    "average pooling": (
        in_place_of(nn.MaxPool2d, lambda: nn.AvgPool2d(2)),
        "the pooling after the first convolution and after the second convolution takes the av",
    ),
    "pooling that rounds up": (
        in_place_of(nn.MaxPool2d, lambda: nn.MaxPool2d(2, ceil_mode=True)),
        "made with channels=(5, 7), kernel_size=3: after the second convolution comes 2×2 max pool"
        "ing with ceil_mode; asked for is 2×2 max pooling.",
    ),
    "pooling with padding": (
        in_place_of(nn.MaxPool2d, lambda: nn.MaxPool2d(2, padding=1)),
        "comes 2×2 max pooling with padding; asked for is 2×2 max pooling.",
    ),
    "pooling by 3": (
        in_place_of(nn.MaxPool2d, lambda: nn.MaxPool2d(3, 2)),
        "after the first convolution and after the second convolution comes 3×3 max pooling that m",
    ),
    "pooling by the kernel": (
        pooling_by_the_kernel,
        "after the first convolution comes 5×5 max pooling; asked for is 2×2 max pooling.",
    ),
    "one convolution too many": (
        one_convolution_too_many,
        "the images pass 3 convolutions; asked for are 2.",
    ),
    "ReLU on the scores": (
        changed(lambda m: m, nn.ReLU),
        "there is a ReLU after the last layer, which turns every negative score into zero.",
    ),
    "dropout": (
        after(nn.MaxPool2d, nn.Dropout),
        "comes dropout, which is not asked for.",
    ),
    "batch norm": (
        after(nn.LazyConv2d, nn.LazyBatchNorm2d),
        "comes batch normalisation, which is not asked for.",
    ),
    "a default that is kept": (kept_default, "a default such as layers=[] is one list for all"),
    "one head for all": (
        one_head_for_all,
        "two calls of make_conv_net give networks with the same layers in them.",
    ),
    "pooling before the convolution": (
        lambda channels=(6, 16), kernel_size=3: nn.Sequential(
            nn.MaxPool2d(2), *with_lazy_layers(channels, 3)
        ),
        "the images are changed before they come to the first convolution: there comes 2×2 max p",
    ),
    "flattened over the batch": (
        in_place_of(nn.Flatten, lambda: nn.Flatten(0)),
        "after the second convolution, flatten changes the first dimension",
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
    "same numbers": (
        [row("a"), row("b"), row("c", 91_000), row("d", 30_000)],
        "rows 0 and 1 of results have the same numb",
    ),
    "one count for all": (
        [row("a"), row("b", seconds=61.0), row("c", seconds=62.0)],
        "the 3 rows of results have only 1 number of parameters: 44,426. Asked for are at least 3",
    ),
    "two counts": (
        [row("a"), row("b", 60_074), row("c", 44_426, 61.0)],
        "have only 2 numbers of parameters: 44,426 and 60,074.",
    ),
    "two counts in five rows": (
        [row(str(n), 1000 + n % 2, float(60 + n)) for n in range(5)],
        "the 5 rows of results have only 2 numbers of parameters: 1,000 and 1,001.",
    ),
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
