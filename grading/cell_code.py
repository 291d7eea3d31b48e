"""What is in the code of a cell: whether two say the same, which names it binds, which it needs."""

import ast
import re
import warnings
from functools import lru_cache

from authoring.lesson import python_of
from grading.notebook_files import LONGEST

LONG, MOST_LINES = (
    10_000,
    300,
)  # of a cell with magics: IPython takes a time that grows with the square
CHECK_LINE = re.compile(r"^checks\.\w+\(.*\)[ \t]*(#.*)?$", re.MULTILINE)
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTION, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BLOCKS = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)


@lru_cache(maxsize=200)  # trees are large
def tree(source: str) -> ast.Module | None:
    """The code as Python reads it, magics and all; None if it is none."""
    for text in (str, python_of):
        try:
            if len(source) > LONGEST:
                return None
            if text is python_of and (len(source) > LONG or source.count("\n") > MOST_LINES):
                return None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of "\d" and the like, which is the student's
                return ast.parse(text(source))
        except Exception:  # also MemoryError and what IPython raises on odd text
            continue
    return None


@lru_cache(maxsize=5_000)
def meaning(source: str) -> str:
    """The same for two texts that differ in layout and comments only."""
    found = tree(source)
    try:
        return source.strip() if found is None else ast.dump(found)
    except RecursionError:
        return source.strip()


def is_empty(source: str) -> bool:
    """Whether there is nothing but blanks and comments."""
    found = tree(source)
    return not source.strip() or (found is not None and not found.body)


@lru_cache(maxsize=5_000)
def binds(source: str) -> frozenset[str]:
    """The names that a cell gives a value, those in functions and classes aside."""
    found = tree(source)
    return frozenset().union(*(bound_by(node) for node in found.body)) if found else frozenset()


def bound_by(statement: ast.AST) -> set[str]:
    """The names that a statement gives a value."""
    names, waiting = set(), [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, SCOPES):
            continue
        else:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                names.add(node.id)
            elif isinstance(node, ast.alias):
                names.add(node.asname or node.name.partition(".")[0])
            elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
                names.add(node.name)
            waiting.extend(ast.iter_child_nodes(node))
    return names


@lru_cache(maxsize=5_000)
def needs(source: str) -> frozenset[str]:
    """The names that a cell reads and does not bind beforehand."""
    found, known, missing = tree(source), set(), set()
    for node in found.body if found else ():
        own = bound_by(node)
        beforehand = known | own if isinstance(node, (*BLOCKS, *FUNCTION, ast.ClassDef)) else known
        missing |= read_by(node) - beforehand
        known |= own
    return frozenset(missing)


def read_by(statement: ast.AST) -> set[str]:
    """The names that a statement reads, without what its functions have for themselves."""
    names, private = set(), set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, SCOPES):
            private |= {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
            private |= set().union(*(bound_by(inner) for inner in ast.iter_child_nodes(node)))
    return names - private


@lru_cache(maxsize=5_000)
def checks_called(source: str) -> tuple[str, ...]:
    """``("conv_layer",)`` for a cell with the statement ``checks.conv_layer(...)``."""
    found = tree(source)
    calls = [_check_in(node) for node in found.body] if found else []
    return tuple(name for name in calls if name)


def _check_in(statement: ast.stmt) -> str:
    called = statement.value if isinstance(statement, ast.Expr) else None
    function = called.func if isinstance(called, ast.Call) else None
    of_checks = (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "checks"
    )
    return function.attr if of_checks else ""


@lru_cache(maxsize=5_000)
def without_checks(source: str) -> str:
    """The code without the statements that call a check, a hint or the progress."""
    if not checks_called(source):
        return source
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):  # with magics in it
        return CHECK_LINE.sub("", source).strip("\n")
    lines = source.split("\n")
    for node in body:
        if _check_in(node):
            shared = [
                o
                for o in body
                if o is not node and o.lineno <= node.end_lineno and node.lineno <= o.end_lineno
            ]
            if not shared:
                lines[node.lineno - 1 : node.end_lineno] = [""] * (
                    node.end_lineno - node.lineno + 1
                )
    return "\n".join(lines).strip("\n")


def statements_binding(source: str, name: str) -> str:
    """The imports, definitions and assignments of ``name`` at the top of a cell, as text."""
    found = tree(source)
    kinds = (ast.Import, ast.ImportFrom, *FUNCTION, ast.ClassDef, ast.Assign, ast.AnnAssign)
    nodes = [n for n in found.body if isinstance(n, kinds) and name in bound_by(n)] if found else []
    return "\n".join(ast.unparse(node) for node in nodes)
