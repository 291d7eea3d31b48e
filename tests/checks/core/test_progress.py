"""``checks.progress``: how each task of a notebook stands."""

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser

import nbformat
import pytest
from torch import nn

from authoring.facts import ROOT
from helpers import checks
from helpers.checks.core import declared, hints, kept, progress
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


# ------------------------------------------------------------------- over restarts and notebooks


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """As in a kernel, with a data folder of its own; calling it is a restart."""
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(kept, "in_kernel", lambda: True)
    return lambda: monkeypatch.setattr(progress, "_states", {})


def shown(capsys, *args) -> list[str]:
    capsys.readouterr()
    checks.progress(*args)
    return capsys.readouterr().out.strip().splitlines()


def days_ago(days: int, task: str, word: str = "done") -> None:
    when = datetime.now() - timedelta(days=days)
    kept._path(task).parent.mkdir(parents=True, exist_ok=True)
    kept._path(task).write_text(f"{word} {when.isoformat()}\n")


def test_progress_lasts_over_a_restart(kernel, capsys):
    checks.conv_layer(nn.Conv2d(1, 8, 5))
    with pytest.raises(Incorrect):
        checks.conv_parameters((8, 1, 5, 5), (8,), 200)
    lines = shown(capsys)
    assert lines[0].endswith("✓ done") and lines[1].endswith("✗ wrong"), "of this kernel: no day"
    kernel()
    lines = shown(capsys)
    assert re.search(r"✓ done as of \d\d:\d\d today$", lines[0])
    assert re.search(r"✗ wrong as of \d\d:\d\d today$", lines[1])
    assert lines[2].endswith("○ open") and lines[-1] == "1 of 7 tasks done."
    days_ago(1, "1.1")
    assert shown(capsys)[0].endswith("✓ done as of yesterday")
    days_ago(40, "1.1")
    assert re.search(r"✓ done as of \d{4}-\d\d-\d\d$", shown(capsys)[0])


def test_a_blank_takes_nothing_away(kernel, capsys):
    checks.conv_layer(nn.Conv2d(1, 8, 5))
    kernel()
    with pytest.raises(NotAnswered):
        checks.conv_layer(...)
    assert shown(capsys)[0].endswith("○ open")
    kernel()
    assert "✓ done as of" in shown(capsys)[0]


def test_progress_of_all_lessons(kernel, capsys):
    days_ago(1, "5.6")
    checks.conv_layer(nn.Conv2d(1, 8, 5))
    for asked in ({"all": True}, {"all": "all"}):
        capsys.readouterr()
        checks.progress(**asked)
        lines = capsys.readouterr().out.strip().splitlines()
        assert lines[0].endswith("✓ done") and lines[-2].endswith("✓ done as of yesterday")
        assert len(lines) == len(COURSE) + 1 and lines[-1] == f"2 of {len(COURSE)} tasks done."


def test_the_lesson_after_a_restart_is_that_of_the_notebook(kernel, capsys, monkeypatch):
    days_ago(2, "1.1")
    days_ago(1, "3.9")
    assert shown(capsys)[0].startswith("3.1"), "the last check of all"
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/01_convolution_layers.ipynb")
    assert shown(capsys)[0].startswith("1.1")
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/Untitled.ipynb")
    assert shown(capsys)[0].startswith("3.1")


@pytest.mark.parametrize(
    "damage", [b"", b"done", b"\xff\xfe\x00", b"done yesterday", b"great 2026-01-01T10:00:00"]
)
def test_a_damaged_file_is_none(damage, kernel, capsys):
    days_ago(1, "1.2")
    days_ago(1, "1.1")
    kept._path("1.1").write_bytes(damage)
    lines = shown(capsys)
    assert lines[0].endswith("○ open") and lines[1].endswith("✓ done as of yesterday")


def test_a_folder_that_cannot_be_written_is_no_error(kernel, capsys, tmp_path):
    (tmp_path / "data").write_text("in the way")
    checks.conv_layer(nn.Conv2d(1, 8, 5))
    assert shown(capsys)[0].endswith("✓ done")
    kernel()
    assert "No check has run yet" in shown(capsys)[0]


def test_outside_of_kernels_nothing_is_kept(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    checks.conv_layer(nn.Conv2d(1, 8, 5))
    assert list(tmp_path.iterdir()) == []


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
    html = progress.Table({"1.1": "a < b", "1.2": "c"}, {})._repr_html_()
    cells = Cells(html)
    assert cells.scopes == ["col"] * 3 + ["row"] * 2
    assert cells.texts[0] == "0 of 2 tasks done", "the caption comes first"
    assert "✗ wrong" in cells.texts and "○ open" in cells.texts
    assert "a &lt; b" in html
