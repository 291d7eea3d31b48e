"""How a check reads an answer, whatever it is."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.checks.core import values
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from tests.checks.tables import Liar


@pytest.mark.parametrize(
    "value",
    [
        (8, 5),
        [8, 5],
        torch.Size([8, 5]),
        torch.tensor([8, 5]),
        np.array([8, 5]),
        (8.0, np.int64(5)),
        (torch.tensor(8), 5),
    ],
)
def test_shape_of(value):
    shape = values.shape_of(value, "shape")
    assert shape == (8, 5)
    assert all(type(n) is int for n in shape)


@pytest.mark.parametrize(
    "value",
    [
        8,
        "8, 5",
        "85",
        (8.5, 5),
        (True, 5),
        (float("inf"), 5),
        (float("nan"), 5),
        torch.rand(8, 5),
        torch.rand(3),
        torch.tensor(8),
        nn.Linear(8, 5),
        (Liar(), 5),
    ],
)
def test_shape_of_something_else(value):
    with pytest.raises(Incorrect, match="shape"):
        values.shape_of(value, "predicted")


@pytest.mark.parametrize(
    ("blank", "message"),
    [
        (..., "in place of the dots, so that entry 1 of"),
        (None, "entry 1 of predicted is None: it has no"),
    ],
)
def test_shape_of_dots_or_none(blank, message):
    with pytest.raises(NotAnswered, match=message):
        values.shape_of((8, blank), "predicted")


def test_dots_are_spoken_of_where_there_are_dots():
    with pytest.raises(NotAnswered, match="put your answer in place of the dots, so that b has"):
        values.answered(a=1, b=..., c=None)
    with pytest.raises(NotAnswered, match="b is None: it has no value yet") as caught:
        values.answered(a=1, b=None, c=...)
    assert "dots" not in caught.value.message


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), torch.tensor(3), np.array([3])])
def test_numbers(value):
    assert values.whole_number(value, "n") == 3
    assert values.real_number(value, "n") == 3.0


@pytest.mark.parametrize(
    "value", ["3", True, torch.rand(2), np.zeros(2), [3], Liar(), nn.ReLU(), 3j]
)
def test_no_numbers(value):
    for read in (values.whole_number, values.real_number):
        with pytest.raises(Incorrect, match=r"n is .*was expected"):
            read(value, "n")


def test_a_number_in_quotes_or_with_a_comma():
    for read in (values.whole_number, values.real_number):
        with pytest.raises(Incorrect, match="Leave out the quotes"):
            read("3", "n")
        with pytest.raises(Incorrect, match="Take away the comma"):
            read((3,), "n")


@pytest.mark.parametrize("value", [3.5, float("nan"), float("inf")])
def test_no_whole_numbers(value):
    with pytest.raises(Incorrect, match="a whole number was expected"):
        values.whole_number(value, "n")


def test_close():
    a = torch.tensor([1.0, 1000.0])
    assert values.close(a, a.double() + 0.05)
    assert not values.close(a, a + 0.2)
    assert not values.close(a, a[:1])
    assert not values.close(a * float("nan"), a)
    assert values.close(torch.zeros(3), torch.full((3,), 5e-5))
    assert values.close(nn.Parameter(a), a)
