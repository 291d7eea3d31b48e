"""A picture on a page: an image, its words as text below, a ground as dark as that of the page."""

import base64
import html
from collections.abc import Iterable

Box = tuple[float, float, float, float]  # left, top, right, bottom, as shares of the picture

# On a dark page, white and black change places, and hues stay. All of this is said in a style
# sheet: where a page takes none (GitHub), the picture is simply white.
DARK = (
    "[data-jp-theme-light=false] .cnn-dark, .vscode-dark .cnn-dark { display: block !important; "
    "backdrop-filter: invert(0.93) hue-rotate(180deg); }"
)
# A scaled picture ends within a pixel: on a dark page, half of a white line would be left.
EDGES = "inset(2px)"


def figure_html(png: bytes, width: int, caption: str, below: list[str], kept: list[Box]) -> str:
    """A figure of at most ``width`` pixels: ``caption`` is spoken, the lines ``below`` are shown.

    JupyterLab has no words for an image that is not HTML. ``kept`` are the parts whose shades mean
    something, such as pixels: they look the same on a dark page.
    """
    data = base64.b64encode(png).decode()
    words = "<br>".join(map(html.escape, below))
    return (
        f'<figure class="cnn-picture" style="margin: 0; max-width: {width}px">'
        f'<style>{DARK}</style><div style="position: relative; clip-path: {EDGES}">'
        f'<img alt="{html.escape(caption)}" style="display: block; width: 100%"'
        f' src="data:image/png;base64,{data}">'
        '<div class="cnn-dark" style="display: none; position: absolute; top: 0; left: 0; '
        f'width: 100%; height: 100%; pointer-events: none; clip-path: {all_but(kept)}"></div>'
        f"</div><figcaption>{words}</figcaption></figure>"
    )


def all_but(boxes: Iterable[Box]) -> str:
    """The shape, as CSS, of a whole picture without ``boxes``."""
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    for left, top, right, bottom in boxes:  # there, once round, and back
        around = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        corners += [*around, (0, 0)]
    return f"polygon(evenodd, {', '.join(f'{100 * x:.2f}% {100 * y:.2f}%' for x, y in corners)})"
