"""What the checks stand on is put back, after an answer ran: the names, classes and functions.

An answer may change torch, Python or the checks as it likes; its mark is decided with all of that
as it was. Kept is what the modules of the course name, and what is in the modules and classes that
they name: no list says which. What is not seen here, such as the contents of a list, meets the
known wrong answers (``trial``): a check that lets one of these pass is not believed.
"""

import builtins
import gc
import signal
import sys
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType, ModuleType

import torch
from torch.utils._device import DeviceContext

from grading.sandbox import memory
from helpers.checks.full_cnn import loop_recorder

_OURS = ("helpers", "grading")
_NO_CELL = object()


def keep() -> Callable[[], None]:
    """Remember how things are now; what is returned puts them back."""
    modules = _modules()
    classes = _classes(modules)
    spaces = [(vars(m), dict(_kept(m)), frozenset(vars(m))) for m in modules]
    bodies = [(kind, dict(vars(kind))) for kind in classes]
    functions = [_made_of(function) for function in _functions(spaces, bodies)]
    cells = [(cell, _content(cell)) for one, *_ in functions for cell in one.__closure__ or ()]
    cells = [(cell, content) for cell, content in cells if content is not _NO_CELL]
    changed_spaces = memory.dicts_as_they_were([space for space, *_ in spaces])
    changed_bodies = memory.dicts_as_they_were([_dict_of(kind) for kind in classes])
    changed_functions = memory.objects_as_they_were([function for function, *_ in functions])
    changed_cells = memory.objects_as_they_were([cell for cell, _ in cells])
    known, unknown, set_on, delete_on = vars(builtins), object(), type.__setattr__, type.__delattr__
    calm_down = calm

    def put_back() -> None:
        for place in changed_spaces():
            space, kept, names = spaces[place]
            for name, value in kept.items():
                if space.get(name, unknown) is not value:
                    space[name] = value
            for name in (known.keys() & space.keys()) - names:
                del space[name]
        for place in changed_bodies():
            kind, kept = bodies[place]
            body = vars(kind)
            for name, value in kept.items():
                if body.get(name, unknown) is not value and name not in _FILLED_IN:
                    set_on(kind, name, value)
            if len(body) != len(kept):
                for name in [name for name in body if name not in kept]:
                    if any(name in vars(base) for base in kind.__mro__[1:]):
                        delete_on(kind, name)
        for place in changed_functions():
            function, code, defaults, by_name = functions[place]
            if function.__code__ is not code:
                function.__code__ = code
            if function.__defaults__ is not defaults:
                function.__defaults__ = defaults
            if function.__kwdefaults__ is not by_name:
                function.__kwdefaults__ = by_name
        for place in changed_cells():
            cell, content = cells[place]
            cell.cell_contents = content
        calm_down()

    return put_back


def warm_up() -> None:
    """Let the libraries put in place what they do on first use, before anything is remembered."""
    layer = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 3), torch.nn.Dropout())
    for make in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
        optimizer = make(layer.parameters(), lr=1e-3)
        optimizer.zero_grad()
        layer(torch.rand(1, 1, 5, 5)).sum().backward()
        optimizer.step()
    loop_recorder.bench()
    torch.manual_seed(0)


def calm() -> None:
    """End what runs beside a program: tracing, timers, and modes that rewrite calls of torch."""
    sys.settrace(None)
    sys.setprofile(None)
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0)
    gc.callbacks.clear()
    stack = torch._C._len_torch_function_stack()
    modes = [torch._C._pop_torch_function_stack() for _ in range(stack)]
    for mode in reversed(modes):
        if type(mode) is DeviceContext:  # that of torch.set_default_device
            torch._C._push_on_torch_function_stack(mode)


# Entries of a class that Python itself fills in later.
_FILLED_IN = {"__abstractmethods__", "_abc_impl", "__annotations__", "__dict__", "__weakref__"}


def _modules() -> list[ModuleType]:
    ours = [m for n, m in list(sys.modules.items()) if n.split(".")[0] in _OURS]
    found = {id(m): m for m in [builtins, *ours]}
    for module in ours:
        for value in list(vars(module).values()):
            home = value if isinstance(value, ModuleType) else _home(value)
            if isinstance(home, ModuleType):
                found[id(home)] = home
    return list(found.values())


def _kept(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The names of a module of ours; of a library only what is called, for it fills in others."""
    ours = module.__name__.split(".")[0] in _OURS
    for name, value in list(vars(module).items()):
        if ours or callable(value) or isinstance(value, ModuleType):
            yield name, value


def _home(value) -> ModuleType | None:
    if not isinstance(value, (type, FunctionType)):
        return None
    return sys.modules.get(value.__module__)


def _classes(modules: list[ModuleType]) -> list[type]:
    found = {}
    for module in modules:
        for value in list(vars(module).values()):
            if isinstance(value, type):
                found |= {id(kind): kind for kind in value.__mro__}
    heap = 1 << 9  # the classes that can be changed at all
    return [kind for kind in found.values() if kind.__flags__ & heap]


def _functions(spaces: list, bodies: list) -> Iterator[FunctionType]:
    seen = set()
    for _, kept, *_ in [*spaces, *bodies]:
        for value in kept.values():
            if isinstance(value, property):
                value = value.fget
            while value is not None and id(value) not in seen:
                seen.add(id(value))
                if isinstance(value, (classmethod, staticmethod, MethodType)):
                    value = value.__func__
                if isinstance(value, FunctionType):
                    yield value
                    value = value.__dict__.get("__wrapped__")
                else:
                    value = None


def _made_of(function: FunctionType) -> tuple:
    return function, function.__code__, function.__defaults__, function.__kwdefaults__


def _dict_of(kind: type) -> dict:
    """The dictionary itself of a class, of which ``vars`` shows but a view."""
    (found,) = gc.get_referents(vars(kind))
    return found


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # it is still empty
        return _NO_CELL
