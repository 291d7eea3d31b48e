"""The rules of the house: each is a function that reads the imports and names what breaks it.

Each rule is tried on the repository, where it finds nothing, and on an import that is put in on
purpose, which it finds.
"""

import subprocess
import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house import (
    ROOT,
    Imports,
    module_of,
    package_of,
    python_files,
    read_imports,
    target,
    within,
)

LONGEST = 320  # lines of a module
CHECKS = "helpers.checks"
CORE = f"{CHECKS}.core"


def edges(modules: Imports) -> list[tuple[str, str]]:
    """Who imports whom."""
    return [(module, target(name, modules)) for module, names in modules.items() for name in names]


def lesson_of(module: str) -> str:
    """The package of a lesson's checks that ``module`` stands in, or ''."""
    parts = module.split(".")
    return parts[2] if within(module, CHECKS) and len(parts) > 2 and parts[2] != "core" else ""


def core_knows_no_lesson(modules: Imports) -> list:
    return [(a, b) for a, b in edges(modules) if within(a, CORE) and lesson_of(b)]


def lessons_know_no_other_lesson(modules: Imports) -> list:
    return [
        (a, b)
        for a, b in edges(modules)
        if lesson_of(a)
        and within(b, CHECKS)
        and not within(b, CORE)
        and lesson_of(a) != lesson_of(b)
    ]


def checks_and_explorers_are_apart(modules: Imports) -> list:
    pair = CHECKS, "helpers.explorers"
    return [
        (a, b)
        for a, b in edges(modules)
        if any(within(a, one) and within(b, other) for one, other in (pair, pair[::-1]))
    ]


def helpers_stand_alone(modules: Imports) -> list:
    return [(a, b) for a, b in edges(modules) if within(a, "helpers") and not within(b, "helpers")]


def the_sandbox_knows_the_helpers_and_itself(modules: Imports) -> list:
    known = "helpers", "grading.sandbox"
    return [
        (a, b)
        for a, b in edges(modules)
        if within(a, "grading.sandbox") and not any(within(b, one) for one in known)
    ]


def underscored_names_stay_at_home(modules: Imports) -> list:
    """A module, or a name in it, that begins with an underscore is for its own package alone."""
    found = []
    for module, names in modules.items():
        for name in names:
            parts = name.split(".")
            private = next((i for i, part in enumerate(parts) if part.startswith("_")), None)
            if private is None or parts[private] in ("__main__", "__version__"):
                continue
            owner = ".".join(parts[:private])  # a package, or the module that has the name
            home = owner if package_of(owner, modules) == owner else package_of(owner, modules)
            if not within(module, home):
                found.append((module, name))
    return found


def no_import_runs_in_a_circle(modules: Imports) -> list:
    graph = {module: set() for module in modules}
    for a, b in edges(modules):
        if a != b:
            graph[a].add(b)
    return circle_in(graph)


def no_package_imports_upwards(modules: Imports) -> list:
    """Packages, too, import in one direction: none imports one that imports it."""
    graph: dict[str, set[str]] = {}
    for a, b in edges(modules):
        one, other = (".".join(name.split(".")[:2]) for name in (a, b))
        graph.setdefault(one, set())
        if one != other:
            graph[one].add(other)
    return circle_in(graph)


def circle_in(graph: dict[str, set[str]]) -> list:
    """The modules of a circle, or nothing."""
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return error.args[1]
    return []


def nothing_needs_the_tests(modules: Imports) -> list:
    return [(a, b) for a, b in edges(modules) if within(b, "tests")]


# Each rule, with imports that break it: (who, what).
RULES = {
    core_knows_no_lesson: [(f"{CORE}.values", f"{CHECKS}.pooling.tasks.max_pool")],
    lessons_know_no_other_lesson: [
        (f"{CHECKS}.pooling.tasks", f"{CHECKS}.full_cnn.loop_recorder"),
        (f"{CHECKS}.pooling.tasks", f"{CHECKS}.hint"),
    ],
    checks_and_explorers_are_apart: [
        (f"{CORE}.figures", "helpers.explorers.Pooling"),
        ("helpers.explorers.pooling_panel", "helpers.checks.max_pool"),
    ],
    helpers_stand_alone: [
        ("helpers.files", "grading.release"),
        ("helpers.models", "authoring.lesson"),
    ],
    the_sandbox_knows_the_helpers_and_itself: [
        ("grading.sandbox.judge", "grading.release"),
        ("grading.sandbox.judge", "authoring.lesson"),
    ],
    underscored_names_stay_at_home: [
        ("helpers.inspection", "helpers.explorers._base"),
        ("grading.release", "helpers.checkpoints._misfit"),
        ("helpers.plots.images", "helpers.datasets.image_dataset._Batch"),
    ],
    no_import_runs_in_a_circle: [("helpers.layers", "helpers.models.ConvNet")],
    nothing_needs_the_tests: [("authoring.execute", "tests.browser.lab.Notebook")],
    no_package_imports_upwards: [("helpers.datasets.image_dataset", "helpers.training.fit")],
}


@pytest.fixture(scope="module")
def modules() -> Imports:
    return read_imports()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule, modules):
    assert rule(modules) == []


@pytest.mark.parametrize(
    ("rule", "who", "what"),
    [(rule, *put_in) for rule, broken in RULES.items() for put_in in broken],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_an_import_put_in_on_purpose_is_found(rule, who, what, modules):
    assert who in modules, f"{who} has moved: name another module here"
    assert rule(modules | {who: modules[who] | {what}}) != []


def test_importing_helpers_imports_no_torch():
    code = "import sys, helpers; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


# ------------------------------------------------------------------------------------ the files


def test_no_module_is_longer_than_a_reader_can_hold():
    lengths = {
        module_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in python_files()
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_no_two_files_of_one_name_mean_different_things():
    lessons = {path.stem[3:] for path in (ROOT / "solutions").glob("*.ipynb")}
    once = [
        path.stem.lstrip("_")
        for path in python_files()
        if path.stem not in ("__init__", "__main__", "tasks") and path.stem not in lessons
    ]
    assert [name for name, count in Counter(once).items() if count > 1] == []


def test_no_module_of_the_checks_hides_behind_an_underscore():
    files = (ROOT / "helpers/checks").rglob("_*.py")
    assert [path.name for path in files if path.name != "__init__.py"] == []


def test_the_dotfolder_keeps_workflows_and_templates():
    kinds = {path.suffix for path in (ROOT / ".github").rglob("*") if path.is_file()}
    assert kinds == {".yml", ".md"}
