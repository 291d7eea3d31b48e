"""What tests of the data sets share: tiny official files, drawings, and no network."""

import hashlib

import pytest

from helpers.datasets import drawn, fetching
from tests.datasets import fakes


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """An empty data folder, no proxy, and no memory of earlier failures."""
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    monkeypatch.delenv("CNN_COURSE_DATASET", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(fetching, "_failures", {})
    monkeypatch.setattr(fetching, "_in_memory", {})


@pytest.fixture
def tiny(monkeypatch, offline):
    """Small official files, which no mirror has, few drawings, and an empty data folder."""
    from torchvision import datasets as official

    fakes.offer(monkeypatch, "fashion_mnist", fakes.tiny_fashion())
    fakes.offer(monkeypatch, "cifar10", {"cifar-10-python.tar.gz": fakes.cifar_archive()})
    batches = fakes.cifar_batches()
    sums = {name: hashlib.md5(data).hexdigest() for name, data in batches.items()}
    monkeypatch.setattr(
        official.CIFAR10,
        "train_list",
        [[name, sums[name]] for name in ("data_batch_1", "data_batch_2")],
    )
    monkeypatch.setattr(official.CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    meta = {**official.CIFAR10.meta, "md5": sums["batches.meta"]}
    monkeypatch.setattr(official.CIFAR10, "meta", meta)
    drawing = fakes.drawing
    monkeypatch.setattr(drawn, "garments", lambda train: drawing(1, 28, 40 if train else 20))
    monkeypatch.setattr(drawn, "colour_garments", lambda train: drawing(3, 32, 40 if train else 20))
