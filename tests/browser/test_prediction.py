"""A prediction is typed and checked from the keyboard, and a refused input moves nothing."""

import pytest
from playwright.sync_api import expect

from tests.browser.lab import (
    BOTH,
    NOTEBOOK_7,
    Notebook,
    shared_jupyterlab,
    skip_without,
    write_notebook,
)


@pytest.mark.parametrize("place", BOTH)
def test_enter_checks_a_prediction_and_a_refusal_keeps_the_grids(place, page, tmp_path):
    skip_without(place)
    source = "from helpers import explorers\nexplorers.Convolution()"
    write_notebook(tmp_path / "predict.ipynb", [source])
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "predict.ipynb", place)
        notebook.run_all()
        panel = page.locator(".cnn-explorer")
        caption, step = panel.locator(".cnn-caption"), panel.get_by_role("button", name="step")
        expect(caption).to_contain_text("how wide is the output?")
        expect(step).to_be_disabled()
        panel.get_by_label("output width").fill("4")
        page.keyboard.press("Enter")
        expect(caption).to_contain_text("You predicted 4: right.")
        step.click()
        expect(caption).to_contain_text("Output value 1, row 0, column 1")

        before = panel.locator(".cnn-grids").bounding_box()
        panel.get_by_label("stride", exact=True).fill("0")
        page.keyboard.press("Enter")
        expect(caption).to_contain_text("With a stride of 0")
        former = panel.locator(".cnn-former .cnn-grids")
        expect(former).to_be_visible()  # the words come first, the grids a moment later
        assert former.bounding_box() == before
        assert place == NOTEBOOK_7 or notebook.errors == []  # 7 has one of its own at its start
