"""Official files: found in the data folder, or fetched; verified before anybody uses them.

Nothing here needs torch, so that ``python -m helpers`` can look at the data on any machine.
What is downloaded stays in memory until its checksum is right, and is then written beside its
place and moved there whole. So a file in place is whole, or was damaged by somebody else and is
noticed at the next start; and two kernels that fetch at once merely fetch twice.
"""

import gzip
import os
import shutil
import tarfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from helpers.datasets.catalogue import Entry, Resource
from helpers.datasets.downloading import Progress, from_any_mirror, reason, within_reach
from helpers.datasets.saying import say
from helpers.files import replace_file, temporary_beside

REMEMBERED = 60.0  # seconds for which a failed download is not tried again


class DataError(RuntimeError):
    """The images asked for cannot be had; the message says why, and what to do now.

    ``again``: it was raised before, and nothing has been tried since.
    """

    def __init__(self, message: str, again: bool = False):
        super().__init__(message)
        self.again = again

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return f"✗ {self}".splitlines()


_failures: dict[tuple[Entry, Path], tuple[float, str]] = {}  # when, and why
_in_memory: dict[Resource, bytes] = {}  # fetched, but the folder could not be written


def data_folder() -> Path:
    """The folder of the images: ``CNN_COURSE_DATA``, or ``data`` in the repository.

    A relative ``CNN_COURSE_DATA`` starts at the repository too, since a notebook and a terminal
    have different working directories. Quotes and blanks around it are left out; ``~``, ``$HOME``
    and ``file:///`` are understood. Raises ``DataError`` if a ``~`` or a ``$`` stands for nothing.
    """
    repository = Path(__file__).resolve().parents[2]
    given = os.environ.get("CNN_COURSE_DATA", "")
    text = given.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()  # cmd and .env files keep the quotes
    if text.lower().startswith("file:"):
        text = url2pathname(urlsplit(text).path)
    # Path.expanduser raises for a user whom nobody knows; here "~nobody" is told below.
    place = Path(os.path.expanduser(os.path.expandvars(text)) or "data")  # noqa: PTH111
    unknown = [part for part in place.parts if part.startswith("$")]
    unknown += [part for part in place.parts[:1] if part.startswith("~")]
    if unknown:
        raise DataError(
            f"CNN_COURSE_DATA is set to {given!r}, but {unknown[0]} stands for nothing here. Set "
            "it to a folder, or unset it: then the images are kept in data/."
        )
    return repository / place


def wanted_source() -> str:
    """``CNN_COURSE_DATASET``: "auto" (the default), "official" or "drawn"."""
    value = os.environ.get("CNN_COURSE_DATASET", "").strip().lower() or "auto"
    if value not in ("auto", "official", "drawn"):
        raise DataError(
            f"CNN_COURSE_DATASET is set to {value!r}, which is not one of auto, official and "
            "drawn. Set it to one of these, or unset it, which means auto."
        )
    return value


def find(entry: Entry, root: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """The verified files under ``root``, and what is wrong with those that are damaged.

    A file may also lie in ``root`` itself, and it may be unpacked; then it is given as it is.
    """
    good, damaged = {}, {}
    for file in entry.files:
        data, problem = _read(root / entry.folder / file.name, file)
        if data is None:
            data = _read_elsewhere((root, root / entry.folder), file)
        if data is None and file in _in_memory:
            data, problem = _in_memory[file], None
        if data is not None:
            good[file.name] = data
        elif problem:
            damaged[file.name] = problem
    return good, damaged


def _read(path: Path, file: Resource) -> tuple[bytes | None, str | None]:
    """The verified bytes of ``file``, or what is wrong; neither if it is not there."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except OSError as error:
        return None, reason(error)
    problem = file.problem(data)
    return (None, problem) if problem else (data, None)


def _read_elsewhere(folders: tuple[Path, Path], file: Resource) -> bytes | None:
    """The verified bytes of ``file`` in the first of ``folders``, or unpacked in any of them."""
    data = _read(folders[0] / file.name, file)[0]
    for folder in folders if file.unpacked and data is None else ():
        with suppress(OSError):
            unpacked = (folder / file.unpacked).read_bytes()
            if file.is_unpacked(unpacked):
                return unpacked
    return data


def fetch(entry: Entry, root: Path) -> dict[str, bytes]:
    """The bytes of all files by name: those found in ``root``, and the others downloaded.

    Verified files are never fetched again; a damaged one is replaced once a good one is there.
    Raises ``DataError`` if a file cannot be had. That is remembered for a minute.
    """
    good, damaged = find(entry, root)
    missing = [file for file in entry.files if file.name not in good]
    if not missing:
        return good
    failed_at, why = _failures.get((entry, root), (float("-inf"), ""))
    if time.monotonic() - failed_at < REMEMBERED:
        raise DataError(why, again=True)
    mirrors, reasons = within_reach(entry.mirrors)
    with Progress(entry.title, sum(file.size for file in missing)) as progress:
        for file in missing:
            data = from_any_mirror(file, mirrors, reasons, progress)
            if data is None:
                why = _sentence(entry, root, damaged, reasons)
                _failures[entry, root] = time.monotonic(), why
                raise DataError(why)
            good[file.name] = data
            _keep(file, data, root / entry.folder, damaged.get(file.name))
    return good


@contextmanager
def unpacked(archive: BinaryIO, name: str, root: Path) -> Iterator[Path]:
    """A temporary folder in ``root`` that holds the folder ``name`` of a tar archive, complete.

    Raises ``OSError`` if it cannot be written, and ``DataError`` if the archive cannot be read.
    """
    temporary = temporary_beside(root / name)
    temporary.mkdir(parents=True)
    try:
        try:
            archive.seek(0)
            with tarfile.open(fileobj=archive) as tar:
                tar.extractall(temporary, filter="data")
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"The archive of {name} is damaged ({error}).") from error
        if not (temporary / name).is_dir():
            raise DataError(f"The archive has no folder {name}.")
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def settle(folder: Path, target: Path, replace: bool) -> None:
    """Move a complete ``folder`` to ``target``; one that is there is left, or put in its place.

    Raises ``OSError`` if that cannot be done; what was there is then there still.
    """
    before = folder.with_name("before")
    if target.exists() and replace:
        target.rename(before)
    try:
        if not target.exists():
            folder.rename(target)
    except OSError:
        if before.exists():
            before.rename(target)
        if not target.exists():  # else another kernel was faster
            raise


def _keep(file: Resource, data: bytes, folder: Path, damage: str | None) -> None:
    """Write a fetched file to its place; where that fails, keep it in memory and say so."""
    path = folder / file.name
    try:
        replace_file(path, data)
    except OSError as error:
        if _read(path, file)[0] is not None:
            return  # another kernel was faster, and Windows replaces no file that is open
        _in_memory[file] = data
        say(f"{file.name}: {cannot_keep(folder, error)}")
    else:
        if damage:
            say(f"{path} was damaged ({damage}) and has been replaced by the official file.")


def cannot_keep(folder: Path, error: OSError) -> str:
    """What it means that ``folder`` cannot be written, and what to do."""
    return (
        f"{folder} cannot be written ({reason(error)}), so this is used from memory, and has to "
        "be made or fetched again next time. To keep it, make room on the disk, or set "
        "CNN_COURSE_DATA to a folder that you can write to."
    )


def _sentence(entry: Entry, root: Path, damaged: dict[str, str], reasons: dict[str, str]) -> str:
    """What happened, and what to do now."""
    folder = root / entry.folder
    found = "".join(f" {name} there is damaged ({why})." for name, why in damaged.items())
    tried = "; ".join(f"{urlsplit(m).netloc}: {why}" for m, why in reasons.items())
    return (
        f"The official files of {entry.title} are not all in {folder}.{found} They could "
        f"not be fetched ({tried}). What to do: connect to the internet, wait a minute and run "
        f"this again; or copy {', '.join(file.name for file in entry.files)} into that "
        "folder from a machine that has them."
    )
