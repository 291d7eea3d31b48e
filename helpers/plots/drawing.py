"""What is drawn on the axes of several pictures: images, numbers, mosaics, frames, scales."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from helpers.plots.arrays import PIXELS, as_pixels
from helpers.plots.picture import Picture
from helpers.plots.text import NORMAL, SMALL, long_minus

MARK = "#d95f02"


def draw_image(axis, image, title: str = "", scale: Mapping = PIXELS):
    """``image`` pixel by pixel, without ticks; returns what a colour bar needs."""
    drawn = axis.imshow(as_pixels(image), interpolation="nearest", **scale)
    axis.set(xticks=[], yticks=[], anchor="N")
    if title:
        axis.set_title(title, fontsize=NORMAL, parse_math=False)
    return drawn


def draw_numbers(axis, values, title: str, scale: Mapping, corner=None) -> None:
    """``values`` as shades with their numbers; counted from ``corner``, or not at all."""
    height, width = values.shape
    row, column = corner or (0, 0)
    edges = (column - 0.5, column + width - 0.5, row + height - 0.5, row - 0.5)
    drawn = draw_image(axis, values, title, {**scale, "extent": edges})
    for (i, j), value in np.ndenumerate(values):
        red, green, blue, _ = drawn.cmap(drawn.norm(value))
        bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        axis.text(
            column + j, row + i, "0" if value == 0 else f"{value:z.2f}",
            ha="center", va="center", fontsize=SMALL, color="black" if bright else "white",
        )  # fmt: skip
    if corner is not None:
        axis.set_xticks(range(column, column + width))
        axis.set_yticks(range(row, row + height))
        axis.tick_params(labelsize=SMALL, length=0)


def draw_mosaic(axis, tiles, columns: int, scale: Mapping, above: int, numbered: bool = False):
    """``tiles`` ``[K, h, w]``, ``columns`` in a row: one image is drawn much faster than K axes.

    ``above`` each tile are that many blank pixels, and one between neighbours.
    """
    count, tall, wide = tiles.shape
    rows = math.ceil(count / columns)
    mosaic = np.full((rows * (tall + above), columns * (wide + 1)), np.nan)
    for index, tile in enumerate(tiles):
        top = index // columns * (tall + above) + above
        left = index % columns * (wide + 1)
        mosaic[top : top + tall, left : left + wide] = tile
        if numbered:
            axis.text(left - 0.5, top - 0.5, str(index), fontsize=SMALL, va="bottom")
    drawn = axis.imshow(mosaic[:, :-1], interpolation="nearest", **scale)
    axis.set_anchor("N")
    return drawn


def tick_labels(count: int, step: int, first: float, every: int) -> tuple[list, list]:
    """Places and numbers of ``count`` tiles, ``step`` pixels apart; only each ``every``-th."""
    numbers = list(range(0, count, every))
    return [first + number * step for number in numbers], numbers


def outline(axis, row: int, column: int, height: int, width: int) -> None:
    """A frame around the pixels from ``row`` and ``column`` on."""
    grow = 0.5 if height == width == 1 else 0.0  # around a single pixel, not on it
    frame = Rectangle(
        (column - 0.5 - grow, row - 0.5 - grow), width + 2 * grow, height + 2 * grow,
        fill=False, linewidth=2.5, edgecolor=MARK, clip_on=False,
        path_effects=[withStroke(linewidth=4.5, foreground="white")],
    )  # fmt: skip
    axis.add_patch(frame)


def colour_bar(picture: Picture, drawn, axes) -> None:
    """A bar with the two ends of the scale and the middle as numbers."""
    low, high = drawn.get_clim()
    bar = picture.colorbar(drawn, ax=axes, aspect=16, pad=0.02, panchor=False)
    ticks = [low, (low + high) / 2, high]
    bar.set_ticks(ticks, labels=[long_minus(f"{tick:z.3g}") for tick in ticks])
    bar.ax.tick_params(labelsize=SMALL)
    bar.outline.set_visible(False)


def heading(picture: Picture, title: str) -> None:
    """``title`` above the whole picture, if there is one."""
    if title:
        picture.suptitle(title, fontsize=NORMAL, parse_math=False)
