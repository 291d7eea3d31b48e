"""What keeps the site from being made is told in a sentence, and nothing is written."""

import shutil
from pathlib import Path

import pytest

from authoring.website import build as build_site
from tests.authoring.website.pages import ROOT


@pytest.fixture
def course(tmp_path) -> Path:
    """A copy of what the site is made of."""
    for folder in (*build_site.FOLDERS, "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def sentence(capsys, *arguments: object) -> str:
    """What the command complains of, in one line; it fails, and says nothing else."""
    assert build_site.main([str(argument) for argument in arguments]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err.strip()


@pytest.mark.parametrize("folder", build_site.FOLDERS)
def test_a_missing_notebook_is_named(course, capsys, folder):
    (course / folder / "02_pooling.ipynb").unlink()
    said = sentence(capsys, "--root", course, "--output", course / "site")
    assert said == f"{folder}/02_pooling.ipynb is missing."
    assert not (course / "site").exists()


@pytest.mark.parametrize("text", ["", "{", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5}'])
def test_an_unreadable_notebook_is_named(course, capsys, text):
    (course / "solutions" / "02_pooling.ipynb").write_text(text)
    said = sentence(capsys, "--root", course, "--output", course / "site")
    assert said.startswith("solutions/02_pooling.ipynb cannot be read")


def test_a_lesson_without_facts_is_named(course, capsys):
    for folder in build_site.FOLDERS:
        (course / folder / "02_pooling.ipynb").rename(course / folder / "06_new.ipynb")
        shutil.copy(ROOT / folder / "02_pooling.ipynb", course / folder)
    said = sentence(capsys, "--root", course, "--output", course / "site")
    assert said == "solutions/lessons.toml says nothing of 06_new."


def test_a_folder_without_a_course_is_refused(tmp_path, capsys):
    said = sentence(capsys, "--root", tmp_path, "--output", tmp_path / "site")
    assert said.startswith("solutions/lessons.toml is missing")


def test_an_output_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    said = sentence(capsys, "--output", tmp_path / "file" / "site")
    assert said.startswith("The site cannot be written") and str(tmp_path / "file") in said


def test_a_picture_that_no_text_shows_is_named(course, capsys):
    facts = course / "solutions" / "lessons.toml"
    facts.write_text(facts.read_text().replace('picture = "pooling"', 'picture = "poling"'))
    said = sentence(capsys, "--root", course, "--output", course / "site")
    assert said.startswith("picture = 'poling' of 02_pooling in solutions/lessons.toml: no text")
    assert not (course / "site").exists()


def test_a_part_of_the_readme_that_is_missing_is_named(course, capsys):
    readme = course / "README.md"
    readme.write_text(readme.read_text().replace("## For lecturers", "## For teachers"))
    said = sentence(capsys, "--root", course, "--output", course / "site")
    assert said == "README.md has no part 'For lecturers', which the first page shows."
    readme.unlink()
    said = sentence(capsys, "--root", course, "--output", course / "site")
    assert said == "README.md is missing: the first page has its texts."
