"""Panels where there is no kernel: in HTML and in slides each is a picture with its words."""

import re

import nbformat
import pytest
from nbconvert import HTMLExporter, SlidesExporter

from authoring.facts import ROOT

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
SHOWN = re.compile(r"explorers\.[A-Z]\w*\(|panel\b(?! =)")  # a last line that shows a panel


def panel_cells(path) -> list:
    """The cells whose last line shows a panel that has something to show."""
    cells = nbformat.read(path, as_version=4).cells
    return [
        cell
        for cell in cells
        if cell.cell_type == "code" and SHOWN.match(cell.source.split("\n")[-1])
    ]


WITH_PANELS = [path for path in SOLUTIONS if panel_cells(path)]


def shown_panels() -> set[str]:
    """The names of the panels that stand in a solution."""
    sources = "".join(cell.source for path in WITH_PANELS for cell in panel_cells(path))
    return set(re.findall(r"explorers\.([A-Z]\w*)\(", sources))


@pytest.mark.parametrize("path", WITH_PANELS, ids=lambda path: path.stem)
def test_a_stored_panel_is_a_picture_with_words(path):
    cells = panel_cells(path)
    assert cells
    for cell in cells:
        (output,) = cell.outputs
        assert sorted(output.data) == ["image/png", "text/plain"], cell.id
        words = output.data["text/plain"]
        assert len(words) > 40, f"{cell.id}: 40 letters or fewer do not say what is seen: {words}"


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
@pytest.mark.parametrize("path", WITH_PANELS, ids=lambda path: path.stem)
def test_an_export_shows_the_pictures(path, exporter):
    page, _ = exporter().from_filename(str(path))
    for cell in panel_cells(path):
        picture = cell.outputs[0].data["image/png"].strip()
        assert picture[:200] in page, cell.id
    assert "widget-view" not in page
