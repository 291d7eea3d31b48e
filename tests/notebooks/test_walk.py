"""The student walk: each student notebook from the top, as a student meets it.

Every given cell and every blank runs without an error. Every check stops a student who has not
answered yet, says so, and stops for nothing else. With the answers of the solution, matched by
cell id, the check passes and the notebook goes on, to its end.
"""

from pathlib import Path

import nbformat
import pytest
from kernels import CellFailed, open_kernel, prepare_images, run_cell
from student_notebooks import ROOT, STUB, Task, tasks

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


def tasks_of(path: Path) -> list[Task]:
    """The tasks of a solution."""
    return tasks(nbformat.read(path, as_version=4), path.name)


class Walk:
    """A student notebook in its kernel, run up to ``position``."""

    def __init__(self, path: Path, client):
        self.path, self.client, self.position, self.stuck = path, client, 0, ""
        self.places = {cell.id: place for place, cell in enumerate(client.nb.cells)}
        self.tasks = {task.number: task for task in tasks_of(path)}

    def run(self, place: int, what: str, source: str | None = None) -> list:
        """Run one cell, which must not fail; returns its outputs."""
        try:
            return run_cell(self.client, place, source)
        except CellFailed as failure:
            self.fail(f"{what} fails: {failure}", failure.details)

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
        try:
            run_cell(self.client, place)
        except CellFailed as failure:
            if failure.error != "NotAnswered":
                self.fail(f"the check of a blank says something else: {failure}", failure.details)
            return
        self.fail(f"the check in cell {self.client.nb.cells[place].id} passes on a blank")

    def fail(self, reason: str, details: str = "") -> None:
        """End the walk through this notebook here."""
        self.stuck = reason
        pytest.fail(f"notebooks/{self.path.name}: {reason}\n{details}", pytrace=False)


@pytest.fixture(scope="module")
def walk(request):
    """The walk through one notebook, which the tests of its tasks continue one after the other."""
    path = request.param
    prepare_images()
    student = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
    with open_kernel(student, ROOT / "notebooks") as client:
        yield Walk(path, client)


@pytest.fixture(autouse=True)
def not_stuck(walk):
    """Skip what comes after the first fault of a notebook."""
    if walk.stuck:
        pytest.skip(f"not reached: {walk.stuck.splitlines()[0]}")


STEPS = [
    (path, number)
    for path in SOLUTIONS
    for number in [*(task.number for task in tasks_of(path)), "end"]
]


@pytest.mark.parametrize(
    ("walk", "number"),
    STEPS,
    indirect=["walk"],
    ids=[f"{path.stem}-{number}" for path, number in STEPS],
    scope="module",
)
def test_walk(walk, number):
    """One task: its check holds a student up until the answer is there; or the way to the end."""
    if number == "end":
        walk.go_to(len(walk.client.nb.cells))
        return
    task = walk.tasks[number]
    check = walk.places[task.checks[0].id]
    walk.go_to(check)
    walk.expect_open(check)
    for cell in task.blanks:
        walk.run(walk.places[cell.id], f"the answer of task {number}", cell.source)
    outputs = walk.run(check, f"with the answer of the solution, the check of task {number}")
    shown = [output.get("data", {}).get("text/plain", "") for output in outputs]
    if not any(text.startswith(f"✓ {number} ") for text in shown):
        walk.fail(f"the check in cell {task.checks[0].id} does not say '✓ {number}', but {shown}")
    walk.position = check + 1
