"""Images can be taken one by one or in batches, and a loader goes over all of them."""

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from helpers import datasets
from helpers.datasets import FASHION_CLASSES, ImageDataset


def small(count: int = 100) -> ImageDataset:
    images = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 28, 28)
    labels = torch.arange(count) % 10
    return ImageDataset(images.contiguous(), labels, FASHION_CLASSES, "official", "Fashion-MNIST")


# --- the dataset ---


def test_one_image():
    image, label = small()[51]
    assert (image.dtype, image.shape) == (torch.float32, (1, 28, 28))
    assert image.max() == torch.tensor(51 / 255)
    assert type(label) is int
    assert label == 1
    assert small()[-1][1] == 9
    assert small()[torch.tensor(12)][1] == 2
    assert small()[np.int64(13)][1] == 3


@pytest.mark.parametrize("last", [255])
def test_values_reach_from_0_to_1(last):
    images = torch.tensor([0, last], dtype=torch.uint8).view(2, 1, 1, 1)
    found = ImageDataset(images, torch.zeros(2, dtype=torch.int64), ["a"], "drawn", "x")[[0, 1]][0]
    assert found.flatten().tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    "indices",
    [
        [3, -1, 50],
        (3, 99, 50),
        torch.tensor([3, -1, 50]),
        torch.tensor([3, 99, 50], dtype=torch.uint8),
        np.array([3, 99, 50]),
        [torch.tensor(3), torch.tensor(-1), torch.tensor(50)],
    ],
)
def test_a_batch(indices):
    images, labels = small()[indices]
    assert (images.dtype, images.shape) == (torch.float32, (3, 1, 28, 28))
    assert labels.dtype == torch.int64
    assert labels.tolist() == [3, 9, 0]
    assert torch.equal(images[:, 0, 0, 0], torch.tensor([3, 99, 50]) / 255)


def test_other_batches():
    assert small()[range(5, 9)][1].tolist() == [5, 6, 7, 8]
    assert small()[-3:][1].tolist() == [7, 8, 9]
    assert small()[[]][0].shape == (0, 1, 28, 28)
    images, labels = small()[torch.tensor([7])]  # a batch of one, not an image
    assert (images.shape, labels.tolist()) == ((1, 1, 28, 28), [7])


@pytest.mark.parametrize("index", [100, -101, [0, 100], [-101], range(99, 101)])
def test_beyond_the_end(index):
    with pytest.raises(IndexError, match="100"):
        small()[index]


@pytest.mark.parametrize("index", [1.0, [1.0, 2.0], torch.zeros(2, 2, dtype=torch.int64), [True]])
def test_what_is_no_index(index):
    with pytest.raises(TypeError):
        small()[index]


def test_a_batch_is_no_view_of_the_images():
    data = small()
    data[3][0].zero_()
    data[[3]][0].zero_()
    assert data[3][0].max() > 0


def test_iterating_ends():
    assert [label for _, label in small(12)] == [*range(10), 0, 1]


def test_wrong_tensors_are_refused():
    with pytest.raises(ValueError, match="images"):
        ImageDataset(torch.zeros(3, 28, 28), torch.zeros(3).long(), ["a"], "drawn", "x")
    with pytest.raises(ValueError, match="labels"):
        ImageDataset(torch.zeros(3, 1, 2, 2).byte(), torch.zeros(2).long(), ["a"], "drawn", "x")


def test_subset():
    few = datasets.subset(small(), 7)
    assert len(few) == 7
    assert (few.source, few.name, few.classes) == ("official", "Fashion-MNIST", FASHION_CLASSES)
    assert few[-1][1] == 6
    assert len(datasets.subset(small(), 1000)) == 100
    with pytest.raises(ValueError, match="at least 1"):
        datasets.subset(small(), 0)


def test_a_subset_is_stored_without_the_other_images():
    whole = small(1000)
    few = datasets.subset(whole, 10)
    assert len(pickle.dumps(few)) < len(pickle.dumps(whole)) / 20
    few.images.zero_()
    assert whole[3][0].max() > 0
    assert datasets.subset(whole, 1000).images is whole.images  # nothing to leave out


# --- the loader ---


def test_the_loader_is_torchs_own_and_goes_over_all_images_once():
    batches = datasets.loader(small())
    assert type(batches) is DataLoader
    assert len(batches) == 2
    (images, labels), (last, _) = batches
    assert images.shape == (64, 1, 28, 28)
    assert last.shape == (36, 1, 28, 28)
    assert labels[:3].tolist() == [0, 1, 2]


def order(batches) -> list[int]:
    return [int(value) for images, _ in batches for value in (images[:, 0, 0, 0] * 255).round()]


def test_shuffling():
    one, same, other = (datasets.loader(small(), shuffle=True, seed=s) for s in (1, 1, 2))
    first = order(one)
    assert sorted(first) == list(range(100))
    assert first != list(range(100))
    assert first == order(same)
    assert first != order(other)
    assert first != order(one)  # a new order in each pass


def test_without_a_seed_the_global_one_decides():
    torch.manual_seed(5)
    first = order(datasets.loader(small(), shuffle=True))
    assert first != order(datasets.loader(small(), shuffle=True))
    torch.manual_seed(5)
    assert first == order(datasets.loader(small(), shuffle=True))


@pytest.mark.parametrize("shuffle", [True, False])
def test_passing_over_a_loader_moves_no_global_state(shuffle):
    batches = datasets.loader(small(), shuffle=shuffle, seed=0)
    before = torch.get_rng_state()
    order(batches)
    assert torch.equal(before, torch.get_rng_state())


def test_a_plain_loader_works_too():
    images, labels = next(iter(DataLoader(small(), batch_size=64, shuffle=True)))
    assert (images.shape, images.dtype) == ((64, 1, 28, 28), torch.float32)
    assert (labels.shape, labels.dtype) == ((64,), torch.int64)
