"""What is to be seen of pictures on Matplotlib's axes: which way up, and whether all of it."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyQuadMesh, QuadMesh
from matplotlib.image import AxesImage


class Seen(NamedTuple):
    """A picture: its numbers, height × width, in the order seen, from the upper left corner on.

    ``is_whole`` is False where the limits of its axes leave a part of it out of view.
    """

    numbers: np.ndarray
    is_whole: bool


def is_seen(ax: Axes) -> bool:
    """Whether there is something to see of ``ax``, which is not the colour bar of another."""
    is_colorbar = ax.get_label() == "<colorbar>" or getattr(ax, "_colorbar", None) is not None
    return ax.get_visible() and not is_colorbar and (ax.axison or ax.has_data())


def pictures_on(ax: Axes) -> list[Seen]:
    """The pictures that are drawn on ``ax``; the topmost is last."""
    meshes = [c for c in ax.collections if isinstance(c, (QuadMesh, PolyQuadMesh))]
    artists = [artist for artist in [*ax.get_images(), *meshes] if artist.get_visible()]
    pictures = [_seen(ax, artist) for artist in sorted(artists, key=lambda a: a.get_zorder())]
    return [picture for picture in pictures if picture.numbers.ndim == 2]


def _seen(ax: Axes, artist) -> Seen:
    numbers = np.ma.filled(np.ma.asarray(artist.get_array(), dtype=float), 0.0)
    numbers = numbers[..., 0] if numbers.ndim == 3 else numbers
    (left, right), (first, last) = _edges(artist)
    if (first > last) == ax.yaxis_inverted():  # the first row is at the bottom
        numbers = numbers[::-1]
    if (left < right) == ax.xaxis_inverted():
        numbers = numbers[:, ::-1] if numbers.ndim == 2 else numbers
    spans = ((left, right, ax.get_xlim()), (first, last, ax.get_ylim()))
    count = zip(numbers.shape[::-1], spans, strict=False)
    return Seen(numbers, all(_is_in_view(number, *span) for number, span in count))


def _edges(artist) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the picture's first column begins and its last one ends; likewise of the rows."""
    if isinstance(artist, AxesImage):
        left, right, bottom, top = artist.get_extent()
        return (left, right), (top, bottom) if artist.origin == "upper" else (bottom, top)
    corners = artist.get_coordinates()
    (left, first), (right, last) = corners[0, 0], corners[-1, -1]
    return (left, right), (first, last)


def _is_in_view(number: int, begin: float, end: float, limits: tuple[float, float]) -> bool:
    """Whether the middles of the first and last of ``number`` rows or columns are in view."""
    half, (low, high) = (end - begin) / (2 * number), sorted(limits)
    return all(low <= middle <= high for middle in (begin + half, end - half))
