"""``checks.progress``: how each task of a notebook stands."""

import re
from html.parser import HTMLParser

import nbformat
import pytest
from torch import nn

from authoring.facts import ROOT
from helpers import checks
from helpers.checks.core import declared, hints, progress
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from tests.checks.core.course import COURSE

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def _new_kernel(monkeypatch):
    monkeypatch.setattr(declared, "_declared", dict(COURSE))
    monkeypatch.setattr(hints, "_shown", {})
    monkeypatch.setattr(progress, "_states", {})


def test_titles_are_those_of_the_notebooks():
    headings = {}
    for path in SOLUTIONS:
        for cell in nbformat.read(path, as_version=4).cells:
            headings |= dict(re.findall(r"^### Task (\S+) – (.+)$", cell.source, re.MULTILINE))
    assert {task: known.title for task, known in COURSE.items()} == headings


def test_progress_before_any_check(capsys):
    checks.progress()
    assert "No check has run yet" in capsys.readouterr().out


def test_progress(capsys):
    checks.conv_layer(nn.Conv2d(1, 8, 5))
    with pytest.raises(Incorrect):
        checks.conv_parameters((8, 1, 5, 5), (8,), 200)
    with pytest.raises(NotAnswered):
        checks.output_width(...)
    capsys.readouterr()
    checks.progress()
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0].split() == ["1.1", "Your", "first", "convolution", "layer", "✓", "done"]
    assert lines[1].endswith("✗ wrong") and lines[4].endswith("○ open")
    assert lines[2].endswith("○ open"), "a check that has not run"
    assert len(lines) == 8 and lines[-1] == "1 of 7 tasks done."


def test_progress_follows_the_last_answer_and_the_last_notebook(capsys):
    checks.conv_layer(nn.Conv2d(1, 8, 5))
    checks.learning_rates(
        {1e-3: [0.1] * 10, 1e-2: [0.3] * 9 + [0.5], 1e-1: [0.7] * 9 + [0.88]}, 1e-1
    )
    with pytest.raises(Incorrect):
        checks.conv_layer(nn.Conv2d(8, 1, 5))
    capsys.readouterr()
    checks.progress()
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0].startswith("1.1") and lines[0].endswith("✗ wrong")
    assert lines[-1] == "0 of 7 tasks done."


class Cells(HTMLParser):
    """The texts of a table's header cells and cells, with their scopes."""

    def __init__(self, html: str):
        super().__init__()
        self.scopes: list[str] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "th":
            self.scopes.append(dict(attrs)["scope"])

    def handle_data(self, data):
        self.texts.append(data)


def test_progress_as_html_can_be_read_aloud():
    progress._states["1.1"] = Incorrect
    html = progress.Table({"1.1": "a < b", "1.2": "c"})._repr_html_()
    cells = Cells(html)
    assert cells.scopes == ["col"] * 3 + ["row"] * 2
    assert cells.texts[0] == "0 of 2 tasks done", "the caption comes first"
    assert "✗ wrong" in cells.texts and "○ open" in cells.texts
    assert "a &lt; b" in html
