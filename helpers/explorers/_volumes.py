"""A network as a picture: its layers as volumes true to scale, with what they make of an image."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from helpers.explorers._places import blocks_of, lines_of
from helpers.explorers._scene import LINE, Frame, Picture, Scene, Shape, Words
from helpers.plots.arrays import PIXELS, as_array, as_pixels, colour_scale

SIDE, DEEP, WIDE = 112, 80, 1150  # pixels: the largest face, the deepest volume, all of a row
LARGE = 132  # of the chosen layer's face below
SLOT, GAP, STRIP = 60, 14, 12  # of a layer at least; between two; the width of a row of numbers
SLANT = 0.6, 0.4  # how far a channel lies right of and above the one before it
FEW, MOST = 16, 42  # more layers than these are drawn at half the size; not drawn
LAYER, FACE = 0, 1  # what is pointed at: a layer, or a place on the face of the chosen one
HINT = "Point at a layer: one of its maps is shown large here. Point at a value on it: the image "
HINT += "shows what it sees."


@dataclass(frozen=True)
class Body:
    """A layer as it is drawn; ``values`` are ``[K, h, w]`` or ``[n]``, ``None`` if not known."""

    number: int
    kind: str
    shape: tuple[int, ...]
    values: Tensor | None

    @property
    def channels(self) -> int:
        """Of maps; 1 of a row of numbers."""
        return self.shape[0] if len(self.shape) == 3 else 1

    @property
    def face(self) -> tuple[int, int]:
        """Height and width as a volume; a row of numbers stands upright."""
        return self.shape[-2:] if len(self.shape) > 1 else (math.prod(self.shape), 1)

    @property
    def grid(self) -> tuple[int, int]:
        """Height and width of the large face; a row of numbers is laid in rows of a square."""
        return self.shape[-2:] if len(self.shape) > 1 else (_root(self.face[0]),) * 2

    @cached_property
    def shown(self) -> int:
        """The map on the face: the one with the widest range of values."""
        if self.values is None or self.values.dim() != 3:
            return 0
        flat = self.values.nan_to_num(0, 0, 0).flatten(1)
        return int((flat.amax(1) - flat.amin(1)).argmax())

    def index(self, row: int, column: int) -> tuple[int, ...]:
        """Of the value at a place of the large face."""
        if len(self.shape) == 3:
            return self.shown, row, column
        if len(self.shape) == 2:
            return row, column
        return (row * self.grid[1] + column,)[: len(self.shape)]

    @property
    def middle(self) -> tuple[int, int]:
        """The place in the middle of the large face."""
        if len(self.shape) > 1:
            return self.face[0] // 2, self.face[1] // 2
        return divmod(self.face[0] // 2, self.grid[1])

    def place_at(self, x: float, y: float) -> tuple[int, int]:
        """The place at shares of the width and height of the large face."""
        return self.within(int(y * self.grid[0]), int(x * self.grid[1]))

    def within(self, row: int, column: int) -> tuple[int, int]:
        """The place nearest to that, at which there is a value."""
        tall, wide = self.grid
        row, column = min(max(row, 0), tall - 1), min(max(column, 0), wide - 1)
        if len(self.shape) > 1:
            return row, column
        return divmod(min(row * wide + column, self.face[0] - 1), wide)

    @cached_property
    def pixels(self) -> np.ndarray:
        """What is on the face."""
        values = as_array(self.values)
        return values[self.shown] if values.ndim == 3 else values.reshape(self.face)

    @cached_property
    def scale(self) -> dict:
        """The colours of all its values."""
        values = as_array(self.values)
        return colour_scale("signed" if (values < 0).any() else "activations", [values])


def _root(count: int) -> int:
    """The side of a square with room for so many."""
    return math.isqrt(max(count, 1) - 1) + 1


def volumes_scene(
    image: Tensor,
    bodies: Sequence[Body],
    chosen: int,
    place: tuple[int, int] | None,
    seen: Tensor | None,
    words: str,
) -> Scene:
    """The image ``[C, H, W]``, then each layer. Layer ``chosen`` (0: none) is marked, its face is
    shown large with a ``place`` on it, and on the image the pixels ``seen`` from there, ``[H, W]``.
    """
    drawn = bodies[:MOST]
    most = SIDE if len(drawn) <= FEW else SIDE / 2
    maps = [body for body in drawn if len(body.shape) > 1]
    rows = [body for body in drawn if len(body.shape) <= 1]
    channels = max([1, *(body.channels for body in maps)])
    pixel = most / max(1, *image.shape[1:], *(max(body.face) for body in maps))
    channel = min(3.0, DEEP / channels)
    number = min(3.0, most / max([1, *(body.face[0] for body in rows)]))
    above = SLANT[1] * channel * channels + 4
    down = most + above + 3 * LINE + GAP
    left, top = 4.0, above
    scene = Scene(WIDE, 0, words)
    scene.parts += _image(image, pixel, left, top, most, seen)
    left += image.shape[2] * pixel + GAP
    large = 4.0
    for body in drawn:
        each = (pixel, pixel) if len(body.shape) > 1 else (STRIP, number)
        width, height = body.face[1] * each[0], max(2.0, body.face[0] * each[1])
        depth = body.channels * channel if len(body.shape) == 3 else 0.0
        room = max(SLOT, width + SLANT[0] * depth)
        if left + room > WIDE:
            left, top = 4.0, top + down
        ground = _rectangle(left - GAP / 2 + 1, top - above + 1, room + GAP - 2, down - GAP)
        kind, is_chosen = ("chosen", True) if body.number == chosen else ("slot", False)
        scene.parts.append(Shape(ground, kind, at=(LAYER, body.number)))
        corner = left, top + (most - height) / 2
        scene.parts += _volume(body, corner, (width, height), depth, is_chosen)
        lines = str(body.number), body.kind[:9], "×".join(map(str, body.shape))
        for line, text in enumerate(lines, start=1):
            scene.parts.append(Words(left, top + most + LINE * line, text, bold=line == 1))
        large = left if is_chosen else large
        left += room + GAP
    below = top + down
    if chosen and bodies[chosen - 1].values is not None:
        scene.parts += _large(bodies[chosen - 1], min(large, WIDE - LARGE - 150), below, place)
    else:
        more = "" if len(drawn) == len(bodies) else f"The first {MOST} layers are drawn. "
        scene.parts.append(Words(4, below + LINE, f"{more}{HINT}"))
    scene.height = below + LARGE + 8
    return scene


def _large(body: Body, left: float, top: float, place: tuple[int, int] | None) -> list:
    """The face of the chosen layer."""
    tall, wide = body.grid
    pixel = LARGE / max(tall, wide)
    pixels = body.pixels
    if len(body.shape) <= 1:
        padded = np.full(tall * wide, np.nan)
        padded[: pixels.size] = pixels[:, 0]
        pixels = padded.reshape(tall, wide)
    at = (FACE, body.number)
    parts = [Picture(pixels, body.scale, left, top, wide * pixel, tall * pixel, at)]
    if place is not None:
        parts.append(Frame(left + place[1] * pixel, top + place[0] * pixel, pixel, pixel))
    said = f"map {body.shown}, of {body.channels}" if len(body.shape) == 3 else "all values"
    return [*parts, Words(left + wide * pixel + 8, top + LINE, f"layer {body.number}: {said}")]


def _image(
    image: Tensor, pixel: float, left: float, top: float, most: float, seen: Tensor | None
) -> list:
    tall, wide = image.shape[1:]
    shown = image if len(image) in (1, 3) else image.mean(0, keepdim=True)
    top += (most - tall * pixel) / 2
    parts = [Picture(as_pixels(shown), PIXELS, left, top, wide * pixel, tall * pixel)]
    for y, x, height, width in blocks_of(*lines_of(seen)) if seen is not None else ():
        parts.append(Frame(left + x * pixel, top + y * pixel, width * pixel, height * pixel))
    size = "×".join(map(str, image.shape))
    below = top + tall * pixel + LINE
    return [*parts, Words(left, below, "image", bold=True), Words(left, below + LINE, size)]


def _volume(
    body: Body, corner: tuple[float, float], size: tuple[float, float], depth: float, chosen: bool
) -> list:
    """The face with its values, and the two sides that are seen behind it."""
    (left, top), (width, height) = corner, size
    right, up = SLANT[0] * depth, SLANT[1] * depth
    kind, at = "marked" if chosen else "face", (LAYER, body.number)
    parts = []
    if depth:
        far, high = left + width, top - up
        roof = (left, top), (left + right, high), (far + right, high), (far, top)
        side = (far, top), (far + right, high), (far + right, high + height), (far, top + height)
        parts = [Shape(roof, kind, at), Shape(side, kind, at)]
    if body.values is None or len(body.shape) not in (1, 2, 3):
        return [*parts, Shape(_rectangle(left, top, width, height), kind, at)]
    return [*parts, Picture(body.pixels, body.scale, left, top, width, height, at)]


def _rectangle(left: float, top: float, width: float, height: float) -> tuple:
    right, bottom = left + width, top + height
    return ((left, top), (right, top), (right, bottom), (left, bottom))
