"""A notebook as the grader sees it: what is given, and the tasks with their answers and checks.

All of it comes from the cells themselves (headings, marks and tags), as for the student notebooks.
Plain lists and strings, so that it can be sent into the sandbox as JSON.
"""

import ast
from dataclasses import asdict, dataclass, field

from nbformat import NotebookNode

from grading.points import is_bonus, points_of


@dataclass
class Step:
    """A code cell that runs; ``answer`` if the student's is to run in its place."""

    id: str
    source: str
    answer: bool = False


@dataclass
class Task:
    """The code cells from a heading down to its check, in order, and those that follow it."""

    number: str
    title: str
    check_id: str = ""
    check: str = ""
    steps: list[Step] = field(default_factory=list)
    after: list[Step] = field(default_factory=list)

    @property
    def points(self) -> int:
        return points_of(self.number)

    @property
    def bonus(self) -> bool:
        return is_bonus(self.number)


@dataclass
class Lesson:
    """One notebook: its name without ``.ipynb``, the cells before the first task, the tasks."""

    name: str
    before: list[Step]
    tasks: list[Task]

    def answer_ids(self) -> list[str]:
        """The ids of the cells that students fill in."""
        return [step.id for task in self.tasks for step in task.steps if step.answer]

    def as_json(self) -> dict:
        """What ``lesson_of_json`` reads."""
        return asdict(self)


def lesson_of_json(data: dict) -> Lesson:
    """The lesson that was sent with ``as_json``."""

    def steps(listed: list[dict]) -> list[Step]:
        return [Step(**step) for step in listed]

    tasks = [
        Task(**{**task, "steps": steps(task["steps"]), "after": steps(task["after"])})
        for task in data["tasks"]
    ]
    return Lesson(data["name"], steps(data["before"]), tasks)


def lesson_of(source: NotebookNode, name: str) -> Lesson:
    """The lesson of a source notebook of the assignment, answers and hidden checks included."""
    from authoring.student_notebooks import TASK, has_blank, python_of, tags

    lesson = Lesson(name, [], [])
    for cell in source.cells:
        if cell.cell_type == "markdown":
            heading = TASK.search(cell.source)
            if heading:
                title = heading[0] + cell.source[heading.end() :].split("\n")[0]
                lesson.tasks.append(Task(heading[1], title.split("–", 1)[1].strip()))
        elif cell.cell_type == "code":
            step = Step(cell.id, python_of(cell.source), has_blank(cell))
            task = lesson.tasks[-1] if lesson.tasks else None
            if task and "check" in tags(cell):
                task.check_id, task.check = cell.id, step.source
            elif task:
                (task.after if task.check else task.steps).append(step)
            else:
                lesson.before.append(step)
    leave_out_trainings(lesson)
    return lesson


def leave_out_trainings(lesson: Lesson) -> None:
    """Drop given cells that train a network which no later task needs: they only show something."""
    needed: set[str] = set()
    for task in reversed(lesson.tasks):
        kept = []
        for step in reversed(task.after):
            if "training.fit(" in step.source and not needed & _names(step.source, ast.Store):
                continue
            kept.insert(0, step)
            needed |= _names(step.source, ast.Load)
        task.after = kept
        for source in (task.check, *(step.source for step in task.steps)):
            needed |= _names(source, ast.Load)


def _names(source: str, context: type) -> set[str]:
    """The names that ``source`` reads (``ast.Load``) or gives a value (``ast.Store``)."""
    nodes = ast.walk(ast.parse(source))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, context)}
