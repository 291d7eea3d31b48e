"""Texts and colours on a figure, as pixels: matplotlib's own take some milliseconds each."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties, findfont
from PIL import Image, ImageDraw, ImageFont

from helpers.plots.text import DPI

LINE, LINE_SPACING = "lp", 1.2  # as tall as any line; from one to the next, in such heights
ROOM = 2  # pixels around a text, for what reaches beyond its line
SHARES = {"left": 0, "center": 0.5, "right": 1, "bottom": 0, "top": 1}


class Pixels(Artist):
    """Colours ``[h, w, 4]``, 0 to 255, with their lower left corner at pixels of a figure.

    ``small``: the same before they were enlarged, for where something else does that.
    """

    def __init__(
        self, colours: np.ndarray, left: float, bottom: float, zorder: float = 0, small=None
    ):
        super().__init__()
        self.corner, self._colours = (round(left), round(bottom)), colours
        self.small = colours if small is None else small
        self.set_zorder(zorder)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, in pixels of the figure."""
        return self._colours.shape[:2]

    def draw(self, renderer) -> None:
        """Put them there, row by row from below, as matplotlib counts."""
        if not self.get_visible():
            return
        context = renderer.new_gc()
        renderer.draw_image(context, *self.corner, np.ascontiguousarray(self._colours[::-1]))
        context.restore()


class Letters(Pixels):
    """A text as pixels; ``told``: what ``text_pixels`` was told of it."""

    def __init__(self, colours: np.ndarray, corner: tuple[float, float], **told):
        super().__init__(colours, *corner, zorder=3)
        self.told = SimpleNamespace(**told)


@lru_cache
def _font(size: float, weight: str) -> ImageFont.FreeTypeFont:
    """The font of all pictures, ``size`` in points."""
    path = findfont(FontProperties(weight=weight))
    return ImageFont.truetype(path, size * DPI / 72, layout_engine=ImageFont.Layout.BASIC)


def text_pixels(
    left: float,
    bottom: float,
    text: str,
    size: float,
    ha: str = "left",
    va: str = "baseline",
    weight: str = "normal",
    color="black",
    rotation: int = 0,
) -> Letters:
    """Text at pixels of a figure; all else as in ``matplotlib.text.Text``.

    ``rotation`` is a multiple of 90 degrees; ``va="baseline"`` only goes with one line that is not
    turned.
    """  # fmt: skip
    font, lines = _font(size, weight), text.split("\n")
    _, above, _, below = font.getbbox(LINE, anchor="ls")
    lengths = [font.getlength(line) for line in lines]
    step = round(LINE_SPACING * (below - above))
    wide, tall = round(max(lengths)), below - above + step * (len(lines) - 1)
    mask = Image.new("L", (wide + 2 * ROOM, tall + 2 * ROOM))
    for number, (line, length) in enumerate(zip(lines, lengths, strict=True)):
        place = ROOM + SHARES[ha] * (wide - length), ROOM - above + number * step
        ImageDraw.Draw(mask).text(place, line, fill=255, font=font, anchor="ls")
    mask = np.rot90(np.asarray(mask), rotation // 90)
    colours = np.empty((*mask.shape, 4), np.uint8)
    colours[..., :3], colours[..., 3] = np.round(255 * np.array(to_rgb(color))), mask
    tall, wide = (side - 2 * ROOM for side in mask.shape)
    under = below if va == "baseline" else SHARES[va] * tall
    corner = left - SHARES[ha] * wide - ROOM, bottom - under - ROOM
    style = {"size": size, "ha": ha, "va": va, "weight": weight, "color": color}
    place = {"left": left, "bottom": bottom, "rotation": rotation}
    return Letters(colours, corner, text=text, **style, **place)
