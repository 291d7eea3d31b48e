"""What the nbgitpuller link keeps of a student's work, and what it brings back.

README.md in ``deploy/`` says the same in words.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nbgitpuller", reason="nbgitpuller is not installed (the extra hub)")

NAME = "notebooks/01_convolution_layers.ipynb"
OTHER = "notebooks/02_pooling.ipynb"


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=course", "-c", "user.email=course@example.org"]
    subprocess.run([*command, *arguments], cwd=folder, check=True, capture_output=True)


def write(path: Path, *cells: str, outputs: bool = False) -> None:
    """A notebook of these code cells, in the layout in which Jupyter saves one."""
    told = [{"output_type": "stream", "name": "stdout", "text": ["done\n"]}] if outputs else []
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": number + 1 if outputs else None,
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": told,
                "source": source.splitlines(keepends=True),
            }
            for number, source in enumerate(cells)
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1) + "\n")


def sources(path: Path) -> list[str]:
    """The cells, of a notebook that can be read: without the marks of a conflict."""
    text = path.read_text()
    assert "<<<<<<<" not in text
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


class Class:
    """A lecturer's repository, and the copy of one student."""

    def __init__(self, folder: Path):
        self.lecturer, self.student = folder / "lecturer", folder / "cnn-course"
        self.lecturer.mkdir()
        git(self.lecturer, "init", "-q", "-b", "term")
        write(self.lecturer / NAME, "first = ...", "second = ...", "third = ...")
        write(self.lecturer / OTHER, "pooling = ...")
        self.publish()

    def publish(self) -> None:
        git(self.lecturer, "add", "-A")
        git(self.lecturer, "commit", "-q", "-m", "the lesson")

    def follow_link(self) -> str:
        """What the link does on the student's server."""
        command = [sys.executable, "-m", "nbgitpuller.pull", self.lecturer.as_uri(), "term"]
        done = subprocess.run([*command, self.student], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def course(tmp_path) -> Class:
    course = Class(tmp_path)
    course.follow_link()
    assert sources(course.student / NAME)[0] == "first = ..."
    return course


def test_both_changes_of_different_cells_arrive(course):
    write(course.student / NAME, "first = 8", "second = ...", "third = ...")
    write(course.lecturer / NAME, "first = ...", "second = ...", "third = ...  # was misspelt")
    course.publish()
    course.follow_link()
    after = ["first = 8", "second = ...", "third = ...  # was misspelt"]
    assert sources(course.student / NAME) == after


def test_of_a_cell_that_both_changed_the_students_stays(course):
    write(course.student / NAME, "first = 8", "second = ...", "third = ...", outputs=True)
    write(course.lecturer / NAME, "first = ...  # a hint", "second = ...", "third = ...")
    write(course.lecturer / OTHER, "pooling = ...  # better")
    course.publish()
    course.follow_link()
    assert sources(course.student / NAME) == ["first = 8", "second = ...", "third = ..."]
    assert sources(course.student / OTHER) == ["pooling = ...  # better"]


def test_a_correction_reaches_a_cell_that_the_student_has_run_but_not_changed(course):
    write(course.student / NAME, "first = ...", "second = ...", "third = ...", outputs=True)
    write(course.lecturer / NAME, "first = ...", "second = ...", "third = ...  # corrected")
    course.publish()
    course.follow_link()
    after = ["first = ...", "second = ...", "third = ...  # corrected"]
    assert sources(course.student / NAME) == after
    assert '"done' in (course.student / NAME).read_text()  # and its outputs are still there


def test_a_second_and_a_third_update_lose_nothing_either(course):
    for week in range(3):
        write(course.student / NAME, f"first = {week}", "second = 2", "third = ...")
        write(course.lecturer / NAME, "first = ...", f"second = ...  # {week}", "third = ...")
        write(course.lecturer / f"notebooks/week{week}.ipynb", "new = ...")
        course.publish()
        course.follow_link()
        assert sources(course.student / NAME)[:2] == [f"first = {week}", "second = 2"]
        assert (course.student / f"notebooks/week{week}.ipynb").exists()


def test_a_notebook_that_the_student_deleted_comes_back_fresh_with_the_next_click(course):
    write(course.student / NAME, "first = 8, spoilt", "second = ...", "third = ...")
    course.follow_link()  # the edit is kept ...
    assert sources(course.student / NAME)[0] == "first = 8, spoilt"
    (course.student / NAME).unlink()
    course.follow_link()
    assert sources(course.student / NAME)[0] == "first = ..."
    (course.student / NAME).unlink()
    write(course.lecturer / NAME, "first = ...", "second = ...", "third = ...  # newer")
    course.publish()
    course.follow_link()  # ... until the student deletes the notebook
    assert sources(course.student / NAME) == ["first = ...", "second = ...", "third = ...  # newer"]


def test_a_notebook_that_the_lecturer_deleted_goes_unless_the_student_edited_it(course):
    write(course.student / OTHER, "pooling = 2")
    for name in (NAME, OTHER):
        (course.lecturer / name).unlink()
    course.publish()
    course.follow_link()
    assert sources(course.student / OTHER) == ["pooling = 2"]
    assert not (course.student / NAME).exists()


def test_files_that_only_the_student_has_stay(course):
    write(course.student / "notebooks/mine.ipynb", "my = 1")
    write(course.student / "notebooks/new.ipynb", "my own = 2")
    write(course.lecturer / "notebooks/new.ipynb", "of the same name = ...")
    course.publish()
    said = course.follow_link()
    assert sources(course.student / "notebooks/mine.ipynb") == ["my = 1"]
    assert sources(course.student / "notebooks/new.ipynb") == ["of the same name = ..."]
    (renamed,) = (course.student / "notebooks").glob("new__*.ipynb")
    assert sources(renamed) == ["my own = 2"]
    assert "Renamed" in said
