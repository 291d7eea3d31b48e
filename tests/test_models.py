"""The network of notebook 03."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.layers import count_parameters
from helpers.models import ConvNet


def test_the_facts_of_the_course():
    model = ConvNet()
    assert count_parameters(model) == 44_426
    assert model.linear_entry_dim == 4 and model.linear_stack[0].in_features == 256
    assert model(torch.zeros(64, 1, 28, 28)).shape == (64, 10)
    assert [type(layer) for layer in model.conv_stack] == 2 * [nn.Conv2d, nn.ReLU, nn.MaxPool2d]
    kinds = [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert [type(layer) for layer in model.linear_stack] == kinds
    assert list(model.state_dict())[:4] == [
        "conv_stack.0.weight",
        "conv_stack.0.bias",
        "conv_stack.3.weight",
        "conv_stack.3.bias",
    ]


def test_it_computes_what_the_description_says():
    model = ConvNet()
    p = dict(model.named_parameters())
    x = images = torch.rand(3, 1, 28, 28)
    for i in (0, 3):
        x = F.conv2d(x, p[f"conv_stack.{i}.weight"], p[f"conv_stack.{i}.bias"])
        x = F.max_pool2d(x.clamp(min=0), 2)
    x = x.reshape(3, 256)
    for i in (0, 2, 4):
        x = x @ p[f"linear_stack.{i}.weight"].T + p[f"linear_stack.{i}.bias"]
        x = x if i == 4 else x.clamp(min=0)
    torch.testing.assert_close(model(images), x)


@pytest.mark.parametrize(("channels", "size", "entry"), [(3, 32, 5), (1, 16, 1), (2, 29, 4)])
def test_other_images(channels, size, entry):
    model = ConvNet(in_channels=channels, image_size=size)
    assert model.linear_entry_dim == entry
    assert model(torch.zeros(2, channels, size, size)).shape == (2, 10)


def test_images_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match="the kernel reaches over"):
        ConvNet(image_size=12)
