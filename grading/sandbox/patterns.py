"""The images that answers are graded on: as many and as large as the real ones, but easy to learn.

A training of a minute becomes one of a second: data loaders take the first ``SHORT`` images only,
``training.fit`` the first ``SHORTER``. Each class is a pattern of its own with noise on it, so that
the network of notebook 3 goes through its plateau and past 80% on so few, as the checks ask.
"""

from collections.abc import Iterable
from functools import cache, partial

import torch
from torch.nn import functional as F

from helpers import datasets
from helpers.checks.going_further import measured
from helpers.datasets.catalogue import CATALOGUE, Entry
from helpers.training import fitting

SHORT, SHORTER = 1280, 320
DRAWN = 2000  # different ones; the rest repeats them
NAME = "patterns of the grader"


@cache
def patterns(entry: Entry, train: bool) -> datasets.ImageDataset:
    """Ten patterns, labelled in random order, in the place of the images of ``entry``."""
    count, shape = entry.num_train if train else entry.num_test, (entry.size, entry.size)
    num_classes = len(entry.classes)
    generator = torch.Generator().manual_seed(7)
    masks = torch.rand(num_classes, entry.channels, 4, 4, generator=generator) > 0.5
    masks = F.interpolate(masks.float(), size=entry.size)
    generator = torch.Generator().manual_seed(1 + train)
    labels = torch.arange(DRAWN) % num_classes
    labels = labels[torch.randperm(DRAWN, generator=generator)]
    noise = torch.rand(DRAWN, entry.channels, *shape, generator=generator)
    images = (255 * (0.8 * masks[labels] + 0.2 * noise)).to(torch.uint8)
    repeats = -(-count // DRAWN)
    return datasets.ImageDataset(
        images.repeat(repeats, 1, 1, 1)[:count],
        labels.repeat(repeats)[:count],
        entry.classes,
        "drawn",
        NAME,
    )


def short(data, most: int):
    """The first images of a large data set; a small one as it is."""
    large = isinstance(data, datasets.ImageDataset) and len(data) > most
    return datasets.subset(data, most) if large else data


def _load(entry: Entry, train: bool = True) -> datasets.ImageDataset:
    return patterns(entry, bool(train))


def make_for(sources: Iterable[str]) -> None:
    """Make the images that the cells ``sources`` are going to load: here, once for all answers."""
    text = "\n".join(sources)
    for name, entry in CATALOGUE.items():
        if f"datasets.{name}(" in text:
            for train in (True, False):
                patterns(entry, train)


def use_here() -> None:
    """Let ``datasets`` and ``training`` of this process work with these images, and few of them."""
    make_loader, make_batches = datasets.loader, fitting.batches_of

    def loader(data, *args, **kwargs):
        return make_loader(short(data, SHORT), *args, **kwargs)

    def batches_of(data, *args, **kwargs):
        return make_batches(short(data, SHORTER), *args, **kwargs)

    for name, entry in CATALOGUE.items():
        setattr(datasets, name, partial(_load, entry))
    datasets.loader, fitting.batches_of = loader, batches_of
    measured.FEWEST = SHORTER
