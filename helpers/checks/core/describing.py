"""Words for what was found: values, shapes, errors, lists, the same words on every run."""

import inspect
import reprlib

import numpy as np
import torch
from torch import nn


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
        text = " ".join(short(value).split())
    except Exception:
        text = "a value that cannot be printed"
    # Python's own words for an object hold its place in memory, which tells nobody anything.
    if " at 0x" in text:
        return f"an object of type {kind}"
    return f"{_shortened(text)} (of type {kind})"


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def first_line(error: Exception) -> str:
    """What an exception says, as the end of a sentence."""
    text = str(error).strip()
    return text.splitlines()[0][:200].rstrip(" .:") if text else "without a message"


def show_shape(shape) -> str:
    """A shape as the notebooks print it: ``[1, 28, 28]``."""
    return "[" + ", ".join(str(int(n)) for n in shape) + "]"


def show_size(lengths) -> str:
    """``(5, 5)`` as ``5×5``."""
    return "×".join(str(int(n)) for n in lengths)


def listed(things) -> str:
    """``a, b and c``."""
    *most, last = map(str, things)
    return f"{', '.join(most)} and {last}" if most else last


def counted(number: int, thing: str) -> str:
    """``1 channel``, ``3 channels``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def sentence(text: str) -> str:
    """``text`` with a capital letter, as after a full stop."""
    return text[:1].upper() + text[1:]
