"""The page of the class in a real browser: readable in light and dark, and without a network."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from grading.class_page import class_page
from tests.grading.test_class_page import CLEAR, class_of, mark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_class_page_in_a_browser(chromium, tmp_path, scheme):
    marks = [mark("3.5", "wrong", CLEAR.format(name="net", value=n)) for n in range(11)]
    marks += [mark("3.9", "blank"), mark("3.10", "error"), mark("5.1", "wrong", "x" * 3000)]
    path = tmp_path / "class.html"
    path.write_text(class_page(class_of(300, *marks), names=True), encoding="utf-8")
    page = chromium.new_page(viewport={"width": 1920, "height": 1080}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert asked == [path.as_uri()]
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    sizes = page.evaluate(
        "[...document.querySelectorAll('h3, th, td, pre, p')].map("
        "e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 22  # pixels, of 1080: for the last row
    cut = page.evaluate(
        "[...document.querySelectorAll('.share')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.textContent)"
    )
    assert cut == []
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found] == []
    page.close()
