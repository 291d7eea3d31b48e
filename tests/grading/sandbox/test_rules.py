"""Answers are read before they run: cheats are found, and no honest answer is taken for one."""

import ast
import textwrap

import nbformat
import pytest

from authoring.facts import ROOT
from authoring.lesson import python_of
from grading.sandbox.rules import findings, without_magics
from tests.checks.answers import wrong_answers

CHEATS = {
    "always equal": "class Yes:\n    def __eq__(self, other):\n        return True\nanswer = Yes()",
    "always equal, assigned": "class Yes:\n    __eq__ = lambda a, b: True",
    "metaclass": "class Yes(metaclass=Meta):\n    pass",
    "class from type": "Yes = type('Yes', (), {'__eq__': lambda a, b: True})",
    "checks by name": "checks = object()",
    "checks by def": "def checks():\n    pass",
    "checks by import": "import torch as checks",
    "checks in a loop": "for checks in [1]:\n    pass",
    "a check": "checks.conv_layer = lambda *_: None",
    "a module of the checks": "from helpers.checks.core import outcomes",
    "inside of the checks": "checks.core.checking.check = None",
    "a look into the checks": "passed = checks.core.outcomes.Passed",
    "a look from further out": "import helpers\npassed = helpers.checks.core.outcomes.Passed",
    "the seeds": "with checks.other_inputs(1):\n    pass",
    "torch": "torch.equal = lambda *_: True",
    "torch, augmented": "torch.nn.Module.x += 1",
    "torch, deleted": "del torch.equal",
    "a method": "nn.Module.__call__ = lambda *_: 0",
    "by setattr": "setattr(torch, 'equal', lambda *_: True)",
    "by setattr under another name": "change = setattr\nchange(torch, 'equal', 1)",
    "by an item": "torch.__dict__['equal'] = 1",
    "global hooks": "torch.nn.modules.module.register_module_forward_hook(f)",
    "os": "import os\nos._exit(0)",
    "os by torch": "torch.os._exit(0)",
    "os by import from": "from torch import os",
    "sys by getattr": "getattr(torch, 'sys')",
    "name put together": "getattr(torch, 'o' + 's')",
    "subprocess": "import subprocess as s",
    "importlib": "import importlib",
    "shell": "!cat /etc/passwd",
    "magic": "%%bash\nls",
    "open": "open('/x').read()",
    "numpy from a file": "np.fromfile('/x')",
    "pathlib": "from pathlib import Path",
    "eval": "eval('1')",
    "exec": "exec('x = 1')",
    "builtins": "__builtins__['open']",
    "subclasses": "().__class__.__base__.__subclasses__()",
    "frames": "def f():\n    yield\nf().gi_frame.f_back.f_globals",
    "traceback": "try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame",
    "gc": "import gc",
    "ctypes": "import ctypes",
    "socket": "import socket",
    "threads": "import threading",
}


def found(source: str) -> list[str]:
    return findings(ast.parse(python_of(without_magics(textwrap.dedent(source)))))


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_found_with_its_line(name):
    (first, *_) = found(CHEATS[name])
    assert first.startswith("line ") and ": it " in first


# These make answers, with names that are put together: they are none themselves.
MAKERS = {
    "full_cnn::variant",
    "full_cnn::setting",
    "full_cnn::without",
    "full_cnn::plot",
    "going_further::NoTruth",  # a thing that a function returns, to see the check bear it
}


def ways() -> dict[str, list[ast.stmt]]:
    """Every function and class in the tests of the checks: right ways and honest mistakes."""
    found = {}
    folder = ROOT / "tests" / "checks"
    for path in sorted([*folder.rglob("test_*.py"), *folder.glob("*/answers.py")]):
        if path.name in ("test_hostile.py", "test_seeds.py", "test_trace.py"):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            named = isinstance(node, (ast.FunctionDef, ast.ClassDef))
            if named and not node.name.startswith("test_"):
                found.setdefault(f"{path.parent.name}::{node.name}", []).append(node)
    return found


def test_no_right_way_and_no_mistake_is_taken_for_a_cheat():
    found = {name: nodes for name, nodes in ways().items() if name not in MAKERS}
    assert sum(map(len, found.values())) > 300
    accused = {
        name: said
        for name, nodes in found.items()
        if (said := [words for node in nodes for words in findings(node)])
    }
    assert not accused


def test_no_solution_and_no_honest_mistake_is_taken_for_a_cheat():
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and cell.id.startswith("answer"):
                assert not found(cell.source), cell.id
    for wrongs in wrong_answers().values():
        for wrong in wrongs:
            for source in wrong.sources.values():
                assert not found(source), source


@pytest.mark.parametrize(
    "source",
    [
        "%%time\nx = 1",
        "%time x = 1",
        "%matplotlib inline\nx = 1",
        "plt.rcParams['figure.figsize'] = (3, 3)",
        "torch.backends.cudnn.benchmark = True",
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        for i in range(3):\n            setattr(self, f'conv{i}', nn.Conv2d(1, 1, 3))\n"
        "    def forward(self, x):\n        return getattr(self, f'conv{0}')(x)",
        "print(type(model).__name__, model.__class__.__name__)",
        "list(model._modules.values())",
        "self._hidden = 3",
        "import numpy as np\nfrom tqdm.auto import tqdm\nimport torch.nn.functional as F",
    ],
)
def test_what_is_usual_is_left_alone(source):
    assert not found(source)
