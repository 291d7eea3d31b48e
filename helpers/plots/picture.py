"""The figure that every function returns, with its caption and its display in a notebook."""

import io

import numpy as np
from IPython import get_ipython
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox
from PIL import Image

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
        if isinstance(self.get_layout_engine(), ConstrainedLayoutEngine):
            self._cut_blank_height()
            self.canvas.draw()
            self.set_layout_engine("none")  # a second layout would differ by parts of a pixel
        self.canvas.draw()
        drawn = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        buffer = io.BytesIO()
        # Every re-run stores the notebooks' pictures in git once more: a third of the bytes.
        palette = {"method": Image.Quantize.MAXCOVERAGE, "kmeans": 2, "dither": Image.Dither.NONE}
        drawn.quantize(256, **palette).save(buffer, "png", optimize=True)
        return buffer.getvalue()

    def __repr__(self) -> str:
        return self.caption

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"image/png": self.png(), "text/plain": self.caption}


if (_shell := get_ipython()) is not None:
    # Matplotlib's notebook backend draws every figure its own way, and would crop these.
    _shell.display_formatter.formatters["image/png"].for_type(Picture, Picture.png)
