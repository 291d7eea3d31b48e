"""What a check says, and the promise that it leaves no trace.

A check is a plain function under ``@check("1.1")``. It returns a fact worth knowing when the
answer is right, and raises ``NotAnswered`` or ``Incorrect`` with a sentence when it is not.
"""

import functools
import html
import random
from collections.abc import Callable
from contextlib import contextmanager

import numpy as np
import torch
from IPython.display import display
from torch import nn


class CheckError(Exception):
    """A sentence for the student, shown as a short block without a traceback."""

    sign, word = "✗", ""

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message
        self.task = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.task}  {self.word}: {self.message}".replace("  : ", "  ")

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return str(self).splitlines()


class NotAnswered(CheckError):
    """The blank of the task still stands."""

    sign, word = "○", "not answered yet"


class Incorrect(CheckError):
    """There is an answer, and it is not right: the message says why and what to try."""

    sign, word = "✗", "not yet"


class Passed:
    """The line under a right answer: as text, and in green where a browser shows it."""

    def __init__(self, task: str, fact: str):
        self.task, self.fact = task, fact

    def __repr__(self) -> str:
        return f"✓ {self.task}  {self.fact}"

    def _repr_html_(self) -> str:
        return (
            '<div style="border-left: 0.3em solid #2e7d32; padding: 0.2em 0.6em">'
            f'<span style="color: #2e7d32">✓</span> <b>{self.task}</b>&ensp;'
            f"{html.escape(self.fact)}</div>"
        )


def check(task: str) -> Callable:
    """Make a function that returns a fact, or raises ``CheckError``, the check of ``task``."""

    def decorate(function: Callable[..., str]) -> Callable[..., None]:
        @functools.wraps(function)
        def checked(*args, **kwargs) -> None:
            try:
                with no_trace(*args, *kwargs.values()):
                    fact = function(*args, **kwargs)
            except CheckError as error:
                error.task = task
                raise error from None
            display(Passed(task, fact))

        checked.task = task
        return checked

    return decorate


def is_blank(value) -> bool:
    """Whether ``value`` is what a blank leaves behind: ``...`` or ``None``."""
    return value is None or value is Ellipsis


def answered(**answers) -> None:
    """Raise ``NotAnswered`` for the first of the named values that is still blank."""
    for name, value in answers.items():
        if is_blank(value):
            raise NotAnswered(f"put your answer in place of the dots, so that {name} has a value.")


def attempt(function: Callable, *args, on: str = "", **kwargs):
    """The student's function called on an input that ``on`` describes ("a 5×5 image").

    Raises ``NotAnswered`` if it returns a blank, and ``Incorrect`` if it raises.
    """
    where = f" on {on}" if on else ""
    name = getattr(function, "__name__", type(function).__name__)
    try:
        value = function(*args, **kwargs)
    except CheckError:
        raise
    except Exception as error:
        raise Incorrect(
            f"{name} raised {type(error).__name__}{where}: {_first_line(error)}"
        ) from None
    if is_blank(value):
        raise NotAnswered(f"{name} returns nothing yet{where}. Fill in the dots and return a value.")
    return value


def shape_of(value, name: str) -> tuple[int, ...]:
    """``value`` as a tuple of whole numbers, whatever way of writing a shape was chosen."""
    if isinstance(value, torch.Tensor) and value.dim() > 1:
        raise Incorrect(
            f"{name} is a tensor of shape {show_shape(value.shape)}; asked for is the shape "
            "itself, such as (1, 28, 28)."
        )
    try:
        items = value.tolist() if isinstance(value, (torch.Tensor, np.ndarray)) else list(value)
        if any(isinstance(n, bool) or int(n) != n for n in items):
            raise ValueError
        return tuple(int(n) for n in items)
    except (TypeError, ValueError, AttributeError):
        raise Incorrect(
            f"{name} is {describe(value)}; a shape is a list of whole numbers, such as (1, 28, 28)."
        ) from None


def whole_number(value, name: str) -> int:
    """``value`` as an ``int``: from an int, a float without fraction, or a tensor of one number."""
    try:
        number = value.item() if isinstance(value, (torch.Tensor, np.ndarray)) else value
        if isinstance(number, (bool, str)) or int(number) != number:
            raise ValueError
        return int(number)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise Incorrect(f"{name} is {describe(value)}; a whole number was expected.") from None


def show_shape(shape) -> str:
    """A shape as the notebooks print it: ``[1, 28, 28]``."""
    return "[" + ", ".join(str(int(n)) for n in shape) + "]"


def describe(value) -> str:
    """What ``value`` is, in a few words for a student."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {show_shape(value.shape)}"
    if isinstance(value, nn.Module):
        return f"a layer or network of type {type(value).__name__}"
    if isinstance(value, type):
        return f"the class {value.__name__} itself, not an instance of it"
    try:
        text = repr(value)
    except Exception:
        text = "a value that cannot be printed"
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"{text} (of type {type(value).__name__})"


@contextmanager
def no_trace(*values):
    """Put back what a check may have moved: random states, modes, parameters, gradients, settings.

    ``values`` are the arguments of the check; the networks and tensors among them are restored.
    """
    modules = [m for value in values if isinstance(value, nn.Module) for m in value.modules()]
    tensors = [v for v in values if isinstance(v, torch.Tensor)]
    tensors += [t for m in modules for t in [*m.parameters(False), *m.buffers(False)]]
    with torch.no_grad():
        before = [(t, t.clone(), t.grad, t.requires_grad) for t in tensors]
    gradients = [None if t.grad is None else t.grad.clone() for t in tensors]
    modes = [(m, m.training) for m in modules]
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    dtype, grad_enabled = torch.get_default_dtype(), torch.is_grad_enabled()
    device = torch.get_default_device()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_default_device(None if device == torch.device("cpu") else device)
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad_enabled)
        for module, mode in modes:
            module.training = mode
        with torch.no_grad():
            for (tensor, value, grad, requires), gradient in zip(before, gradients, strict=True):
                if not torch.equal(tensor, value):
                    tensor.copy_(value)
                if tensor.is_leaf:
                    tensor.requires_grad_(requires)
                    tensor.grad = grad
                    if grad is not None:
                        grad.copy_(gradient)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else "without a message"
