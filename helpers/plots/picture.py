"""The figure that every function returns, with its caption and its display in a notebook."""

import io

import numpy as np
from IPython import get_ipython
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox
from PIL import Image

from helpers.plots._figure import Box, figure_html
from helpers.plots.text import DPI, SMALL, long_minus, source_of, wrap

GREY = "0.35"


class Picture(Figure):
    """A figure of ``width`` × ``height`` inches, with its caption in small grey text below.

    ``caption`` is the whole text: a sentence, and a line "Data: ..." where a data set was named
    or there are ``details`` that depend on the images picked. It is what ``repr`` gives, and what
    stands beside the image in a notebook. Under the picture, the details are left out.

    The height is the most that is given to axes of images; what they do not need is cut off.
    """

    def __init__(self, width: float, height: float, caption: str, data=None, details: str = ""):
        source = source_of(data)
        notes = "; ".join(filter(None, [source, details]))
        self.caption = caption + (f"\nData: {notes}" if notes else "")
        below = [caption, f"Data: {source}"] if source else [caption]
        self._below = below
        lines = [line for text in below for line in wrap(long_minus(text), (width - 0.3) * DPI)]
        self._room = 0.2 * len(lines) + 0.2
        # Said, so that a dark style sheet changes nothing.
        super().__init__((width, height + self._room), dpi=DPI, facecolor="white")
        FigureCanvasAgg(self)
        self.text(
            0.15, 0.12, "\n".join(lines), fontsize=SMALL, color=GREY, linespacing=1.15,
            va="bottom", transform=self.dpi_scale_trans, parse_math=False,
        ).set_in_layout(False)  # fmt: skip
        self._set_layout()

    def _set_layout(self) -> None:
        width, height = self.get_size_inches()
        box = (
            0.08 / width,
            self._room / height,
            1 - 0.16 / width,
            1 - (self._room + 0.05) / height,
        )
        self.set_layout_engine("constrained", rect=box, w_pad=0.06, h_pad=0.07)

    def _cut_blank_height(self) -> None:
        """Take away the height that axes of a fixed aspect leave blank, row by row."""
        self.draw_without_rendering()
        height = self.get_size_inches()[1] * DPI
        blank = {}
        for axes in self.axes:
            if axes.get_images() and axes.get_aspect() != "auto":
                row = axes.get_subplotspec().rowspan.start
                used = axes.get_tightbbox()
                given = Bbox.union(
                    [used, axes.get_position(original=True).transformed(self.transFigure)]
                )
                blank[row] = min(blank.get(row, height), used.y0 - given.y0)
        if sum(blank.values()) > 1:
            self.set_size_inches(self.get_size_inches() - (0, sum(blank.values()) / DPI))
            self._set_layout()

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file of at most 256 colours, the same on every run."""
        return _encoded(self._drawn())

    def _drawn(self) -> Image.Image:
        if isinstance(self.get_layout_engine(), ConstrainedLayoutEngine):
            self._cut_blank_height()
            self.canvas.draw()
            self.set_layout_engine("none")  # a second layout would differ by parts of a pixel
        self.canvas.draw()
        return Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")

    def __repr__(self) -> str:
        return self.caption

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        """For a page, the caption as text; as pixels it stays where an image is all there is."""
        drawn = self._drawn()
        above = drawn.crop((0, 0, drawn.width, drawn.height - round(self._room * DPI)))
        page = figure_html(
            _encoded(above), above.width, self.caption, self._below, self._shaded(above.size)
        )
        return {"image/png": _encoded(drawn), "text/html": page, "text/plain": self.caption}

    def _shaded(self, size: tuple[int, int]) -> list[Box]:
        """Where images and scales of colours are in the picture without its caption."""
        width, height = size
        found = []
        for axes in self.axes:
            left, _, right, top = axes.bbox.extents
            above = self._room * DPI + height - top
            for first, last in _filled(axes):
                rows = (above + share * axes.bbox.height for share in (first, last))
                start, end = (row / height for row in rows)
                found.append((left / width, start, right / width, end))
        return found


def _filled(axes) -> list[tuple[float, float]]:
    """Which rows of ``axes`` have shades that mean something, as shares of the height from above.

    Between the rows of a mosaic there is none, but words may stand there.
    """
    images = axes.get_images()
    if not images:
        return [(0, 1)] if axes.collections else []
    values = images[0].get_array()
    blank = np.ma.getmaskarray(values).reshape(len(values), -1).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[True], blank, [True]])))
    return [tuple(pair / len(values)) for pair in edges.reshape(-1, 2)]


def _encoded(drawn: Image.Image) -> bytes:
    """``drawn`` as a PNG file."""
    buffer = io.BytesIO()
    # Every re-run stores the notebooks' pictures in git once more: a third of the bytes.
    palette = {"method": Image.Quantize.MAXCOVERAGE, "kmeans": 2, "dither": Image.Dither.NONE}
    drawn.quantize(256, **palette).save(buffer, "png", optimize=True)
    return buffer.getvalue()


if (_shell := get_ipython()) is not None:
    # Matplotlib's notebook backend draws every figure its own way, and would crop these.
    _shell.display_formatter.formatters["image/png"].for_type(Picture, Picture.png)
