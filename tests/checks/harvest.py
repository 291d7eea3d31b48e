"""The right and wrong answers of all tasks, by kind: found in the tables of the tests."""

import contextlib
import inspect
from collections import defaultdict
from importlib import import_module
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import nn

from helpers import checks
from tests.checks.answers import right_answers

HERE = Path(__file__).parent


def kind_of(value) -> str:
    """What a value may be exchanged for: "network class", "function", "shape", "number", ..."""
    if isinstance(value, type):
        return "network class" if issubclass(value, nn.Module) else "class"
    if isinstance(value, (tuple, torch.Size)):
        return "shape"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    for kind in (nn.Module, torch.Tensor, Figure, dict, list):
        if isinstance(value, kind):
            return kind.__name__
    return "function" if callable(value) else type(value).__name__


def answers_by_kind() -> dict[str, dict[str, list]]:
    """For each kind the answers in the tables, by the check in whose table they stand."""
    found = defaultdict(lambda: defaultdict(list))
    for name, make in RIGHT.items():
        [path] = HERE.glob(f"*/test_{name}.py")
        values = _in_tables(import_module(f"tests.checks.{path.parent.name}.{path.stem}"))
        if name in WITH_FIGURES:
            values = [_made(value) for value in values[::4]]
        for value in [*make(), *values]:
            found[kind_of(value)][name].append(value)
    return found


def _in_tables(module) -> list:
    """The values in the tables of ``parametrize`` of a module, without the texts."""
    functions = [value for value in vars(module).values() if inspect.isfunction(value)]
    marks = [mark for function in functions for mark in getattr(function, "pytestmark", [])]
    rows = [row for mark in marks if mark.name == "parametrize" for row in mark.args[1]]
    values = [v for row in rows for v in _flat(getattr(row, "values", row))]
    return [v for v in values if not isinstance(v, str)]


def _flat(row) -> list:
    return list(row) if type(row) is tuple else [row]


def _made(value):
    """A figure in place of a function without arguments that makes one."""
    made = None
    if inspect.isfunction(value) and not inspect.signature(value).parameters:
        with contextlib.suppress(Exception, SystemExit):
            made = value()
    return made if isinstance(made, Figure) else value


RIGHT = right_answers()
CHECKS = {name: getattr(checks, name) for name in RIGHT}
WITH_FIGURES = ("side_by_side", "loss_plot", "kernel_pictures", "feature_maps")
