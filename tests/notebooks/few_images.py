"""A notebook that trains, on the images that answers are graded on, of which a training takes few.

For the tests that look at something else than the training: with all images, each solution runs
under ``--nbval``.
"""

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grading.sandbox import patterns

_SWITCH = new_code_cell("from grading.sandbox import patterns\npatterns.use_here()")
_DRAWN = "drawn garments (not Fashion-MNIST)"


def with_few_images(notebook: NotebookNode) -> NotebookNode:
    """``notebook``; if it trains, a cell comes first that lets its kernel have those images.

    What a solution asserts of its own training, in cells that students do not have, holds for all
    images only: such a cell does nothing.
    """
    if any("optim." in cell.source for cell in notebook.cells):
        for cell in notebook.cells:
            if cell.cell_type == "code" and "solution-only" in cell.metadata.get("tags", []):
                cell.source = "pass"
        notebook.cells.insert(0, _SWITCH.copy())
    return notebook


def as_if_all(notebook: NotebookNode) -> NotebookNode:
    """What ``with_few_images`` made, and ran, to compare: without that cell, as on drawn images."""
    if notebook.cells[0].source != _SWITCH.source:
        return notebook
    del notebook.cells[0]
    said = nbformat.writes(notebook).replace(patterns.NAME, _DRAWN)
    return nbformat.reads(said, as_version=4)
