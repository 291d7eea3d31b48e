"""What a page holds can be read back; what is no page, or damaged, is named."""

import json

import pytest
import torch

from helpers import sharing
from helpers.models import ConvNet
from helpers.sharing.program import read_program
from helpers.sharing.read_back import read_page
from tests.sharing.networks import NETWORKS, make, shape_of
from tests.sharing.test_html_page import data_of


@pytest.mark.parametrize("name", NETWORKS)
def test_what_was_written_is_read(name, tmp_path):
    network, shape = make(name), shape_of(name)
    path = sharing.page(network, tmp_path / "net.html", data_of(shape)).path
    program = read_program(network, torch.rand(4, *shape))
    held = read_page(path)
    assert held.steps == json.loads(json.dumps(program.steps))
    assert held.weights.keys() == program.weights.keys()
    assert all(torch.equal(held.weights[name], value) for name, value in program.weights.items())


def damaged(tmp_path, change) -> str:
    path = sharing.page(ConvNet(), tmp_path / "net.html", data_of()).path
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:100_000], "is no page of a network"),
        (lambda text: text.replace('"base64":"', '"base64":"QUJD'), "is damaged"),
        (lambda text: text.replace('"base64":"', '"base64":"?'), "is damaged"),
        (lambda text: text.replace('"steps"', '"stages"'), "is damaged"),
        (lambda text: text.replace('id="page">{', 'id="page">{,'), "is damaged"),
        (lambda text: "", "is no page of a network"),
    ],
)
def test_what_is_damaged_says_so(change, words, tmp_path):
    with pytest.raises(sharing.SharingError, match=rf"net\.html {words}"):
        read_page(damaged(tmp_path, change))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(sharing.SharingError, match=r"there is no file .*none\.html\. Write"):
        read_page(tmp_path / "none.html")
    with pytest.raises(sharing.SharingError, match="cannot be read: it is a folder"):
        read_page(tmp_path)
    with pytest.raises(sharing.SharingError, match=r"cannot be read: embedded null byte"):
        read_page("a\0b")
    (tmp_path / "raw.html").write_bytes(bytes(range(256)))
    with pytest.raises(sharing.SharingError, match="is no page of a network"):
        read_page(tmp_path / "raw.html")
