"""What is pointed at is shown and said; what is done there is what the controls would do."""

import itertools

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from torch import nn

from helpers import inspection
from helpers.datasets import ImageDataset
from helpers.explorers._image_views import WIDTH
from helpers.explorers.convolution_panel import Convolution
from helpers.explorers.feature_maps_panel import FeatureMaps
from helpers.explorers.mistakes_panel import COLUMNS, PICTURES, WHY, Mistakes, rank_at
from helpers.explorers.pooling_panel import Pooling
from helpers.explorers.why_panel import Why
from tests.explorers.test_feature_maps_panel import check_bundle, small_data, small_net

numbers = itertools.count(1)


def point(panel, kind: str, name: str, row=0, column=0, **more) -> str:
    """As the page does; returns the caption. The page waits until its number is answered."""
    number = next(numbers)
    panel.view.pointed = {
        "number": number, "kind": kind, "name": name, "row": row, "column": column, **more,
    }  # fmt: skip
    assert panel.view.answered == number
    return panel.caption


@pytest.fixture
def panel():
    return Convolution(predict=False)


@pytest.mark.parametrize(
    ("make", "at"),
    [
        (lambda: Convolution(predict=False), {"name": "output", "row": 2, "column": 1}),
        (Pooling, {"name": "output", "row": 1, "column": 1}),
        (lambda: FeatureMaps(small_net(), small_data()), {"name": "maps", "x": 0.55, "y": 0.3}),
    ],
)
def test_view_and_answer_are_one_message_and_what_the_page_said_is_no_other(make, at, monkeypatch):
    panel, sent = make(), []
    before = panel.view.value
    monkeypatch.setattr(type(panel.view), "_send", lambda _, data, **more: sent.append(data))
    number = next(numbers)
    page = {"pointed": {"number": number, "kind": "over", **at}}
    panel.view._handle_msg(
        {
            "content": {"data": {"method": "update", "state": page, "buffer_paths": []}},
            "buffers": [],
        }
    )
    assert panel.view.value != before
    states = [data["state"] for data in sent]
    assert states == [{"value": panel.view.value, "answered": number}]


def test_a_still_is_drawn_only_where_it_is_asked_for(monkeypatch):
    drawn, draw = [], FigureCanvasAgg.print_png
    monkeypatch.setattr(
        FigureCanvasAgg, "print_png", lambda *args, **more: drawn.append(1) or draw(*args, **more)
    )
    panels = [kind(small_net(), small_data()) for kind in (FeatureMaps, Why)]
    panels[0].show.value = "kernels"
    point(panels[1], "over", "")
    assert drawn == []
    assert all(panel.still().startswith(b"\x89PNG") for panel in panels)
    assert drawn


def test_over_an_output_value_its_window_lights_up(panel):
    for row, column in ((2, 1), (0, 3), (3, 0)):
        caption = point(panel, "over", "output", row, column)
        assert f"Output value {4 * row + column}, row {row}, column {column} (all" in caption
        assert panel._grids[0].marked == {(row + i, column + j) for i in range(3) for j in range(3)}


def test_the_products_stand_as_a_grid_and_add_up(panel):
    point(panel, "over", "output", 1, 2)
    products = panel._grids[2]
    values = [float(text.replace("−", "-")) for row in products.rows for text in row]
    assert products.title == "their products" and len(values) == 9
    assert float(panel._grids[3].rows[1][2].replace("−", "-")) == sum(values)
    panel.bias.value = 5
    assert panel._grids[2].sign == "sum + 5 ="


def test_of_several_channels_each_has_its_products_in_its_row(panel):
    panel.channels.value, panel.bias.value = 3, 2
    point(panel, "over", "output", 2, 1)
    *several, output = panel._grids
    assert [grid.title for grid in several[2::3]] == ["their products"] * 3
    assert [grid.sign for grid in several[2::3]] == ["sum +", "sum +", "sum + 2 ="]
    texts = [text for grid in several[2::3] for row in grid.rows for text in row]
    total = sum(float(text.replace("−", "-")) for text in texts)
    assert float(output.rows[2][1].replace("−", "-")) == total + 2
    assert [row.count("their products") for row in rows_of(panel.view.value)] == [1, 1, 1]


def rows_of(page: str) -> list[str]:
    """The rows of grids that stand one below the other."""
    return page.split('<div class="cnn-grids">')[2:]  # the first is around them all


def test_also_of_a_value_inside_a_network_each_map_has_its_window_and_weights_in_a_row():
    images = torch.randint(0, 255, (4, 3, 9, 9), dtype=torch.uint8)
    data = ImageDataset(images, torch.arange(4), list("abcd"), "official", "Test")
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(245, 4))
    nn.init.constant_(network[0].bias, -0.5)
    maps, pixel = FeatureMaps(network, data), Mistakes(network, data).pixel
    point(maps, "over", "maps", x=0.55, y=0.3)
    for panel in (maps, pixel):
        rows = rows_of(panel.view.value)
        assert [row.count("<caption>") for row in rows[:2]] == [2, 2]  # the last has the value, too
        assert len(rows) == 3 and rows[2].count("<caption>") == 3
        assert "+ −" not in panel.view.value  # what is negative stands in brackets


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_over_a_pixel_all_that_see_it_light_up(panel, stride, padding):
    panel.stride.value, panel.padding.value = stride, padding
    width = panel._sliding().output_width
    for pixel in itertools.product(range(6 + 2 * padding), repeat=2):
        caption = point(panel, "over", "image", *pixel)
        by_hand = {
            place
            for place in itertools.product(range(width), repeat=2)
            if all(0 <= p - stride * o < 3 for p, o in zip(pixel, place, strict=True))
        }
        assert panel._grids[-1].seeing == by_hand
        said = f"Pixel row {pixel[0]}, column {pixel[1]} is "
        assert said + ("seen by" if by_hand else "in no window: ") in caption
    assert "Pixel row" not in point(panel, "over", "")


def test_why_nobody_sees_a_pixel(panel):
    panel.stride.value = 2
    caption = point(panel, "over", "image", 5, 0)
    assert "in no window: the last one ends at 4, and one more step of 2 would not fit." in caption
    panel.kernel_size.value, panel.stride.value = 1, 3
    assert "in no window: the windows step over it." in point(panel, "over", "image", 1, 0)


def test_a_press_or_a_drag_on_the_image_brings_the_window_there(panel):
    point(panel, "press", "image", 3, 4)
    assert panel.place.value == 4 * 2 + 3
    point(panel, "drag", "image", 5, 5)
    assert panel.place.value == 15
    point(panel, "drag", "image", 0, 0)
    assert panel.place.value == 0


def test_arrow_keys_move_and_stop_at_the_edges(panel):
    point(panel, "key", "output", 1, 0)
    point(panel, "key", "image", 0, 1)
    assert panel.place.value == 5
    point(panel, "key", "output", -9, 0)
    assert panel.place.value == 1
    point(panel, "key", "output", 9, 9)
    assert panel.place.value == 15
    point(panel, "choose", "output")  # Enter has nothing to do here
    assert panel.place.value == 15


def test_a_kernel_value_is_typed_into_the_grid(panel):
    caption = point(panel, "type", "kernel", 1, 2, text="1/3")
    assert panel.values.value == "-1 0 1; -1 0 1/3; -1 0 1" and panel.kernel.value == "own values"
    assert "5·1/3" in caption
    shown = panel.view.value
    assert "hold 'x', which is no number" in point(panel, "type", "kernel", 0, 0, text="x")
    assert panel.view.value == shown  # else what has the focus would be gone
    for several in ("1 2", "1;2", "1,5"):
        assert "A kernel value is one number" in point(panel, "type", "kernel", 0, 0, text=several)
    for bad in ("1/0", "nan", "1e9", "--1"):
        caption = point(panel, "type", "kernel", 0, 0, text=bad)
        assert "no number" in caption or "too large" in caption
    for text, value in (("−2", "-2"), ("2/4", "0.5"), (" ", "0"), (";", "0"), ("", "0")):
        point(panel, "type", "kernel", 0, 0, text=text)
        assert panel.values.value.startswith(f"{value} 0 1;")
    assert 'value="0" aria-label="kernel, row 0, column 0"' in panel.view.value


def test_nothing_is_told_before_the_prediction():
    panel = Convolution()
    for kind, name in (("over", "image"), ("press", "image"), ("key", "image"), ("drag", "image")):
        caption = point(panel, kind, name, 2, 2)
        assert "how wide is the output?" in caption and panel.place.value == 0
    point(panel, "type", "kernel", 0, 0, text="7")
    assert panel.values.value.startswith("7 0 1;") and "how wide" in panel.caption


def test_pooling_is_pointed_at_in_the_same_way():
    panel = Pooling(torch.arange(28.0).reshape(4, 7))
    assert "row 1, column 2 (all" in point(panel, "over", "output", 1, 2)
    caption = point(panel, "over", "image", 0, 6)
    assert "Pixel row 0, column 6 is in no window: the last one ends at 5" in caption
    assert "is seen by one output value, row 1, column 0." in point(panel, "over", "image", 3, 1)
    point(panel, "press", "image", 0, 4)
    assert panel.place.value == 2


def test_what_cannot_be_said_is_told_and_answered(panel):
    panel.stride.value = 0
    assert point(panel, "over", "output", 1, 1).startswith("With a stride of 0")
    panel.stride.value = 1
    assert "Output value" in point(panel, "over", "output", 1, 1)
    assert point(panel, "nonsense", "nobody") == panel.caption


@pytest.fixture(scope="module")
def mistakes():
    return Mistakes(small_net(), small_data(60))


def test_a_cell_of_the_matrix_is_chosen_and_left_by_the_keys(mistakes):
    predicted = int(mistakes._predictions.mode().values)
    point(mistakes, "press", "matrix", 4, predicted)
    assert (mistakes.true.value, mistakes.predicted.value) == (4, predicted)
    assert "Coat → " in mistakes.caption
    point(mistakes, "over", "matrix", 1, 1)
    assert mistakes.true.value == 4
    point(mistakes, "key", "matrix", 1, 0)
    assert (mistakes.true.value, mistakes.predicted.value, mistakes.rank.value) == (5, predicted, 1)
    point(mistakes, "key", "matrix", 90, -90)
    assert (mistakes.true.value, mistakes.predicted.value) == (9, 0)


def test_a_picture_is_opened_by_a_press_and_by_the_keys(mistakes):
    counts = mistakes._counts
    true, predicted = divmod(int(counts.argmax()), 10)
    count = int(counts[true, predicted])
    assert count >= 4
    point(mistakes, "press", "matrix", true, predicted)
    point(mistakes, "press", "images", x=0.5, y=0.1)
    assert mistakes.rank.value == 2
    mistakes.show.value = WHY
    assert mistakes.why.index.value == mistakes._chosen
    mistakes.show.value = PICTURES
    point(mistakes, "key", "images", 1, 0)
    assert mistakes.rank.value == min(count, 2 + COLUMNS)
    point(mistakes, "press", "images", x=0.99, y=0.99)
    assert mistakes.rank.value == count  # the last one, where there is none under the pointer


@pytest.mark.parametrize("count", [1, 3, 7, 12])
def test_each_place_on_the_pictures_has_the_number_drawn_there(count):
    rows = -(-count // COLUMNS)
    for rank in range(1, count + 1):
        row, column = divmod(rank - 1, COLUMNS)
        x, y = (column + 0.5) / COLUMNS, (row + 0.5) / rows
        assert rank_at(x, y, (28, 28), count) == rank


@pytest.fixture
def maps():
    panel = FeatureMaps(small_net(), small_data())
    values = inspection.activations(panel._model, panel._model.conv_stack[0], panel._dataset[0][0])
    return panel, values[0]


def over(panel, kind: str, tile: int, row: int, column: int) -> str:
    """The pointer in the middle of a pixel of a map."""
    left, top = panel._layout.place_of(tile, row, column)
    half = panel._layout.pixel / 2
    x, y = (left + half) / WIDTH, (top + half) / panel._height
    return point(panel, kind, "maps", x=x, y=y)


def test_a_pixel_of_a_map_is_told_with_its_window(maps):
    panel, values = maps
    before = panel.view.value
    assert "Point at a pixel" in before
    for channel, row, column in ((0, 0, 0), (4, 7, 23), (5, 23, 11)):
        caption = over(panel, "over", channel, row, column)
        value = f"{values[channel, row, column]:.3f}"
        bias = f"{panel._model.conv_stack[0].bias[channel]:.3f}"
        window = f"rows {row} to {row + 4}, columns {column} to {column + 4} of the image."
        told = f"map {channel}, row {row}, column {column}: {value}, the sum of 25 products and "
        assert caption.endswith(f"{told}{bias}, of {window}")
        assert panel.view.value != before
    told = panel.view.value
    assert point(panel, "over", "") == caption and panel.view.value == told  # it can be read


def test_a_pixel_of_a_deeper_layer_is_told_down_to_the_image(maps):
    panel, _ = maps
    panel.layer.value = "conv_stack.3 Conv2d"
    caption = over(panel, "over", 9, 1, 2)
    assert "map 9, row 1, column 2: " in caption and "the sum of 150 products" in caption
    assert (
        ", of rows 1 to 5, columns 2 to 6 of what conv_stack.2 max_pool2d makes; it sees rows 2 to "
        "15, columns 4 to 17 of the image." in caption
    )
    panel.layer.value = "conv_stack.5 MaxPool2d"
    caption = over(panel, "over", 3, 3, 0)
    assert "the largest of 4 values, of rows 6 to 7, columns 0 to 1" in caption
    assert "it sees rows 12 to 27, columns 0 to 15 of the image." in caption
    panel.layer.value = "conv_stack.1 ReLU"
    caption = point(panel, "key", "maps", 1, 1)
    assert "map 0, row 1, column 1: 0.000, made of -" in caption
    check_bundle(panel)


def test_between_the_maps_there_is_nothing(maps):
    panel, _ = maps
    assert panel._layout.at(0.1, 0.4) is None  # the image
    left, top = panel._layout.place_of(0, 0, 0)
    assert panel._layout.at(left + 0.01, top - 0.05) is None  # the number above it
    assert panel._layout.at(left - 0.01, top + 0.01) is None
    for spot in itertools.product(range(6), (0, 23), (0, 23)):
        place = panel._layout.place_of(*spot)
        assert panel._layout.at(place[0] + 1e-6, place[1] + 1e-6) == spot


def test_a_map_is_shown_alone_and_all_again(maps):
    panel, values = maps
    over(panel, "press", 3, 5, 6)
    assert panel._layout.shape == (1, 24, 24)
    caption = over(panel, "over", 0, 8, 9)
    assert f"map 3, row 8, column 9: {values[3, 8, 9]:.3f}" in caption
    assert "map 3, row 23, column 9" in point(panel, "key", "maps", 90, 0)
    assert "map 3, row 23, column 8" in point(panel, "key", "maps", 0, -1)
    point(panel, "choose", "maps")
    assert panel._layout.shape == (6, 24, 24) and "map 3, row 23, column 8" in panel.caption
    over(panel, "press", 3, 5, 6)
    panel.layer.value = "conv_stack.2 MaxPool2d"
    assert panel._layout.shape == (6, 12, 12) and "map 3" not in panel.caption


def test_kernels_and_rows_of_numbers_are_not_pointed_at(maps):
    panel, _ = maps
    panel.layer.value = "linear_stack.0 Linear"
    assert "data-point" not in panel.view.value
    caption = panel.caption
    assert point(panel, "press", "maps", x=0.5, y=0.5) == caption
