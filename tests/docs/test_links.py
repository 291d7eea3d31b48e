"""Every link and picture on a page leads somewhere. Those to other sites are looked at only."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image

from tests.docs.pages import ROOT, Page, pages, written

IMAGE = re.compile(r"<img\b[^>]*>")


def faults(page: Page) -> list[str]:
    """What is wrong with the links and pictures of a page."""
    found = []
    for target in page.targets:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            found += outside_faults(target)
            continue
        path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        if not path.exists() or not path.is_relative_to(ROOT):
            found.append(f"{target}: there is no such file")
        elif parts.fragment:
            there = page if path == page.path else Page(path, path.read_text(encoding="utf-8"))
            if parts.fragment not in there.anchors:
                found.append(f"{target}: there is no such heading")
    found += [f"{image}: no words" for image in IMAGE.findall(page.prose) if not words_of(image)]
    return found


def words_of(image: str) -> str:
    """What a screen reader says of a picture."""
    said = re.search(r'alt="([^"]*)"', image)
    return said[1].strip() if said else ""


def outside_faults(target: str) -> list[str]:
    """What is wrong with the form of an address; a file of ours that it names must be there."""
    parts = urlsplit(target)
    if parts.scheme != "https" or "." not in parts.netloc:
        return [f"{target}: no address of the web"]
    ours = re.search(r"OWNER/cnn-course.*?((?:notebooks|solutions)/[\w.-]+)", target)
    return [f"{target}: there is no {ours[1]}"] if ours and not (ROOT / ours[1]).exists() else []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_links_of_a_page(page):
    assert faults(page) == []


def test_every_page_can_be_reached_from_the_first():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        targets = Page(path, path.read_text(encoding="utf-8")).targets
        links = [urlsplit(target).path for target in targets if not urlsplit(target).scheme]
        waiting += [(path.parent / link).resolve() for link in links if link]
    assert {page.path for page in pages()} <= seen


def test_every_picture_is_shown():
    shown = {
        (p.path.parent / t).resolve()
        for p in pages()
        for t in p.targets
        if t.endswith((".png", ".gif"))
    }
    assert shown == set((ROOT / "docs/images").glob("*"))


def test_the_recording_is_short_and_small():
    path = ROOT / "docs/images/pointing.gif"
    assert path.stat().st_size < 1.5e6
    with Image.open(path) as recording:
        assert recording.width <= 900 and recording.n_frames >= 50
        lengths = []
        for frame in range(recording.n_frames):
            recording.seek(frame)
            lengths.append(recording.info["duration"])
    assert 8000 <= sum(lengths) <= 12000  # milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "[a](nowhere.md)",
        "[a](../../elsewhere)",
        "[a](install.md#nowhere)",
        "[a](#nowhere)",
        '<source srcset="images/none.png">',
        '<img alt="words" src="images/none.png">',
        '<img src="images/why-light.png">',
        '<img alt="" src="images/why-light.png">',
        "[a](http://example.org)",
        "[a](https://nowhere)",
        "[![a](images/none.png)](https://example.org)",
        "[a](https://colab.example.org/github/OWNER/cnn-course/blob/main/notebooks/00_none.ipynb)",
    ],
)
def test_a_link_that_leads_nowhere_is_found(text):
    assert faults(written(f"# Title\n\n{text}\n")) != []


def test_headings_become_anchors_as_on_github():
    page = written("# A `code` title\n\n## Pip, on macOS\n\n## Task 5.5\n\n## Task 5.5\n")
    assert page.anchors == ["a-code-title", "pip-on-macos", "task-55", "task-55-1"]
