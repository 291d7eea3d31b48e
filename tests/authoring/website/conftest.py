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


@pytest.fixture(scope="module", params=["light", "dark"])
def offline(request, chromium):
    """A tab without a network, and the list of what it complained of."""
    context = chromium.new_context(color_scheme=request.param)
    context.set_offline(True)
    tab, complaints = context.new_page(), []
    tab.on("pageerror", lambda error: complaints.append(f"page: {error}"))
    tab.on("requestfailed", lambda request: complaints.append(f"request: {request.url}"))
    tab.on(
        "console",
        lambda message: message.type == "error" and complaints.append(f"console: {message.text}"),
    )
    yield tab, complaints
    context.close()


@pytest.fixture
def opened(offline, site):
    """A function that opens a page of the site; in the end, nothing may have complained."""
    tab, complaints = offline
    complaints.clear()

    def go(page: str, width: int = 1280, height: int = 900):
        tab.set_viewport_size({"width": width, "height": height})
        tab.goto("about:blank")  # else an address that differs in its fragment is not loaded anew
        tab.goto((site / page).as_uri())
        return tab

    yield go
    assert complaints == []
