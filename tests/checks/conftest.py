"""Hands the answers that a test has tried to the plugin that counts them."""

import pytest

from tests.checks import tables


@pytest.fixture(autouse=True)
def answers_are_counted(request):
    """See ``counts.py``."""
    tables.ANSWERS.clear()
    yield
    request.node.user_properties.append(("answers", list(tables.ANSWERS)))
