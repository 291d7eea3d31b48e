"""What the reports on an answer, and on the wrong answers beside it, come to."""

import pytest

from authoring.facts import ROOT
from grading.controls import known_wrong
from grading.release import lessons_of
from grading.sandbox.trial import decide

TASKS = [task for lesson in lessons_of(ROOT / "solutions") for task in lesson.tasks]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.number)
def test_each_task_has_wrong_answers_to_be_judged_beside_a_students(task):
    wrong = known_wrong()[task.number]["wrong"]
    assert len(wrong) >= 2
    for answer in wrong:
        assert answer.keys() <= {step.id for step in task.blanks}


RIGHT, WRONG = {"outcome": "right", "words": ""}, {"outcome": "wrong", "words": ""}
STOPPED = {"outcome": "stopped", "words": ""}
PLACES = {(0, 0), (1, 0), (1, 1)}


@pytest.mark.parametrize(
    ("others", "outcome"),
    [
        ([WRONG, WRONG], "right"),
        ([WRONG, RIGHT], "wrong"),
        ([RIGHT, WRONG], "wrong"),
        ([WRONG, STOPPED], "wrong"),
        ([WRONG], "wrong"),
    ],
)
def test_a_mark_counts_only_if_every_known_wrong_answer_was_refused(others, outcome):
    found = {(1, 0): RIGHT} | dict(zip([(0, 0), (1, 1)], others, strict=False))
    assert decide(found, (1, 0), PLACES)["outcome"] == outcome


def test_without_a_report_on_the_answer_there_is_no_mark():
    assert decide({(0, 0): WRONG, (1, 1): WRONG}, (1, 0), PLACES)["outcome"] == "stopped"
