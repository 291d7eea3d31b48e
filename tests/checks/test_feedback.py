"""What every check promises: how it speaks, what it takes for a blank, and no trace."""

import inspect
import random

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from torch import nn

from helpers import checks
from helpers.checks import _feedback as feedback
from helpers.checks._feedback import Incorrect, NotAnswered
from helpers.checks._trace import no_trace
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes

EVERY = [getattr(checks, name) for name in checks.__all__ if name[0].islower()]


@feedback.check("9.9")
def small(number, function=None):
    """Right: 3."""
    feedback.answered(number=number)
    if number != 3:
        raise Incorrect("it is <3>.\nTry 3.")
    return "1 < 2 & so on"


@feedback.check("9.8")
def broken(answer):
    """Right: nothing; the check itself stumbles."""
    raise ZeroDivisionError("division by zero")


# ------------------------------------------------------------------------------ all checks


def test_every_task_has_its_check():
    assert sorted(check.task for check in EVERY) == [
        *(f"1.{n}" for n in range(1, 8)),
        *(f"2.{n}" for n in range(1, 5)),
        *(f"3.{n}" for n in range(1, 10)),
        *(f"4.{n}" for n in range(1, 7)),
        *(f"5.{n}" for n in range(1, 6)),
    ]
    assert checks.__all__ == sorted(checks.__all__)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_every_check_says_what_is_right(check):
    assert check.__doc__ and "Right: " in check.__doc__


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_every_check_takes_dots_and_none_for_blanks(check):
    count = len(inspect.signature(check).parameters)
    assert_blank(check, *[...] * count)
    assert_blank(check, *[None] * count)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_no_check_believes_a_liar(check):
    count = len(inspect.signature(check).parameters)
    with pytest.raises(Incorrect):
        check(*[Liar() for _ in range(count)])


# ------------------------------------------------------------------------- what is displayed


def test_right_answer_is_one_line(capsys):
    assert small(3) is None
    assert capsys.readouterr().out.strip() == "✓ 9.9  1 < 2 & so on"
    html = feedback.Passed("9.9", "1 < 2 & so on")._repr_html_()
    assert "1 &lt; 2 &amp; so on" in html
    assert "9.9" in html and "✓" in html


@pytest.fixture
def shell():
    """A real IPython; the singleton is taken down again for the other tests."""
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("cell", "kind", "shown"),
    [
        ("small(4)", Incorrect, "✗ 9.9  not yet: it is <3>.\nTry 3."),
        (
            "small(...)",
            NotAnswered,
            "○ 9.9  not answered yet: put your answer in place of the dots, so that number has a "
            "value.",
        ),
        (
            "broken(1)",
            Incorrect,
            "✗ 9.8  not yet: the check could not work with this answer (ZeroDivisionError: "
            "division by zero). Compare its form with what the task asks for.",
        ),
        ("small()", Incorrect, "✗ 9.9  not yet: this check is called as checks.small(number, "),
    ],
)
def test_wrong_answer_in_ipython_is_a_block_without_traceback(shell, capsys, cell, kind, shown):
    shell.user_ns.update(small=small, broken=broken)
    result = shell.run_cell(cell)
    assert isinstance(result.error_in_exec, kind)
    out = capsys.readouterr()
    assert out.out.strip().startswith(shown)
    assert "Traceback" not in out.out + out.err
    assert len(out.out.strip().splitlines()) <= 2


def test_right_answer_in_ipython(shell, capsys):
    shell.user_ns.update(small=small)
    result = shell.run_cell("small(3)")
    assert result.success and result.result is None
    assert capsys.readouterr().out.strip() == "✓ 9.9  1 < 2 & so on"


def test_the_cause_of_a_stumbling_check_is_kept():
    with pytest.raises(Incorrect) as caught:
        broken(1)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_check_shows_its_signature_and_docstring():
    assert list(inspect.signature(small).parameters) == ["number", "function"]
    assert small.__doc__ == "Right: 3." and small.task == "9.9"


def test_tables_tell_the_three_outcomes_apart():
    assert assert_passes(small, 3) == "✓ 9.9  1 < 2 & so on"
    assert assert_incorrect(small, "it is", 4)
    assert assert_blank(small, ...)
    for assertion, args in (
        (assert_incorrect, ("it is not", 4)),
        (assert_incorrect, ("", ...)),
        (assert_blank, (4,)),
    ):
        with pytest.raises(AssertionError):
            assertion(small, *args)
    with pytest.raises(pytest.fail.Exception):
        assert_incorrect(small, "", 3)
    with pytest.raises(Incorrect):
        assert_passes(small, 4)
    with pytest.raises(AssertionError):
        assert_incorrect(broken, "", 1)  # an error of the check is no message for the student


# --------------------------------------------------------------------- reading an answer


def test_attempt_returns_what_the_function_returns(capsys):
    def noisy(a, b=0):
        print("working")
        return a + b

    assert feedback.attempt(noisy, 1, b=2) == 3
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
        feedback.attempt(function, 1, on="a 5×5 image")
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
    shape = feedback.shape_of(value, "shape")
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
        feedback.shape_of(value, "predicted")


def test_shape_of_dots():
    with pytest.raises(NotAnswered):
        feedback.shape_of((8, ...), "predicted")


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), torch.tensor(3), np.array([3])])
def test_numbers(value):
    assert feedback.whole_number(value, "n") == 3
    assert feedback.real_number(value, "n") == 3.0


@pytest.mark.parametrize(
    "value", ["3", True, torch.rand(2), np.zeros(2), [3], Liar(), nn.ReLU(), 3j]
)
def test_no_numbers(value):
    for read in (feedback.whole_number, feedback.real_number):
        with pytest.raises(Incorrect, match=r"n is .*was expected"):
            read(value, "n")


@pytest.mark.parametrize("value", [3.5, float("nan"), float("inf")])
def test_no_whole_numbers(value):
    with pytest.raises(Incorrect, match="a whole number was expected"):
        feedback.whole_number(value, "n")


def test_close():
    a = torch.tensor([1.0, 1000.0])
    assert feedback.close(a, a.double() + 0.05)
    assert not feedback.close(a, a + 0.2)
    assert not feedback.close(a, a[:1])
    assert not feedback.close(a * float("nan"), a)
    assert feedback.close(torch.zeros(3), torch.full((3,), 5e-5))
    assert feedback.close(nn.Parameter(a), a)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (torch.zeros(2, 3), "a tensor of shape [2, 3]"),
        (torch.tensor(2), "a tensor with the one number 2"),
        (np.zeros((2, 3)), "an array of shape [2, 3]"),
        (nn.ReLU(), "a layer or network of type ReLU"),
        (nn.ReLU, "the class ReLU itself, not an instance of it"),
        (torch.zeros(2).size, "the function size itself, not what it returns"),
        ("a\nb", "'a\\nb' (of type str)"),
        ("x" * 99, "'" + "x" * 56 + "... (of type str)"),
    ],
)
def test_describe(value, words):
    assert feedback.describe(value) == words


def test_describe_what_cannot_be_printed():
    class Mute:
        def __repr__(self):
            raise RuntimeError

    assert feedback.describe(Mute()) == "a value that cannot be printed (of type Mute)"


# ------------------------------------------------------------------------------ no trace


def network():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout())
    model[2].eval()
    model(torch.rand(4, 1, 8, 8)).sum().backward()
    model[0].register_forward_hook(lambda *_: None)
    model[0].bias.requires_grad_(False)
    return model


def train_a_step(model):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.rand(4, 1, 8, 8)).sum().backward()
    optimizer.step()


DAMAGE = {
    "python's random numbers": lambda model: random.random(),
    "numpy's random numbers": lambda model: np.random.rand(),
    "torch's random numbers": lambda model: torch.rand(1),
    "seed": lambda model: torch.manual_seed(77),
    "default type": lambda model: torch.set_default_dtype(torch.float64),
    "default device": lambda model: torch.set_default_device("meta"),
    "gradients off": lambda model: torch.set_grad_enabled(False),
    "mode": lambda model: model.eval(),
    "training": train_a_step,
    "running means": lambda model: model(torch.rand(4, 1, 8, 8)),
    "gradients gone": lambda model: model.zero_grad(),
    "gradients scaled": lambda model: model[0].weight.grad.mul_(2),
    "frozen": lambda model: model.requires_grad_(False),
    "new hook": lambda model: model[1].register_forward_hook(lambda *_: None),
    "hook gone": lambda model: model[0]._forward_hooks.clear(),
    "weights of zero": lambda model: nn.init.zeros_(model[0].weight),
    "other type": lambda model: model.double(),
    "other weights": lambda model: setattr(
        model[0], "weight", nn.Parameter(torch.ones(2, 1, 3, 3))
    ),
    "other data": lambda model: setattr(model[0].weight, "data", torch.ones(1)),
    "layer gone": lambda model: model.pop(0),
    "layer more": lambda model: model.append(nn.ReLU()),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_no_trace(what):
    @feedback.check("9.7")
    def careless(model):
        """Right: anything."""
        DAMAGE[what](model)
        return "did something"

    model = network()
    names = [name for name, _ in model.named_parameters()]
    kept = dict(model.named_parameters())
    try:
        assert_no_trace(careless, model)
    finally:
        for put_back in (
            lambda: torch.set_default_dtype(torch.float32),
            lambda: torch.set_default_device(None),
            lambda: torch.set_grad_enabled(True),
        ):
            put_back()
    assert [name for name, _ in model.named_parameters()] == names
    assert all(kept[name] is parameter for name, parameter in model.named_parameters())


@pytest.mark.parametrize("what", DAMAGE)
def test_assert_no_trace_notices(what):
    def careless(model):
        DAMAGE[what](model)

    try:
        with pytest.raises(AssertionError):
            assert_no_trace(careless, network())
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)


def test_no_trace_after_an_exception():
    model = network()
    weight = model[0].weight.detach().clone()
    with pytest.raises(ValueError), no_trace(model):
        train_a_step(model)
        raise ValueError
    assert torch.equal(model[0].weight, weight)
    assert not model[2].training and model[0].training


def test_no_trace_in_lists_and_dictionaries():
    tensor, other = torch.ones(3), torch.ones(3)
    with no_trace([tensor, 1], {"other": (other,)}):
        tensor.zero_()
        other.zero_()
    assert tensor.sum() == other.sum() == 3


def test_no_trace_reads_results_without_a_warning(recwarn):
    weight = torch.ones(2, requires_grad=True)
    result = weight * 2
    with no_trace(result, nn.LazyLinear(3)):
        pass
    assert result.requires_grad and not recwarn.list


def test_hook_can_still_be_removed_afterwards():
    layer = nn.ReLU()
    handle = layer.register_forward_hook(lambda *_: None)
    with no_trace(layer):
        layer.register_forward_hook(lambda *_: None)
    assert len(layer._forward_hooks) == 1
    handle.remove()
    assert not layer._forward_hooks
