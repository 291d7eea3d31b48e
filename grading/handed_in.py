"""Whose the files in a folder of submissions are, as they come from a person or a platform.

    <student>/…, <student>.zip                          a folder or a zip a student
    class.zip: <student>/…                              one zip of all, also of zips
    Ada Lovelace_12345_assignsubmission_file_/…         Moodle, with folders or without
    lovelaceada_123_456_01_pooling.ipynb                Canvas: name, LATE, student, file, name
    Exercise/Abgaben/Lovelace_Ada_ada_1234/…            ILIAS: name, login, number
    01_convolution_layers-ada.ipynb                     a notebook alone, with a name behind it

The patterns of the platforms count wherever they stand, in folders and in zips.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

from authoring.lesson import Lesson
from grading.archives import Entry, files_in, files_in_zip, is_rubbish
from grading.handed_out import named_for

MOODLE = re.compile(r"(.+?)_(\d+)_assignsubmission_[a-z]+_?(.*)", re.DOTALL)
CANVAS = re.compile(r"([^_]+)(?:_LATE)?_(\d{2,})_(\d{2,})_(.+)", re.DOTALL)
CANVAS_ZIP = re.compile(r"[^_]+(?:_LATE)?_\d{3,}_\d{3,}_.+", re.DOTALL)
ILIAS = re.compile(r"([^_].*)_([^_]+)_([^_]+)_(\d+)", re.DOTALL)
COPY_MARKS = re.compile(
    r"\.ipynb|\.txt|\(\d+\)|\b(kopie( von)?|cop(y|ie)( of| de)?)\b|copy\d*", re.IGNORECASE
)


@dataclass
class Owner:
    """A student as far as names tell: ``mark`` is the platform's, ``known_as`` other names."""

    name: str
    mark: str = ""
    known_as: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


@dataclass
class Pile:
    """The students whose files lie in a folder, and files that are nobody's."""

    owners: dict[tuple, Owner] = field(default_factory=dict)
    nobodys: list[Entry] = field(default_factory=list)

    def give(self, name: str, mark: str, known_as: list[str], entry: Entry | None) -> None:
        """Add a file to those of a student, who is told by name and mark."""
        owner = self.owners.setdefault((name, mark), Owner(name, mark, known_as))
        if entry is not None:
            owner.entries.append(entry)


def pile_in(folder: Path, lessons: list[Lesson]) -> Pile:
    """Whose is what in ``folder``. Raises ``OSError`` if the folder itself may not be read."""
    pile = Pile()
    found = [path for path in sorted(folder.iterdir()) if not is_rubbish((path.name,))]
    heaps = [path for path in found if _is_heap(path)]
    for path in found:
        try:
            entries = list(files_in(path))
            if path not in heaps:
                _give_alone(entries[0], lessons, pile)
            elif entries and entries[0].is_zip and len(entries[0].parts) == 1:
                # In a zip of two folders with the same notebook there are two students, unless
                # there are more zips, which then are one for each.
                enough = 2 if len(heaps) == 1 else 3
                _give_heap(list(files_in_zip(entries[0])), lessons, enough, pile)
            else:
                _give_heap(entries, lessons, 3 if len(heaps) == 1 else 0, pile)
        except Exception as error:  # one student's trouble is no other's
            said = f"this could not be looked at ({type(error).__name__})."
            pile.give(path.name, "", [], Entry((path.name,), trouble=said))
    return pile


def _is_heap(path: Path) -> bool:
    """Whether there may be several files in it."""
    try:
        return path.is_dir() or path.name.casefold().endswith(".zip")
    except OSError:
        return True


def _give_alone(entry: Entry, lessons: list[Lesson], pile: Pile) -> None:
    """A file that lies in no folder: its name says whose it is, or nothing does."""
    if _by_platform(entry, pile, alone=True):
        return
    _, name = _beside_the_lesson(entry, lessons)
    if name:
        pile.give(name, "", [], entry)
    else:
        pile.nobodys.append(entry)


def _beside_the_lesson(entry: Entry, lessons: list[Lesson]) -> tuple[str, str]:
    """The lesson after which a notebook is called, and what else stands in its name, or ''."""
    lesson = next((lesson for lesson in lessons if named_for(entry.name, lesson)), None)
    if lesson is None or not _is_notebook(entry):
        return "", ""
    subject = re.escape(lesson.name).replace("_", r"[\W_]")
    rest = re.sub(subject, "\0", entry.name, flags=re.IGNORECASE)
    return lesson.name, COPY_MARKS.sub(" ", rest.replace("\0", " ")).strip(" -_.")


def _give_heap(entries: list[Entry], lessons: list[Lesson], enough: int, pile: Pile) -> None:
    """The files of a folder or zip: of many students, as their paths tell, or of one."""
    canvas = _all_of_canvas(entries)
    left = [e for e in entries if not _by_platform(e, pile, canvas and len(e.parts) == 2)]
    if len(left) < len(entries):
        pile.nobodys += [entry for entry in left if entry.name]
        return
    if enough and _are_alone(left, lessons):
        for entry in left:
            _give_alone(entry.below(1), lessons, pile)
        return
    depth = _level_of_students(left, lessons, enough)
    for entry in left:
        if len(entry.parts) > depth + 1 or entry.is_zip or not depth:
            owner = entry.parts[depth]
            alone = len(entry.parts) == depth + 1 and owner.casefold().endswith(".zip")
            owner = owner[: -len(".zip")] if alone else owner
            pile.give(owner, "", _ilias_names(owner), entry.below(depth))
        elif entry.name:
            pile.nobodys.append(entry)


def _by_platform(entry: Entry, pile: Pile, alone: bool) -> bool:
    """Give a file to the student whom a platform's name in its path tells, if there is one."""
    for depth, part in enumerate(entry.parts):
        if moodle := MOODLE.fullmatch(part):
            name, number, rest = moodle.groups()
            own = entry.below(depth)
            if depth == len(entry.parts) - 1 and rest:
                own = replace(entry, parts=(part, rest))
            pile.give(name, number, [number], own)
            return True
    # A zip with a name of Canvas has become a folder: it is the outermost part.
    canvas = CANVAS.fullmatch(entry.name if alone else f"{entry.parts[0]}.zip")
    if canvas and (alone or CANVAS_ZIP.fullmatch(entry.parts[0])):
        name, number, _, rest = canvas.groups()
        inner = (rest,) if alone else entry.parts[1:]
        pile.give(name, number, [number], replace(entry, parts=(name, *inner)))
        return True
    return False


def _all_of_canvas(entries: list[Entry]) -> bool:
    """Whether each notebook and zip that lies directly in a folder has a name of Canvas."""
    names = [e.name for e in entries if len(e.parts) == 2 and (_is_notebook(e) or e.is_zip)]
    return bool(names) and all(CANVAS.fullmatch(name) for name in names)


def _are_alone(entries: list[Entry], lessons: list[Lesson]) -> bool:
    """Whether notebooks of many students lie side by side, each with a name of its own.

    One student may have an older version of a notebook beside the newer one; hardly two.
    """
    names = defaultdict(set)
    for entry in entries:
        if len(entry.parts) > 2:
            return False
        lesson, name = _beside_the_lesson(entry, lessons)
        names[lesson].add(name)
    return any(len(found - {""}) >= 3 for lesson, found in names.items() if lesson)


def _is_notebook(entry: Entry) -> bool:
    return ".ipynb" in entry.name.casefold()


def _level_of_students(entries: list[Entry], lessons: list[Lesson], enough: int) -> int:
    """How many folders down the students' folders lie in a heap; 0 if the heap is one student's.

    They do where all have names of ILIAS, or where ``enough`` of them hold the same notebook.
    """
    for depth in range(1, 6):
        if any(len(e.parts) == depth + 1 and _is_notebook(e) for e in entries):
            return 0
        folders = {e.parts[depth] for e in entries if len(e.parts) > depth + 1}
        if folders and all(ILIAS.fullmatch(folder) for folder in folders):
            return depth
        holders = defaultdict(set)  # of each lesson, and of zips that may be anything
        for entry in (e for e in entries if len(e.parts) > depth and (_is_notebook(e) or e.is_zip)):
            own = [lesson.name for lesson in lessons if named_for(entry.name, lesson)]
            for what in own or (["zip"] if entry.is_zip else []):
                holders[what].add(entry.parts[depth])
        if enough and max((len(names) for names in holders.values()), default=0) >= enough:
            return depth
        zips = [e for e in entries if len(e.parts) == depth + 1 and e.is_zip]
        if len(folders) != 1 or zips:
            return 0
    return 0


def _ilias_names(folder: str) -> list[str]:
    """The login, the number and the name in a folder of ILIAS, for a roster."""
    found = ILIAS.fullmatch(folder)
    return [found[3], found[4], f"{found[2]} {found[1]}"] if found else []
