"""The promise of every check that it leaves no trace."""

import random
from collections.abc import Callable
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy


@contextmanager
def no_trace(*values):
    """Put back what a check may have moved: random states, modes, parameters, gradients, settings.

    ``values`` are the arguments of the check; the networks and tensors among them, and in lists
    and dictionaries among them, are restored: their parts, hooks, values and gradients.
    """
    found = [v for value in values for v in _held(value)]
    modules = [m for v in found if isinstance(v, nn.Module) for m in v.modules()]
    tensors = [v for v in found if isinstance(v, torch.Tensor)]
    tensors += [t for m in modules for t in [*m.parameters(False), *m.buffers(False)]]
    restore = [_remember_settings(), *map(_remember_module, modules)]
    restore += [_remember_tensor(t) for t in tensors if not is_lazy(t)]
    try:
        yield
    finally:
        for put_back in restore:
            put_back()


def _held(value, depth: int = 2) -> list:
    """The networks and tensors in ``value``, also inside lists and dictionaries."""
    if isinstance(value, (nn.Module, torch.Tensor)):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list, tuple)) or depth == 0:
        return []
    return [held for item in items for held in _held(item, depth - 1)]


def _remember_settings() -> Callable[[], None]:
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    grad_enabled = torch.is_grad_enabled()

    def put_back() -> None:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        if mps is not None:
            torch.mps.set_rng_state(mps)
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad_enabled)

    return put_back


def _remember_module(module: nn.Module) -> Callable[[], None]:
    """The module's mode, and which parameters, buffers, parts and hooks it has."""
    mode = module.training
    tables = [
        (table, dict(table))
        for key, table in vars(module).items()
        if isinstance(table, dict)
        and (key in ("_parameters", "_buffers", "_modules") or key.endswith("_hooks"))
    ]

    def put_back() -> None:
        module.training = mode
        for table, content in tables:
            table.clear()
            table.update(content)

    return put_back


def _remember_tensor(tensor: torch.Tensor) -> Callable[[], None]:
    with torch.no_grad():
        data, value = tensor.data, tensor.clone()
    requires = tensor.requires_grad
    gradient = tensor.grad if tensor.is_leaf else None
    gradient_value = None if gradient is None else gradient.clone()

    def put_back() -> None:
        with torch.no_grad():
            if (tensor.dtype, tensor.device, tensor.shape) != (data.dtype, data.device, data.shape):
                tensor.data = data
            if not torch.equal(tensor, value):
                tensor.copy_(value)
            if not tensor.is_leaf:
                return
            if tensor.requires_grad != requires:
                tensor.requires_grad_(requires)
            if gradient is not None or tensor.grad is not None:
                tensor.grad = gradient
            if gradient is not None:
                gradient.copy_(gradient_value)

    return put_back
