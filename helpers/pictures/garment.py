"""Where in a grey picture the garment is, and by how much it differs from the background there.

A grey picture is an array ``[H, W]``, float32, from 0 (black) to 255 (white).
"""

from dataclasses import dataclass

import numpy as np

from helpers.pictures import background, parts
from helpers.pictures.scaling import averaged, edges, resized

SMALL = 112  # pixels of the longest side, to look for the garment: the means have little noise
WINDOWS = 3, 5, 9  # of these pixels: the first that averages noise and grain away is taken
QUIET = 5.0  # of 255: so little noise is left then
LEAST = 8.0  # of 255: what differs less from the background does not stand out
FAR, NEAR, CLEAR = 3, 2, 2.5  # times the noise: stands out, belongs to what does; with its edges
DIM = 0.08, 0.1  # of the strongest difference: what is dimmer is background, likewise
BOTH = 3.0  # so many times as much must differ one way for it to count alone
OTHER = 0.7  # of a difference counts, if it is not that of the garment from the background
LEVELS = 2, 98  # percent of a garment's pixels: what lies outside of these is no darker or lighter
TELLING = 4.0, 2.0  # of 255: if the light, and stripes, change less in a garment, nothing is told
GRAIN, AROUND = 4.0, 9  # of 255: more noise is taken out of a garment; pixels that tell how much
PEAK = 4.5, 0.5  # times the noise, of the strongest: one pixel so clear tells a part from noise
CLOSED = 1  # pixels around a mask: what lies within these is a hole of it
GAP, SHARE = 2, 0.2  # parts so near belong together, and parts of so much of the largest, too


@dataclass(frozen=True)
class Found:
    """A garment.

    ``stands_out``: ``[H, W]`` from 0 to 1, by how much each pixel of the garment differs from the
    background, or from what in the garment differs the other way, in parts of the strongest
    difference; 0 where no garment is. ``light``: whether the background is lighter than that.
    """

    stands_out: np.ndarray
    light: bool


def find(grey: np.ndarray, light: bool | None = None) -> Found | None:
    """The garment in ``grey``, or None if nothing stands out. ``light``: is the background?"""
    for inside in reversed(background.insides(grey)):
        found = _find(grey, inside, light)
        if found is not None:  # else what looked like a frame was the background
            return found
    return None


def _find(grey: np.ndarray, inside: tuple[slice, slice], light: bool | None) -> Found | None:
    part = grey[inside]
    scale = min(1.0, SMALL / max(part.shape))
    small = resized(part, tuple(max(8, round(scale * side)) for side in part.shape[::-1]))
    surface, lines = background.behind(small)
    fine, smooth, noise = _calmed(small - surface - lines)
    far = max(FAR * noise, LEAST)
    if light is None:
        light = _is_light(smooth, far, surface)
    sign = -1 if light else 1
    mask = _mask(sign * fine, sign * smooth, far, noise)
    if mask is None:
        return None
    through = _shining_through(small, mask, surface, lines)
    noise = _noise(small - surface - lines)
    if noise > GRAIN:
        through += _grain(small - through, mask, noise)
    zero, strongest = _levels(sign * averaged(small - through, WINDOWS[0])[mask])
    size = part.shape[::-1]
    visible = (sign * (part - resized(through, size)) - zero) / (strongest - zero)
    stands_out = np.zeros_like(grey)
    stands_out[inside] = visible.clip(0, 1) * resized(mask.astype(np.float32), size).clip(0, 1)
    return Found(stands_out, light)


def _is_light(smooth: np.ndarray, far: float, surface: np.ndarray) -> bool:
    """Whether the background is lighter: as what stands out says, or, if both do, as it is."""
    lighter = float(smooth[smooth > far].sum())
    darker = -float(smooth[smooth < -far].sum())
    if min(lighter, darker) * BOTH < max(lighter, darker):
        return darker > lighter
    return float(np.median(surface)) > 127.5


def _shining_through(
    small: np.ndarray, mask: np.ndarray, surface: np.ndarray, lines: np.ndarray
) -> np.ndarray:
    """What of the background shows in the garment, ``[H, W]``: all of it if it is thin, or none.

    As much of the changes of the light, and of the stripes, as leaves the garment most even.
    """
    inner = mask & (averaged(mask.astype(np.float32), 3) > 0.99)  # not mixed with what is around
    middle = surface[mask].mean()
    through = np.full_like(surface, middle)
    for part, least in zip((surface - middle, lines), TELLING, strict=True):
        through += _share(part[inner], small[inner], least) * part
    return through


def _share(part: np.ndarray, values: np.ndarray, least: float) -> float:
    """How much of ``part`` is in ``values``, ``[pixels]``: 0 to 1; 1 if it tells nothing."""
    if not part.size or part.std() < least:
        return 1.0
    changes = part - part.mean()
    return float(np.clip((changes * values).sum() / (changes**2).sum(), 0, 1))


def _grain(values: np.ndarray, mask: np.ndarray, noise: float) -> np.ndarray:
    """What in ``values`` is rather noise than a garment, ``[H, W]``, by Wiener's filter.

    Around each pixel, the more of it the less the garment itself changes there. It has no
    more noise than the background, and none if it is even anywhere.
    """
    weight = averaged(mask.astype(np.float32), AROUND).clip(1e-6)
    means = averaged(values * mask, AROUND) / weight
    variance = (averaged(values**2 * mask, AROUND) / weight - means**2).clip(1e-6)
    least = min(noise**2, float(np.percentile(variance[mask], 25)))
    return np.where(mask, np.minimum(1, least / variance) * (values - means), 0)


def _levels(values: np.ndarray) -> tuple[float, float]:
    """What becomes 0 and what becomes 1 of how much the pixels of a garment differ."""
    lowest, highest = np.percentile(values, LEVELS)
    zero = min(0.0, float(lowest))
    return zero, max(float(highest), zero + LEAST)


def _calmed(difference: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """``difference`` averaged a little, and so much that it is quiet; and its noise then."""
    fine = averaged(difference, WINDOWS[0])
    for window in WINDOWS:
        smooth = averaged(difference, window)
        noise = _noise(smooth)
        if noise < QUIET:
            break
    return fine, smooth, noise


def _noise(difference: np.ndarray) -> float:
    """Its standard deviation along the edges, whatever else shows there.

    Most of the pixels tell it, or half of them where a garment reaches the edge.
    """
    half, most = np.percentile(
        np.abs(difference[edges(difference.shape, background.BAND)]), (50, 90)
    )
    return float(min(most / 1.645, 2.5 * half / 0.6745))  # of a normal distribution


def _mask(fine: np.ndarray, smooth: np.ndarray, far: float, noise: float) -> np.ndarray | None:
    """Which pixels belong to the garment, or None without one.

    First where it is, roughly, from what is ``smooth``; there, its edges from what is ``fine``.
    Both are above 0 where a pixel differs as the garment does; where one differs the other way,
    it must be clearer.
    """
    if not (smooth > far).any():
        return None
    fine, smooth = np.maximum(fine, -OTHER * fine), np.maximum(smooth, -OTHER * smooth)
    strong = smooth > far
    strongest = max(LEAST, float(np.percentile(fine[strong], 98)))
    belongs = smooth > max(NEAR * noise, LEAST / 2, DIM[0] * strongest)
    around = parts.largest(belongs, smooth * strong, GAP, SHARE)
    clear = fine > max(CLEAR * _noise(fine), LEAST / 2, DIM[1] * strongest)
    if not (around & clear).any():
        return None
    mask = parts.largest(around & clear, fine, GAP, SHARE)
    sure = parts.with_any(mask, fine > min(PEAK[0] * _noise(fine), PEAK[1] * strongest))
    return parts.filled(sure if sure.any() else mask, CLOSED)
