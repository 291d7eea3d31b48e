"""Which code of a notebook answers which task.

A cell is known by its id, or what other programs keep of it. Where there is none, and for all code
that was added, its place tells: what stands between the heading of a task and its check belongs to
the task. A filled cell goes before an untouched blank. Given cells are those of the release; code
elsewhere counts where an answer needs a name from it. What is left over is named in a remark.
"""

import builtins
from collections import Counter
from dataclasses import dataclass, field

from authoring.lesson import Task
from grading.cell_code import (
    binds,
    is_empty,
    needs,
    statements_binding,
)
from grading.handed_out import Handout
from grading.notebook_files import LONGEST, Cell
from grading.own_code import Piece, is_python, joined, pieces_in

ELSEWHERE = "# answered in another cell of this task"


@dataclass
class Placed:
    """The answers in a notebook by cell id, and remarks."""

    answers: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def place(cells: list[Cell], handout: Handout) -> Placed:
    """Find the answers to the tasks of a lesson."""
    placed, pieces = Placed(), pieces_in(cells, handout)
    no_code = {handout.blank(cell) for cell in cells if cell.kind != "code"} - {None}
    for task in handout.lesson.tasks:
        _answer(task, pieces, handout, placed)
    _by_names(pieces, handout, placed)
    for task in handout.lesson.tasks:
        placed.remarks += _missing(task, handout, placed, no_code)
    _lend_names(pieces, handout, placed)
    for id, source in list(placed.answers.items()):
        if len(source) > LONGEST:
            placed.answers.pop(id)
            said = f"the cell {id} has more than {LONGEST:,} characters and was not graded."
            placed.remarks.append(said)
    placed.remarks += _left_over(pieces)
    return placed


def _answer(task: Task, pieces: list[Piece], handout: Handout, placed: Placed) -> None:
    """Put the answers to ``task`` into ``placed``."""
    ids = [step.id for step in task.blanks]
    for id in ids:
        _one_place(id, task, pieces, placed)
    here = [p for p in pieces if p.task == task.number and not p.after and not p.blank]
    named = [p for p in pieces if p.blank in ids and not p.used]
    mine = sorted([p for p in here if not p.given] + named, key=lambda p: p.place)
    groups = _by_blank(mine, ids, handout)
    later = [p for p in pieces if p.task == task.number and not p.blank and (p.after or p.given)]
    for id in ids:
        parts = [p for p in groups[id] if not _untouched(p, id, handout)]
        parts, said = _worth(parts)
        placed.remarks += [f"Task {task.number}: {words}" for words in said]
        names = binds(handout.stubs[id])
        untouched = next((p for p in groups[id] if _untouched(p, id, handout)), None)
        if not parts:
            parts = [p for p in later if binds(p.source) & names and not p.used][-1:]
            if parts:
                placed.remarks.append(f"Task {task.number}: {_FOUND[parts[0].given]}")
        bound = frozenset().union(*(binds(p.source) for p in parts))
        if untouched:
            untouched.used = True
            # Nothing that the blank is for was written elsewhere: it is still open.
            if names and not bound & names and not any(p.blank for p in parts):
                parts = sorted([untouched, *parts], key=lambda p: p.place) if bound else []
                if not parts:
                    placed.answers[id] = untouched.source
                    continue
        if parts:
            for part in parts:
                part.used = True
            placed.answers[id] = joined([p.source for p in parts])
            if len([p for p in parts if p is not untouched]) > 1:
                said = f"Task {task.number}: {len(parts)} cells were taken together as the answer."
                placed.remarks.append(said)
        elif untouched:
            placed.answers[id] = untouched.source
    _answered_together(ids, handout, placed)


_FOUND = {
    False: "the answer stands below the check; it was taken from there.",
    True: "the answer stands in a cell that was given; it was taken from there.",
}


def _answered_together(ids: list[str], handout: Handout, placed: Placed) -> None:
    """Leave no blank that would undo what another cell of the same task says."""
    filled = [
        id
        for id in ids
        if id in placed.answers and not handout.is_untouched(placed.answers[id], id)
    ]
    for id in (id for id in ids if id not in filled):
        bound = frozenset().union(*(binds(placed.answers[other]) for other in filled))
        if binds(handout.stubs[id]) and binds(handout.stubs[id]) <= bound:
            placed.answers[id] = ELSEWHERE


def _one_place(id: str, task: Task, pieces: list[Piece], placed: Placed) -> None:
    """Of several cells with one name, those at the place of the task count, or else the first."""
    named = [p for p in pieces if p.blank == id]
    if len(named) < 2:
        return
    here = [p for p in named if p.task == task.number and not p.after] or named[:1]
    for piece in named:
        if piece not in here:
            piece.blank = None
            piece.task, piece.after = None, True
    if len(here) < len(named):
        which = "the first one" if here[0] is named[0] else "the one at its place"
        placed.remarks.append(
            f"there are {len(named)} cells with the name {id}; {which} was graded."
        )


def _untouched(piece: Piece, id: str, handout: Handout) -> bool:
    return is_empty(piece.source) or handout.is_untouched(piece.source, id)


def _by_blank(mine: list[Piece], ids: list[str], handout: Handout) -> dict[str, list[Piece]]:
    """For each blank of a task its cells: by their name, by what they bind, by their place."""
    groups: dict[str, list[Piece]] = {id: [] for id in ids}
    chosen: list[str | None] = []
    for piece in mine:
        same = [id for id in ids if handout.is_untouched(piece.source, id)]
        bound = [id for id in ids if binds(piece.source) & binds(handout.stubs[id])]
        best = max((len(binds(piece.source) & binds(handout.stubs[id])) for id in bound), default=0)
        fits = [id for id in bound if len(binds(piece.source) & binds(handout.stubs[id])) == best]
        chosen.append(piece.blank or (same or fits or [None])[-1])
    for number, piece in enumerate(mine):
        before = [id for id in chosen[:number] if id]
        behind = [id for id in chosen[number:] if id]
        id = chosen[number] or (before[-1:] or behind[:1] or ids[:1])[0]
        groups[id].append(piece)
    return groups


def _worth(parts: list[Piece]) -> tuple[list[Piece], list[str]]:
    """The parts that an answer is made of, and words on the others.

    An attempt that a later cell replaces is not run again, nor is an added cell that is no Python
    or ended in an error, as long as there is another.
    """
    said, kept = [], []
    for number, part in enumerate(parts):
        own = binds(part.source)
        again = [
            p
            for p in parts[number + 1 :]
            if own and own <= binds(p.source) and not own & needs(p.source)
        ]
        if again:
            part.used = True
            if again[-1].source.strip() != part.source.strip():
                said.append("it is answered more than once; the last answer was graded.")
        else:
            kept.append(part)
    sound = [p for p in kept if p.blank or (is_python(p.source) and not p.failed)]
    if sound and len(sound) < len(kept):
        for part in kept:
            part.used = True
        said.append("an added cell that is no Python, or ended in an error, was left out.")
        return sound, list(dict.fromkeys(said))
    return kept, list(dict.fromkeys(said))


def _by_names(pieces: list[Piece], handout: Handout, placed: Placed) -> None:
    """Take code from anywhere that binds what only one blank asks for, if that is still open."""
    asked = Counter(name for stub in handout.stubs.values() for name in binds(stub))
    for id, stub in handout.stubs.items():
        if id in placed.answers and not handout.is_untouched(placed.answers[id], id):
            continue
        own = {name for name in binds(stub) if asked[name] == 1}
        found = [p for p in pieces if not p.used and not p.given and own & binds(p.source)]
        found, _ = _worth(found)
        if found:
            for piece in found:
                piece.used = True
            placed.answers[id] = joined([p.source for p in found])
            number = handout.task_of[id]
            placed.remarks.append(
                f"Task {number}: the answer stands elsewhere in the notebook; it was taken from "
                "there."
            )


def _missing(task: Task, handout: Handout, placed: Placed, no_code: set) -> list[str]:
    """A remark on each blank that was not found."""
    said = []
    for id in (step.id for step in task.blanks if step.id not in placed.answers):
        if id in no_code:
            said.append(f"the cell {id} is no code cell any more, so its task is not answered.")
        else:
            said.append(
                f"the cell {id} is missing, and between the heading and the check of Task "
                f"{task.number} there is no code, so it is not answered. Put your answer there."
            )
    return said


def _lend_names(pieces: list[Piece], handout: Handout, placed: Placed) -> None:
    """Give an answer the imports and definitions that it needs and that stand elsewhere."""
    spare = [p for p in pieces if not p.used]
    known = set(dir(builtins)) | handout.offered
    for id in handout.stubs:
        source = placed.answers.get(id)
        if source is None or handout.is_untouched(source, id):
            continue
        lent, names = _lent(needs(source) - known, spare, known)
        if lent:
            placed.answers[id] = joined([*lent, source])
            number = handout.task_of[id]
            said = f"Task {number}: {', '.join(names)} was taken from another cell of the notebook."
            placed.remarks.append(said)
        known |= binds(placed.answers[id])


def _lent(wanted: set[str], spare: list[Piece], known: set[str]) -> tuple[list[str], list[str]]:
    """The statements that bind ``wanted`` and what these need themselves, and the names."""
    texts, names, waiting = [], [], sorted(wanted)
    while waiting and len(names) < 50:
        name = waiting.pop(0)
        found = [text for p in spare if (text := statements_binding(p.source, name))]
        if not found or name in names:
            continue
        names.append(name)
        if found[-1] not in texts:
            texts.insert(0, found[-1])
        waiting += sorted(needs(found[-1]) - known - set(names))
    return texts, names


def _left_over(pieces: list[Piece]) -> list[str]:
    """One remark on the code that was not graded, by where it stands."""
    where = Counter(
        "before the first task"
        if p.task is None
        else f"{'below the check' if p.after else 'in the text'} of Task {p.task}"
        for p in pieces
        if not p.used
    )
    if not where:
        return []
    cells = ", ".join(
        f"{place} ({count})" if count > 1 else place for place, count in where.items()
    )
    return [f"code that belongs to no answer was not graded: {cells}."]
