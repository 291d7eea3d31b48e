"""Which images a notebook gets: official ones where they can be had, else drawings, said loudly."""

import gzip
from dataclasses import replace

import pytest

from helpers import datasets
from helpers.datasets import FASHION_CLASSES, DataError, fetching, loading
from helpers.datasets.catalogue import CATALOGUE
from tests.datasets.fakes import offer, put, put_pictures, tiny_fashion
from tests.loopback import serving

pytestmark = pytest.mark.usefixtures("tiny")


def test_files_in_place_are_read_without_a_word(tmp_path, capsys):
    put(tmp_path / "FashionMNIST/raw", tiny_fashion())
    train, test = datasets.fashion_mnist(), datasets.fashion_mnist(train=False)
    assert (train.source, train.name) == ("official", "Fashion-MNIST")
    assert (train.images.shape, train.labels.shape) == ((30, 1, 28, 28), (30,))
    assert len(test) == 20
    assert test.labels.tolist() == [*range(10)] * 2
    raw = gzip.decompress(tiny_fashion()["t10k-images-idx3-ubyte.gz"])
    assert test.images.numpy().tobytes() == raw[16:]
    assert repr(test) == "Fashion-MNIST, official files: 20 grey images of 28×28 in ten classes"
    assert capsys.readouterr() == ("", "")


def test_an_extraction_cut_short_is_not_even_looked_at(tmp_path):
    put(tmp_path / "FashionMNIST/raw", tiny_fashion())
    put(tmp_path / "FashionMNIST/raw", {"train-images-idx3-ubyte": b"\0\0\x08\x03 cut"})
    assert len(datasets.fashion_mnist()) == 30


def test_a_file_cut_short_is_mended_at_the_next_start(tmp_path, monkeypatch, capsys):
    files = tiny_fashion()
    cut = {name: data[: len(data) // 2] for name, data in list(files.items())[:1]}
    put(tmp_path / "FashionMNIST/raw", {**files, **cut})
    assert datasets.fashion_mnist().source == "drawn"  # no network
    assert "train-images-idx3-ubyte.gz there is damaged" in capsys.readouterr().out
    monkeypatch.setattr(fetching, "REMEMBERED", 0.0)
    with serving(files) as mirror:
        offer(monkeypatch, "fashion_mnist", files, mirror.address)
        assert datasets.fashion_mnist().source == "official"
        assert mirror.asked == ["train-images-idx3-ubyte.gz"]
    raw = tmp_path / "FashionMNIST/raw"
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == files


def test_all_four_files_are_fetched_together(monkeypatch, tmp_path):
    files = tiny_fashion()
    with serving(files) as mirror:
        offer(monkeypatch, "fashion_mnist", files, mirror.address)
        assert datasets.fashion_mnist(train=False).source == "official"
        assert sorted(mirror.asked) == sorted(files)


def test_without_files_and_network_drawings_stand_in_loudly(tmp_path, capsys):
    train = datasets.fashion_mnist()
    said = capsys.readouterr().out
    assert "address cannot be found" in said
    assert "What to do: connect to the internet" in said
    assert "DRAWN GARMENTS, which are not Fashion-MNIST" in said
    assert (train.source, train.name, train.classes) == (
        "drawn",
        "drawn garments",
        FASHION_CLASSES,
    )
    assert repr(train).startswith("drawn garments (not Fashion-MNIST): 40 grey images of 28×28")
    datasets.fashion_mnist(train=False)
    again = capsys.readouterr().out
    assert "DRAWN GARMENTS, which are not Fashion-MNIST" in again
    assert "address cannot be found" not in again  # nothing was tried again


def test_never_some_official_and_some_drawn(tmp_path):
    files = tiny_fashion()
    train = {name: data for name, data in files.items() if name.startswith("train")}
    put(tmp_path / "FashionMNIST/raw", train)
    assert datasets.fashion_mnist(train=True).source == "drawn"
    assert datasets.fashion_mnist(train=False).source == "drawn"


@pytest.mark.parametrize("which", [datasets.fashion_mnist, datasets.cifar10])
def test_official_never_falls_back(which, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CNN_COURSE_DATASET", "official")
    with pytest.raises(DataError, match=r"What to do: connect to the internet.* or copy"):
        which()
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_official_takes_no_folder_of_pictures(monkeypatch, tmp_path):
    put_pictures(tmp_path)
    monkeypatch.setenv("CNN_COURSE_DATASET", "official")
    with pytest.raises(DataError):
        datasets.cifar10()


def test_drawn_looks_at_nothing_else(monkeypatch, tmp_path, capsys):
    put(tmp_path / "FashionMNIST/raw", tiny_fashion())
    monkeypatch.setenv("CNN_COURSE_DATASET", "drawn")
    assert datasets.fashion_mnist().source == "drawn"
    assert "✗" not in capsys.readouterr().out
    assert datasets.fashion_mnist().source == "drawn"
    assert capsys.readouterr() == ("", "")


def test_a_setting_that_does_not_exist_is_said(monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATASET", "officially")
    with pytest.raises(DataError, match="one of auto, official and drawn"):
        datasets.fashion_mnist()


def test_without_anything_colour_garments_stand_in(capsys):
    train = datasets.cifar10()
    assert (train.source, train.name) == ("drawn", "drawn colour garments")
    assert train.classes == FASHION_CLASSES
    assert repr(train).startswith("drawn colour garments (not CIFAR-10): 40 colour images of 32×32")
    assert "DRAWN GARMENTS, which are not CIFAR-10" in capsys.readouterr().out


# --- nothing that stands in ---


@pytest.mark.parametrize("setting", ["auto", "official"])
def test_where_nothing_stands_in_the_error_says_what_to_do(setting, monkeypatch, tmp_path, capsys):
    """Never garments under the names of other classes."""
    monkeypatch.setenv("CNN_COURSE_DATASET", setting)
    letters = replace(CATALOGUE["fashion_mnist"], title="Letters", stand_in="")
    with pytest.raises(DataError, match=r"files of Letters .* What to do: connect to the internet"):
        loading.load(letters, True)
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_is_drawn_the_error_says_what_to_set(monkeypatch, tmp_path):
    monkeypatch.setenv("CNN_COURSE_DATASET", "drawn")
    put(tmp_path / "FashionMNIST/raw", tiny_fashion())
    letters = replace(CATALOGUE["fashion_mnist"], title="Letters", stand_in="", classes=("a", "b"))
    with pytest.raises(DataError, match=r"nothing is drawn in the place of Letters\. What to do: "):
        loading.load(letters, True)
    monkeypatch.setenv("CNN_COURSE_DATASET", "auto")
    found = loading.load(letters, True)
    assert (found.source, found.name, found.classes) == ("official", "Letters", ["a", "b"])
