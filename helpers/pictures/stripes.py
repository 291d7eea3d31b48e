"""The stripes of a surface, boards or grain, which run from edge to edge and may be bent a little.

All arrays are grey values less those of the light, ``[H, W]``, of a small picture.
"""

import numpy as np

STRIP = 0.02  # of the longest side: so much along an edge shows the stripes there
ALIKE = 0.7  # how much two edges must be alike, as a correlation, to show the same stripes
GARMENT = 60.0  # of 255: what differs so much is rather a garment that reaches both edges
BENDS = np.arange(-7, 7.5, 0.5)  # pixels: by how much stripes may be shifted within the picture
WIDE = 15  # pixels: what is wider is rather light
ROWS = 9  # so many rows tell how far the stripes are shifted in their middle
STEP = 0.01  # half a pixel more or less costs so much, and a row that is all wrong 1
BETTER = 0.8  # of what the edges show without stripes: more must not be left with them


def stripes(grey: np.ndarray, band: np.ndarray) -> np.ndarray:
    """Those that run down or across, whichever leave less of ``band``; 0 if there are none.

    ``band``: ``[H, W]``, bool, along the edges, where most is background.
    """
    most = 3 * float(np.median(np.abs(grey[band]))) + 1
    found = [np.zeros_like(grey), _running_down(grey), _running_down(grey.T).T]
    left = [float(np.minimum(most, np.abs(grey - each)[band]).mean()) for each in found]
    left[0] *= BETTER
    return found[int(np.argmin(left))]


def _running_down(grey: np.ndarray) -> np.ndarray:
    """What the upper and the lower edge share, shifted in each row to where the row shows it."""
    strip = max(1, round(STRIP * max(grey.shape)))
    above, below = np.median(grey[:strip], axis=0), np.median(grey[-strip:], axis=0)
    if min(above.std(), below.std()) < 1:
        return np.zeros_like(grey)
    alike = np.corrcoef([above, *(_shifted(below, bend) for bend in BENDS)])[0, 1:]
    if alike.max() < ALIKE:
        return np.zeros_like(grey)
    bends = _followed(_differences(grey, above))
    below = _shifted(below, -bends[-1])
    if np.corrcoef(above, below)[0, 1] < ALIKE:
        return np.zeros_like(grey)
    shared = (above + below) / 2
    shared = np.where(np.abs(shared) > GARMENT, 0, shared)
    return np.stack([_shifted(shared, bend) for bend in bends]).astype(np.float32)


def _differences(grey: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """How far rows are from ``profile`` shifted by each of ``BENDS``, ``[H, bends]``, up to 1.

    A pixel counts no more where there is a garment than where the stripes are wrong.
    """
    grey, profile = _sharp(grey), _sharp(profile[None])[0]
    most = 2 * float(profile.std())
    each = [
        np.minimum(most, np.abs(grey - _shifted(profile, bend).astype(np.float32))).mean(1)
        for bend in BENDS
    ]
    return _smooth(np.stack(each, 1) / most, ROWS)


def _sharp(rows: np.ndarray) -> np.ndarray:
    """``rows`` without what is wider than stripes: what is left of the light."""
    return rows - _smooth(rows.T, WIDE).T


def _followed(differences: np.ndarray) -> np.ndarray:
    """The shift of each row, ``[H]``, so that all differ least: from 0, half a pixel at a time."""
    cost = np.where(BENDS == 0, differences[0], np.inf)
    steps = []
    for row in differences[1:]:
        ways = np.full((3, len(BENDS)), np.inf)
        ways[0], ways[1, 1:], ways[2, :-1] = cost, cost[:-1] + STEP, cost[1:] + STEP
        steps.append(ways.argmin(0))
        cost = ways.min(0) + row
    at = [int(cost.argmin())]
    for step in reversed(steps):
        at.append(at[-1] + (0, -1, 1)[step[at[-1]]])
    return _smooth(BENDS[at[::-1]][:, None], ROWS)[:, 0]


def _smooth(rows: np.ndarray, count: int) -> np.ndarray:
    """Each row becomes the mean of the ``count`` around it."""
    sums = np.cumsum(np.pad(rows, ((1, 0), (0, 0))), 0)
    first = np.arange(len(rows)) - count // 2
    start, stop = first.clip(0), (first + count).clip(max=len(rows))
    return (sums[stop] - sums[start]) / (stop - start)[:, None]


def _shifted(profile: np.ndarray, by: float) -> np.ndarray:
    x = np.arange(len(profile))
    return np.interp(x - by, x, profile)
