"""Chromium for the tests in a real browser, where there is one."""

import os

import pytest
from kernels import prepare_images
from playwright.sync_api import sync_playwright

from tests.browser.lab import CHROMIUM, FLAGS

MISSING = "no Chromium was found (on Debian and Ubuntu: apt install chromium)"


@pytest.fixture(scope="session")
def chromium():
    """The browser. Without one the tests are skipped, or fail where it is required."""
    if CHROMIUM is None:
        required = os.environ.get("CNN_COURSE_BROWSER") == "required"
        (pytest.fail if required else pytest.skip)(MISSING)
    prepare_images()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A new page, large enough for a panel."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1000})
    yield page
    page.close()
