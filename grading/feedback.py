"""What comes out of the grading for a student to read: a page, with the words of the checks."""

import contextlib
import errno
import statistics
from collections.abc import Iterator
from pathlib import Path

import jinja2

from grading.marks import Result
from helpers.files import replace_file

TEMPLATE = Path(__file__).with_name("feedback.html.j2")

# What ails the disk, and not one student's folder.
FOR_ALL = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE}


def write_whole(path: Path, text: str) -> None:
    """Write a file such that it is there whole, or as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, without_halves(text).encode())


def page(result: Result) -> str:
    """The page of a student, as HTML."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(result=result)


def write_pages(results: list[Result], course: Path, assignment: str) -> None:
    """Write the page of each student. What cannot be written becomes a remark."""
    for result in results:
        with guard(result, "the page"):
            folder = course / "feedback" / result.submission.student / assignment
            write_whole(folder / "index.html", page(result))


@contextlib.contextmanager
def guard(result: Result, what: str) -> Iterator[None]:
    """Turn what goes wrong with one student's files into a remark; a full disk is everybody's."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FOR_ALL:
            raise
        why = without_halves(str(error) or type(error).__name__)
        result.submission.remarks.append(f"{what} could not be written: {why}.")


def without_halves(text: str) -> str:
    """``text`` without halves of characters, which no file can hold."""
    return "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text)


def summary(results: list[Result], seconds: float) -> str:
    """How many, how good and how fast."""
    times = sorted(result.seconds for result in results)
    late = times[min(len(times) - 1, int(0.95 * len(times)))]
    points = [result.total for result in results]
    odd = sum(bool(result.remarks()) for result in results)
    voluntary = sum(mark.task.points for mark in results[0].all_marks() if mark.task.bonus)
    return (
        f"{len(results)} submissions in {seconds:.0f} s: {60 * len(results) / seconds:.0f} a "
        f"minute. Judging one took {statistics.median(times):.1f} s (median), "
        f"{late:.1f} s (95th percentile).\nPoints: {min(points)} to {max(points)} of "
        f"{results[0].reachable} and {voluntary} voluntary, median {statistics.median(points):g}. "
        f"{odd} with remarks."
    )
