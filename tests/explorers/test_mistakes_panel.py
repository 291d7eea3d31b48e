"""The panel of the confusion matrix, down to one sum of products."""

import re

import pytest
import torch
from torch import nn

from helpers import inspection, training
from helpers.explorers._matrix import shade
from helpers.explorers._pixel import trace_value
from helpers.explorers.mistakes_panel import PICTURES, VALUE, WHY, Mistakes, behind
from tests.explorers.test_feature_maps_panel import (
    Traces,
    broken_nets,
    check_bundle,
    small_data,
    small_net,
)


@pytest.fixture(scope="module")
def data():
    return small_data(60)


def test_cells(data):
    model = small_net()
    traces = Traces(model)
    panel = Mistakes(model, data)
    probabilities = training.predict(model, data)
    predictions = probabilities.argmax(dim=1)
    counts = inspection.confusion_matrix(data.labels, predictions)
    assert panel.true.value != panel.predicted.value  # the cell with the most mistakes
    wrong = counts.clone().fill_diagonal_(0)
    assert counts[panel.true.value, panel.predicted.value] == wrong.max()
    for true in range(10):
        panel.true.value, panel.predicted.value = true, int(predictions[0])
        count = int(counts[true, panel.predicted.value])
        pair = f"{data.classes[true]} → {data.classes[panel.predicted.value]}"
        noun = "image" if count == 1 else "images"
        assert f"\nData: Test, official files; {pair}: {count} {noun} of 6" in panel.caption
        assert ("there is no image" in panel.caption) == (count == 0)
        assert shown(panel) == [panel.view]
    traces.check()
    panel.true.value = int(data.labels[0])
    check_bundle(panel)
    assert panel.view.value.count("--share:") == 100


def test_surest_first():
    labels, predictions = torch.tensor([1, 1, 0, 1]), torch.tensor([2, 2, 2, 2])
    confidence = torch.tensor([0.5, 0.9, 1.0, 0.7])
    assert behind(labels, predictions, confidence, 1, 2) == [1, 3, 0]


def shown(panel: Mistakes) -> list:
    parts = (panel.view, panel.why, panel.pixel)
    return [part for part in parts if part.layout.display != "none"]


def test_one_thing_is_shown_at_a_time_and_the_matrix_where_no_image_is_chosen(data):
    panel = Mistakes(small_net(), data)
    panel.show.value = WHY
    assert shown(panel) == [panel.why]
    panel.show.value = VALUE
    assert shown(panel) == [panel.pixel]
    panel.rank.value = 99
    assert shown(panel) == [panel.view]
    panel.rank.value, panel.show.value = 1, PICTURES
    assert shown(panel) == [panel.view]


def test_a_picture_is_only_asked_about_where_that_is_shown(data):
    panel = Mistakes(small_net(), data)
    panel.predicted.value = int(panel._predictions.mode().values)
    before = panel.why.caption
    panel.rank.value = 2
    assert panel.why.caption == before
    panel.still()  # has all three
    assert f"image {panel._chosen}, " in panel.why.caption


def test_a_chosen_picture_is_opened(data):
    model = small_net()
    panel = Mistakes(model, data)
    predictions = training.predict(model, data).argmax(dim=1)
    panel.predicted.value = int(predictions.mode().values)
    cell = (data.labels == panel.true.value) & (predictions == panel.predicted.value)
    assert cell.sum() >= 2
    panel.rank.value, panel.show.value = 2, WHY
    opened = int(re.search(r"opened: image (\d+)", panel.caption)[1])
    assert cell[opened] and panel.why.index.value == opened
    assert f"image {opened}, " in panel.why.caption and f"image {opened}, " in panel.pixel.caption
    panel.rank.value = 13
    assert panel.caption.startswith("There is no picture 13: in this cell they are numbered from 1")
    panel.true.value = (panel.true.value + 1) % 10
    assert panel.rank.value == 1


def test_one_value_is_the_sum(data):
    model = small_net()
    panel = Mistakes(model, data).pixel
    maps = inspection.activations(model, model.conv_stack[0], data[panel.index.value][0])[0]
    panel.channel.value, panel.row.value, panel.column.value = 5, 3, 7
    value = f"{maps[5, 3, 7]:.3f}"
    assert panel.caption.endswith(f"= {value}; the layer's own value is {value}.")
    assert panel.caption.startswith("Channel 5, row 3, column 7 of conv_stack.0 Conv2d: a window")
    check_bundle(panel)
    panel.row.value = 24
    assert panel.caption == (
        "There is no row 24: conv_stack.0 Conv2d gives out 6 feature maps of 24×24, so the row is "
        "from 0 to 23."
    )


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, 3, stride=2, padding=1),
        nn.Conv2d(4, 4, 3, padding="same", dilation=2, groups=2, bias=False),
        nn.Conv2d(4, 8, (2, 5), padding=(1, 2), padding_mode="reflect", groups=4),
        nn.Conv2d(4, 2, 1),
    ],
)
def test_any_convolution(layer):
    image = torch.rand(4, 9, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        maps = layer(image[None])[0]
    for place in ((0, 0, 0), (1, 2, 3), tuple(size - 1 for size in maps.shape)):
        assert trace_value(layer, image, *place).value == pytest.approx(
            maps[place].item(), abs=1e-5
        )


def test_a_window_that_goes_round_the_image_lies_in_it():
    image = torch.rand(1, 9, 8, generator=torch.Generator().manual_seed(0))
    layer = nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular")
    trace = trace_value(layer, image, 0, 0, 7)
    assert (trace.rows, trace.columns) == ([8, 0, 1], [6, 7, 0])
    assert torch.equal(trace.windows[0], image[0, trace.rows][:, trace.columns].double())
    layer = nn.Conv2d(1, 1, 3, padding=2, dilation=2)
    assert trace_value(layer, image, 0, 8, 1).rows == [6, 8, None]


def test_a_changed_image_is_said(data):
    model = nn.Sequential(
        nn.BatchNorm2d(1), nn.Conv2d(1, 2, 5, padding=2), nn.Flatten(), nn.Linear(2 * 784, 10)
    )
    model[0].running_mean.fill_(2.0)
    panel = Mistakes(model, data)
    panel.pixel.row.value = panel.pixel.column.value = 0
    assert "another one, because the network changes the image" in panel.pixel.caption
    assert 'class="padded"' in panel.pixel.view.value
    title = "rows 0 to 2, columns 0 to 2, beginning in the padding, 2 rows above and 2 columns left"
    assert f"<caption>image: {title} of the image</caption>" in panel.pixel.view.value
    check_bundle(panel)


def test_weights_that_changed_are_asked_again(data):
    model = small_net()
    panel = Mistakes(model, data)
    with torch.no_grad():
        model.linear_stack[4].bias[3] += 1000
    panel.predicted.value = 3
    panel.true.value = 3
    assert "Dress → Dress: 6 images of 6" in panel.caption


def test_no_convolution(data):
    panel = Mistakes(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), data)
    assert "\nData: " in panel.caption and "\nData: " in panel.why.caption
    assert panel.pixel.caption == (
        "No value can be traced: this network has no convolution (Conv2d)."
    )
    check_bundle(panel)


@pytest.mark.parametrize("name", broken_nets())
def test_broken_networks(name, data):
    panel = Mistakes(broken_nets()[name], data)
    for part in (panel, panel.why):
        assert part.caption.endswith(".") and "This cannot be shown (" not in part.caption
        assert "Data: " not in part.caption
    assert panel.pixel.caption and shown(panel) == [panel.view]
    assert panel.still() is None


def test_contrast_of_all_shades():
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    for step in range(101):
        low, high = sorted(map(light, shade(step / 100)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, step


def test_controls_say_what_they_are(data):
    panel = Mistakes(small_net(), data)
    below = (panel.pixel.channel, panel.pixel.row, panel.pixel.column)
    assert all(c.description for c in (panel.true, panel.predicted, panel.rank, *below))
