"""Is what the checks are made of still what it was before an answer ran?

A picture is taken of the names in the modules and classes that checks work with, and of the code of
their functions; after the answer has run, it is compared. An answer that came past the rules, and
put something else in place of ``torch.equal``, of ``nn.Module.__call__`` or of a part of the checks
themselves, shows here. It does not see what is hidden in values, such as the contents of a list.
"""

import builtins
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType

import torch

from helpers.checks.full_cnn import loop_recorder

# Modules of libraries: their functions and classes. Those of the course are compared name by name.
LIBRARIES = (
    "contextlib", "inspect", "IPython.display", "itertools", "math", "matplotlib.axes._axes",
    "matplotlib.axes._base", "matplotlib.axis", "matplotlib.collections", "matplotlib.colors",
    "matplotlib.figure", "matplotlib.image", "matplotlib.lines", "matplotlib.text", "numpy",
    "torch", "torch._C._nn", "torch.autograd", "torch.functional", "torch.nn",
    "torch.nn.functional", "torch.nn.init", "torch.nn.modules.module", "torch.optim",
    "torch.overrides", "torch.utils.data",
)  # fmt: skip


@dataclass
class Picture:
    """What names stood for, by place, and what the functions among them were made of."""

    names: dict[str, tuple[Mapping, dict, frozenset]] = field(default_factory=dict)
    codes: list[tuple[str, FunctionType, CodeType, tuple | None]] = field(default_factory=list)

    def add(self, where: str, space: Mapping, everything: bool) -> None:
        """Note the names in ``space``; of a library only what can be called."""
        kept = {}
        for name, value in list(space.items()):
            if everything or callable(value) or isinstance(value, _HOLD_FUNCTIONS):
                kept[name] = value
                self._add_code(f"{where}.{name}", value)
        self.names[where] = space, kept, frozenset(space)

    def _add_code(self, where: str, value) -> None:
        if isinstance(value, property):
            value = value.fget
        value = getattr(value, "__func__", value)
        for function in (value, getattr(value, "__wrapped__", None)):
            if isinstance(function, FunctionType):
                self.codes.append((where, function, function.__code__, function.__defaults__))


_HOLD_FUNCTIONS = (property, classmethod, staticmethod)


def picture() -> Picture:
    """What every name stands for now."""
    taken = Picture()
    taken.add("builtins", vars(builtins), True)
    taken.add("torch.TensorBase", vars(torch._C.TensorBase), False)
    for module in _modules():
        taken.add(module.__name__, vars(module), module.__name__.split(".")[0] in _OURS)
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__.split(".")[0] in _COMPARED:
                where = f"{value.__module__}.{value.__qualname__}"
                taken.add(where, vars(value), False)
    return taken


def warm_up() -> None:
    """Let the libraries put in place what they do on first use, before a picture is taken."""
    layer = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3), torch.nn.Dropout())
    for make in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
        optimizer = make(layer.parameters(), lr=1e-3)
        optimizer.zero_grad()
        layer(torch.rand(1, 1, 5, 5)).sum().backward()
        optimizer.step()
    loop_recorder.bench()
    torch.manual_seed(0)


def changes(before: Picture) -> list[str]:
    """The names that stand for something else than in ``before``, or are new where it matters."""
    found = set()
    for where, (space, kept, known) in before.names.items():
        found |= {f"{where}.{n}" for n, value in kept.items() if space.get(n, kept) is not value}
        if len(space) != len(known):
            ours = where.startswith("helpers.checks")
            new = space.keys() - known
            found |= {f"{where}.{n}" for n in new if ours or (n in _TELLING and callable(space[n]))}
    for where, function, code, defaults in before.codes:
        if function.__code__ is not code or function.__defaults__ is not defaults:
            found.add(where)
    return sorted(name for name in found if name.rsplit(".", 1)[1] not in _UNIMPORTANT)


# Names that Python or a library itself fills in later.
_UNIMPORTANT = {"__warningregistry__", "__annotations__", "_abc_impl", "_", "__abstractmethods__"}
# Names that decide on comparing and calling: no class or module may get them afterwards.
_TELLING = {
    "__bool__", "__call__", "__eq__", "__float__", "__getattribute__", "__int__", "__ne__",
    "__setattr__", "allclose", "forward", "item", "tolist",
} | {name for name, value in vars(builtins).items() if callable(value)}  # fmt: skip

_OURS = {"helpers", "grading"}
_COMPARED = {"torch", "helpers", "matplotlib", "IPython"}


def _modules() -> list[ModuleType]:
    named = [sys.modules[name] for name in LIBRARIES if name in sys.modules]
    ours = [m for name, m in list(sys.modules.items()) if name.split(".")[0] in _OURS]
    return [*named, *ours]
