"""Layers and FeatureMaps answer to the pointer, the keys and a finger, above the fold."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from tests.browser.lab import Notebook, shared_jupyterlab, write_notebook
from tests.browser.panels import SETUP

CELLS = [SETUP, "explorers.Layers(model)", "explorers.FeatureMaps(model, few)"]
SMALL = {"width": 1366, "height": 768}  # of many a student's machine
SERIOUS = ("serious", "critical")

# The pixels of a panel's words and of the top of its picture, after it was scrolled to its
# beginning, and the lower edge of the room that the notebook has.
FOLD = """panel => {
  panel.scrollIntoView();
  const of = part => panel.querySelector(part).getBoundingClientRect();
  const room = panel.closest('.jp-WindowedPanel-outer').getBoundingClientRect();
  return {
    top: of('.cnn-caption').top - room.top, words: of('.cnn-caption').bottom - room.top,
    picture: of('.cnn-view').top - room.top, room: room.height,
  };
}"""


@pytest.fixture(scope="module", params=["pointer", "touch"])
def panels(request, chromium, tmp_path_factory):
    """The two panels in one notebook, for a pointer or for a finger."""
    folder, touch = tmp_path_factory.mktemp(request.param), request.param == "touch"
    write_notebook(folder / "inside.ipynb", CELLS)
    context = chromium.new_context(viewport=SMALL, has_touch=touch)
    page = context.new_page()
    with shared_jupyterlab(folder) as address:
        notebook = Notebook(page, address, "inside.ipynb")
        notebook.run_all()
        shown = page.locator(".cnn-explorer")
        expect(shown.nth(1).locator(".cnn-caption")).to_contain_text("feature maps")
        yield notebook, shown.nth(0), shown.nth(1), touch
        assert notebook.errors == [] and notebook.failures() == []
    context.close()


def reach(part: Locator, touch: bool, x: float = 0.5, y: float = 0.5) -> None:
    """Point at a place of ``part``, or put a finger there."""
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    place = {"x": x * box["width"], "y": y * box["height"]}
    if touch:
        part.tap(position=place, force=True)  # on what is drawn over it, too
    else:
        part.hover(position=place, force=True)


def said(panel: Locator) -> Locator:
    return panel.locator(".cnn-caption")


def test_layers(panels):
    notebook, panel, _, touch = panels
    reach(panel.locator('polygon[data-at="0,4"]').first, touch)
    expect(said(panel)).to_contain_text("Layer 4 of 12, conv_stack.3 (Conv2d)")
    expect(panel.get_by_role("combobox", name="layer")).to_have_value("4: conv_stack.3 (Conv2d)")
    large = panel.locator('image[data-at="1,4"]')
    for row, column in ((0, 0), (7, 3)):
        reach(large, touch, (column + 0.5) / 8, (row + 0.5) / 8)
        expect(said(panel)).to_contain_text(f"row {row}, column {column} is ")
        window = f"rows {2 * row} to {2 * row + 13}, columns {2 * column} to {2 * column + 13}"
        expect(said(panel)).to_contain_text(f"sees {window} of the image.")
    picture = panel.locator("svg[data-point=network]")
    cells = len(notebook.counts())
    picture.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(said(panel)).to_contain_text("row 7, column 4 is ")
    notebook.page.keyboard.press("Enter")
    notebook.page.keyboard.press("ArrowRight")
    expect(said(panel)).to_contain_text("Layer 5 of 12, conv_stack.4 (ReLU)")
    notebook.page.keyboard.press("b")
    assert picture.evaluate("part => part === document.activeElement")
    assert len(notebook.counts()) == cells


def test_feature_maps(panels):
    notebook, _, panel, touch = panels
    panel.get_by_role("combobox", name="layer").select_option("conv_stack.5 MaxPool2d")
    expect(said(panel)).to_contain_text("16 feature maps of 4×4")
    maps = panel.locator("svg[data-point=maps]")
    reach(maps.locator("rect.whole"), touch, 0.3, 0.2)
    expect(said(panel)).to_contain_text(", row 1, column ")
    expect(said(panel)).to_contain_text(", the largest of 4 values, of rows")
    expect(said(panel)).to_contain_text("makes; it sees rows")
    expect(panel.get_by_role("img", name="The way down to the image: conv_stack.5")).to_be_visible()
    maps.focus()
    for key, place in (("ArrowDown", "row 2, "), ("ArrowDown", "row 3, "), ("ArrowUp", "row 2, ")):
        notebook.page.keyboard.press(key)
        expect(said(panel)).to_contain_text(place)
    drawn = maps.locator("text").all_text_contents()
    notebook.page.keyboard.press("Enter")  # one map alone, with its number
    expect(maps.locator("text")).not_to_have_text(drawn)
    notebook.page.keyboard.press("Enter")
    expect(maps.locator("text")).to_have_text(drawn)
    assert maps.evaluate("part => part === document.activeElement")


def test_the_words_and_the_picture_are_above_the_fold(panels):
    _, *both, _ = panels
    for panel in both:
        fold = panel.evaluate(FOLD)
        assert fold["top"] >= 0 and fold["words"] <= fold["picture"] < fold["room"] / 2, fold


def test_nothing_serious_is_found_by_axe(panels):
    notebook, *_ = panels
    found = Axe().run(notebook.page, context=".cnn-explorer").response["violations"]
    assert [v["id"] for v in found if v["impact"] in SERIOUS] == []
