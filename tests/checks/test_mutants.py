"""Does the hunt for unheld assertions find one, and leave alone what is held?"""

import ast
import subprocess
import sys
from textwrap import dedent

import pytest

from authoring.student_notebooks import ROOT
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
    """In a process of its own, for it changes how modules are imported."""
    (tmp_path / "checked.py").write_text(MODULE)
    test = "import pytest\nfrom checked import check\n" + TEST.format(rows=rows)
    (tmp_path / "test_checked.py").write_text(test)
    script = f"""
        from tests.checks import mutants
        mutants.PACKAGE = "checked"
        print(mutants.hunt([{str(tmp_path / "test_checked.py")!r}], []))
        """
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": ""},
    )
    assert done.stdout.strip().splitlines()[-1] == repr((3, survivors)), done.stdout + done.stderr


def test_what_is_an_assertion():
    source = """
        answered(x=1)
        _loops.look_at_loss(2)
        model.eval()
        value = judge(3)
        def f():
            raise ValueError
        """
    found = mutants.Mutants()
    mutants.Switches(found, "m.py").visit(ast.parse(dedent(source)))
    assert [place.split()[1] for place in found.places] == ["answered", "look_at_loss", "raise"]
