"""The page of the reference network, for a lecturer to put wherever a class can open it.

    python -m authoring.reference_page [FILE]

``make page`` writes it to ``build/network.html``: one file, which needs no Python, and no network
once it is opened. With the official images at hand, it is of the network that was trained on them,
else of the one for drawn images.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from authoring.facts import ROOT
from helpers import checkpoints, datasets, sharing

TITLE = "What a small network sees"
PAGE = ROOT / "build" / "network.html"


def main(arguments: Sequence[str]) -> None:
    """Write the page, and say where it is."""
    data = datasets.fashion_mnist(train=False)
    network, _ = checkpoints.load(checkpoints.reference_path(data.source))
    print(sharing.page(network, Path(*arguments) if arguments else PAGE, data, title=TITLE))


if __name__ == "__main__":
    main(sys.argv[1:])
