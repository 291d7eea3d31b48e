"""What tests of several folders need: the images, and Chromium.

Of the browser there is one, since Playwright runs once in a process.
"""

import os

import pytest

from authoring.chromium import CHROMIUM, FLAGS, MISSING
from authoring.kernels import prepare_images


@pytest.fixture(scope="session")
def images():
    """The images at hand, before a notebook runs: looked at once in a process, for seconds."""
    prepare_images()


@pytest.fixture(scope="module")
def chromium():
    """The browser. Without one the tests are skipped, or fail where it is required.

    For a file, not a session: while it is open, its event loop keeps other files from having one.
    """
    from playwright.sync_api import sync_playwright  # here, so that other tests do not wait for it

    if CHROMIUM is None:
        required = os.environ.get("CNN_COURSE_BROWSER") == "required"
        (pytest.fail if required else pytest.skip)(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
