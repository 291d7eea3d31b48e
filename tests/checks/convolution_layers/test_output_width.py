"""Task 1.5: right ways, mistakes and their messages, blanks, traces."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from helpers import checks, layers
from helpers.checks.convolution_layers.output_width import true_widths
from helpers.checks.core import limits
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


def width(input_width, kernel_size, stride=1, padding=0, dilation=1):
    if dilation * (kernel_size - 1) + 1 > input_width + 2 * padding:
        raise ValueError("the kernel does not fit")
    return (input_width + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def by_floor(input_width, kernel_size, stride=1, padding=0, dilation=1):
    numerator = input_width + 2 * padding - dilation * (kernel_size - 1) - 1
    if numerator < 0:
        raise ValueError("the kernel does not fit")
    return math.floor(numerator / stride + 1)


def by_counting(input_width, kernel_size, stride=1, padding=0, dilation=1):
    reach = dilation * (kernel_size - 1) + 1
    starts = range(0, input_width + 2 * padding - reach + 1, stride)
    if not starts:
        raise ValueError("the kernel does not fit")
    print(len(starts))
    return np.int64(len(starts))


def other_names(w, k, s=1, p=0, d=1):
    return width(w, k, s, p, d)


def by_pytorch(input_width, kernel_size, *settings):
    try:
        layer = nn.Conv1d(1, 1, kernel_size, *settings, device="meta")
        maps = layer(torch.zeros(1, input_width, device="meta"))
    except RuntimeError:
        raise ValueError("the kernel does not fit") from None
    return torch.tensor(maps.shape[-1])


class TooLarge(ValueError):
    """An error of the student's own."""


def own_error(*args, **kwargs):
    try:
        return width(*args, **kwargs)
    except ValueError:
        raise TooLarge from None


@pytest.mark.parametrize(
    "function",
    [
        width,
        by_floor,
        by_counting,
        own_error,
        other_names,
        by_pytorch,
        layers.get_output_width,
        lambda w, k, stride=None, *others: width(w, k, stride or 1, *others),
    ],
)
def test_output_width_right(function):
    line = assert_passes(checks.output_width, function)
    assert line.startswith("✓ 1.5  28 → 24; right for ")


def formula(make, guard=True):
    """``get_output_width`` by another formula of w, k, s, p, d."""

    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
        if guard:
            width(input_width, kernel_size, stride, padding, dilation)
        return make(input_width, kernel_size, stride, padding, dilation)

    return get_output_width


def top(w, k, s, p, d):
    return w + 2 * p - d * (k - 1) - 1


def guarded_by(error):
    def get_output_width(*args, **kwargs):
        try:
            return width(*args, **kwargs)
        except ValueError:
            return error()

    return get_output_width


def raising(kind, words="too large"):
    def raise_it():
        raise kind() if words is None else kind(words)

    return raise_it


def afraid(input_width, kernel_size, stride=1, padding=0, dilation=1):
    if dilation * (kernel_size - 1) + 1 >= input_width + 2 * padding:
        raise ValueError("the kernel does not fit")
    return width(input_width, kernel_size, stride, padding, dilation)


def afraid_of(condition):
    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
        if condition(input_width, kernel_size, stride, padding, dilation):
            raise ValueError("the kernel does not fit")
        return width(input_width, kernel_size, stride, padding, dilation)

    return get_output_width


def print_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
    print(width(input_width, kernel_size, stride, padding, dilation))


def no_defaults(input_width, kernel_size, stride, padding, dilation):
    return width(input_width, kernel_size, stride, padding, dilation)


def usual(stride=1, padding=0, dilation=1):
    """``get_output_width`` with these values of settings that are left out."""
    usual = (stride, padding, dilation)

    def get_output_width(input_width, kernel_size, *settings):
        return width(input_width, kernel_size, *settings, *usual[len(settings) :])

    return get_output_width


def swapped(input_width, kernel_size, padding=0, stride=1, dilation=1):
    return width(input_width, kernel_size, stride, padding, dilation)


def kernel_first(kernel_size, input_width, *settings):
    return width(input_width, kernel_size, *settings)


def two_arguments(input_width, kernel_size):
    return input_width - kernel_size + 1


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (formula(lambda *a: top(*a) / a[2] + 1), "Divide with //"),
        (formula(lambda *a: np.floor(top(*a) / a[2]) + 1), "int(...) does so, too"),
        (formula(lambda *a: top(*a) // a[2]), "It is one too few"),
        (
            formula(lambda w, k, s, p, d: (w + p - d * (k - 1) - 1) // s + 1),
            "both sides of the image",
        ),
        (formula(lambda w, k, s, p, d: (w - d * (k - 1) - 1) // s + 1), "leaves out the padding"),
        (formula(lambda w, k, s, p, d: (w + 2 * p - k) // s + 1), "leaves out the dilation"),
        (formula(lambda *a: top(*a) + 1), "leaves out the stride"),
        (formula(lambda w, k, s, p, d: w - k + 1), "the image and the kernel alone"),
        (formula(lambda w, k, s, p, d: w - k), "one too few; stride, padding and dilation count"),
        (
            formula(lambda w, k, s, p, d: (w - k) // s + 1),
            "leaves out the padding and the dilation",
        ),
        (
            formula(lambda w, k, s, p, d: w + 2 * p - k + 1),
            "leaves out the stride and the dilation",
        ),
        (formula(lambda w, k, s, p, d: w - d * (k - 1)), "leaves out the stride and the padding"),
        (formula(lambda *a: (top(*a) - 4 * a[3]) // a[2] + 1), "Padding makes the image larger"),
        (formula(lambda w, k, s, p, d: (w + 2 * p + d * (k - 1) - 1) // s + 1), "subtract it"),
        (formula(lambda *a: top(*a) * a[2] + 1), "divide by it"),
        (formula(lambda w, *a: top(28, *a) // a[1] + 1), "takes 28 for every width"),
        (formula(lambda w, k, *a: top(w, 5, *a) // a[0] + 1), "takes 5 for every kernel"),
        (
            formula(lambda w, k, s, p, d: w + 2 * p - d * (k - 1) - 1 // s + 1),
            "// divides only what stands right before it",
        ),
        (
            formula(lambda w, k, s, p, d: (w + 2 * p - d * k - 1 - 1) // s + 1),
            "put kernel_size - 1 in parentheses",
        ),
        (formula(lambda *a: math.ceil(top(*a) / a[2]) + 1), "does not count: round down"),
        (formula(lambda *a: round(top(*a) / a[2]) + 1), "round() may round up"),
        (formula(lambda *a: round(top(*a) / a[2] + 1)), "round() may round up"),
        (
            formula(lambda w, k, s, p, d: (w + 2 * p - d * k - 1) // s + 1),
            "kernel_size - 1 steps",
        ),
        (
            formula(lambda w, k, s, p, d: (w + 2 * p - d * k) // s + 1),
            "kernel_size - 1 steps",
        ),
        (formula(lambda *a: (top(*a) + 1) // a[2] + 1), "The -1 inside the fraction"),
        (formula(lambda *a: (top(*a) + 1) // a[2]), "The +1 stands outside"),
        (formula(lambda *a: 24), "Try these numbers by hand"),
        (formula(lambda *a: top(*a) // a[2] + 1, guard=False), "should raise a ValueError"),
        (
            formula(lambda *a: max(0, top(*a) // a[2] + 1), guard=False),
            "returns 0 (of type int); it should raise",
        ),
        (guarded_by(lambda: None), "returns nothing; it should raise"),
        (guarded_by(raising(AssertionError)), "raises AssertionError; it should raise"),
        (guarded_by(lambda: ValueError("too large")), "it should raise a ValueError"),
        (guarded_by(raising(ValueError, None)), "raises a ValueError, as it should, but without"),
        (guarded_by(raising(ValueError, "")), "but without words"),
        (guarded_by(raising(ValueError, " \n")), "but without words"),
        (guarded_by(raising(ValueError, 5)), "but without words"),
        (afraid, "nn.Conv2d gives 1. The kernel fits here"),
        (afraid_of(lambda w, k, s, p, d: s > w), "The kernel fits here"),
        (afraid_of(lambda w, k, s, p, d: k > w), "The kernel fits here"),
        (afraid_of(lambda w, k, s, p, d: d * k > w + 2 * p), "The kernel fits here"),
        (afraid_of(lambda w, k, s, p, d: d * (k - 1) + 1 > w + p), "The kernel fits here"),
        (usual(stride=2), "If stride is not given, it is 1"),
        (usual(padding=2), "If padding is not given, it is 0"),
        (usual(dilation=2), "If dilation is not given, it is 1"),
        (swapped, "The stride comes before the padding"),
        (kernel_first, "A kernel of 5 fits into 28"),
        (two_arguments, "takes 2 positional arguments but 5 were given"),
        (no_defaults, "raised TypeError on input_width=28, kernel_size=5"),
        (print_width, "prints something"),
        (formula(lambda *a: (24, 24)), "one whole number"),
        (formula(lambda *a: True), "returns True (of type bool)"),
        (formula(lambda *a: None if a[2] == 2 else width(*a)), "Let every way through it end"),
        (formula(lambda *a: torch.tensor(24, device="meta")), "on the device meta"),
        (formula(lambda *a: torch.tensor(24.0)), "Divide with //"),
        (formula(lambda *a: Liar()), "one whole number"),
        (24, "a function was expected"),
    ],
)
def test_output_width_wrong(function, fragment):
    assert_incorrect(checks.output_width, fragment, function)


def test_output_width_names_the_first_disagreement():
    once = formula(lambda w, k, s, p, d: (w + p - d * (k - 1) - 1) // s + 1)
    message = assert_incorrect(checks.output_width, "both sides", once)
    assert "input_width=28, kernel_size=5, stride=1, padding=1, dilation=1" in message
    assert "returns 25; nn.Conv2d gives 26" in message


def test_output_width_without_end(monkeypatch):
    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
        starts = 0
        while stride == 2 or starts < input_width - kernel_size + 1:
            starts += 1
        return starts

    monkeypatch.setattr(limits, "SECONDS", 0.1)
    assert_incorrect(checks.output_width, "Is there a loop", get_output_width)


def dots_inside(input_width, kernel_size, stride=1, padding=0, dilation=1):
    reach = ...
    return (input_width - reach) // stride + 1


@pytest.mark.parametrize("function", [..., None, lambda *_: None, lambda *_: ..., dots_inside])
def test_output_width_blank(function):
    assert_blank(checks.output_width, function)


def test_output_width_blank_by_name():
    assert "so that get_output_width has a value" in assert_blank(checks.output_width, ...)


def test_output_width_leaves_no_trace():
    assert_no_trace(checks.output_width, width)


def test_true_widths_are_those_of_the_formula():
    truth = true_widths()
    for arguments, expected in truth.items():
        if expected is None:
            with pytest.raises(ValueError, match="kernel"):
                layers.get_output_width(*arguments)
        else:
            assert layers.get_output_width(*arguments) == expected
    assert None in truth.values()
    assert {*truth.values()} > {1, 24, 28}
