"""The static site in a browser without a network: it opens, and complains of nothing."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.authoring.website.pages import NAMES, PAGES, WITH_OUTPUTS, each_page


@each_page
def test_a_page_opens_whole_without_a_network(opened, page):
    tab = opened(page)
    images = tab.evaluate("() => [...document.images].map(image => image.naturalWidth)")
    assert all(images) and bool(images) == (page in WITH_OUTPUTS)


@each_page
def test_a_phone_need_not_scroll_sideways(opened, page):
    tab = opened(page, 400, 800)
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 400
    if "slides" not in page:  # which reveal.js scales
        assert all(tab.evaluate("() => [...document.images].map(image => image.width <= 400)"))


@each_page
def test_a_page_is_as_light_or_dark_as_the_system(opened, page, request):
    tab = opened(page)
    dark = tab.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    colour = tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
    assert brightness < 60 if dark else brightness > 200


@pytest.mark.parametrize("page", [PAGES[0], *WITH_OUTPUTS[:2], PAGES[-1]])
def test_axe_finds_nothing(opened, page):
    # Which heading follows which is up to the notebook. Preloading would fetch file:// by a script.
    settings = {"preload": False, "rules": {"heading-order": {"enabled": False}}}
    found = Axe().run(opened(page), options=settings)
    assert found.violations_count == 0, found.generate_report()


def test_a_hint_unfolds(opened):
    tab = opened(f"notebooks/{NAMES[0]}.html")
    hint = tab.locator("details", has_text="Hint 2").first
    words = hint.locator("code").first
    assert not words.is_visible()
    hint.locator("summary").click()
    assert words.is_visible()
