"""What is unusual in an answer, with its line: for the lecturer to look at, and for no mark."""

import ast
import re
from collections.abc import Iterator

from grading.sandbox.cells import parse

MOST, LONGEST = 4, 100  # lines that are listed, and characters in each

# Libraries of Python that lead out of a lesson: to the system, to other processes, to its inside.
MODULES = {
    "builtins", "ctypes", "gc", "importlib", "inspect", "marshal", "multiprocessing", "os",
    "pickle", "shutil", "signal", "socket", "subprocess", "sys", "threading",
}  # fmt: skip
USUAL = re.compile(r"__(init|len|getitem|iter|next|call|name|class|repr|str|version|main|doc)__")
FRAMES = re.compile(r"(f|tb|gi|cr|ag|co)_[a-z]+|_getframe")


def in_cells(answers: dict[str, str]) -> list[str]:
    """What is unusual in the cells of an answer, as "line 3 of answer-1-1: it uses __globals__"."""
    found = []
    for id, source in answers.items():
        try:
            tree = parse(source)
            for line, what in sorted(set(_in_tree(tree))):
                found.append(f"line {line} of {id[:40]}: it uses {what[:30]}")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return found[:MOST]


def _in_tree(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        names: list[str] = []
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names if _leads_out(alias.name)]
            case ast.ImportFrom(module=str(module)) if _leads_out(module):
                names = [module]
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.FunctionDef(name=name):
                names = [name] if _inside(name) else []
            case ast.Constant(value=str(name)) if _inside(name) and name.isidentifier():
                names = [name]
            case ast.Call(func=ast.Name(id="exec" | "eval" | "setattr" as name)):
                names = [name]
        for name in names:
            yield line, name


def _leads_out(module: str) -> bool:
    return module.split(".")[0] in MODULES


def _inside(name: str) -> bool:
    dunder = name.startswith("__") and name.endswith("__") and len(name) > 4
    return bool((dunder and not USUAL.fullmatch(name)) or FRAMES.fullmatch(name))
