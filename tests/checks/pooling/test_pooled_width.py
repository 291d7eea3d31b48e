"""Task 2.2: right ways, mistakes and their messages, blanks, traces."""

import math

import pytest
import torch
from torch import nn

from helpers import checks
from helpers.checks.core import limits
from helpers.layers import get_output_width
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


def width(input_width, kernel_size, stride=None):
    if stride is None:
        stride = kernel_size
    return (input_width - kernel_size) // stride + 1


def width_short(input_width, kernel_size, stride=None):
    return (input_width - kernel_size) // (stride or kernel_size) + 1


def width_by_counting(input_width, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    return len(range(0, input_width - kernel_size + 1, stride))


def width_by_floor(input_width, kernel_size, stride=None):
    return math.floor((input_width - kernel_size) / (stride or kernel_size) + 1)


def other_names(w, k, s=None):
    return width(w, k, s)


def by_pytorch(input_width, kernel_size, stride=None):
    return nn.MaxPool2d(kernel_size, stride)(torch.zeros(1, input_width, input_width)).shape[-1]


@pytest.mark.parametrize(
    "function", [width, width_short, width_by_counting, width_by_floor, other_names, by_pytorch]
)
@pytest.mark.parametrize("dropped", [3, 3.0, torch.tensor(3)])
def test_pooled_width_right(function, dropped):
    assert "5 windows of 5 pixels + 3" in assert_passes(checks.pooled_width, function, dropped)


def formula(make):
    """``get_pooled_width`` by another formula of width, kernel and the stride that is taken."""

    def get_pooled_width(input_width, kernel_size, stride=None):
        return make(input_width, kernel_size, stride or kernel_size)

    return get_pooled_width


def stride_one(input_width, kernel_size, stride=1):
    return (input_width - kernel_size) // stride + 1


def stride_one_for_none(input_width, kernel_size, stride=None):
    return (input_width - kernel_size) // (stride or 1) + 1


def no_stride(input_width, kernel_size):
    return input_width // kernel_size


def nothing_put_in(input_width, kernel_size, stride=None):
    return (input_width - kernel_size) // stride + 1


def given_to_the_course(input_width, kernel_size, stride=None):
    return get_output_width(input_width, kernel_size, stride)


def kernel_first(kernel_size, input_width, stride=None):
    return get_output_width(input_width, kernel_size, stride or kernel_size)


def turned_round(input_width, kernel_size, stride=None):
    return width(input_width, kernel_size, kernel_size if stride else 1)


def five(input_width, kernel_size, stride=None):
    return width(input_width, kernel_size, stride or 5)


def stride_in_place_of_the_width(input_width, kernel_size, stride=None):
    return kernel_size if stride is None else width(input_width, kernel_size, stride)


def one_way_only(input_width, kernel_size, stride=None):
    if stride is None:
        return input_width // kernel_size


def print_width(input_width, kernel_size, stride=None):
    print(width(input_width, kernel_size, stride))


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (formula(lambda w, k, s: (w - k) // k + 1), "even if a stride is given"),
        (formula(lambda w, k, s: w // k), "even if a stride is given"),
        (formula(lambda w, k, s: w // s), "the last window still has to end"),
        (formula(lambda w, k, s: (w - k) // s), "one too few"),
        (formula(lambda w, k, s: math.ceil((w - k) / s) + 1), "round down"),
        (formula(lambda w, k, s: math.ceil(w / s)), "round down"),
        (formula(lambda w, k, s: round(w / s)), "round() may round up"),
        (formula(lambda w, k, s: round((w - k) / s) + 1), "round() may round up"),
        (formula(lambda w, k, s: round((w - k) / s + 1)), "round() may round up"),
        (formula(lambda w, k, s: (w - k + 1) // s), "give get_output_width the stride instead"),
        (formula(lambda w, k, s: width(28, k, s)), "takes 28 for every width"),
        (formula(lambda w, k, s: s), "the stride that pooling takes"),
        (formula(lambda w, k, s: True), "returns True (of type bool)"),
        (formula(lambda w, k, s: torch.tensor(5, device="meta")), "on the device meta"),
        (formula(lambda w, k, s: w / s), "Divide with //"),
        (formula(lambda w, k, s: (w - k) / s + 1), "Divide with //"),
        (formula(lambda w, k, s: w - k + 1), "size of a convolution"),
        (formula(lambda w, k, s: 5), "Try these numbers by hand"),
        (formula(lambda w, k, s: [5, 5]), "one whole number"),
        (formula(lambda w, k, s: Liar()), "one whole number"),
        (stride_one_for_none, "pooling does not take 1"),
        (turned_round, "turn the condition round"),
        (five, "right for a kernel of 5 only"),
        (stride_in_place_of_the_width, "the stride that pooling takes"),
        (one_way_only, "Let every way through it end in return"),
        (given_to_the_course, "put in the stride that pooling then takes"),
        (kernel_first, "Does the width come before the kernel size?"),
        (stride_one, "put in the stride that pooling then takes"),
        (nothing_put_in, "put in the stride that pooling then takes"),
        (no_stride, "takes 2 positional arguments but 3 were given"),
        (print_width, "prints something"),
        (5, "a function was expected"),
    ],
)
def test_pooled_width_wrong(function, fragment):
    assert_incorrect(checks.pooled_width, fragment, function, 3)


def test_pooled_width_refused_where_pytorch_pools():
    def careful(input_width, kernel_size, stride=None):
        if kernel_size >= input_width:
            raise ValueError("the kernel does not fit")
        return width(input_width, kernel_size, stride)

    assert_incorrect(checks.pooled_width, "gives 1. The kernel fits here", careful, 3)


def test_pooled_width_without_end(monkeypatch):
    def get_pooled_width(input_width, kernel_size, stride=None):
        while stride == 2:
            pass
        return width(input_width, kernel_size, stride)

    monkeypatch.setattr(limits, "SECONDS", 0.1)
    assert_incorrect(checks.pooled_width, "Is there a loop", get_pooled_width, 3)


@pytest.mark.parametrize(
    ("dropped", "fragment"),
    [
        (0, "5 does not divide 28"),
        (5, "the number of windows"),
        (25, "that is how many rows the windows cover"),
        (23, "covers more than 1"),
        (2, "a sixth window would lack"),
        (-3, "as a positive number"),
        (6, "the rows only"),
        (159, "number of pixels"),
        (4, "what a convolution takes away"),
        (9, "not the pixels in the corner"),
        (1, "how many are left?"),
        (3.5, "a whole number was expected"),
        ((3, 3), "a whole number was expected"),
        ("3", "a whole number was expected"),
    ],
)
def test_pooled_width_wrong_dropped(dropped, fragment):
    assert_incorrect(checks.pooled_width, fragment, width, dropped)


def dots_inside(input_width, kernel_size, stride=None):
    stride = ...
    return (input_width - kernel_size) // stride + 1


@pytest.mark.parametrize("function", [..., None, lambda *_, **__: ..., dots_inside])
def test_pooled_width_blank(function):
    assert_blank(checks.pooled_width, function, 3)


def test_pooled_width_blank_dropped():
    assert_blank(checks.pooled_width, width, ...)


def test_pooled_width_leaves_no_trace():
    assert_no_trace(checks.pooled_width, width, 3)
