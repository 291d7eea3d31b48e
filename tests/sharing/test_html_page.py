"""The file of a page: what is in it, and what can go wrong when it is made."""

import base64
import hashlib
import html
import json
import re

import pytest
import torch
from torch import nn

from helpers import sharing
from helpers.datasets import ImageDataset
from helpers.datasets.catalogue import CATALOGUE, credit
from helpers.models import ConvNet
from helpers.sharing.html_page import FOLDER, MODULES


def data_of(shape=(1, 28, 28), count=20, classes="abcdefghij", name="noise") -> ImageDataset:
    """Random images in their classes."""
    images = torch.randint(256, (count, *shape), generator=torch.Generator().manual_seed(0))
    labels = torch.arange(count) % len(classes)
    return ImageDataset(images.to(torch.uint8), labels, list(classes), "official", name)


def content_of(text: str) -> dict:
    """What the page knows, as its program reads it."""
    return json.loads(
        re.search(r'<script type="application/json" id="page">(.*?)</script>', text)[1]
    )


def test_a_page_of_the_course_is_small_and_whole(tmp_path):
    page = sharing.page(ConvNet(), tmp_path / "net.html", data_of())
    assert page.size == page.path.stat().st_size < 400_000
    assert re.match(r".*net\.html: 0\.3 MB, opens in any browser", repr(page))
    content = content_of(page.path.read_text(encoding="utf-8"))
    assert content["classes"] == list("abcdefghij") and content["input"] == [1, 28, 28]
    assert content["images"]["labels"] == sorted("abcdefghij" * 2)


def test_a_network_of_the_scale_of_the_course_takes_less_than_a_megabyte(tmp_path):
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 126), nn.ReLU(), nn.Linear(126, 10))
    assert sum(p.numel() for p in network.parameters()) > 100_000
    assert sharing.page(network, tmp_path / "net.html", data_of()).size < 1_000_000


def test_the_program_is_not_long():
    files = sorted(path.name for path in FOLDER.glob("*.js"))
    assert files == sorted(MODULES)
    assert sum(len((FOLDER / name).read_text().splitlines()) for name in files) <= 900


def test_names_are_data_and_no_markup(tmp_path):
    evil = "</script><script>alert(1)</script><!--"
    data = data_of(classes=[evil, *"bcdefghij"])
    text = sharing.page(ConvNet(), tmp_path / "net.html", data, title=evil).path.read_text()
    assert content_of(text)["classes"][0] == content_of(text)["title"] == evil
    assert text.count("<script") == text.count("</script>") == 2
    assert f"<title>{html.escape(evil)}</title>" in text


def test_the_policy_lets_run_what_the_page_brings_and_nothing_else(tmp_path):
    text = sharing.page(ConvNet(), tmp_path / "net.html", data_of()).path.read_text()
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', text)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:" and "unsafe" not in policy
    for part, rule in (("style", "style-src"), ('script type="module"', "script-src")):
        inside = re.search(f"<{part}>(.*?)</{part.split()[0]}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert not re.search(r"^(import|export) ", text, re.MULTILINE)
    assert "://" not in text.replace(content_of(text)["weights"]["base64"], "")


def test_the_same_network_gives_the_same_page(tmp_path):
    network = ConvNet()
    pages = [sharing.page(network, tmp_path / name, data_of()) for name in ("a.html", "b.html")]
    assert pages[0].path.read_bytes() == pages[1].path.read_bytes()


WRONG_DATA = {
    "other classes": (data_of(classes="abc"), r"gives 10 scores, but the data have 3 classes"),
    "few images": (data_of(count=3), "have 3 images; a page needs four"),
    "five channels": (data_of((5, 28, 28)), r"shape \[5, 28, 28\]"),
    "below zero": (
        [(image * 2 - 1, label) for image, label in data_of()], "run from -1.00 to 1.00"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "words"), WRONG_DATA.values(), ids=WRONG_DATA)
def test_data_that_a_page_cannot_show(data, words, tmp_path):
    with pytest.raises(sharing.SharingError, match=words):
        sharing.page(ConvNet(), tmp_path / "net.html", data)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_of_a_network_that_is_refused(tmp_path):
    (tmp_path / "net.html").write_text("the former")
    with pytest.raises(sharing.SharingError, match="conv_transpose2d"):
        sharing.page(
            nn.Sequential(nn.ConvTranspose2d(1, 1, 3), nn.Flatten()), tmp_path / "net.html"
        )
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the former"]


def test_a_place_where_nothing_can_be_written(tmp_path):
    (tmp_path / "net.html").mkdir()
    with pytest.raises(sharing.SharingError, match=r"net\.html cannot be written: it is a folder"):
        sharing.page(ConvNet(), tmp_path / "net.html", data_of())


def test_whose_images_they_are():
    assert credit("Fashion-MNIST") == "Fashion-MNIST (Xiao et al., 2017), MIT licence"
    assert "made by the course's own code" in credit("drawn garments")
    assert "in place of Fashion-MNIST" in credit("drawn garments")
    assert all(credit(entry.title).count(entry.reference) == 1 for entry in CATALOGUE.values())
    assert credit("my own") == "my own"
