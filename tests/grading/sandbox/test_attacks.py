"""No answer decides its own mark: neither by what it changes, nor by what others have computed."""

import pytest

from grading.sandbox.trial import VOID, decide
from tests.grading.sandbox.attacks import ATTACKS


@pytest.fixture
def verdicts(verdicts_by_name):
    """By name."""
    return verdicts_by_name


def test_there_are_many():
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_scores_nothing_and_nobody_is_accused(name, verdicts):
    found = verdicts[name]
    assert found["outcome"] in ("wrong", "blank", "stopped"), found["words"]
    assert not any(word in found["words"].lower() for word in ("cheat", "lecturer", "forbidden"))


def test_what_cannot_be_put_back_lets_a_known_wrong_answer_pass_and_the_mark_is_void(verdicts):
    assert verdicts["an audit hook"]["words"] == VOID


def test_a_check_that_reads_its_own_numbers_from_the_frames_is_void(verdicts):
    assert verdicts["the frame of the check"]["words"] == VOID


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


@pytest.mark.parametrize("name", [n for n in ATTACKS if n.startswith("typed")])
def test_typed_numbers_are_told_from_measured_ones(name, verdicts):
    assert "while your cells ran here" in verdicts[name]["words"]


@pytest.mark.parametrize("name", [n for n in ATTACKS if "helpers'" in n])
def test_what_the_helpers_have_is_no_answer(name, verdicts):
    assert "is the answer itself: write it out here" in verdicts[name]["words"]
