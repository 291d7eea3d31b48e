"""A page that is closed while a network is trained, and opened again before and after its end."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import (
    BOTH,
    Notebook,
    shared_jupyterlab,
    skip_without,
    write_notebook,
)

CELLS = [
    "import time\nfrom pathlib import Path\nfrom helpers import explorers\n"
    "panel = explorers.Training(num_epochs=4)\npanel",
    """with panel.run("first") as run:
    for epoch in run.epochs():
        time.sleep(0.3)
        while epoch > 2 and not Path("go").exists():
            time.sleep(0.05)
        run.log(2.3 / epoch, 2.4 / epoch, 0.5)""",
]
SAVE = "() => jupyterapp.commands.execute('docmanager:save')"


@pytest.mark.parametrize("place", BOTH)
def test_a_training_goes_on_and_its_panel_comes_back(place, page, tmp_path):
    skip_without(place)
    write_notebook(tmp_path / "closed.ipynb", CELLS)
    with shared_jupyterlab(tmp_path) as address:
        Notebook(page, address, "closed.ipynb", place)
        page.evaluate("() => void jupyterapp.commands.execute('notebook:run-all-cells')")
        caption = page.locator(".cnn-explorer .cnn-caption")
        expect(page.locator(".cnn-explorer progress")).to_have_attribute(
            "aria-valuetext", re.compile("epoch 3 of 4"), timeout=60_000
        )
        page.evaluate(SAVE)
        page.goto("about:blank")

        page.goto(address.of(place, "closed.ipynb"))
        still = page.locator(".cnn-still")
        expect(still).to_contain_text("the panel comes back when it has ended", timeout=60_000)
        expect(still).to_be_visible()
        expect(caption).to_have_count(0)

        (tmp_path / "go").touch()
        expect(caption).to_contain_text("first: 4 of 4 epochs", timeout=60_000)
        expect(still).to_be_hidden()
