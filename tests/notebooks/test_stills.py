"""Panels where there is no kernel: in HTML and in slides each is a picture with its words."""

import nbformat
import pytest
from nbconvert import HTMLExporter, SlidesExporter

from authoring.student_notebooks import ROOT

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
EXPLORERS = ("Convolution", "Pooling", "Layers", "FeatureMaps", "Why", "Mistakes", "OwnPicture")


def panel_cells(path) -> list:
    """The cells whose last line shows a panel that has something to show."""
    cells = nbformat.read(path, as_version=4).cells
    shown = tuple(f"explorers.{name}(" for name in EXPLORERS)
    return [
        cell
        for cell in cells
        if cell.cell_type == "code"
        and (cell.source.split("\n")[-1].startswith(shown) or cell.id.startswith("panel-"))
    ]


def test_every_panel_stands_in_a_solution():
    sources = "".join(cell.source for path in SOLUTIONS for cell in panel_cells(path))
    assert all(f"explorers.{name}(" in sources for name in EXPLORERS)


@pytest.mark.parametrize("path", SOLUTIONS[:4], ids=lambda path: path.stem)
def test_a_stored_panel_is_a_picture_with_words(path):
    cells = panel_cells(path)
    assert cells
    for cell in cells:
        (output,) = cell.outputs
        assert sorted(output.data) == ["image/png", "text/plain"], cell.id
        assert len(output.data["text/plain"]) > 40, cell.id


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
@pytest.mark.parametrize("path", SOLUTIONS[:4], ids=lambda path: path.stem)
def test_an_export_shows_the_pictures(path, exporter):
    page, _ = exporter().from_filename(str(path))
    for cell in panel_cells(path):
        picture = cell.outputs[0].data["image/png"].strip()
        assert picture[:200] in page, cell.id
    assert "widget-view" not in page
