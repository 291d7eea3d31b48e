"""``checks.solution``: the lesson's own answer, once it is asked for twice."""

import ast

import nbformat
import pytest

from authoring.facts import ROOT
from helpers import checks
from helpers.checks.core import declared, solutions
from tests.checks.core.course import COURSE
from tests.notebooks.fixtures import code, notebook


@pytest.fixture(autouse=True)
def _new_kernel(monkeypatch, tmp_path):
    monkeypatch.setattr(declared, "_declared", dict(COURSE))
    monkeypatch.setattr(solutions, "_asked", set())
    monkeypatch.chdir(tmp_path)


def said(capsys, task) -> str:
    checks.solution(task)
    return capsys.readouterr().out


def test_the_answer_comes_when_it_is_asked_for_twice(capsys):
    first = said(capsys, "1.1")
    assert 'ask once more: checks.solution("1.1")' in first and "nn.Conv2d(1, 8, 5)" not in first
    assert "nn.MaxPool2d" not in said(capsys, "2.1"), "each task by itself"
    second = said(capsys, "1.1")
    assert "nn.Conv2d(1, 8, 5)" in second and "SOLUTION" not in second
    assert said(capsys, "1.1") == second
    assert "by_epoch.append" in [said(capsys, 3.9), said(capsys, 3.9)][1]


@pytest.mark.parametrize("task", COURSE)
def test_every_task_has_an_answer_that_is_python(task):
    answers = solutions.answers_to(task)
    assert answers
    for answer in answers:
        assert ast.parse(answer).body and "SOLUTION" not in answer


def test_in_a_graded_assignment_there_is_none(capsys, tmp_path):
    cell = code("layer = ...")
    nbformat.write(notebook(cell), tmp_path / "01_open.ipynb")
    assert "ask once more" in said(capsys, "1.1")
    cell.metadata["nbgrader"] = {"grade_id": "answer-1-1", "solution": True}
    nbformat.write(notebook(cell), tmp_path / "01_released.ipynb")
    (tmp_path / "damaged.ipynb").write_text("{")
    for _ in range(2):
        assert "graded assignment: there is none here" in said(capsys, "1.1")


def test_without_the_folder_there_is_none(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(solutions, "FOLDER", tmp_path / "nowhere")
    for _ in range(2):
        assert "There is none here" in said(capsys, "1.4")


@pytest.mark.parametrize("task", ["3", "3.10", "", None, 7, []])
def test_a_solution_for_no_task(task, capsys):
    assert f"There is no task {task}" in said(capsys, task)


def test_the_answers_are_read_from_the_solutions_of_this_course():
    assert solutions.FOLDER == ROOT / "solutions"
