"""What is said of all attacks and of all honest answers: one judge for each lesson."""

import pytest

from tests.grading.sandbox.attacks import ATTACKS
from tests.grading.sandbox.bench import verdicts_on
from tests.grading.sandbox.honest import HONEST


@pytest.fixture(scope="session")
def verdicts_by_name(boxed, course):
    """By name, the verdict on each: whoever attacks sits in one class with the honest."""
    assert not ATTACKS.keys() & HONEST.keys()
    return verdicts_on(ATTACKS | HONEST, course)
