"""Images are chosen by class and by chance."""

import pytest
import torch
from torch import nn

from helpers import training
from helpers.datasets import subset
from helpers.explorers._choosing import ANY
from helpers.explorers.feature_maps_panel import FeatureMaps
from helpers.explorers.why_panel import Why
from tests.explorers.test_feature_maps_panel import small_data, small_net


@pytest.fixture(params=[FeatureMaps, Why])
def panel(request):
    return request.param(small_net(), small_data(60))


def test_a_class_shows_an_image_of_it_and_next_goes_round_in_it(panel):
    panel.of.value = 3
    seen = [panel.index.value]
    for _ in range(6):
        panel.next.click()
        seen.append(panel.index.value)
    assert seen == [3, 13, 23, 33, 43, 53, 3]
    assert "image 3, Dress" in panel.caption
    panel.of.value = ANY
    panel.next.click()
    assert panel.index.value == 4


def test_another_is_another_of_the_same_class_by_chance(panel):
    panel.of.value = 7
    before, seen = panel.index.value, set()
    for _ in range(40):
        panel.another.click()
        assert panel.index.value != before
        before = panel.index.value
        seen.add(before)
    assert seen == {7, 17, 27, 37, 47, 57}
    rehearsed = type(panel)(small_net(), small_data(60))
    held = type(panel)(small_net(), small_data(60))
    for one in (rehearsed, held):
        one.another.click()
    assert rehearsed.index.value == held.index.value


def test_a_wrong_one_is_wrong_by_the_weights_of_now(panel):
    data = panel._dataset
    said = training.predict(panel._model, data).argmax(dim=1)
    for _ in range(10):
        panel.wrong.click()
        assert said[panel.index.value] != data.labels[panel.index.value]
    with torch.no_grad():
        panel._model.linear_stack[4].bias[3] += 1000
    panel.of.value = 3
    panel.wrong.click()
    assert panel.caption.startswith("Of 6 images, the network is wrong about none")
    panel.of.value = 5
    panel.wrong.click()
    assert panel.index.value % 10 == 5 and f"image {panel.index.value}, Sandal" in panel.caption


def test_the_random_state_outside_is_left_alone(panel):
    before = torch.random.get_rng_state()
    for one in (panel.another, panel.wrong, panel.next):
        one.click()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_cannot_be_chosen_is_said(panel):
    few = type(panel)(panel._model, subset(panel._dataset, 3))
    few.of.value = 9
    assert few.caption == "There is no image of this class in the data. Choose another class."
    few.of.value = 1
    assert few.index.value == 1 and "\nData: " in few.caption
    for nothing in (..., nn.Sequential(nn.Conv2d(3, 2, 3))):
        broken = type(panel)(nothing, panel._dataset)
        broken.wrong.click()
        assert "This cannot be shown (" not in broken.caption and broken.caption.endswith(".")


def test_a_list_of_images_will_do(panel):
    pairs = [panel._dataset[place] for place in range(12)]
    listed = type(panel)(panel._model, pairs)
    listed.of.value = 2
    assert listed.index.value == 2
    listed.of.value = ANY
    listed.wrong.click()
    assert "\nData: " in listed.caption


def test_the_controls_say_what_they_are(panel):
    assert all(control.description for control in [panel.index, *panel.choosing])
