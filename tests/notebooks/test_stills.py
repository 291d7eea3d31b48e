"""Panels and pictures where there is no kernel: each is an image with its words."""

import base64
import re

import nbformat
import pytest
import torch
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter, SlidesExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

from authoring.facts import ROOT
from authoring.kernels import stills
from authoring.lesson import REPR
from authoring.student_notebooks import NOTEBOOK_METADATA
from helpers import plots
from helpers.explorers.training_panel import START

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
# A last line that shows a panel.
CURVES = START, "Loss (training"  # how the words of a panel of curves begin
SHOWN = re.compile(r"explorers\.[A-Z]\w*\(|(panel|experiment)\b(?! =)")


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


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_words_of_a_stored_picture_are_in_its_metadata(path):
    outputs = [
        o for cell in nbformat.read(path, as_version=4).cells for o in cell.get("outputs", [])
    ]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures
    for output in pictures:
        words = output.data["text/plain"]
        alt = output.metadata.get("image/png", {}).get("alt")
        if words.startswith(CURVES):  # a panel may go on after its cell, and so does its picture
            assert "epochs, training loss from" in alt
        else:
            assert alt == (None if REPR.fullmatch(words) else words)
        assert "text/html" not in output.data


@pytest.mark.parametrize(
    ("template", "kept"),
    [
        ("lab", lambda outputs: outputs),  # as a student's notebook is saved
        ("classic", lambda outputs: outputs),
        ("classic", stills),  # the other template has no place for the words
    ],
)
def test_an_export_keeps_the_words_of_a_picture(template, kept):
    picture = plots.show_image(torch.zeros(28, 28), caption='Black, or "0".')
    bundle = picture._repr_mimebundle_()
    bundle["image/png"] = base64.b64encode(bundle["image/png"]).decode()
    shown = new_code_cell(outputs=kept([new_output("display_data", data=bundle)]))
    notebook = new_notebook(cells=[shown], metadata=NOTEBOOK_METADATA)
    page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    (image,) = BeautifulSoup(page, "html.parser").find_all("img")
    assert image["alt"] == picture.caption


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter])
@pytest.mark.parametrize("path", WITH_PANELS, ids=lambda path: path.stem)
def test_an_export_shows_the_pictures(path, exporter):
    page, _ = exporter().from_filename(str(path))
    for cell in panel_cells(path):
        picture = cell.outputs[0].data["image/png"].strip()
        assert picture[:200] in page, cell.id
    assert "widget-view" not in page
