"""How a check reads an answer, whatever it is."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.checks.core import calling, describing, values
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from tests.checks.tables import Liar


def test_attempt_returns_what_the_function_returns(capsys):
    def noisy(a, b=0):
        print("working")
        return a + b

    assert calling.attempt(noisy, 1, b=2) == 3
    assert capsys.readouterr().out == ""


def raising(error):
    def student(*_):
        raise error

    return student


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        (raising(KeyError("x")), Incorrect, "student raised KeyError on a 5×5 image: 'x'."),
        (
            raising(ValueError("no.\nmore")),
            Incorrect,
            "student raised ValueError on a 5×5 image: no.",
        ),
        (
            raising(RuntimeError()),
            Incorrect,
            "student raised RuntimeError on a 5×5 image: without a message.",
        ),
        (lambda x: ... + x, NotAnswered, "there are still dots (...) in <lambda> to fill in."),
        (lambda x: torch.relu(...), NotAnswered, "there are still dots (...) in <lambda>"),
        (lambda x: None, NotAnswered, "<lambda> returns nothing yet on a 5×5 image."),
        (lambda x: ..., NotAnswered, "<lambda> returns nothing yet on a 5×5 image."),
        (lambda x: print(x), Incorrect, "<lambda> prints something on a 5×5 image, but returns"),
        (..., NotAnswered, "in place of the dots"),
        (5, Incorrect, "a function was expected here, and this is 5 (of type int)."),
    ],
)
def test_attempt_that_fails(function, kind, message):
    with pytest.raises(kind) as caught:
        calling.attempt(function, 1, on="a 5×5 image")
    assert type(caught.value) is kind
    assert message in caught.value.message


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


def test_shape_of_dots():
    with pytest.raises(NotAnswered):
        values.shape_of((8, ...), "predicted")


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


def test_the_end_of_the_program_is_no_answer():
    with pytest.raises(Incorrect, match=r"leave ends the program on x\. Leave out exit\(\)"):
        calling.attempt(leave, on="x")


def leave():
    raise SystemExit


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
