"""Feature maps or kernels as tiles of one picture: as many axes would take most of a redraw."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Layout:
    """Where the tiles of a mosaic stand: inches right of and below its figure's upper left corner.

    ``shape``: how many there are, and their height and width in pixels of ``pixel`` inches each.
    """

    shape: tuple[int, int, int]
    columns: int
    corner: tuple[float, float]  # left and top of the first, with what stands above it
    pixel: float
    above: int  # blank pixels above each tile

    @property
    def step(self) -> tuple[float, float]:
        """From one tile to the next, across and down."""
        _, tall, wide = self.shape
        return self.pixel * (wide + 1), self.pixel * (tall + self.above)

    @property
    def rows(self) -> int:
        """How many rows of tiles."""
        return math.ceil(self.shape[0] / self.columns)

    def at(self, x: float, y: float) -> tuple[int, int, int] | None:
        """Tile, row and column of the pixel that is drawn at ``x``, ``y``; None between them."""
        (count, tall, wide), (left, top), (across, down) = self.shape, self.corner, self.step
        column, row = math.floor((x - left) / across), math.floor((y - top) / down)
        tile = row * self.columns + column
        i = math.floor((y - top - row * down) / self.pixel) - self.above
        j = math.floor((x - left - column * across) / self.pixel)
        inside = 0 <= column < self.columns and 0 <= tile < count and 0 <= i < tall and j < wide
        return (tile, i, j) if inside else None

    def place_of(self, tile: int, i: int, j: int) -> tuple[float, float]:
        """Left and top of a pixel."""
        row, column = divmod(tile, self.columns)
        (left, top), (across, down) = self.corner, self.step
        return (
            left + column * across + j * self.pixel,
            top + row * down + (self.above + i) * self.pixel,
        )


def mosaic_layout(shape: tuple, columns: int, image=None, names: tuple = ()) -> Layout:
    """Where ``mosaic_figure`` puts the tiles."""
    count, tall, wide = shape
    left, top = (0.7 if image is None else BESIDE + 0.4), (0.55 if names else TITLE)
    number = 0.2 if not names and count <= NUMBERED else 0.0  # inches above each tile
    room, rows = WIDTH - left - 1.0, math.ceil(count / columns)
    pixel = min(room / (columns * (wide + 1)), (MOST_HEIGHT / rows - number) / (tall + 1))
    return Layout(tuple(shape), columns, (left, top), pixel, max(1, math.ceil(number / pixel)))


def mosaic_figure(
    tiles,
    columns: int,
    scale,
    image=None,
    names: tuple = (),
    notes: Sequence[str] = (),
    first: int = 0,
) -> Figure:
    """``tiles`` ``[K, h, w]`` in one mosaic, with ``image`` on its left.

    The tiles are numbered from ``first`` on, and where there is room, each has its note of
    ``notes`` behind the number; with ``names``, its columns and rows are, and have these names.
    """
    layout = mosaic_layout(tiles.shape, columns, image, names)
    side = 0 if image is None else BESIDE * image.shape[-2] / image.shape[-1]
    height = layout.rows * layout.step[1]
    figure = sheet(max(height, side, 1.5) + layout.corner[1] + 0.15)
    if image is not None:
        place_image(figure, image, 0.1, TITLE, BESIDE, "image")
    numbered = not names and len(tiles) <= NUMBERED
    pixel, above = layout.pixel, layout.above
    place_mosaic(figure, tiles, columns, scale, layout.corner, pixel, above, numbered, notes, first)
    if names:
        name_grid(figure, names, layout.corner, layout.step, (columns, layout.rows), pixel)
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
    first: int = 0,
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
        write(figure, left + column * across, bottom, f"{first + index}{note}", va="bottom")


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
