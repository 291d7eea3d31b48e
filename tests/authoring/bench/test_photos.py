"""The pictures of the benchmark are what their rows say; the real network is not run here."""

from itertools import cycle
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from authoring.bench import photos

GARMENT = np.zeros((28, 28), np.float32)
GARMENT[:, 8:20] = 0.8  # from the upper edge to the lower one


@pytest.mark.parametrize(("row", "way"), list(zip(photos.ROWS, cycle(photos.WAYS), strict=False)))
def test_a_picture_is_the_same_for_the_same_seed_and_shows_a_garment(row, way):
    one, same, other = (
        np.asarray(photos.photo(GARMENT, row, way, np.random.default_rng(seed)), np.float32)
        for seed in (1, 1, 2)
    )
    assert min(one.shape) >= 400 and np.array_equal(one, same) and not np.array_equal(one, other)
    height, width = one.shape
    middle = one[height // 2 - 20 : height // 2 + 20, width // 2 - 20 : width // 2 + 20]
    behind = np.median(one[height // 3 : -height // 3, width // 8])
    assert abs(middle.mean() - behind) > 50


def test_what_is_recognised_is_what_the_labels_say_and_a_refusal_is_not():
    garment = torch.from_numpy(255 * GARMENT).byte()[None]
    images = torch.stack([garment, garment, torch.zeros_like(garment)])
    data = SimpleNamespace(images=images, labels=torch.tensor([1, 2, 1]))
    saw = []

    def says_one(image):
        saw.append(image.shape)
        return torch.eye(10)[1][None]

    assert photos.recognised(says_one, data, "plain", "pasted", 0) == pytest.approx(1 / 3)
    assert saw == [(1, 1, 28, 28)] * 2  # nothing is to be seen in the third


def test_other_images_than_the_first_can_be_asked_for(monkeypatch):
    images = torch.arange(10, dtype=torch.uint8)[:, None, None, None].expand(10, 1, 28, 28)
    names = list("abcdefghij")
    official = photos.datasets.ImageDataset(images, torch.arange(10), names, "official", "data")
    monkeypatch.setattr(photos.datasets, "fashion_mnist", lambda train: official)
    network = SimpleNamespace(eval=lambda: "in eval mode")
    monkeypatch.setattr(photos.checkpoints, "trained_conv_net", lambda *_: (network, None))
    model, data = photos.reference(3, first=4)
    assert model == "in eval mode" and data.labels.tolist() == [4, 5, 6]
    assert data.images[:, 0, 0, 0].tolist() == [4, 5, 6]
