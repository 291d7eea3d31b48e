"""Is what the checks are made of still what it was before an answer ran?

A picture is taken of the names in the modules and classes that checks work with, and of the code of
their functions; after the answer has run, it is compared. An answer that came past the rules, and
put something else in place of ``torch.equal``, of ``nn.Module.__call__`` or of a part of the checks
themselves, shows here. It does not see what is hidden in values, such as the contents of a list.
"""

import builtins
import importlib
import sys
from types import FunctionType, ModuleType

import torch

from helpers.checks import _bench

# Modules of libraries: their functions and classes. Those of the course are compared name by name.
LIBRARIES = (
    "contextlib", "inspect", "IPython.display", "itertools", "math", "matplotlib.axes._axes",
    "matplotlib.axes._base", "matplotlib.axis", "matplotlib.collections", "matplotlib.colors",
    "matplotlib.figure", "matplotlib.image", "matplotlib.lines", "matplotlib.text", "numpy",
    "torch", "torch._C._nn", "torch.autograd", "torch.functional", "torch.nn",
    "torch.nn.functional", "torch.nn.init", "torch.nn.modules.module", "torch.optim",
    "torch.overrides", "torch.utils.data",
)  # fmt: skip

Picture = dict[tuple[str, str], tuple]


def picture() -> Picture:
    """What every name stands for now. The objects are kept, so that no number is used twice."""
    taken: Picture = {}
    for module in _modules():
        own = module.__name__.startswith("helpers")
        for name, value in list(vars(module).items()):
            if own or callable(value):
                taken[module.__name__, name] = _what_it_is(value)
            if isinstance(value, type) and _ours(value):
                where = f"{value.__module__}.{value.__qualname__}"
                for attribute, part in list(vars(value).items()):
                    if callable(part) or isinstance(part, (property, classmethod, staticmethod)):
                        taken[where, attribute] = _what_it_is(part)
    for name, value in vars(builtins).items():
        taken["builtins", name] = _what_it_is(value)
    for attribute, part in vars(torch._C.TensorBase).items():
        taken["torch.TensorBase", attribute] = _what_it_is(part)
    return taken


def warm_up() -> None:
    """Let the libraries put in place what they do on first use, before a picture is taken."""
    layer = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3), torch.nn.Dropout())
    for make in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
        optimizer = make(layer.parameters(), lr=1e-3)
        optimizer.zero_grad()
        layer(torch.rand(1, 1, 5, 5)).sum().backward()
        optimizer.step()
    _bench.bench()
    torch.manual_seed(0)


def changes(before: Picture) -> list[str]:
    """The names that stand for something else than in ``before``, or are new where it matters."""
    after = picture()
    changed = [key for key, value in before.items() if not _same(value, after.get(key))]
    hidden = set(vars(builtins))
    added = [
        (where, name)
        for where, name in after.keys() - before.keys()
        if name not in _UNIMPORTANT
        and (where.startswith("helpers.checks") or name in hidden or name in _SPECIAL)
    ]
    return sorted(".".join(key) for key in [*changed, *added] if key[1] not in _UNIMPORTANT)


# Names that Python or a library itself fills in later.
_UNIMPORTANT = {"__warningregistry__", "__annotations__", "_abc_impl", "_", "__abstractmethods__"}
# Methods that a class may get although it had none: what decides on comparing and calling.
_SPECIAL = {
    "__bool__", "__call__", "__eq__", "__float__", "__getattribute__", "__int__", "__ne__",
    "__setattr__", "allclose", "forward", "item", "tolist",
}  # fmt: skip


def _modules() -> list[ModuleType]:
    named = [importlib.import_module(name) for name in LIBRARIES if name in sys.modules]
    ours = [m for name, m in list(sys.modules.items()) if name.split(".")[0] == "helpers"]
    return [*named, *ours, sys.modules[__name__]]


def _ours(value: type) -> bool:
    return value.__module__.split(".")[0] in ("torch", "helpers", "matplotlib", "IPython")


def _what_it_is(value) -> tuple:
    value = getattr(value, "__func__", value) if isinstance(value, classmethod) else value
    function = getattr(value, "__wrapped__", value)
    code = function.__code__ if isinstance(function, FunctionType) else None
    own = value.__code__ if isinstance(value, FunctionType) else None
    return value, own, code, getattr(own and value, "__defaults__", None)


def _same(one: tuple, other: tuple | None) -> bool:
    return other is not None and all(a is b for a, b in zip(one, other, strict=True))
