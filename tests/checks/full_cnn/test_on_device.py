"""Task 3.2: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
from torch import nn

from helpers import models
from helpers.checks import Incorrect, on_device
from tests.checks.full_cnn.parts import NET, Lazy
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def half_on_meta() -> nn.Module:
    net = models.ConvNet()
    net.linear_stack.to("meta")
    return net


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu"), torch.device("cpu", 0)])
def test_on_device_accepts(device):
    assert_passes(on_device, NET, device)
    assert_passes(on_device, Lazy(), device)
    assert_passes(on_device, models.ConvNet().to("cpu").train(), device)
    assert_passes(on_device, nn.Sequential(models.ConvNet()).eval(), device)
    assert_passes(on_device, torch.compile(models.ConvNet(), backend="eager"), device)
    assert_no_trace(on_device, NET, device)


@pytest.mark.parametrize(
    "model, device, fragment",
    [
        (models.ConvNet, "cpu", "Call the class"),
        ([NET], "cpu", "out of its brackets."),
        ((NET,), "cpu", "leave out the comma"),
        (nn.Sequential(NET, nn.Softmax(1)), "cpu", "holds a Softmax"),
        (models.ConvNet().requires_grad_(False), "cpu", "frozen"),
        (models.ConvNet().double(), "cpu", "weights of type torch.float64; the images are"),
        (models.ConvNet().half(), "cpu", "weights of type torch.float16"),
        (models.ConvNet().bfloat16(), "cpu", "leave its type as it is"),
        (models, "cpu", "expected is a network"),
        (nn.Linear(784, 10), "cpu", "with 7,850 parameters; a ConvNet has 44,426"),
        (nn.Sequential(NET, NET.conv_stack, nn.LogSoftmax(1)), "cpu", "holds a LogSoftmax"),
        ({"model": NET}, "cpu", "expected is a network"),
        ("ConvNet()", "cpu", "expected is a network"),
        (next(NET.parameters()), "cpu", "expected is a network"),
        (NET, ["cpu"], "expected is a name such as cpu"),
        (NET, "", "does not know"),
        (NET, "cuda:1", "on cpu, and device is cuda:1"),
        (NET, NET, "expected is a name such as cpu"),
        (NET.forward, "cpu", "expected is a network"),
        (NET.state_dict(), "cpu", "expected is a network"),
        (NET.conv_stack, "cpu", "2,572 parameters"),
        (NET, "cuda", "on cpu, and device is cuda"),
        (NET, torch.device("cuda:0"), "Move the network"),
        (NET, 5, "Run the first cell"),
        (NET, "gpu", "does not know"),
        ("cpu", NET, "swapped"),
    ],
)
def test_on_device_explains(model, device, fragment):
    assert_incorrect(on_device, fragment, model, device)


def test_on_device_explains_a_network_in_two_places():
    with pytest.raises(Incorrect, match="6 of 10 parameters are not on cpu"):
        on_device.__wrapped__(half_on_meta(), "cpu")  # no_trace cannot read the meta device


def test_on_device_blank():
    assert_blank(on_device, ..., "cpu")
    assert_blank(on_device, NET, ...)
