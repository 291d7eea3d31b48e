"""The confusion matrix of the panels: as a table for the page, and drawn."""

import html
from collections.abc import Sequence

from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from torch import Tensor

from helpers.explorers._base import png_of
from helpers.explorers._grids import pointable
from helpers.explorers._image_views import frame, place_cells, sheet, write

MATRIX = "matrix"  # by this name its cells can be pointed at
KEYS = "the confusion matrix: arrow keys choose another cell"
DARKEST = (8, 81, 156)  # the colour of a share of 1; a share of 0 is white
WHITE_FROM = 0.775  # from this share on, white letters have more contrast than black ones


def shade(share: float) -> tuple[str, str]:
    """The colours of ground and letters of a cell that holds this share of its row."""
    ground = (round(255 + share * (dark - 255)) for dark in DARKEST)
    return "#" + "".join(f"{part:02x}" for part in ground), (
        "#ffffff" if share > WHITE_FROM else "#000000"
    )


def matrix_html(
    counts: Tensor, names: Sequence[str], framed: tuple[int, int] | None, keys: str = ""
) -> str:
    """The confusion matrix as a table; a screen reader names row and column of each number.

    ``framed``: true and predicted class of a cell that stands out. Its cells can be pointed at if
    there are ``keys``, words on what the arrow keys do.
    """
    point = pointable(MATRIX, keys) if keys else ""
    heads = "".join(f'<th scope="col"><span>{html.escape(name)}</span></th>' for name in names)
    rows = ""
    for i, row in enumerate(counts.tolist()):
        cells = ""
        for j, count in enumerate(row):
            share = count / max(1, sum(row))
            kinds = "large " * (share > WHITE_FROM) + "framed" * ((i, j) == framed)
            cells += (
                f'<td class="{kinds}" style="--share:{share:.1%}" data-at="{i},{j}">{count:,}</td>'
            )
        rows += f'<tr><th scope="row" style="text-align:right">{html.escape(names[i])}</th>'
        rows += f"{cells}</tr>"
    return (
        f'<table class="cnn-grid cnn-matrix"{point}>'
        "<caption>true class (rows) and predicted class (columns)</caption>"
        f"<tr><td></td>{heads}</tr>{rows}</table>"
    )


def matrix_png(counts: Tensor, names: list[str], true: int, predicted: int) -> bytes:
    """The confusion matrix, drawn, with one cell framed."""
    corner, cell = (1.4, 0.6), (8.4 / len(names), 0.42)
    figure = sheet(corner[1] + cell[1] * len(names) + 0.3)
    write(figure, corner[0] + 4.2, 0.05, "predicted class", ha="center", va="top", weight="bold")
    write(figure, 0.1, corner[1] - 0.1, "true class", va="bottom", weight="bold")
    place_matrix(figure, counts, names, corner, cell)
    frame_cell(figure, true, predicted, corner, cell)
    return png_of(figure)


def place_matrix(
    figure: Figure, counts: Tensor, names: list[str], corner: tuple, cell: tuple, rotation: int = 0
) -> None:
    """The matrix at ``corner`` (left, top), its ``cell``s wide and tall in inches, and its names.

    The names of the columns stand above it, turned by ``rotation`` degrees. A cell without any
    image stays blank: most are, and each number takes a millisecond to draw.
    """
    (left, top), (wide, tall) = corner, cell
    count = len(names)
    shares = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
    shades = [[shade(share) for share in row] for row in shares.tolist()]
    grounds = to_rgba_array([ground for row in shades for ground, _ in row])
    place_cells(figure, grounds.reshape(count, count, 4), left, top, count * wide, count * tall)
    for i, row in enumerate(counts.tolist()):
        middle = top + (i + 0.5) * tall
        centre, turned = left + (i + 0.5) * wide, {"rotation": rotation, "va": "bottom"}
        write(figure, left - 0.1, middle, names[i], ha="right", va="center")
        write(figure, centre, top - 0.1, names[i], ha="center", **turned)
        for j, number in enumerate(row):
            if number:
                style = {"ha": "center", "va": "center", "color": shades[i][j][1]}
                write(figure, left + (j + 0.5) * wide, middle, f"{number:,}", **style)


def frame_cell(figure: Figure, true: int, predicted: int, corner: tuple, cell: tuple) -> None:
    """A frame around one cell of a matrix that was placed so."""
    (left, top), (wide, tall) = corner, cell
    frame(figure, left + predicted * wide, top + true * tall, wide, tall)
