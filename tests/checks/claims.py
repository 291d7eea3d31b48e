"""Does a message say something of an answer that is not so?

``untrue(message, answers, calls)`` is a list of what a message claims and what was measured to be
otherwise. ``answers`` are the arguments of a check; ``calls`` are what the functions among them did
while it ran, as ``watched`` has noted.
"""

import contextlib
import functools
import io
import itertools
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

MOST = 200  # of the things in an answer that are looked at


@dataclass
class Calls:
    """What happened whenever a student's function was called."""

    name: str = ""
    returned: list = field(default_factory=list)
    raised: list[BaseException] = field(default_factory=list)
    printed: bool = False
    changed: bool = False  # one of the tensors that it was given
    called_layer: bool = False


class _Heard(io.TextIOBase):
    """Hands all text on, and notes that there was some."""

    def __init__(self, calls: Calls, to):
        self.calls, self.to = calls, to

    def write(self, text):
        self.calls.printed = self.calls.printed or bool(text.strip())
        return self.to.write(text)


def watched(function: Callable, calls: Calls) -> Callable:
    """``function``, which notes in ``calls`` what it does."""
    calls.name = getattr(function, "__name__", "")

    def hook(module, _):
        calls.called_layer = calls.called_layer or isinstance(module, nn.Conv2d)

    @functools.wraps(function)
    def student(*args, **kwargs):
        given = [x for x in _things((args, kwargs)) if isinstance(x, torch.Tensor)]
        given += [p for x in args if isinstance(x, nn.Conv2d) for p in x.parameters()]
        before = [x.detach().clone() for x in given]
        handle = nn.modules.module.register_module_forward_pre_hook(hook)
        try:
            with contextlib.redirect_stdout(_Heard(calls, sys.stdout)):
                value = function(*args, **kwargs)
        except BaseException as error:
            calls.raised.append(error)
            raise
        finally:
            handle.remove()
            pairs = zip(given, before, strict=True)
            calls.changed = calls.changed or not all(torch.equal(a, b) for a, b in pairs)
        calls.returned.append(value)
        return value

    return student


def untrue(message: str, answers: Iterable, calls: list[Calls]) -> list[str]:
    """The claims in ``message`` that are contradicted by what was handed over, or what happened."""
    returned = [value for one in calls for value in one.returned]
    things = [thing for value in [*answers, *returned] for thing in _things(value)]
    functions = _Functions(calls, returned)
    return [
        f"{found[0]!r}: {why}"
        for pattern, holds, why in CLAIMS
        for found in re.finditer(pattern, message)
        if not holds(found, things, functions)
    ]


@dataclass
class _Functions:
    calls: list[Calls]
    returned: list

    def raised(self, name: str, who: str = "") -> bool:
        """Whether ``who``, or any of them, raised such an error; a network is not watched."""
        calls = [one for one in self.calls if who in ("", one.name)]
        errors = [error for one in calls for error in one.raised]
        return not calls or name in {type(error).__name__ for error in errors}

    def any(self, what: str) -> bool:
        """Whether ``what`` is true of one of them, or there is none."""
        return not self.calls or any(getattr(one, what) for one in self.calls)


def _things(value, depth: int = 4) -> list:
    """``value`` and all that is in it."""
    found = [value]
    if depth and isinstance(value, (list, tuple, set, dict)):
        items = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        for item in list(items)[:MOST]:
            found += _things(item, depth - 1)
    return found


def _has_shape(found, things, functions) -> bool:
    shape = tuple(int(n) for n in re.findall(r"\d+", found["shape"]))
    return any(shape in (_as_tuple(x), tuple(getattr(x, "shape", ()))) for x in things)


def _as_tuple(x) -> tuple | None:
    try:
        return tuple(int(n) for n in itertools.islice(x, MOST))
    except Exception:
        return None


def _has_type(found, things, functions) -> bool:
    names = {type(x).__name__ for x in things}
    return found["type"] in names | {str(getattr(x, "dtype", "")) for x in _with_parts(things)}


def _with_parts(things) -> list:
    parts = [p for x in things if isinstance(x, nn.Module) for p in x.parameters()]
    return [*things, *parts]


def _is_text(found, things, functions) -> bool:
    return any(isinstance(x, str) for x in things)


def _is_wrapped(found, things, functions) -> bool:
    return any(isinstance(x, (tuple, list)) and len(x) == 1 for x in things)


def _is_number_of(found, things, functions) -> bool:
    """Whether a number that is said to be the answer, or returned, is one, as it is written."""
    said = found["number"].replace(",", "")
    return any(_is_written_as(x, said) for x in things)


def _is_written_as(x, said: str) -> bool:
    if isinstance(x, (int, np.integer)):
        return str(x) == said
    try:
        digits = len(said.partition(".")[2])
        return abs(float(x) - float(said)) <= 0.51 * 10.0**-digits
    except Exception:
        return False


def _is_nan(found, things, functions) -> bool:
    for x in _with_parts(things):
        with contextlib.suppress(Exception):
            if not torch.isfinite(torch.as_tensor(x).detach()).all():
                return True
    return False


def _has_axes(found, things, functions) -> bool:
    figures = [x for x in things if isinstance(x, Figure)]
    return any(int(found["number"]) <= len(figure.axes) for figure in figures)


def _has_setting(*names: str) -> Callable:
    """Whether the number is that setting of a layer; ``(2, 2)`` counts as ``2``."""

    def holds(found, things, functions) -> bool:
        said = found["number"].replace("×", ", ")
        settings = [getattr(m, name, None) for m in _modules(things) for name in names]
        written = {str(x).strip("()") for x in settings}
        written |= {str(x[0]) for x in settings if isinstance(x, tuple) and len({*x}) == 1}
        return said.strip("()") in written

    return holds


def _has_no_bias(found, things, functions) -> bool:
    return any(getattr(m, "bias", 0) is None for m in _modules(things))


def _has_parameters(found, things, functions) -> bool:
    counts = {sum(p.numel() for p in m.parameters()) for m in _modules(things)}
    return int(found["number"].replace(",", "")) in counts


def _modules(things) -> list[nn.Module]:
    """All layers of all networks; of a class, those of an instance."""
    found = []
    for x in things:
        with contextlib.suppress(Exception):
            net = x() if isinstance(x, type) and issubclass(x, nn.Module) else x
            found += [*net.modules()] if isinstance(net, nn.Module) else []
    return found


def _repeats(found, things, functions) -> bool:
    """Whether two calls have returned the same."""
    numbers = []
    for value in functions.returned:
        with contextlib.suppress(Exception):
            numbers.append(round(float(value), 3))
    return len({*numbers}) < len(numbers)


# A pattern for what is said; whether it is so, by the match, the things handed over or returned,
# and what the functions did; and in words why it is not.
CLAIMS = (
    (r"in place of the dots", lambda f, x, do: any(thing is ... for thing in x),
     "there are no dots"),
    (r"returns dots", lambda f, x, do: any(value is ... for value in do.returned) or not do.calls,
     "it returns no dots"),
    (r"comes upon dots", lambda f, x, do: do.raised("TypeError") or do.raised("AttributeError"),
     "there was no such error"),
    (r"is None: it has", lambda f, x, do: any(thing is None for thing in x) or not do.calls,
     "nothing is None"),
    (r"returns nothing", lambda f, x, do: not do.calls or None in
     [value if value is None else 1 for value in do.returned], "it returns something each time"),
    (r"prints something|printing alone", lambda f, x, do: do.any("printed"), "it prints nothing"),
    (r"(?P<who>[\w<>]+) raised (?P<error>\w+)", lambda f, x, do: do.raised(f["error"], f["who"]),
     "it raised no such error"),
    (r"changes the (?:tensor|image|layer)", lambda f, x, do: do.any("changed"),
     "it changes nothing"),
    (r"but the layer computed it", lambda f, x, do: do.any("called_layer"), "no layer was called"),
    (r"(?<!expected )(?:is|returns|returned) an? (?:tensor|array) of shape (?P<shape>\[[\d, ]*\])",
     _has_shape, "nothing has this shape"),
    (r"\(of type (?P<type>\w+)\)", _has_type, "nothing is of this type"),
    (r"(?<!a shape )is a (?P<type>list|tuple|dict|str)\b", _has_type, "nothing is of this type"),
    (r"the class (?P<name>\w+) itself", lambda f, x, do: f["name"] in
     [thing.__name__ for thing in x if isinstance(thing, type)], "it is no such class"),
    (r"the function (?P<name>[\w<>]+) itself", lambda f, x, do: f["name"] in
     [getattr(thing, "__name__", "") for thing in x], "it is no such function"),
    (r"Leave out the quotes", _is_text, "nothing is a text"),
    (r"the comma(?: after|, which)", _is_wrapped, "there is no tuple of one thing"),
    (r"one thing in it", _is_wrapped, "nothing has one thing in it"),
    (r"^[\w\[\]' ]+ is (?P<number>-?\d[\d,]*(?:\.\d+)?)(?=[:;,] )", _is_number_of,
     "no such number was handed over"),
    (r"^(?:the shape of )?\w+ is (?P<shape>\[[\d, ]*\]):", _has_shape, "nothing has this shape"),
    (r"(?:hand|relative_change|width) (?:gives|returns) (?P<number>-?\d+(?:\.\d+)?)(?=[;, ])",
     _is_number_of, "no such number was returned"),
    (r"(?:gives|is|holds) (?:nan|inf)\b", _is_nan, "all numbers are finite"),
    (r"the figure has (?P<number>\d+) axes", _has_axes, "it has not so many"),
    (r"layer takes (?P<number>\d+) channels? in", _has_setting("in_channels"), "it does not"),
    (r"layer gives (?P<number>\d+) channels? out", _has_setting("out_channels"), "it does not"),
    (r"your kernel has (?P<number>\d+×\d+) pixels", _has_setting("kernel_size"), "it has not"),
    (r"your layer has stride=(?P<number>\d+|\(.*?\));", _has_setting("stride"), "it has not"),
    (r"your layer has dilation=(?P<number>\d+|\(.*?\));", _has_setting("dilation"), "it has not"),
    (r"has no bias", _has_no_bias, "there is one everywhere"),
    (r"has (?P<number>\d[\d,]*) parameters", _has_parameters, "it has another number"),
    (r"your function gives the same", _repeats, "no value came twice"),
)  # fmt: skip
