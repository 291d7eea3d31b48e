"""An example of every picture, and what can be read off a picture."""

import functools

import numpy as np
import torch

from helpers import plots
from helpers.datasets import CIFAR_CLASSES, FASHION_CLASSES, ImageDataset

IMAGE = torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(0))


def dataset(count=40, source="official", name="Fashion-MNIST", channels=1):
    """Random images with labels 0 to 9 in turn: the same on every call."""
    generator = torch.Generator().manual_seed(1)
    size = 28 if channels == 1 else 32
    return ImageDataset(
        torch.randint(256, (count, channels, size, size), generator=generator, dtype=torch.uint8),
        torch.arange(count) % 10,
        FASHION_CLASSES if channels == 1 else CIFAR_CLASSES,
        source,
        name,
    )


OFFICIAL = dataset()
DRAWN = dataset(source="drawn", name="drawn garments")
DRAWN_COLOUR = dataset(source="drawn", name="drawn colour garments", channels=3)
PROBABILITIES = torch.randn(40, 10, generator=torch.Generator().manual_seed(2)).softmax(dim=1)


def normal(*shape):
    """Normally distributed numbers: the same on every call."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


# The name of each picture, and how it is drawn of a data set.
ALL = {
    "plot_grid": lambda data: plots.plot_grid(data, seed=1),
    "show_image": lambda data: plots.show_image(IMAGE, "Coat", data=data),
    "images_row": lambda data: plots.images_row(
        [IMAGE, IMAGE[0, :5, :5], normal(24, 24), normal(12, 12).relu()],
        ["image", "a corner of the image with a long title", "signed", "activations"],
        kinds=["pixels", "pixels", "signed", "activations"],
        data=data,
    ),
    "pixel_values": lambda data: plots.pixel_values(IMAGE, 3, 4, data=data),
    "pixel_values with a kernel": lambda data: plots.pixel_values(
        IMAGE, 3, 4, kernel=normal(5, 5), window=(4, 5), data=data
    ),
    "convolution_step": lambda data: plots.convolution_step(IMAGE, normal(5, 5), 3, 4, data=data),
    "kernels": lambda data: plots.kernels(normal(8, 1, 5, 5), title="First convolution"),
    "kernels of many channels": lambda data: plots.kernels(normal(16, 6, 5, 5)),
    "feature_maps": lambda data: plots.feature_maps(normal(32, 10, 10), IMAGE, data=data),
    "heat": lambda data: plots.heat(IMAGE, normal(28, 28), title="Coat: 98.7%", data=data),
    "curves": lambda data: plots.curves({"training": [2, 1], "test": [2, 1.5]}, data=data),
    "among": lambda data: plots.among(
        np.linspace(0.1, 0.65, 12), np.linspace(0.1, np.linspace(0.2, 0.7, 32), 10).T, data=data
    ),
    "confusion": lambda data: plots.confusion(
        np.arange(100).reshape(10, 10) * 10, FASHION_CLASSES, data=data
    ),
    "mistakes": lambda data: plots.mistakes(data, range(10), PROBABILITIES),
    "bars": lambda data: plots.bars(PROBABILITIES[0], FASHION_CLASSES, label=3, data=data),
}
WITHOUT_DATA = {"kernels", "kernels of many channels"}


def images_of(picture):
    """The images drawn, without colour bars."""
    return [image for axes in picture.axes for image in axes.get_images()]


def titles_of(picture):
    """The titles of its axes, where they have one."""
    return [axes.get_title() for axes in picture.axes if axes.get_title()]


def texts_of(picture):
    """The words and numbers written into its axes."""
    return [text.get_text() for axes in picture.axes for text in axes.texts]


def below(picture):
    """The text drawn under the picture, without its line breaks."""
    return picture.texts[0].get_text().replace("\n", " ")


def colour_bars(picture):
    """The axes that are colour bars."""
    return [axes for axes in picture.axes if axes.get_label() == "<colorbar>"]


@functools.cache
def drawn_once(name):
    """The picture and its PNG: drawing each once keeps the tests short."""
    picture = ALL[name](OFFICIAL)
    return picture, picture.png()
