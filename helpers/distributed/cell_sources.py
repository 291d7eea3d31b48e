"""Functions of a notebook as a file, so that other processes can import them.

A new process knows nothing of a notebook's kernel. What it needs of it is written down: the
sources of some functions, and of whatever they name that is not their own.
"""

import ast
import inspect
import linecache
from collections.abc import Callable, Iterator
from textwrap import dedent
from types import CodeType, FunctionType, ModuleType

_PLAIN = (bool, int, float, str, type(None))


def module_source(**functions: Callable) -> str:
    """The text of a module that has each of ``functions`` under its name.

    With a function comes what it names and finds in its notebook: imported modules and things,
    plain numbers and texts, other functions and classes. Anything else is left out: the function
    then raises ``NameError`` there. Raises ``ValueError``, with a sentence, for what has no source.
    """
    parts: dict[str, str] = {}
    for name, function in functions.items():
        _write(name, function, parts)
    return "\n\n".join(["from __future__ import annotations", *parts.values()]) + "\n"


def _write(name: str, value: object, parts: dict[str, str]) -> None:
    """Add to ``parts`` the text that makes ``value`` known as ``name``, after what it needs."""
    if isinstance(value, FunctionType) or _is_written_here(value):
        parts[name] = ""  # a function may name itself
        own = _class_source(value) if isinstance(value, type) else _source(name, value)
        for other, thing in _named_by(value):
            if other not in parts:
                _write_other(other, thing, value.__module__, parts)
        del parts[name]
        parts[name] = own
    else:
        parts[name] = _import(name, value)


def _write_other(name: str, thing: object, home: str, parts: dict[str, str]) -> None:
    if isinstance(thing, FunctionType | type) and thing.__module__ == home:
        _write(name, thing, parts)
    elif isinstance(thing, ModuleType):
        parts[name] = f"import {thing.__name__} as {name}"
    elif isinstance(thing, _PLAIN):
        parts[name] = f"{name} = {thing!r}"
    elif getattr(thing, "__module__", home) != home and hasattr(thing, "__qualname__"):
        parts[name] = _import(name, thing)


def _is_written_here(value: object) -> bool:
    """Whether this is a class of a notebook, which no other process can import."""
    return isinstance(value, type) and value.__module__ == "__main__" and bool(_methods(value))


def _methods(kind: type) -> list[FunctionType]:
    return [value for value in vars(kind).values() if isinstance(value, FunctionType)]


def _class_source(kind: type) -> str:
    """The text of a class, found by that of its methods: of a cell, Python knows no classes."""
    code = _methods(kind)[0].__code__
    text = "".join(linecache.getlines(code.co_filename))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            return dedent(ast.get_source_segment(text, node, padded=True))
    raise ValueError(f"the source of {kind.__name__} is not found. Write it with class, in a cell.")


def _source(name: str, function: FunctionType) -> str:
    try:
        source = dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError):
        source = ""
    called = function.__name__
    if called == "<lambda>" and source.replace(" ", "").startswith(f"{name}="):
        return source
    if called == "<lambda>" or not source:
        raise ValueError(f"the source of {name} is not found. Write it with def, in a cell.")
    return source if called == name else f"{source}\n\n\n{name} = {called}"


def _import(name: str, thing: object) -> str:
    module, path = getattr(thing, "__module__", None), getattr(thing, "__qualname__", "")
    if module in (None, "__main__") or not path.isidentifier():
        kind = type(thing).__name__
        raise ValueError(f"{name} is of type {kind}, not a function. Write it with def, in a cell.")
    return f"from {module} import {path} as {name}"


def _named_by(value: FunctionType | type) -> Iterator[tuple[str, object]]:
    """The global names in the code of a function or a class, and what they stand for."""
    if isinstance(value, type):
        names = _methods(value)[0].__globals__
        words = [node.id for node in ast.walk(ast.parse(_class_source(value))) if _is_name(node)]
    else:
        names, words = value.__globals__, _names(value.__code__)
    for name in dict.fromkeys(words):
        if name in names:
            yield name, names[name]


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:  # functions inside, and comprehensions
        if isinstance(constant, CodeType):
            yield from _names(constant)
