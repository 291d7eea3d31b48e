"""A picture is dropped, pasted, cut by hand and painted over, or drawn, in a real browser."""

import base64
import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from helpers import pictures
from tests.browser.lab import (
    BOTH,
    LAB,
    Notebook,
    shared_jupyterlab,
    skip_without,
    write_notebook,
)

# A network that says the same of all pictures; the trained one is not the matter here.
SOURCE = """
import torch
from torch import nn
from helpers import explorers
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
nn.init.zeros_(model[1].weight)
explorers.OwnPicture(model, list("abcdefghij"))
"""
SERIOUS = ("serious", "critical")

# An event that brings files, as a drop or a paste does; whether the page took it.
BRING = """([kind, name, data]) => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  const carried = new DataTransfer();
  if (name) carried.items.add(new File([bytes], name, { type: 'image/png' }));
  else carried.setData('text/uri-list', 'https://example.org/');
  const options = { bubbles: true, cancelable: true };
  const event = kind === 'paste'
    ? new ClipboardEvent(kind, { ...options, clipboardData: carried })
    : new DragEvent(kind, { ...options, dataTransfer: carried });
  const target = kind === 'paste' ? document.activeElement
    : document.querySelector('.cnn-explorer .cnn-view');
  return !target.dispatchEvent(event);
}"""


def png(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "png")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    write_notebook(folder / "own.ipynb", [SOURCE])
    with shared_jupyterlab(folder) as address:
        yield address


def opened(page: Page, lab: str, place: str = LAB) -> tuple[Notebook, Locator, Locator]:
    notebook = Notebook(page, lab, "own.ipynb", place)
    notebook.run_all()
    panel = page.locator(".cnn-explorer")
    caption = panel.locator(".cnn-caption")
    expect(caption).to_contain_text("The drawn example")
    return notebook, panel, caption


def drag(page: Page, part: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Over shares of the part's width and height."""
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    (x, y), (to_x, to_y) = (
        (box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        for across, down in (start, end)
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(to_x, to_y, steps=4)
    page.mouse.up()


@pytest.mark.parametrize("place", BOTH)
def test_dropped_and_pasted(place, lab, page):
    skip_without(place)
    notebook, panel, caption = opened(page, lab, place)
    before, cells = len(notebook.errors), len(notebook.counts())
    picture = png(pictures.example().resize((90, 90)))
    assert page.evaluate(BRING, ["dragover", "dropped.png", picture])
    assert page.evaluate(BRING, ["drop", "dropped.png", picture])
    expect(caption).to_contain_text("Your picture dropped.png, 90×90 pixels.")
    panel.get_by_role("combobox", name="rotate").focus()
    assert page.evaluate(BRING, ["paste", "pasted.png", picture])
    expect(caption).to_contain_text("Your picture pasted.png, 90×90 pixels.")
    assert page.evaluate(BRING, ["drop", "text.png", base64.b64encode(b"text").decode()])
    expect(caption).to_contain_text("text.png cannot be read as a picture")
    assert page.evaluate(BRING, ["drop", "", ""])
    expect(panel.get_by_text("That is no file: save the picture first")).to_be_visible()
    assert len(notebook.counts()) == cells
    assert notebook.errors[before:] == [] and notebook.failures() == []


def test_pasted_with_the_button(lab, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    notebook, panel, caption = opened(page, lab)
    button = panel.get_by_role("button", name="paste")
    button.press("Enter")
    expect(panel.get_by_text("This page may not read the clipboard")).to_be_visible()
    expect(button).to_be_focused()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async data => {
            const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
            const picture = new Blob([bytes], { type: 'image/png' });
            await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
        }""",
        png(pictures.example().resize((90, 90))),
    )
    button.click()
    expect(caption).to_contain_text("Your picture clipboard.png, 90×90 pixels.")
    page.evaluate("() => navigator.clipboard.writeText('words')")
    button.click()
    expect(panel.get_by_text("The clipboard holds no picture")).to_be_visible()
    assert notebook.errors == [] and notebook.failures() == []
    context.close()


def test_cut_by_a_finger(lab, chromium):
    context = chromium.new_context(has_touch=True, viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    notebook, panel, caption = opened(page, lab)
    picture = panel.locator("[data-point=picture]")
    picture.scroll_into_view_if_needed()
    box, finger = picture.bounding_box(), context.new_cdp_session(page)

    def touch(kind: str, *shares: float) -> None:
        points = [
            {"x": box["x"] + share * box["width"], "y": box["y"] + share * box["height"]}
            for share in shares
        ]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.25)
    for step in range(6, 16):  # a page that scrolled would take the finger away
        touch("touchMove", step / 20)
    touch("touchEnd")
    expect(caption).to_contain_text("You cut 180×180 pixels out of it.")
    assert notebook.errors == [] and notebook.failures() == []
    context.close()


def test_cut_by_hand_painted_over_and_drawn(lab, page):
    notebook, panel, caption = opened(page, lab)
    picture = panel.locator("[data-point=picture]")
    drag(page, picture, (0.5, 0.01), (0.99, 0.5))
    expect(caption).to_contain_text("You cut 180×180 pixels out of it.")
    expect(picture).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(panel.get_by_label("left %")).to_have_value("48")
    page.keyboard.press("Enter")
    expect(caption).not_to_contain_text("You cut")
    left = panel.get_by_label("left %")
    left.fill("20")
    left.press("Enter")
    expect(caption).to_contain_text("You cut 288×360 pixels out of it.")
    panel.get_by_role("combobox", name="set upright").select_option("10° to the left")
    expect(caption).to_contain_text("turned by 10 degrees as you set")

    field = panel.get_by_role("application")
    panel.get_by_label("size").select_option("5")
    drag(page, field, (0.1, 0.9), (0.9, 0.9))
    expect(caption).to_contain_text("You painted over")
    panel.get_by_role("combobox", name="picture").select_option("your drawing")
    expect(caption).to_contain_text("The field is empty")
    panel.get_by_label("size").select_option("1")
    drag(page, field, (3.5 / 28, 3.5 / 28), (12.5 / 28, 3.5 / 28))
    expect(caption).to_contain_text("Your drawing: 10 of its 784 pixels are not black.")
    panel.get_by_role("combobox", name="picture").select_option("the example")
    expect(caption).to_contain_text("The drawn example")
    panel.get_by_role("combobox", name="picture").select_option("your drawing")
    expect(caption).to_contain_text("Your drawing: 10 of its 784 pixels are not black.")

    found = Axe().run(page, context=".cnn-explorer").response["violations"]
    assert [v["id"] for v in found if v["impact"] in SERIOUS] == []
    assert notebook.errors == [] and notebook.failures() == []
