"""Reading the pictures that a student has drawn into a Matplotlib figure."""

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyQuadMesh, QuadMesh
from matplotlib.colors import Colormap
from matplotlib.figure import FigureBase
from matplotlib.image import AxesImage

from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered

# How a picture is shown whose first row is at the bottom.
UPSIDE_DOWN = (
    "upside down: its first row is at the bottom. imshow draws it at the top; pcolormesh, and "
    'imshow with origin="lower", draw it at the bottom.'
)


@dataclass(frozen=True)
class Picture:
    """What ``imshow``, ``pcolormesh`` or ``pcolor`` has drawn: axes, numbers and colour scale.

    ``values`` are as on the screen, rows from the top down and columns from left to right.
    """

    axes: Axes
    values: np.ndarray
    limits: tuple[float, float]
    colours: Colormap


def judge_figure(fig) -> None:
    """Raise unless ``fig`` is one figure: not its axes, nor figure and axes together."""
    answered(fig=fig)
    if isinstance(fig, (tuple, list)) and len(fig) > 1 and _are_figures(fig):
        raise Incorrect(
            f"fig is {len(fig)} figures; expected is a single one, in which all is drawn: "
            "fig, axes = plt.subplots(...)."
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


def pictures_of(fig, expected: int, wanted: str) -> list[Picture]:
    """The ``expected`` pictures in ``fig``, each in axes of its own; colour bars do not count."""
    judge_figure(fig)
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
    if values.ndim == 3 and (values[..., :3] == values[..., :1]).all():
        values = values[..., 0]  # red, green and blue alike are grey
    low, high = artist.get_clim()
    low, high = values.min() if low is None else low, values.max() if high is None else high
    seen = _as_seen(ax, artist, values)
    return Picture(ax, seen, (float(low), float(high)), artist.get_cmap())


def _as_seen(ax: Axes, artist, values: np.ndarray) -> np.ndarray:
    """``values`` as they are on the screen: the first row may have been drawn at the bottom."""
    if isinstance(artist, AxesImage):
        left, right, bottom, top = artist.get_extent()
        rows = (top, bottom) if artist.origin == "upper" else (bottom, top)
        columns = (left, right)
    else:
        corners = artist.get_coordinates()
        rows, columns = corners[[0, -1], 0, 1], corners[0, [0, -1], 0]
    if (rows[0] > rows[1]) == ax.yaxis_inverted():
        values = values[::-1]
    if (columns[0] > columns[1]) != ax.xaxis_inverted():
        values = values[:, ::-1]
    return values


def alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two pictures differ by brightness and contrast at most."""
    if a.shape != b.shape:
        return False
    a, b = a - a.mean(), b - b.mean()
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if lengths < 1e-12:
        return bool(np.allclose(a, 0, atol=1e-6) and np.allclose(b, 0, atol=1e-6))
    return bool((a * b).sum() > 0.999 * lengths)
