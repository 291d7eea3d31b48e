"""A panel whose kernel is gone: when a notebook is opened again, and after a restart."""

import pytest
from playwright.sync_api import expect

from tests.browser.lab import (
    BOTH,
    Notebook,
    shared_jupyterlab,
    skip_without,
    write_notebook,
)
from tests.browser.panels import PANELS, SETUP

SAVE = "() => jupyterapp.commands.execute('docmanager:save')"
SHUT_DOWN = "() => jupyterapp.shell.currentWidget.sessionContext.shutdown()"
RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
IDLE = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"


@pytest.mark.parametrize("place", BOTH)
def test_opened_again_and_restarted(place, page, tmp_path):
    skip_without(place)
    sources = [SETUP, *(source for source, _, _ in PANELS.values())]
    write_notebook(tmp_path / "panels.ipynb", sources)
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "panels.ipynb", place)
        notebook.run_all()
        panels, stills = page.locator(".cnn-explorer"), page.locator(".cnn-still")
        expect(stills).to_have_count(len(PANELS), timeout=60_000)
        page.wait_for_function(IDLE)
        assert notebook.failures() == []
        expect(stills.filter(visible=True)).to_have_count(0)
        for name in ("step", "check my prediction"):  # nothing else is hidden
            expect(page.get_by_role("button", name=name).first).to_be_visible()
        words = stills.locator("img").evaluate_all("all => all.map(image => image.alt)")
        assert all(len(alt) > 40 for alt in words)

        page.evaluate(SAVE)
        page.evaluate(RESTART)
        lost = page.locator(".cnn-explorer.jupyter-widgets-disconnected")
        expect(lost).not_to_have_count(0)
        line = lost.first.evaluate("panel => getComputedStyle(panel, '::before').content")
        assert "run this cell again" in line
        shown = panels.first.locator(".jupyter-widgets-disconnected").evaluate_all(
            "all => all.map(part => getComputedStyle(part, '::before').display)"
        )
        assert set(shown) == {"none"}  # no broken icon at each control

        page.evaluate(SHUT_DOWN)
        notebook = Notebook(page, address, "panels.ipynb", place)
        expect(stills.filter(visible=True)).to_have_count(len(PANELS))
        trained = stills.get_by_role("img", name="learning rate 0.1: 3 of 3 epochs")
        expect(trained).to_be_visible()  # as it was after the training, not before it
        expect(page.get_by_text("run this cell again")).to_have_count(len(PANELS))
        expect(page.get_by_text("Error displaying widget").filter(visible=True)).to_have_count(0)
        expect(page.get_by_text("Loading widget").filter(visible=True)).to_have_count(0)
