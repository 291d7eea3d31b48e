"""No answer decides its own mark: neither by what it changes, nor by what others have computed."""

import pytest

from tests.grading.sandbox.attacks import ATTACKS
from tests.grading.sandbox.bench import verdicts_on


@pytest.fixture(scope="module")
def verdicts(boxed, course):
    """What is said of each attack."""
    return verdicts_on(ATTACKS, course)


def test_there_are_many():
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_scores_nothing_and_nobody_is_accused(name, verdicts):
    found = verdicts[name]
    assert found["outcome"] in ("wrong", "blank", "stopped"), found["words"]
    assert not any(word in found["words"].lower() for word in ("cheat", "lecturer", "forbidden"))


@pytest.mark.parametrize("name", [n for n in ATTACKS if n.startswith("typed")])
def test_typed_numbers_are_told_from_measured_ones(name, verdicts):
    assert "while your cells ran here" in verdicts[name]["words"]


@pytest.mark.parametrize("name", [n for n in ATTACKS if "helpers'" in n])
def test_what_the_helpers_have_is_no_answer(name, verdicts):
    assert "is the answer itself: write it out here" in verdicts[name]["words"]
