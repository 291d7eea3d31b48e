"""Calling what a student wrote: errors, blanks and prints become sentences."""

import pytest
import torch
from torch import nn

from helpers.checks.core import calling
from helpers.checks.core.outcomes import Incorrect, NotAnswered


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
        (lambda x: ... + x, NotAnswered, "<lambda> comes upon dots (...) that wait to be"),
        (lambda x: torch.relu(...), NotAnswered, "<lambda> comes upon dots (...) that"),
        (lambda x: None, NotAnswered, "If it still holds dots (...), fill them in; if"),
        (lambda x: ..., NotAnswered, "<lambda> returns dots (...) on a 5×5 image."),
        (lambda x: print(x), Incorrect, "<lambda> prints something on a 5×5 image, but returns"),
        (..., NotAnswered, "in place of the dots"),
        (None, NotAnswered, "the function that is asked for is None"),
        (5, Incorrect, "a function was expected here, and this is 5 (of type int)."),
    ],
)
def test_attempt_that_fails(function, kind, message):
    with pytest.raises(kind) as caught:
        calling.attempt(function, 1, on="a 5×5 image")
    assert type(caught.value) is kind
    assert message in caught.value.message


def test_a_function_that_has_answered_before_and_now_does_not():
    for function, kind, message in (
        (lambda x: None, Incorrect, "<lambda> has answered once, but returns nothing on"),
        (lambda x: ..., NotAnswered, "<lambda> returns dots"),
        (lambda x: ... + x, NotAnswered, "<lambda> comes upon dots"),
    ):
        with pytest.raises(kind, match=message):
            calling.call_student(function, 1, on="a number", again=True)


def test_the_end_of_the_program_is_no_answer():
    with pytest.raises(Incorrect, match=r"leave ends the program on x\. Leave out exit\(\)"):
        calling.attempt(leave, on="x")


def leave():
    raise SystemExit


def test_call_gives_a_network_the_name_of_its_class():
    class Net(nn.Module):
        def forward(self, x):
            return x / 0 if isinstance(x, int) else None

    assert calling.call(Net(), torch.zeros(1)) is None
    with pytest.raises(Incorrect, match=r" Net raised ZeroDivisionError on a number: "):
        calling.call(Net(), 1, on="a number")
