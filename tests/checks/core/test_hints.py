"""``checks.hint``: two hints for each task, shown only when asked for."""

import re

import nbformat
import pytest

from authoring.facts import ROOT
from authoring.lesson import TASK, answer_lines
from helpers import checks
from helpers.checks.core import declared, hints, progress
from tests.checks.core.course import COURSE

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def _new_kernel(monkeypatch):
    monkeypatch.setattr(declared, "_declared", dict(COURSE))
    monkeypatch.setattr(hints, "_shown", {})
    monkeypatch.setattr(progress, "_states", {})


def test_every_task_has_two_hints():
    assert all(len(known.hints) == 2 for known in COURSE.values())


@pytest.mark.parametrize("task", COURSE)
def test_hints_are_whole_sentences(task):
    for hint in COURSE[task].hints:
        assert hint[-1] in ".?", hint
        assert len(hint) < 600, hint


def answers_of(path) -> dict[str, list[str]]:
    """For each task the lines of its answer, without spaces, that say something."""
    found, task = {}, None
    for cell in nbformat.read(path, as_version=4).cells:
        if heading := TASK.search(cell.source):
            task = heading[1]
        for line in answer_lines(cell.source) if cell.cell_type == "code" else ():
            if len(line.strip()) > 30:
                found.setdefault(task, []).append(re.sub(r"\s", "", line).rstrip(","))
    return found


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_hints_are_numbered_on_from_those_in_the_notebook(path):
    texts = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    folded = re.findall(r"<summary>Hint (\d+)</summary>", texts)
    numbers = [str(number) for number in range(1, hints.FOLDED + 1)]
    assert folded == numbers * len(TASK.findall(texts))


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_no_hint_holds_a_line_of_the_answer(path):
    for task, lines in answers_of(path).items():
        said = re.sub(r"\s", "", "".join(COURSE[task].hints))
        assert not [line for line in lines if line in said], task


def test_a_hint_is_shown_only_when_asked_for(capsys):
    nudge, nearly = COURSE["3.5"].hints
    checks.hint("3.5")
    out = capsys.readouterr().out
    assert nudge in out and nearly not in out and 'checks.hint("3.5")' in out
    assert "? 3.5 hint 3 of 4" in out and "hint 4:" in out
    checks.hint("3.5")
    out = capsys.readouterr().out
    assert nudge in out and nearly in out and "last hint" in out
    assert "? 3.5 hint 4 of 4" in out and 'checks.solution("3.5")' in out
    checks.hint("1.1")
    assert COURSE["1.1"].hints[1] not in capsys.readouterr().out
    checks.hint(3.5)
    assert nearly in capsys.readouterr().out


@pytest.mark.parametrize("task", ["3", "3.10", "", None, 7, [], "three"])
def test_a_hint_for_no_task(task, capsys):
    checks.hint(task)
    out = capsys.readouterr().out
    assert f"no task {task}" in out and f"{min(COURSE)} to {list(COURSE)[-1]}" in out
