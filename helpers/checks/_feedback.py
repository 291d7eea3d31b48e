"""What a check says, and the words in which it reads an answer.

A check is a plain function under ``@check("1.1")``. It returns a fact worth knowing when the
answer is right, and raises ``NotAnswered`` or ``Incorrect`` with a sentence when it is not.
"""

import functools
import html
import inspect
import io
from collections.abc import Callable
from contextlib import redirect_stdout

import numpy as np
import torch
from IPython.display import display
from torch import nn

from helpers.checks._trace import no_trace


class CheckError(Exception):
    """A sentence for the student, shown as a short block without a traceback."""

    sign, word = "✗", "not yet"

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message
        self.task = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.task}  {self.word}: {self.message}"

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return str(self).splitlines()


class NotAnswered(CheckError):
    """The blank of the task still stands."""

    sign, word = "○", "not answered yet"


class Incorrect(CheckError):
    """There is an answer, and it is not right: the message says why and what to try."""


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
    """Make a function that returns a fact, or raises ``CheckError``, the check of ``task``.

    Whatever else it raises is shown as ``Incorrect``, too, with the exception as its cause.
    """

    def decorate(function: Callable[..., str]) -> Callable[..., None]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args, **kwargs) -> None:
            try:
                signature.bind(*args, **kwargs)
            except TypeError:
                problem = Incorrect(
                    f"this check is called as checks.{function.__name__}"
                    f"({', '.join(signature.parameters)})."
                )
                problem.task = task
                raise problem from None
            try:
                with no_trace(*args, *kwargs.values()):
                    fact = function(*args, **kwargs)
            except CheckError as error:
                error.task = task
                raise error from None
            except Exception as error:
                problem = Incorrect(
                    f"the check could not work with this answer ({type(error).__name__}: "
                    f"{first_line(error)}). Compare its form with what the task asks for."
                )
                problem.task = task
                raise problem from error
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

    Raises ``NotAnswered`` if it returns a blank, or stumbles over one, and ``Incorrect`` if it
    raises, or prints its result in place of returning it. What it prints is not shown.
    """
    if is_blank(function):
        raise NotAnswered("put your answer in place of the dots.")
    if not callable(function):
        raise Incorrect(f"a function was expected here, and this is {describe(function)}.")
    where = f" on {on}" if on else ""
    name = getattr(function, "__name__", type(function).__name__)
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            value = function(*args, **kwargs)
    except CheckError:
        raise
    except Exception as error:
        if "ellipsis" in str(error).lower():
            raise NotAnswered(f"there are still dots (...) in {name} to fill in.") from None
        raise Incorrect(
            f"{name} raised {type(error).__name__}{where}: {first_line(error)}."
        ) from None
    if value is None and printed.getvalue().strip():
        raise Incorrect(f"{name} prints something{where}, but returns nothing. End it with return.")
    if is_blank(value):
        raise NotAnswered(
            f"{name} returns nothing yet{where}. Fill in the dots and return a value."
        )
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
        if any(is_blank(n) for n in items):
            raise NotAnswered(f"there are still dots (...) in {name} to fill in.")
        if any(isinstance(n, bool) or int(n) != n for n in items):
            raise ValueError
        return tuple(int(n) for n in items)
    except (TypeError, ValueError, AttributeError, OverflowError):
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


def real_number(value, name: str) -> float:
    """``value`` as a ``float``: from a number, or a tensor or array that holds just one."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        count = value.numel() if isinstance(value, torch.Tensor) else value.size
        if count != 1:
            raise Incorrect(f"{name} is {describe(value)}; one number was expected.")
    try:
        number = value.item() if isinstance(value, (torch.Tensor, np.ndarray)) else value
        if isinstance(number, (bool, str)):
            raise ValueError
        return float(number)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise Incorrect(f"{name} is {describe(value)}; a number was expected.") from None


def close(value: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-4) -> bool:
    """Whether both have the same shape and values, wherever they are and of whatever type.

    ``tolerance`` counts in units of the largest expected value, or of 1 if that is larger.
    """
    a, b = (t.detach().cpu().double() for t in (value, expected))  # Apple's mps knows no float64
    if a.shape != b.shape:
        return False
    return bool(((a - b).abs() <= tolerance * b.abs().amax().clamp(min=1.0)).all())


def show_shape(shape) -> str:
    """A shape as the notebooks print it: ``[1, 28, 28]``."""
    return "[" + ", ".join(str(int(n)) for n in shape) + "]"


def describe(value) -> str:
    """What ``value`` is, in a few words for a student."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        kind = "a tensor" if isinstance(value, torch.Tensor) else "an array"
        if value.ndim == 0:
            return f"{kind} with the one number {value.item()}"
        return f"{kind} of shape {show_shape(value.shape)}"
    if isinstance(value, nn.Module):
        return f"a layer or network of type {type(value).__name__}"
    if isinstance(value, type):
        return f"the class {value.__name__} itself, not an instance of it"
    if inspect.isroutine(value):
        return f"the function {value.__name__} itself, not what it returns"
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = "a value that cannot be printed"
    text = text if len(text) <= 60 else text[:57] + "..."
    return f"{text} (of type {type(value).__name__})"


def first_line(error: Exception) -> str:
    """What an exception says, as the end of a sentence."""
    text = str(error).strip()
    return text.splitlines()[0][:200].rstrip(" .:") if text else "without a message"
