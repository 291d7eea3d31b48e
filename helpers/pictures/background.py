"""The background of a grey picture, as its edges show it; and the frame around it, if there is one.

A grey picture is an array ``[H, W]``, float32, from 0 (black) to 255 (white).
"""

import numpy as np

from helpers.pictures.scaling import edges
from helpers.pictures.stripes import stripes

BAND = 0.04  # of the longest side: so near to an edge, most is background
UNIFORM, JUMP = 12.0, 20.0  # of 255: how even the lines of a frame are, and how it ends
EVEN = 0.97  # of the pixels of such a line


# --------------------------------------------------------------------------------------- frame


def insides(grey: np.ndarray) -> list[tuple[slice, slice]]:
    """The whole picture, and what is inside its frame, or inside the bars at two opposite sides.

    Up to three: bars may stand around a frame. The innermost comes last.
    """
    rows, columns = slice(0, grey.shape[0]), slice(0, grey.shape[1])
    found = [(rows, columns)]
    for _ in range(2):
        top, bottom, left, right = _frame(grey[rows, columns])
        if not (top or left):
            break
        rows = slice(rows.start + top, rows.stop - bottom)
        columns = slice(columns.start + left, columns.stop - right)
        found.append((rows, columns))
    return found


def _frame(grey: np.ndarray) -> tuple[int, int, int, int]:
    """How many pixels a frame takes above, below, left and right; all 0 where none is clear.

    Inside a frame, no more than a corner has its brightness; around a garment, what is inside the
    last even lines still shows the background.
    """
    top, bottom = _opposite(grey)
    left, right = _opposite(grey.T)
    inside = grey[top : len(grey) - bottom, left : grey.shape[1] - right]
    first = np.median(grey[0] if top else grey[:, 0])
    lines = [inside[0], inside[-1]] if top else []
    lines += [inside[:, 0], inside[:, -1]] if left else []
    if all((np.abs(line - first) <= JUMP).mean() <= 1 - EVEN for line in lines):
        return top, bottom, left, right
    return 0, 0, 0, 0


def _opposite(grey: np.ndarray) -> tuple[int, int]:
    """How many rows above and below are even and of one brightness; 0, 0 unless both have some."""
    above, below = _even(grey), _even(grey[::-1])
    alike = abs(float(np.median(grey[0]) - np.median(grey[-1]))) <= UNIFORM
    return (above, below) if above and below and alike else (0, 0)


def _even(grey: np.ndarray) -> int:
    """How many of the first rows have the brightness of the first; 0 if more than a third.

    One row more is counted: it may be a mixture.
    """
    near = np.abs(grey[: len(grey) // 3 + 1] - np.median(grey[0])) <= UNIFORM
    even = near.mean(axis=1) >= EVEN
    return 0 if even.all() or not even[0] else int(np.argmin(even)) + 1


# ---------------------------------------------------------------------------------- background


def behind(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The background at each pixel, ``[H, W]``: a smooth surface, and the stripes on it."""
    surface = _surface(grey)
    lines = stripes(grey - surface, edges(grey.shape, BAND))
    return (_surface(grey - lines) if lines.any() else surface), lines


def _surface(grey: np.ndarray) -> np.ndarray:
    """A surface of order 2 through the edges: the light. What is far from it counts little.

    So specks and a garment that reaches an edge do not pull it towards them.
    """
    y, x = np.meshgrid(*(np.linspace(-1, 1, side) for side in grey.shape), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    band = edges(grey.shape, BAND)
    values, known = grey[band].astype(np.float64), terms[band]
    factors = np.zeros(6)
    factors[0] = np.median(values)
    for _ in range(8):  # least squares, weighted anew each time
        away = np.abs(values - known @ factors)
        scale = max(2.0, 1.4826 * float(np.median(away)))
        weighted = known / (1 + (away / scale) ** 2)[:, None]
        factors = np.linalg.solve(weighted.T @ known + 1e-3 * np.eye(6), weighted.T @ values)
    return (terms @ factors).astype(np.float32)
