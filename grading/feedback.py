"""What comes out of the grading: a page a student, a table for the lecturer, nbgrader's book."""

import csv
import io
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import nbformat

from grading.lesson import Lesson, Task
from grading.release import ASSIGNMENT, on_path
from grading.submissions import Submission
from helpers.checkpoints import replace_file

TEMPLATE = Path(__file__).with_name("feedback.html.j2")

# The sign and the words of each outcome, as a student reads them.
OUTCOMES = {
    "right": ("✓", "right"),
    "wrong": ("✗", "not right yet"),
    "blank": ("○", "not answered"),
    "cheat": ("!", "not counted"),
    "stopped": ("✗", "stopped"),
    "error": ("?", "not graded"),
}
ADVICE = {
    "cheat": " No answer of this course needs that, so it does not count. If you had a reason for "
    "it, speak to your lecturer.",
    "stopped": " A right answer takes a few seconds here. Is there a loop whose condition stays "
    "true, or something that grows and grows? Restart your kernel and run all cells up to this "
    "task.",
}


@dataclass
class Mark:
    """How one task of one student ended."""

    task: Task
    outcome: str
    words: str
    answer: str = ""

    @property
    def points(self) -> int:
        return self.task.points if self.outcome == "right" else 0

    @property
    def sentence(self) -> str:
        """The words with a capital letter, and what to do if it is no usual mistake."""
        words = self.words[:1].upper() + self.words[1:]
        return words + ADVICE.get(self.outcome, "")

    sign = property(lambda self: OUTCOMES[self.outcome][0])
    state = property(lambda self: OUTCOMES[self.outcome][1])


@dataclass
class Result:
    """All marks of a student, in the order of the lessons, and how long judging them took."""

    submission: Submission
    marks: dict[str, list[Mark]] = field(default_factory=dict)  # by lesson
    seconds: float = 0.0

    def all_marks(self) -> list[Mark]:
        return [mark for marks in self.marks.values() for mark in marks]

    def points(self, bonus: bool) -> int:
        return sum(mark.points for mark in self.all_marks() if mark.task.bonus == bonus)

    @property
    def reachable(self) -> int:
        return sum(mark.task.points for mark in self.all_marks() if not mark.task.bonus)

    @property
    def total(self) -> int:
        return self.points(bonus=False) + self.points(bonus=True)

    def remarks(self) -> list[str]:
        """For the lecturer: what was odd, and which answers were taken for cheats."""
        said = list(self.submission.remarks)
        for mark in self.all_marks():
            if mark.outcome in ("cheat", "stopped", "error"):
                said.append(f"{mark.task.number} {mark.state}: {mark.words}")
        return said


def write_whole(path: Path, text: str) -> None:
    """Write a file such that it is there whole, or as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode())


def page(result: Result) -> str:
    """The page of a student, as HTML."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(result=result)


def table(results: list[Result]) -> str:
    """One row a student, as CSV: the points of each task, the sums, and remarks."""
    written = io.StringIO()
    writer = csv.writer(written)
    tasks = [mark.task for mark in results[0].all_marks()] if results else []
    writer.writerow(
        ["student", *(task.number for task in tasks), "points", "bonus", "total", "of", "remarks"]
    )
    for result in results:
        points = ["" if m.outcome == "error" else m.points for m in result.all_marks()]
        sums = [result.points(False), result.points(True), result.total, result.reachable]
        row = [result.submission.student, *points, *sums, " | ".join(result.remarks())]
        writer.writerow([_harmless(value) for value in row])
    return written.getvalue()


def _harmless(value):
    """Text that no spreadsheet takes for a formula."""
    text = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t")
    return f"'{value}" if text else value


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
            marks = {mark.task.check_id: mark for mark in result.all_marks()}
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
        said = {mark.task.check_id: mark for mark in result.marks[lesson.name]}
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
