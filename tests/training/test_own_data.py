"""Data sets that students bring: each kind trains, or a sentence says what it gives instead."""

import re

import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, TensorDataset

from helpers import datasets
from helpers.training import fit, predict

COUNT = 12
IMAGES = torch.rand(COUNT, 1, 6, 6, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(COUNT) % 10
TEST = TensorDataset(IMAGES, LABELS)


def net() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 10))


def pairs(image=lambda x: x, label=int) -> list:
    """A data set as a list of pairs."""
    return [(image(x), label(y)) for x, y in zip(IMAGES, LABELS, strict=True)]


class Endless(IterableDataset):
    def __iter__(self):
        return iter(pairs())


class WithoutLength(Dataset):
    def __getitem__(self, place):
        return pairs()[place]


TRAINS = {
    "a list of pairs": pairs(),
    "labels as tensors": pairs(label=lambda y: y),
    "labels as NumPy's": pairs(label=lambda y: y.numpy()[()]),
    "images as NumPy's": pairs(image=lambda x: x.numpy()),
    "two tensors": TEST,
    "several": ConcatDataset([TEST, TEST]),
    "shares of classes": pairs(label=lambda y: nn.functional.one_hot(y, 10).float()),
}
NO_IMAGES = {  # for predict, too
    "pictures": (
        pairs(image=lambda x: Image.new("L", (6, 6))),
        "gives pictures, .* transform=torchvision.transforms.ToTensor",
    ),
    "images of two sizes": (
        [(IMAGES[0], 0), (IMAGES[1][:, :5], 1)],
        "gives images of [156×]+ and of [156×]+, which make no batch: .*Resize",
    ),
    "dictionaries": (
        [{"image": x, "label": y} for x, y in pairs()],
        "gives a dictionary with 'image', 'label', but training takes pairs",
    ),
    "three things": ([(x, y, 7) for x, y in pairs()], "gives 3 things, but training takes pairs"),
    "images alone": (list(IMAGES), "gives one thing, but training takes pairs"),
    "names of files": (["a.png", "b.png"], r"gives '[ab].png', but training takes pairs"),
    "the label first": ([(y, x) for x, y in pairs()], r"a pair that begins with \d, but"),
    "a tensor": (IMAGES, r"no data set: torch.utils.data.TensorDataset\(images, labels\)"),
    "a pair of tensors": ((IMAGES, LABELS), r"TensorDataset\(images, labels\)"),
    "a stream": (Endless(), "of type Endless, but a data set must have a length"),
    "one without a length": (WithoutLength(), "of type WithoutLength, but a data set must have"),
    "nothing": (None, "of type NoneType, but a data set must have a length"),
}
NO_LABELS = {
    "texts": (pairs(label=lambda y: "Coat"), "gives 'Coat' as a label, but it must be a whole"),
    "from 1": (pairs(label=lambda y: int(y) + 1), "from 1 to 10, but .* labels from 0 to 9"),
    "below 0": (pairs(label=lambda y: int(y) - 1), "from -1 to 8, but .* labels from 0 to 9"),
    "decimals": (pairs(label=float), "labels are torch.float64, but they must be whole numbers"),
    "truths": (pairs(label=bool), "labels are torch.bool, but they must be whole numbers"),
    "in brackets": (pairs(label=lambda y: y[None]), r"a label has the shape \[1\], but it must"),
}


@pytest.mark.parametrize("kind", TRAINS)
def test_it_trains(kind):
    assert len(fit(net(), TRAINS[kind], TEST, 1, verbose=False)) == 1
    assert predict(net(), TRAINS[kind]).shape == (len(TRAINS[kind]), 10)


@pytest.mark.parametrize("kind", NO_IMAGES)
def test_what_gives_no_images_is_told(kind):
    data, said = NO_IMAGES[kind]
    for place in ((data, TEST), (TEST, data)):
        with pytest.raises(ValueError, match=said):
            fit(net(), *place, 1, batch_size=COUNT, verbose=False)
    with pytest.raises(ValueError, match=said):
        predict(net(), data)


@pytest.mark.parametrize("kind", NO_LABELS)
def test_labels_that_are_no_classes_are_told(kind):
    data, said = NO_LABELS[kind]
    with pytest.raises(ValueError, match=said):
        fit(net(), data, TEST, 1, batch_size=COUNT, verbose=False)
    assert predict(net(), data).shape == (COUNT, 10)  # which does not ask for them


def test_bytes_are_to_be_divided():
    data = pairs(image=lambda x: (255 * x).byte())
    with pytest.raises(ValueError, match=re.escape("let the data set give images.float() / 255")):
        fit(net(), data, TEST, 1, verbose=False)


def test_a_loss_of_its_own_may_take_other_labels():
    model, data = nn.Sequential(nn.Flatten(), nn.Linear(36, 1)), pairs(label=lambda y: y[None] / 10)
    history = fit(model, data, data, 1, loss_fn=nn.MSELoss(), verbose=False)
    assert len(history) == 1


def test_a_loader_says_the_same_and_hands_on_whatever_is_a_batch():
    with pytest.raises(ValueError, match="ToTensor"):
        next(iter(datasets.loader(NO_IMAGES["pictures"][0])))
    batch = next(iter(datasets.loader(NO_IMAGES["dictionaries"][0], batch_size=2)))
    assert batch["image"].shape == (2, 1, 6, 6)
