"""The panels that are live on pages and slides: as in the notebook, by pointer, keys and finger."""

import functools
import random

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from authoring.website import live_panels
from helpers.explorers import Convolution, Pooling
from helpers.explorers._images_and_kernels import IMAGES, as_text
from tests.authoring.website.pages import NAMES, ROOT, WITH_OUTPUTS, cells_of, soup_of

CONVOLUTION, POOLING = (f"solutions/{name}.html" for name in NAMES[:2])
PAGES_WITH_PANELS = [
    f"{folder}/{n}.html" for folder in ("solutions", "notebooks") for n in NAMES[:2]
]
SLIDES_WITH_PANELS = [f"slides/{name}.html" for name in NAMES[:2]]

# What a panel shows of settings, or says against them.
LOOK = """([kind, all]) => all.map((settings) => {
    try {
        const {caption, html} = LOOKS[kind](settings);
        return [caption, html];
    } catch (error) {
        if (error instanceof Refused) return [error.message, null];
        throw error;
    }
})"""


def convolutions() -> list[dict]:
    """Settings of a convolution, most of them possible."""
    draw, made = random.Random(0), []
    weights = [-2, -1, -1 / 3, -0.25, 0, 1 / 9, 0.5, 1, 2]
    for _ in range(340):
        size, width = draw.choice([1, 2, 2, 3, 3, 4, 6]), draw.randint(4, 9)
        made.append(
            {
                "image": draw.choice(list(IMAGES)),
                "width": width,
                "weights": [draw.choices(weights, k=size) for _ in range(size)],
                "size": size,
                "stride": draw.choice([1, 1, 1, 2, 2, 3, 4, 0]),
                "padding": draw.choice([0, 0, 1, 2, 3]),
                "dilation": draw.choice([1, 1, 1, 2, 2, 3]),
                "bias": draw.choice([0, 0, 1, -2.5, 0.125, 1 / 3]),
                "place": draw.choice([0, 0, 1, 1, 2, 3, 8, 50]),
                "pixel": draw.choice([None, [draw.randrange(width), draw.randrange(width)]]),
            }
        )
    return made


def poolings() -> list[dict]:
    """Settings of pooling, most of them possible."""
    draw = random.Random(1)
    return [
        {
            "kind": draw.choice(["maximum", "average"]),
            "size": draw.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7]),
            "stride": draw.choice([1, 1, 1, 1, 2, 2, 2, 3, 4, 0]),
            "shift": draw.choice([True, False]),
            "place": draw.choice([0, 0, 0, 0, 1, 2, 3, 24]),
            "pixel": draw.choice([None, [draw.randrange(6), draw.randrange(6)]]),
        }
        for _ in range(340)
    ]


def python_says(panel, settings: dict, names: dict) -> list:
    """What a panel of the notebook shows of settings; ``names``: how it calls them."""
    panel.place.value = -1  # so that each setting draws
    panel._pixel = settings["pixel"] and tuple(settings["pixel"])
    for ours, theirs in names.items():
        value = settings[ours]
        getattr(panel, theirs).value = as_text(value) if ours == "weights" else value
    panel.place.value = settings["place"]
    refused = "cnn-former" in panel.view.value
    return [panel.caption, None if refused else panel.view.value]


@functools.cache
def cases(kind: str) -> tuple[list[dict], list]:
    """Settings of a panel, and what Python shows of each."""
    if kind == "convolution":
        panel, all_settings = Convolution(predict=False), convolutions()
        same = ("image", "width", "stride", "padding", "dilation", "bias")
        names = {**{name: name for name in same}, "size": "kernel_size", "weights": "values"}
    else:
        panel, all_settings = Pooling(), poolings()
        names = {"kind": "kind", "size": "kernel_size", "stride": "stride", "shift": "shift"}
    return all_settings, [python_says(panel, settings, names) for settings in all_settings]


@pytest.mark.parametrize(("kind", "page"), [("convolution", CONVOLUTION), ("pooling", POOLING)])
def test_a_panel_shows_and_says_what_python_does(opened, kind, page):
    all_settings, expected = cases(kind)
    found = opened(page).evaluate(LOOK, [kind, all_settings])
    for settings, one, other in zip(all_settings, found, expected, strict=True):
        assert one == other, settings
    assert 200 <= len([html for _, html in found if html]) < 340  # some are refused


# --- in a page ---------------------------------------------------------------------------------


def panel_of(tab):
    """The live panel of a page, in view."""
    panel = tab.get_by_role("group", name="panel")
    panel.scroll_into_view_if_needed()
    return panel


def cell_of(panel, name: str, row: int, column: int):
    """A cell of the grid that is pointed at by ``name``."""
    return panel.locator(f"[data-point={name}] [data-at='{row},{column}']")


def test_its_controls_lead_to_what_python_shows(opened):
    panel, python = panel_of(opened(CONVOLUTION)), Convolution(predict=False)
    words = panel.get_by_role("status")
    for name, trait, value in (
        ("padding", "padding", 1), ("stride", "stride", 2), ("dilation", "dilation", 2),
        ("image width", "width", 8), ("bias", "bias", -2.5), ("kernel size", "kernel_size", 2),
        ("output value", "place", 99), ("output value", "place", 3),
        ("stride", "stride", 4), ("stride", "stride", 0), ("stride", "stride", 1),
    ):  # fmt: skip
        getattr(python, trait).value = value
        panel.get_by_role("spinbutton", name=name, exact=True).fill(str(value))
        expect(words).to_have_text(python.caption)
    for name in ("mean", "own values", "copy"):
        python.kernel.value = name
        panel.get_by_role("combobox", name="kernel", exact=True).select_option(name)
        expect(words).to_have_text(python.caption)
    python.values.value = "0 1/3; 0 1"
    weight = panel.get_by_label("kernel, row 0, column 1")
    weight.fill("1/3")
    weight.press("Enter")
    expect(words).to_have_text(python.caption)
    python.kernel_size.value = 3
    panel.get_by_role("spinbutton", name="kernel size").fill("3")
    expect(words).to_have_text(python.caption)
    weight.fill("x")
    weight.press("Enter")
    expect(words).to_have_text("A kernel value is one number, such as -1 or 1/3, not 'x'.")


def test_the_controls_of_pooling_lead_to_what_python_shows(opened):
    panel, python = panel_of(opened(POOLING)), Pooling()
    words, stride = panel.get_by_role("status"), panel.get_by_role("spinbutton", name="stride")
    same = panel.get_by_role("checkbox", name="stride = kernel size")
    python.kernel_size.value = 3
    panel.get_by_role("spinbutton", name="kernel size").fill("3")
    expect(words).to_have_text(python.caption)
    expect(stride).to_have_value("3")
    python.stride.value = 1
    stride.fill("1")
    expect(words).to_have_text(python.caption)
    expect(same).not_to_be_checked()
    same.check()
    expect(stride).to_have_value("3")
    python.same.value, python.shift.value, python.kind.value = True, True, "average"
    panel.get_by_role("checkbox", name="shift the image by one pixel").check()
    panel.get_by_role("combobox", name="pooling").select_option("average")
    expect(words).to_have_text(python.caption)


def test_a_pointer_moves_the_window_and_lights_up_what_sees_a_pixel(opened):
    panel = panel_of(opened(CONVOLUTION))
    words, marked = panel.get_by_role("status"), panel.locator("[data-point=image] .marked")
    cell_of(panel, "output", 2, 1).hover()
    expect(words).to_contain_text("Output value 9, row 2, column 1")
    expect(marked).to_have_count(9)
    expect(marked.first).to_have_attribute("data-at", "2,1")
    cell_of(panel, "image", 1, 1).hover()
    expect(panel.locator(".seeing")).to_have_count(4)
    expect(words).to_contain_text("Pixel row 1, column 1 is seen by 4 output values: rows 0 to 1")
    cell_of(panel, "image", 5, 5).click()
    expect(words).to_contain_text("row 3, column 3")
    panel.get_by_label("stride", exact=True).hover()
    expect(panel.locator(".seeing")).to_have_count(0)


@pytest.mark.parametrize("page", [CONVOLUTION, POOLING])
def test_arrow_keys_move_the_window(opened, page):
    panel = panel_of(opened(page))
    words = panel.get_by_role("status")
    panel.locator("[data-point=output]").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        panel.page.keyboard.press(key)
    expect(words).to_contain_text("row 1, column 0")
    panel.get_by_role("button", name="back").press("Enter")
    expect(words).to_contain_text("row 0, column")


def test_a_finger_moves_the_window(chromium, site):
    context = chromium.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}
    )
    try:
        tab = context.new_page()
        tab.goto((site / CONVOLUTION).as_uri())
        panel = panel_of(tab)
        cell_of(panel, "output", 3, 2).tap()
        expect(panel.get_by_role("status")).to_contain_text("row 3, column 2")
        panel.get_by_label("padding").fill("6")
        expect(panel.locator("[data-point=image] tr")).to_have_count(18)
        assert tab.evaluate("() => document.documentElement.scrollWidth") <= 390
    finally:
        context.close()


def test_play_moves_the_window_to_its_end_and_stands_still_where_motion_is_unwanted(opened):
    tab = opened(POOLING)
    panel = panel_of(tab)
    panel.get_by_label("output value").fill("6")
    panel.get_by_role("button", name="play").click()
    expect(panel.get_by_role("button", name="pause")).to_be_visible()
    expect(panel.get_by_label("output value")).to_have_value("8")
    expect(panel.get_by_role("button", name="play")).to_be_visible()
    panel.get_by_role("button", name="play").click()
    tab.emulate_media(reduced_motion="reduce")
    try:
        expect(panel.get_by_role("button", name="pause")).to_have_count(0)
        expect(panel.get_by_role("button", name="play")).to_have_count(0)
    finally:
        tab.emulate_media(reduced_motion="no-preference")


@pytest.mark.parametrize("page", [*PAGES_WITH_PANELS, *SLIDES_WITH_PANELS])
def test_axe_finds_nothing_in_a_panel(opened, page):
    tab = opened(page)
    if page in SLIDES_WITH_PANELS:
        shown_on_slide(tab)
    cell_of(panel_of(tab), "image", 2, 2).hover()
    expect(tab.locator(".seeing").first).to_be_visible()
    found = Axe().run(tab, context="[data-panel]", options={"preload": False})
    assert found.violations_count == 0, found.generate_report()


# --- on slides ---------------------------------------------------------------------------------


def shown_on_slide(tab):
    """The panel of a deck, on its slide."""
    tab.wait_for_function("() => window.Reveal?.isReady()")
    tab.evaluate(
        """() => {
            const slide = document.querySelector("[data-panel]").closest("section");
            const {h, v} = Reveal.getIndices(slide);
            Reveal.slide(h, v, 99);
        }"""
    )
    panel = tab.get_by_role("group", name="panel")
    expect(panel).to_be_visible()
    return panel


@pytest.mark.parametrize("page", SLIDES_WITH_PANELS)
def test_keys_in_a_panel_leave_the_slide_and_a_remote_control_does_not(opened, page):
    tab = opened(page)
    panel = shown_on_slide(tab)
    place = tab.evaluate("() => Reveal.getState()")
    panel.locator("[data-point=output]").focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    expect(panel.get_by_role("status")).to_contain_text("row 1, column 1")
    panel.get_by_role("button", name="step").press("Space")
    expect(panel.get_by_role("status")).to_contain_text("row 1, column 2")
    assert tab.evaluate("() => Reveal.getState()") == place
    tab.keyboard.press("Escape")
    assert tab.evaluate("() => Reveal.getState()") == place
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("before => Reveal.getIndices().h > before", arg=place["indexh"])
    shown_on_slide(tab)
    panel.get_by_role("button", name="step").focus()
    tab.keyboard.press("PageDown")
    expect(panel).not_to_be_visible()


def test_a_panel_that_grows_still_fits_its_slide(opened):
    tab = opened(SLIDES_WITH_PANELS[0], 1280, 720)
    panel = shown_on_slide(tab)
    for name, value in (("padding", "3"), ("image width", "12"), ("kernel size", "5")):
        panel.get_by_label(name, exact=True).fill(value)
    expect(panel.locator("[data-point=image] tr")).to_have_count(18)
    tab.wait_for_function(
        """() => {
            const slide = Reveal.getCurrentSlide();
            const edge = slide.getBoundingClientRect();
            return [...slide.querySelectorAll(".panel *")].every((part) => {
                const box = part.getBoundingClientRect();
                return box.right <= edge.right + 1 && box.bottom <= edge.bottom + 1;
            });
        }"""
    )


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("page", SLIDES_WITH_PANELS)
def test_the_frame_lies_around_the_window_however_a_slide_is_scaled(opened, page, size):
    tab = opened(page, *size)
    panel = shown_on_slide(tab)
    panel.get_by_role("button", name="step").click()
    tab.wait_for_function(
        """panel => {
            const frame = panel.querySelector(".cnn-windows div").getBoundingClientRect();
            const cells = [...panel.querySelectorAll("[data-point=image] td.marked")]
                .map((cell) => cell.getBoundingClientRect());
            return Math.abs(frame.left - cells[0].left) < 2
                && Math.abs(frame.top - cells[0].top) < 2
                && Math.abs(frame.right - cells.at(-1).right) < 2
                && Math.abs(frame.bottom - cells.at(-1).bottom) < 2;
        }""",
        arg=panel.element_handle(),
    )


# --- where there is no script, and the other panels --------------------------------------------


@pytest.mark.parametrize("page", PAGES_WITH_PANELS)
def test_without_a_script_the_still_remains(chromium, site, page):
    context = chromium.new_context(java_script_enabled=False)
    try:
        tab = context.new_page()
        tab.goto((site / page).as_uri())
        expect(tab.locator("[data-panel] figure img")).to_be_visible()
        expect(tab.locator("[data-panel] button")).to_have_count(0)
    finally:
        context.close()


@pytest.mark.parametrize("page", PAGES_WITH_PANELS)
def test_with_a_script_the_panel_takes_its_place(opened, page):
    panel = panel_of(opened(page))
    expect(panel.locator("figure")).to_have_count(0)
    expect(panel.locator("table").first).to_be_visible()


@pytest.mark.parametrize("page", WITH_OUTPUTS)
def test_every_panel_is_live_or_leads_to_where_it_is(site, page):
    soup = soup_of(site / page)
    shown = [
        cell
        for cell in cells_of(page)
        if cell.cell_type == "code" and live_panels.SHOWN.search(cell.source) and cell.outputs
    ]
    notes = soup.select(".jp-Cell p.note, section p.note")
    assert len(notes) == len(shown)
    for note in notes:
        assert note.find_parent(attrs={"data-panel": True}) or note.a["href"].endswith(".html")


def test_a_repository_is_named_where_a_panel_is_live():
    made = live_panels.panel("<figure></figure>", "Layers", "03_full_cnn", "ada/cnn")
    links = [link["href"] for link in BeautifulSoup(made, "html.parser").find_all("a")]
    assert len(links) == 3
    readme = (ROOT / "README.md").read_text().replace("OWNER/cnn-course", "ada/cnn")
    for link in links[1:]:  # the same places to which the README leads
        assert link.replace("03_full_cnn", "01_convolution_layers") in readme
