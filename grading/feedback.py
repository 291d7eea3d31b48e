"""What comes out of the grading to read: a page a student, and a table for the lecturer."""

import csv
import io
from pathlib import Path

import jinja2

from grading.marks import Result
from helpers.files import replace_file

TEMPLATE = Path(__file__).with_name("feedback.html.j2")


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
