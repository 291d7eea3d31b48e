"""Feature maps or kernels as tiles of one picture: as many axes would take most of a redraw."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from helpers.explorers._image_views import (
    BESIDE,
    TITLE,
    WIDTH,
    place_bar,
    place_image,
    sheet,
    write,
)

MOST_HEIGHT = 5.0  # inches, of all tiles
FOR_NOTES = 0.8  # inches: the width of a tile that has room for one
NUMBERED = 64  # so many maps are numbered one by one; more numbers could not be read


def mosaic_figure(
    tiles, columns: int, scale, image=None, names: tuple = (), notes: Sequence[str] = ()
) -> Figure:
    """``tiles`` ``[K, h, w]`` in one mosaic, with ``image`` on its left.

    The tiles are numbered, and where there is room, each has its note of ``notes`` behind the
    number; with ``names``, its columns and rows are, and have these names.
    """
    count, tall, wide = tiles.shape
    rows = math.ceil(count / columns)
    numbered = not names and count <= NUMBERED
    left, top = (0.7 if image is None else BESIDE + 0.4), (0.55 if names else TITLE)
    number = 0.2 if numbered else 0.0  # inches above each tile
    room = WIDTH - left - 1.0
    pixel = min(room / (columns * (wide + 1)), (MOST_HEIGHT / rows - number) / (tall + 1))
    above = max(1, math.ceil(number / pixel))
    across, down = pixel * (wide + 1), pixel * (tall + above)
    side = 0 if image is None else BESIDE * image.shape[-2] / image.shape[-1]
    figure = sheet(max(rows * down, side, 1.5) + top + 0.15)
    if image is not None:
        place_image(figure, image, 0.1, TITLE, BESIDE, "image")
    place_mosaic(figure, tiles, columns, scale, (left, top), pixel, above, numbered, notes)
    if names:
        name_grid(figure, names, (left, top), (across, down), (columns, rows), pixel)
    return figure


def place_mosaic(
    figure: Figure,
    tiles,
    columns: int,
    scale,
    corner: tuple,
    pixel,
    above: int,
    numbered: bool,
    notes: Sequence[str] = (),
) -> None:
    """A mosaic at ``corner``, ``pixel`` inches for each of its pixels, and its colour bar."""
    (left, top), (count, tall, wide) = corner, tiles.shape
    width, down = pixel * (columns * (wide + 1) - 1), pixel * (tall + above)
    place_image(figure, mosaic(tiles, columns, above), left, top, width, scale=scale)
    height = down * math.ceil(count / columns)
    place_bar(figure, scale, left + width + 0.2, top, min(height, 2.5))
    for index in range(count if numbered else 0):
        row, column = divmod(index, columns)
        bottom = top + row * down + pixel * above - 0.02
        across = pixel * (wide + 1)
        note = notes[index] if notes and across >= FOR_NOTES else ""
        write(figure, left + column * across, bottom, f"{index}{note}", va="bottom")


def mosaic(tiles, columns: int, above: int) -> np.ndarray:
    """``tiles`` beside and below each other, ``above`` blank pixels above each."""
    count, tall, wide = tiles.shape
    rows = math.ceil(count / columns)
    padded = np.full((rows * columns, tall + above, wide + 1), np.nan)
    padded[:count, above:, :wide] = tiles
    joined = padded.reshape(rows, columns, tall + above, wide + 1).transpose(0, 2, 1, 3)
    return joined.reshape(rows * (tall + above), columns * (wide + 1))[:, :-1]


def name_grid(
    figure: Figure, names: tuple, corner: tuple, step: tuple, counts: tuple, pixel
) -> None:
    """Numbers along a mosaic whose columns and rows mean something, and what they mean."""
    (left, top), (across, down), (columns, rows) = corner, step, counts
    every = math.ceil(max(counts) / 16)
    write(figure, left + columns * across / 2, top - 0.27, names[0], ha="center", va="bottom")
    middle = top + rows * down / 2
    write(figure, 0.15, middle, names[1], ha="center", va="center", rotation=90)
    for column in range(0, columns, every):
        place = left + (column + 0.5) * across - pixel / 2
        write(figure, place, top - 0.05, str(column), ha="center", va="bottom")
    for row in range(0, rows, every):
        place = top + (row + 0.5) * down + pixel / 2
        write(figure, left - 0.1, place, str(row), ha="right", va="center")


def mosaic_columns(count: int, tall: int, wide: int) -> int:
    """How many tiles in a row make a mosaic about twice as wide as tall."""
    return math.ceil(count / max(1, round(math.sqrt(count * wide / tall / 2))))
