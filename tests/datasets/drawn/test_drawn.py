"""The drawn garments: the same bytes everywhere, balanced, recognisable, and not too easy."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from helpers.datasets import drawn

# MD5 sums of the bytes of version 1: images, then labels as little-endian int64.
SUMS = {
    ("grey", True): ("5e6bb62c5639ec5365a5104872aca651", "2c82ff4cb060e7df0d0473d35f869bde"),
    ("grey", False): ("f5ff8eddfa4eede03490da0b1fa59c51", "9ac849feba5a32f5d7aa4a80e9db23df"),
    ("colour", False): ("63cd0f5a2d97e8b759a38ea4769d8562", "70bcda735e7d0be3720fe12f59d3bc70"),
}
FIRST_CHUNKS = {
    "grey": "d2102036cdcac73619e096512e0205a0",
    "colour": "ccaeac325e936739653ed8328a3fbcd2",
}  # the first chunk of every class of the training data
TOPS = (0, 2, 4, 6)  # T-Shirt, Pullover, Coat, Shirt: what people mix up too
SHOES = (5, 7, 9)


def md5(array: np.ndarray) -> str:
    return hashlib.md5(array.tobytes(), usedforsecurity=False).hexdigest()


@pytest.fixture(scope="module")
def data() -> dict:
    return {
        ("grey", True): drawn.garments(train=True),
        ("grey", False): drawn.garments(train=False),
        ("colour", False): drawn.colour_garments(train=False),
    }


def nearest_mean_accuracy(train, train_labels, test, test_labels) -> tuple[float, np.ndarray]:
    """Overall accuracy and that of each class, of a classifier by the nearest class mean."""
    means = np.stack([train[train_labels == label].mean(0) for label in range(10)])
    distances = (means**2).sum(1) - 2 * test @ means.T
    hits = distances.argmin(1) == test_labels
    return hits.mean(), np.array([hits[test_labels == label].mean() for label in range(10)])


# ----- the bytes ------------------------------------------------------------------------


@pytest.mark.parametrize("which", SUMS, ids=lambda which: f"{which[0]}-train={which[1]}")
def test_bytes_are_those_of_version_1(data, which):
    images, labels = data[which]
    assert drawn.VERSION == 1, "a new version needs new sums here"
    assert (md5(images), md5(labels.astype("<i8"))) == SUMS[which]


@pytest.mark.parametrize("kind", FIRST_CHUNKS)
def test_bytes_of_first_training_chunks(kind):
    draw_chunk = {"grey": drawn._grey_chunk, "colour": drawn._colour_chunk}[kind]
    assert md5(np.stack([draw_chunk(True, label, 0) for label in range(10)])) == FIRST_CHUNKS[kind]


def test_chunks_are_pieces_of_the_whole(data):
    for kind, draw_chunk in ((0, drawn._grey_chunk), (1, drawn._colour_chunk)):
        images, labels = data[("grey", "colour")[kind], False]
        places = drawn._shuffled(kind, False, 10_000).reshape(-1, 10, drawn._CHUNK)
        where = places[3, 8]
        assert (labels[where] == 8).all()
        assert np.array_equal(images[where], draw_chunk(False, 8, 3))


def test_only_numpy_is_imported():
    wanted = "{'torch', 'matplotlib'}"
    code = f"import sys, helpers.datasets.drawn; print(sorted({wanted} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_global_random_state_is_left_alone():
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    drawn._grey_chunk(False, 0, 0)
    assert np.array_equal(before, np.random.get_state()[1])


# ----- the data sets --------------------------------------------------------------------


def test_shapes_and_types(data):
    shapes = {
        ("grey", True): (60_000, 1, 28, 28),
        ("grey", False): (10_000, 1, 28, 28),
        ("colour", False): (10_000, 3, 32, 32),
    }
    for which, shape in shapes.items():
        images, labels = data[which]
        assert images.shape == shape and images.dtype == np.uint8
        assert labels.shape == shape[:1] and labels.dtype == np.int64


def test_colour_training_data_has_50_000_images(monkeypatch):
    monkeypatch.setattr(drawn, "_colour_chunk", lambda train, label, number: np.uint8(label))
    images, labels = drawn.colour_garments(train=True)
    assert images.shape == (50_000, 3, 32, 32)
    assert np.bincount(labels).tolist() == [5_000] * 10
    assert np.array_equal(images[:, 0, 0, 0], labels)


def test_balanced_and_shuffled(data):
    for _, labels in data.values():
        assert np.bincount(labels).tolist() == [len(labels) // 10] * 10
        first = np.bincount(labels[:1000], minlength=10)
        assert first.min() >= 60 and first.max() <= 140
        repeats = (labels[1:] == labels[:-1]).mean()
        assert 0.08 < repeats < 0.12, "neighbours should agree as often as by chance"


def test_no_image_twice(data):
    everything = [image.tobytes() for train in (True, False) for image in data["grey", train][0]]
    assert len(set(everything)) == len(everything) == 70_000


def test_light_garments_on_black_as_in_the_real_data(data):
    images, _ = data["grey", True]
    assert abs(images.mean() / 255 - 0.286) < 0.03, "mean of Fashion-MNIST: 0.286"
    spread = (images[:10_000] / np.float32(255)).std()
    assert abs(spread - 0.353) < 0.03, "spread of Fashion-MNIST: 0.353"
    corners = images[:, 0, ::27, ::27]
    assert (corners == 0).mean() > 0.9
    assert images.reshape(len(images), -1).max(1).min() > 50, "no picture may be empty"


def test_centred_and_shoes_point_left(data):
    images, labels = data["grey", False]
    place = np.arange(28) - 13.5
    for label in range(10):
        mean = images[labels == label, 0].mean(0)
        x, y = (mean.sum(0) @ place) / mean.sum(), (mean.sum(1) @ place) / mean.sum()
        assert abs(x) < 3.5 and abs(y) < 3.5
        high_left, high_right = mean[:14, :14].sum(), mean[:14, 14:].sum()
        if label in SHOES:
            assert high_right > 1.3 * high_left
        else:
            assert 0.9 < high_right / high_left < 1.1


# ----- difficulty (ten epochs of training: authoring/bench/drawn_difficulty.py) -------------


def test_classes_are_recognisable_but_not_by_their_mean_alone(data):
    flat = {train: data["grey", train][0].reshape(-1, 784) / np.float32(255) for train in (1, 0)}
    accuracy, by_class = nearest_mean_accuracy(
        flat[1][:20_000], data["grey", True][1][:20_000], flat[0], data["grey", False][1]
    )
    assert 0.55 < accuracy < 0.80
    assert (by_class > 0.2).all(), "every class should be found more often than by chance"
    alike = by_class[list(TOPS)].mean()
    assert alike < by_class[[1, 7, 8, 9]].mean() - 0.15, "the tops should be the hard ones"


def test_colour_says_nothing_about_the_class(data):
    images, labels = data["colour", False]
    colour = images.mean((2, 3))
    hue = colour - colour.mean(1, keepdims=True)
    assert hue.std() > 10, "there should be colours"
    half = 5_000
    accuracy, _ = nearest_mean_accuracy(hue[:half], labels[:half], hue[half:], labels[half:])
    assert accuracy < 0.13
    corner = images[:, :, 0, 0].astype(np.float64)
    for label in range(10):
        assert abs(corner[labels == label].mean() - corner.mean()) < 8
