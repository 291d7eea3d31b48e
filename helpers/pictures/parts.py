"""The parts of a mask: pixels that hang together, what lies near them, and their holes."""

import numpy as np
import torch
import torch.nn.functional as F


def label(mask: np.ndarray) -> np.ndarray:
    """A number for each part of ``mask`` whose pixels hang together side by side; 0 outside."""
    numbers = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        before = numbers
        numbers = _largest_in_runs(_largest_in_runs(numbers).T).T
        if np.array_equal(numbers, before):
            return numbers


def _largest_in_runs(numbers: np.ndarray) -> np.ndarray:
    """Each number becomes the largest of those beside it in its row, up to the next 0."""
    row = np.pad(numbers, ((0, 0), (0, 1))).ravel()  # a 0 between the rows
    starts = np.flatnonzero(np.diff(row > 0, prepend=not row[0] > 0))
    lengths = np.diff(starts, append=row.size)
    largest = np.repeat(np.maximum.reduceat(row, starts), lengths)
    return largest.reshape(len(numbers), -1)[:, :-1]


def largest(mask: np.ndarray, weight: np.ndarray, gap: int, share: float) -> np.ndarray:
    """The heaviest part of ``mask``, and each other one that has at least ``share`` of its weight.

    Pixels that are at most ``2 * gap`` apart count as one part.
    """
    groups = label(_grown(mask, gap))
    heavy = np.bincount(groups.ravel(), weights=(weight * mask).ravel())
    heavy[0] = 0  # of what lies outside
    kept = np.flatnonzero((heavy >= share * heavy.max()) & (heavy > 0))
    return mask & np.isin(groups, kept)


def with_any(mask: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """The parts of ``mask`` that have at least one pixel in ``sure``."""
    numbers = label(mask)
    return mask & np.isin(numbers, numbers[mask & sure])


def filled(mask: np.ndarray, closed: int = 0) -> np.ndarray:
    """``mask`` with its holes filled, and with what gaps of up to ``2 * closed`` pixels lead to."""
    outside = label(np.pad(~_grown(mask, closed), 1, constant_values=True))
    beyond = (outside == outside[0, 0])[1:-1, 1:-1]
    return mask | ~_grown(beyond, closed)


def _grown(mask: np.ndarray, by: int) -> np.ndarray:
    image = torch.from_numpy(mask.astype(np.float32))[None, None]
    return F.max_pool2d(image, 2 * by + 1, 1, by)[0, 0].numpy() > 0
