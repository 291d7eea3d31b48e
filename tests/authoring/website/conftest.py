"""The site, made once for all its tests."""

import time
from pathlib import Path

import pytest

from authoring.website import build as build_site


@pytest.fixture(scope="session")
def seconds_and_site(tmp_path_factory) -> tuple[float, Path]:
    """How long the site took, and its folder."""
    output = tmp_path_factory.mktemp("course") / "site"
    start = time.perf_counter()
    assert build_site.main(["--output", str(output)]) == 0
    return time.perf_counter() - start, output


@pytest.fixture(scope="session")
def site(seconds_and_site) -> Path:
    """The folder of the site."""
    return seconds_and_site[1]
