"""What happened while the cells of an answer ran: was a network trained, and what came out of one.

Numbers that a task asks to measure are right only if something was measured. And what the helpers
already have of a task is no answer to it: within this task, it says so when it is called.
"""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from types import FunctionType

import torch
from torch.nn.modules.module import register_module_forward_hook
from torch.optim.optimizer import register_optimizer_step_post_hook

MOST = 500  # outputs that are kept
TYPED = (
    "these numbers did not come out of your network while your cells ran here. Compute them in the "
    "cell, do not type them in."
)
UNTRAINED = (
    "these numbers were not measured while your cells ran here: the networks took {found} steps of "
    "training, where {wanted} or more are expected. Let the cell train, do not type numbers in."
)


class Evidence:
    """Counts the steps of training, and keeps what networks give out."""

    def __init__(self):
        self.steps, self.rows, self._handles = 0, [], []

    def watch(self, outputs: bool) -> None:
        """Begin; ``outputs`` are looked at only where a task asks for them."""
        self._handles.append(register_optimizer_step_post_hook(self._step))
        if outputs:
            self._handles.append(register_module_forward_hook(self._output))

    def end(self) -> None:
        """Take all hooks away."""
        for handle in self._handles:
            handle.remove()

    def _step(self, *_args) -> None:
        self.steps += 1

    def _output(self, _module, _inputs, output) -> None:
        if isinstance(output, torch.Tensor) and output.ndim and len(self.rows) < MOST:
            self.rows.append(output.detach().cpu().reshape(-1, output.shape[-1]).clone())

    def missing(self, asked: dict, names: dict) -> str:
        """What ``asked`` wants and did not happen, as a sentence; empty if there is nothing."""
        if asked.get("epochs"):
            batches = len(names["train_dataloader"])
            wanted = asked["epochs"] * batches // 2
            if self.steps < wanted:
                return UNTRAINED.format(found=self.steps, wanted=wanted)
        values = [names.get(name) for name in asked.get("computed", ())]
        tensors = [value for value in values if isinstance(value, torch.Tensor) and value.ndim]
        return "" if all(self._came_out(value) for value in tensors) else TYPED

    def _came_out(self, value: torch.Tensor) -> bool:
        value = value.detach().cpu().reshape(-1, value.shape[-1])
        fitting = [rows for rows in self.rows if rows.shape[-1] == value.shape[-1]]
        if not fitting or not value.is_floating_point():
            return False
        rows = torch.cat([rows.to(value.dtype) for rows in fitting])
        near = (value[:, None] - rows[None]).abs().amax(dim=-1) < 1e-4 * (1 + value.abs().max())
        return bool(near.any(dim=1).all())


def refuse_own(paths: list[str], names: dict, refusal: Callable[[str], Exception]) -> None:
    """Let what the helpers have under ``paths`` raise ``refusal(sentence)`` when it is called.

    In the helpers themselves, but for the checks, and wherever ``names`` hold it.
    """
    for path in paths:
        module, name = path.rsplit(".", 1)
        own = getattr(importlib.import_module(module), name)
        stub = _stub(own, refusal(f"{name} of {module} is the answer itself: write it out here."))
        for key, loaded in list(sys.modules.items()):
            if key.split(".")[0] == "helpers" and not key.startswith("helpers.checks"):
                _replace(vars(loaded), own, stub)
        _replace(names, own, stub)
        for value in list(names.values()):
            if isinstance(value, type) and own in value.__mro__[1:]:
                value.__init__ = stub.__init__


def _replace(space: dict, own, stub) -> None:
    for name, value in list(space.items()):
        if value is own:
            space[name] = stub


def _stub(own, refusal: Exception):
    def refuse(*_args, **_kwargs):
        raise refusal

    if isinstance(own, type):
        return type(own.__name__, (own,), {"__init__": refuse, "__module__": own.__module__})
    made: FunctionType = functools.wraps(own)(refuse)
    made.__signature__ = inspect.signature(own)
    return made
