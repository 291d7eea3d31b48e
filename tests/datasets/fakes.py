"""Small data sets in the formats of the official ones, for tests that must be fast and offline."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.datasets import CIFAR_CLASSES
from helpers.datasets.catalogue import CATALOGUE, Resource

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


def offer(monkeypatch, name: str, files: dict[str, bytes], mirror: str = NOWHERE) -> None:
    """In the catalogue, ``files`` are the official ones of the data set ``name``."""
    entry = replace(CATALOGUE[name], files=resources(files), mirrors=(mirror,))
    monkeypatch.setitem(CATALOGUE, name, entry)


def put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


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
