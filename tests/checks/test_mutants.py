"""Does the hunt for unheld assertions find one, and leave alone what is held?"""

import ast
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from authoring.facts import ROOT
from tests.checks import mutants

MODULE = """
def judge(value):
    if value < 0:
        raise ValueError("below")
    if value > 9:
        raise ValueError("above")


def check(value):
    judge(value)
    print("judged")
"""
TEST = """
@pytest.mark.parametrize("value, word", [(-1, "below"), {rows}])
def test_wrong(value, word):
    with pytest.raises(ValueError, match=word):
        check(value)
"""


@pytest.mark.parametrize(
    ("rows", "survivors"),
    [
        ('(10, "above")', []),
        ("", ["checked.py:6 raise: no test reaches it, none fails without it"]),
        ('(-2, "below")', ["checked.py:6 raise: no test reaches it, none fails without it"]),
    ],
)
def test_the_hunt(tmp_path, rows, survivors):
    (tmp_path / "checked.py").write_text(MODULE)
    test = "import pytest\nfrom checked import check\n" + TEST.format(rows=rows)
    (tmp_path / "test_checked.py").write_text(test)
    said = hunted(tmp_path, tmp_path / "test_checked.py")
    assert said.splitlines()[-1] == repr((3, survivors)), said
    assert said.startswith("3 assertions, about 0 s\n")


def hunted(folder: Path, tests: Path, *names: str) -> str:
    """What a hunt says, in a process of its own: it changes how modules are imported."""
    script = f"""
        from pathlib import Path
        from tests.checks import mutants
        mutants.PACKAGE, mutants.TESTS = "checked", Path({str(tests)!r})
        print(mutants.hunt([{str(tests)!r}], {list(names)!r}))
        """
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{folder}", "PATH": ""},
    )
    return done.stdout.strip() or done.stderr


@pytest.fixture
def packages(tmp_path):
    """Checks in two packages with a module of one name in each, and their tests."""
    test = "import pytest\nfrom checked.{0} import tasks\n\n\ndef test_{1}():\n    {2}\n"
    below = 'pytest.raises(ValueError, tasks.check, -1).match("below")'
    above = 'pytest.raises(ValueError, tasks.check, 10).match("above")'
    texts = {
        "checked/__init__.py": "",
        "checked/one/tasks.py": MODULE,
        "checked/two/tasks.py": MODULE,
        "tests/one/test_one.py": test.format("one", "below", below),
        "tests/test_all.py": test.format("one", "above", above),
        "tests/two/test_two.py": test.format("two", "below", below),
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in ("checked/one", "checked/two"):
        (tmp_path / name / "__init__.py").touch()
    return tmp_path


def test_a_package_has_its_own_tests_first_and_then_the_others(packages):
    lines = hunted(packages, packages / "tests", "one").splitlines()
    assert lines[-1] == repr((3, []))
    counts = [line.split()[0] for line in lines if "assertions, about" in line]
    assert counts == ["3", "1"]  # its own test does not notice that "above" is missing


def test_a_survivor_is_named_with_its_package(packages):
    said = hunted(packages, packages / "tests", "two")
    assert "two/tasks.py:6 raise: no test reaches it" in said
    assert "one/tasks.py" not in said


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("one", ["one/tasks.py:1 raise"]),
        ("tasks", ["one/tasks.py:1 raise", "two/tasks.py:1 raise"]),
    ],
)
def test_packages_and_modules_have_names(name, found):
    places = ["one/tasks.py:1 raise", "two/tasks.py:1 raise", "two/by_hand.py:1 raise"]
    assert [place for place in places if mutants.is_in(place, [name])] == found
    assert [place for place in places if mutants.is_in(place, [])] == places


def test_a_name_that_there_is_not_is_refused(capsys):
    with pytest.raises(SystemExit):
        mutants.main(["polling"])
    assert "no package or module is called polling; there are [" in capsys.readouterr().err


def test_what_is_an_assertion():
    source = """
        answered(x=1)
        loops.judge_loss(2)
        model.eval()
        value = judge(3)
        known = ((1, "made once, when the module is imported"),)
        def f():
            mistakes = ((1, "one"), *((n, "more") for n in (2, 3)))
            raise ValueError
        """
    found = mutants.Mutants()
    mutants.Switches(found, "m.py").visit(ast.parse(dedent(source)))
    assert [place.split()[1] for place in found.places] == [
        "answered",
        "judge_loss",
        "entry",
        "entry",
        "raise",
    ]


def test_an_entry_that_is_taken_out_is_not_there():
    source = """
        def f():
            mistakes = [1, *(n for n in (2, 3)), 4]
            return mistakes
        """
    found = mutants.Mutants()
    tree = mutants.Switches(found, "m.py").visit(ast.parse(dedent(source)))
    names = {mutants.SWITCH: found.is_off}
    exec(compile(tree, "m.py", "exec"), names)
    assert names["f"]() == [1, 2, 3, 4]
    found.off = 1
    assert names["f"]() == [1, 4]


def test_no_module_of_the_checks_is_taken_for_a_test(pytestconfig):
    """pytest loads what is named like a test by itself, and the hunt would not see it."""
    patterns = pytestconfig.getini("python_files")
    files = (ROOT / "helpers/checks").rglob("*.py")
    assert [path.name for path in files if any(map(path.match, patterns))] == []
