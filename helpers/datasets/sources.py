"""Where the images come from: official files, a folder of pictures, or garments drawn by code.

Every source is read whole into memory. What was found damaged or could not be written is said in
a printed sentence; when all is well, nothing is printed.
"""

import gzip
import io
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch

from helpers.datasets import drawn, fetching
from helpers.datasets.catalogue import Entry
from helpers.datasets.fetching import DataError, wanted_source
from helpers.datasets.saying import say
from helpers.files import replace_file


class Pictures(NamedTuple):
    """What was read: uint8 ``[N, C, H, W]``, int64 ``[N]``, "official", "folder" or "drawn"."""

    images: torch.Tensor
    labels: torch.Tensor
    source: str


def read(entry: Entry, root: Path, train: bool) -> Pictures:
    """The official files of ``entry``, found in ``root`` or downloaded, or its folder of pictures.

    Raises ``DataError`` if they cannot be had.
    """
    return _READERS[entry.format](entry, root, train)


def _read_idx(entry: Entry, root: Path, train: bool) -> Pictures:
    """Four verified files in the IDX format (https://yann.lecun.org/exdb/mnist/)."""
    files = fetching.fetch(entry, root)
    part = "train" if train else "t10k"
    images = _after_header(files[f"{part}-images-idx3-ubyte.gz"], 16)
    labels = _after_header(files[f"{part}-labels-idx1-ubyte.gz"], 8)
    images = images.view(-1, entry.channels, entry.size, entry.size)
    return Pictures(images, labels.to(torch.int64), "official")


def _after_header(data: bytes, size: int) -> torch.Tensor:
    if data.startswith(b"\x1f\x8b"):  # else it was found unpacked
        data = gzip.decompress(data)
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=size)


def _read_cifar(entry: Entry, root: Path, train: bool) -> Pictures:
    """The official files if they are there, else a folder of pictures, else a download.

    The folder is not looked at with ``CNN_COURSE_DATASET=official``.
    """
    pictures = _cifar_batches(root, train)
    if pictures is not None:
        return pictures
    name = entry.unpacked
    damaged = (root / name).exists()
    if damaged:
        say(f"{root / name} is damaged or not complete, so it is not used as it is.")
    if wanted_source() == "auto" and not fetching.find(entry, root)[0]:
        try:
            pictures = _folder_or_sample(entry, root, train)
        except DataError as error:
            say(f"✗ {error}")
        if pictures is not None:
            return pictures
    (data,) = fetching.fetch(entry, root).values()
    pictures = _unpacked(
        io.BytesIO(data), name, root, lambda place: _cifar_batches(place, train), damaged
    )
    if pictures is None:
        raise DataError(f"The archive of {name} does not hold the official files.")
    return pictures


_READERS = {"idx": _read_idx, "cifar": _read_cifar}


def _cifar_batches(root: Path, train: bool) -> Pictures | None:
    """The official files, which torchvision verifies; ``None`` if they are not there and whole."""
    from torchvision import datasets as official  # a second to import, which grey images do without

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy about the age of the pickles
            found = official.CIFAR10(root, train=train)
    except (RuntimeError, OSError):
        return None
    images = torch.from_numpy(found.data).permute(0, 3, 1, 2).contiguous()
    labels = torch.tensor(found.targets, dtype=torch.int64)
    return Pictures(images, labels, "official")


def _folder_or_sample(entry: Entry, root: Path, train: bool) -> Pictures | None:
    """The folder of pictures of ``entry``, or what the archive of a sample beside it holds."""
    archive, damaged = root / entry.sample, False
    if (root / entry.pictures).is_dir():
        try:
            return _read_folder(entry, root, train)
        except DataError as error:
            if not archive.is_file():
                raise
            damaged = True
            say(f"✗ {error} Now {archive.name} is unpacked again.")
    if not archive.is_file():
        return None
    with archive.open("rb") as file:
        return _unpacked(
            file, entry.pictures, root, lambda place: _read_folder(entry, place, train), damaged
        )


def _read_folder(entry: Entry, root: Path, train: bool) -> Pictures:
    from torchvision import datasets as official
    from torchvision.transforms.functional import pil_to_tensor

    folder = root / entry.pictures / ("train" if train else "test")
    path = folder
    try:
        found = official.ImageFolder(folder)
        if found.classes != list(entry.classes):
            raise ValueError(f"its folders must be {', '.join(entry.classes)}")
        images = torch.empty(len(found), entry.channels, entry.size, entry.size, dtype=torch.uint8)
        for i, (path, _) in enumerate(found.samples):
            picture = pil_to_tensor(found.loader(path))
            if picture.shape != images.shape[1:]:
                raise ValueError(f"it is not a picture of {entry.size}×{entry.size}")
            images[i] = picture
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(
            f"The pictures of {entry.title} in {folder} cannot be used. {path}: {error}. What to "
            f"do: remove the folder {folder.parent} and put a complete one there."
        ) from error
    # Class after class on the disk: shuffled, so that the first images are of all classes.
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))
    labels = torch.tensor(found.targets, dtype=torch.int64)
    return Pictures(images[order], labels[order], "folder")


def _unpacked(
    archive: BinaryIO,
    name: str,
    root: Path,
    read: Callable[[Path], Pictures | None],
    replace: bool = False,
) -> Pictures | None:
    """What ``read`` finds in ``archive``, whose folder ``name`` is then kept in ``root``.

    It is read before it is moved to its place, so that another kernel cannot come between.
    """
    try:
        with fetching.unpacked(archive, name, root) as place:
            pictures = read(place)
            if pictures is not None:
                with suppress(OSError):  # read it is; it will be unpacked again next time
                    fetching.settle(place / name, root / name, replace)
            return pictures
    except OSError as error:
        say(fetching.cannot_keep(root / name, error))
    try:
        with (
            tempfile.TemporaryDirectory() as elsewhere,
            fetching.unpacked(archive, name, Path(elsewhere)) as place,
        ):
            return read(place)
    except OSError as error:
        raise DataError(
            f"{name} cannot be unpacked ({fetching.reason(error)}). What to do: make room on the "
            "disk, or set CNN_COURSE_DATA to a folder that you can write to."
        ) from error


def drawn_garments(root: Path, kind: str, train: bool) -> Pictures:
    """The drawn garments, "grey" or "colour": kept in ``root`` once they have been drawn."""
    path = root / "drawn" / f"v{drawn.VERSION}-{kind}-{'train' if train else 'test'}.npz"
    found = _read_drawn(path)
    if found is None:
        say("Drawing the garments: this takes some seconds, once.")
        found = (drawn.garments if kind == "grey" else drawn.colour_garments)(train)
        _keep_drawn(path, *found)
    images, labels = found
    return Pictures(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)), "drawn")


def _read_drawn(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
    try:
        with np.load(path) as file:
            images, labels, checksum = file["images"], file["labels"], int(file["checksum"])
        if _checksum(images, labels) != checksum:
            raise ValueError("a wrong checksum")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        say(f"{path} is damaged: the garments are drawn again.")
        return None
    return images, labels


def _keep_drawn(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    file = io.BytesIO()
    np.savez(file, images=images, labels=labels, checksum=_checksum(images, labels))
    try:
        replace_file(path, file.getbuffer())
    except OSError as error:
        say(fetching.cannot_keep(path.parent, error))


def _checksum(images: np.ndarray, labels: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(labels), zlib.crc32(np.ascontiguousarray(images)))
