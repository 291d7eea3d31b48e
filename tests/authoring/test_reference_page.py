"""The page of the reference network is made with one command."""

import json
import re
from xml.etree import ElementTree

import pytest

from authoring import reference_page
from authoring.facts import ROOT
from authoring.website.build import NETWORK
from helpers import datasets

DATA = re.compile(r'<script type="application/json" id="page">(.*?)</script>', re.DOTALL)


def test_it_is_of_the_network_for_the_images_at_hand(tmp_path, capsys):
    target = tmp_path / "net.html"
    reference_page.main([str(target)])
    assert re.fullmatch(r".*net\.html: 0\.3 MB, opens in any browser.*\n", capsys.readouterr().out)
    text = target.read_text(encoding="utf-8")
    assert reference_page.TITLE in text and "44,426 parameters" in text
    assert "Ankle Boot" in text and "Fashion-MNIST" in text  # or drawn in its place


def test_a_code_leads_to_where_it_is_put(tmp_path, capsys):
    at = "https://example.org/a-class/network.html?term=1"
    reference_page.main([str(tmp_path / "net.html"), "--at", at])
    assert capsys.readouterr().out.endswith(f"net.svg: leads to {at}\n")
    code = ElementTree.parse(tmp_path / "net.svg").getroot()
    assert code.findtext("{*}title") == at and code.get("width") == code.get("height")
    light, dark = (path.get("fill") or path.get("stroke") for path in code.findall(".//{*}path"))
    assert (light, dark) == ("#fff", "#000")  # also on a dark slide
    reference_page.main([str(tmp_path / "net.html"), "--at", at + "&other=1"])
    assert "&other" in ElementTree.parse(tmp_path / "net.svg").getroot().findtext("{*}title")


@pytest.mark.parametrize("at", ["network.html", "file:///network.html", "https://", "AT"])
def test_what_is_no_address_is_refused_before_anything_is_written(at, tmp_path, capsys):
    with pytest.raises(SystemExit):
        reference_page.main([str(tmp_path / "net.html"), "--at", at])
    assert f"invalid address value: '{at}'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    datasets.fashion_mnist(train=False).source != "official",
    reason="the page on the site is of the official images",
)
def test_the_one_on_the_site_is_up_to_date(tmp_path):
    reference_page.main([str(tmp_path / "net.html")])
    made, stored = (
        path.read_text(encoding="utf-8") for path in (tmp_path / "net.html", ROOT / NETWORK)
    )
    now, then = (json.loads(DATA.search(text)[1]) for text in (made, stored))
    assert now.pop("control") == pytest.approx(then.pop("control"), abs=1e-5)  # other processors
    assert now == then
    assert DATA.sub("", made) == DATA.sub("", stored), f"reference_page {NETWORK}"
