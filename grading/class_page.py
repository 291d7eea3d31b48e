"""The class at a glance: one page for the next lecture, without names unless they are asked for.

It is one file that needs no network: how each task went, the commonest mistakes with an example
each, where students are stuck, and a histogram of points.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import jinja2

from authoring.lesson import Task
from grading.common_mistakes import common_mistakes, shown_as_text
from grading.marks import Result

TEMPLATE = Path(__file__).with_name("class_page.html.j2")
# How an outcome counts here. An outcome that is not in this table was not graded.
KINDS = {"right": "right", "wrong": "wrong", "stopped": "wrong", "blank": "open"}
SIGNS = {"right": "✓", "wrong": "✗", "open": "○", "not graded": "?"}
COLUMNS = 40  # of the histogram, at most


@dataclass
class Row:
    """A task, and how many answers to it were of each kind."""

    task: Task
    lesson: str
    counts: Counter

    @property
    def shares(self) -> list[tuple[str, str, int]]:
        """Sign, kind and number, without those that nobody has."""
        return [
            (sign, kind, self.counts[kind]) for kind, sign in SIGNS.items() if self.counts[kind]
        ]


@dataclass
class Place:
    """A task behind which nothing is right any more: how many stand there, and who."""

    task: Task
    students: list[str] = field(default_factory=list)
    tried: int = 0

    @property
    def open(self) -> int:
        """How many have not answered it."""
        return len(self.students) - self.tried


@dataclass
class Column:
    """So many students have from ``low`` to ``high`` points; ``extra`` have voluntary ones."""

    low: int
    high: int
    plain: int = 0
    extra: int = 0

    @property
    def total(self) -> int:
        """All students of this column."""
        return self.plain + self.extra

    @property
    def label(self) -> str:
        """The points in words."""
        return f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"


def class_page(results: list[Result], names: bool = False) -> str:
    """The page as HTML; with ``names``, it says who is stuck where and who made which mistake."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["shown_as_text"] = shown_as_text
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    rows = rows_of(results)
    lessons = [(name, list(group)) for name, group in groupby(rows, key=lambda row: row.lesson)]
    reachable = max((result.reachable for result in results), default=0)
    points = sorted(result.total for result in results)
    return template.render(
        names=names,
        students=len(results),
        lessons=lessons,
        signs=SIGNS,
        mistakes=common_mistakes(results),
        places=places_of(results),
        reachable=reachable,
        voluntary=sum(row.task.points for row in rows if row.task.bonus),
        median=points[len(points) // 2] if points else 0,
        columns=columns_of(results, reachable),
        beyond=sum(result.points(bonus=True) > 0 for result in results),
    )


def _order(number: str) -> list[tuple[bool, int, str]]:
    """Task 3.10 comes after 3.9."""
    return [(not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in number.split(".")]


def rows_of(results: list[Result]) -> list[Row]:
    """All tasks in order. Whose answer was not judged counts as not graded, not as wrong."""
    rows: dict[str, Row] = {}
    for result in results:
        for lesson, marks in result.marks.items():
            for mark in marks:
                row = rows.setdefault(mark.task.number, Row(mark.task, lesson, Counter()))
                row.counts[KINDS.get(mark.outcome, "not graded")] += 1
    for row in rows.values():
        row.counts["not graded"] += max(0, len(results) - row.counts.total())
    return sorted(rows.values(), key=lambda row: _order(row.task.number))


def places_of(results: list[Result]) -> list[Place]:
    """Where students came to a stop: the first task after all that they have right.

    A task that was skipped on the way is no such place, nor is a voluntary one.
    """
    places: dict[str, Place] = {}
    for result in results:
        marks = [mark for mark in result.all_marks() if not mark.task.bonus]
        marks.sort(key=lambda mark: _order(mark.task.number))
        solved = [place for place, mark in enumerate(marks) if mark.outcome == "right"]
        after = marks[solved[-1] + 1 if solved else 0 :]
        stop = after[0] if after else None
        if stop and KINDS.get(stop.outcome) in ("wrong", "open"):
            place = places.setdefault(stop.task.number, Place(stop.task))
            place.students.append(shown_as_text(result.submission.student, 60))
            place.tried += KINDS[stop.outcome] == "wrong"
    return sorted(places.values(), key=lambda p: (-len(p.students), _order(p.task.number)))


def columns_of(results: list[Result], reachable: int) -> list[Column]:
    """The histogram of all points, up to the maximum or, with voluntary points, beyond it."""
    last = max([reachable, *(math.ceil(result.total) for result in results)])
    width = -(-(last + 1) // COLUMNS)
    columns = [Column(low, min(low + width - 1, last)) for low in range(0, last + 1, width)]
    for result in results:
        column = columns[int(result.total // width)]
        if result.points(bonus=True):
            column.extra += 1
        else:
            column.plain += 1
    return columns
