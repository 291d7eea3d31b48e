"""Dressed-up values become plain ones before they are judged.

A tensor, a number or a list of a class of its own may say of itself that it equals everything.
What is judged is what such a value holds, read by the methods of Python and torch themselves.
"""

import functools
from types import FunctionType

import numpy as np
import torch

_PLAIN = {bool, int, float, complex, str, bytes, type(None), torch.Tensor, torch.nn.Parameter}
_READ = (
    (int, lambda value: int.__add__(value, 0)),
    (float, lambda value: float.__add__(value, 0.0)),
    (str, lambda value: "".join(str.__iter__(value))),
    (np.ndarray, lambda value: np.ndarray.view(value, np.ndarray)),
)


def plain(value, depth: int = 4):
    """``value``, or what it holds if it is of a class of its own."""
    kind = type(value)
    if kind in _PLAIN or kind is np.ndarray or depth == 0:
        return value
    if issubclass(kind, torch.Tensor):
        return _plain_tensor(value)
    for base, read in _READ:
        if issubclass(kind, base) and kind.__module__ not in ("numpy", "torch"):
            return read(value)
    if issubclass(kind, dict):
        return _kept_if_plain(value, dict, dict.items(value), depth)
    if issubclass(kind, list):
        return _kept_if_plain(value, list, list.__iter__(value), depth)
    if issubclass(kind, tuple) and kind is not torch.Size:
        return _kept_if_plain(value, tuple, tuple.__iter__(value), depth)
    return value


def _kept_if_plain(value, kind: type, items, depth: int):
    items = list(items)
    made = [plain(item, depth - 1) for item in items]
    same = type(value) is kind and all(a is b for a, b in zip(items, made, strict=True))
    return value if same else kind(made)


def _plain_tensor(value: torch.Tensor):
    if isinstance(value, torch.nn.parameter.UninitializedTensorMixin):
        return value
    with torch._C.DisableTorchFunctionSubclass():
        return value.as_subclass(torch.Tensor)


def plain_results(function):
    """``function`` if it is one of Python's, with results made plain."""
    if type(function) is not FunctionType:
        return function

    @functools.wraps(function)
    def called(*args, **kwargs):
        return plain(function(*args, **kwargs))

    return called


def with_plain_outputs() -> None:
    """From now on networks give plain tensors out, whatever their ``forward`` returns."""
    torch.nn.modules.module.register_module_forward_hook(_plain_output)


def _plain_output(_module, _inputs, output):
    made = plain(output)
    return None if made is output else made
