"""Every solution in JupyterLab, in a real browser, from the top to the bottom, on drawn images.

One that trains has the images that answers are graded on, of which a training takes few: with all
images it runs as ``solutions/*.ipynb`` under ``--nbval``, on drawn ones where there are no others.
What JupyterLab saves is compared with the stored outputs, which come from the official images.
"""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from authoring.facts import ROOT
from authoring.kernels import prepare_images
from tests.browser.lab import Notebook, jupyterlab
from tests.notebooks.few_images import as_if_all, with_few_images
from tests.notebooks.strict_nbval import differences

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


@pytest.fixture(scope="module")
def drawn():
    """The drawn images at hand, and no others used, whatever there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNN_COURSE_DATASET", "drawn")
        assert prepare_images() == "drawn"
        yield


def without_outputs(path: Path) -> NotebookNode:
    """The notebook as before its first run: what is saved later was made in the page."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_what_a_solution_shows_in_the_page_is_what_is_stored(path, page, drawn, tmp_path, request):
    saved = tmp_path / path.name
    nbformat.write(with_few_images(without_outputs(path)), saved)
    with jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, path.name)
        notebook.run_all()
        assert notebook.failures() == []
        assert None not in notebook.counts()
        assert notebook.errors == []
        notebook.save()
    nbformat.write(as_if_all(nbformat.read(saved, as_version=4)), saved)
    assert differences(request.session, path, saved) == []
