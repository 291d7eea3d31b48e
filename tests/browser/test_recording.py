"""The recording at the head of the README, made anew if ``CNN_COURSE_IMAGES`` names its folder."""

import io
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from authoring.facts import ROOT
from tests.browser.lab import Notebook, shared_jupyterlab, write_notebook
from tests.browser.panels import SETUP

NAME, WIDTH, COLOURS = "pointing.gif", 800, 96
FRAME = 125  # milliseconds
CELLS = [
    SETUP,
    "explorers.Convolution(predict=False)",
    "panel = explorers.Why(model, few)\npanel.paint.value = True\npanel",
]

# A pointer that is in the picture: a screenshot has none.
POINTER = """() => {
  const arrow = document.createElement('div');
  arrow.innerHTML = `<svg width="26" height="34" viewBox="0 0 13 17"><path
    fill="black" stroke="white" d="M1 1v12.5l3-2.7 2 4.7 2.2-1-2-4.5h4z"/></svg>`;
  arrow.style = 'position: fixed; left: 0; top: 0; z-index: 9999; pointer-events: none';
  document.body.append(arrow);
  window.addEventListener('pointermove', event => {
    arrow.style.translate = `${event.clientX}px ${event.clientY}px`;
  }, true);
}"""


def shot(page: Page, panel: Locator, frames: list[Image.Image]) -> None:
    """One more frame: the panel as it is now."""
    page.wait_for_timeout(150)  # of the panel's answer, which a recording may miss by a frame
    box = panel.bounding_box()
    picture = Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")
    height = round(WIDTH * picture.height / picture.width)
    frames.append(picture.resize((WIDTH, height), Image.Resampling.LANCZOS))


def line(start: tuple, end: tuple, steps: int) -> Iterator[tuple[float, float]]:
    """The places from ``start``, which is left out, to ``end``."""
    for step in range(1, steps + 1):
        yield tuple(a + (b - a) * step / steps for a, b in zip(start, end, strict=True))


def over_the_output(page: Page, panel: Locator, frames: list[Image.Image]) -> None:
    """Along each row of the output: window and sum follow."""
    boxes = [cell.bounding_box() for cell in panel.locator("[data-point=output] [data-at]").all()]
    places = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
    order = [0, 1, 2, 3, 7, 6, 5, 4, 8, 9, 10, 11, 15, 14, 13, 12]
    page.mouse.move(*places[0])
    for before, after in itertools.pairwise(order):
        for place in line(places[before], places[after], 2):
            page.mouse.move(*place)
            shot(page, panel, frames)
        row, column = divmod(after, 4)
        expect(panel.locator(".cnn-caption")).to_contain_text(f"row {row}, column {column}")


def paint_over(page: Page, panel: Locator, frames: list[Image.Image]) -> None:
    """A shaft is added to the boot, stroke by stroke: the probabilities move."""
    panel.get_by_label("size").select_option("5")
    box = panel.locator("canvas").bounding_box()

    def on_page(place: tuple[float, float]) -> tuple[float, float]:
        return box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"]

    strokes = [((0.9, 0.3), (0.1, 0.3)), ((0.1, 0.12), (0.9, 0.12)), ((0.25, 0.2), (0.25, 0.9))]
    for start, end in strokes:
        page.mouse.move(*on_page(start))
        page.mouse.down()
        for place in line(start, end, 12):
            page.mouse.move(*on_page(place))
            shot(page, panel, frames)
        page.mouse.up()
    expect(panel.locator(".cnn-caption")).to_contain_text("You painted over")


def saved(frames: list[Image.Image], path: Path) -> None:
    """All frames in one size and in few colours, which are the same in all."""
    height = max(frame.height for frame in frames)
    whole = []
    for frame in frames:
        sheet = Image.new("RGB", (WIDTH, height), "white")
        sheet.paste(frame)
        whole.append(sheet)
    some = Image.new("RGB", (WIDTH, height * 4))
    for number in range(4):
        some.paste(whole[number * (len(whole) - 1) // 3], (0, number * height))
    palette = some.quantize(COLOURS, Image.Quantize.FASTOCTREE)  # keeps rare colours
    plain = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in whole]
    path.parent.mkdir(parents=True, exist_ok=True)
    times = [FRAME] * (len(plain) - 1) + [12 * FRAME]
    plain[0].save(path, save_all=True, append_images=plain[1:], duration=times, loop=0)


@pytest.mark.skipif("CNN_COURSE_IMAGES" not in os.environ, reason="no folder for pictures is named")
def test_a_pointer_over_two_panels(chromium, tmp_path):
    write_notebook(tmp_path / "recording.ipynb", CELLS)
    page = chromium.new_page(viewport={"width": 1450, "height": 1200})
    frames: list[Image.Image] = []
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "recording.ipynb")
        notebook.run_all()
        page.evaluate(POINTER)
        for place, tour in enumerate([over_the_output, paint_over], start=1):
            panel = page.locator(".jp-CodeCell").nth(place).locator(".cnn-explorer")
            expect(panel.locator(".cnn-caption")).not_to_be_empty()
            panel.evaluate("panel => panel.scrollIntoView({ block: 'center' })")
            tour(page, panel, frames)
        assert notebook.errors == [] and notebook.failures() == []
    saved(frames, ROOT / os.environ["CNN_COURSE_IMAGES"] / NAME)
    page.close()
