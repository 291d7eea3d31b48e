"""The curves of the training panel: drawn, and what lies where in the picture."""

import io
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from PIL import Image

from helpers.explorers._scene import Drawn, Scene, Shape, scene_svg
from helpers.plots.results import COLOURS, MARKERS, STYLES
from helpers.plots.text import DPI, NORMAL, SMALL
from helpers.training import History

BOTH, LOSS, ACCURACY = "loss and accuracy", "loss", "accuracy"
SAID = {
    BOTH: "Loss (training: thin lines, test: thick lines) and test accuracy by epoch.",
    LOSS: "Loss by epoch (training: thin lines, test: thick lines).",
    ACCURACY: "Test accuracy by epoch.",
}
WIDTH, HEIGHT, LEGEND_ROW = 10.0, 3.7, 0.26  # inches
FIRST = 0.5  # epochs: where the axes begin
LINE_LENGTH = 3.2  # of a line in the legend, in heights of its letters
AT_EPOCH = (217, 95, 2)  # the colour of the line at an epoch


@dataclass(frozen=True)
class Box:
    """A part of a picture, in shares of its width and height, from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a place is in it."""
        return self.left <= x < self.right and self.top <= y < self.bottom


@dataclass(frozen=True)
class Curves:
    """The picture ``[h, w, 4]``: its ``axes`` up to ``epochs``, and the ``names`` in its legend."""

    pixels: np.ndarray
    axes: list[Box]
    names: dict[str, Box]
    epochs: int

    def name_at(self, x: float, y: float) -> str | None:
        """The run whose name stands at a place of the picture."""
        return next((name for name, box in self.names.items() if box.holds(x, y)), None)

    def epoch_at(self, x: float, y: float) -> int | None:
        """The epoch at a place of the picture, if that is in one of the axes."""
        for box in self.axes:
            if box.holds(x, y):
                share = (x - box.left) / (box.right - box.left)
                return min(self.epochs, max(1, round(FIRST + share * self.epochs)))
        return None

    def lines(self, epoch: int | None) -> list[tuple[int, int, int]]:
        """In each of the axes, the line at ``epoch``: pixels from the left, its top and bottom."""
        height, width = self.pixels.shape[:2]
        return [
            (
                round(width * (box.left + (box.right - box.left) * (epoch - FIRST) / self.epochs)),
                round(box.top * height),
                round(box.bottom * height),
            )
            for box in (self.axes if epoch is not None else ())
        ]

    @cached_property
    def blank(self) -> bytes:
        """The picture without a line, as PNG: the page draws that, for it takes less time."""
        return _png(self.pixels)

    def png(self, epoch: int | None) -> bytes:
        """The picture, with a line at ``epoch`` in each of its axes."""
        pixels = self.pixels.copy()
        for x, top, bottom in self.lines(epoch):
            line = pixels[top:bottom, x - 1 : x + 1, :3]
            line[:] = np.minimum(line, AT_EPOCH)  # the curves stay to be seen
        return _png(pixels)

    def svg(self, epoch: int | None, attributes: str = "") -> str:
        """The same for the page. ``attributes`` as of ``_grids.pointable``."""
        height, width = self.pixels.shape[:2]
        scene = Scene(width, height, "the curves", [Drawn(self.blank, 0, 0, width, height, (0, 0))])
        for x, top, bottom in self.lines(epoch):
            corners = (x - 1, top), (x + 1, top), (x + 1, bottom), (x - 1, bottom)
            scene.parts.append(Shape(corners, "epoch"))
        return scene_svg(scene, attributes)


def draw_curves(
    runs: Mapping[str, History],
    show: str,
    highlighted: str,
    num_epochs: int,
    hidden: Set[str] = frozenset(),
) -> Curves:
    """The curves of all ``runs``, in the colours and markers of ``plots.curves``.

    A run has one colour, marker and line style in all axes. ``highlighted`` is the name of the
    run that stands out, or empty; those that are ``hidden`` are in the legend only. ``num_epochs``
    is how far the axes reach at least.

    The places of all parts are fixed: a layout that is computed would double the time.
    """
    columns = 1 + min(2, 70 // max([len(_short(name)) + 6 for name in runs], default=70))
    rows = math.ceil(len(runs) / columns)
    below, above = 0.6, 0.42 + LEGEND_ROW * rows
    size = (WIDTH, HEIGHT + LEGEND_ROW * rows)
    figure = Figure(size, dpi=DPI, facecolor="white")
    shown = [LOSS, ACCURACY] if show == BOTH else [show]
    share, longest = 1 / len(shown), max(2, num_epochs, *map(len, runs.values()))
    handles, places = [], []
    for place, what in enumerate(shown):
        left = place * share + 0.75 / WIDTH
        box = (left, below / size[1], share - 0.9 / WIDTH, 1 - (below + above) / size[1])
        axes = figure.add_axes(box)
        handles = _draw(axes, what, runs, highlighted, hidden)
        _finish(axes, what, longest)
        places.append(Box(left, 1 - box[1] - box[3], left + box[2], 1 - box[1]))
    legend = figure.legend(
        handles, [f"{i}" for i in range(len(handles))], ncols=columns, fontsize=SMALL,
        loc="upper left", bbox_to_anchor=(0.65 / WIDTH, 1 - 0.02), frameon=False,
        borderpad=0, borderaxespad=0, handlelength=LINE_LENGTH,
    )  # fmt: skip
    for text, name in zip(legend.get_texts(), runs, strict=True):
        text.set_parse_math(False)  # a name may hold a dollar sign
        text.set_text(_short(name) + (" (hidden)" if name in hidden else ""))
        text.set_fontweight("bold" if name == highlighted else "normal")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    names = dict(zip(runs, map(_box_of, legend.get_texts()), strict=True))
    return Curves(np.array(canvas.buffer_rgba()), places, names, longest)


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def _box_of(text) -> Box:
    """Where a name of the legend stands, once it is drawn, with its line on the left."""
    wide, tall = text.figure.bbox.size
    (left, bottom), (right, top) = text.get_window_extent().get_points()
    left -= (LINE_LENGTH + 1) * SMALL * DPI / 72
    return Box(left / wide, 1 - top / tall, right / wide, 1 - bottom / tall)


def _draw(axes, what: str, runs: Mapping[str, History], highlighted: str, hidden: Set[str]) -> list:
    """All lines of one axes; returns those that stand for their runs in the legend."""
    handles = []
    for index, (name, history) in enumerate(runs.items()):
        style = {
            "color": COLOURS[index % len(COLOURS)],
            "marker": MARKERS[index % len(MARKERS)],
            "linestyle": STYLES[index % len(STYLES)],
            "markevery": max(1, math.ceil(len(history) / 30)),
        }
        if highlighted and name != highlighted:
            style["alpha"] = 0.35
        if name in hidden:
            handles += axes.plot([], [], **style | {"alpha": 0.2})
            continue
        thick = 3.2 if name == highlighted else 2.0
        if what == LOSS:
            values = _finite(history.train_losses)
            # On top, so that its markers are seen where both losses are the same.
            thin = {"linewidth": 1.0, "markersize": 4, "markerfacecolor": "white", "zorder": 3}
            axes.plot(range(1, len(values) + 1), values, **style, **thin)
        values = _finite(history.test_losses if what == LOSS else history.accuracies)
        handles += axes.plot(range(1, len(values) + 1), values, linewidth=thick, **style)
    return handles


def _finish(axes, what: str, longest: int) -> None:
    axes.set_xlim(0.5, longest + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    if what == ACCURACY:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    title = "test accuracy" if what == ACCURACY else "loss: training (thin), test (thick)"
    # Not as the axes' title and label, for whose places all ticks are measured once more.
    above, below = {"va": "bottom", "fontsize": NORMAL}, {"ha": "center", "fontsize": SMALL}
    axes.text(0.0, 1.03, title, transform=axes.transAxes, **above)
    axes.text(0.5, -0.16, "epoch", transform=axes.transAxes, **below)
    axes.tick_params(labelsize=SMALL)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)


def _finite(values: Sequence[float]) -> np.ndarray:
    """``values`` with a gap where one is infinite, as there is one where it is not a number."""
    array = np.asarray(values, dtype=float)
    return np.where(np.isfinite(array), array, np.nan)


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"
