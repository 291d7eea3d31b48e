"""The template of a new lesson: it runs, and a student notebook can be made of it."""

import nbformat

from authoring.execute import executed
from authoring.facts import ROOT
from authoring.lesson import STUB
from authoring.student_notebooks import student_notebook

TEMPLATE = nbformat.read(ROOT / "authoring/lesson_template.ipynb", as_version=4)


def test_the_template_runs():
    made = executed(TEMPLATE, ROOT / "solutions")
    (check,) = [cell for cell in made.cells if "check" in cell.metadata.get("tags", [])]
    assert check.outputs[0].data["text/plain"].startswith("✓")


def test_the_template_becomes_a_student_notebook():
    made = student_notebook(TEMPLATE, "06_subject.ipynb")
    ids = [cell.id for cell in made.cells]
    assert "for-authors" not in ids
    assert STUB in made.cells[ids.index("answer-6-1")].source
