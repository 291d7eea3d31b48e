"""The way of a picture to 28×28 pixels: as tiles for the page, and with the bars as one figure."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw

from helpers.explorers._base import picture_html
from helpers.explorers._grids import pointable
from helpers.plots.drawing import MARK
from helpers.plots.text import DPI, SMALL

PICTURE = "picture"  # what can be pointed at
# All in pixels. A step's picture with its frame (28×28 fits in 8 times), the gap beside it, and
# the height of its title; then where the bars start, and how long a bar of 100% is.
MARGIN, TILE, GAP, ABOVE = 10, 226, 12, 28
BARS, LONGEST_BAR = MARGIN + 3 * (TILE + GAP) + 126, 210
WIDTH, HEIGHT = BARS + LONGEST_BAR + 75, 2 * (TILE + ABOVE) + GAP


def steps_html(steps: Mapping[str, Image.Image], inverted: bool) -> str:
    """The steps side by side, each with its number; the picture itself can be pointed at."""
    figures = []
    for number, (name, picture) in enumerate(steps.items()):
        pointed = ""
        if name == PICTURE:
            pointed = pointable(
                PICTURE, "picture: drag a frame; arrow keys move it, Enter drops it"
            )
        buffer = io.BytesIO()
        _tile(picture).save(buffer, "png", compress_level=1)
        tile = picture_html(buffer.getvalue(), name, pointed)
        figures.append(
            f"<figure>{tile}<figcaption>{_title(number, name, inverted)}</figcaption></figure>"
        )
    return f'<div class="cnn-steps">{"".join(figures)}</div>'


def framed(picture: Image.Image, frame: tuple[int, int, int, int] | None) -> Image.Image:
    """``picture`` with ``frame`` on it, as ``pictures.steps`` takes it."""
    if frame is None:
        return picture
    shown = picture.copy()
    thick = max(2, round(max(picture.size) / 90))
    left, top, right, bottom = frame
    box = left, top, max(left, right - 1), max(top, bottom - 1)
    draw = ImageDraw.Draw(shown)
    draw.rectangle(box, outline="white", width=2 * thick)
    draw.rectangle(box, outline=MARK, width=thick)
    return shown


def _title(number: int, name: str, inverted: bool) -> str:
    title = "not inverted" if name == "inverted" and not inverted else name
    return f"{number + 1}. {title}"


def steps_figure(
    steps: Mapping[str, Image.Image],
    inverted: bool,
    probabilities: Sequence[float],
    names: Sequence[str],
) -> Figure:
    """The steps, and bars to the right of them; without axes, which take most of the time."""
    figure = Figure((WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
    for number, (name, picture) in enumerate(steps.items()):
        row, column = divmod(number, 3)
        left, top = MARGIN + column * (TILE + GAP), row * (TILE + ABOVE + GAP) + ABOVE
        tile = _tile(picture)
        figure.figimage(np.asarray(tile), left, HEIGHT - top - tile.height, origin="upper")
        _write(figure, left, top - 12, _title(number, name, inverted))
    title = "probabilities" if names else "no answer from the network"
    _write(figure, BARS - 116, ABOVE - 12, title)
    best = max(probabilities, default=0)
    height = (HEIGHT - ABOVE - GAP) / max(len(names), 1)
    for number, (name, value) in enumerate(zip(names, probabilities, strict=True)):
        middle, length = ABOVE + (number + 0.5) * height, max(1, value * LONGEST_BAR)
        largest = value == best
        corner = BARS / WIDTH, 1 - (middle + 0.3 * height) / HEIGHT
        size = length / WIDTH, 0.6 * height / HEIGHT
        figure.add_artist(Rectangle(corner, *size, color=MARK if largest else "0.65"))
        weight = "bold" if largest else "normal"
        _write(figure, BARS - 6, middle, name[:14], ha="right", weight=weight)
        _write(figure, BARS + length + 6, middle, f"{100 * value:.1f}%", weight=weight)
    return figure


def _write(figure: Figure, left: float, middle: float, text: str, **style) -> None:
    """``text`` at a place in pixels, counted from the upper left corner."""
    place = left / WIDTH, 1 - middle / HEIGHT
    figure.text(*place, text, va="center", fontsize=SMALL, parse_math=False, **style)


def _tile(picture: Image.Image) -> Image.Image:
    """``picture`` with its longest side at ``TILE``, in a grey frame."""
    scale = (TILE - 2) / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    tile = Image.new("RGBA", (width + 2, height + 2), "#767676")
    tile.paste(picture.convert("RGBA").resize((width, height), method), (1, 1))
    return tile
