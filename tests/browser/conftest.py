"""What the tests in JupyterLab need besides Chromium: the images, and a page."""

import pytest
from playwright.sync_api import expect

from tests.browser import lab

expect.set_options(timeout=30_000)  # milliseconds; the usual 5 s are short for busy cores


@pytest.fixture(scope="session", autouse=True)
def servers():
    """At the end, those that tests have shared end, too."""
    with lab.shared:
        yield


@pytest.fixture(scope="module")
def chromium(chromium, images):
    """The browser, with the images at hand for what runs in its pages."""
    return chromium


@pytest.fixture
def page(chromium):
    """A new page, large enough for a panel."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    yield page
    page.close()
