"""The code in a notebook that is the student's own, and where it stands."""

import re
from dataclasses import dataclass

from grading.cell_code import is_empty, tree, without_checks
from grading.handed_out import Handout
from grading.notebook_files import Cell

TIMED = re.compile(r"^%%(time|timeit|capture|prun)\b.*\n")  # magics that run the rest as Python


@dataclass
class Piece:
    """Code of a student: where it stands (the task, and whether below its check), and what it is.

    ``blank`` is the id of the answer cell that it is by name; ``given``: a given cell, changed.
    """

    place: int
    source: str
    task: str | None
    after: bool
    blank: str | None = None
    given: bool = False
    failed: bool = False
    used: bool = False


def pieces_in(cells: list[Cell], handout: Handout) -> list[Piece]:
    """The code that is the student's own, in the order of the notebook."""
    headings = [handout.heading(cell) for cell in cells if cell.kind == "markdown"]
    current, after, pieces = None, False, []
    for number, cell in enumerate(cells):
        if cell.kind == "markdown" and handout.heading(cell):
            current, after = handout.heading(cell), False
        if cell.kind != "code":
            continue
        blank, checked = handout.blank(cell), handout.checked(cell)
        source = without_checks(cell.source)
        if blank or not (is_empty(source) or handout.is_given(cell) or _is_check(cell, handout)):
            given = not blank and any(name in handout.given_ids for name in cell.names)
            pieces.append(Piece(number, source, current, after, blank, given, cell.failed))
        for task in checked:
            if task == current and after:  # once more: what stands in between is an attempt, too
                _move(pieces, (task, True), task)
            elif task != current and task not in headings:  # its heading was deleted
                _move(pieces, (current, after), task)
                current = task
            after = after or task == current
    return pieces


def _is_check(cell: Cell, handout: Handout) -> bool:
    """Whether a cell is a check by name, whatever stands in it now."""
    named = any(name in handout.task_of and name not in handout.stubs for name in cell.names)
    return named and without_checks(cell.source) == cell.source


def _move(pieces: list[Piece], zone: tuple, task: str) -> None:
    for piece in reversed(pieces):
        if (piece.task, piece.after) != zone:
            break
        piece.task, piece.after = task, False


def is_python(source: str) -> bool:
    """Whether a cell is Python, and not, by its first line, HTML or a shell's."""
    other = source.lstrip().startswith("%%") and not TIMED.match(source.lstrip())
    return not other and tree(source) is not None


def joined(sources: list[str]) -> str:
    """Several cells as one; a magic that wants to be first would not be so any more."""
    if len(sources) == 1:
        return sources[0]
    return "\n\n".join(TIMED.sub("", source.lstrip("\n")) for source in sources)
