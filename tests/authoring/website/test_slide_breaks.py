"""Slides: a heading starts one, code stands under its text."""

from nbconvert import SlidesExporter

from authoring.website.slide_breaks import slide_types
from tests.notebooks.fixtures import code, notebook, text

CELLS = [text("# Title\n\nHello"), code("1"), code("2"), text("More."), code("3"), text("## Next")]


def test_where_slides_begin():
    assert slide_types(CELLS) == ["slide", "-", "subslide", "subslide", "-", "slide"]


def test_nbconvert_breaks_there():
    exporter = SlidesExporter(preprocessors=["authoring.website.slide_breaks.SlideBreaks"])
    html, _ = exporter.from_notebook_node(notebook(*CELLS))
    body = html[html.index('<div class="slides">') :]
    assert body.count("<section>") == 2 + 4  # two slides; of three and one slides below each other
