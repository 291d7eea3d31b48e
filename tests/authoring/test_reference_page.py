"""The page of the reference network is made with one command."""

import json
import re

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
