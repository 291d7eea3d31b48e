"""A drawing of pictures, shapes and words: as SVG in the page, and as PNG where there is none.

All places are pixels right of and below the upper left corner.
"""

import base64
import html
import io
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from matplotlib import image as matplotlib_image
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from helpers.explorers._base import png_of
from helpers.explorers._image_views import (
    coloured,
    frame,
    inches,
    place_colours,
    sheet,
    write,
)
from helpers.plots.text import DPI, SMALL, long_minus

LINE = 16  # pixels: from one line of words to the next


@dataclass(frozen=True)
class Picture:
    """Numbers ``[h, w]`` as colours, in a box; ``at``: the cell that is pointed at there."""

    pixels: np.ndarray
    scale: dict
    left: float
    top: float
    width: float
    height: float
    at: tuple[int, int] | None = None

    @property
    def data(self) -> str:
        """A pixel for each number, as PNG in base64: the page makes them large."""
        pixels = np.ascontiguousarray(self.pixels)
        return _encoded(pixels.tobytes(), pixels.dtype.str, pixels.shape, tuple(self.scale.items()))


@lru_cache(maxsize=256)  # a picture is drawn anew whenever something beside it changes
def _encoded(numbers: bytes, dtype: str, shape: tuple[int, ...], scale: tuple) -> str:
    pixels = np.frombuffer(numbers, dtype).reshape(shape)
    return _as_text(coloured(pixels, dict(scale)))


def _as_text(colours: np.ndarray) -> str:
    buffer = io.BytesIO()
    matplotlib_image.imsave(buffer, colours, format="png")
    return base64.b64encode(buffer.getvalue()).decode()


def image_svg(colours: np.ndarray, left: float, top: float, width: float, height: float) -> str:
    """Colours ``[h, w, 3 or 4]`` in a box."""
    return _image(_as_text(colours), _box(left, top, width, height))


def _image(data: str, box: str, pointed: str = "") -> str:
    return f'<image{pointed} {box} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'


@dataclass(frozen=True)
class Drawn:
    """Curves or bars in ink on white that are drawn already, as PNG: on a dark page it is dark."""

    png: bytes
    left: float
    top: float
    width: float
    height: float
    at: tuple[int, int] | None = None


@dataclass(frozen=True)
class Sheet:
    """A figure of ``sheet`` as large as the whole drawing: ``svg`` is for the page."""

    svg: str
    figure: Figure
    width: float
    height: float
    at: tuple[int, int] | None = None


@dataclass(frozen=True)
class Frame:
    """A box that is seen on any ground."""

    left: float
    top: float
    width: float
    height: float

    def svg(self) -> str:
        """For the page."""
        box = _box(self.left, self.top, self.width, self.height)
        return f'<rect class="halo" {box}/><rect class="frame" {box}/>'


@dataclass(frozen=True)
class Shape:
    """A polygon: the "face" of a body, or a "marked" one; or the unseen ground on which it can be
    pointed at, a "slot", with a line around it if it is "chosen"; or a line at an "epoch".
    """

    points: tuple[tuple[float, float], ...]
    kind: str
    at: tuple[int, int] | None = None


@dataclass(frozen=True)
class Words:
    """One line; ``top`` is its base line."""

    left: float
    top: float
    text: str
    bold: bool = False
    middle: bool = False


@dataclass
class Scene:
    """``words`` say in a sentence or more what is drawn."""

    width: float
    height: float
    words: str
    parts: list = field(default_factory=list)


def scene_svg(scene: Scene, attributes: str = "") -> str:
    """The drawing for the page, in its colours. ``attributes`` as of ``_grids.pointable``."""
    label = "" if "aria-label" in attributes else f' aria-label="{html.escape(scene.words)}"'
    return (
        f'<svg class="cnn-scene" role="img"{attributes}{label} '
        f'viewBox="0 0 {scene.width:g} {scene.height:g}" '
        f'width="{scene.width:g}" height="{scene.height:g}">'
        f"{''.join(map(_svg, scene.parts))}</svg>"
    )


def _svg(part) -> str:
    at = getattr(part, "at", None)
    pointed = "" if at is None else f' data-at="{at[0]},{at[1]}"'
    if isinstance(part, (Picture, Drawn)):
        drawn = isinstance(part, Drawn)
        data = base64.b64encode(part.png).decode() if drawn else part.data
        box = _box(part.left, part.top, part.width, part.height)
        return _image(data, box, pointed + " class=ink" * drawn)
    if isinstance(part, Sheet):
        whole = f'<rect class="whole"{pointed} {_box(0, 0, part.width, part.height)}/>'
        return part.svg + whole
    if isinstance(part, Frame):
        return part.svg()
    if isinstance(part, Shape):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in part.points)
        return f'<polygon{pointed} class="{part.kind}" points="{points}"/>'
    style = f"{' class=bold' if part.bold else ''}{' text-anchor=middle' if part.middle else ''}"
    text = html.escape(long_minus(part.text))
    return f'<text{style} x="{part.left:.1f}" y="{part.top:.1f}">{text}</text>'


def _box(left: float, top: float, width: float, height: float) -> str:
    return f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'


def scene_png(scene: Scene) -> bytes:
    """The drawing as a picture on white."""
    figure = sheet(scene.height / DPI, scene.width / DPI)
    for part in scene.parts:
        if isinstance(part, Picture):
            place_colours(figure, coloured(part.pixels, part.scale), *_in_inches(part))
        elif isinstance(part, Drawn):
            pixels = matplotlib_image.imread(io.BytesIO(part.png))
            place_colours(figure, (255 * pixels).astype(np.uint8), *_in_inches(part))
        elif isinstance(part, Sheet):
            pixels = matplotlib_image.imread(io.BytesIO(png_of(part.figure)))
            size = part.width / DPI, part.height / DPI
            place_colours(figure, (255 * pixels).astype(np.uint8), 0, 0, *size)
        elif isinstance(part, Frame):
            frame(figure, *_in_inches(part), line=1.5)
        elif isinstance(part, Shape):
            _place_shape(figure, part)
        else:
            style = {"ha": "center" if part.middle else "left"}
            weight = "bold" if part.bold else "normal"
            left, top = part.left / DPI, part.top / DPI
            write(figure, left, top, long_minus(part.text), 0.8 * SMALL, weight=weight, **style)
    return png_of(figure)


def _in_inches(part) -> tuple[float, ...]:
    return tuple(x / DPI for x in (part.left, part.top, part.width, part.height))


def _place_shape(figure, shape: Shape) -> None:
    points = [(x / DPI, y / DPI) for x, y in shape.points]
    ground = {"marked": "#ffe08a", "face": "#eeeeee"}.get(shape.kind, "none")
    line = {"slot": "none", "chosen": "#8a4b00"}.get(shape.kind, "0.45")
    style = {"facecolor": ground, "edgecolor": line, "transform": inches(figure)}
    style["zorder"] = -1  # behind the pictures on it
    figure.add_artist(Polygon(points, **style))
