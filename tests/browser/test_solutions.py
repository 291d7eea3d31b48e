"""Every solution in JupyterLab, in a real browser, from the top to the bottom."""

import shutil

import pytest

from authoring.facts import ROOT
from tests.browser.lab import Notebook, jupyterlab

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_runs_without_an_error_in_the_page(path, page, tmp_path):
    shutil.copy(path, tmp_path)
    with jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, path.name)
        notebook.run_all()
        assert notebook.failures() == []
        assert None not in notebook.counts()
        assert notebook.errors == []
