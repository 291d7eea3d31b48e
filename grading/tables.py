"""``grades.csv``, as spreadsheets open it: for every student the points of each task, and remarks.

Excel takes a file for UTF-8 only with a mark at its beginning, and whatever begins like a formula
for one. Where the decimal sign is a comma, it wants semicolons between the columns.
"""

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

from grading.feedback import without_halves
from grading.marks import Result
from helpers.files import replace_file

LONGEST = 300  # characters of one remark
LONGEST_CELL = 2000  # of all together; a cell of Excel holds 32,767
# What a spreadsheet takes for the beginning of a formula: at the beginning of a cell, and after
# what a program with other settings takes for the end of a cell.
FORMULA = re.compile(r"""(^|[,;|])([\s"']*)(?=[=+\-@＝＋－＠])""")


def table(results: list[Result], people: dict[str, list[str]] | None = None) -> list[list]:
    """The rows, the first with the names of the columns; ``people``: name, id, e-mail of each."""
    tasks = [mark.task for mark in results[0].all_marks()] if results else []
    known = ["name", "id", "e-mail"] if people is not None else []
    numbers = [task.number for task in tasks]
    rows: list[list] = [
        ["student", *known, *numbers, "points", "bonus", "total", "of", "remarks"],
    ]
    for result in results:
        student = result.submission.student
        points = ["" if mark.undecided else mark.points for mark in result.all_marks()]
        sums = [result.points(False), result.points(True), result.total, result.reachable]
        who = (people or {}).get(student, [""] * 3) if known else []
        rows.append([student, *who, *points, *sums, bounded(result.remarks())])
    return rows


def bounded(remarks: list[str]) -> str:
    """All remarks in one cell of bounded length; the page has them in full."""
    said = [one if len(one) <= LONGEST else f"{one[: LONGEST - 1]}…" for one in remarks]
    kept: list[str] = []
    for number, one in enumerate(said):
        if sum(map(len, kept)) + len(one) > LONGEST_CELL:
            kept.append(f"and {len(said) - number} more")
            break
        kept.append(one)
    return " | ".join(kept)


def as_csv(rows: Iterable[list], separator: str = ",") -> str:
    """``rows`` as text in which no cell is a formula; numbers as the separator asks for."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator)
    writer.writerows([_cell(value, separator) for value in row] for row in rows)
    return written.getvalue()


def write_table(path: Path, rows: Iterable[list], separator: str = ",") -> None:
    """Write ``rows`` to ``path``, whole, with the mark of UTF-8 that Excel asks for."""
    replace_file(path, as_csv(rows, separator).encode("utf-8-sig"))


def _cell(value: object, separator: str) -> str:
    if isinstance(value, (int, float)):
        return f"{value:.10g}".replace(".", "," if separator == ";" else ".")
    return harmless(str(value))


def harmless(text: str) -> str:
    """``text`` in one line, and such that no spreadsheet takes it, or a part of it, for a formula.

    An apostrophe before the sign is what spreadsheets themselves write for "this is text".
    """
    # Also signs that are not shown (a mark of the byte order, a soft hyphen): some programs skip
    # them, and then see what follows as the first.
    shown = "".join(sign if sign.isprintable() else " " for sign in without_halves(text))
    return FORMULA.sub(r"\1\2'", shown.strip())
