"""A training that is stopped in JupyterLab, as a student stops it, and goes on afterwards."""

import re

from playwright.sync_api import Page, expect

from tests.browser.lab import Notebook, shared_jupyterlab, write_notebook
from tests.browser.panels import SETUP

LOOP = """
with panel.run("{name}", model) as run:
    for epoch in run.epochs():
        {wait}
        run.log(2.3 / epoch, 2.4 / epoch, 0.5)
"""
TWO_TRAININGS = (
    LOOP.format(name="first", wait="time.sleep(0.3 if epoch < 3 else 600)").strip(),
    LOOP.format(name="second", wait="pass").strip(),
)
CELLS = [
    SETUP + "import time\npanel = explorers.Training(num_epochs=10)\npanel",
    "\n".join(TWO_TRAININGS),
    'print("the queue has gone on")',
    'print("kept:", panel.runs["first"].accuracies, list(panel.runs))',
]


def interrupt(page: Page) -> None:
    """The button ■."""
    page.evaluate("() => jupyterapp.commands.execute('notebook:interrupt-kernel')")


def test_a_stop_ends_the_cell_and_the_queue_and_the_same_network_goes_on(page, tmp_path):
    write_notebook(tmp_path / "stopped.ipynb", CELLS)
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "stopped.ipynb")
        page.evaluate("() => void jupyterapp.commands.execute('notebook:run-all-cells')")
        panel = page.locator(".cnn-explorer").first
        caption = panel.locator(".cnn-caption").first
        expect(panel.locator("progress")).to_have_attribute(
            "aria-valuetext", re.compile("epoch 3 of 10"), timeout=60_000
        )
        interrupt(page)
        cells = page.locator(".jp-CodeCell")
        expect(cells.nth(1)).to_contain_text("first: Stopped by you after 2 of 10 epochs")
        expect(caption).to_contain_text("first: 2 of 10 epochs")
        expect(caption).not_to_contain_text("second")
        expect(cells.nth(1)).not_to_contain_text("Traceback")
        assert [line.split(":")[1].strip() for line in notebook.failures()] == ["Stopped"]
        notebook.wait_for_counts([1, 2, None, None])  # the cells behind have not run
        notebook.choose(3)
        notebook.run_next()
        expect(page.get_by_text("kept: [0.5, 0.5] ['first']")).to_be_visible()

        notebook.write(1, CELLS[1].replace("600", "0"))
        notebook.choose(1)
        notebook.run_next()
        expect(caption).to_contain_text("first: 10 of 10 epochs")
        expect(cells.nth(1)).to_contain_text("first goes on after 2 epochs. So far:")
        expect(cells.nth(1)).to_contain_text("epoch  2/10")
        expect(caption).to_contain_text("second: 10 of 10 epochs")
        expect(caption).not_to_contain_text("(2)")
        assert notebook.failures() == []
        assert notebook.errors == []
