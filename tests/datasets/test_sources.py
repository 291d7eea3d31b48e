"""The images come from where they should, and whole: drawings, archives, folders, real files."""

import errno
import pickle
import shutil
import tarfile
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import datasets
from helpers.datasets import CIFAR_CLASSES, ImageDataset, drawn, fetching, sources
from helpers.datasets.catalogue import CATALOGUE
from tests.datasets.fakes import (
    cifar_archive,
    cifar_batches,
    drawing,
    offer,
    pictures,
    put,
    put_pictures,
    tar_gz,
)
from tests.loopback import serving

pytestmark = pytest.mark.usefixtures("tiny")


# --- drawn garments, kept ---


def test_garments_are_drawn_once_and_kept(capsys, tmp_path):
    calls = drawing.calls
    first = sources.drawn_garments(tmp_path, "grey", True)
    assert "Drawing the garments" in capsys.readouterr().out
    second = sources.drawn_garments(tmp_path, "grey", True)
    assert capsys.readouterr() == ("", "")
    assert drawing.calls == calls + 1
    assert torch.equal(first.images, second.images)
    assert torch.equal(first.labels, second.labels)
    assert (second.images.dtype, second.labels.dtype) == (torch.uint8, torch.int64)
    assert [path.name for path in (tmp_path / "drawn").iterdir()] == [
        f"v{drawn.VERSION}-grey-train.npz"
    ]


def test_a_new_version_is_drawn_anew(monkeypatch, tmp_path):
    sources.drawn_garments(tmp_path, "grey", True)
    calls = drawing.calls
    monkeypatch.setattr(drawn, "VERSION", drawn.VERSION + 1)
    sources.drawn_garments(tmp_path, "grey", True)
    assert drawing.calls == calls + 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"not a zip",
        lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
    ],
)
def test_damaged_drawings_are_drawn_again(damage, tmp_path, capsys):
    right = sources.drawn_garments(tmp_path, "grey", True)
    (path,) = (tmp_path / "drawn").iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    capsys.readouterr()
    assert torch.equal(sources.drawn_garments(tmp_path, "grey", True).images, right.images)
    assert "is damaged: the garments are drawn again" in capsys.readouterr().out
    sources.drawn_garments(tmp_path, "grey", True)
    assert capsys.readouterr().out == ""


def test_drawings_of_a_wrong_content_are_noticed(tmp_path, capsys):
    """A whole file with other pictures in it: the checksum tells."""
    sources.drawn_garments(tmp_path, "grey", True)
    (path,) = (tmp_path / "drawn").iterdir()
    with np.load(path) as file:
        content = dict(file)
    content["images"][0] ^= 1
    np.savez(path, **content)
    capsys.readouterr()
    sources.drawn_garments(tmp_path, "grey", True)
    assert "is damaged" in capsys.readouterr().out


def test_drawings_that_cannot_be_kept_are_drawn_each_time(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "file" / "data"))
    for _ in range(2):
        assert len(datasets.fashion_mnist()) == 40
        assert "cannot be written (not a directory)" in capsys.readouterr().out


def test_drawings_on_a_full_disk(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching.os, "replace", full)
    assert len(datasets.fashion_mnist()) == 40
    assert "no space left on device" in capsys.readouterr().out
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- CIFAR-10 ---


def check_official(train: ImageDataset, test: ImageDataset) -> None:
    assert {train.source, test.source} == {"official"}
    assert (train.images.shape, len(test)) == ((20, 3, 32, 32), 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = pickle.loads(cifar_batches()["data_batch_1"])["data"]
    assert train.images[:10].flatten(1).numpy().tobytes() == data.tobytes()
    assert train.classes == CIFAR_CLASSES
    assert repr(train) == "CIFAR-10, official files: 20 colour images of 32×32 in ten classes"


def test_official_batches(tmp_path, capsys):
    put(tmp_path / "cifar-10-batches-py", cifar_batches())
    put_pictures(tmp_path)  # official files come first
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        train, test = datasets.cifar10(), datasets.cifar10(train=False)
    assert said == []
    assert capsys.readouterr() == ("", "")
    check_official(train, test)


def test_the_official_archive_is_unpacked_once(tmp_path, capsys):
    put(tmp_path, {"cifar-10-python.tar.gz": cifar_archive()})
    put_pictures(tmp_path)
    check_official(datasets.cifar10(), datasets.cifar10(train=False))
    assert {path.name for path in (tmp_path / "cifar-10-batches-py").iterdir()} == set(
        cifar_batches()
    )
    assert not list(tmp_path.glob(".*"))
    assert capsys.readouterr() == ("", "")


def test_the_official_archive_is_fetched(tmp_path, monkeypatch):
    files = {"cifar-10-python.tar.gz": cifar_archive()}
    with serving(files) as mirror:
        offer(monkeypatch, "cifar10", files, mirror.address)
        check_official(datasets.cifar10(), datasets.cifar10(train=False))
        assert len(mirror.asked) == 1


@pytest.mark.parametrize("lost", ["data_batch_2", "batches.meta"])
def test_official_batches_cut_short_are_mended_from_the_archive(lost, tmp_path, capsys):
    put(tmp_path / "cifar-10-batches-py", {**cifar_batches(), lost: b"cut"})
    put(tmp_path, {"cifar-10-python.tar.gz": cifar_archive()})
    check_official(datasets.cifar10(), datasets.cifar10(train=False))
    assert capsys.readouterr().out.count("is damaged or not complete") == 1
    assert (tmp_path / "cifar-10-batches-py" / lost).read_bytes() == cifar_batches()[lost]


def test_a_folder_of_pictures(tmp_path, capsys):
    put_pictures(tmp_path)
    train = datasets.cifar10()
    assert (train.source, train.name, train.classes) == ("folder", "CIFAR-10", CIFAR_CLASSES)
    assert train.images.shape == (30, 3, 32, 32)
    assert train.labels.bincount().tolist() == [3] * 10
    red = train.images[:, 0].float().mean((1, 2))
    assert torch.allclose(red, 20.0 * train.labels, atol=3)  # each picture with its label
    assert len(set(train.labels[:10].tolist())) > 4  # shuffled,
    assert torch.equal(train.labels, datasets.cifar10().labels)  # always the same way
    assert repr(train).startswith("CIFAR-10, pictures from a folder: 30 colour images")
    assert capsys.readouterr() == ("", "")


def test_the_sample_archive_is_unpacked(tmp_path, capsys):
    put(tmp_path, {"cifar10-sample.tar.gz": tar_gz(pictures())})
    assert datasets.cifar10().source == "folder"
    assert len(datasets.cifar10(train=False)) == 30
    assert {path.name for path in tmp_path.iterdir()} == {"cifar10", "cifar10-sample.tar.gz"}
    assert capsys.readouterr() == ("", "")


def test_the_sample_archive_in_a_folder_that_cannot_be_written(tmp_path, monkeypatch, capsys):
    put(tmp_path, {"cifar10-sample.tar.gz": tar_gz(pictures())})
    plain = Path.mkdir

    def mkdir(path, *args, **kwargs):
        if path.parent == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied")
        plain(path, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert datasets.cifar10().source == "folder"
    assert "cannot be written (permission denied)" in capsys.readouterr().out


def test_a_sample_archive_cut_short_is_said_and_not_used(tmp_path, capsys):
    put(tmp_path, {"cifar10-sample.tar.gz": tar_gz(pictures())[:1000]})
    assert datasets.cifar10().source == "drawn"
    assert "The archive of cifar10 is damaged" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"drawn", "cifar10-sample.tar.gz"}


@pytest.mark.parametrize("fault", ["class missing", "picture cut short", "wrong size"])
def test_a_damaged_folder_of_pictures(fault, tmp_path, capsys):
    put_pictures(tmp_path)
    train = tmp_path / "cifar10/train"
    if fault == "class missing":
        shutil.rmtree(train / "truck")
        named = "its folders must be airplane"
    elif fault == "picture cut short":
        path = train / "cat/0001.jpg"
        path.write_bytes(path.read_bytes()[:400])
        named = str(path)
    else:
        Image.new("RGB", (30, 30)).save(train / "cat/0001.jpg")
        named = "it is not a picture of 32×32"
    assert datasets.cifar10().source == "drawn"
    said = capsys.readouterr().out
    assert named in said
    assert "What to do: remove the folder" in said
    put(tmp_path, {"cifar10-sample.tar.gz": tar_gz(pictures())})
    assert datasets.cifar10().source == "folder"  # mended from the archive
    assert "is unpacked again" in capsys.readouterr().out
    assert datasets.cifar10().source == "folder"
    assert capsys.readouterr().out == ""


def test_two_kernels_that_unpack_at_once(tmp_path):
    put(tmp_path, {"cifar10-sample.tar.gz": tar_gz(pictures())})
    found, start = [], threading.Barrier(2)

    def kernel():
        start.wait()
        found.append(len(sources.read(CATALOGUE["cifar10"], tmp_path, True).labels))

    threads = [threading.Thread(target=kernel) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [30, 30]
    assert {path.name for path in tmp_path.iterdir()} == {"cifar10", "cifar10-sample.tar.gz"}


# --- the real thing ---

REAL = fetching.data_folder()  # as the tests were started, before each gets its own folder
OFFICIAL = CATALOGUE["fashion_mnist"]
HAS_OFFICIAL = all((REAL / OFFICIAL.folder / file.name).is_file() for file in OFFICIAL.files)


@pytest.mark.skipif(not HAS_OFFICIAL, reason=f"the official files are not in {REAL}")
def test_the_official_files_themselves(monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATA", str(REAL))
    monkeypatch.setenv("CNN_COURSE_DATASET", "official")
    monkeypatch.setitem(CATALOGUE, "fashion_mnist", OFFICIAL)
    train, test = datasets.fashion_mnist(), datasets.fashion_mnist(train=False)
    assert repr(train) == (
        "Fashion-MNIST, official files: 60,000 grey images of 28×28 in ten classes"
    )
    assert train.classes[train[0][1]] == "Ankle Boot"
    assert train.labels.bincount().tolist() == [6000] * 10
    assert test.labels.bincount().tolist() == [1000] * 10
    assert train.images.float().mean().div(255).item() == pytest.approx(0.286, abs=1e-3)


@pytest.mark.skipif(
    not (REAL / "cifar10-sample.tar.gz").is_file(),
    reason=f"cifar10-sample.tar.gz is not in {REAL}",
)
def test_real_pictures_of_cifar10(tmp_path):
    """The first five of each class, packed again, since unpacking all takes long."""
    with tarfile.open(REAL / "cifar10-sample.tar.gz") as tar:
        few = {
            member.name: tar.extractfile(member).read()
            for member in tar
            if member.isfile() and Path(member.name).stem < "0005"
        }
    put(tmp_path, {"cifar10-sample.tar.gz": tar_gz(few)})
    train, test = datasets.cifar10(), datasets.cifar10(train=False)
    assert (train.source, test.source) == ("folder", "folder")
    assert train.labels.bincount().tolist() == test.labels.bincount().tolist() == [5] * 10
    assert 0.3 < train.images.float().mean() / 255 < 0.7
