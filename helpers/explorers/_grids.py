"""Grids of numbers side by side, and tables: as HTML, and drawn where there is no browser."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle

from helpers.explorers._base import png_of
from helpers.plots.text import DPI, NORMAL, SMALL

Cell = tuple[int, int]  # row and column
Cells = frozenset[Cell]
ARROWS = "arrow keys move the window"
CELL = 0.46  # inches, in a drawing
GROUNDS = {"marked": "#ffe08a", "seeing": "#bfe3ff", "dropped": "#c9c9c9"}  # the first wins
MOST_ROWS = 60  # of a table, in a drawing


@dataclass(frozen=True)
class Grid:
    """Numbers in rows, with a title, and the sign that stands between it and the next grid."""

    title: str
    rows: list[list[str]]
    marked: Cells = field(default_factory=frozenset)  # the ones that are talked about now
    dropped: Cells = field(default_factory=frozenset)  # that no window reaches
    padded: Cells = field(default_factory=frozenset)  # that padding has added
    won: Cells = field(default_factory=frozenset)  # the largest of their window
    seeing: Cells = field(default_factory=frozenset)  # whose window holds the pixel pointed at
    sign: str = ""
    point: str = ""  # by what name its cells can be pointed at, if at all
    typed: bool = False  # whether its numbers can be changed

    def classes(self, place: tuple[int, int]) -> str:
        """The names of the sets that hold ``place``."""
        sets = {
            "marked": self.marked,
            "dropped": self.dropped,
            "padded": self.padded,
            "won": self.won,
            "seeing": self.seeing,
        }
        return " ".join(name for name, cells in sets.items() if place in cells)


def grids_html(grids: Sequence[Grid], each: int = 0) -> str:
    """All grids in one row that wraps, each as a table with a caption.

    With ``each``, so many stand in a row of their own, one row below the other, beside the last.
    """
    if each:
        *several, last = grids
        rows = [grids_html(several[start : start + each]) for start in range(0, len(several), each)]
        return f'<div class="cnn-grids"><div>{"".join(rows)}</div>{_table(last)}</div>'
    return f'<div class="cnn-grids">{"".join(map(_table, grids))}</div>'


def sum_html(grids: Sequence[Grid]) -> str:
    """Windows times their weights, and the value: of several, each has a row of its own."""
    return grids_html(grids, 2 if len(grids) > 3 and grids[0].sign == "×" else 0)


def _table(grid: Grid) -> str:
    rows = "".join(
        "<tr>" + "".join(_cell(grid, (i, j), text) for j, text in enumerate(row)) + "</tr>"
        for i, row in enumerate(grid.rows)
    )
    sign = f"<div><b>{html.escape(grid.sign)}</b></div>" if grid.sign else ""
    title = html.escape(grid.title)
    point = pointable(grid.point, "" if grid.typed else f"{grid.title}: {ARROWS}")
    return f'<table class="cnn-grid"{point}><caption>{title}</caption>{rows}</table>{sign}'


def pointable(name: str, keys: str = "") -> str:
    """The attributes of a table or an image that can be pointed at by ``name``, if that is not "".

    ``keys``: what it is and what its arrow keys do; empty if they do nothing.
    """
    focus = f' tabindex="0" aria-label="{html.escape(keys)}"' if keys else ""
    return f' data-point="{name}"{focus}' if name else ""


def _cell(grid: Grid, place: tuple[int, int], text: str) -> str:
    at = f' data-at="{place[0]},{place[1]}"' if grid.point else ""
    said = html.escape(text)
    if grid.typed:
        name = html.escape(f"{grid.title}, row {place[0]}, column {place[1]}")
        said = f'<input class="cnn-number" value="{said}" aria-label="{name}">'
    return f'<td class="{grid.classes(place)}"{at}>{said}</td>'


def grids_png(grids: list[Grid], columns: int) -> bytes:
    """The same, ``columns`` grids in a row, as a picture."""
    lines = [grids[i : i + columns] for i in range(0, len(grids), columns)]
    heights = [max(len(grid.rows) for grid in line) + 1.6 for line in lines]
    width = max(sum(map(_drawn_width, line)) for line in lines)
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
            left += _drawn_width(grid)
        top += height
    return png_of(figure)


def _drawn_width(grid: Grid) -> float:
    """In cells: the grid, or its title if that is wider, and room for the sign."""
    cells = max(len(grid.rows[0]), 0.23 * len(grid.title))
    return cells + 1.0 + 0.24 * len(grid.sign)


def _draw(axes, grid: Grid, left: float, top: float) -> None:
    axes.text(left, top - 0.25, grid.title, fontsize=SMALL, weight="bold", parse_math=False)
    for i, row in enumerate(grid.rows):
        for j, text in enumerate(row):
            _draw_cell(axes, text, left + j, top + i, grid.classes((i, j)).split())
    for i, j in grid.won:  # on top of the lines of all cells
        inner = Rectangle(
            (left + j + 0.06, top + i + 0.06), 0.88, 0.88, fill=False, linewidth=2, edgecolor="k"
        )
        axes.add_patch(inner)
    axes.text(
        left + len(grid.rows[0]) + 0.3, top + len(grid.rows) / 2, grid.sign,
        fontsize=NORMAL, va="center", parse_math=False,
    )  # fmt: skip


def _draw_cell(axes, text: str, left: float, top: float, classes: list[str]) -> None:
    ground = next((colour for name, colour in GROUNDS.items() if name in classes), "white")
    line = "--" if "padded" in classes else "-"
    cell = Rectangle((left, top), 1, 1, facecolor=ground, edgecolor="0.45", linestyle=line)
    axes.add_patch(cell)
    bold = "marked" in classes or "won" in classes
    axes.text(
        left + 0.5, top + 0.5, text, ha="center", va="center",
        fontsize=SMALL if len(text) < 5 else 0.8 * SMALL,
        weight="bold" if bold else "normal", parse_math=False,
    )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of a table; the first cell is its name."""

    cells: tuple[str, ...]
    marked: bool = False


def table_html(caption: str, header: tuple[str, ...], rows: Iterable[Row]) -> str:
    """A table with headers that a screen reader can name for each cell."""
    lines = [
        f"<tr{' aria-current=true' if row.marked else ''}>"
        f'<th scope="row" style="text-align: left">{"▶ " if row.marked else ""}'
        f"{html.escape(row.cells[0])}</th>"
        + "".join(
            f'<td class="{"marked" if row.marked else ""}">{html.escape(cell)}</td>'
            for cell in row.cells[1:]
        )
        + "</tr>"
        for row in rows
    ]
    heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    return (
        f'<table class="cnn-grid"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def table_png(header: tuple[str, ...], rows: list[Row]) -> bytes:
    """The same as a picture; of a very long table, the first rows."""
    shown = rows[:MOST_ROWS]
    if len(rows) > len(shown):
        more = f"… and {len(rows) - len(shown)} more"
        shown = [*shown, Row((more, *[""] * (len(header) - 1)))]
    columns = list(zip(header, *(row.cells for row in shown), strict=True))
    measure = FigureCanvasAgg(Figure(dpi=DPI)).get_renderer().get_text_width_height_descent
    font = FontProperties(size=SMALL, weight="bold")
    widths = [
        max(measure(text, font, ismath=False)[0] for text in column) / DPI + 0.3
        for column in columns
    ]
    width, height = max(7.0, sum(widths) + 0.2), 0.3 * (len(shown) + 1) + 0.15
    figure = Figure((width, height), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for i, row in enumerate([Row(header), *shown]):
        top, left = 0.1 + 0.3 * i, 0.1
        ground = GROUNDS["marked"] if row.marked else "#f0f0f0" if i == 0 else "white"
        box = Rectangle((left, top), sum(widths), 0.3, facecolor=ground, edgecolor="0.75")
        axes.add_patch(box)
        for text, room in zip(row.cells, widths, strict=True):
            axes.text(
                left + 0.1, top + 0.15, text, fontsize=SMALL, va="center",
                weight="bold" if row.marked or i == 0 else "normal", parse_math=False,
            )  # fmt: skip
            left += room
    return png_of(figure)
