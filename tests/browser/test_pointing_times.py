"""Every panel that answers to the pointer is timed, and what is measured is what happens."""

import pytest
from playwright.sync_api import expect

from helpers import explorers
from helpers.explorers._base import Explorer
from tests.browser.lab import Notebook, jupyterlab, write_notebook
from tests.browser.panels import SETUP
from tests.browser.pointing_times import CLICK, DRAW, MOST, WAYS, Measured, measured

PAINTED = {"Why"}  # answers to the pointer on a field, not in its view


def test_every_panel_that_answers_to_the_pointer_is_timed():
    pointed = {
        name
        for name in set(explorers.__all__) - {"lecture"}
        if getattr(explorers, name).point is not Explorer.point
    }
    assert WAYS.keys() == pointed | PAINTED, "a panel that can be pointed at belongs into WAYS"


def test_what_is_too_slow_or_stands_elsewhere_is_told():
    quick = Measured([20.0] * 19 + [110.0], 30.0)
    assert quick.quick and quick.median == 20 and quick.most < MOST
    assert quick.line("Pooling").split() == ["Pooling", "20.0", "24.5", "30"]
    assert not Measured([61.0] * 20).quick
    assert not Measured([20.0] * 18 + [130.0] * 2).quick
    late = Measured([20.0] * 20, 30.0, right=False)
    assert not late.quick and late.line("Pooling").endswith("another place than the last")


def test_a_panel_is_measured_in_a_browser(chromium, images, tmp_path):
    names = ["Convolution", "Mistakes", "Why"]
    write_notebook(tmp_path / "bench.ipynb", [SETUP, *(WAYS[name].source for name in names)])
    page = chromium.new_page(viewport={"width": 1366, "height": 1000})
    with jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "bench.ipynb")
        notebook.run_all()
        for place, kind in enumerate([None, CLICK, DRAW], start=1):
            panel = page.locator(".jp-CodeCell").nth(place).locator(".cnn-explorer").first
            expect(panel).to_be_visible(timeout=60_000)
            found = measured(page, panel, WAYS[names[place - 1]], moves=4)
            assert len(found.moves) >= 2 and min(found.moves) > 0
            assert found.right and (found.after is None) == (kind is not None)
        still = page.locator(".jp-CodeCell").nth(1).locator(".cnn-explorer").first
        still.evaluate(
            "panel => { panel.addEventListener('pointermove', "
            "event => event.stopPropagation(), { capture: true }) }"
        )
        with pytest.raises(ValueError, match="followed the pointer to 0 of 4 places only"):
            measured(page, still, WAYS["Convolution"], moves=4)
        assert notebook.errors == [] and notebook.failures() == []
    page.close()
