"""The page of the reference network is made with one command."""

import re

from authoring import reference_page


def test_it_is_of_the_network_for_the_images_at_hand(tmp_path, capsys):
    target = tmp_path / "net.html"
    reference_page.main([str(target)])
    assert re.fullmatch(r".*net\.html: 0\.3 MB, opens in any browser.*\n", capsys.readouterr().out)
    text = target.read_text(encoding="utf-8")
    assert reference_page.TITLE in text and "44,426 parameters" in text
    assert "Ankle Boot" in text and "Fashion-MNIST" in text  # or drawn in its place
