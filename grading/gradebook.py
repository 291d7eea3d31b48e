"""What comes out of the grading for nbgrader: its gradebook, and the notebooks for formgrader."""

import contextlib
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat

from authoring.lesson import Lesson
from grading.assignment import ASSIGNMENT, NotGraded
from grading.feedback import without_halves, write_whole
from grading.marks import Mark, Result
from grading.release import copy_database, on_path


@contextlib.contextmanager
def gradebook(course: Path) -> Iterator:
    """nbgrader's book in ``course``, wherever that lies. Raises ``NotGraded``."""
    from nbgrader.api import Gradebook
    from sqlalchemy.engine import URL
    from sqlalchemy.exc import DatabaseError, SAWarning

    on_path()
    path = (course / "gradebook.db").absolute()
    # As an object: in a text, signs such as ? and % in the path would have a meaning.
    url = URL.create("sqlite", database=str(path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own way of adding a submission
        try:
            with Gradebook(url, "cnn-course") as book:
                yield book
        except DatabaseError as error:
            why = str(getattr(error, "orig", None) or error)
            raise NotGraded(
                f"The gradebook could not be used ({why}): {path}. Is the disk full, or is the "
                "file open in another program, not to be written, or damaged? If it is damaged, "
                "move it away and run make release, then make grade again: nothing is judged "
                "twice."
            ) from None


def write_gradebook(results: list[Result], course: Path) -> None:
    """Put the points into nbgrader's gradebook; what a person has entered there stays.

    Raises ``NotGraded``.
    """
    from sqlalchemy.exc import DatabaseError

    with gradebook(course) as book:
        for result in results:
            try:
                _enter(book, result)
            except DatabaseError:  # the file, not this student
                raise
            except Exception as error:
                book.db.rollback()
                why = f"the entry in the gradebook could not be written: {error}"
                result.submission.remarks.append(without_halves(why))


def _enter(book, result: Result) -> None:
    student = result.submission.student
    book.update_or_create_student(student)
    submission = book.update_or_create_submission(ASSIGNMENT, student)
    marks = {mark.task.check.id: mark for mark in result.all_marks()}
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            mark = marks.get(grade.cell.name)
            if mark and mark.outcome != "error":
                grade.auto_score = mark.task.points if mark.outcome == "right" else 0
                grade.needs_manual_grade = grade.manual_score is not None
    book.db.commit()


def read_entered(results: list[Result], course: Path) -> None:
    """Take over what a person has entered in the gradebook: points instead, and extra points."""
    with gradebook(course) as book:
        by_student = {one.student_id: one for one in book.assignment_submissions(ASSIGNMENT)}
        for result in results:
            submission = by_student.get(result.submission.student)
            marks = {mark.task.check.id: mark for mark in result.all_marks()}
            for notebook in submission.notebooks if submission else []:
                for grade in notebook.grades:
                    mark = marks.get(grade.cell.name)
                    if mark:
                        mark.by_hand, mark.extra = grade.manual_score, grade.extra_credit or 0.0


def remove_withdrawn(present: set[str], course: Path) -> list[str]:
    """Take out all who have sent something once and are not ``present``; returns their names.

    A copy of the gradebook as it was stays beside it, since a person may have entered points.
    """
    with gradebook(course) as book:
        there = {one.student_id for one in book.assignment_submissions(ASSIGNMENT)}
        gone = there - present
        if gone:
            (course / "gradebook.before.db").unlink(missing_ok=True)
            copy_database(course / "gradebook.db", course / "gradebook.before.db")
        for student in gone:
            book.remove_submission(ASSIGNMENT, student)
            if not book.find_student(student).submissions:
                book.remove_student(student)
    for kind in ("feedback", "autograded"):
        for folder in (course / kind).glob(f"*/{ASSIGNMENT}"):
            student = folder.parent
            if student.name not in present:
                gone.add(student.name)
                shutil.rmtree(folder)
                with contextlib.suppress(OSError):  # there is another assignment in it
                    student.rmdir()
    return sorted(gone)


def write_notebooks(result: Result, lessons: list[Lesson], course: Path) -> None:
    """The student's notebooks as they were graded: the release, with the answers filled in.

    They lie where nbgrader's formgrader looks for them.
    """
    for lesson in lessons:
        path = course / "release" / ASSIGNMENT / f"{lesson.name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        answers = result.submission.answers.get(lesson.name, {})
        said = {mark.task.check.id: mark for mark in result.marks[lesson.name]}
        for cell in notebook.cells:
            cell.source = answers.get(cell.id, cell.source)
            if cell.id in said:
                cell.outputs = [_output(said[cell.id])]
        folder = course / "autograded" / result.submission.student / ASSIGNMENT
        write_whole(folder / path.name, nbformat.writes(notebook, version=4))


def _output(mark: Mark) -> nbformat.NotebookNode:
    text = f"{mark.sign} {mark.task.number} {mark.state}: {mark.sentence}"
    if mark.outcome == "right":
        return nbformat.v4.new_output("stream", name="stdout", text=text)
    return nbformat.v4.new_output("error", ename=mark.outcome, evalue=text, traceback=[text])
