"""The words in which a check reads an answer: is it there, what is it, is it close enough."""

import inspect
import itertools
import reprlib
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks.core.limits import TimeUp, quiet
from helpers.checks.core.outcomes import CheckError, Incorrect, NotAnswered


def is_blank(value) -> bool:
    """Whether ``value`` is what a blank leaves behind: ``...`` or ``None``."""
    return value is None or value is Ellipsis


def answered(**answers) -> None:
    """Raise ``NotAnswered`` for the first of the named values that is still blank."""
    for name, value in answers.items():
        if is_blank(value):
            raise NotAnswered(f"put your answer in place of the dots, so that {name} has a value.")


LARGEST = 100_000_000  # numbers in a tensor: no answer of this course has so many


def refuse_odd_tensor(value, name: str) -> None:
    """Raise for a tensor that cannot be looked into, or not within reason."""
    if not isinstance(value, torch.Tensor) or is_lazy(value):
        return
    if value.is_meta:
        raise Incorrect(
            f"{name} is on the device meta, where a tensor has a shape but no numbers. Make it on "
            "the device of the notebook."
        )
    if value.layout is not torch.strided:
        raise Incorrect(f"{name} is a sparse tensor; .to_dense() makes an ordinary one of it.")
    if value.numel() > LARGEST:
        raise Incorrect(
            f"{name} is a tensor of shape {show_shape(value.shape)}, of more numbers than any "
            "answer in this course has. Look again at what goes into it."
        )


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
    try:
        with quiet() as printed:
            value = function(*args, **kwargs)
    except CheckError:
        raise
    except TimeUp as error:
        raise Incorrect(
            f"{name} {error}{where}. Is there a loop whose condition stays true?"
        ) from None
    except (Exception, SystemExit) as error:
        if "ellipsis" in str(error).lower():
            raise NotAnswered(f"there are still dots (...) in {name} to fill in.") from None
        if isinstance(error, SystemExit):
            raise Incorrect(f"{name} ends the program{where}. Leave out exit().") from None
        raise Incorrect(
            f"{name} raised {type(error).__name__}{where}: {first_line(error)}."
        ) from None
    refuse_odd_tensor(value, f"what {name} returns{where}")
    if value is None and printed.any_text:
        raise Incorrect(f"{name} prints something{where}, but returns nothing. End it with return.")
    if is_blank(value):
        raise NotAnswered(
            f"{name} returns nothing yet{where}. Fill in the dots and return a value."
        )
    return value


MOST_ENTRIES = 16  # of a shape


def shape_of(value, name: str) -> tuple[int, ...]:
    """``value`` as a tuple of whole numbers, whatever way of writing a shape was chosen."""
    if isinstance(value, torch.Tensor) and value.dim() > 1:
        raise Incorrect(
            f"{name} is a tensor of shape {show_shape(value.shape)}; asked for is the shape "
            "itself, such as (1, 28, 28)."
        )
    try:
        items = value.tolist() if isinstance(value, (torch.Tensor, np.ndarray)) else value
        items = list(itertools.islice(items, MOST_ENTRIES))  # it may be a generator without end
        if any(is_blank(n) for n in items):
            raise NotAnswered(f"there are still dots (...) in {name} to fill in.")
        if any(isinstance(n, bool) or int(n) != n for n in items):
            raise ValueError
        return tuple(int(n) for n in items)
    except CheckError:
        raise
    except Exception:
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
    except Exception:
        raise Incorrect(
            f"{name} is {describe(value)}; {_advice(value, 'a whole number')}."
        ) from None


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
    except Exception:
        raise Incorrect(f"{name} is {describe(value)}; {_advice(value, 'a number')}.") from None


def _advice(value, wanted: str) -> str:
    if isinstance(value, tuple) and len(value) == 1:
        return f"{wanted} was expected. Take away the comma at the end of the line"
    if isinstance(value, str):
        return f"{wanted} was expected. Leave out the quotes"
    return f"{wanted} was expected"


def close(value: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-4) -> bool:
    """Whether both have the same shape and values, wherever they are and of whatever type.

    ``tolerance`` counts in units of the largest expected value, or of 1 if that is larger.
    """
    if value.shape != expected.shape:
        return False
    a, b = (t.detach().cpu().double() for t in (value, expected))  # Apple's mps knows no float64
    return bool(((a - b).abs() <= tolerance * b.abs().amax().clamp(min=1.0)).all())


def show_shape(shape) -> str:
    """A shape as the notebooks print it: ``[1, 28, 28]``."""
    return "[" + ", ".join(str(int(n)) for n in shape) + "]"


def describe(value) -> str:
    """What ``value`` is, in a few words for a student; the same words on every run."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        kind = "a tensor" if isinstance(value, torch.Tensor) else "an array"
        if value.ndim == 0 and not getattr(value, "is_meta", False):
            return f"{kind} with the one number {value.item()}"
        return f"{kind} of shape {show_shape(value.shape)}"
    if isinstance(value, nn.Module):
        return f"a layer or network of type {type(value).__name__}"
    if isinstance(value, torch.optim.Optimizer):
        return f"an optimizer of type {type(value).__name__}"
    if isinstance(value, type):
        return f"the class {value.__name__} itself, not an instance of it"
    if inspect.isroutine(value):
        return f"the function {value.__name__} itself, not what it returns"
    if inspect.ismodule(value):
        return f"the module {value.__name__}"
    if isinstance(value, str):
        return f"the text {_shortened(repr(value[:100]))}"
    return _described_by_itself(value)


def _described_by_itself(value) -> str:
    kind = type(value).__name__
    if isinstance(value, (list, tuple)) and value:
        for part, parts in ((torch.Tensor, "tensors"), (nn.Module, "layers or networks")):
            if all(isinstance(item, part) for item in value):
                return f"a {kind} of {len(value)} {parts}"
    try:
        short = reprlib.repr if isinstance(value, (list, tuple, dict, set)) else repr
        text = _shortened(" ".join(short(value).split()))
    except Exception:
        text = "a value that cannot be printed"
    # Python's own words for an object hold its place in memory, which tells nobody anything.
    return f"an object of type {kind}" if " at 0x" in text else f"{text} (of type {kind})"


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def first_line(error: Exception) -> str:
    """What an exception says, as the end of a sentence."""
    text = str(error).strip()
    return text.splitlines()[0][:200].rstrip(" .:") if text else "without a message"
