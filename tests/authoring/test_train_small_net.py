"""The recipe of Task 5.5: what it does to the images, and how large the network is."""

import importlib

import pytest
import torch
from torch.nn import functional as F

from helpers.layers import count_parameters


@pytest.fixture
def recipe(monkeypatch):
    """The module, which sets a variable of the environment when it is imported."""
    monkeypatch.setenv("CNN_COURSE_DATASET", "drawn")
    return importlib.import_module("authoring.train_small_net")


def test_each_image_is_flipped_or_not_and_moved_by_a_draw_of_its_own(recipe):
    torch.manual_seed(0)
    image = torch.rand(1, 12, 12)
    changed = recipe.flip_and_shift(image.expand(400, 1, 12, 12))
    assert changed.shape == (400, 1, 12, 12)
    found = set()
    for one in changed:
        ways = [
            (flip, down, right)
            for flip in (False, True)
            for down in range(5)
            for right in range(5)
            if torch.equal(
                F.pad(image.flip(2) if flip else image, (2,) * 4)[
                    :, down : down + 12, right : right + 12
                ],
                one,
            )
        ]
        assert len(ways) == 1
        found.update(ways)
    assert len(found) == 50  # 2 flips, 5 × 5 moves


def test_squares_are_erased_from_half_of_the_images(recipe):
    torch.manual_seed(0)
    changed = recipe.flip_shift_and_erase(torch.ones(400, 1, 28, 28))
    inside = changed[:, 0, 2:-2, 2:-2]  # which no move leaves black
    erased = (inside == 0).flatten(1).sum(1)
    assert 150 < (erased > 0).sum() < 250
    assert erased.max() == 81


@pytest.mark.parametrize(("name", "count"), [("long", 90_480), ("short", 72_666)])
def test_the_networks_have_the_sizes_that_the_task_quotes(name, count, recipe):
    model = recipe.RECIPES[name].make()
    assert count_parameters(model) == count
    assert model(torch.rand(2, 1, 28, 28)).shape == (2, 10)


def test_in_evaluation_an_image_and_its_mirror_image_have_the_same_scores(recipe):
    torch.manual_seed(0)
    model, images = recipe.RECIPES["short"].make().eval(), torch.rand(4, 1, 28, 28)
    with torch.no_grad():
        assert torch.allclose(model(images), model(images.flip(3)), atol=1e-5)
