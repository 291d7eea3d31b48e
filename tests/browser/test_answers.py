"""An answer that is not the one on the page, and one that is still open, in JupyterLab."""

from playwright.sync_api import expect

from tests.browser.lab import Notebook, shared_jupyterlab, write_notebook

CELLS = [
    "from torch import nn\nfrom helpers import checks",
    "layer = nn.Conv2d(1, 8, 5)",
    "checks.conv_layer(layer)",
]
CHANGED = "this is about the answer before your last change"
BEFORE = """block => getComputedStyle(block, '::before').content"""


def run_again(notebook: Notebook, place: int) -> None:
    notebook.choose(place)
    notebook.run_next()


def test_a_stale_answer_is_said_to_be_one(page, tmp_path):
    write_notebook(tmp_path / "stale.ipynb", CELLS)
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "stale.ipynb")
        notebook.run_all()
        cell = page.locator(".jp-CodeCell").nth(2)
        outcome = cell.locator(".cnn-outcome")
        expect(outcome).to_contain_text("✓ 1.1 right")
        assert outcome.evaluate(BEFORE) == "none"

        notebook.write(1, "layer = nn.Conv2d(1, 8, 7)")  # edited, and not run
        run_again(notebook, 2)
        expect(outcome).to_contain_text("✓ 1.1 right")
        assert CHANGED in outcome.evaluate(BEFORE)
        assert outcome.bounding_box()["height"] > 50, "and it can be seen"

        notebook.write(1, "layer = nn.Conv2d(1, 8, 7")  # run, and ended in an error
        run_again(notebook, 1)
        run_again(notebook, 2)
        expect(cell).to_contain_text("This is about the answer before your last change: the cell")
        texts = cell.locator(".jp-RenderedHTMLCommon").all_inner_texts()
        assert "not the latest answer" in texts[0] and "✓" in texts[1], "the remark comes first"
        assert outcome.evaluate(BEFORE) == "none"

        notebook.write(1, "layer = nn.Conv2d(1, 8, 7)")
        run_again(notebook, 1)
        run_again(notebook, 2)
        expect(outcome).to_contain_text("✗ 1.1 not right yet")
        expect(cell).not_to_contain_text("before your last change")
        assert outcome.evaluate(BEFORE) == "none"
        assert notebook.errors == []


def test_a_blank_has_not_the_colour_of_an_error(page, tmp_path):
    write_notebook(tmp_path / "open.ipynb", [CELLS[0], "checks.conv_layer(...)", CELLS[2]])
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "open.ipynb")
        for _ in CELLS:
            notebook.run_next()
        lines = page.locator('[data-mime-type="application/vnd.jupyter.stderr"]')
        expect(lines).to_have_count(2)
        expect(lines.first).to_contain_text("Stopped at task 1.1")
        grounds = [
            line.evaluate("line => getComputedStyle(line).backgroundColor") for line in lines.all()
        ]
        assert grounds[0] == "rgba(0, 0, 0, 0)" != grounds[1], "the second is an error"
