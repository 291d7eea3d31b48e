"""Reading an answer: is it there, which value does it stand for, is it close enough."""

import itertools

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.outcomes import CheckError, Incorrect, NotAnswered

LARGEST = 100_000_000  # numbers in a tensor: no answer of this course has so many
MOST_ENTRIES = 16  # of a shape


def is_blank(value) -> bool:
    """Whether ``value`` is what a blank leaves behind: ``...`` or ``None``."""
    return value is None or value is Ellipsis


def answered(**answers) -> None:
    """Raise ``NotAnswered`` for the first of the named values that is still blank."""
    for name, value in answers.items():
        if value is Ellipsis:
            raise NotAnswered(f"put your answer in place of the dots, so that {name} has a value.")
        if value is None:
            raise NotAnswered(
                f"{name} is None: it has no value yet. Give it one; a function that makes it must "
                "end with return."
            )


def judge_tensor(value, name: str) -> None:
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
        answered(**{f"entry {place} of {name}": n for place, n in enumerate(items)})
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
        return f"{wanted} was expected. Take away the comma, which makes a tuple of it"
    if isinstance(value, str):
        return f"{wanted} was expected. Leave out the quotes, or what makes a text of it"
    return f"{wanted} was expected"


def read_tensor(value) -> torch.Tensor | None:
    """``value`` as a tensor on the CPU: a tensor, an array, numbers in lists, tensors in a list.

    ``None`` if it is none of these. The numbers are not converted: look at the shape first.
    """
    try:
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], torch.Tensor):
            value = torch.stack(list(value))
        return torch.as_tensor(value).detach().cpu()
    except Exception:
        return None


def close(found, expected, tolerance: float = 1e-4, floor: float = 1.0) -> bool:
    """Whether both have the same shape and values, wherever they are and of whatever type.

    Numbers, lists of them, arrays and tensors. ``tolerance`` counts in units of the largest
    expected value, or of ``floor`` if that is larger.
    """
    a, b = _on_cpu(found), _on_cpu(expected)
    if a.shape != b.shape:
        return False
    largest = b.abs().amax().clamp(min=floor) if b.numel() else floor
    return bool(((a - b).abs() <= tolerance * largest).all())


def are_probabilities(values: torch.Tensor, dim: int = -1, tolerance: float = 1e-4) -> bool:
    """Whether no value is below 0 and they add up to 1 along ``dim``, as after softmax."""
    sums = values.double().sum(dim)
    return bool((values >= 0).all()) and close(sums, torch.ones_like(sums), tolerance)


def _on_cpu(values) -> torch.Tensor:
    if not isinstance(values, torch.Tensor):
        return torch.from_numpy(np.array(values, dtype=np.float64))
    return values.detach().cpu().double()  # in this order: Apple's mps knows no float64
