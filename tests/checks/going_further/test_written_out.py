"""Tasks 5.2 and 5.3: networks whose layers are written out, not taken from ``nn``."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from helpers import checks
from tests.checks.tables import assert_incorrect, assert_passes
from tests.layers.test_written_out import CONVOLUTIONS, LINEAR


class Written(nn.Module):
    """The network of notebook 3, made of functions of its weights and biases."""

    sizes = ((6, 3, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList(0.1 * torch.randn(size) for size in self.sizes)
        self.biases = nn.ParameterList(torch.zeros(size[0]) for size in self.sizes)

    convolve = staticmethod(functional.conv2d)
    multiply = staticmethod(functional.linear)
    bend = staticmethod(functional.relu)
    pool = staticmethod(lambda x: functional.max_pool2d(x, 2))
    flatten = staticmethod(lambda x: x.flatten(1))
    drop = None

    def dropped(self, x):
        return x if self.drop is None else self.drop(x, self.training)

    def forward(self, x):
        layers = list(zip(self.weights, self.biases, strict=True))
        for weight, bias in layers[:2]:
            x = self.pool(self.bend(self.convolve(x, weight, bias)))
        x = self.flatten(x)
        for weight, bias in layers[2:-1]:
            x = self.dropped(self.bend(self.multiply(x, weight, bias)))
        return self.multiply(x, *layers[-1])


def written(**parts):
    """A class of these networks with some of its functions exchanged."""
    kept = {"sizes", "drop"}
    members = {k: v if k in kept else staticmethod(v) for k, v in parts.items()}
    if "drop" in members:
        members["drop"] = staticmethod(members["drop"])
    return type("Net", (Written,), members)


SAME = {name: made for name, (made, how) in CONVOLUTIONS.items() if set(how.values()) == {0, 1}}


@pytest.mark.parametrize("multiply", LINEAR.values(), ids=LINEAR)
def test_linear_layers(multiply):
    assert_passes(checks.rgb_net, written(multiply=multiply))


def test_a_relu_without_effect_is_one():
    net = written(multiply=lambda x, w, b: x @ w.square().T + b.square())
    message = assert_incorrect(checks.rgb_net, "not asked for", net)
    assert "no ReLU" not in message


def test_a_bias_that_is_taken_away():
    assert_passes(checks.rgb_net, written(multiply=lambda x, w, b: x @ w.T - b))


@pytest.mark.parametrize("name", [name for name in SAME if name != "padded"])
def test_convolutions(name):
    times = LINEAR["weight.T"]
    assert_passes(checks.rgb_net, written(convolve=SAME[name], multiply=times))


GREY = ((6, 1, 5, 5), (16, 6, 5, 5), (120, 256), (84, 120), (10, 84))
UNFOLDED, TIMES = SAME["unfold"], LINEAR["weight.T"]


def test_with_dropout():
    net = written(
        sizes=GREY,
        convolve=UNFOLDED,
        multiply=TIMES,
        drop=lambda x, training: functional.dropout(x, 0.5, training),
    )
    assert_passes(checks.dropout, net)


def as_wide_as_before(x, w, b):
    return (w.flatten(1) @ functional.unfold(x, 5) + b[:, None]).view(len(x), -1, *x.shape[2:])


RGB_MISTAKES = {
    "no bias": (
        {"multiply": lambda x, w, b: x @ w.T},
        "the first fully-connected layer has no bias.",
    ),
    "weights squared": (
        {"multiply": lambda x, w, b: x @ w.square().T + b},
        "comes an addition, which is not asked for.",
    ),
    "bias twice": (
        {"multiply": lambda x, w, b: x @ w.T + 2 * b},
        "comes an addition, which is not asked for.",
    ),
    "no ReLU": (
        {"bend": lambda x: x, "multiply": TIMES, "convolve": UNFOLDED},
        "there is no ReLU after the first convolution nor after the second convolution nor after",
    ),
    "tanh": (
        {"bend": torch.tanh, "multiply": TIMES},
        "comes tanh; asked for is ReLU.",
    ),
    "average pooling": (
        {"pool": lambda x: functional.avg_pool2d(x, 2), "convolve": UNFOLDED},
        "takes the average of each window; asked for is its maximum.",
    ),
    "another size": (
        {
            "sizes": ((6, 3, 5, 5), (16, 6, 5, 5), (120, 256), (84, 120), (10, 84)),
            "multiply": TIMES,
        },
        "a linear layer is made for 256 numbers, but gets 400",
    ),
    "by two": (
        {"convolve": CONVOLUTIONS["by two"][0], "multiply": TIMES},
        "the first convolution has stride=2. Leave stride out here.",
    ),
    "padded": (
        {"convolve": CONVOLUTIONS["padded"][0], "multiply": TIMES},
        "the first convolution pads the image (padding=2).",
    ),
    "another number of maps": (
        {
            "sizes": ((8, 3, 5, 5), (16, 8, 5, 5), (120, 400), (84, 120), (10, 84)),
            "convolve": UNFOLDED,
            "multiply": TIMES,
        },
        "the first convolution gives 8 channels; asked for are 6.",
    ),
    "a view that does not fit": (
        {"convolve": as_wide_as_before},
        "raised RuntimeError on 4 images of 3×32×32: shape '[4, -1, 32, 32]' is invalid",
    ),
    "84 missing": (
        {"sizes": ((6, 3, 5, 5), (16, 6, 5, 5), (120, 400), (10, 120)), "multiply": TIMES},
        "the images pass 2 fully-connected layers; asked for are 3.",
    ),
    "maps transposed": (
        {"flatten": lambda x: x.transpose(2, 3).flatten(1), "multiply": TIMES},
        "the numbers of each image are put into another order, by transpose.",
    ),
    "softmax": (
        {"multiply": lambda x, w, b: (x @ w.T + b).softmax(1) if len(w) == 10 else x @ w.T + b},
        "are probabilities already",
    ),
}


@pytest.mark.parametrize(("parts", "fragment"), RGB_MISTAKES.values(), ids=RGB_MISTAKES)
def test_wrong(parts, fragment):
    assert_incorrect(checks.rgb_net, fragment, written(**parts))


DROPOUT_MISTAKES = {
    "always": (lambda x, training: functional.dropout(x, 0.5), "two calls with the same images"),
    "never": (lambda x, training: x, "nothing is dropped at random"),
    "a fifth": (
        lambda x, training: functional.dropout(x, 0.2, training),
        "of the numbers after the first fully-connected layer are dropped; asked for is one half",
    ),
}


@pytest.mark.parametrize(("drop", "fragment"), DROPOUT_MISTAKES.values(), ids=DROPOUT_MISTAKES)
def test_wrong_dropout(drop, fragment):
    net = written(sizes=GREY, convolve=UNFOLDED, multiply=TIMES, drop=drop)
    assert_incorrect(checks.dropout, fragment, net)
