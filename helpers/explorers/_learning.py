"""What a network was after an epoch: what it says of some images, in words and in one picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers import inspection, training
from helpers.explorers._base import png_of
from helpers.explorers._image_views import (
    finite,
    percent,
    place_image,
    sheet,
    write,
)
from helpers.explorers._matrix import frame_cell, matrix_html, place_matrix
from helpers.explorers._mosaic import place_mosaic
from helpers.explorers._sheets import sheet_html
from helpers.plots.arrays import as_array, colour_scale
from helpers.plots.text import NORMAL

HEIGHT = 5.1  # inches, of the picture
LEFT, ROOM = 4.8, 3.8  # inches: beside the matrix, and for a mosaic beside its colour bar
NUMBER, LARGEST = 0.2, 0.1  # inches: above a tile, and a pixel of a kernel at most
MATRIX, CELL = (6.0, 1.45), (0.385, 0.345)  # inches: its corner, and one of its cells


@dataclass(frozen=True)
class Seen:
    """One epoch: first kernels ``[K, C, h, w]``, maps of an image ``[K, h, w]``, the matrix."""

    kernels: Tensor
    maps: Tensor
    counts: Tensor

    @property
    def right(self) -> float:
        """The share of the images that were recognised."""
        return float(self.counts.trace() / self.counts.sum())

    @property
    def by_class(self) -> Tensor:
        """The share that was recognised of each class."""
        return self.counts.diagonal() / self.counts.sum(dim=1).clamp(min=1)

    def worst(self) -> tuple[int, int] | None:
        """True and predicted class of the most frequent mistake, if there is one."""
        wrong = self.counts.clone().fill_diagonal_(0)
        return divmod(int(wrong.argmax()), len(wrong)) if bool(wrong.any()) else None


def counts_of(network: nn.Module, dataset) -> Tensor:
    """The confusion matrix of ``dataset``. Refuses scores that are no numbers."""
    predictions = finite(training.predict(network, dataset)).argmax(dim=1)
    return inspection.confusion_matrix(dataset.labels, predictions, len(dataset.classes))


def kernels_of(network: nn.Module) -> Tensor:
    """The kernels of the first layer of a network of the experiment."""
    return network[0].weight.detach()


def maps_of(network: nn.Module, image: Tensor) -> Tensor:
    """The maps of ``image`` behind the first ReLU."""
    return inspection.activations(network, network[1], image)[0]


def scales_of(networks: Sequence[nn.Module], image: Tensor) -> tuple[dict, dict]:
    """The colours of kernels and of maps that fit all ``networks``, so that they are compared."""
    kernels = [as_array(kernels_of(network)) for network in networks]
    maps = [as_array(maps_of(network, image)) for network in networks]
    return colour_scale("signed", kernels), colour_scale("activations", maps)


# ------------------------------------------------------------------------------ in words


def change_texts(before: Seen, now: Seen, classes: Sequence[str]) -> list[str]:
    """Which class and which kernel an epoch has changed most."""
    shares = now.by_class - before.by_class
    which = int(shares.abs().argmax())
    steps = (now.kernels - before.kernels).flatten(1).norm(dim=1)
    sizes = before.kernels.flatten(1).norm(dim=1)
    moved = steps / sizes
    kernel = int(moved.argmax())
    return [
        f"changed most by this epoch: {classes[which]}, from "
        f"{percent(float(before.by_class[which]))} to {percent(float(now.by_class[which]))} right",
        f"kernel {kernel}, by {percent(float(moved[kernel]))} of its size",
    ]


def mistake_text(now: Seen, classes: Sequence[str]) -> str:
    """The most frequent mistake."""
    if now.worst() is None:
        return "no mistake"
    true, predicted = now.worst()
    count = int(now.counts[true, predicted])
    return f"most often, {classes[true]} is taken for {classes[predicted]}, {count} times"


# ---------------------------------------------------------------------------- the picture


@dataclass(frozen=True)
class Learned:
    """What is drawn of an epoch; ``scales`` are those of ``scales_of``, ``when`` says which."""

    now: Seen
    scales: tuple[dict, dict]
    image: Tensor
    classes: Sequence[str]
    when: str

    def html(self) -> str:
        """The picture of kernels and maps, and the matrix as a table beside it.

        An epoch that is under way draws again and again, and to draw the matrix takes as long as
        all else together: each of its numbers and names a millisecond.
        """
        figure = sheet(HEIGHT, LEFT)
        _place_layer(figure, self)
        matrix = matrix_html(self.now.counts, self.classes, self.now.worst())
        return f'<div class="cnn-grids">{sheet_html(figure, "kernels and maps")}{matrix}</div>'

    def png(self) -> bytes:
        """All of it as one picture, for where there is no page."""
        figure = sheet(HEIGHT)
        _place_layer(figure, self)
        write(figure, 5.0, 0.25, "true class (rows) and predicted class (columns)", NORMAL)
        place_matrix(figure, self.now.counts, self.classes, MATRIX, CELL, rotation=90)
        if worst := self.now.worst():
            frame_cell(figure, *worst, MATRIX, CELL)
        return png_of(figure)


def _place_layer(figure: Figure, learned: Learned) -> None:
    """The kernels of the first layer, the image, and what they make of it."""
    now, scales = learned.now, learned.scales
    write(figure, 0.1, 0.25, f"{learned.when}: kernels of the first layer", NORMAL)
    top = 0.3 + _place_kernels(figure, now.kernels, scales[0], 0.3) + 0.35
    write(figure, 0.1, top, "an image, and its maps after the first ReLU", NORMAL)
    place_image(figure, learned.image, 0.1, top + 0.25, 1.1)
    _place_maps(figure, as_array(now.maps), scales[1], top + 0.05)


def _place_kernels(figure: Figure, kernels: Tensor, scale: dict, top: float) -> float:
    """A row for each channel, or up to eight kernels of one channel in a row; the height."""
    count, channels, tall, wide = kernels.shape
    columns = min(8, count) if channels == 1 else count
    pixel = min(ROOM / (columns * (wide + 1)), LARGEST)
    above = math.ceil(NUMBER / pixel) if channels == 1 else 1
    tiles = as_array(kernels.transpose(0, 1).reshape(-1, tall, wide))
    place_mosaic(figure, tiles, columns, scale, (0.1, top), pixel, above, channels == 1)
    return math.ceil(len(tiles) / columns) * pixel * (tall + above)


def _place_maps(figure: Figure, maps: np.ndarray, scale: dict, top: float) -> None:
    """Beside the image, down to the edge of the picture."""
    count, tall, wide = maps.shape
    columns = math.ceil(math.sqrt(count))
    rows, left = math.ceil(count / columns), 1.4
    across = (ROOM + 0.1 - left) / (columns * (wide + 1))
    pixel = min(across, ((HEIGHT - 0.1 - top) / rows - NUMBER) / (tall + 1))
    above = math.ceil(NUMBER / pixel)
    place_mosaic(figure, maps, columns, scale, (left, top), pixel, above, True)
