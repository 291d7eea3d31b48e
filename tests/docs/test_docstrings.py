"""Every public module, class, function and method has a docstring. Only the sources are read."""

import ast

import pytest

from tests.docs.pages import ROOT

FOLDERS = ("helpers", "grading", "authoring")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def without_docstring(source: str) -> list[str]:
    """The public names of a module that have none; ``"module"`` for itself.

    What is defined within a function is left out: it is read with that function.
    """
    tree = ast.parse(source)
    found = [] if ast.get_docstring(tree) else ["module"]

    def look(body: list[ast.stmt], before: str) -> None:
        for node in body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            if node.name.startswith("_"):
                continue
            if not (ast.get_docstring(node) or "").strip():
                found.append(f"{before}{node.name}, line {node.lineno}")
            if isinstance(node, ast.ClassDef):
                look(node.body, f"{node.name}.")

    look(tree.body, "")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_all_that_is_public_says_what_it_is(path):
    assert without_docstring(path.read_text(encoding="utf-8")) == []


def test_all_sources_are_looked_at():
    assert len(SOURCES) > 100


def test_what_is_missing_is_found():
    source = '''
class Public:
    def method(self):
        def within():
            pass

    def _private(self):
        pass


class _Private:
    def method(self):
        pass


async def waits():
    """ """


def said():
    """Says it."""
'''
    found = [name.split(",")[0] for name in without_docstring(source)]
    assert found == ["module", "Public", "Public.method", "waits"]
