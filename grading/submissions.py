"""What students have sent, as far as it is graded: the text of their answers, by cell id.

Nothing else is taken over: the checks, the given cells and the order are those of the release. So a
check that was edited, deleted or moved changes nothing. Whatever is odd about a file becomes a
sentence for the feedback, and one student's trouble is that student's alone.

    archives          the files, in folders and zips
    handed_in         whose they are
    notebook_files    the cells in a file
    handed_out        which lesson they are of
    placing           which code answers which task
"""

import re
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from authoring.lesson import Lesson
from grading.archives import LARGEST, Entry, is_rubbish, unpacked
from grading.handed_in import Owner, pile_in
from grading.handed_out import Handout, handout_of, is_complete_lesson, named_for, title_in
from grading.notebook_files import Sheet, Unreadable, sheet_in
from grading.placing import Placed, place
from grading.student_names import all_different, as_folder, readable

MOST_BYTES = 200 * 2**20  # of all notebooks of a student
BESIDE = {"timestamp.txt"}  # nbgrader's own
ARCHIVE = re.compile(r"\.(rar|7z|tar|tgz|gz|xz|bz2|zipx)$", re.IGNORECASE)
PEEK = 2048  # bytes in which a notebook under another name shows itself


@dataclass
class Submission:
    """``answers`` by lesson and cell id; ``remarks`` on what could not be taken as it was.

    ``not_read``: files without an answer in them. ``known_as``: the platform's number or login.
    """

    student: str
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    known_as: list[str] = field(default_factory=list)


class Submissions(list[Submission]):
    """All submissions; ``nobodys``: files in the folder of which nothing tells whose they are."""

    nobodys: list[str]

    @property
    def unread(self) -> list[str]:
        """All that was not read, a line for each file."""
        return self.nobodys + [f"{sent.student}/{line}" for sent in self for line in sent.not_read]


@dataclass
class Candidate:
    """A notebook that may be the one for a lesson, and the answers in it."""

    entry: Entry
    placed: Placed
    filled: int
    own: bool  # and not the course's own solution

    @property
    def worth(self) -> tuple:
        """The larger, the more likely it is the one that was meant."""
        return self.own, self.filled, self.entry.modified, path_of(self.entry)


def read_all(
    folder: Path, lessons: list[Lesson], handed_out: dict[str, str] | None = None
) -> Submissions:
    """Every student's submission in ``folder``; ``handed_in`` says where it may lie.

    ``handed_out`` is the text of each code cell of the release, by id: so that given cells are
    known again which the lessons, made ready to run, do not have any more.
    """
    pile = pile_in(folder, lessons)
    owners = sorted(pile.owners.values(), key=lambda owner: (owner.name, owner.mark))
    names = all_different([(owner.name, owner.mark) for owner in owners])
    handouts = [handout_of(lesson, handed_out) for lesson in lessons]
    found = Submissions(
        read(owner, name, handouts) for owner, name in zip(owners, names, strict=True)
    )
    found.nobodys = [
        f"{path_of(entry, 0)}: {entry.trouble or 'nothing tells whose this is.'}"
        for entry in pile.nobodys
        if entry.name and entry.name not in BESIDE
    ]
    return found


def read(owner: Owner, name: str, handouts: list[Handout]) -> Submission:
    """One student's submission; whatever happens meanwhile is a remark on it."""
    submission = Submission(name, known_as=owner.known_as)
    submission.answers = {handout.lesson.name: {} for handout in handouts}
    if owner.name != name and as_folder(owner.name) != owner.name:
        submission.remarks.append(
            f"the name of the folder, {readable(owner.name)[:100]!r}, cannot be one here; {name} "
            "stands in its place."
        )
    try:
        _read_files(owner, handouts, submission)
    except Exception as error:  # one student's trouble is no other's
        where = traceback.extract_tb(error.__traceback__)[-1]
        submission.remarks.append(
            f"it could not be read to the end: {type(error).__name__} in {where.name}. Look at the "
            "files by hand."
        )
    submission.remarks = [_printable(remark) for remark in submission.remarks]
    submission.not_read = [_printable(line) for line in submission.not_read]
    return submission


def _read_files(owner: Owner, handouts: list[Handout], submission: Submission) -> None:
    candidates: dict[str, list[Candidate]] = {handout.lesson.name: [] for handout in handouts}
    failed: set[str] = set()
    budget = MOST_BYTES
    for entry in unpacked(owner.entries):
        if not entry.name or is_rubbish(entry.parts) or entry.name in BESIDE:
            continue
        try:
            sheet = _sheet(entry, budget)
        except Unreadable as error:
            submission.remarks.append(f"{path_of(entry)}: {error}")
            submission.not_read.append(f"{path_of(entry)}: {error}")
            budget -= min(entry.size, LARGEST) if ".ipynb" in entry.name.casefold() else 0
            failed |= {h.lesson.name for h in handouts if named_for(entry.name, h.lesson)}
            continue
        if sheet is None:
            submission.not_read.append(f"{path_of(entry)}: this is no notebook.")
            if any(named_for(entry.name, handout.lesson) for handout in handouts):
                submission.remarks.append(
                    f"{path_of(entry)}: this is no notebook. Send the .ipynb itself (in "
                    "JupyterLab: File, Download)."
                )
            continue
        budget -= entry.size
        fitting = _lessons_of(sheet, entry, handouts)
        if not fitting:
            said = _of_no_lesson(sheet, handouts)
            submission.remarks.append(f"{path_of(entry)}: {said}")
            submission.not_read.append(f"{path_of(entry)}: {said}")
        for handout in fitting:
            candidate = _candidate(entry, sheet, handout)
            candidates[handout.lesson.name].append(candidate)
    for handout in handouts:
        _choose(handout, candidates[handout.lesson.name], submission, failed)


def _sheet(entry: Entry, budget: int) -> Sheet | None:
    """The notebook in a file; None if it is something else. Raises ``Unreadable``."""
    if entry.trouble:
        raise Unreadable(entry.trouble)
    if budget < 0:
        raise Unreadable("all files together are too large; this one was not read.")
    if ".ipynb" in entry.name.casefold():
        return sheet_in(entry)
    if ARCHIVE.search(entry.name):
        raise Unreadable("such an archive is not read. Send a zip, or the notebooks themselves.")
    try:
        begin = entry.load(PEEK).lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0")
        return sheet_in(entry) if begin.startswith(b"{") else None
    except OSError as error:
        raise Unreadable(f"this may not be read ({error.strerror or error}).") from error
    except Unreadable:
        return None  # some other file with braces


def _lessons_of(sheet: Sheet, entry: Entry, handouts: list[Handout]) -> list[Handout]:
    """The lessons that a notebook has tasks of; where it shows none, the one of its name."""
    signs = [handout.likeness(sheet.cells) for handout in handouts]
    # A sign or two of another lesson, a heading that was quoted, make no notebook of it.
    enough = max(1, max(signs, default=0) // 4)
    found = [handout for handout, count in zip(handouts, signs, strict=True) if count >= enough]
    return found or [h for h in handouts if named_for(entry.name, h.lesson)][:1]


def _of_no_lesson(sheet: Sheet, handouts: list[Handout]) -> str:
    title = title_in(sheet.cells)
    called = f" (its title is “{title[:60]}”)" if title else ""
    names = ", ".join(f"{handout.lesson.name}.ipynb" for handout in handouts)
    return (
        f"this is none of the notebooks of the assignment{called}, so it was not graded. Expected "
        f"are {names}."
    )


def _candidate(entry: Entry, sheet: Sheet, handout: Handout) -> Candidate:
    placed = place(sheet.cells, handout)
    placed.remarks = sheet.remarks + placed.remarks
    answers = placed.answers
    filled = [i for i in answers if answers[i].strip() and not handout.is_untouched(answers[i], i)]
    return Candidate(entry, placed, len(filled), not is_complete_lesson(sheet.cells))


def _choose(
    handout: Handout, candidates: list[Candidate], submission: Submission, failed: set[str]
) -> None:
    """Take the notebook for a lesson that has more answers, or else is newer."""
    name = handout.lesson.name
    candidates = sorted(candidates, key=lambda candidate: candidate.worth, reverse=True)
    own = [candidate for candidate in candidates if candidate.own]
    for other in (c for c in candidates if not c.own):
        said = f"{path_of(other.entry)}: this is the course's own solution, which was not graded."
        submission.remarks.append(said)
    if not own:
        if name not in failed and not all(task.bonus for task in handout.lesson.tasks):
            said = f"{name}.ipynb: there is no such file, so its tasks are not answered."
            submission.remarks.append(said)
        return
    best, *others = own
    submission.answers[name] = best.placed.answers
    path = path_of(best.entry)
    submission.remarks += [f"{path}: {remark}" for remark in best.placed.remarks]
    for other in others:
        if other.placed.answers != best.placed.answers:
            why = "has more answers" if best.filled > other.filled else "is newer"
            said = f"{path_of(other.entry)}: {path} {why}, and was graded in place of this one."
            submission.remarks.append(said)


def path_of(entry: Entry, skipped: int = 1) -> str:
    """The path of a file below the student's folder, to be read by a person."""
    parts = entry.parts[skipped:] or entry.parts
    return "/".join(_printable(readable(part))[:100] for part in parts)


def _printable(text: str) -> str:
    """``text`` such that it can be stored and shown."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)
