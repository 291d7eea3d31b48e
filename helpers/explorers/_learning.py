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
from helpers.explorers._matrix import frame_cell, place_matrix
from helpers.explorers._mosaic import place_mosaic
from helpers.plots.arrays import as_array, colour_scale
from helpers.plots.text import NORMAL

HEIGHT, ROOM = 5.1, 3.8  # inches: of the picture, and for a mosaic to the left of its colour bar
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

    def worst(self) -> tuple[int, int]:
        """True and predicted class of the most frequent mistake."""
        wrong = self.counts.clone().fill_diagonal_(0)
        return divmod(int(wrong.argmax()), len(wrong))


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
    true, predicted = now.worst()
    count = int(now.counts[true, predicted])
    if true == predicted or not count:
        return "no mistake"
    return f"most often, {classes[true]} is taken for {classes[predicted]}, {count} times"


# ---------------------------------------------------------------------------- the picture


def learning_png(
    now: Seen, scales: tuple[dict, dict], image: Tensor, classes: Sequence[str], when: str
) -> bytes:
    """Kernels, feature maps of ``image`` and matrix; ``scales`` are those of ``scales_of``."""
    figure = sheet(HEIGHT)
    write(figure, 0.1, 0.25, f"{when}: kernels of the first layer", NORMAL)
    top = 0.3 + _place_kernels(figure, now.kernels, scales[0], 0.3) + 0.35
    write(figure, 0.1, top, "an image, and its maps after the first ReLU", NORMAL)
    place_image(figure, image, 0.1, top + 0.25, 1.1)
    _place_maps(figure, as_array(now.maps), scales[1], top + 0.05)
    write(figure, 5.0, 0.25, "true class (rows) and predicted class (columns)", NORMAL)
    place_matrix(figure, now.counts, classes, MATRIX, CELL, rotation=90)
    true, predicted = now.worst()
    if true != predicted:
        frame_cell(figure, true, predicted, MATRIX, CELL)
    return png_of(figure)


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
