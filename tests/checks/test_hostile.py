"""Whatever a student hands over, a check ends in time, with a sentence, and leaves no trace."""

import contextlib
import inspect
import itertools
import os
import random
import sys
import time
import warnings
from collections.abc import Callable

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from IPython.display import display
from torch import nn

from helpers import checks
from helpers.checks.core import limits
from helpers.checks.core.outcomes import CheckError, Incorrect
from tests.checks.answers import right_answers
from tests.checks.tables import Liar, assert_no_trace, assert_passes

RIGHT = right_answers()


class Mute:
    """Raises whenever it is looked at."""

    def __repr__(self):
        raise RuntimeError("no words")

    def __len__(self):
        raise RuntimeError("no length")

    def __iter__(self):
        raise RuntimeError("no items")

    def __float__(self):
        raise RuntimeError("no number")

    __int__ = __index__ = __bool__ = __float__


class Chatty(nn.Module):
    """A network that prints a thousand lines and displays, whatever it is asked."""

    def forward(self, *_):
        for number in range(1000):
            print("line", number)
        print("and more", file=sys.stderr)
        display("shown")
        warnings.warn("warned", stacklevel=1)
        return None


class Failing(nn.Module):
    """A network whose forward raises."""

    def forward(self, *_):
        raise KeyError("conv3")


def change_everything(*_):
    """Moves every setting that a check promises to put back."""
    random.random(), np.random.rand(), torch.rand(1)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(3)
    torch.set_float32_matmul_precision("medium")
    torch.autograd.set_detect_anomaly(True)
    np.seterr(all="raise")
    np.set_printoptions(precision=2)
    matplotlib.rcParams["lines.linewidth"] = 7
    plt.figure()
    os.environ["CNN_COURSE_DATASET"] = "nowhere"
    os.chdir("/")
    sys.path.insert(0, "nowhere")
    warnings.simplefilter("error")
    print("a trace")
    torch.set_default_device("meta")


def leave(*_):
    """Ends the program, as a student may who knows sys.exit() from scripts."""
    sys.exit("bye")


nested: list = []
nested.append(nested)

HOSTILE: dict[str, Callable[[], object]] = {
    "liar": Liar,
    "mute": Mute,
    "text": lambda: "nn.Conv2d(1, 8, 5)",
    "bytes": lambda: b"\x00\xff",
    "nan": lambda: float("nan"),
    "huge number": lambda: 10**400,
    "complex number": lambda: 3j,
    "endless generator": lambda: (None for _ in itertools.count()),
    "list that holds itself": lambda: nested,
    "empty list": list,
    "empty tensor": lambda: torch.zeros(0),
    "tensor of nan": lambda: torch.full((8, 24, 24), torch.nan),
    "huge tensor": lambda: torch.zeros(1).expand(10**6, 10**6),
    "tensor without values": lambda: torch.zeros(8, 24, 24, device="meta"),
    "sparse tensor": lambda: torch.zeros(8, 24, 24).to_sparse(),
    "complex tensor": lambda: torch.zeros(8, 24, 24, dtype=torch.complex64),
    "truth values": lambda: torch.ones(8, 24, 24, dtype=torch.bool),
    "text array": lambda: np.array(["a", "b"]),
    "chatty network": Chatty,
    "failing network": Failing,
    "class": lambda: Failing,
    "module": lambda: torch,
    "function that raises": lambda: [].__getitem__,
    "function that ends the program": lambda: leave,
    "function that changes everything": lambda: change_everything,
}


class Endless(nn.Module):
    """A network whose forward never ends, and catches what is raised in it."""

    def forward(self, *_):
        while True:
            with contextlib.suppress(Exception):
                torch.zeros(3).sum()


def endless(*_, **__):
    """A loop whose condition stays true; every exception is caught."""
    number = 0
    while number < 1:
        with contextlib.suppress(BaseException):
            number = number * 2


def gives(make: Callable) -> Callable:
    """A function that gives out what ``make`` makes, whatever it is given."""
    return lambda *_, **__: make()


PLACES = [
    pytest.param(name, place, id=f"{name}-{place}")
    for name, make in RIGHT.items()
    for place in range(len(make()))
]
FUNCTIONS = [
    place for place in PLACES if inspect.isfunction(RIGHT[place.values[0]]()[place.values[1]])
]


def test_every_check_has_its_right_answer_here():
    assert sorted(RIGHT) == sorted(n for n, f in vars(checks).items() if hasattr(f, "task"))


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_passes_and_leaves_no_trace(name):
    assert_passes(getattr(checks, name), *RIGHT[name]())
    assert_no_trace(getattr(checks, name), *RIGHT[name]())


def expect_sentence(name, answers, capsys, what) -> Incorrect:
    """The check refuses the answers with a sentence, soon, and shows nothing else."""
    begin = time.process_time()
    with pytest.raises(CheckError) as caught:
        getattr(checks, name)(*answers)
    error = caught.value
    assert time.process_time() - begin < 2, what
    assert error.__cause__ is None, f"{what}: the check itself stumbles: {error.__cause__!r:.300}"
    assert error.message[-1] in ".?!)", f"{what}: {error.message}"
    assert len(error.message) < 600, f"{what}: {error.message}"
    assert "Traceback" not in error.message, what
    assert capsys.readouterr().out.strip() == str(error), f"{what} leaves printed text"
    return error


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_whatever_is_handed_over_gets_a_sentence(name, place, capsys):
    right = list(RIGHT[name]())
    for what, make in HOSTILE.items():
        expect_sentence(name, [*right[:place], make(), *right[place + 1 :]], capsys, what)


@pytest.mark.parametrize(("name", "place"), FUNCTIONS)
def test_whatever_a_function_returns_gets_a_sentence(name, place, capsys):
    right = list(RIGHT[name]())
    for what, make in HOSTILE.items():
        expect_sentence(name, [*right[:place], gives(make), *right[place + 1 :]], capsys, what)


@pytest.mark.parametrize(("name", "place"), FUNCTIONS)
def test_a_function_that_never_ends_is_stopped(name, place, capsys, monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.3)
    answers = list(RIGHT[name]())
    answers[place] = endless
    error = expect_sentence(name, answers, capsys, "endless")
    assert "does not come to an end" in error.message


@pytest.mark.parametrize("name", ["rgb_net", "dropout", "batch_norm", "small_net"])
def test_a_network_that_never_ends_is_stopped(name, capsys, monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.3)
    answers = list(RIGHT[name]())
    answers[0] = Endless() if name == "small_net" else Endless
    error = expect_sentence(name, answers, capsys, "endless")
    assert "does not come to an end" in error.message


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_no_answer_leaves_a_trace(name, place):
    for make in (Chatty, lambda: change_everything):
        answers = list(RIGHT[name]())
        answers[place] = make()
        assert_no_trace(getattr(checks, name), *answers)
