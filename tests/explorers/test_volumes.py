"""The network as a picture: volumes true to scale, what is on them, and what a value sees."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import inspection
from helpers.explorers import layers_panel
from helpers.explorers._scene import Frame, Picture, Shape
from helpers.explorers._volumes import FACE, LAYER, Body
from helpers.explorers.layers_panel import Layers, places_of, shirt
from helpers.layers import Sight, layer_rows
from helpers.models import ConvNet
from tests.explorers.test_feature_maps_panel import check_bundle
from tests.explorers.test_layers_panel import Wild, of
from tests.explorers.test_pointing import point


@pytest.fixture
def panel():
    torch.manual_seed(0)
    return Layers(ConvNet(), image=torch.rand(1, 28, 28))


def parts(panel, kind, at=None) -> list:
    return [p for p in panel._scene.parts if isinstance(p, kind) and (at is None or p.at == at)]


def test_the_volumes_are_true_to_scale(panel):
    pictures = parts(panel, Picture)
    assert len(pictures) == 13  # the image and twelve layers
    pixel = pictures[0].width / 28
    for picture, body in zip(pictures[1:], panel._bodies, strict=True):
        if len(body.shape) == 3:
            assert (picture.height, picture.width) == pytest.approx(
                (body.shape[1] * pixel, body.shape[2] * pixel)
            )
            roof = parts(panel, Shape, (LAYER, body.number))[1]
            depth = roof.points[1][0] - roof.points[0][0]
            assert depth / body.shape[0] == pytest.approx(3.0 * 0.6)
    heights = [picture.height for picture in pictures[7:]]
    assert heights[0] / 256 == pytest.approx(heights[1] / 120) == pytest.approx(heights[3] / 84)


def test_on_each_volume_is_what_the_layer_makes_of_the_image(panel):
    model = ConvNet()
    panel = Layers(model, image=torch.rand(1, 28, 28))
    for picture, layer in zip(parts(panel, Picture)[1:], panel._layers, strict=True):
        made = inspection.activations(model, layer.module, panel._image)[0]
        maps = made.numpy() if made.dim() == 3 else made.numpy()[None, :, None]
        assert any(abs(picture.pixels - one).max() < 1e-5 for one in maps)


def test_a_layer_that_is_pointed_at_is_chosen_with_what_it_sees(panel):
    assert "Point at a layer" in panel.view.value and parts(panel, Frame) == []
    caption = point(panel, "over", "network", LAYER, 4)
    assert panel.layer.value == 4 and "Layer 4 of 12, conv_stack.3" in caption
    assert "value at" not in caption  # but in the picture's own words:
    assert "sees rows 8 to 21, columns 8 to 21 of the image." in panel._scene.words
    image, value = parts(panel, Frame)
    pixel = parts(panel, Picture)[0].width / 28
    assert (image.width, image.height) == pytest.approx((14 * pixel, 14 * pixel))
    assert value.width == pytest.approx(132 / 8)
    assert point(panel, "over", "") == caption


def test_a_value_that_is_pointed_at_is_told_with_the_pixels_that_it_sees(panel):
    point(panel, "press", "network", LAYER, 6)
    for row, column in ((0, 0), (3, 1), (2, 3)):
        caption = point(panel, "over", "network", FACE, 6, x=(column + 0.5) / 4, y=(row + 0.5) / 4)
        shown = panel._bodies[5].shown
        value = f"{panel._bodies[5].values[shown, row, column]:.3f}"
        rows, columns = (f"{4 * n} to {4 * n + 15}" for n in (row, column))
        assert f"The value at map {shown}, row {row}, column {column} is {value} here" in caption
        assert caption.endswith(f" and sees rows {rows}, columns {columns} of the image.")
        check_bundle(panel)
    point(panel, "over", "network", LAYER, 12)
    caption = point(panel, "over", "network", FACE, 12, x=0.9, y=0.1)
    assert (
        "The value at number 3 is " in caption and "sees rows 0 to 27, columns 0 to 27" in caption
    )
    point(panel, "over", "network", FACE, 12, x=0.99, y=0.99)  # behind the last of ten
    assert "The value at number 9 is " in panel.caption


def test_by_the_keys(panel):
    point(panel, "choose", "network")  # no layer yet
    for _ in range(3):
        point(panel, "key", "network", column=1)
    assert panel.layer.value == 3
    point(panel, "key", "network", row=-1)
    assert panel.layer.value == 2
    caption = point(panel, "choose", "network")
    assert re.search(r"The value at map \d, row 12, column 12 is ", caption)
    caption = point(panel, "key", "network", row=90, column=-1)
    assert re.search(r"row 23, column 11 is .* sees rows 23 to 27, columns 11 to 15", caption)
    point(panel, "choose", "network")
    point(panel, "key", "network", column=-90)
    assert panel.layer.value == 1 and "value at" not in panel.caption
    panel.layer.value = 0
    assert "ConvNet has 12 layers" in panel.caption


def test_the_list_forgets_the_place(panel):
    point(panel, "over", "network", FACE, 3, x=0.5, y=0.5)
    assert "value at" in panel.caption
    panel.layer.value = 5
    assert "value at" not in panel.caption


def test_each_call_of_a_layer_has_its_own_output():
    model, image = Wild().eval(), torch.rand(1, 28, 28)
    rows, sight = layer_rows(model, image.shape), Sight(model, image)
    places = places_of(sight, rows)
    two = [place for place, row in zip(places, rows, strict=True) if row.name == "two"]
    pooled = F.max_pool2d(F.relu(model.norm(model.one(image[None]))), 2)
    once = model.two(pooled)
    for place, expected in zip(two, (once, model.two(once)), strict=True):
        assert torch.allclose(sight.values((place, 0)), expected, atol=1e-5)
    circular = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"), nn.Identity())
    rows, sight = layer_rows(circular, image.shape), Sight(circular, image)
    assert places_of(sight, rows) == [1, None]
    panel = Layers(circular)
    point(panel, "over", "network", LAYER, 2)
    assert "Identity is applied" in panel.caption and "Point at a layer" in panel.view.value
    check_bundle(panel)


def test_other_forms_of_images_and_of_layers():
    for shape, places in (((3, 20, 31), 522), ((2, 9, 5), 21)):
        panel = of(nn.Conv2d(shape[0], 40, 3), nn.Flatten(2), nn.Linear(places, 7), shape=shape)
        for number in (1, 2, 3):
            point(panel, "press", "network", FACE, number, x=0.5, y=0.5)
            assert "The value at " in panel.caption and "of the image." in panel.caption
        check_bundle(panel)
    assert shirt((3, 40, 30)).shape == (3, 40, 30) and shirt((1, 8, 8)).min() >= 0


def test_very_many_layers_are_drawn_in_part(monkeypatch):
    panel = of(*[nn.ReLU() for _ in range(60)])
    assert "The first 42 layers are drawn." in panel.view.value and panel._scene.height < 900
    panel.layer.value = 55
    assert "Layer 55 of 60" in panel.caption
    monkeypatch.setattr(layers_panel, "MOST_VALUES", 100)
    panel = of(nn.ReLU())
    point(panel, "over", "network", LAYER, 1)
    assert "what is negative becomes 0" in panel.caption and parts(panel, Frame) == []


def test_a_row_of_numbers_is_laid_in_a_square():
    body = Body(1, "Linear", (10,), torch.arange(10.0))
    assert body.grid == (4, 4) and body.middle == (1, 1) and body.index(2, 1) == (9,)
    assert body.within(3, 3) == (2, 1) and body.within(-1, 9) == (0, 3)
