"""Is every assertion of the checks held by a test?

    python -m tests.checks.mutants                           each assertion in turn
    python -m tests.checks.mutants pooling loop_behaviour    those of a package, or of a module

An assertion is a ``raise``, or a call that stands alone and judges (its name begins as in
``JUDGES``), or an entry in a table of known mistakes that a function makes (its name is one of
``TABLES``). Each is taken out, once, and the tests that reach it are run: at least one of them must
fail. An assertion that no test reaches, or whose loss no test notices, is printed,
and the exit status is 1. For a package its own tests are tried first (``tests/checks/pooling``),
the others only on what these let pass.

The modules of ``helpers.checks`` are imported once, with a switch in front of each assertion. The
work is shared out to forks of the process that has imported them, one for each core.
"""

import argparse
import ast
import contextlib
import importlib.abc
import importlib.machinery
import io
import os
import re
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from tests.side_by_side import processes, side_by_side

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "helpers.checks"
TESTS = ROOT / "tests/checks"
JUDGES = re.compile(r"_?(judge|answered|read|scores_of)")
TABLES = {"mistakes", "known"}
SWITCH = "__without__"
FAILING = 0.02  # seconds that a test takes longer when it fails


class Mutants:
    """The switches: which assertion is off now, and which tests have reached which assertion."""

    def __init__(self):
        self.places: list[str] = []  # "pooling/tasks.py:31 raise" of each assertion
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
        self.inside = 0  # how many functions we are in: only what is made anew can lack an entry

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        """Look into it."""
        self.inside += 1
        self.generic_visit(node)
        self.inside -= 1
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        """Each entry of a table of known mistakes is an assertion."""
        names = {getattr(target, "id", "") for target in node.targets}
        if self.inside and names & TABLES and isinstance(node.value, ast.Tuple | ast.List):
            node.value.elts = [self._switch_entry(entry) for entry in node.value.elts]
        if self.inside and names & TABLES and isinstance(node.value, ast.Dict):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            node.value.values = [self._switch_pair(key, value) for key, value in pairs]
            node.value.keys = [None] * len(node.value.values)  # {**one, **another}
        return node

    def _switch_pair(self, key: ast.expr | None, value: ast.expr) -> ast.expr:
        pair = ast.Dict([key], [value])
        number = self._number(key or value, "entry")
        switched = ast.parse(f"{{}} if {SWITCH}({number}) else 0", mode="eval").body
        switched.orelse = pair
        return ast.fix_missing_locations(ast.copy_location(switched, value))

    def _switch_entry(self, entry: ast.expr) -> ast.expr:
        number = self._number(entry, "entry")
        switched = ast.parse(f"[*(() if {SWITCH}({number}) else [0])]", mode="eval").body.elts[0]
        switched.value.orelse = ast.List([entry], ast.Load())
        return ast.fix_missing_locations(ast.copy_location(switched, entry))

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        """A raise is an assertion wherever it stands."""
        return self._switch(node, "raise")

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """A call that stands alone is one if it judges."""
        called = node.value.func if isinstance(node.value, ast.Call) else None
        name = getattr(called, "attr", getattr(called, "id", ""))
        return self._switch(node, name) if JUDGES.match(name) else node

    def _switch(self, node: ast.stmt, what: str) -> ast.stmt:
        number = self._number(node, what)
        switched = ast.parse(f"if not {SWITCH}({number}): pass").body[0]
        switched.body = [node]
        return ast.fix_missing_locations(ast.copy_location(switched, node))

    def _number(self, node: ast.stmt | ast.expr, what: str) -> int:
        self.mutants.places.append(f"{self.name}:{node.lineno} {what}")
        return len(self.mutants.places) - 1


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module of the checks with its switches."""

    mutants: Mutants
    place = ""  # of its file in the package, such as "pooling/tasks.py"

    def get_code(self, fullname):
        """Never from a cached file, which has no switches."""
        return self.source_to_code(self.get_data(self.path), self.path)

    def source_to_code(self, data, path, *, _optimization=-1):
        """The code of the module, switched."""
        tree = Switches(self.mutants, self.place).visit(ast.parse(data))
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
            spec.loader.place = place_of(fullname, Path(spec.origin).name)
        return spec


def place_of(module: str, file: str) -> str:
    """Where ``file``, which holds ``module``, lies in ``PACKAGE``: ``"pooling/tasks.py"``."""
    folders = module.removeprefix(PACKAGE).strip(".").split(".")
    return "/".join([*folders[: None if file == "__init__.py" else -1], file]).lstrip("/")


def is_in(place: str, names: list[str]) -> bool:
    """Whether an assertion is in a package or module of these names; in any, if there are none."""
    file = Path(place.split(":")[0])
    return not names or not {*file.parent.parts, file.stem}.isdisjoint(names)


class Hunt:
    """A pytest plugin that runs the collected tests as they are, then against each mutant."""

    def __init__(self, mutants: Mutants, names: list[str]):
        self.mutants, self.names = mutants, names
        self.seconds: dict[str, float] = {}  # how long each test took as it is
        self.survivors: list[str] = []
        self.count = 0
        self.broken: str | None = None  # a test that fails as it is

    def pytest_runtestloop(self, session):
        """Run the tests once to see which assertions they reach, then hunt."""
        wanted = [n for n, place in enumerate(self.mutants.places) if is_in(place, self.names)]
        self.count = len(wanted)
        own, others = self.own_first(session.items, wanted)
        for items in filter(None, (own, others)):
            if not wanted or not self.pass_as_they_are(items):
                break
            words = f"{len(wanted)} assertions, about {self.estimate(wanted, items):.0f} s"
            session.config.get_terminal_writer().line(f"\n{words}", flush=True)
            found = side_by_side(
                lambda part, items=items: [n for n in part if not self.is_noticed(n, items)], wanted
            )
            wanted = sorted(number for part in found for number in part)
        self.survivors = [self.words_on(number) for number in wanted]
        return True

    def own_first(self, items: list[pytest.Item], wanted: list[int]) -> tuple[list, list]:
        """The tests of the packages that assertions are wanted of, and all others."""
        packages = {self.mutants.places[number].split("/")[0] for number in wanted}
        folders = [TESTS / package for package in packages] if self.names else []
        own = [item for item in items if any(item.path.is_relative_to(f) for f in folders)]
        return (own, [item for item in items if item not in own]) if own else (items, [])

    def pass_as_they_are(self, items: list[pytest.Item]) -> bool:
        """Run tests with all assertions on, and note which these reach, and how long it takes."""
        for broken, seconds, reached in side_by_side(self.watch, items):
            self.broken = self.broken or broken
            self.seconds |= seconds
            for number, tests in reached.items():
                self.mutants.reached[number] |= tests
        return self.broken is None

    def watch(self, items: list[pytest.Item]) -> tuple[str | None, dict, dict]:
        """Run them: the first that fails, the seconds of each, and the tests by assertion."""
        for item in items:
            self.mutants.test, start = item.nodeid, time.perf_counter()
            if failed(item):
                self.broken = item.nodeid
                break
            self.seconds[item.nodeid] = time.perf_counter() - start
        self.mutants.test = None
        return self.broken, self.seconds, self.mutants.reached

    def estimate(self, wanted: list[int], items: list[pytest.Item]) -> float:
        """The seconds that the hunt will take: mostly one of the quickest tests notices."""
        quickest = [item for number in wanted for item in self.reaching(number, items)[:3]]
        together = sum(self.seconds[item.nodeid] for item in quickest) + FAILING * len(wanted)
        return together / processes()

    def reaching(self, number: int, items: list[pytest.Item]) -> list[pytest.Item]:
        """Those of the tests that reach an assertion, the quick ones first."""
        found = [item for item in items if item.nodeid in self.mutants.reached[number]]
        return sorted(found, key=lambda item: self.seconds[item.nodeid])

    def is_noticed(self, number: int, items: list[pytest.Item]) -> bool:
        """Whether one of the tests fails without the assertion."""
        self.mutants.off = number
        try:
            return any(failed(item) for item in self.reaching(number, items))
        finally:
            self.mutants.off = None

    def words_on(self, number: int) -> str:
        """What to say of an assertion whose loss no test notices."""
        count = len(self.mutants.reached[number])
        found = f"{count} tests reach it" if count else "no test reaches it"
        return f"{self.mutants.places[number]}: {found}, none fails without it"


def failed(item: pytest.Item) -> bool:
    """Whether the test fails now."""
    with contextlib.redirect_stdout(io.StringIO()):
        return any(report.failed for report in runtestprotocol(item, log=False))


def hunt(tests: list[str], names: list[str]) -> tuple[int, list[str]]:
    """How many assertions were taken out, one by one, and those whose loss no test notices."""
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch: the cores are shared out already
    mutants = Mutants()
    finder = Finder(mutants)
    sys.meta_path.insert(0, finder)
    plugin = Hunt(mutants, names)
    quiet = ["-q", "--no-header", "--tb=no"]  # a traceback takes longer to write than a test
    try:
        status = pytest.main([*tests, *quiet, "-p", "no:xdist", "-p", "no:warnings"], [plugin])
    finally:
        sys.meta_path.remove(finder)
    if plugin.broken:
        raise SystemExit(f"{plugin.broken} fails as it is: mend it first")
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"pytest ended with {status!r}")
    return plugin.count, plugin.survivors


def known_names() -> set[str]:
    """The packages and modules that assertions can be looked for in."""
    folder = ROOT.joinpath(*PACKAGE.split("."))
    files = [path.relative_to(folder) for path in folder.rglob("*.py")]
    return {name for file in files for name in (*file.parent.parts, file.stem)} - {"__init__"}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Take out each assertion of the checks.")
    parser.add_argument("names", nargs="*", help="pooling, loop_behaviour, ...; without one, all")
    names = [Path(name).stem for name in parser.parse_args(arguments).names]
    known = known_names()
    if unknown := sorted(set(names) - known):
        parser.error(f"no package or module is called {unknown[0]}; there are {sorted(known)}")
    count, survivors = hunt([str(TESTS)], names)
    for survivor in survivors:
        print(survivor)
    print(f"{count - len(survivors)} of {count} assertions are held by a test")
    return 1 if survivors or not count else 0


if __name__ == "__main__":
    sys.exit(main())
