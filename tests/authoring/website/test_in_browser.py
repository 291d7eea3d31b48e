"""The static site in a browser without a network: it opens, and complains of nothing."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.authoring.website.pages import NAMES, OF_STUDENTS, WITH_OUTPUTS, each_page


@each_page
def test_a_page_opens_whole_without_a_network(opened, page):
    tab = opened(page)
    images = tab.evaluate("() => [...document.images].map(image => image.naturalWidth)")
    assert all(images)
    assert images or page not in WITH_OUTPUTS


@each_page
def test_a_phone_need_not_scroll_sideways(opened, page):
    tab = opened(page, 390, 844)
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 390
    if "slides" not in page:  # which reveal.js scales
        assert all(tab.evaluate("() => [...document.images].map(image => image.width <= 390)"))
    hidden = "pre => pre.closest('.highlight') && pre.scrollWidth > pre.clientWidth + 1"
    assert tab.evaluate(f"() => [...document.querySelectorAll('pre')].filter({hidden}).length") == 0


@each_page
def test_a_page_is_as_light_or_dark_as_the_system(opened, page, request):
    tab = opened(page)
    dark = tab.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    colour = tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
    assert brightness < 60 if dark else brightness > 200


@pytest.mark.parametrize(
    "page", ["index.html", *WITH_OUTPUTS[:2], OF_STUDENTS[-1], "docs/teaching.html"]
)
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


# --- contents, answers, paper, search ----------------------------------------------------------


def test_the_contents_follow_and_mark_the_place(opened):
    tab = opened(WITH_OUTPUTS[0])
    link = tab.locator(".contents a", has_text="Task 1.4")
    expect(link).to_be_visible()
    tab.locator("[id='task-1.4']").evaluate("task => task.scrollIntoView()")
    expect(tab.locator(".contents [aria-current]")).to_have_text(re.compile("^Task 1.4"))
    expect(link).to_be_in_viewport()
    link.click()
    assert tab.evaluate("() => location.hash") == "#task-1.4"
    assert "Task 1.4" in tab.locator(":target").inner_text()


def test_the_contents_are_folded_on_a_phone(opened):
    tab = opened(WITH_OUTPUTS[0], 390, 844)
    link = tab.locator(".contents a", has_text="Task 1.4")
    expect(link).to_be_hidden()
    tab.locator(".contents summary").click()
    link.click()
    expect(tab.locator("[id='task-1.4']")).to_be_in_viewport()
    expect(link).to_be_hidden()


def test_an_answer_unfolds_on_the_page_of_a_student(opened):
    tab = opened(OF_STUDENTS[0])
    answer = tab.locator("details.solution").first
    expect(answer.locator("pre")).to_be_hidden()
    answer.locator("summary").click()
    expect(answer.locator(".answer")).to_contain_text("nn.Conv2d(1, 8, 5)")


@pytest.mark.parametrize("page", [WITH_OUTPUTS[0], OF_STUDENTS[0]])
def test_on_paper_a_page_is_black_on_white_with_its_answers(opened, page):
    tab = opened(page)
    paper = tab.pdf(format="A4")
    assert paper.startswith(b"%PDF") and paper.count(b"/Type /Page\n") >= 5
    assert tab.evaluate("() => [...document.querySelectorAll('.solution')].every(a => a.open)")
    tab.emulate_media(media="print")
    try:
        colours = "({backgroundColor, color}) => [backgroundColor, color]"
        shown = tab.evaluate(f"() => ({colours})(getComputedStyle(document.body))")
        assert shown == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
        expect(tab.locator("nav").first).to_be_hidden()
        expect(tab.locator("summary", has_text="Hint 1").first).to_be_hidden()
    finally:
        tab.emulate_media(media="screen")


def test_the_search_finds_sections_of_all_lessons(opened):
    tab = opened("index.html")
    results = tab.locator("#results > li")
    tab.get_by_label("Search all lessons").fill("receptive field")
    expect(results.first).to_contain_text("receptive field")
    expect(tab.locator("#found")).to_contain_text("section")
    tab.get_by_label("Search all lessons").fill("maxpool shift")
    expect(results.first).to_contain_text("Pooling")
    tab.get_by_label("Search all lessons").fill("learning rate")
    expect(results.first.locator("a")).to_have_text("Task 3.9 – The learning rate")
    results.first.locator("a").click()
    expect(tab.locator(":target")).to_contain_text("Task 3.9")


def test_the_search_says_if_it_finds_nothing_and_takes_all_signs(opened):
    tab = opened("index.html")
    for words in ("xylophone", "(", "[a-", "\\"):
        tab.get_by_label("Search all lessons").fill(words)
        expect(tab.locator("#found")).to_contain_text("section")
    tab.get_by_label("Search all lessons").fill("xylophone")
    expect(tab.locator("#found")).to_have_text("0 sections.")
    tab.get_by_label("Search all lessons").fill("")
    expect(tab.locator("#found")).to_be_empty()
