"""One paints on a field with the pointer, the keys or a finger; what the network says follows."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import (
    BOTH,
    LAB,
    Notebook,
    shared_jupyterlab,
    skip_without,
    write_notebook,
)

# Says in percent how bright the image is, and is quick; the trained network is not the matter here.
SETUP = """
import torch
from torch import nn
from helpers import datasets, explorers
class Brightness(nn.Module):
    def forward(self, x):
        bright = x.mean(dim=(1, 2, 3))
        return torch.stack([bright, 1 - bright], dim=1).log()
class Dark(torch.utils.data.Dataset):
    classes, images, labels = ["bright", "dark"], torch.zeros(2, 1, 28, 28), torch.tensor([1, 1])
    def __len__(self):
        return 2
    def __getitem__(self, place):
        return self.images[place], self.labels[place]
"""
CELLS = {"why": [SETUP, "panel = explorers.Why(Brightness(), Dark())\npanel"]}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("painting")
    for name, cells in CELLS.items():
        write_notebook(folder / f"{name}.ipynb", cells)
    with shared_jupyterlab(folder) as address:
        yield address


def opened(page: Page, lab: str, place: str = LAB) -> tuple[Notebook, Locator, Locator]:
    """The notebook, its panel, and the panel's caption, with the field laid out."""
    notebook = Notebook(page, lab, "why.ipynb", place)
    notebook.run_all()
    panel = page.locator(".jp-Cell .cnn-explorer")
    panel.get_by_role("checkbox", name="paint over the image").click()
    expect(panel.locator("canvas")).to_be_visible()
    caption = panel.locator(".cnn-caption")
    expect(caption).to_contain_text("Paint on the image: ")
    return notebook, panel, caption


def at(field: Locator, row: int, column: int) -> tuple[float, float]:
    """Where on the page the middle of a pixel of the field is."""
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    return (
        box["x"] + box["width"] * (column + 0.5) / 28,
        box["y"] + box["height"] * (row + 0.5) / 28,
    )


@pytest.mark.parametrize("place", BOTH)
def test_by_pointer_and_by_keys(place, lab, page):
    skip_without(place)
    notebook, panel, caption = opened(page, lab, place)
    before = len(notebook.errors)  # Notebook 7 has some of its own when it starts
    cells = len(notebook.counts())
    field = panel.get_by_role("application")
    panel.get_by_label("size").select_option("1")

    page.mouse.move(*at(field, 3, 2))
    page.mouse.down()
    page.mouse.move(*at(field, 3, 11), steps=5)
    expect(caption).to_contain_text(
        "You painted over 10 of its 784 pixels"
    )  # while the pen is down
    page.mouse.move(*at(field, 7, 11), steps=5)
    page.mouse.up()
    expect(caption).to_contain_text("You painted over 14 of its 784 pixels")
    expect(panel.locator(".cnn-bars")).to_contain_text("1.8%")  # 14 of 784
    expect(field).to_be_focused()

    # The keys are the field's: of the notebook, none does anything.
    for key in ("ArrowDown", "ArrowDown", "Space", "b", "d", "d", "z", "Shift+Enter"):
        page.keyboard.press(key)
    expect(panel.get_by_text("row 9, column 11: 255 of 255")).to_be_visible()
    expect(caption).to_contain_text("You painted over 15 of its 784 pixels")
    page.keyboard.down("Space")  # and while it is held, each step paints
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.up("Space")
    expect(caption).to_contain_text("You painted over 18 of its 784 pixels")
    expect(field).to_be_focused()
    assert len(notebook.counts()) == cells

    page.keyboard.press("ControlOrMeta+z")
    expect(caption).to_contain_text("You painted over 15 of its 784 pixels")
    panel.get_by_role("button", name="undo").click()
    expect(caption).to_contain_text("You painted over 14 of its 784 pixels")
    panel.get_by_role("button", name="start again").click()
    expect(caption).to_contain_text("Paint on the image: ")
    panel.get_by_role("button", name="undo").press("Enter")  # that, too
    expect(caption).to_contain_text("You painted over 14 of its 784 pixels")

    panel.get_by_label("brush").select_option("0")
    panel.get_by_label("size").select_option("5")
    page.mouse.move(*at(field, 3, 2))
    page.mouse.down()
    page.mouse.move(*at(field, 3, 11), steps=3)
    page.mouse.move(*at(field, 9, 11), steps=3)
    page.mouse.up()
    expect(caption).to_contain_text("Paint on the image: ")  # nothing is left of it

    found = Axe().run(page, context=".cnn-explorer").response["violations"]
    assert [v["id"] for v in found if v["impact"] in SERIOUS] == []
    assert notebook.errors[before:] == [] and notebook.failures() == []


# 200 moves within two seconds; returns how many pixels are painted then.
MOVES = """async canvas => {
  const box = canvas.getBoundingClientRect();
  const send = (kind, row, column) => canvas.dispatchEvent(new PointerEvent(kind, {
    bubbles: true, pointerId: 1, clientX: box.x + box.width * (column + 0.5) / 28,
    clientY: box.y + box.height * (row + 0.5) / 28,
  }));
  canvas.setPointerCapture = () => {}; // there is no such pointer
  send('pointerdown', 0, 0);
  for (let number = 1; number <= 200; number++) {
    send('pointermove', Math.floor(number / 8), (5 * number) % 28);
    await new Promise(resolve => setTimeout(resolve, 8));
  }
  send('pointerup', 25, 20);
  const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const middle = place => Math.round((place + 0.5) * width / 28);
  let painted = 0;
  for (let place = 0; place < 784; place++)
    painted += data[4 * (middle(Math.floor(place / 28)) * width + middle(place % 28))] > 0;
  return painted;
}"""


def test_however_fast_one_paints_the_last_field_counts_and_nothing_queues_up(lab, page):
    notebook, panel, caption = opened(page, lab)
    panel.get_by_label("size").select_option("1")
    painted = panel.get_by_role("application").evaluate(MOVES)
    assert painted > 200
    said = f"You painted over {painted} of its 784 pixels"
    expect(caption).to_contain_text(said, timeout=3000)
    page.wait_for_timeout(500)
    expect(caption).to_contain_text(said)  # nothing was behind it
    assert notebook.errors == [] and notebook.failures() == []


def test_by_touch(lab, chromium):
    context = chromium.new_context(has_touch=True, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    notebook, panel, caption = opened(page, lab)
    panel.get_by_label("size").select_option("1")
    field = panel.get_by_role("application")
    finger = context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[int, int]) -> None:
        points = [dict(zip("xy", at(field, *place), strict=True)) for place in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (4, 4))
    for row in range(5, 15):  # a page that scrolled would take the finger away
        touch("touchMove", (row, 4))
    touch("touchEnd")
    expect(caption).to_contain_text("You painted over 11 of its 784 pixels")
    assert notebook.errors == [] and notebook.failures() == []
    context.close()


def test_two_views_of_a_panel_show_the_same_field(lab, page):
    _, panel, caption = opened(page, lab)
    page.mouse.click(*at(panel.get_by_role("application"), 5, 5))
    expect(caption).to_contain_text("You painted over")
    said = caption.text_content()
    page.evaluate("() => jupyterapp.commands.execute('notebook:create-output-view')")
    other = page.locator(".jp-LinkedOutputView .cnn-explorer")
    expect(other.locator(".cnn-caption")).to_have_text(said)
    page.mouse.click(*at(other.get_by_role("application"), 15, 15))
    expect(caption).not_to_have_text(said)
    page.wait_for_function(
        "() => new Set([...document.querySelectorAll('.cnn-field canvas')]"
        ".map(canvas => canvas.toDataURL())).size === 1"
    )
