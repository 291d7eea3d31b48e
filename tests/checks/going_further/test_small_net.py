"""Task 5.5: right ways, mistakes and their messages, blanks, traces."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from helpers import checks
from helpers.layers import count_parameters
from helpers.models import ConvNet
from helpers.training import History
from tests.checks.going_further.parts import (
    BatchNormConvNet,
    DotsAsPart,
    ListNet,
    NoForward,
    make_conv_net,
    no_backend,
    with_lazy_layers,
)
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


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
