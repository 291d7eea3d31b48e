"""The assignment that ``release`` made, as grading needs it: its lessons, and the blanks in it."""

import ast
from pathlib import Path

import nbformat

from authoring.lesson import Lesson, Step, lesson_of, python_of

ASSIGNMENT = "cnn"  # nbgrader's name for it, and that of its folders


class NotGraded(Exception):
    """Nothing was graded; the message says why and what to do."""


def lessons_in(course: Path) -> list[Lesson]:
    """The lessons of the release, ready to run. Raises ``NotGraded`` if there is none."""
    paths = sorted((course / "source" / ASSIGNMENT).glob("*.ipynb"))
    if not paths:
        raise NotGraded(f"There is no release in {course}. Run make release first.")
    return [runnable(lesson_of(nbformat.read(path, as_version=4), path.name)) for path in paths]


def stubs_in(course: Path) -> dict[str, str]:
    """What stands in each code cell of the release, by id."""
    paths = sorted((course / "release" / ASSIGNMENT).glob("*.ipynb"))
    cells = [cell for path in paths for cell in nbformat.read(path, as_version=4).cells]
    return {cell.id: cell.source for cell in cells if cell.cell_type == "code"}


def answer_ids(lesson: Lesson) -> list[str]:
    """The ids of the cells that students fill in."""
    return [step.id for task in lesson.tasks for step in task.blanks]


def runnable(lesson: Lesson) -> Lesson:
    """``lesson`` itself, its cells turned into plain Python, without trainings for show."""
    for task in lesson.tasks:
        for step in [*task.steps, *task.checks, *task.after]:
            step.source = python_of(step.source)
    for step in lesson.before:
        step.source = python_of(step.source)
    leave_out_trainings(lesson)
    return lesson


def leave_out_trainings(lesson: Lesson) -> None:
    """Drop given cells that train a network which no later task needs: they only show something."""
    needed: set[str] = set()
    for task in reversed(lesson.tasks):
        kept: list[Step] = []
        for step in reversed(task.after):
            if "training.fit(" in step.source and not needed & _names(step.source, ast.Store):
                continue
            kept.insert(0, step)
            needed |= _names(step.source, ast.Load)
        task.after = kept
        for step in [*task.checks, *task.steps]:
            needed |= _names(step.source, ast.Load)


def _names(source: str, context: type) -> set[str]:
    """The names that ``source`` reads (``ast.Load``) or gives a value (``ast.Store``)."""
    nodes = ast.walk(ast.parse(source))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, context)}
