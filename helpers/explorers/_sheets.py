"""A figure of ``sheet`` for the page, as SVG: its letters and its ground are those of the page.

As PNG it would be a white block on a dark page. Pictures on it keep their colours; only axes, such
as those of bars, are a PNG, which the page may invert.
"""

import html
from types import SimpleNamespace

from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.explorers._base import png_of
from helpers.explorers._lettering import LINE_SPACING, Letters, Pixels
from helpers.explorers._scene import Drawn, Frame, Scene, Sheet, image_svg, scene_svg
from helpers.plots.text import DPI, long_minus

ANCHORS = {"left": "start", "center": "middle", "right": "end", "bottom": "start", "top": "end"}
BELOW, MIDDLE, ABOVE = 0.22, 0.36, 0.93  # of a letter's size: under, half over, over its base line


def sheet_html(figure: Figure, words: str, attributes: str = "") -> str:
    """``figure`` for the page; ``words`` and ``attributes`` as of ``scene_svg``.

    With attributes, a place on it is told in shares of its width and height.
    """
    drawn = sheet_of(figure)
    below = [_axes_of(figure, drawn)] if figure.axes else []
    return scene_svg(Scene(drawn.width, drawn.height, words, [*below, drawn]), attributes)


def _axes_of(figure: Figure, sheet: Sheet) -> Drawn:
    """The axes of ``figure`` alone, without what is of the page's own letters and pictures."""
    for artist in figure.artists:
        artist.set_visible(False)
    png = png_of(figure)
    for artist in figure.artists:
        artist.set_visible(True)
    return Drawn(png, 0, 0, sheet.width, sheet.height)


def sheet_of(figure: Figure) -> Sheet:
    """``figure`` as a part of a drawing: all of it."""
    width, height = (round(DPI * inches) for inches in figure.get_size_inches())
    drawn = sorted(figure.artists + figure.patches, key=lambda artist: artist.get_zorder())
    return Sheet(
        "".join(_svg(artist, height) for artist in drawn), figure, width, height, at=(0, 0)
    )


def _svg(artist, height: int) -> str:
    if isinstance(artist, Letters):
        return _letters(artist.told, height)
    if isinstance(artist, Pixels):
        left, bottom = artist.corner
        tall, wide = artist.shape
        return image_svg(artist.small, left, height - bottom - tall, wide, tall)
    if isinstance(artist, Rectangle):  # a frame
        box = artist.get_x(), artist.get_y(), artist.get_width(), artist.get_height()
        return Frame(*(DPI * inches for inches in box)).svg()
    raise TypeError(f"a sheet for the page cannot hold {type(artist).__name__}")


def _letters(letters: SimpleNamespace, height: int) -> str:
    """Each line as a text of its own; letters without a colour of their own have the page's."""
    size, lines = letters.size * DPI / 72, letters.text.split("\n")
    x, y = letters.left, height - letters.bottom
    turned, across, along = "", letters.va, letters.ha
    if letters.rotation:
        turned = f' transform="rotate({-letters.rotation} {x:.1f} {y:.1f})"'
        across, along = {"left": "top", "right": "bottom"}.get(letters.ha, "center"), letters.va
    step = LINE_SPACING * (ABOVE + BELOW) * size
    down = {"baseline": 0, "bottom": -BELOW, "center": MIDDLE, "top": ABOVE}[across] * size
    up = {"top": 0, "center": 0.5}.get(across, 1) * step * (len(lines) - 1)
    bold = "; font-weight: 700" if letters.weight == "bold" else ""
    ink = "" if letters.color == "black" else f"; fill: {to_hex(letters.color)}"
    return "".join(
        f'<text x="{x:.1f}" y="{y + down - up + step * number:.1f}"{turned} text-anchor='
        f'"{ANCHORS[along]}" style="font-size: {size:.1f}px{bold}{ink}">'
        f"{html.escape(long_minus(line))}</text>"
        for number, line in enumerate(lines)
    )
