"""Task 4.1: right ways, mistakes and their messages, blanks, traces."""

import copy

import pytest
import torch
from torch import nn

from helpers import checks
from helpers.models import ConvNet
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def test_first_layer_right():
    model = ConvNet()
    assert "6 kernels of 1×5×5" in assert_passes(checks.first_layer, model.conv_stack[0], model)
    assert_passes(checks.first_layer, model.conv_stack[-6], model)
    assert_passes(checks.first_layer, next(iter(model.conv_stack.children())), model)
    assert_passes(checks.first_layer, model.get_submodule("conv_stack.0"), model)
    assert_passes(checks.first_layer, list(model.modules())[2], model)
    assert_passes(checks.first_layer, next(iter(model.conv_stack)), model)
    assert_passes(checks.first_layer, dict(model.named_modules())["conv_stack.0"], model)
    assert_passes(checks.first_layer, getattr(model.conv_stack, "0"), model)
    assert_passes(checks.first_layer, next(model.conv_stack.children()), model)
    assert_passes(checks.first_layer, model.conv_stack[:1][0], model)
    only_convolutions = [part for part in model.modules() if isinstance(part, nn.Conv2d)]
    assert_passes(checks.first_layer, only_convolutions[0], model)
    model.conv_stack = nn.Sequential(nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()), nn.MaxPool2d(2))
    assert_passes(checks.first_layer, model.conv_stack[0][0], model)


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [
        (lambda m: m.conv_stack, "the whole conv_stack"),
        (lambda m: m, "the whole network"),
        (lambda m: m.conv_stack[1], "conv_stack.1, of type ReLU"),
        (lambda m: m.conv_stack[3], "conv_stack.3, of type Conv2d"),
        (lambda m: m.linear_stack[0], "linear_stack.0, of type Linear"),
        (lambda m: m.conv_stack[0].weight, "the weights of the layer that is asked for"),
        (lambda m: m.conv_stack[0].bias, "the biases of the layer that is asked for"),
        (lambda m: m.conv_stack[0].weight.detach(), "leave out what follows the index"),
        (lambda m: m.conv_stack[0].weight.data.clone(), "leave out what follows the index"),
        (lambda m: m.conv_stack[3].weight, "the weights of another layer, conv_stack.3"),
        (lambda m: m.conv_stack[3].bias, "the biases of another layer, conv_stack.3"),
        (lambda m: m.linear_stack[0].weight, "the weights of another layer, linear_stack.0"),
        (lambda m: next(m.parameters()), "the weights of the layer that is asked for"),
        (lambda m: m.conv_stack[0].weight[0], "of shape [1, 5, 5]. Expected is the layer itself"),
        (lambda m: m.conv_stack[0].weight + 1, "[6, 1, 5, 5]. Expected is the layer itself"),
        (lambda m: torch.rand(6), "of shape [6]. Expected is the layer itself"),
        (lambda m: torch.tensor(0), "with the one number 0. Expected is the layer itself"),
        (lambda m: m(torch.rand(1, 1, 28, 28)), "of shape [1, 10]. Expected is the layer itself"),
        (lambda m: m.conv_stack[0](torch.rand(1, 1, 28, 28)), "do not call it"),
        (lambda m: m.conv_stack[0].weight.shape, "a Size of 4 things"),
        (lambda m: m.conv_stack[0].kernel_size, "a tuple of 2 things"),
        (lambda m: list(m.children()), "a list of"),
        (lambda m: (m.conv_stack[0],), "a tuple of 1 thing;"),
        (lambda m: m.conv_stack[-1], "conv_stack.5, of type MaxPool2d"),
        (lambda m: m.conv_stack[2], "conv_stack.2, of type MaxPool2d"),
        (lambda m: m.flatten, "flatten, of type Flatten"),
        (lambda m: m.linear_stack[-1], "linear_stack.4, of type Linear; expected is the convol"),
        (lambda m: m.linear_stack[0], "It stands in model.conv_stack"),
        (lambda m: m.conv_stack[0:2], "a Sequential around 2 layers"),
        (lambda m: m.conv_stack[6:], "a Sequential around 0 layers"),
        (lambda m: nn.Sequential(*m.conv_stack), "a Sequential around 6 layers"),
        (lambda m: nn.Conv2d(1, 8, 5), "a Conv2d that does not belong to model"),
        (lambda m: ConvNet(), "a ConvNet that does not belong to model"),
        (lambda m: m.conv_stack.modules(), "which gives one layer after the other"),
        (lambda m: iter(m.conv_stack), "Index model.conv_stack like a list"),
        (lambda m: m.conv_stack.__getitem__, "the function __getitem__ itself"),
        (lambda m: m.state_dict(), "one layer of model"),
        (lambda m: dict(m.named_modules()), "one layer of model"),
        (lambda m: repr(m.conv_stack[0]), "Leave out the quotes"),
        (lambda m: 44_426, "44426 (of type int)"),
        (lambda m: True, "True (of type bool)"),
        (lambda m: m.conv_stack[:1], "as a slice gives it"),
        (lambda m: nn.Sequential(m.conv_stack[0]), "a Sequential around 1 layer,"),
        (lambda m: m.linear_stack, "linear_stack, a Sequential of 5 layers"),
        (lambda m: {0: m.conv_stack[0]}, "one layer of model"),
        (lambda m: list(m.conv_stack), "a list of 6 things"),
        (lambda m: next(m.conv_stack.named_children()), "a tuple of 2 things"),
        (lambda m: nn.ModuleList(m.conv_stack), "a ModuleList of 6 things"),
        (lambda m: m.conv_stack.children(), "which gives one layer after the other"),
        (lambda m: nn.Conv2d(1, 6, 5), "a Conv2d that does not belong to model"),
        (lambda m: nn.Conv2d(1, 6, 5, device="meta"), "a Conv2d that does not belong to model"),
        (lambda m: ConvNet().conv_stack[0], "or of another network"),
        (lambda m: nn.ReLU(), "a ReLU that does not belong to model"),
        (lambda m: copy.deepcopy(m.conv_stack[0]), "is a copy"),
        (lambda m: "conv_stack.0", "Leave out the quotes"),
        (lambda m: nn.Conv2d, "the class Conv2d itself"),
        (lambda m: 0, "one layer of model"),
        (lambda m: Liar(), "one layer of model"),
    ],
)
def test_first_layer_wrong(answer, fragment):
    model = ConvNet()
    assert_incorrect(checks.first_layer, fragment, answer(model), model)


def test_first_layer_blank_and_trace():
    model = ConvNet()
    assert_incorrect(checks.first_layer, "has no conv_stack", model.conv_stack[0], nn.Flatten())
    empty = ConvNet()
    empty.conv_stack = nn.Sequential()
    assert_incorrect(checks.first_layer, "has no conv_stack", model.conv_stack[0], empty)
    assert_blank(checks.first_layer, ..., model)
    assert_blank(checks.first_layer, None, model)
    assert_no_trace(checks.first_layer, model.conv_stack[0], model)
