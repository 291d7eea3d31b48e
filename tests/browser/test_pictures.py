"""A picture of ``plots`` on a page: its words are text, and a dark page has no white block."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.lab import (
    BOTH,
    Notebook,
    shared_jupyterlab,
    skip_without,
    write_notebook,
)

SHOWN = {
    "plots.curves({'training': [2, 1]})": "Loss over 2 epochs: training from 2.000 to 1.000.",
    "plots.show_image(torch.linspace(0, 1, 784).reshape(28, 28))": (
        "Image: 28×28 values from 0.000 to 1.000."
    ),
}


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L")).astype(float)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("place", BOTH)
def test_it_has_words_and_the_ground_of_its_page(place, dark, page, tmp_path):
    skip_without(place)
    write_notebook(tmp_path / "pictures.ipynb", ["import torch\nfrom helpers import plots", *SHOWN])
    with shared_jupyterlab(tmp_path, dark=dark) as address:
        notebook = Notebook(page, address, "pictures.ipynb", place)
        notebook.run_all()
        for said in SHOWN.values():
            image = page.get_by_role("img", name=said)
            expect(image).to_be_visible()
            figure = page.get_by_role("figure").filter(has=image)
            expect(figure.locator("figcaption")).to_have_text(said)

        drawn = pixels(base64.b64decode(image.get_attribute("src").split(",")[1]))
        shown = pixels(image.screenshot())
        assert drawn[:3].min() == 255
        assert shown[2:5].max() < 40 if dark else shown[2:5].min() > 240
        height, width = drawn.shape
        for rows in (slice(height // 4, height // 2), slice(height // 2, -height // 4)):
            part = np.s_[rows, width // 3 : -width // 3]
            assert shown[part].mean() == pytest.approx(drawn[part].mean(), abs=5)  # black is black

        page.set_viewport_size({"width": 640, "height": 500})  # as by a zoom of 200%
        for figure in page.get_by_role("figure").all():
            figure.scroll_into_view_if_needed()
            box, below = figure.bounding_box(), figure.locator("figcaption").bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 640
            assert below["height"] <= 500 and below["width"] <= box["width"]
