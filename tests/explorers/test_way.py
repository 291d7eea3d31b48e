"""The way of a value down to the image: its window, its words, and numbers that add up to it."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.explorers._scene import scene_png, scene_svg
from helpers.explorers._way import sentences, value_text, way_grids, way_scene
from helpers.explorers.feature_maps_panel import FeatureMaps
from helpers.layers import Sight
from tests.explorers.test_feature_maps_panel import check_bundle, small_data
from tests.explorers.test_pointing import over


def way(model, layer: str, index: tuple, shape=(2, 8, 8)):
    torch.manual_seed(0)
    image = torch.rand(shape)
    sight = Sight(model, image)
    return list(sight.way(sight.place_of(layer), index)), image


def text(*layers, index=(0, 0, 0), shape=(2, 8, 8)) -> str:
    steps, _ = way(nn.Sequential(*layers), str(len(layers) - 1), index, shape)
    return value_text(steps).split(", of ", 1)[-1]


def test_the_window_of_each_kind():
    image = "of the image"
    assert text(nn.Conv2d(2, 3, 3), index=(1, 2, 4)) == f"rows 2 to 4, columns 4 to 6 {image}"
    assert text(nn.Conv2d(2, 3, 3, padding=1)) == (
        f"rows 0 to 1, columns 0 to 1 {image}, beginning in the padding, 1 row above and 1 column "
        "left of it"
    )
    assert "1 row below and 1 column right of it" in text(
        nn.Conv2d(2, 3, 3, padding="same"), index=(0, 7, 7)
    )
    assert text(nn.Conv2d(2, 3, 3, dilation=2), index=(0, 1, 0)) == (
        f"rows 1 to 5, every 2nd, columns 0 to 4, every 2nd {image}"
    )
    assert (
        text(nn.Conv2d(2, 3, 3, stride=2), index=(0, 1, 2))
        == f"rows 2 to 4, columns 4 to 6 {image}"
    )
    assert text(nn.MaxPool2d(2), index=(0, 1, 2)) == f"rows 2 to 3, columns 4 to 5 {image}"
    assert text(nn.ConvTranspose2d(2, 3, 2, 2), index=(0, 5, 4)) == f"row 2, column 2 {image}"
    assert text(nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular")).endswith(
        "it sees rows 0 to 1 and 7, columns 0 to 1 and 7 of the image"
    )
    assert text(nn.InstanceNorm2d(2)) == f"rows 0 to 7, columns 0 to 7 {image}"


def number(said: str) -> float:
    return float(said.replace("−", "-"))


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_the_numbers_of_a_sum_add_up(channels):
    layer = nn.Conv2d(channels, 2, 3, padding=1)
    steps, _ = way(layer, "", (1, 0, 3), (channels, 8, 8))
    grids = way_grids(steps[0])
    assert len(grids) == 2 * min(channels, 3) + 1
    total = layer.bias[1].item()
    for window, weights in zip(grids[:-1:2], grids[1:-1:2], strict=True):
        assert "rows 0 to 1, columns 2 to 4" in window.title
        pairs = zip(*map(itertools.chain.from_iterable, (window.rows, weights.rows)), strict=True)
        total += sum(number(a) * number(b) for a, b in pairs)
    if channels == 5:
        rest = grids[-2].sign.split(" (other maps)")[0].removeprefix("+ ")
        total += number(rest.strip("()"))
    assert number(grids[-1].rows[0][0]) == pytest.approx(total, abs=0.1)
    assert number(grids[-1].rows[0][0]) == pytest.approx(float(steps[0].made.value), abs=0.006)


def test_which_value_won():
    steps, image = way(nn.MaxPool2d(3), "", (1, 1, 0))
    (grid,) = way_grids(steps[0])
    window = image[1, 3:6, 0:3]
    assert grid.won == {divmod(int(window.argmax()), 3)}
    assert number(grid.rows[1][2]) == pytest.approx(float(window[1, 2]), abs=0.006)
    assert way_grids(way(nn.AvgPool2d(3), "", (1, 1, 0))[0][0])[0].won == set()
    assert way_grids(way(nn.ReLU(), "", (1, 1, 0))[0][0]) == []
    assert way_grids(way(nn.AdaptiveAvgPool2d(1), "", (0, 0, 0), (2, 20, 20))[0][0]) == []


class Functional(nn.Module):
    """With a shortcut, and functions between its layers."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.out = nn.Linear(4, 10)

    def forward(self, x):
        x = F.relu(self.one(x))
        x = F.avg_pool2d(x + F.hardswish(self.two(x)), 2)
        self.last = x
        return self.out(x.mean((2, 3)))


def test_a_network_of_functions_with_a_shortcut():
    panel = FeatureMaps(Functional(), small_data())
    panel.layer.value = "two Conv2d"
    caption = over(panel, "over", 2, 0, 9)
    assert "rows 0 to 1, columns 8 to 10 of what relu makes, beginning in the padding" in caption
    assert ", 1 row above it; it sees rows 0 to 2, columns 7 to 11 of the image." in caption
    check_bundle(panel)
    steps, image = way(Functional(), "out", (3,), (1, 28, 28))
    assert [step.operation.name for step in steps[:-1]][:4] == [
        "linear",
        "mean",
        "avg_pool2d",
        "add",
    ]
    told = sentences(steps)
    assert told[1].startswith("mean, number ") and "the mean of 196 values" in told[1]
    assert told[2].startswith("avg_pool2d, map ") and told[-1].startswith("image, row ")
    assert steps[-1].seen.all()
    scene = way_scene(steps, image)
    assert all(sentence in scene.words for sentence in told)
    assert scene_svg(scene).count("<image") == len(steps)
    assert scene_png(scene).startswith(b"\x89PNG")


def test_what_is_not_known_is_said_in_words():
    class Steps(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            return self.one((x > 0.5).float())

    panel = FeatureMaps(Steps(), small_data())
    caption = over(panel, "over", 1, 4, 5)
    assert "the sum of 9 products" in caption and "of rows 4 to 6, columns 5 to 7" in caption
    assert "what it sees of the image is not known" in caption and "cannot be marked" in caption
    check_bundle(panel)


def test_weights_that_change_are_followed():
    model = nn.Sequential(nn.Conv2d(1, 2, 3))
    panel = FeatureMaps(model, small_data())
    over(panel, "over", 1, 9, 9)
    with torch.no_grad():
        model[0].weight.zero_()
        model[0].bias.fill_(7)
    panel.redraw()
    assert "row 9, column 9: 7.000, the sum of 9 products and 7.000" in panel.caption


def test_names_are_escaped():
    steps, image = way(nn.Sequential(nn.ReLU()), "0", (0, 0, 0), (1, 8, 8))
    scene = way_scene(steps, image)
    scene.words = '"<b>'
    assert 'aria-label="&quot;&lt;b&gt;"' in scene_svg(scene)
