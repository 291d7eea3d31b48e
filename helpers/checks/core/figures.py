"""Reading the pictures that a student has drawn into a Matplotlib figure."""

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyQuadMesh, QuadMesh
from matplotlib.colors import Colormap
from matplotlib.figure import FigureBase

from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered


@dataclass(frozen=True)
class Picture:
    """What ``imshow``, ``pcolormesh`` or ``pcolor`` has drawn: axes, numbers and colour scale."""

    axes: Axes
    values: np.ndarray
    limits: tuple[float, float]
    colours: Colormap

    def as_seen(self, wanted) -> np.ndarray:
        """The values, from the top row down where that makes them one of the ``wanted``.

        ``pcolormesh`` and ``origin="lower"`` draw the first row at the bottom, so that a careful
        student hands them the last row first.
        """
        turned = self.values[::-1]
        from_below = not self.axes.yaxis_inverted()
        return turned if from_below and any(alike(turned, one) for one in wanted) else self.values


def pictures_of(fig, expected: int, wanted: str) -> list[Picture]:
    """The ``expected`` pictures in ``fig``, each in axes of its own; colour bars do not count."""
    answered(fig=fig)
    if isinstance(fig, (tuple, list)) and len(fig) > 1 and _are_figures(fig):
        raise Incorrect(
            f"fig is {len(fig)} figures; expected is a single one, with axes of its own for each "
            "picture: fig, axes = plt.subplots(...)."
        )
    if isinstance(fig, (Axes, np.ndarray, tuple, list)):
        raise Incorrect(
            f"fig is of type {type(fig).__name__}; expected is the figure. plt.subplots() gives "
            "two things, so write fig, axes = plt.subplots(...)."
        )
    if not isinstance(fig, FigureBase):
        # The text of a Matplotlib object is an address in memory.
        found = f"of type {type(fig).__name__}" if isinstance(fig, Artist) else describe(fig)
        raise Incorrect(f"fig is {found}; expected is a figure, as plt.subplots() gives it.")
    axes = [ax for ax in fig.axes if ax.get_visible() and getattr(ax, "_colorbar", None) is None]
    found = [_picture(ax, artist) for ax in axes for artist in _artists(ax)]
    if not found and not any(ax.has_data() for ax in axes):
        raise NotAnswered(f"fig is still empty. Draw {wanted} with imshow, each in its own axes.")
    if not found:
        raise Incorrect(f"fig has no picture in it. Draw {wanted} with imshow.")
    if len({id(picture.axes) for picture in found}) < len(found):
        raise Incorrect(
            f"fig has {len(found)} pictures, but some lie on top of each other in the same axes, "
            "where only the last is seen. Call imshow on axes of its own for each: axes[i].imshow."
        )
    if len(found) != expected:
        raise Incorrect(
            f"fig has {len(found)} picture{'s' * (len(found) > 1)}; expected are {expected}: "
            f"{wanted}. {_on_number(len(found))}"
        )
    return found


def _are_figures(things) -> bool:
    return all(isinstance(thing, FigureBase) for thing in things)


def _on_number(found: int) -> str:
    """What to try with this number of pictures, which is not the expected one."""
    if found == 1:
        return "Draw each on axes of its own, in a loop."
    return (
        "Compare the number of axes and the length of your loop. (If another task has made a new "
        "fig since, run your cell again first.)"
    )


def _artists(ax: Axes) -> list:
    meshes = [artist for artist in ax.collections if isinstance(artist, (QuadMesh, PolyQuadMesh))]
    return [artist for artist in [*ax.images, *meshes] if artist.get_visible()]


def _picture(ax: Axes, artist) -> Picture:
    values = np.ma.getdata(artist.get_array()).astype(float)
    low, high = artist.get_clim()
    low, high = values.min() if low is None else low, values.max() if high is None else high
    return Picture(ax, values, (float(low), float(high)), artist.get_cmap())


def alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two pictures differ by brightness and contrast at most."""
    if a.shape != b.shape:
        return False
    a, b = a - a.mean(), b - b.mean()
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if lengths < 1e-12:
        return bool(np.allclose(a, 0, atol=1e-6) and np.allclose(b, 0, atol=1e-6))
    return bool((a * b).sum() > 0.999 * lengths)
