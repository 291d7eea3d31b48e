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
GAP, SHARE = 2, 0.2  # parts so near belong together, and parts of so much of the largest, too


@dataclass(frozen=True)
class Found:
    """A garment.

    ``stands_out``: ``[H, W]`` from 0 to 1, by how much each pixel of the garment differs from the
    background, in parts of the strongest difference; 0 where no garment is. ``light``: whether the
    background is lighter than the garment.
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
    behind = surface + lines
    fine, smooth, noise = _calmed(small - behind)
    far = max(FAR * noise, LEAST)
    if light is None:
        light = float(smooth[np.abs(smooth) > far].sum()) < 0
    sign = -1 if light else 1
    mask, strongest = _mask((sign * fine).clip(0), (sign * smooth).clip(0), far, noise)
    if mask is None:
        return None
    size = part.shape[::-1]
    visible = (sign * (part - resized(behind, size))).clip(0) / strongest
    stands_out = np.zeros_like(grey)
    stands_out[inside] = visible.clip(0, 1) * resized(mask.astype(np.float32), size).clip(0, 1)
    return Found(stands_out, light)


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


def _mask(
    fine: np.ndarray, smooth: np.ndarray, far: float, noise: float
) -> tuple[np.ndarray | None, float]:
    """Which pixels belong to the garment, and its strongest difference; None, 0 without one.

    First where it is, roughly, from what is ``smooth``; there, its edges from what is ``fine``.
    """
    strong = smooth > far
    if not strong.any():
        return None, 0.0
    strongest = max(LEAST, float(np.percentile(fine[strong], 98)))
    belongs = smooth > max(NEAR * noise, LEAST / 2, DIM[0] * strongest)
    around = parts.largest(belongs, smooth * strong, GAP, SHARE)
    clear = fine > max(CLEAR * _noise(fine), LEAST / 2, DIM[1] * strongest)
    if not (around & clear).any():
        return None, 0.0
    return parts.filled(parts.largest(around & clear, fine, GAP, SHARE)), strongest
