"""The promise of every check that it leaves no trace."""

import os
import random
import sys
import warnings
from collections.abc import Callable
from contextlib import ExitStack, contextmanager

import matplotlib
import matplotlib.pyplot as plt
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
        stack.enter_context(warnings.catch_warnings())
        stack.callback(_remember_settings())
        for module in modules:
            stack.callback(_remember_module(module))
        for tensor in tensors:
            if not is_lazy(tensor) and not tensor.is_meta:
                stack.callback(_remember_tensor(tensor))
        yield


def tensors_in(value) -> list[torch.Tensor]:
    """``value`` if it is a tensor, and the tensors in it if it is a list or a dictionary."""
    return [held for held in _held(value) if isinstance(held, torch.Tensor)]


def _held(value, depth: int = 2) -> list:
    """The networks and tensors in ``value``, also inside lists and dictionaries."""
    if isinstance(value, (nn.Module, torch.Tensor)):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list, tuple)) or depth == 0:
        return []
    return [held for item in items for held in _held(item, depth - 1)]


def _set_environment(kept: dict[str, str]) -> None:
    for name in os.environ.keys() - kept.keys():
        del os.environ[name]
    os.environ.update(kept)


# How to read each setting that a student's code might change for the whole kernel, and to set it.
_SETTINGS: tuple[tuple[Callable, Callable], ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (np.geterr, lambda kept: np.seterr(**kept)),
    (np.get_printoptions, lambda kept: np.set_printoptions(**kept)),
    (lambda: dict(matplotlib.rcParams), matplotlib.rcParams.update),
    (lambda: dict(os.environ), _set_environment),
    (os.getcwd, os.chdir),
    (lambda: list(sys.path), lambda kept: sys.path.__setitem__(slice(None), kept)),
)


def _remember_settings() -> Callable[[], None]:
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    device, figures = torch.get_default_device(), set(plt.get_fignums())
    settings = [(read, write, read()) for read, write in _SETTINGS]

    def put_back() -> None:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        if mps is not None:
            torch.mps.set_rng_state(mps)
        if device.type == "cpu":
            torch.set_default_device(None)  # a default that was set, even "cpu", slows every call
        elif torch.get_default_device() != device:
            torch.set_default_device(device)
        for read, write, kept in settings:
            if read() != kept:
                write(kept)
        for number in set(plt.get_fignums()) - figures:
            plt.close(number)

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
