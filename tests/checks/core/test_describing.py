"""The words for what was found."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.checks.core import describing


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (torch.zeros(2, 3), "a tensor of shape [2, 3]"),
        (torch.tensor(2), "a tensor with the one number 2"),
        (np.zeros((2, 3)), "an array of shape [2, 3]"),
        (nn.ReLU(), "a layer or network of type ReLU"),
        (nn.ReLU, "the class ReLU itself, not an instance of it"),
        (torch.zeros(2).size, "the function size itself, not what it returns"),
        ("a\nb", "the text 'a\\nb'"),
        ("x" * 99, "the text '" + "x" * 56 + "..."),
        (3, "3 (of type int)"),
        ([torch.zeros(2)] * 64, "a list of 64 tensors"),
        ((nn.ReLU(), nn.ReLU()), "a tuple of 2 layers or networks"),
        (torch.optim.SGD([torch.zeros(1)], lr=1), "an optimizer of type SGD"),
        (object(), "an object of type object"),
        ((n for n in ()), "an object of type generator"),
        (torch, "the module torch"),
        (torch.zeros((), device="meta"), "a tensor of shape []"),
        (list(range(99)), "[0, 1, 2, 3, 4, 5, ...] (of type list)"),
    ],
)
def test_describe(value, words):
    assert describing.describe(value) == words


def test_describe_what_cannot_be_printed():
    class Mute:
        def __repr__(self):
            raise RuntimeError

    assert describing.describe(Mute()) == "a value that cannot be printed (of type Mute)"


def test_an_address_in_memory_is_never_told_however_long_the_name():
    kind = type("A" * 80, (), {})
    assert describing.describe(kind()) == f"an object of type {'A' * 80}"
