"""Points depend on what an answer does, never on how it is written."""

import pytest

from tests.grading.sandbox.honest import HONEST


@pytest.fixture
def verdicts(verdicts_by_name):
    """By name."""
    return verdicts_by_name


def test_there_are_many():
    assert len(HONEST) >= 40


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_style_gets_its_points(name, verdicts):
    assert verdicts[name]["outcome"] == "right", verdicts[name]["words"]


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("frames", "line 2 of answer-1-1: it uses f_lineno"),
        ("ctypes", "line 1 of answer-1-1: it uses ctypes"),
        ("dunders", "line 1 of answer-1-1: it uses __mro__"),
    ],
)
def test_what_is_unusual_is_listed_with_its_line(name, listed, verdicts):
    assert listed in verdicts[name]["unusual"]


@pytest.mark.parametrize("name", ["umlauts", "json", "input, target", "pip"])
def test_what_is_usual_is_not(name, verdicts):
    assert verdicts[name]["unusual"] == []
