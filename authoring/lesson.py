"""A lesson, read from its notebook: the one parser of headings, marks of answers, tags and checks.

    ### Task 1.1 – Title            begins a task, which goes on to the next such heading
    # BEGIN SOLUTION                marks, alone on their lines, around an answer in a code cell;
    # END SOLUTION                  in the student's notebook a blank stands in its place
    checks.conv_layer(layer)        the last statement of the code cell that is tagged ``check``

It takes what it finds: ``student_notebooks`` refuses what does not go together.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from authoring.facts import is_bonus, points_of
from helpers.lesson_marks import MARK as MARK
from helpers.lesson_marks import TASK as TASK
from helpers.lesson_marks import without_marks as without_marks

STUB = "...  # your code here"
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
HEADING = re.compile(r"^#+\s+(.+)$", re.MULTILINE)
REPR = re.compile(r"<.*>", re.DOTALL)  # such as <Figure size 700x350 with 2 Axes>: no words
HELP = {"hint", "progress", "solution"}  # of the checks, but no check of a task


@dataclass
class Step:
    """A code cell: its id, its source, and whether it holds an answer between marks."""

    id: str
    source: str
    answer: bool = False


@dataclass
class Task:
    """A task: the code cells from its heading down to its check, and those that follow it.

    ``heading`` is the id of the cell with the heading. A task has one check, unless it is faulty.
    """

    number: str
    title: str
    heading: str
    steps: list[Step] = field(default_factory=list)
    checks: list[Step] = field(default_factory=list)
    after: list[Step] = field(default_factory=list)

    @property
    def check(self) -> Step:
        """Its check."""
        return self.checks[0]

    @property
    def blanks(self) -> list[Step]:
        """The cells that students fill in."""
        return [step for step in self.steps if step.answer]

    @property
    def points(self) -> int:
        """What it is worth."""
        return points_of(self.number)

    @property
    def bonus(self) -> bool:
        """Whether it is voluntary."""
        return is_bonus(self.number)


@dataclass
class Lesson:
    """A notebook: its name without ``.ipynb``, the code cells before the first task, the tasks."""

    name: str
    before: list[Step] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)


def lesson_of(notebook: NotebookNode, name: str) -> Lesson:
    """The lesson in a complete notebook, answers and all; ``name`` is that of its file."""
    lesson = Lesson(name.removesuffix(".ipynb"))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for number, title in TASK.findall(cell.source):
                lesson.tasks.append(Task(number, title.strip(), cell.id))
        elif cell.cell_type == "code":
            step = Step(cell.id, cell.source, has_blank(cell))
            if not lesson.tasks:
                lesson.before.append(step)
            elif "check" in tags(cell):
                lesson.tasks[-1].checks.append(step)
            elif lesson.tasks[-1].checks:
                lesson.tasks[-1].after.append(step)
            else:
                lesson.tasks[-1].steps.append(step)
    return lesson


def title_of(notebook: NotebookNode) -> str | None:
    """The first heading, such as ``"1 · Convolution layers"``."""
    found = HEADING.search(notebook.cells[0].source) if notebook.cells else None
    return found[1] if found else None


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def has_blank(cell: NotebookNode) -> bool:
    """Whether a cell holds an answer between marks."""
    return cell.cell_type == "code" and BEGIN in cell.source


def answer_lines(source: str) -> Iterator[str]:
    """The lines between the marks of a cell."""
    inside = False
    for line in source.split("\n"):
        if MARK.fullmatch(line):
            inside = BEGIN in line
        elif inside:
            yield line


def check_called(source: str) -> str | None:
    """``"conv_layer"`` for a cell whose last statement is ``checks.conv_layer(...)``; else None."""
    try:
        body = ast.parse(python_of(source)).body
    except SyntaxError:
        return None
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    called = last.func if isinstance(last, ast.Call) else None
    if isinstance(called, ast.Attribute) and ast.unparse(called.value) == "checks":
        return None if called.attr in HELP else called.attr
    return None


def python_of(source: str) -> str:
    """The source of a cell with IPython's magics turned into plain Python."""
    return TransformerManager().transform_cell(source)
