"""What comes out of the grading for nbgrader: its gradebook, and the notebooks for formgrader."""

import warnings
from pathlib import Path

import nbformat

from authoring.lesson import Lesson
from grading.assignment import ASSIGNMENT
from grading.feedback import write_whole
from grading.marks import Mark, Result
from grading.release import on_path


def write_gradebook(results: list[Result], course: Path) -> None:
    """Put the points into nbgrader's gradebook; what a person has entered there stays."""
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SAWarning

    on_path()
    warnings.simplefilter("ignore", SAWarning)  # nbgrader's own way of adding a submission
    with Gradebook(f"sqlite:///{(course / 'gradebook.db').absolute()}", "cnn-course") as book:
        for result in results:
            student = result.submission.student
            book.update_or_create_student(student)
            submission = book.update_or_create_submission(ASSIGNMENT, student)
            marks = {mark.task.check.id: mark for mark in result.all_marks()}
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    mark = marks.get(grade.cell.name)
                    if mark and mark.outcome != "error":
                        grade.auto_score = mark.points
                        grade.needs_manual_grade = grade.manual_score is not None
        book.db.commit()


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
