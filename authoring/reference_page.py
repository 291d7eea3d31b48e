"""The page of the reference network, for a lecturer to put wherever a class can open it.

    python -m authoring.reference_page [FILE] [--at https://...]

``make page`` writes it to ``build/network.html``: one file, which needs no Python, and no network
once it is opened. With the official images at hand, it is of the network that was trained on them,
else of the one for drawn images. With the address that the page is going to have (``make page
AT=https://...``), a QR code to it lies beside it, to be shown on a slide: ``build/network.svg``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from authoring.facts import ROOT
from helpers import checkpoints, datasets, sharing

TITLE = "What a small network sees"
PAGE = ROOT / "build" / "network.html"


def address(text: str) -> str:
    """``text`` if it is an address that a phone opens; raises ``ValueError``."""
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError
    return text


def write_code(target: Path, at: str) -> None:
    """Write a QR code to the address ``at``, black on white with the margin that it needs."""
    import segno  # of the development's packages: a page alone needs none of them

    segno.make_qr(at).save(target, scale=8, border=4, dark="#000", light="#fff", title=at)
    print(f"{target}: leads to {at}")


def main(arguments: Sequence[str]) -> None:
    """Write the page, and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m authoring.reference_page")
    parser.add_argument("file", nargs="?", type=Path, default=PAGE)
    parser.add_argument("--at", type=address, help="where it is put, such as https://...")
    wanted = parser.parse_args(arguments)
    data = datasets.fashion_mnist(train=False)
    network, _ = checkpoints.load(checkpoints.reference_path(data.source))
    print(sharing.page(network, wanted.file, data, title=TITLE))
    if wanted.at:
        write_code(wanted.file.with_suffix(".svg"), wanted.at)


if __name__ == "__main__":
    main(sys.argv[1:])
