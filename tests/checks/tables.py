"""Words for tests of checks: what passes, what is told what, what is blank, what is left behind.

    from tests.checks.tables import assert_blank, assert_incorrect, assert_no_trace, assert_passes

Each takes the check and then the answers that the notebook would hand to it.
"""

import contextlib
import io
import random
import time

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.overrides import _get_current_function_mode_stack

from helpers.checks import CheckError, Incorrect, NotAnswered

SECONDS = 2.0  # of processor time: the most that a check may take

# What the running test has tried: the task, "right", "wrong" or "blank", and what was said.
ANSWERS: list[tuple[str, str, str]] = []


def assert_passes(check, *args) -> str:
    """The answers are right: the check shows one line, which is returned, within ``SECONDS``."""
    begin = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        assert check(*args) is None
    assert time.process_time() - begin < SECONDS
    line = shown.getvalue().strip()
    assert line.startswith(f"✓ {check.task}  "), line
    assert len(line) > len(f"✓ {check.task}  ") + 5, "a fact worth knowing is missing"
    assert "\n" not in line
    ANSWERS.append((check.task, "right", line))
    return line


def assert_incorrect(check, fragment: str, *args) -> str:
    """The answers are wrong, and the message, which is returned, has ``fragment`` in it."""
    return _refused(check, Incorrect, fragment, args)


def assert_blank(check, *args) -> str:
    """The blank still stands somewhere: not answered, which is not the same as wrong."""
    return _refused(check, NotAnswered, "", args)


def assert_no_trace(check, *args) -> None:
    """The check, whatever it says, leaves the answers and all global states as they were."""
    before = _state(args)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(CheckError):
        check(*args)
    after = _state(args)
    changed = sorted(before.keys() ^ after.keys())
    changed += [name for name in before.keys() & after if not _same(before[name], after[name])]
    assert not changed, f"{check.__name__} changed {', '.join(changed)}"


class Liar:
    """Equal to everything, and never different from anything."""

    __hash__ = None

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


def _refused(check, kind, fragment, args) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as shown, pytest.raises(CheckError) as caught:
        check(*args)
    error = caught.value
    assert type(error) is kind, f"{kind.__name__} was expected, not: {error}"
    assert error.task == check.task
    assert error.__cause__ is None
    assert "Traceback" not in error.message
    assert error.message.rstrip()[-1] in ".?!)…", f"not a whole sentence: {error.message}"
    assert fragment in error.message, f"{fragment!r} is not in: {error.message}"
    assert shown.getvalue().strip() == str(error), "the message, and nothing else, is shown"
    ANSWERS.append((check.task, "wrong" if kind is Incorrect else "blank", error.message))
    return error.message


def _state(args) -> dict:
    """Everything that a check might move, by name; tensors are copied."""
    state = {
        "random": random.getstate(),
        "numpy.random": np.random.get_state(),
        "torch.random": torch.get_rng_state().clone(),
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "modes": _get_current_function_mode_stack(),  # a default device that was set is one
        "gradients on": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "open figures": plt.get_fignums(),
        "matplotlib settings": dict(matplotlib.rcParams),
    }
    for i, arg in enumerate(args):
        if isinstance(arg, nn.Module):
            for name, module in arg.named_modules():
                where = f"argument {i} {name}"
                state[f"{where} mode"] = module.training
                state[f"{where} hooks"] = [
                    len(hooks)
                    for key, hooks in sorted(vars(module).items())
                    if key.endswith("_hooks")
                ]
            for name, tensor in [*arg.named_parameters(), *arg.named_buffers()]:
                state |= _tensor_state(f"argument {i} {name}", tensor)
        elif isinstance(arg, torch.Tensor):
            state |= _tensor_state(f"argument {i}", arg)
        elif isinstance(arg, Figure):
            state[f"argument {i} axes"] = len(arg.axes)
            state[f"argument {i} size"] = tuple(arg.get_size_inches())
        elif isinstance(arg, (list, tuple, dict, int, float)):
            state[f"argument {i}"] = repr(arg)
    return state


def _tensor_state(name, tensor) -> dict:
    gradient = tensor.grad if tensor.is_leaf else None
    return {
        name: tensor.detach().clone(),
        f"{name} requires_grad": tensor.requires_grad,
        f"{name} gradient": None if gradient is None else gradient.clone(),
    }


def _same(a, b) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.shape == b.shape and a.dtype == b.dtype and bool(torch.equal(a, b))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return type(a) is type(b) and a == b
