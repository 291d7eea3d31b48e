"""Fetching the images: those that lessons load, or those that are named; and asking the mirrors."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from authoring import fetch_data
from authoring.fetch_data import main
from helpers.datasets import catalogue, fetching
from tests.datasets.fakes import resources
from tests.loopback import serving

ENTRY = catalogue.CATALOGUE["fashion_mnist"]
FILES = {"a.gz": b"abc", "b.gz": b"defg"}


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """Three data sets in the catalogue, all from one mirror; the solutions load the first two."""
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(fetching, "_failures", {})
    with serving(FILES) as mirror:
        entry = replace(ENTRY, files=resources(FILES), mirrors=(mirror.address,), stand_in="")
        names = ("fashion_mnist", "cifar10", "letters")
        entries = {n: replace(entry, name=n, title=n.upper(), folder=n) for n in names}
        for module in (catalogue, fetch_data):
            monkeypatch.setattr(module, "CATALOGUE", entries)
        yield mirror


def test_what_the_solutions_load_is_fetched(mirror, tmp_path, capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == (
        "FASHION_MNIST: all files are there, with the right sums.\n"
        "CIFAR10: all files are there, with the right sums.\n"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"fashion_mnist", "cifar10"}
    assert (tmp_path / "cifar10/b.gz").read_bytes() == b"defg"
    asked = len(mirror.asked)
    assert main([]) == 0
    assert len(mirror.asked) == asked  # nothing is fetched twice


def test_what_is_named_is_fetched(mirror, tmp_path):
    assert main(["letters"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"letters"}


def test_a_name_that_is_not_in_the_catalogue_is_said(mirror, capsys):
    with pytest.raises(SystemExit):
        main(["imagenet"])
    said = capsys.readouterr().err
    assert "there is no data set 'imagenet', only fashion_mnist, cifar10, letters" in said


@pytest.mark.parametrize("stand_in", ["", "grey"])
def test_files_that_cannot_be_had_stop_nothing(stand_in, mirror, monkeypatch, capsys):
    mirror.fault = "404"
    entry = replace(fetch_data.CATALOGUE["letters"], stand_in=stand_in)
    monkeypatch.setitem(fetch_data.CATALOGUE, "letters", entry)
    assert main(["letters"]) == 0
    said = capsys.readouterr().out
    assert "could not be fetched" in said
    instead = "drawn garments stand in" if stand_in else "nothing stands in"
    assert said.endswith(f"Until then, {instead} for them.\n")


def test_every_mirror_is_asked(mirror, tmp_path, capsys):
    assert main(["--mirrors"]) == 0
    assert mirror.asked == ["a.gz"] * 3
    assert capsys.readouterr().out.count("✓") == 3
    assert list(tmp_path.iterdir()) == []
    mirror.fault = "404"
    assert main(["--mirrors"]) == 1
    said = capsys.readouterr().out
    assert f"✗ LETTERS: {mirror.address}  Not Found" in said
    assert "3 lost: take it out of helpers/datasets/catalogue.py" in said


def test_it_needs_nothing_but_python():
    """The job that asks the mirrors installs nothing."""
    code = "import sys; sys.path.insert(0, '.'); import authoring.fetch_data; print('right')"
    command = [sys.executable, "-S", "-E", "-c", code]  # without any installed package
    root = fetch_data.SOLUTIONS.parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.stdout == "right\n", done.stderr


def test_continuous_integration_caches_what_the_lessons_load():
    root = fetch_data.SOLUTIONS.parent
    action = (root / ".github/actions/set-up/action.yml").read_text(encoding="utf-8")
    for entry in catalogue.loaded_by(fetch_data.SOLUTIONS.glob("*.ipynb")):
        place = Path(entry.folder).parts[:1] or (entry.files[0].name,)
        assert f"data/{place[0]}\n" in action, entry.title
    assert "hashFiles('helpers/datasets/catalogue.py')" in action
