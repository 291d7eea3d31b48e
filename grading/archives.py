"""The files that were handed in, in folders and in zips within them; none is unpacked to the disk.

Nothing here trusts a name or a size: links are not followed, a path that leads out of its archive
is not taken, and what is read is counted, so that a small zip cannot become a large memory.
"""

import io
import os
import re
import stat
import time
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

LARGEST = 20 * 2**20  # bytes; a notebook of this course with all its pictures has two or three MB
LARGEST_ZIP = 100 * 2**20  # bytes of a zip in a zip, which has to be held in memory
MOST_ZIPS = 20  # in the files of one student
LONGEST_PART = 255  # bytes of a name, as in file systems
MOST_FILES = 5_000  # in one folder
MOST_IN_ZIP = 20_000  # files in one zip, which may be that of a class
DEEPEST = 12  # folders in folders
ZIPS_IN_ZIPS = 2
RUBBISH = re.compile(
    r"__MACOSX|\._.*|\.DS_Store|Thumbs\.db|desktop\.ini|\.ipynb_checkpoints|__pycache__"
    r"|\.git|\.venv|\.gitignore|\.gitattributes|\.jupyter|\.vscode|\.idea|\.~.*|\.nfs.*|~\$.*",
    re.IGNORECASE,
)  # what programs put beside the work


@dataclass(frozen=True)
class Entry:
    """A file: ``parts`` of its path, its size, its time, and how its bytes are had.

    ``trouble`` says why it cannot be read. An empty folder is an entry with an empty name in it.
    """

    parts: tuple[str, ...]
    size: int = 0
    modified: float = 0.0
    load: Callable[[int], bytes] | None = None  # at most so many bytes
    trouble: str = ""
    path: Path | None = None  # where it lies, if it lies in no zip

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.parts[-1] if self.parts else ""

    @property
    def is_zip(self) -> bool:
        """Whether it is called a zip."""
        return self.load is not None and self.name.casefold().endswith(".zip")

    def below(self, count: int) -> "Entry":
        """The same without the first ``count`` folders."""
        return replace(self, parts=self.parts[count:])


def is_rubbish(parts: tuple[str, ...]) -> bool:
    """Whether a path belongs to what programs put beside the work."""
    return any(RUBBISH.fullmatch(part) for part in parts)


def files_in(path: Path, parts: tuple[str, ...] = ()) -> Iterator[Entry]:
    """All files below ``path``, which is a file or a folder itself."""
    for number, entry in enumerate(_files_in(path, parts or (path.name,))):
        if number >= MOST_FILES:
            trouble = f"there are more than {MOST_FILES:,} files; the others were not looked at."
            yield Entry(parts or (path.name,), trouble=trouble)
            return
        yield entry


def _files_in(path: Path, parts: tuple[str, ...]) -> Iterator[Entry]:
    try:
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            yield Entry(parts, status.st_size, status.st_mtime, _reader(path), path=path)
            return
        if not stat.S_ISDIR(status.st_mode):
            said = "this is a link or something else that is no file. Send the notebook itself."
            yield Entry(parts, trouble=said)
            return
        if len(parts) > DEEPEST:
            yield Entry(parts, trouble="this folder lies too deep; it was not looked at.")
            return
        found = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        yield Entry(parts, trouble=f"this may not be read ({error.strerror}).")
        return
    if not found:
        yield Entry((*parts, ""))
    for entry in found:
        if not RUBBISH.fullmatch(entry.name):
            yield from _files_in(Path(entry.path), (*parts, entry.name))


def _reader(path: Path) -> Callable[[int], bytes]:
    def load(most: int) -> bytes:
        # A pipe in the place of the file must not keep the grader waiting, nor a link lead it away.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            return file.read(most)

    return load


def unpacked(entries: list[Entry]) -> Iterator[Entry]:
    """``entries`` with what is in the zips among them, in folders that are named after the zips."""
    waiting = deque((entry, 0) for entry in entries)
    zips, held = 0, 0
    while waiting:
        entry, depth = waiting.popleft()
        if not entry.is_zip:
            yield entry
            continue
        zips, held = zips + 1, held + (0 if entry.path else entry.size)
        if depth == ZIPS_IN_ZIPS or zips > MOST_ZIPS or held > LARGEST_ZIP:
            said = "this zip was not read: there are too many, too deep in others, or too large."
            yield replace(entry, load=None, trouble=said)
        else:
            waiting.extendleft((inner, depth + 1) for inner in reversed(list(files_in_zip(entry))))


@lru_cache(maxsize=16)
def _opened(path: Path) -> zipfile.ZipFile:
    """A zip on the disk, with its table of contents, for as long as others are not asked for."""
    return zipfile.ZipFile(path)


def files_in_zip(entry: Entry) -> Iterator[Entry]:
    """The files in a zip."""
    prefix = (*entry.parts[:-1], entry.name[: -len(".zip")])
    try:
        if entry.path:
            archive = partial(_opened, entry.path)
        else:
            data = entry.load(LARGEST_ZIP + 1)  # cut off: then it is no zip
            inner = zipfile.ZipFile(io.BytesIO(data))
            archive = partial(_itself, inner)
        members = archive().infolist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, EOFError):
        said = "this zip is damaged, or something else under this name. Send it again."
        yield replace(entry, load=None, trouble=said)
        return
    for member in members[:MOST_IN_ZIP]:
        made = _member(archive, member, prefix)
        if made and not is_rubbish(made.parts):
            yield made
    if len(members) > MOST_IN_ZIP:
        said = f"there are more than {MOST_IN_ZIP:,} files in this zip; the others were not read."
        yield replace(entry, load=None, trouble=said)


def _itself(archive: zipfile.ZipFile) -> zipfile.ZipFile:
    return archive


def _member(archive: Callable, member: zipfile.ZipInfo, prefix: tuple) -> Entry | None:
    """A file in a zip, or an empty name for a folder; None for the zip itself."""
    names = [part for part in re.split(r"[/\\]", name_in_zip(member)) if part not in ("", ".")]
    parts = (*prefix, *names)
    if not names:
        return None
    if any(len(part.encode("utf-8", "surrogatepass")) > LONGEST_PART for part in names):
        return Entry((*prefix, "…"), trouble="a path in the zip is too long; it was not read.")
    if member.is_dir():
        return Entry((*parts, ""))
    if ".." in names or len(names) > DEEPEST:
        said = "its path leads out of the zip, or too deep; it was not read."
        return Entry(tuple("__" if part == ".." else part for part in parts), trouble=said)
    if stat.S_ISLNK(member.external_attr >> 16):
        return Entry(parts, trouble="this is a link; it was not read. Send the notebook itself.")
    if member.flag_bits & 1:
        return Entry(parts, trouble="this has a password; it was not read. Send it without one.")

    def load(most: int) -> bytes:
        try:
            with archive().open(member) as file:
                return file.read(most)
        except (
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,
            EOFError,
        ) as error:
            raise OSError(f"the zip is damaged here ({error})") from error

    try:
        modified = time.mktime((*member.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        modified = 0.0
    return Entry(parts, member.file_size, modified, load)


def name_in_zip(member: zipfile.ZipInfo) -> str:
    """The path of a member as its bytes are; ``zipfile`` reads them as DOS's if it knows no better.

    Bytes that are no UTF-8 become surrogates, as they do in the names of files.
    """
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8", "surrogateescape")
    except UnicodeError:
        return member.filename
