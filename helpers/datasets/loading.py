"""Which images a notebook gets: real ones, or drawings in their place, said loudly.

For each entry of the catalogue there is a function here of its name: ``fashion_mnist(train=True)``.
"""

from collections.abc import Callable

from helpers.datasets import sources
from helpers.datasets.catalogue import CATALOGUE, GARMENTS, Entry
from helpers.datasets.fetching import DataError, data_folder, wanted_source
from helpers.datasets.image_dataset import ImageDataset
from helpers.datasets.saying import say


def load(entry: Entry, train: bool) -> ImageDataset:
    """The images that ``CNN_COURSE_DATASET`` asks for; says it loudly when drawings stand in.

    Raises ``DataError`` if the images cannot be had and nothing may stand in for them.
    """
    wanted, root = wanted_source(), data_folder()
    if wanted == "drawn" and not entry.stand_in:
        raise DataError(
            "CNN_COURSE_DATASET is set to drawn, but nothing is drawn in the place of "
            f"{entry.title}. What to do: set CNN_COURSE_DATASET to auto, or unset it, which means "
            "the same."
        )
    if wanted != "drawn":
        try:
            images, labels, source = sources.read(entry, root, train)
            return ImageDataset(images, labels, entry.classes, source, entry.title)
        except DataError as error:
            if wanted == "official" or not entry.stand_in:
                raise
            if error.again:  # the rest was said then
                say(f"✗ As a moment ago, you get DRAWN GARMENTS, which are not {entry.title}.")
            else:
                say(
                    f"✗ {error}\nUntil then you get DRAWN GARMENTS, which are not {entry.title}: "
                    "pictures of ten kinds of clothes, drawn by code. Everything in the lesson "
                    "works with them, but losses and accuracies differ from those in the text."
                )
    images, labels, source = sources.drawn_garments(root, entry.stand_in, train)
    classes = CATALOGUE["fashion_mnist"].classes
    return ImageDataset(images, labels, classes, source, GARMENTS[entry.stand_in])


def _loading_function(name: str) -> Callable[[bool], ImageDataset]:
    def function(train: bool = True) -> ImageDataset:
        return load(CATALOGUE[name], train)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _docstring(CATALOGUE[name])
    return function


def _docstring(entry: Entry) -> str:
    """Of the loading function, for ``datasets.fashion_mnist?`` in a notebook."""
    kind = {1: "Grey", 3: "Colour"}[entry.channels]
    places = ["the official files in the data folder"]
    if entry.pictures:
        example = f"``{entry.pictures}/train/{entry.classes[0]}/0000.jpg``"
        places.append(f"from a folder of pictures there ({example} and so on, however many)")
    places += ["downloaded", "drawn"] if entry.stand_in else ["downloaded"]
    if_official = "``CNN_COURSE_DATASET=official`` and " if entry.stand_in else ""
    return (
        f"{entry.title} ({entry.reference}): {entry.num_train:,} images for training, or "
        f"{entry.num_test:,} for testing.\n\n"
        f"{kind} images of {entry.size}×{entry.size}. Taken from {', else '.join(places)}.\n\n"
        f"Raises ``DataError`` if {if_official}the official files cannot be had."
    )


globals().update({name: _loading_function(name) for name in CATALOGUE})
