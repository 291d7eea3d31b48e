"""Fashion-MNIST and CIFAR-10 as tensors in memory, and loaders over them.

Order: the official files in the data folder, else a download, else garments drawn by code, said
loudly. ``CNN_COURSE_DATASET=official`` never takes drawings, ``drawn`` takes nothing else.
"""

import gzip
import io
import operator
import os
import tempfile
import threading
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, SequentialSampler
from torchvision import datasets as official
from torchvision.datasets.mnist import read_image_file, read_label_file
from torchvision.transforms.functional import pil_to_tensor

from helpers import drawn, fetching
from helpers.fetching import DataError, data_folder, wanted_source

__all__ = [
    "CIFAR_CLASSES",
    "FASHION_CLASSES",
    "DataError",
    "ImageDataset",
    "cifar10",
    "data_folder",
    "fashion_mnist",
    "loader",
    "subset",
]

FASHION_CLASSES = [
    "T-Shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle Boot",
]
CIFAR_CLASSES = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
]
_ORIGINS = {
    "official": "{}, official files",
    "folder": "{}, pictures from a folder",
    "drawn garments": "{} (not Fashion-MNIST)",
    "drawn colour garments": "{} (not CIFAR-10)",
}


class ImageDataset(Dataset):
    """Images and their labels, in memory.

    ``images`` uint8 ``[N, C, H, W]``; ``labels`` int64 ``[N]``; ``classes`` the names of the
    labels; ``source`` "official", "folder" or "drawn"; ``name`` of the data.

    ``dataset[i]`` is an image, float32 ``[C, H, W]`` from 0 to 1, and its label, an ``int``.
    ``dataset[indices]`` (a list, a range, a 1-D tensor) is a whole batch: float32
    ``[B, C, H, W]`` and int64 ``[B]``. Negative indices count from the end; those beyond raise
    ``IndexError``.
    """

    def __init__(
        self, images: torch.Tensor, labels: torch.Tensor, classes: list[str], source: str, name: str
    ):
        if images.dtype != torch.uint8 or images.dim() != 4:
            raise ValueError("images must be uint8 of shape [N, C, H, W]")
        if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
            raise ValueError("labels must be int64 of shape [N], one for each image")
        self.images, self.labels = images, labels
        self.classes, self.source, self.name = list(classes), source, name

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index):
        try:
            position = operator.index(index)
        except TypeError:
            chosen = self._positions(index)
            images = self.images.index_select(0, chosen)
            return images.to(torch.float32).div_(255), self.labels.index_select(0, chosen)
        if not -len(self) <= position < len(self):
            raise IndexError(f"there is no image {position} among {len(self):,}")
        return self.images[position].to(torch.float32).div_(255), int(self.labels[position])

    def _positions(self, indices) -> torch.Tensor:
        """``indices`` as a tensor of positions from 0 up."""
        if isinstance(indices, slice):
            indices = range(*indices.indices(len(self)))
        chosen = torch.as_tensor(
            indices if isinstance(indices, torch.Tensor) else np.asarray(indices),
            device=self.images.device,
        )
        if chosen.numel() == 0:
            chosen = chosen.to(torch.int64)
        if chosen.dim() != 1 or chosen.dtype.is_floating_point or chosen.dtype == torch.bool:
            raise TypeError(
                "an index is a whole number, or a list, a range or a 1-D tensor of them"
            )
        chosen = chosen.to(torch.int64)
        if chosen.numel() and not -len(self) <= int(chosen.min()) <= int(chosen.max()) < len(self):
            raise IndexError(f"an index is beyond the {len(self):,} images")
        return torch.where(chosen < 0, chosen + len(self), chosen)

    def __repr__(self) -> str:
        origin = _ORIGINS.get(self.name) or _ORIGINS.get(self.source, "{}")
        count, channels, height, width = self.images.shape
        colour = {1: "grey ", 3: "colour "}.get(channels, "")
        classes = "ten" if len(self.classes) == 10 else len(self.classes)
        return (
            f"{origin.format(self.name)}: {count:,} {colour}images of {height}×{width} "
            f"in {classes} classes"
        )


def subset(dataset: ImageDataset, count: int) -> ImageDataset:
    """The first ``count`` images of ``dataset``, or all of them if there are fewer."""
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    images, labels = dataset.images[:count], dataset.labels[:count]
    return ImageDataset(images, labels, dataset.classes, dataset.source, dataset.name)


def loader(
    dataset: Dataset, batch_size: int = 64, shuffle: bool = False, seed: int | None = None
) -> DataLoader:
    """A ``DataLoader`` that takes whole batches out of ``dataset`` at once.

    The order of a shuffled loader comes from its own generator on the CPU, so that it is the same
    on every device and no other random draw changes it. It starts from ``seed``; without one,
    from torch's global random state. Each pass over the loader has a new order.
    """
    generator = None
    sampler = SequentialSampler(dataset)
    if shuffle:
        if seed is None:
            seed = int(torch.randint(2**63 - 1, (), device="cpu"))
        generator = torch.Generator().manual_seed(seed)
        sampler = RandomSampler(dataset, generator=generator)
    batches = BatchSampler(sampler, batch_size, drop_last=False)
    return DataLoader(dataset, sampler=batches, batch_size=None, generator=generator)


def fashion_mnist(train: bool = True) -> ImageDataset:
    """Fashion-MNIST (Xiao et al., 2017): 60,000 images for training, or 10,000 for testing.

    Grey images of 28×28. Raises ``DataError`` if ``CNN_COURSE_DATASET=official`` and the official
    files cannot be had.
    """
    return _real_or_drawn(_real_fashion_mnist, "grey", train)


def cifar10(train: bool = True) -> ImageDataset:
    """CIFAR-10 (Krizhevsky, 2009): 50,000 images for training, or 10,000 for testing.

    Colour images of 32×32. Taken from the official files in the data folder, else from a folder
    of pictures there (``cifar10/train/airplane/0000.jpg`` and so on, however many), else
    downloaded, else drawn. Raises ``DataError`` if ``CNN_COURSE_DATASET=official`` and the
    official files cannot be had.
    """
    return _real_or_drawn(_real_cifar10, "colour", train)


def _real_or_drawn(
    real: Callable[[Path, bool], ImageDataset], kind: str, train: bool
) -> ImageDataset:
    """What ``CNN_COURSE_DATASET`` asks for; says it loudly when drawings must stand in."""
    source, root = wanted_source(), data_folder()
    if source != "drawn":
        try:
            return real(root, train)
        except DataError as error:
            if source == "official":
                raise
            name = "Fashion-MNIST" if kind == "grey" else "CIFAR-10"
            print(
                f"✗ {error}\nUntil then you get DRAWN GARMENTS, which are not {name}: pictures of "
                "ten kinds of clothes, drawn by code. Everything in the lesson works with them, "
                "but losses and accuracies differ from those in the text."
            )
    return _drawn(root, kind, train)


def _real_fashion_mnist(root: Path, train: bool) -> ImageDataset:
    files = fetching.fetch(fetching.FASHION_MNIST, root)
    part = "train" if train else "t10k"
    images = _read_idx(read_image_file, files[f"{part}-images-idx3-ubyte.gz"])
    labels = _read_idx(read_label_file, files[f"{part}-labels-idx1-ubyte.gz"])
    return ImageDataset(images.unsqueeze(1), labels, FASHION_CLASSES, "official", "Fashion-MNIST")


def _read_idx(read: Callable[[int], torch.Tensor], compressed: bytes) -> torch.Tensor:
    """What torchvision's ``read`` makes of a verified file.

    The reader opens its argument. Given a pipe, it needs no extracted copy, which a full disk
    could cut short without anybody noticing.
    """
    output, source = os.pipe()

    def write() -> None:
        with suppress(BrokenPipeError), open(source, "wb") as pipe:  # noqa: PTH123 (no path)
            pipe.write(gzip.decompress(compressed))

    threading.Thread(target=write, daemon=True).start()
    return read(output)


def _real_cifar10(root: Path, train: bool) -> ImageDataset:
    dataset = _cifar10_batches(root, train)
    if dataset is not None:
        return dataset
    batches = official.CIFAR10.base_folder
    if (root / batches).exists():
        print(f"{root / batches} is damaged (a wrong checksum), so it is not used.")
    if wanted_source() == "auto" and not fetching.find(fetching.CIFAR10, root)[0]:
        try:
            dataset = _cifar10_pictures(root, train)
        except DataError as error:
            print(f"✗ {error}")
        if dataset is not None:
            return dataset
    archive = io.BytesIO(*fetching.fetch(fetching.CIFAR10, root).values())
    dataset = _unpacked(archive, batches, root, lambda place: _cifar10_batches(place, train))
    if dataset is None:
        raise DataError(f"the archive of {batches} does not hold the official files.")
    return dataset


def _cifar10_batches(root: Path, train: bool) -> ImageDataset | None:
    """The official files, which torchvision verifies; ``None`` if they are not there and whole."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy about the age of the pickles
            found = official.CIFAR10(root, train=train)
    except (RuntimeError, OSError):
        return None
    images = torch.from_numpy(found.data).permute(0, 3, 1, 2).contiguous()
    labels = torch.tensor(found.targets, dtype=torch.int64)
    return ImageDataset(images, labels, CIFAR_CLASSES, "official", "CIFAR-10")


def _cifar10_pictures(root: Path, train: bool) -> ImageDataset | None:
    """The pictures in the folder ``cifar10``, or in the archive of a sample beside it."""
    archive = root / "cifar10-sample.tar.gz"
    if (root / "cifar10").is_dir():
        return _read_pictures(root, train)
    if not archive.is_file():
        return None
    with archive.open("rb") as file:
        return _unpacked(file, "cifar10", root, lambda place: _read_pictures(place, train))


def _read_pictures(root: Path, train: bool) -> ImageDataset:
    folder = root / "cifar10" / ("train" if train else "test")
    path = ""
    try:
        found = official.ImageFolder(folder)
        if found.classes != CIFAR_CLASSES:
            raise ValueError(f"its folders must be named {', '.join(CIFAR_CLASSES)}")
        images = torch.empty(len(found), 3, 32, 32, dtype=torch.uint8)
        for i, (path, _) in enumerate(found.samples):  # noqa: B007 (the message names it)
            images[i] = pil_to_tensor(found.loader(path))
    except (OSError, RuntimeError, ValueError, SyntaxError) as error:
        raise DataError(
            f"The pictures in {folder} cannot be used: {path} {error}. What to do: remove the "
            "folder cifar10 and put a complete one there."
        ) from error
    # Class after class on the disk: shuffled, so that the first images are of all classes.
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))
    labels = torch.tensor(found.targets, dtype=torch.int64)
    return ImageDataset(images[order], labels[order], CIFAR_CLASSES, "folder", "CIFAR-10")


def _unpacked(
    archive: BinaryIO, name: str, root: Path, read: Callable[[Path], ImageDataset | None]
) -> ImageDataset | None:
    """What ``read`` finds in ``root`` once ``archive`` is unpacked there, or else elsewhere."""
    try:
        fetching.unpack(archive, name, root)
        return read(root)
    except OSError as error:
        why = error.strerror or error
        print(f"{name} could not be unpacked in {root} ({why}): make room there. It is unpacked")
    try:
        with tempfile.TemporaryDirectory() as place:
            archive.seek(0)
            fetching.unpack(archive, name, Path(place))
            return read(Path(place))
    except OSError as error:
        raise DataError(
            f"{name} could not be unpacked: {error.strerror or error}. What to do: make room on "
            "the disk, or set CNN_COURSE_DATA to a folder that you can write to."
        ) from error


def _drawn(root: Path, kind: str, train: bool) -> ImageDataset:
    """The drawn garments from the data folder, else drawn now and kept there."""
    path = root / "drawn" / f"v{drawn.VERSION}-{kind}-{'train' if train else 'test'}.npz"
    found = _read_drawn(path)
    if found is None:
        print("Drawing the garments: this takes some seconds, once.")
        found = (drawn.garments if kind == "grey" else drawn.colour_garments)(train)
        _keep_drawn(path, *found)
    images, labels = found
    name = "drawn garments" if kind == "grey" else "drawn colour garments"
    labels = torch.from_numpy(labels.astype(np.int64))
    return ImageDataset(torch.from_numpy(images), labels, FASHION_CLASSES, "drawn", name)


def _read_drawn(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
    try:
        with np.load(path) as file:
            images, labels, checksum = file["images"], file["labels"], int(file["checksum"])
        if _checksum(images, labels) != checksum:
            raise ValueError("a wrong checksum")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        print(f"{path} is damaged: the garments are drawn again.")
        return None
    return images, labels


def _keep_drawn(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    file = io.BytesIO()
    np.savez(file, images=images, labels=labels, checksum=_checksum(images, labels))
    try:
        fetching.store(path, file.getbuffer())
    except OSError as error:
        print(
            f"They could not be kept in {path.parent} ({error.strerror or error}), so they will "
            "be drawn again next time. To keep them, make room there, or set CNN_COURSE_DATA to "
            "a folder that you can write to."
        )


def _checksum(images: np.ndarray, labels: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(labels), zlib.crc32(np.ascontiguousarray(images)))
