"""Where a lesson breaks into slides, and that the solutions say so."""

import shutil

import nbformat
import pytest
from nbformat.v4 import new_output

from authoring.facts import ROOT
from authoring.slide_types import main, slide_types, with_slide_types, without_hints
from authoring.student_notebooks import student_notebook
from tests.notebooks.fixtures import ANSWER, code, solution, text

HINTS = "<details><summary>Hint 1</summary>\nA nudge.\n</details>"
BEGIN = [text("# Title\n\nHello"), code("import torch"), text("How tasks work."), text("## Begin")]


def types(*cells) -> list[str]:
    """The types of cells that follow a title, what prepares the notebook, and a heading."""
    return slide_types([*BEGIN, *cells])[len(BEGIN) :]


def test_a_heading_starts_a_slide_and_code_stands_under_its_text():
    made = types(code("1"), code("2"), text("More."), code("3"), text("## Next"))
    assert made == ["-", "subslide", "subslide", "-", "slide"]


def test_what_prepares_the_notebook_is_left_out():
    assert slide_types(BEGIN) == ["slide", "skip", "skip", "slide"]


def test_an_answer_and_its_check_appear():
    made = types(text("### Task 1.1 – A"), code(ANSWER), code("checks.a(1)", "check"))
    assert made == ["slide", "fragment", "fragment"]


def test_hints_are_left_out_and_a_question_among_them_is_not():
    assert types(text(HINTS), text(f"{HINTS}\n\n**What if?**")) == ["skip", "subslide"]
    assert without_hints(f"{HINTS}\n\n**What if?**") == "**What if?**"


def test_the_answer_to_what_if_is_a_note():
    shown = new_output("stream", name="stdout", text="8\n")
    answer = text("> **Answer.** Eight.", "solution-only")
    counted = code("print(8)", "solution-only", outputs=[shown])
    asserted = code("assert True", "solution-only")
    assert types(text("What if?"), answer, counted) == ["subslide", "notes", "fragment"]
    assert types(asserted) == ["skip"]


def test_what_is_for_students_alone_is_left_out():
    folded = code("import os")
    folded.metadata["jupyter"] = {"source_hidden": True}
    assert types(folded, code("checks.progress()")) == ["skip", "skip"]


def test_the_solutions_say_it():
    assert main(["--check"]) == 0


@pytest.fixture
def solutions(tmp_path):
    """A copy of the solutions."""
    return shutil.copytree(ROOT / "solutions", tmp_path / "solutions")


def test_a_difference_is_named_and_mended(solutions, capsys):
    path = solutions / "02_pooling.ipynb"
    arguments = ["--solutions", str(solutions)]
    assert main(arguments) == 0
    before = path.read_bytes()
    other = nbformat.read(path, as_version=4)
    other.cells[0].metadata["slideshow"] = {"slide_type": "skip"}
    nbformat.write(other, path)
    capsys.readouterr()
    assert main([*arguments, "--check"]) == 1
    assert "02_pooling.ipynb: its slide types are not up to date" in capsys.readouterr().out
    assert main(arguments) == 0 and path.read_bytes() == before
    assert main([*arguments, "--check"]) == 0


def test_only_the_metadata_change_and_students_get_none():
    lesson = solution()
    marked = with_slide_types(lesson)
    for cell, old in zip(marked.cells, lesson.cells, strict=True):
        assert {**cell, "metadata": 0} == {**old, "metadata": 0}
    assert any("slideshow" in cell.metadata for cell in marked.cells)
    assert student_notebook(marked, "01.ipynb") == student_notebook(lesson, "01.ipynb")
    assert not any("slideshow" in cell.metadata for cell in student_notebook(marked, "1").cells)
