"""What JupyterLab shows to students beside the notebooks, where an author's tools are installed."""

from importlib.metadata import version

from tests.browser.lab import Notebook, shared_jupyterlab, write_notebook


def test_the_menus_of_nbgrader_are_not_there(page, tmp_path):
    assert version("nbgrader"), "make test has installed it"
    write_notebook(tmp_path / "any.ipynb", ["1"])
    with shared_jupyterlab(tmp_path) as address:
        Notebook(page, address, "any.ipynb")
        menus = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
        assert "File" in menus and "Kernel" in menus
        assert not [menu for menu in menus if "grader" in menu.lower()], menus
