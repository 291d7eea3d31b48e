"""What a student has sent, as far as it is graded: the text of the answer cells, by their ids.

Nothing else is taken over: the checks, the given cells and the order are those of the release. So a
check that was edited, deleted or moved changes nothing. Whatever is odd about a file becomes a
sentence for the feedback.
"""

import json
import stat
from dataclasses import dataclass, field
from pathlib import Path

from authoring.lesson import Lesson
from grading.assignment import ASSIGNMENT, answer_ids

LARGEST = 20 * 2**20  # bytes; a notebook of this course with all its pictures has two or three MB
LONGEST = 100_000  # characters of an answer cell


@dataclass
class Submission:
    """``answers`` by lesson and cell id; ``remarks`` on what could not be taken as it was."""

    student: str
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def read_all(folder: Path, lessons: list[Lesson]) -> list[Submission]:
    """Every student's submission in ``folder``: ``<student>/*.ipynb``, or nbgrader's
    ``<student>/cnn/*.ipynb``."""
    students = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    return [read(path, lessons) for path in students if path.is_dir() and not path.is_symlink()]


def read(folder: Path, lessons: list[Lesson]) -> Submission:
    """One student's submission."""
    submission = Submission(folder.name)
    inner = folder / ASSIGNMENT
    folder = inner if inner.is_dir() and not inner.is_symlink() else folder
    names = {f"{lesson.name}.ipynb" for lesson in lessons}
    for lesson in lessons:
        path = folder / f"{lesson.name}.ipynb"
        answers, remarks = read_notebook(path, lesson)
        submission.answers[lesson.name] = answers
        submission.remarks += [f"{path.name}: {remark}" for remark in remarks]
    for path in sorted(folder.glob("*.ipynb")):
        if path.name not in names:
            submission.remarks.append(
                f"{path.name}: this is not the name of a notebook of the assignment, so it was not "
                f"looked at. Expected are {', '.join(sorted(names))}; rename it and send it again."
            )
    return submission


def read_notebook(path: Path, lesson: Lesson) -> tuple[dict[str, str], list[str]]:
    """The answers in a notebook, by cell id, and remarks on it."""
    try:
        status = path.lstat()
    except OSError:
        voluntary = all(task.bonus for task in lesson.tasks)
        missing = ["there is no such file, so its tasks are not answered."]
        return {}, [] if voluntary else missing
    if not stat.S_ISREG(status.st_mode):
        return {}, ["this is a link or something else that is no file. Send the notebook itself."]
    if status.st_size > LARGEST:
        size = f"{status.st_size / 2**20:.0f} MB"
        return {}, [
            f"the file has {size}; more than {LARGEST // 2**20} MB are not read. Clear all outputs "
            "(in JupyterLab: Edit, Clear Outputs of All Cells), save, and send it again."
        ]
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}, [
            "this is no notebook that can be read: the file is damaged, or something else under "
            "this name. Open it in JupyterLab, save it, and send it again."
        ]
    answers, remarks = {}, []
    for id in answer_ids(lesson):
        source, remark = answer_in(cells, id)
        if source is not None:
            answers[id] = source
        if remark:
            remarks.append(remark)
    return answers, remarks


def answer_in(cells: list[dict], id: str) -> tuple[str | None, str]:
    """The source of the answer cell ``id`` and a remark, if there is anything to say about it.

    Programs that know no ids of cells leave nbgrader's ``grade_id`` in place, which is the same.
    """
    named = [cell for cell in cells if cell.get("id") == id]
    named = named or [cell for cell in cells if _grade_id(cell) == id]
    if not named:
        return None, (
            f"the cell {id} is missing (deleted, or copied into a new one), so its task is not "
            "answered. Take the notebook as it was handed out, and put your answer into that cell."
        )
    remark = ""
    if len(named) > 1:
        remark = f"there are {len(named)} cells with the name {id}; the first one was graded."
    cell = named[0]
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if cell.get("cell_type") != "code" or not isinstance(source, str):
        return None, f"the cell {id} is no code cell any more, so its task is not answered."
    if len(source) > LONGEST:
        return None, f"the cell {id} has more than {LONGEST:,} characters and was not graded."
    return source, remark


def _grade_id(cell: dict) -> str | None:
    metadata = cell.get("metadata")
    said = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return said.get("grade_id") if isinstance(said, dict) else None
