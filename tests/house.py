"""The house as its files say it: which module imports what, read without importing anything."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("helpers", "grading", "authoring")

Imports = dict[str, set[str]]  # for each module, the modules and the names in them that it imports


def module_of(path: Path, root: Path = ROOT) -> str:
    """``helpers/files.py`` as ``helpers.files``; a package by its own name."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def python_files(root: Path = ROOT) -> list[Path]:
    """All Python files of the course itself, without tests."""
    return sorted(path for top in TOPS for path in (root / top).rglob("*.py"))


def imported(source: str) -> Iterator[str]:
    """What a module imports, anywhere in it: ``a.b`` and, for ``from a.b import c``, ``a.b.c``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def read_imports(root: Path = ROOT) -> Imports:
    """What each module of the course imports of the course and of its tests."""
    found = {}
    for path in python_files(root):
        names = imported(path.read_text(encoding="utf-8"))
        found[module_of(path, root)] = {
            name for name in names if name.split(".")[0] in (*TOPS, "tests")
        }
    return found


def target(name: str, modules: Imports) -> str:
    """The module that an imported ``name`` stands in."""
    while name not in modules and "." in name:
        name = name.rpartition(".")[0]
    return name


def package_of(module: str, modules: Imports) -> str:
    """The package that a module stands in; a package stands for itself."""
    is_package = any(other.startswith(f"{module}.") for other in modules)
    return module if is_package else module.rpartition(".")[0]


def within(module: str, package: str) -> bool:
    """Whether ``module`` is ``package`` or stands in it."""
    return module == package or module.startswith(f"{package}.")
