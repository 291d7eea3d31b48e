"""A figure stands on the page as its PNG does, but on the page's own ground, with its letters."""

import base64
import io
import re

import numpy as np
import pytest
from matplotlib.patches import Circle
from PIL import Image

from helpers.explorers._base import png_of
from helpers.explorers._image_views import TITLE, frame, place_image, sheet, write
from helpers.explorers._pixel import BESIDE, SIDE, Pixel
from helpers.explorers._sheets import sheet_html
from helpers.explorers.feature_maps_panel import KERNELS, FeatureMaps
from helpers.explorers.mistakes_panel import Mistakes
from helpers.explorers.why_panel import Why
from helpers.plots.text import DPI
from tests.explorers.test_feature_maps_panel import small_data, small_net
from tests.explorers.test_pointing import point

NUMBER = r"(-?[\d.]+)"


def boxes(page: str, element: str) -> list[list[float]]:
    """Left, top, width and height of each such element."""
    box = rf"<{element}[^>]* x=\"{NUMBER}\" y=\"{NUMBER}\" width=\"{NUMBER}\" height=\"{NUMBER}\""
    return [[float(number) for number in found] for found in re.findall(box, page)]


@pytest.fixture
def figure():
    """Two inches high: an image of one inch at (1, 0.5), framed, and words."""
    return sheet(2.0)


def test_images_and_frames_stand_where_they_are_on_the_figure(figure):
    place_image(figure, small_data()[0][0], 1, 0.5, 1)
    frame(figure, 1, 0.5, 1, 1)
    page = sheet_html(figure, "an image")
    expected = pytest.approx([DPI, DPI / 2, DPI, DPI], abs=1)
    assert boxes(page, "image") == [expected]
    assert boxes(page, 'rect class="frame"') == [expected]


def test_letters_stand_where_they_are_and_take_the_colour_of_the_page(figure):
    write(figure, 1, 0.5, "one <b>\ntwo", va="top")
    write(figure, 3, 1.5, "grey", color="0.4")  # as matplotlib tells it
    page = sheet_html(figure, "words")
    texts = re.findall(
        rf'<text x="{NUMBER}" y="{NUMBER}" text-anchor="(\w+)" style="([^"]*)">([^<]*)<', page
    )
    first, second, grey = [(float(x), float(y), text) for x, y, _, _, text in texts]
    assert [first[2], second[2], grey[2]] == ["one &lt;b&gt;", "two", "grey"]
    assert first[0] == second[0] == DPI and grey[0] == 3 * DPI
    assert DPI / 2 < first[1] < second[1] < DPI  # below the top, one under the other
    assert ["; fill: #666666" in style for _, _, _, style, _ in texts] == [False, False, True]
    assert page.count("fill:") == 1


def test_axes_are_ink_below_the_images_and_the_figure_stays_as_it_was(figure):
    figure.add_axes((0.5, 0.2, 0.4, 0.6)).bar(range(3), [1, -1, 2])
    place_image(figure, small_data()[0][0], 1, 0.5, 1, "an image")
    whole = png_of(figure)
    page = sheet_html(figure, "bars")
    assert png_of(figure) == whole
    ink, image = re.findall(r'<image[^>]*href="data:image/png;base64,([^"]*)"', page)
    assert page.index("<image class=ink ") < page.index(ink) < page.index(image)
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(ink))).convert("L"))
    assert drawn.shape == (2 * DPI, 10 * DPI)
    assert (drawn[:, : 4 * DPI] == 255).all()  # no image, no words
    assert (drawn[:, 5 * DPI : 9 * DPI] < 128).sum() > 10_000  # the bars


def test_what_it_cannot_put_there_is_told_and_not_left_out(figure):
    figure.add_artist(Circle((0.5, 0.5), 0.1))
    with pytest.raises(TypeError, match="Circle"):
        sheet_html(figure, "a circle")


def kernels(model, data) -> FeatureMaps:
    panel = FeatureMaps(model, data)
    panel.show.value = KERNELS
    return panel


@pytest.mark.parametrize("make", [FeatureMaps, kernels, Why, Mistakes])
def test_no_panel_has_a_picture_with_a_ground_of_its_own(make):
    panel = make(small_net(), small_data())
    assert "<svg" in panel.view.value
    assert "<img" not in panel.view.value  # as PNG, a sheet is white on a dark page, too


def test_of_one_value_as_a_sum_the_place_is_pointed_at():
    model, data = small_net(), small_data()
    panel = Mistakes(model, data).pixel
    assert isinstance(panel, Pixel)
    _, tall, wide = panel._shape
    assert "<img" not in panel.view.value
    width, height = panel._places.get_size_inches()

    def over(row: int, column: int) -> str:

        x, y = BESIDE + (column + 0.5) * SIDE / wide, TITLE + (row + 0.5) * SIDE / wide
        return point(panel, "over", "places", x=x / width, y=y / height)

    for row, column in ((0, 0), (1, wide - 1), (tall - 1, 2)):
        assert f"Channel 0, row {row}, column {column} of" in over(row, column)
    before = panel.caption
    assert point(panel, "over", "places", x=0.02, y=0.5) == before  # the image has no values
    assert f"row {tall - 2}, column 2 of" in point(panel, "key", "places", row=-1)
    over(0, 0)
    assert "row 0, column 0 of" in point(panel, "key", "places", column=-1)  # stays inside
