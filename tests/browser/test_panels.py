"""Every panel in JupyterLab, in a real browser, from the keyboard alone.

With ``CNN_COURSE_IMAGES`` set to a folder, the pictures of the panels for the README are put there.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from authoring.facts import ROOT
from helpers.explorers._image_views import sheet, write
from helpers.explorers._page import PAGE
from helpers.explorers._sheets import sheet_html
from tests.browser.lab import Notebook, shared_jupyterlab, write_notebook
from tests.browser.panels import PANELS, SETUP

VIEWPORT = {"width": 1280, "height": 1000}


def press(panel: Locator, role: str, name: str, keys: str) -> None:
    """Operate one control from the keyboard: by the name of a key, or by typing text into it."""
    control = panel.get_by_role(role, name=name, exact=True).first
    expect(control).to_be_enabled()  # a step is, once the kernel has heard of the prediction
    control.focus()
    keyboard = panel.page.keyboard
    if role == "combobox":  # a list that is opened takes the letters of an option
        keyboard.press("Space")
        keyboard.type(keys)
        keyboard.press("Enter")
    elif role in ("button", "checkbox"):
        keyboard.press(keys)
    else:
        keyboard.press("ControlOrMeta+A")
        keyboard.type(keys)
        keyboard.press("Enter")


@pytest.fixture(scope="module", params=["light", "dark"])
def notebook(request, chromium, tmp_path_factory):
    """A notebook with a cell for each panel, none of them run yet, and the name of its theme."""
    folder, theme = tmp_path_factory.mktemp(request.param), request.param
    sources = [SETUP, *(source for source, _, _ in PANELS.values())]
    write_notebook(folder / "panels.ipynb", sources)
    with shared_jupyterlab(folder, dark=theme == "dark") as address:
        page = chromium.new_page(viewport=VIEWPORT)
        opened = Notebook(page, address, "panels.ipynb")
        opened.run_next()
        yield opened, theme
        page.close()


# What has a light ground of its own: a lamp on a dark page. The slider's handle is ipywidgets'.
LIGHT = """panel => [...panel.querySelectorAll(':not([class*=noUi])')].filter(part => {
  const said = getComputedStyle(part).backgroundColor, whole = said.startsWith('color(') ? 1 : 255;
  const [red, green, blue, alpha = 1] = said.match(/[\\d.]+/g).map(Number);
  return alpha > 0.5 && red + green + blue > 2 * whole;
}).map(part => part.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_in_a_browser(name, notebook):
    notebook, theme = notebook
    page, place = notebook.page, 1 + list(PANELS).index(name)
    page.set_viewport_size(VIEWPORT)
    notebook.choose(place)
    notebook.run_next()
    assert notebook.failures() == []
    cell = page.locator(".jp-CodeCell").nth(place)
    panel = cell.locator(".cnn-explorer").first
    caption = panel.locator(".cnn-caption").first
    expect(caption).not_to_be_empty()
    _, keys, said = PANELS[name]
    before = caption.inner_text()
    for role, control, pressed in keys:
        press(panel, role, control, pressed)
    expect(caption).to_contain_text(said)
    assert caption.inner_text() != before
    here = f".jp-Cell:nth-child({place + 1} of .jp-Cell) .cnn-explorer"
    assert page.evaluate("here => document.querySelectorAll(here).length", here) >= 1
    found = Axe().run(page, context=here).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    if theme == "dark":
        assert panel.evaluate(LIGHT) == []
    assert notebook.errors == []
    if folder := os.environ.get("CNN_COURSE_IMAGES"):
        page.mouse.move(0, 0)
        page.set_viewport_size({"width": 1280, "height": 2400})  # the tallest panel, all of it
        (ROOT / folder).mkdir(parents=True, exist_ok=True)
        panel.screenshot(path=Path(ROOT / folder) / f"{name.lower()}-{theme}.png")


def test_a_lecture_is_read_in_the_last_row(chromium, tmp_path):
    """At 1080p all that a panel says has at least 18 pt, and what is secondary is hidden."""
    source = "panel = explorers.Convolution()\npanel"
    write_notebook(tmp_path / "lecture.ipynb", [SETUP, source, "explorers.lecture()"])
    page = chromium.new_page(viewport={"width": 1920, "height": 1080})
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "lecture.ipynb")
        notebook.run_all()
        panel = page.locator(".cnn-explorer.cnn-lecture")
        expect(panel).to_be_visible()
        expect(panel.locator(".cnn-secondary")).to_be_hidden()
        sizes = panel.evaluate(
            """panel => [...panel.querySelectorAll(
                'label, input, select, button, td, .cnn-caption')]
                .filter(part => part.checkVisibility() && part.type !== 'checkbox')
                .map(part => parseFloat(getComputedStyle(part).fontSize))"""
        )
        assert len(sizes) > 20
        assert min(sizes) >= LEGIBLE
    page.close()


SIZE = "part => parseFloat(getComputedStyle(part).fontSize)"
LEGIBLE = 18 * 96 / 72  # CSS: 96 pixels are 72 points


def test_a_lecture_is_the_whole_page_and_its_panels_fit_a_screen(chromium, tmp_path):
    outcome = "from helpers import checks\nchecks.conv_layer(torch.nn.Conv2d(1, 8, 5))"
    painted = "panel = explorers.Why(model, few)\npanel.paint.value = True\npanel"
    panels = ["explorers.FeatureMaps(model, few)", "explorers.Mistakes(model, few)", painted]
    shown = [*panels, outcome]
    cells = [f"{SETUP}\nexplorers.lecture()", "print('words')", *shown, "explorers.lecture(False)"]
    write_notebook(tmp_path / "page.ipynb", cells)
    page = chromium.new_page(viewport={"width": 1920, "height": 1080})
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "page.ipynb")
        parts = [page.locator(".jp-Cell .cm-content").first, page.get_by_text("words").last]
        usual = [part.evaluate(SIZE) for part in parts[:1]]
        for _ in cells[:-1]:
            notebook.run_next()
        parts.append(page.locator(".cnn-outcome"))
        for part in parts:
            expect(part).to_be_visible()
            assert part.evaluate(SIZE) >= LEGIBLE
        room = page.locator(".jp-Notebook .jp-WindowedPanel-outer").bounding_box()["height"]
        made = page.locator(".cnn-explorer:not(.cnn-explorer .cnn-explorer)")
        expect(made).to_have_count(len(panels))
        for panel in made.all():
            assert panel.bounding_box()["height"] <= room
        notebook.run_next()
        expect(page.get_by_text("words").last).not_to_have_css("font-size", "24px")
        assert [part.evaluate(SIZE) for part in parts[:1]] == usual
    page.close()


@pytest.mark.parametrize("ink", ["rgb(250, 250, 250)", "rgb(20, 20, 20)"])
def test_letters_have_the_colour_of_a_page_that_is_not_of_jupyterlab(ink, page):
    figure = sheet(1.0)
    write(figure, 1, 0.5, "words")
    bars = '<div class="cnn-bars"><div><b>a bar</b></div></div>'
    text = f"{PAGE}<div class=cnn-explorer>{sheet_html(figure, 'words')}{bars}</div>"
    page.set_content(f'<body style="color: {ink}">{text}</body>')
    shown = "(part, name) => getComputedStyle(part)[name]"
    assert page.locator("svg text").evaluate(shown, "fill") == ink
    assert page.locator(".cnn-bars b").evaluate(shown, "borderLeftColor") == ink
