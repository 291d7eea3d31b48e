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
        (lambda m: m.conv_stack[0].weight, "weights of a layer"),
        (lambda m: m.conv_stack[0].bias, "the biases of a layer"),
        (lambda m: m.conv_stack[0](torch.rand(1, 1, 28, 28)), "do not call the layer"),
        (lambda m: m.conv_stack[:1], "as a slice gives it"),
        (lambda m: nn.Sequential(m.conv_stack[0]), "a Sequential around some layers"),
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
