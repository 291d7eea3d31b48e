"""Where a notebook breaks into slides, for the site: authors need not mark any cell.

A heading starts a slide; other text, and code that follows code, a slide below it. Code stands
under the text that introduces it. Slides that are too long for the screen scroll.
"""

import re

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode


def slide_types(cells: list[NotebookNode]) -> list[str]:
    """The slide type of each cell: "slide", "subslide", or "-" to go on with the one before."""
    types, before = [], ""
    for cell in cells:
        is_text = cell.cell_type == "markdown"
        if is_text and re.match(r"#{1,3}\s", cell.source):
            types.append("slide")
        else:
            types.append("subslide" if is_text or before == "code" else "-")
        before = cell.cell_type
    return types


class SlideBreaks(Preprocessor):
    """Write the slide types into the cells' metadata, where nbconvert looks for them."""

    def preprocess(self, nb, resources):
        """The notebook with its slide types."""
        for cell, kind in zip(nb.cells, slide_types(nb.cells), strict=True):
            cell.metadata["slideshow"] = {"slide_type": kind}
        return nb, resources
