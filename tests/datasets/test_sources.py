"""The images come from where they should, whole, and can be taken one by one or in batches."""

import errno
import gzip
import hashlib
import io
import pickle
import shutil
import struct
import tarfile
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets as official

from helpers import datasets
from helpers.datasets import (
    CIFAR_CLASSES,
    FASHION_CLASSES,
    DataError,
    ImageDataset,
    drawn,
    fetching,
)
from helpers.datasets import sources as reading
from helpers.datasets.fetching import Collection, Resource
from tests.loopback import serving

NOWHERE = "http://nowhere.invalid/"  # a name that exists on no network (RFC 2606)


def idx(numbers: np.ndarray) -> bytes:
    """uint8 numbers in the format of the official files."""
    header = struct.pack(f">BBBB{numbers.ndim}I", 0, 0, 8, numbers.ndim, *numbers.shape)
    return header + numbers.tobytes()


def tiny_fashion() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    files = {}
    for part, count in (("train", 30), ("t10k", 20)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        files[f"{part}-images-idx3-ubyte.gz"] = gzip.compress(idx(images), mtime=0)
        labels = np.arange(count, dtype=np.uint8) % 10
        files[f"{part}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels), mtime=0)
    return files


def resources(files: dict[str, bytes]) -> tuple[Resource, ...]:
    return tuple(Resource(n, hashlib.md5(d).hexdigest(), len(d)) for n, d in files.items())


def put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tmp_path):
    """Small tables of files, no network, few drawings, and an empty data folder."""
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    monkeypatch.delenv("CNN_COURSE_DATASET", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(fetching, "_failures", {})
    monkeypatch.setattr(fetching, "_in_memory", {})
    fashion = Collection("Fashion-MNIST", "FashionMNIST/raw", resources(tiny_fashion()), (NOWHERE,))
    monkeypatch.setattr(fetching, "FASHION_MNIST", fashion)
    cifar = Collection(
        "CIFAR-10", ".", resources({"cifar-10-python.tar.gz": cifar_archive()}), (NOWHERE,)
    )
    monkeypatch.setattr(fetching, "CIFAR10", cifar)
    batches = cifar_batches()
    sums = {name: hashlib.md5(data).hexdigest() for name, data in batches.items()}
    monkeypatch.setattr(
        official.CIFAR10,
        "train_list",
        [[name, sums[name]] for name in ("data_batch_1", "data_batch_2")],
    )
    monkeypatch.setattr(official.CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    meta = {**official.CIFAR10.meta, "md5": sums["batches.meta"]}
    monkeypatch.setattr(official.CIFAR10, "meta", meta)
    monkeypatch.setattr(drawn, "garments", lambda train: drawing(1, 28, 40 if train else 20))
    monkeypatch.setattr(drawn, "colour_garments", lambda train: drawing(3, 32, 40 if train else 20))


def drawing(channels: int, width: int, count: int):
    drawing.calls += 1
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, channels, width, width), dtype=np.uint8)
    return images, np.arange(count, dtype=np.int64) % 10


drawing.calls = 0


def cifar_batches() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    files = {}
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        data = rng.integers(0, 256, (10, 3072), dtype=np.uint8)
        new = pickle.dumps({"data": data, "labels": list(range(10))}, protocol=2)
        # The official pickles write 0 for False, of which some releases of numpy warn: here as
        # dtype("u1", 0), of which all since 2.4 do.
        files[name] = new.replace(b"\x89\x88\x87", b"K\x00\x86")
        assert len(files[name]) == len(new)
    files["batches.meta"] = pickle.dumps({"label_names": CIFAR_CLASSES}, protocol=2)
    return files


def tar_gz(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as tar,
    ):
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def cifar_archive() -> bytes:
    return tar_gz({f"cifar-10-batches-py/{n}": d for n, d in cifar_batches().items()})


def pictures(per_class: int = 3) -> dict[str, bytes]:
    """Pictures in folders; the red of each is 20 times its label."""
    files = {}
    for part in ("train", "test"):
        for label, name in enumerate(CIFAR_CLASSES):
            for i in range(per_class):
                file = io.BytesIO()
                Image.new("RGB", (32, 32), (20 * label, 0, 255)).save(file, "JPEG", quality=100)
                files[f"cifar10/{part}/{name}/{i:04}.jpg"] = file.getvalue()
    return files


def put_pictures(root: Path) -> None:
    for name, data in pictures().items():
        put((root / name).parent, {Path(name).name: data})


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


# --- Fashion-MNIST ---


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
        table = Collection("F", "FashionMNIST/raw", resources(files), (mirror.address,))
        monkeypatch.setattr(fetching, "FASHION_MNIST", table)
        assert datasets.fashion_mnist().source == "official"
        assert mirror.asked == ["train-images-idx3-ubyte.gz"]
    raw = tmp_path / "FashionMNIST/raw"
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == files


def test_all_four_files_are_fetched_together(monkeypatch, tmp_path):
    files = tiny_fashion()
    with serving(files) as mirror:
        table = Collection("F", "FashionMNIST/raw", resources(files), (mirror.address,))
        monkeypatch.setattr(fetching, "FASHION_MNIST", table)
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


# --- drawn garments, kept ---


def test_garments_are_drawn_once_and_kept(capsys, tmp_path):
    calls = drawing.calls
    first = reading.drawn_garments(tmp_path, "grey", True)
    assert "Drawing the garments" in capsys.readouterr().out
    second = reading.drawn_garments(tmp_path, "grey", True)
    assert capsys.readouterr() == ("", "")
    assert drawing.calls == calls + 1
    assert torch.equal(first.images, second.images)
    assert torch.equal(first.labels, second.labels)
    assert (second.images.dtype, second.labels.dtype) == (torch.uint8, torch.int64)
    assert [path.name for path in (tmp_path / "drawn").iterdir()] == [
        f"v{drawn.VERSION}-grey-train.npz"
    ]


def test_a_new_version_is_drawn_anew(monkeypatch, tmp_path):
    reading.drawn_garments(tmp_path, "grey", True)
    calls = drawing.calls
    monkeypatch.setattr(drawn, "VERSION", drawn.VERSION + 1)
    reading.drawn_garments(tmp_path, "grey", True)
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
    right = reading.drawn_garments(tmp_path, "grey", True)
    (path,) = (tmp_path / "drawn").iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    capsys.readouterr()
    assert torch.equal(reading.drawn_garments(tmp_path, "grey", True).images, right.images)
    assert "is damaged: the garments are drawn again" in capsys.readouterr().out
    reading.drawn_garments(tmp_path, "grey", True)
    assert capsys.readouterr().out == ""


def test_drawings_of_a_wrong_content_are_noticed(tmp_path, capsys):
    """A whole file with other pictures in it: the checksum tells."""
    reading.drawn_garments(tmp_path, "grey", True)
    (path,) = (tmp_path / "drawn").iterdir()
    with np.load(path) as file:
        content = dict(file)
    content["images"][0] ^= 1
    np.savez(path, **content)
    capsys.readouterr()
    reading.drawn_garments(tmp_path, "grey", True)
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
        table = Collection("CIFAR-10", ".", resources(files), (mirror.address,))
        monkeypatch.setattr(fetching, "CIFAR10", table)
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
        found.append(len(reading.cifar10(tmp_path, True).labels))

    threads = [threading.Thread(target=kernel) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [30, 30]
    assert {path.name for path in tmp_path.iterdir()} == {"cifar10", "cifar10-sample.tar.gz"}


def test_without_anything_colour_garments_stand_in(capsys):
    train = datasets.cifar10()
    assert (train.source, train.name) == ("drawn", "drawn colour garments")
    assert train.classes == FASHION_CLASSES
    assert repr(train).startswith("drawn colour garments (not CIFAR-10): 40 colour images of 32×32")
    assert "DRAWN GARMENTS, which are not CIFAR-10" in capsys.readouterr().out


# --- the real thing ---

REAL = fetching.data_folder()  # as the tests were started, before each gets its own folder
OFFICIAL = fetching.FASHION_MNIST
HAS_OFFICIAL = all((REAL / OFFICIAL.folder / file.name).is_file() for file in OFFICIAL.files)


@pytest.mark.skipif(not HAS_OFFICIAL, reason=f"the official files are not in {REAL}")
def test_the_official_files_themselves(monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATA", str(REAL))
    monkeypatch.setenv("CNN_COURSE_DATASET", "official")
    monkeypatch.setattr(fetching, "FASHION_MNIST", OFFICIAL)
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


def test_the_sums_are_those_of_torchvision(monkeypatch):
    monkeypatch.undo()
    ours = [(file.name, file.md5) for file in fetching.FASHION_MNIST.files]
    assert ours == official.FashionMNIST.resources
    (file,) = fetching.CIFAR10.files
    assert (file.name, file.md5) == (official.CIFAR10.filename, official.CIFAR10.tgz_md5)
    assert len(fetching.FASHION_MNIST.mirrors) > 1
    assert len(fetching.CIFAR10.mirrors) > 1
