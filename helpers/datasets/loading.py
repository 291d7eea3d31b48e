"""Which images a notebook gets: real ones, or drawings in their place, said loudly."""

from collections.abc import Callable
from pathlib import Path

from helpers.datasets import sources
from helpers.datasets.fetching import DataError, data_folder, wanted_source
from helpers.datasets.image_dataset import ImageDataset
from helpers.datasets.sources import CIFAR_CLASSES

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


def fashion_mnist(train: bool = True) -> ImageDataset:
    """Fashion-MNIST (Xiao et al., 2017): 60,000 images for training, or 10,000 for testing.

    Grey images of 28×28. Raises ``DataError`` if ``CNN_COURSE_DATASET=official`` and the official
    files cannot be had.
    """
    return _real_or_drawn(sources.fashion_mnist, "Fashion-MNIST", "grey", train)


def cifar10(train: bool = True) -> ImageDataset:
    """CIFAR-10 (Krizhevsky, 2009): 50,000 images for training, or 10,000 for testing.

    Colour images of 32×32. Taken from the official files in the data folder, else from a folder
    of pictures there (``cifar10/train/airplane/0000.jpg`` and so on, however many), else
    downloaded, else drawn. Raises ``DataError`` if ``CNN_COURSE_DATASET=official`` and the
    official files cannot be had.
    """
    return _real_or_drawn(sources.cifar10, "CIFAR-10", "colour", train)


def _real_or_drawn(
    real: Callable[[Path, bool], sources.Pictures], name: str, kind: str, train: bool
) -> ImageDataset:
    """What ``CNN_COURSE_DATASET`` asks for; says it loudly when drawings must stand in."""
    wanted, root = wanted_source(), data_folder()
    if wanted != "drawn":
        try:
            images, labels, source = real(root, train)
            classes = FASHION_CLASSES if kind == "grey" else CIFAR_CLASSES
            return ImageDataset(images, labels, classes, source, name)
        except DataError as error:
            if wanted == "official":
                raise
            if error.again:  # the rest was said then
                print(f"✗ As a moment ago, you get DRAWN GARMENTS, which are not {name}.")
            else:
                print(
                    f"✗ {error}\nUntil then you get DRAWN GARMENTS, which are not {name}: pictures "
                    "of ten kinds of clothes, drawn by code. Everything in the lesson works with "
                    "them, but losses and accuracies differ from those in the text."
                )
    images, labels, source = sources.drawn_garments(root, kind, train)
    name = "drawn garments" if kind == "grey" else "drawn colour garments"
    return ImageDataset(images, labels, FASHION_CLASSES, source, name)
