"""Batches cut out of memory are those of a loader, in its order; what is not in memory gets one."""

import numpy as np
import pytest
import torch
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
)

from helpers.datasets import ImageDataset, loader
from helpers.training.batches import MemoryBatches, PairBatches, batches_of, pass_over
from tests.training.fakes import fake_images

CPU = torch.device("cpu")


class Negative(ImageDataset):
    """Its images are not those that lie in memory."""

    def __getitem__(self, index):
        images, labels = super().__getitem__(index)
        return 1 - images, labels


def negative(data: ImageDataset) -> Negative:
    return Negative(data.images, data.labels, data.classes, data.source, data.name)


def in_subset(data: ImageDataset) -> Subset:
    return Subset(data, range(len(data)))


def in_tensors(data: ImageDataset) -> TensorDataset:
    return TensorDataset(*data[range(len(data))])


def assert_same(batches, others):
    """Values, types, order and number are the same."""
    batches, others = list(batches), list(others)
    assert len(batches) == len(others) > 0
    torch.testing.assert_close(batches, others, rtol=0, atol=0)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("count", [37, 32, 5])  # with a short last batch, without, nothing else
def test_batches_from_memory_are_those_of_a_loader(count, shuffle):
    data = fake_images(count)
    batches = batches_of(data, 8, CPU, shuffle, seed=3)
    plain = loader(data, 8, shuffle, seed=3)
    by_torch = loader(in_subset(data), 8, shuffle, seed=3)  # with torch's own BatchSampler
    assert isinstance(batches, MemoryBatches)
    assert len(batches) == len(plain) == -(-count // 8)
    for _ in range(3):
        expected = list(by_torch)
        assert_same(plain, expected)
        assert_same(batches, expected)
    assert [len(labels) for _, labels in batches] == [min(8, count - i) for i in range(0, count, 8)]


def test_each_pass_and_each_seed_has_its_own_order():
    def orders(seed):
        batches = MemoryBatches(fake_images(37), 8, CPU, shuffle=True, seed=seed)
        return [torch.cat(batches.order()).tolist() for _ in range(3)]

    assert orders(1) == orders(1)
    assert len({tuple(order) for order in orders(1) + orders(2)}) == 6
    assert all(sorted(order) == list(range(37)) for order in orders(1))


def test_an_order_can_be_drawn_ahead():
    data = fake_images(37)
    batches = MemoryBatches(data, 8, CPU, shuffle=True, seed=3)
    plain = loader(data, 8, shuffle=True, seed=3)
    for times in (2, 0, 1):
        for _ in range(times):
            batches.prepare()
        assert_same(batches, plain)


@pytest.mark.parametrize("kind", [fake_images, lambda n: in_subset(fake_images(n))])
@pytest.mark.parametrize("left_out", [1, 2])
def test_a_pass_can_be_left_out(kind, left_out):
    data = kind(37)
    batches = batches_of(data, 8, CPU, shuffle=True, seed=3)
    plain = loader(data, 8, shuffle=True, seed=3)
    for _ in range(left_out):
        pass_over(batches)
        list(plain)
    for _ in range(2):
        assert_same(batches, plain)


@pytest.mark.parametrize("kind", [negative, in_subset, in_tensors])
def test_what_is_not_in_memory_gets_a_loader(kind):
    data = kind(fake_images(37))
    batches = batches_of(data, 8, CPU, shuffle=True, seed=3)
    assert isinstance(batches, PairBatches)
    assert len(batches) == 5
    assert_same(batches, loader(data, 8, shuffle=True, seed=3))
    images, _ = next(iter(batches_of(data, 8, CPU)))
    original = fake_images(37)[range(8)][0]
    torch.testing.assert_close(images, 1 - original if kind is negative else original)


@pytest.mark.parametrize("kind", [lambda data: data, in_subset])
def test_batches_and_the_global_random_state_leave_each_other_alone(kind):
    data = kind(fake_images(37))
    torch.manual_seed(0)
    before = torch.get_rng_state()
    batches = batches_of(data, 8, CPU, shuffle=True, seed=3)
    first = list(batches)
    pass_over(batches)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert_same(batches_of(data, 8, CPU, shuffle=True, seed=3), first)


def test_what_is_done_to_a_batch_is_not_done_to_the_data():
    data = fake_images(20)
    batches = batches_of(data, 8, CPU)
    for images, labels in batches:  # in place, as nn.ReLU(inplace=True) does
        images.zero_()
        labels.zero_()
    assert_same(batches, loader(fake_images(20), 8))
    assert_same(loader(data, 8), loader(fake_images(20), 8))


# Other data sets are asked image by image


class Flipping(ImageDataset):
    """Turns each image over, or not, as a transform of torchvision does: by one draw."""

    def __getitem__(self, index):
        images, labels = super().__getitem__(index)
        return (images + 2 if torch.rand(()) < 0.5 else images), labels


def flipping(count: int = 64) -> Flipping:
    data = fake_images(count)
    return Flipping(data.images, data.labels, data.classes, data.source, data.name)


AUGMENTED = {
    "a subclass": flipping,
    "a subset": lambda: Subset(flipping(80), range(64)),
    "several": lambda: ConcatDataset([flipping(32), flipping(32)]),
    "a part of several": lambda: Subset(ConcatDataset([flipping(32), flipping(64)]), range(64)),
}


@pytest.mark.parametrize("kind", AUGMENTED)
def test_what_is_drawn_for_an_image_is_drawn_for_each(kind):
    for make in (loader, lambda data, size, **more: batches_of(data, size, CPU, **more)):
        flipped = [
            int((images.flatten(1).mean(1) > 1.5).sum())
            for _ in range(5)
            for images, _ in make(AUGMENTED[kind](), 64, shuffle=True, seed=0)
        ]
        assert all(0 < number < 64 for number in flipped) and len(flipped) == 5


def test_a_list_of_images_and_their_labels_is_a_data_set():
    data = [fake_images(10)[i] for i in range(10)]
    assert_same(loader(data, 4), loader(fake_images(10), 4))
    assert_same(batches_of(data, 4, CPU), loader(fake_images(10), 4))


@pytest.mark.parametrize("kind", [lambda data: data, in_subset, lambda data: [*map(tuple, data)]])
def test_workers_samplers_and_short_batches_are_those_of_torch(kind):
    data = kind(fake_images(10))
    for sampler in ([3, 1, 2, 2, 9], WeightedRandomSampler([0.0, 1.0] * 5, 7)):
        for drop_last in (False, True):
            torch.manual_seed(0)
            mine = loader(data, 2, sampler=sampler, drop_last=drop_last)
            found = list(mine)
            torch.manual_seed(0)
            theirs = DataLoader(
                in_subset(fake_images(10)), 2, sampler=sampler, drop_last=drop_last,
                generator=torch.Generator(),
            )  # fmt: skip
            assert_same(found, theirs)
            assert len(mine) == len(theirs)
    with pytest.raises(ValueError, match="give shuffle or a sampler, not both"):
        loader(data, 2, shuffle=True, sampler=[1])


@pytest.mark.parametrize("kind", [lambda data: data, in_subset])
def test_workers_give_the_same_batches(kind):
    data = kind(fake_images(10))
    working = loader(data, 4, shuffle=True, seed=3, num_workers=1)
    assert working.num_workers == 1
    assert_same(working, loader(data, 4, shuffle=True, seed=3))


# A loader with a device


def test_a_loader_brings_an_image_dataset_to_its_device_once():
    data = fake_images(20)
    batches = loader(data, 8, device="meta")  # stands for a GPU
    assert [(x.device.type, len(y)) for x, y in batches] == [("meta", 8), ("meta", 8), ("meta", 4)]
    assert data.images.device.type == "cpu"
    assert loader(data, 8, device="cpu").dataset is data


def test_only_an_image_dataset_can_be_brought_to_a_device():
    with pytest.raises(ValueError, match=r"a Subset cannot be moved to cuda: leave device out"):
        loader(Subset(fake_images(4), [0, 1]), 2, device="cuda")


def test_a_whole_number_of_numpys_will_do():
    sizes = [len(labels) for _, labels in loader(fake_images(10), np.int64(4))]
    assert sizes == [4, 4, 2]


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True, np.int64(0), np.float64(2), "64", None])
def test_a_batch_has_a_whole_number_of_images(batch_size):
    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1"):
        loader(fake_images(4), batch_size)
