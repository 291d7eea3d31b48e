"""The release: nbgrader accepts it, students get their lesson, and nothing hidden is in it."""

import json
import shutil

import nbformat
import pytest
from nbgrader import utils
from nbgrader.validator import Validator

from authoring.facts import ROOT, is_bonus, points_of
from authoring.lesson import lesson_of
from authoring.student_notebooks import student_notebook
from grading.assignment import lessons_in
from grading.release import (
    course_config,
    lessons_of,
    on_path,
    seed_of,
    table_of_points,
    write_source,
)
from tests.grading.students import SOLUTIONS, Desk

RELEASED = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


def released(course, path):
    return nbformat.read(course / "release" / "cnn" / path.name, as_version=4)


@RELEASED
def test_students_get_the_lesson_of_the_student_notebooks(path, course):
    expected = student_notebook(nbformat.read(path, as_version=4), path.name)
    found = released(course, path)
    assert [(c.id, c.source) for c in found.cells] == [(c.id, c.source) for c in expected.cells]
    assert not any(cell.get("outputs") for cell in found.cells)


@RELEASED
def test_nothing_hidden_is_in_it(path, course):
    text = (course / "release" / "cnn" / path.name).read_text(encoding="utf-8")
    assert "HIDDEN" not in text and "other_inputs" not in text
    assert str(seed_of(course)) not in text
    assert "SOLUTION" not in text


@RELEASED
def test_each_task_has_one_locked_check_with_its_points(path, course):
    found = {cell.id: cell for cell in released(course, path).cells}
    for task in lesson_of(nbformat.read(path, as_version=4), path.name).tasks:
        said = found[task.check.id].metadata.nbgrader
        assert utils.is_grade(found[task.check.id])
        points = 0 if is_bonus(task.number) else points_of(task.number)  # a bonus comes on top
        expected = (task.check.id, points, True)
        assert (said.grade_id, said.points, said.locked) == expected
        for blank in task.blanks:
            said = found[blank.id].metadata.nbgrader
            assert (said.grade_id, said.solution, said.grade) == (blank.id, True, False)


def test_made_again_the_hidden_seed_stays_and_the_points_are_those_of_the_table(course, tmp_path):
    copied = tmp_path / "course"
    shutil.copytree(course, copied)
    write_source(ROOT / "solutions", copied)
    assert seed_of(copied) == seed_of(course)
    lessons = lessons_of(ROOT / "solutions")
    table = table_of_points(lessons)
    numbers = [task.number for lesson in lessons for task in lesson.tasks]
    total = sum(points_of(number) for number in numbers if not is_bonus(number))
    assert f"{total} points can be reached" in table
    assert all(f"| {number} | " in table for number in numbers)


def test_a_new_task_needs_no_change_here(tmp_path):
    """The tasks come from the notebooks: headings, marks and tags."""
    from tests.notebooks.fixtures import code, text

    solution = nbformat.read(SOLUTIONS[1], as_version=4)
    solution.cells += [
        text("### Task 2.9 – One more", id="task-2-9"),
        code("# BEGIN SOLUTION\nmore = 1\n# END SOLUTION", id="answer-2-9"),
        code("checks.max_pool(predicted_shape, pooled, image)", "check", id="check-2-9"),
    ]
    folder = tmp_path / "solutions"
    folder.mkdir()
    nbformat.write(solution, folder / SOLUTIONS[1].name)
    (made,) = write_source(folder, tmp_path / "course")
    last = lesson_of(nbformat.read(made, as_version=4), "02").tasks[-1]
    assert (last.number, last.title, last.check.id) == ("2.9", "One more", "check-2-9")
    assert [step.id for step in last.blanks] == ["answer-2-9"]


def validated(notebook: dict, folder, course) -> dict:
    """What ``nbgrader validate`` says of it, in ``folder``, with the settings of the release."""
    path = folder / "01_convolution_layers.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    validator = Validator(config=course_config(course))
    return validator.validate(str(path))


def test_nbgrader_validates_the_solved_one_and_finds_the_open_tasks_of_the_release(
    course, tmp_path, monkeypatch
):
    on_path()
    monkeypatch.setenv("CNN_COURSE_DATASET", "drawn")
    desk = Desk(course, tmp_path)
    assert not validated(desk.filled("01"), tmp_path, course).get("failed")
    failed = validated(desk.released("01"), tmp_path, course)["failed"]
    assert len(failed) == len(lessons_in(course)[0].tasks)
    assert [f"Stopped at task 1.{n}." in failed[n - 1]["error"] for n in (1, 7)] == [True, True]
