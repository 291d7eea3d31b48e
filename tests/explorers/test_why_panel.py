"""The panel that asks which pixels a decision hangs on."""

import pytest
import torch
from torch import nn

from helpers import inspection
from helpers.explorers import why_panel as why
from helpers.explorers.why_panel import DRAWS, Why, delete, patch_of
from helpers.models import ConvNet
from tests.explorers.test_feature_maps_panel import (
    Traces,
    broken_nets,
    check_bundle,
    small_data,
    small_net,
)


def test_numbers_of_every_method():
    model, data = small_net(), small_data()
    traces = Traces(model)
    panel = Why(model, data, index=2)
    image = data[2][0]
    maps = {
        "occlusion": inspection.occlusion_map(model, image, 4, 4, 2),
        "gradient": inspection.saliency(model, image, 4),
        "Grad-CAM": inspection.grad_cam(model, model.conv_stack[3], image, 4),
    }
    panel.label.value = 4
    for method, heat in maps.items():
        panel.method.value = method
        before = inspection.activations(model, model, image).softmax(1)[0, 4]
        blanked, shown = image.clone().flatten(), image.flatten().nonzero()[:, 0]
        order = heat.flatten()[shown].argsort(descending=True, stable=True)
        blanked[shown[order[: len(shown) // 10]]] = 0
        scores = inspection.activations(model, model, blanked.reshape(1, 28, 28))
        after = scores.softmax(1)[0, 4]
        last = panel.caption.split("\n")[-1]
        assert last.startswith("Data: Test, official files; image 2, Pullover; predicted ")
        assert f"probability of Coat: {100 * before:.1f}%" in last
        if heat.any():
            assert f"19 pixels most important to the map {100 * after:.1f}%" in last
            assert "without as many at random" in last
        check_bundle(panel)
    traces.check()


def test_predicted_class_is_the_default():
    model, data = small_net(), small_data()
    panel = Why(model, data)
    predicted = int(inspection.activations(model, model, data[0][0]).argmax())
    assert f"predicted {data.classes[predicted]} (" in panel.caption
    assert f"probability of {data.classes[predicted]}:" in panel.caption
    assert panel.label.options[0][0] == "predicted" and len(panel.label.options) == 11


def test_random_pixels_are_the_same_each_time():
    model, data = small_net(), small_data()
    heat = inspection.saliency(model, data[0][0], 1)
    one, two = (delete(model, data[0][0], heat, 1) for _ in range(2))
    assert one.random == two.random and one.count == 19 and DRAWS == 10


def test_nothing_to_blank():
    model, data = small_net(), small_data()
    data.images[5] = 0
    panel = Why(model, data, index=5)
    for method in panel.method.options:
        panel.method.value = method
        assert "so there is nothing to blank" in panel.caption
    assert delete(model, data[0][0], torch.zeros(28, 28), 0) is None


def test_results_are_kept_until_a_weight_changes(monkeypatch):
    calls = []
    real = why.decision_map
    monkeypatch.setattr(why, "decision_map", lambda *a: calls.append(a[2:]) or real(*a))
    model = small_net()
    panel = Why(model, small_data())
    for index in (1, 0, 1, 0):
        panel.index.value = index
    assert len(calls) == 2
    with torch.no_grad():
        model.linear_stack[4].bias += 1
    panel.redraw()
    assert len(calls) == 3


def test_no_convolution():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    panel = Why(model, small_data())
    assert panel.caption.startswith("Occlusion")
    panel.method.value = "Grad-CAM"
    assert panel.caption == (
        "Grad-CAM needs the feature maps of a convolution, but this network has no Conv2d. "
        "Choose occlusion or gradient."
    )
    panel.method.value = "gradient"
    assert panel.caption.startswith("Gradient")


def test_frozen_network():
    model = small_net().requires_grad_(False)
    panel = Why(model, small_data())
    for method in panel.method.options:
        panel.method.value = method
        assert "\nData: " in panel.caption


@pytest.mark.parametrize("name", broken_nets())
def test_broken_networks(name):
    panel = Why(broken_nets()[name], small_data())
    for method in panel.method.options:
        panel.method.value = method
        assert panel.caption.endswith(".") and "This cannot be shown (" not in panel.caption
        assert "Data: " not in panel.caption


def test_index_out_of_range():
    panel = Why(small_net(), small_data())
    panel.index.value = 99
    assert panel.caption == "There is no image 99: the index must be a number from 0 to 11."


def test_patches_stay_few():
    for shape in ((1, 28, 28), (3, 32, 32), (3, 224, 224), (1, 5, 9), (1, 1, 1)):
        size, stride = patch_of(torch.zeros(shape))
        assert 1 <= stride <= size <= min(shape[1:])
        assert ((max(shape[1:]) - size) // stride + 2) ** 2 < 300


def test_colour_images():
    panel = Why(ConvNet(in_channels=3), small_data(channels=3))
    for method in panel.method.options:
        panel.method.value = method
        assert "\nData: " in panel.caption
    assert all(control.description for control in (panel.method, panel.index, panel.label))
