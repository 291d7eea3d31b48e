"""Panels answer to the pointer, to the keys and to a finger, in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from helpers.explorers import Convolution
from tests.browser.lab import (
    BOTH,
    Notebook,
    shared_jupyterlab,
    skip_without,
    write_notebook,
)
from tests.browser.panels import SETUP

CELLS = [SETUP, "explorers.Convolution(predict=False)", "explorers.Mistakes(model, few)"]
SERIOUS = ("serious", "critical")


def said_by_python(place: int) -> str:
    panel = Convolution(predict=False)
    panel.place.value = place
    return panel.caption


@pytest.mark.parametrize("place", BOTH)
def test_by_pointer_and_by_keys(place, page, tmp_path):
    skip_without(place)
    write_notebook(tmp_path / "pointing.ipynb", CELLS)
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "pointing.ipynb", place)
        notebook.run_all()
        panel = page.locator(".cnn-explorer").first
        caption = panel.locator(".cnn-caption")
        expect(caption).not_to_be_empty()
        before = len(notebook.errors)  # Notebook 7 has some of its own when it starts
        output = panel.locator("[data-point=output]")
        for row, column in ((0, 1), (3, 3), (2, 0)):
            output.locator(f'[data-at="{row},{column}"]').hover()
            expect(caption).to_have_text(said_by_python(4 * row + column))
        panel.locator('[data-point=image] [data-at="0,0"]').hover()
        expect(caption).to_contain_text(
            "Pixel row 0, column 0 is seen by one output value, row 0, column 0."
        )
        page.mouse.move(0, 0)
        expect(caption).not_to_contain_text("Pixel row")

        cell = panel.locator("[data-point=image] [data-at]")
        cell.nth(7).hover()
        page.mouse.down()
        cell.nth(6 * 4 + 4).hover()
        page.mouse.up()
        expect(caption).to_contain_text("row 3, column 3 (all counted from 0)")

        # The keys are the panel's, and what has the focus keeps it while the numbers change.
        cells = len(notebook.counts())
        output.focus()
        for key in ("ArrowUp", "ArrowLeft", "b", "d", "d"):
            page.keyboard.press(key)
        expect(caption).to_contain_text("row 2, column 2 (all counted from 0)")
        assert output.evaluate("table => table === document.activeElement")
        number = panel.get_by_role("textbox", name="kernel, row 0, column 0")
        number.fill("7")
        page.keyboard.press("Enter")
        expect(caption).to_contain_text("·7 ")
        page.keyboard.press("ArrowDown")
        expect(caption).to_contain_text("·6 ")
        assert number.evaluate("input => input === document.activeElement")
        assert len(notebook.counts()) == cells

        mistakes = page.locator(".cnn-explorer").nth(1)
        mistakes.locator('[data-point=matrix] [data-at="2,6"]').click()
        told = mistakes.locator(".cnn-caption").first
        expect(told).to_contain_text("Pullover → Shirt: ")
        page.keyboard.press("ArrowUp")
        expect(told).to_contain_text("Trouser → Shirt: ")
        page.keyboard.press("ArrowDown")
        first = told.inner_text()
        mistakes.locator("[data-point=images]").click(position={"x": 160, "y": 60})
        expect(mistakes.get_by_role("spinbutton", name="open picture")).to_have_value("2")
        expect(told).not_to_have_text(first)

        found = Axe().run(page, context=".cnn-explorer").response["violations"]
        assert [v["id"] for v in found if v["impact"] in SERIOUS] == []
        assert notebook.errors[before:] == [] and notebook.failures() == []


# 200 moves within two seconds; how many pictures come is up to the machine, which one is the last
# is not.
MOVES = """async table => {
  const cells = [...table.querySelectorAll('[data-at]')];
  for (let number = 0; number < 200; number++) {
    const box = cells[(7 * number) % 16].getBoundingClientRect();
    cells[0].dispatchEvent(new PointerEvent('pointermove', {
      bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2,
    }));
    await new Promise(resolve => setTimeout(resolve, 8));
  }
}"""


def test_however_fast_the_pointer_is_the_last_place_counts_and_nothing_queues_up(page, tmp_path):
    cells = ["from helpers import explorers", "explorers.Convolution(predict=False)"]
    write_notebook(tmp_path / "fast.ipynb", cells)
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "fast.ipynb")
        notebook.run_all()
        caption = page.locator(".cnn-caption")
        expect(caption).not_to_be_empty()
        page.locator("[data-point=output]").evaluate(MOVES)
        last = said_by_python((7 * 199) % 16)
        expect(caption).to_have_text(last, timeout=3000)
        page.wait_for_timeout(500)
        expect(caption).to_have_text(last)  # nothing was behind it
        assert notebook.errors == [] and notebook.failures() == []


def test_by_touch(chromium, tmp_path):
    write_notebook(tmp_path / "touch.ipynb", CELLS[:2])
    context = chromium.new_context(has_touch=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "touch.ipynb")
        notebook.run_all()
        caption = page.locator(".cnn-caption")
        page.locator('[data-point=image] [data-at="4,1"]').tap()
        expect(caption).to_contain_text("row 3, column 0 (all counted from 0)")
        page.locator('[data-point=output] [data-at="1,2"]').tap()
        expect(caption).to_contain_text("row 1, column 2 (all counted from 0)")
        assert notebook.errors == []
    context.close()


# How far the frame around a window is from the cells that are marked, in pixels.
OFF = """panel => {
  const cells = [...panel.querySelectorAll('[data-point=image] td.marked')]
    .map(cell => cell.getBoundingClientRect());
  const frame = panel.querySelector('.cnn-windows div').getBoundingClientRect();
  return Math.max(
    Math.abs(frame.left - Math.min(...cells.map(cell => cell.left))),
    Math.abs(frame.top - Math.min(...cells.map(cell => cell.top))),
    Math.abs(frame.right - Math.max(...cells.map(cell => cell.right))),
    Math.abs(frame.bottom - Math.max(...cells.map(cell => cell.bottom))));
}"""


@pytest.mark.parametrize(("motion", "seconds"), [("no-preference", "0.3s"), ("reduce", "0s")])
def test_the_window_glides_unless_motion_is_not_wanted(motion, seconds, page, tmp_path):
    page.emulate_media(reduced_motion=motion)
    write_notebook(tmp_path / "glide.ipynb", ["from helpers import explorers", CELLS[1]])
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "glide.ipynb")
        notebook.run_all()
        panel = page.locator(".cnn-explorer")
        frame = panel.locator(".cnn-windows div").first
        expect(frame).to_be_visible()
        expect(frame).to_have_css("transition-duration", re.compile(f"^{seconds}"))
        frame.evaluate("frame => { frame.dataset.same = 'yes' }")
        panel.get_by_role("button", name="play").click()
        expect(panel.locator(".cnn-caption")).to_contain_text("row 0, column 2")
        panel.get_by_role("button", name="pause").click()
        page.set_viewport_size({"width": 1100, "height": 900})
        page.wait_for_function(f"panel => ({OFF})(panel) < 1", arg=panel.element_handle())
        assert frame.get_attribute("data-same") == "yes", "the same frame moves"
        assert notebook.errors == [] and notebook.failures() == []
