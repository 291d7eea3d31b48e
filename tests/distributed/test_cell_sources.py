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
