"""Grids of numbers, side by side: as tables in a browser, and drawn where there is none."""

import html
from collections.abc import Iterable
from dataclasses import dataclass, field

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.explorers._base import png_of
from helpers.plots._text import DPI, NORMAL, SMALL

Cells = frozenset[tuple[int, int]]  # (row, column) of each
CELL = 0.46  # inches, in a drawing
GROUNDS = {"marked": "#ffe08a", "dropped": "#c9c9c9"}


@dataclass(frozen=True)
class Grid:
    """Numbers in rows, with a title, and the sign that stands between it and the next grid."""

    title: str
    rows: list[list[str]]
    marked: Cells = field(default_factory=frozenset)  # the ones that are talked about now
    dropped: Cells = field(default_factory=frozenset)  # that no window reaches
    padded: Cells = field(default_factory=frozenset)  # that padding has added
    sign: str = ""

    def classes(self, place: tuple[int, int]) -> str:
        """The names of the sets that hold ``place``."""
        sets = {"marked": self.marked, "dropped": self.dropped, "padded": self.padded}
        return " ".join(name for name, cells in sets.items() if place in cells)


def grids_html(grids: Iterable[Grid]) -> str:
    """All grids in one row that wraps, each as a table with a caption."""
    return f'<div class="cnn-grids">{"".join(map(_table, grids))}</div>'


def _table(grid: Grid) -> str:
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td class="{grid.classes((i, j))}">{html.escape(text)}</td>'
            for j, text in enumerate(row)
        )
        + "</tr>"
        for i, row in enumerate(grid.rows)
    )
    sign = f"<div><b>{html.escape(grid.sign)}</b></div>" if grid.sign else ""
    return (
        f'<table class="cnn-grid"><caption>{html.escape(grid.title)}</caption>{rows}</table>{sign}'
    )


def grids_png(grids: list[Grid], columns: int) -> bytes:
    """The same, ``columns`` grids in a row, as a picture."""
    lines = [grids[i : i + columns] for i in range(0, len(grids), columns)]
    heights = [max(len(grid.rows) for grid in line) + 1.6 for line in lines]
    width = max(sum(len(grid.rows[0]) + 1.4 for grid in line) for line in lines)
    size = (max(7.0, CELL * (width + 0.4)), CELL * sum(heights))
    figure = Figure(size, dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.4, size[0] / CELL - 0.4), ylim=(size[1] / CELL, 0))
    axes.set_axis_off()
    top = 0.0
    for line, height in zip(lines, heights, strict=True):
        left = 0.0
        for grid in line:
            _draw(axes, grid, left, top + 1.2)
            left += len(grid.rows[0]) + 1.4
        top += height
    return png_of(figure)


def _draw(axes, grid: Grid, left: float, top: float) -> None:
    axes.text(left, top - 0.25, grid.title, fontsize=SMALL, weight="bold", parse_math=False)
    for i, row in enumerate(grid.rows):
        for j, text in enumerate(row):
            classes = grid.classes((i, j))
            ground = (
                "#ffe08a" if "marked" in classes else "#c9c9c9" if "dropped" in classes else "w"
            )
            line = "--" if "padded" in classes else "-"
            cell = Rectangle(
                (left + j, top + i), 1, 1, facecolor=ground, edgecolor="0.45", linestyle=line
            )
            axes.add_patch(cell)
            axes.text(
                left + j + 0.5, top + i + 0.5, text, ha="center", va="center", fontsize=SMALL,
                weight="bold" if "marked" in classes else "normal", parse_math=False,
            )  # fmt: skip
    middle = top + len(grid.rows) / 2
    axes.text(left + len(grid.rows[0]) + 0.5, middle, grid.sign, fontsize=NORMAL, ha="center")
