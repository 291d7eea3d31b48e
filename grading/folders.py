"""Which students there are, and the folders in which what they get lies."""

from collections.abc import Sequence

from grading.assignment import NotGraded
from grading.feedback import without_halves
from grading.submissions import Submission

LONGEST = 120  # bytes of a folder's name; file systems take 255


def named(sent: list[Submission]) -> list[Submission]:
    """``sent``, each with a name that any disk and table takes, and that nobody else has.

    Where that is not the name under which it was handed in, there is a remark.
    """
    taken: set[str] = set()
    for submission in sent:
        name = wanted = folder_name(submission.student)
        number = 1
        while name.casefold() in taken:  # some disks do not tell ada from Ada
            number += 1
            name = f"{wanted} ({number})"
        taken.add(name.casefold())
        if name != submission.student:
            submission.remarks.append(
                f"in all results, this submission is called {name}: not every disk and table "
                "takes the name of its folder."
            )
            submission.student = name
    return sent


def folder_name(name: str) -> str:
    """The nearest to ``name`` that every disk, table and database takes."""
    signs = without_halves(name)
    fitting = "".join(s if s.isprintable() and s not in '/\\:*?"<>|' else "_" for s in signs)
    while len(fitting.encode()) > LONGEST:
        fitting = fitting[:-1]
    return fitting.strip(" .") or "_"


def chosen(sent: list[Submission], only: Sequence[str]) -> list[Submission]:
    """Those of ``sent`` that are named in ``only``; all, if that is empty. Raises ``NotGraded``."""
    if not only:
        return sent
    by_name = {submission.student.casefold(): submission for submission in sent}
    missing = [name for name in only if name.casefold() not in by_name]
    if missing:
        there = sorted(submission.student for submission in sent)
        more = f" and {len(there) - 20} more" if len(there) > 20 else ""
        raise NotGraded(
            f"There is no submission of {', '.join(missing)}. There are {', '.join(there[:20])}"
            f"{more}."
        )
    return [by_name[name.casefold()] for name in dict.fromkeys(only)]
