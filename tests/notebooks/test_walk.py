"""The student walk: each student notebook from the top, as a student meets it.

Every given cell and every blank runs without an error. Every check stops a student who has not
answered yet, says so, and stops for nothing else. Wrong answers are refused with the message meant
for them, shown as a block without a traceback. With the answers of the solution, matched by cell
id, the check passes and the notebook goes on, to its end.

A notebook that trains is walked through on the images that answers are graded on, of which a
training takes few: some wrong answers train, too. On the real ones its solution runs beside this.
"""

from contextlib import ExitStack
from html import unescape
from pathlib import Path

import nbformat
import pytest

from authoring.facts import ROOT
from authoring.kernels import CellFailed, open_kernel, run_cell
from authoring.lesson import STUB, Task, lesson_of
from tests.checks.answers import wrong_answers
from tests.checks.parts import Wrong
from tests.notebooks.few_images import with_few_images

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
WRONG = wrong_answers()


def tasks_of(path: Path) -> list[Task]:
    """The tasks of a solution."""
    return lesson_of(nbformat.read(path, as_version=4), path.name).tasks


class Walk:
    """A student notebook in its kernel, run up to ``position``."""

    def __init__(self, path: Path, client):
        self.path, self.client, self.position, self.stuck = path, client, 0, ""
        self.places = {cell.id: place for place, cell in enumerate(client.nb.cells)}
        self.tasks = {task.number: task for task in tasks_of(path)}

    def attempt(self, place: int, source: str | None = None) -> list | CellFailed:
        """Run one cell; returns its outputs, or how it failed."""
        try:
            return run_cell(self.client, place, source)
        except CellFailed as failure:
            return failure

    def run(self, place: int, what: str, source: str | None = None) -> list:
        """Run one cell, which must not fail; returns its outputs."""
        outputs = self.attempt(place, source)
        if isinstance(outputs, CellFailed):
            self.fail(f"{what} fails: {outputs}", outputs.details)
        return outputs

    def go_to(self, place: int) -> None:
        """Run the cells before ``place`` that were not run yet."""
        for position in range(self.position, place):
            cell = self.client.nb.cells[position]
            if cell.cell_type == "code":
                blank = STUB in cell.source
                self.run(position, "a cell with its blank as given" if blank else "given code")
        self.position = place

    def expect_open(self, place: int) -> None:
        """Run a check whose task is not answered: it must say so, by ``NotAnswered``."""
        outcome = self.attempt(place)
        if not isinstance(outcome, CellFailed):
            self.fail(f"the check in cell {self.client.nb.cells[place].id} passes on a blank")
        if outcome.error != "NotAnswered":
            self.fail(f"the check of a blank says something else: {outcome}", outcome.details)

    def answer(self, task: Task, wrong: Wrong | None = None) -> None:
        """Run the cells of a task up to its check, with the solution's answers or a wrong one.

        The given cells run as well: one of them may undo what an earlier answer has left.
        """
        sources = {cell.id: cell.source for cell in task.blanks} | (wrong.sources if wrong else {})
        meant = f" meant for '{wrong.fragment}'" if wrong else ""
        for place in range(self.places[task.heading], self.places[task.check.id]):
            cell = self.client.nb.cells[place]
            if cell.cell_type == "code":
                self.run(place, f"the answer of task {task.number}{meant}", sources.get(cell.id))

    def expect_refused(self, task: Task, fragment: str) -> None:
        """Run a check on a wrong answer: it must say ``fragment`` in a block, and no traceback."""
        place = self.places[task.check.id]
        outcome = self.attempt(place)
        if not isinstance(outcome, CellFailed):
            self.fail(f"the check of task {task.number} passes on the answer for '{fragment}'")
        outputs = self.client.nb.cells[place].outputs
        block = next((output.data for output in outputs if "data" in output), {})
        text, page = block.get("text/plain", ""), unescape(block.get("text/html", ""))
        said = text.startswith(f"✗ {task.number} not right yet: ") and fragment in text
        stopped = f'Stopped at task {task.number}. More help: checks.hint("{task.number}")'
        if (
            outcome.error != "Incorrect"
            or not (said and fragment in page)
            or outputs[-1].traceback != [stopped]
            or "Traceback" in str(outputs)
        ):
            self.fail(f"task {task.number} does not say '{fragment}', but {outcome}", str(outputs))

    def fail(self, reason: str, details: str = "") -> None:
        """End the walk through this notebook here."""
        self.stuck = reason
        pytest.fail(f"notebooks/{self.path.name}: {reason}\n{details}", pytrace=False)


class Walks:
    """The walks of one run, one kernel after the other."""

    def __init__(self):
        self.now, self.opened = None, ExitStack()

    def through(self, path: Path) -> Walk:
        """The walk through the student version of ``path``, where the last test left it."""
        if self.now is None or self.now.path != path:
            self.opened.close()
            student = with_few_images(nbformat.read(ROOT / "notebooks" / path.name, as_version=4))
            self.now = Walk(
                path, self.opened.enter_context(open_kernel(student, ROOT / "notebooks"))
            )
        if self.now.stuck:
            pytest.skip(f"not reached: {self.now.stuck.splitlines()[0]}")
        return self.now


@pytest.fixture(scope="module")
def walks(images):
    """All walks; the last kernel is shut down at the end."""
    made = Walks()
    with made.opened:
        yield made


STEPS = [
    pytest.param(path, number, id=f"{path.stem}-{number}")
    for path in SOLUTIONS
    for number in [*(task.number for task in tasks_of(path)), "end"]
]


def test_every_task_is_answered_wrongly():
    """Each task has a wrong answer, and each of these stands in blanks of its task."""
    blanks = {task.number: task.blanks for path in SOLUTIONS for task in tasks_of(path)}
    assert WRONG.keys() == blanks.keys()
    for number, answers in WRONG.items():
        assert answers, f"task {number} has no wrong answer"
        for wrong in answers:
            assert wrong.sources and wrong.fragment
            assert wrong.sources.keys() <= {cell.id for cell in blanks[number]}, wrong.fragment


@pytest.mark.parametrize(("path", "number"), STEPS)
def test_walk(walks, path, number):
    """One task: its check holds a student up until the answer is right; or the way to the end."""
    walk = walks.through(path)
    if number == "end":
        walk.go_to(len(walk.client.nb.cells))
        return
    task = walk.tasks[number]
    check = walk.places[task.check.id]
    walk.go_to(check)
    walk.expect_open(check)
    for wrong in WRONG[number]:
        walk.answer(task, wrong)
        walk.expect_refused(task, wrong.fragment)
    walk.answer(task)
    outputs = walk.run(check, f"with the answer of the solution, the check of task {number}")
    shown = [output.get("data", {}).get("text/plain", "") for output in outputs]
    if not any(text.startswith(f"✓ {number} ") for text in shown):
        walk.fail(f"the check in cell {task.check.id} does not say '✓ {number}', but {shown}")
    walk.position = check + 1
