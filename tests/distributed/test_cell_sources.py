"""The file in which functions of a notebook reach other processes."""

from __future__ import annotations

import functools
import math
import math as maths

import pytest
from IPython.core.interactiveshell import InteractiveShell
from torch.nn.parallel import DistributedDataParallel

from helpers.distributed.cell_sources import module_source

FACTOR = 3
LOST = object()


def loaded(**functions) -> dict:
    """The names of the module, made without this one."""
    names: dict = {}
    exec(compile(module_source(**functions), "student.py", "exec"), names)
    return names


def helper(n):
    return n * FACTOR


def with_all(n: Unknown) -> int:  # noqa: F821 (an annotation is no reason to fail)
    return sum(maths.floor(helper(i)) for i in range(n))


def countdown(n):
    return n and countdown(n - 1)


def names_what_is_lost():
    return LOST


def test_a_function_comes_with_what_it_names():
    assert loaded(f=with_all)["f"](4) == 18
    assert loaded(countdown=countdown)["countdown"](3) == 0


def test_what_is_no_def_of_this_name():
    assert loaded(wrap=DistributedDataParallel)["wrap"] is DistributedDataParallel
    double = lambda n: 2 * n  # noqa: E731 (as students write it)
    assert loaded(double=double)["double"](4) == 8


def test_what_cannot_be_written_is_missing_there():
    with pytest.raises(NameError, match="LOST"):
        loaded(f=names_what_is_lost)["f"]()


def test_a_function_of_a_cell():
    shell = InteractiveShell()
    shell.run_cell("import math\nside = 2.0\ndef area(n):\n    return math.pow(side, n)")
    area = shell.user_ns["area"]
    del shell.user_ns["math"], shell.user_ns["side"]
    area.__globals__.update(math=math, side=5.0)  # as it stands when the file is written
    assert loaded(area=area)["area"](2) == 25


CLASS = """
import torch
from torch import nn

class Base(nn.Module):
    factor = 2

    def forward(self, x):
        return scaled(x, self.factor)

class Wrapped(Base):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return super().forward(self.model(x))

def scaled(x, factor):
    return torch.as_tensor(x) * factor

def wrap(model):
    return Wrapped(model)
"""


def test_a_class_of_a_cell_comes_with_its_base_and_what_its_methods_name():
    shell = InteractiveShell()
    shell.run_cell(CLASS)
    names = loaded(wrap=shell.user_ns["wrap"], Net=shell.user_ns["Base"])
    assert names["wrap"](lambda x: x + 1)(3) == 8
    assert names["Wrapped"] is not shell.user_ns["Wrapped"]


def test_a_class_without_source():
    names = {"__name__": "__main__"}
    exec("class Lost:\n    def f(self):\n        return 1", names)
    with pytest.raises(ValueError, match="the source of Lost is not found"):
        module_source(Lost=names["Lost"])


def without_source():
    names: dict = {}
    exec("def f():\n    return 1", names)
    return names["f"]


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (without_source(), "source of f is not found. Write it with def"),
        ((lambda n: n), "source of f is not found"),
        (functools.partial(helper, 2), "f is of type partial, not a function"),
        (3, "f is of type int"),
    ],
)
def test_what_has_no_source_is_refused(function, fragment):
    with pytest.raises(ValueError, match=fragment):
        module_source(f=function)
