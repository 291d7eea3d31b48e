"""What a notebook is read as: tasks, answers, checks."""

import pytest

from authoring.lesson import answer_lines, check_called, lesson_of, title_of, without_marks
from tests.notebooks.fixtures import ANSWER, notebook, solution, text


def test_a_task_has_what_stands_before_its_check_and_what_follows_it():
    lesson = lesson_of(solution(), "01_layers.ipynb")
    assert lesson.name == "01_layers"
    assert [step.id for step in lesson.before] == ["given"]
    (task,) = lesson.tasks
    assert (task.number, task.title, task.heading) == ("1.1", "A layer", "task")
    assert [(step.id, step.answer) for step in task.steps] == [("answer", True)]
    assert [step.id for step in task.blanks] == ["answer"]
    assert (task.check.id, task.check.source) == ("check", "checks.conv_layer(layer)")
    assert [step.id for step in task.after] == ["more"]


def test_a_title_may_have_a_dash_and_more_text_may_follow():
    made = notebook(text("Before.\n\n### Task 12.10 – One – or two  \n\nDo it."))
    (task,) = lesson_of(made, "12_x").tasks
    assert (task.number, task.title) == ("12.10", "One – or two")


def test_the_title_of_a_lesson_is_its_first_heading():
    assert title_of(notebook(text("# 1 · Layers\n\n## First"))) == "1 · Layers"
    assert title_of(notebook(text("No heading."))) is None


def test_an_answer_with_and_without_its_marks():
    assert list(answer_lines(ANSWER)) == ["    make_layer(1, 8, 5)"]
    assert without_marks(ANSWER) == "layer = (\n    make_layer(1, 8, 5)\n)"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("checks.conv_layer(layer)", "conv_layer"),
        ("%matplotlib inline\nx = 1\nchecks.conv_layer(layer)", "conv_layer"),
        ("checks.conv_layer(layer)\nprint(layer)", None),
        ("checks.hint('1.1')", None),
        ("other.conv_layer(layer)", None),
        ("checks.conv_layer(", None),
        ("", None),
    ],
)
def test_the_check_that_a_cell_calls(source, name):
    assert check_called(source) == name
