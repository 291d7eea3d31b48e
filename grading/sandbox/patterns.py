"""The images that answers are graded on: as many and as large as the real ones, but easy to learn.

A training of a minute becomes one of a second: data loaders take the first ``SHORT`` images only,
``training.fit`` the first ``SHORTER``. Each class is a pattern of its own with noise on it, so that
the network of notebook 3 goes through its plateau and past 80% on so few, as the checks ask.
"""

import torch
from torch.nn import functional as F

from helpers import datasets
from helpers.training import fitting

SHORT, SHORTER = 1280, 320
DRAWN = 2000  # different ones; the rest repeats them


def patterns(count: int, train: bool, channels: int = 1, size: int = 28) -> datasets.ImageDataset:
    """``count`` images of ten patterns, labelled in random order."""
    masks = torch.rand(10, channels, 4, 4, generator=torch.Generator().manual_seed(7)) > 0.5
    masks = F.interpolate(masks.float(), size=size)
    generator = torch.Generator().manual_seed(1 + train)
    labels = torch.arange(DRAWN) % 10
    labels = labels[torch.randperm(DRAWN, generator=generator)]
    noise = torch.rand(DRAWN, channels, size, size, generator=generator)
    images = (255 * (0.8 * masks[labels] + 0.2 * noise)).to(torch.uint8)
    repeats = -(-count // DRAWN)
    grey = channels == 1
    return datasets.ImageDataset(
        images.repeat(repeats, 1, 1, 1)[:count],
        labels.repeat(repeats)[:count],
        datasets.FASHION_CLASSES if grey else datasets.CIFAR_CLASSES,
        "drawn",
        "patterns of the grader",
    )


def short(data, most: int):
    """The first images of a large data set; a small one as it is."""
    large = isinstance(data, datasets.ImageDataset) and len(data) > most
    return datasets.subset(data, most) if large else data


def use_here() -> None:
    """Let ``datasets`` and ``training`` of this process work with these images, and few of them."""
    grey = {train: patterns(60_000 if train else 10_000, train) for train in (True, False)}
    colour = {train: patterns(50_000 if train else 10_000, train, 3, 32) for train in (True, False)}
    make_loader, make_batches = datasets.loader, fitting.batches_of

    def loader(data, *args, **kwargs):
        return make_loader(short(data, SHORT), *args, **kwargs)

    def batches_of(data, *args, **kwargs):
        return make_batches(short(data, SHORTER), *args, **kwargs)

    datasets.fashion_mnist = lambda train=True: grey[bool(train)]
    datasets.cifar10 = lambda train=True: colour[bool(train)]
    datasets.loader, fitting.batches_of = loader, batches_of
