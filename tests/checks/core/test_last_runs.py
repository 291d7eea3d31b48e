"""A check says first where its answer is of before, because the cell that sets it has failed."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from helpers.checks.core import last_runs
from helpers.checks.core.checking import check

BEFORE = "the answer before your last change"
FORMER = "a value from before"


@check("9.7", "Same", hints=("A nudge.", "Nearly all."))
def same(answer, other=None):
    """Right: anything."""
    return "as it is"


class Cells:
    """Cells that are run one after the other, as in a notebook."""

    def __init__(self, shell, capsys):
        self._shell, self._capsys = shell, capsys

    def run(self, *sources: str) -> str:
        """Run the cells; returns what the last one has shown."""
        for source in sources:
            self._capsys.readouterr()
            self._shell.run_cell(source)
        return self._capsys.readouterr().out


@pytest.fixture
def cells(monkeypatch, capsys):
    """A real IPython; the singleton is taken down again for the other tests."""
    shell = InteractiveShell.instance()
    monkeypatch.setattr(last_runs, "_watched", None)
    last_runs.watch(shell)
    shell.user_ns["same"] = same
    yield Cells(shell, capsys)
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("failing", "ending"),
    [
        ("layer = nothing", "NameError"),
        ("layer = 1 / 0", "ZeroDivisionError"),
        ("one = 1\nnothing\nlayer = 2", "NameError"),
        ("layer = (", "SyntaxError"),
        ("layer: int = = 2", "SyntaxError"),
        ("layer, b = nothing", "NameError"),
        ("with open('/'):\n    layer = 2", None),
        ("if True:\n    nothing\n    layer = 2", "NameError"),
        ("try:\n    layer = nothing\nfinally:\n    pass", "NameError"),
        ("for _ in range(2):\n    nothing\nlayer = 2", "NameError"),
        ("nothing\ndef layer(): pass", "NameError"),
        ("def layer(:\n    pass", "SyntaxError"),
        ("%time nothing\nlayer = 2", "NameError"),
    ],
)
def test_a_cell_that_failed_before_it_set_the_answer(cells, failing, ending):
    said = cells.run("layer = 1", failing, "same(layer)").split("✓")[0]
    if ending is None:  # where the error lies is not known: nothing is said
        assert said.strip() == ""
        return
    assert said.startswith(f"! 9.7 not the latest answer: This is about {BEFORE}: the cell that ")
    assert f"sets layer ended in an error ({ending}) when it last ran, so layer still is" in said


def test_the_remark_comes_first_and_ends_with_the_run_of_the_cell(cells):
    said = cells.run("layer = 1", "layer = nothing", "same(layer)")
    assert said.index("! 9.7") < said.index("✓ 9.7  as it is")
    assert "! 9.7" in cells.run("same(other=layer, answer=1)")
    assert "!" not in cells.run("layer = 2", "same(layer)")


def test_the_same_cell_that_fails_is_no_change(cells):
    cell = "layer = made_of[0]"
    said = cells.run("made_of = [1]", cell, "made_of = []", cell, "same(layer)")
    assert (
        f"This is about {FORMER}: the cell that sets layer ended in an error (IndexError)" in said
    )


def test_a_cell_that_was_stopped(cells):
    said = cells.run("layer = 1", "raise KeyboardInterrupt\nlayer = 2", "same(layer)")
    assert "the cell that sets layer was stopped when it last ran" in said


def test_what_is_made_from_it_is_of_before_too(cells):
    said = cells.run("layer = 1", "layer = nothing", "output = layer + 1", "same(output)")
    assert "the cell that sets layer ended in an error (NameError) when it last ran" in said
    assert "and output was made from layer" in said
    assert "!" not in cells.run("layer = 3", "output = layer + 1", "same(output)")


@pytest.mark.parametrize(
    "later",
    [
        "layer = 2\nnothing",  # set before the error
        "layer = 2; nothing",  # on the same line: it is not known which
        "for layer in range(3):\n    nothing",
        "for n in range(3):\n    layer = n\n    1 / (1 - n)",
        "with open('/dev/null') as layer:\n    nothing",
        "def other():\n    layer = nothing\nother()",  # a name of the function
        "layer == nothing",
        "nothing",
        "if False:\n    layer = 2",
        "layer = 1",
        "globals()['layer'] = 3\nnothing",
        "[layer for layer in nothing]",
    ],
)
def test_nothing_is_said_where_it_would_not_be_true(cells, later):
    assert "!" not in cells.run("layer = 1", later, "same(layer)")


def test_another_way_to_set_it_ends_the_remark(cells):
    assert "!" not in cells.run(
        "layer = 1", "layer = nothing", "globals()['layer'] = []", "same(layer)"
    )


def test_outside_of_notebooks_nothing_is_said(capsys, monkeypatch):
    monkeypatch.setattr(last_runs, "_watched", None)
    same(1)
    assert capsys.readouterr().out.strip() == "✓ 9.7  as it is"
