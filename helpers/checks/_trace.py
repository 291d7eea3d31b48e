"""The promise of every check that it leaves no trace."""

import random
from collections.abc import Callable
from contextlib import ExitStack, contextmanager

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
    with ExitStack() as stack:  # each is put back, even if another cannot be
        stack.callback(_remember_settings())
        for module in modules:
            stack.callback(_remember_module(module))
        for tensor in tensors:
            if not is_lazy(tensor):
                stack.callback(_remember_tensor(tensor))
        yield


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
        (key, table, dict(table))
        for key, table in vars(module).items()
        if isinstance(table, dict)
        and (key in ("_parameters", "_buffers", "_modules") or key.endswith("_hooks"))
    ]

    def put_back() -> None:
        module.training = mode
        for key, table, content in tables:
            table.clear()
            table.update(content)
            vars(module)[key] = table

    return put_back


def _remember_tensor(tensor: torch.Tensor) -> Callable[[], None]:
    """The tensor's values; of a leaf also its gradient, and whether it wants one."""
    put_back_values = _remember_values(tensor)
    if not tensor.is_leaf:
        return put_back_values
    requires, gradient = tensor.requires_grad, tensor.grad
    put_back_gradient = None if gradient is None else _remember_values(gradient)

    def put_back() -> None:
        put_back_values()
        if tensor.requires_grad != requires:
            tensor.requires_grad_(requires)
        if put_back_gradient is not None:
            put_back_gradient()
        if tensor.grad is not gradient:
            tensor.grad = gradient

    return put_back


def _remember_values(tensor: torch.Tensor) -> Callable[[], None]:
    data, value = tensor.detach(), tensor.detach().clone()

    def put_back() -> None:
        with torch.no_grad():
            if (tensor.dtype, tensor.device, tensor.shape) != (data.dtype, data.device, data.shape):
                tensor.data = data
            if not torch.equal(tensor, value):
                tensor.copy_(value)

    return put_back
