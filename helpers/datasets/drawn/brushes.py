"""Dice, curves and a canvas: what the drawn garments are drawn with.

Arrays are float32 of shape ``[height, width, count]``: the picture is the *last* axis, so that
one number per picture (shape ``[count]``) spreads over all pixels by itself, and NumPy's
innermost loop stays long. Lengths are in pixels, the origin is the centre of the picture, y
points down.

The same bytes must come out on every machine. So there is only + − × ÷, square roots, rounding
and comparisons here, all of which IEEE 754 defines to the last bit: no sine, power, sum or
matrix product. Chance comes from the raw bits of PCG64, which NumPy keeps stable, and not from
its distributions, which it may change.
"""

from itertools import pairwise

import numpy as np

Array = np.ndarray


class Dice:
    """Random numbers for ``count`` pictures, fixed by ``key`` (whole numbers from 0 on)."""

    def __init__(self, key: tuple[int, ...], count: int):
        self.bits = np.random.PCG64(key)
        self.count = count

    def uniform(self, low: float | Array = 0.0, high: float | Array = 1.0) -> Array:
        """One number per picture between ``low`` and ``high``; float32 ``[count]``."""
        top = (self.bits.random_raw(self.count) >> np.uint64(40)).astype(np.float32)
        return top * np.float32(2.0**-24) * (high - low) + low

    def chance(self, probability: float | Array) -> Array:
        """1 with that probability, else 0; float32 ``[count]``."""
        return (self.uniform() < probability).astype(np.float32)

    def some(self, probability: float | Array, low: float, high: float) -> Array:
        """Between ``low`` and ``high`` with that probability, else 0; float32 ``[count]``."""
        return self.chance(probability) * self.uniform(low, high)

    def sign(self) -> Array:
        """−1 or 1; float32 ``[count]``."""
        return 2 * self.chance(0.5) - 1

    def noise(self, height: int, width: int) -> Array:
        """Noise between −1 and 1, independent per pixel; float32 ``[height, width, count]``."""
        total = height * width * self.count
        raw = self.bits.random_raw((total + 7) // 8).astype("<u8").view(np.uint8)[:total]
        return (raw.astype(np.float32) * np.float32(2 / 255) - 1).reshape(height, width, -1)


def cover(distance: Array) -> Array:
    """How much of a pixel is inside, 0 to 1, from its distance to the edge (inside > 0)."""
    shifted = distance + 0.5
    return np.clip(shifted, 0, 1, out=shifted)


def both(first: Array, *others: Array) -> Array:
    """The distance to the edge of what lies inside all the given shapes."""
    for other in others:
        first = np.minimum(first, other)
    return first


def ramp(t: Array, start: float | Array, stop: float | Array) -> Array:
    """0 before ``start``, 1 after ``stop``, a straight line between."""
    return np.clip((t - start) / (stop - start), 0, 1)


def arc(t: Array, start: float | Array, stop: float | Array) -> Array:
    """0 before ``start``, 1 after ``stop``, a quarter of an ellipse between: steep, then level."""
    rest = 1 - ramp(t, start, stop)
    return np.sqrt(1 - rest * rest)


def polyline(t: Array, *points: tuple[float | Array, float | Array]) -> Array:
    """The height at ``t`` of the line through ``points`` ``(t, height)``, level outside them."""
    height = points[0][1]
    for (start, low), (stop, high) in pairwise(points):
        height = height + (high - low) * ramp(t, start, stop)
    return height


def wave(t: Array) -> Array:
    """A zigzag between −1 and 1 with period 1."""
    return np.abs(t - np.floor(t) - 0.5) * 4 - 1


def under(y: Array, curve: Array) -> Array:
    """How far ``y`` lies under a ``curve`` ``[1, W, n]`` of heights by column.

    The way straight down is longer than the way to the curve where this is steep: divided by
    √(1 + slope²), so that steep edges come out as sharp as level ones.
    """
    slope = np.zeros_like(curve)
    slope[:, 1:-1] = (curve[:, 2:] - curve[:, :-2]) * 0.5
    return (y - curve) / np.sqrt(1 + slope * slope)


class Canvas:
    """A stack of pictures: ``light`` (0 black … 1 white) and how much is covered, ``alpha``.

    ``x`` ``[1, W, n]`` and ``y`` ``[H, 1, n]`` are the coordinates to draw with: every picture
    is moved and stretched a little.
    """

    def __init__(self, dice: Dice, size: int, shift: float, stretch: tuple[float, float]):
        """``shift``: at most that many pixels off the centre; ``stretch``: its range."""
        self.dice, self.size = dice, size
        axis = np.arange(size, dtype=np.float32) + np.float32(0.5 - size / 2)
        both_ways = dice.uniform(*stretch)
        wide = both_ways * dice.uniform(0.94, 1.06)
        self.x = (axis[None, :, None] - dice.uniform(-shift, shift)) / wide
        self.y = (axis[:, None, None] - dice.uniform(-shift, shift)) / both_ways
        self.light = np.zeros((size, size, dice.count), np.float32)
        self.alpha = np.zeros_like(self.light)

    def paint(self, covered: Array, shade: float | Array) -> None:
        """Lay a shape of that brightness over what is there."""
        self.light += covered * (shade - self.light)
        self.alpha += covered * (1 - self.alpha)

    def tone(self, covered: Array, amount: float | Array) -> None:
        """Make what is there brighter (``amount`` > 0) or darker (< 0) where ``covered``."""
        change = covered * amount
        change += 1
        self.light *= change

    def cloth(self, busy: float) -> Array:
        """Brightness of a cloth: shaded, striped, checked or printed; ``[H, W, n]``.

        ``busy``: how often there is a pattern, 0 to 1.
        """
        dice, size = self.dice, self.size
        u = dice.uniform()
        base = 0.98 - 0.64 * u * u
        across = self._bands(self.x, busy * 0.25)
        down = self._bands(self.y, busy * 0.4)
        grain = dice.noise(size, size)
        blots = dice.noise(size // 2, size // 2).repeat(2, 0).repeat(2, 1)
        blots[1:] += blots[:-1]
        blots[:, 1:] += blots[:, :-1]
        grain *= dice.uniform(0.01, 0.09) + dice.some(busy * 0.25, 0.05, 0.35)
        grain += np.clip(blots * 0.7, -1, 1) * dice.some(busy * 0.35, 0.08, 0.5)
        grain += across + (down + 1)
        grain *= base
        return grain

    def _bands(self, t: Array, often: float) -> Array:
        """Light falling off along ``t``, soft folds, and sometimes stripes."""
        dice = self.dice
        stripes = np.clip(wave(t * dice.uniform(0.08, 0.36) + dice.uniform()) * 2, -1, 1)
        folds = wave(t * dice.uniform(0.03, 0.12) + dice.uniform())
        return (
            dice.uniform(-0.012, 0.012) * t
            + dice.uniform(0, 0.1) * folds
            + dice.some(often, 0.08, 0.5) * stripes
        )
