"""Is every assertion of the checks held by a test?

    python -m tests.checks.mutants                     each assertion in turn, about two minutes
    python -m tests.checks.mutants _loops full_cnn     those of the named modules

An assertion is a ``raise``, or a call that stands alone and judges (its name begins as in
``JUDGES``). Each is replaced by ``pass``, once, and the tests that reach it are run: at least one
of them must fail. An assertion that no test reaches, or whose loss no test notices, is printed,
and the exit status is 1.

The modules of ``helpers.checks`` are imported with a switch in front of each assertion, so that
all of it happens in one process and in one import.
"""

import argparse
import ast
import contextlib
import importlib.abc
import importlib.machinery
import io
import re
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "helpers.checks"
JUDGES = re.compile(r"_?(judge|look_at|expect|refuse|answered|read|scores_of)")
SWITCH = "__without__"


class Mutants:
    """The switches: which assertion is off now, and which tests have reached which assertion."""

    def __init__(self):
        self.places: list[str] = []  # "full_cnn.py:91 raise" of each assertion
        self.off: int | None = None
        self.test: str | None = None
        self.reached: dict[int, set[str]] = defaultdict(set)

    def is_off(self, number: int) -> bool:
        """Called by the switch in front of assertion ``number``."""
        if self.test is not None:
            self.reached[number].add(self.test)
        return number == self.off


class Switches(ast.NodeTransformer):
    """Put ``if not __without__(number):`` in front of each assertion."""

    def __init__(self, mutants: Mutants, name: str):
        self.mutants, self.name = mutants, name

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        """A raise is an assertion wherever it stands."""
        return self._switch(node, "raise")

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """A call that stands alone is one if it judges."""
        called = node.value.func if isinstance(node.value, ast.Call) else None
        name = getattr(called, "attr", getattr(called, "id", ""))
        return self._switch(node, name) if JUDGES.match(name) else node

    def _switch(self, node: ast.stmt, what: str) -> ast.stmt:
        number = len(self.mutants.places)
        self.mutants.places.append(f"{self.name}:{node.lineno} {what}")
        switched = ast.parse(f"if not {SWITCH}({number}): pass").body[0]
        switched.body = [node]
        return ast.fix_missing_locations(ast.copy_location(switched, node))


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module of the checks with its switches."""

    mutants: Mutants

    def get_code(self, fullname):
        """Never from a cached file, which has no switches."""
        return self.source_to_code(self.get_data(self.path), self.path)

    def source_to_code(self, data, path, *, _optimization=-1):
        """The code of the module, switched."""
        tree = Switches(self.mutants, Path(path).name).visit(ast.parse(data))
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimization)

    def exec_module(self, module):
        """Give the module the function that its switches ask."""
        setattr(module, SWITCH, self.mutants.is_off)
        super().exec_module(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of the checks for ``Loader``."""

    def __init__(self, mutants: Mutants):
        self.loader = type("SwitchingLoader", (Loader,), {"mutants": mutants})

    def find_spec(self, fullname, path, target=None):
        """The spec of a module in ``PACKAGE``, else None."""
        if fullname != PACKAGE and not fullname.startswith(PACKAGE + "."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = self.loader(spec.name, spec.origin)
        return spec


class Hunt:
    """A pytest plugin that runs the collected tests as they are, then against each mutant."""

    def __init__(self, mutants: Mutants, modules: list[str]):
        self.mutants, self.modules = mutants, modules
        self.survivors: list[str] = []
        self.count = 0
        self.broken: str | None = None  # a test that fails as it is

    def pytest_runtestloop(self, session):
        """Run the tests once to see which assertions they reach, then hunt."""
        seconds = {}
        for item in session.items:
            self.mutants.test, start = item.nodeid, time.perf_counter()
            if failed(item):
                self.broken = item.nodeid
                return True
            seconds[item.nodeid] = time.perf_counter() - start
        self.mutants.test = None
        items = {item.nodeid: item for item in session.items}
        for number, place in enumerate(self.mutants.places):
            if self.modules and Path(place.split(":")[0]).stem not in self.modules:
                continue
            self.count += 1
            reached = sorted(self.mutants.reached[number], key=seconds.get)  # the quick ones first
            reaching = [items[nodeid] for nodeid in reached]
            self.mutants.off = number
            if not any(failed(item) for item in reaching):
                found = f"{len(reaching)} tests reach it" if reaching else "no test reaches it"
                self.survivors.append(f"{place}: {found}, none fails without it")
        self.mutants.off = None
        return True


def failed(item: pytest.Item) -> bool:
    """Whether the test fails now."""
    with contextlib.redirect_stdout(io.StringIO()):
        return any(report.failed for report in runtestprotocol(item, log=False))


def hunt(tests: list[str], modules: list[str]) -> tuple[int, list[str]]:
    """How many assertions were taken out, one by one, and those whose loss no test notices."""
    mutants = Mutants()
    finder = Finder(mutants)
    sys.meta_path.insert(0, finder)
    plugin = Hunt(mutants, modules)
    try:
        status = pytest.main(
            [*tests, "-q", "--no-header", "-p", "no:xdist", "-p", "no:warnings"], [plugin]
        )
    finally:
        sys.meta_path.remove(finder)
    if plugin.broken:
        raise SystemExit(f"{plugin.broken} fails as it is: mend it first")
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"pytest ended with {status!r}")
    return plugin.count, plugin.survivors


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Take out each assertion of the checks.")
    parser.add_argument("modules", nargs="*", help="_loops, full_cnn, ...; all if none is given")
    options = parser.parse_args(arguments)
    modules = [Path(name).stem for name in options.modules]
    count, survivors = hunt([str(ROOT / "tests/checks")], modules)
    for survivor in survivors:
        print(survivor)
    print(f"{count - len(survivors)} of {count} assertions are held by a test")
    return 1 if survivors or not count else 0


if __name__ == "__main__":
    sys.exit(main())
