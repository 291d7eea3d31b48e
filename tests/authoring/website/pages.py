"""The pages that the site should have, and what they were made of."""

import base64
import functools
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from authoring.website import build as build_site
from authoring.website.texts import texts

ROOT = build_site.ROOT
NAMES = sorted(path.stem for path in (ROOT / "solutions").glob("*.ipynb"))
WITH_OUTPUTS = [f"{folder}/{name}.html" for name in NAMES for folder in ("solutions", "slides")]
OF_STUDENTS = [f"notebooks/{name}.html" for name in NAMES]
TEXTS = [name.removesuffix(".md") + ".html" for name in texts(ROOT)]
LESSONS = [*WITH_OUTPUTS, *OF_STUDENTS]
PAGES = ["index.html", *LESSONS, *TEXTS]
SLIDES = [f"slides/{name}.html" for name in NAMES]

each_page = pytest.mark.parametrize("page", PAGES)
each_page_with_outputs = pytest.mark.parametrize("page", WITH_OUTPUTS)


@functools.cache
def soup_of(path: Path) -> BeautifulSoup:
    """A page, parsed."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def cells_of(page: str) -> list:
    """The cells of the solution, or the student notebook, that a page was made of."""
    folder, name = page.removesuffix(".html").split("/")
    folder = "notebooks" if folder == "notebooks" else "solutions"
    return nbformat.read(ROOT / folder / f"{name}.ipynb", as_version=4).cells


def shown_as(soup: BeautifulSoup, cell) -> str:
    """The HTML of a cell on a page; on slides it may be in parts."""
    ids = re.compile(rf"^cell-id={re.escape(cell.id)}(-\d+)?$")
    return "".join(map(str, soup.find_all(id=ids)))


def pictures_of(cells: list) -> list[tuple[bytes, str]]:
    """The pictures that are stored in cells, each with its words; a figure's repr is none."""
    outputs = [out for cell in cells for out in cell.get("outputs", []) if "data" in out]
    return [
        (base64.b64decode(out.data["image/png"]), words_of(out))
        for out in outputs
        if "image/png" in out.data
    ]


def words_of(output) -> str:
    """The words of a stored picture: those beside it, as new as it is, or its text/plain."""
    said = output.metadata.get("image/png", {}).get("alt") or output.data["text/plain"]
    return re.sub(r"^<Figure .*>$", "", said)


def target(page: Path, address: str) -> Path:
    """The file that an address within the site means, seen from a page."""
    path = unquote(urlsplit(address).path)
    return (page.parent / path).resolve() if path else page


def is_outside(address: str) -> bool:
    """Whether an address leads out of the site."""
    return address.startswith("//") or urlsplit(address).scheme not in ("", "data")
