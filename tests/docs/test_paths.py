"""Every path between backticks on a page leads to something."""

import pytest

from tests.docs import paths
from tests.docs.pages import pages, written


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_paths_of_a_page(page):
    assert paths.faults(page) == []


def test_there_are_paths_to_try():
    words = [word for page in pages() for code in page.codes for word in code.split()]
    assert len([word for word in words if paths.looks_like_ours(word)]) > 60


@pytest.mark.parametrize(
    "path",
    [
        "helper/",
        "helpers/layer.py",
        "tests/checks/poling/",
        "requirement.txt",
        ".github/nbval_sanitize.cfg",
        "solutions/*.py",
        "Makefile/",
        "ci.yaml",
    ],
)
def test_a_path_that_leads_nowhere_is_found(path):
    assert paths.faults(written(f"It stands in `{path}`.")) == [path]


@pytest.mark.parametrize(
    "path", ["helpers/layers/rows.py", "solutions/*.ipynb", "build/site/", "ci.yml", "docs/images"]
)
def test_a_path_that_leads_somewhere_is_let_alone(path):
    assert paths.faults(written(f"It stands in `{path}`.")) == []
