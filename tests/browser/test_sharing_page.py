"""The page of a network in a real browser: drawn on, pointed at, without a network.

With ``CNN_COURSE_IMAGES`` set to a folder, the pictures of the page for the docs are put there.
"""

import os
import re
from pathlib import Path

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from authoring.facts import ROOT
from helpers import checkpoints, datasets, inspection, sharing
from tests.browser.test_sharing_numbers import data_of

SIZES = {"phone": (390, 844), "laptop": (1366, 768), "hall": (1920, 1080)}
LAST = ".maps canvas"


@pytest.fixture(scope="module")
def network():
    return checkpoints.load(checkpoints.reference_path("official"))[0]


@pytest.fixture(scope="module")
def data(chromium):
    """The test images, which are at hand once there is a browser."""
    return datasets.fashion_mnist(train=False)


@pytest.fixture(scope="module")
def image(data):
    """The picture with which the page opens, as a batch of one."""
    return next(image for image, label in data if label == 0)[None]


@pytest.fixture(scope="module")
def path(network, data, tmp_path_factory):
    """A page of the reference network."""
    target = tmp_path_factory.mktemp("page") / "net.html"
    return sharing.page(network, target, data, title="Ours").path


@pytest.fixture
def opened(chromium):
    """A function that opens a page; in the end, nothing else was asked for, and nothing failed."""
    contexts, complaints = [], []

    def go(path, size="laptop", scheme="light", touch=False):
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=touch
        )
        contexts.append(context)
        context.set_offline(True)
        tab, asked = context.new_page(), [path.as_uri()]
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda line: line.type == "error" and complaints.append(line.text))
        tab.on("request", lambda request: request.url in asked or complaints.append(request.url))
        tab.goto(path.as_uri())
        expect(tab.locator("main, #trouble:not(:empty)").first).to_be_visible()
        return tab

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def shares(tab, kind=".bar:not(.other) b") -> list[float]:
    return [float(text.rstrip("%")) for text in tab.locator(kind).all_inner_texts()]


def settled(tab) -> list[float]:
    """The shares that belong to the picture as it is now: they follow with the next frame."""
    tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return shares(tab)


def pointed_value(tab) -> float:
    """What the words under "One value" say the value is."""
    text = tab.locator("#sum .total").inner_text().replace("−", "-").replace(" ", "")
    return float(text.split("=")[1])


def test_it_opens_with_an_answer(opened, path, network, data, image):
    tab = opened(path)
    with torch.no_grad():
        expected = network(image).softmax(1)[0]
    expect(tab.locator("#probabilities caption")).to_contain_text("%")
    assert shares(tab) == pytest.approx((100 * expected).tolist(), abs=0.051)
    expect(tab.locator("#examples button")).to_have_count(20)
    assert tab.title() == "Ours" and data.name in tab.locator("#source").inner_text()


def test_the_answer_moves_while_one_draws_and_drawing_can_be_undone(opened, path):
    tab = opened(path)
    tab.click("#clear")
    empty = settled(tab)
    tab.locator("#width").fill("8")
    pad = tab.locator("#pad").bounding_box()
    tab.mouse.move(pad["x"] + 0.3 * pad["width"], pad["y"] + 0.3 * pad["height"])
    tab.mouse.down()
    seen = {tuple(empty)}
    for share in (0.4, 0.5, 0.6, 0.7):
        tab.mouse.move(pad["x"] + share * pad["width"], pad["y"] + share * pad["height"], steps=5)
        seen.add(tuple(settled(tab)))
    assert len(seen) > 2
    tab.mouse.up()
    tab.click("#undo")
    assert settled(tab) == empty


def test_a_picture_is_chosen(opened, path):
    tab = opened(path)
    tab.get_by_role("button", name="picture 3: Trouser").click()
    chosen = tab.locator("#examples button[aria-pressed=true]")
    expect(chosen).to_have_count(1)
    assert chosen.get_attribute("aria-label") == "picture 3: Trouser"


def test_a_value_is_told_by_what_it_is_computed_from(opened, path, network, image):
    tab = opened(path)
    canvases = tab.locator(LAST)
    for place, layer in ((0, network.conv_stack[0]), (3, network.conv_stack[3])):
        canvas = canvases.nth(place)
        canvas.scroll_into_view_if_needed()
        canvas.hover(position={"x": 40, "y": 30})
        words = tab.locator("#sum p").first
        expect(words).to_contain_text(f"conv_stack.{place}, map 0, row")
        row, column = map(int, re.findall(r"row (\d+), column (\d+)", words.inner_text())[0])
        maps = inspection.activations(network, layer, image)[0]
        assert pointed_value(tab) == pytest.approx(float(maps[0, row, column]), abs=1e-3)
        terms = tab.locator("#sum .total").inner_text().split("=")[0].replace("−", "-")
        numbers = [float(re.sub(r"\s", "", x)) for x in re.findall(r"-?\s?[\d.]+", terms)]
        assert sum(numbers) == pytest.approx(float(maps[0, row, column]), abs=0.01)
    # Its frames lie on what it sees: in the second convolution, 16 pixels of the image.
    assert tab.locator(".pad .frames i").count() == 1
    frame, pad = (tab.locator(x).bounding_box() for x in (".pad .frames i", "#pad"))
    assert frame["width"] / pad["width"] * 28 == pytest.approx(16 - 2, abs=0.6)
    tab.click("#close")
    expect(tab.locator(".frames i")).to_have_count(0)


def test_from_the_keyboard_down_to_the_picture(opened, path):
    tab = opened(path)
    tab.locator("#width").fill("8")
    tab.click("#clear")
    before = settled(tab)
    last = tab.locator(LAST).last
    last.focus()
    tab.keyboard.press("ArrowRight")
    words = tab.locator("#sum p").first
    expect(words).to_have_text("linear_stack.4, value 1")
    seen = []
    for _ in range(12):
        tab.keyboard.press("Enter")
        seen.append(tab.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert len(set(seen)) == 12 and "your drawing" in seen[-1]
    for key in ("ArrowDown", "ArrowLeft", " "):
        tab.keyboard.press(key)
    assert settled(tab) != before


def test_by_touch(opened, path):
    tab = opened(path, "phone", touch=True)
    expect(tab.locator("#value")).to_be_hidden()
    tab.locator(LAST).nth(2).tap(position={"x": 20, "y": 20})
    expect(tab.locator("#sum p").first).to_contain_text("conv_stack.2, map 0")
    expect(tab.locator("#value")).to_be_in_viewport()
    tab.locator("#close").tap()
    expect(tab.locator("#value")).to_be_hidden()


def test_what_the_decision_hangs_on(opened, path, network, image):
    tab = opened(path)
    with torch.no_grad():
        label = int(network(image).argmax())
    expected = inspection.occlusion_map(network, image[0], label)
    tab.click("#why")
    expect(tab.locator("#because")).to_be_visible()
    row, column, share = map(
        float, re.findall(r"row (\d+), column (\d+), by ([\d.]+)%", tab.inner_text("#because"))[0]
    )
    assert share == pytest.approx(100 * float(expected.max()), abs=0.06)
    assert expected[int(row), int(column)] == pytest.approx(float(expected.max()), abs=1e-4)
    expect(tab.locator("#progress")).to_be_hidden()


def test_mine_and_yours(opened, path, data, image, tmp_path):
    other = checkpoints.load(checkpoints.reference_path("drawn"))[0]
    theirs = sharing.page(other, tmp_path / "b.html", data, title="Theirs").path
    colour = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(300, 10))
    apart = sharing.page(colour, tmp_path / "c.html", data_of((3, 10, 10)), title="Apart").path
    (tmp_path / "d.html").write_text("<p>another page")
    tab = opened(path)
    for file, words in (
        (tmp_path / "d.html", "d.html is no page of a network"),
        (apart, "Apart cannot be compared"),
        (theirs, "Theirs"),
    ):
        tab.locator("#other").set_input_files(file)
        expect(tab.locator("#compared")).to_contain_text(words)
    with torch.no_grad():
        expected = other(image).softmax(1)[0]
    expect(tab.locator(".bar.other b").first).to_be_visible()
    assert shares(tab, ".bar.other b") == pytest.approx((100 * expected).tolist(), abs=0.051)


def test_damaged_weights_say_so(opened, path, tmp_path):
    text = path.read_text(encoding="utf-8")
    place = text.index('"base64":"') + 5000
    damages = {
        "changed": text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :],
        "cut": text.replace(text[place : place + 4000], ""),
        "other": text.replace('"control":[0', '"control":[7'),
    }
    for name, damaged in damages.items():
        file = tmp_path / f"{name}.html"
        file.write_text(damaged, encoding="utf-8")
        trouble = opened(file).locator("#trouble").inner_text()
        assert ("make it anew" in trouble) and (name == "other" or "damaged" in trouble)


def test_a_name_with_a_script_in_it_does_nothing(opened, network, tmp_path):
    evil = "</script><img src=x onerror=alert(1)><script>document.title='bad'</script>"
    data = data_of((1, 28, 28))
    data.classes[0] = evil
    tab = opened(sharing.page(network, tmp_path / "evil.html", data, title=evil).path)
    assert tab.title() == evil
    assert tab.locator("th").first.inner_text() == evil
    assert tab.locator("img").count() == 0


def test_the_policy_forbids_the_network(chromium, path):
    tab = chromium.new_page()
    tab.goto(path.as_uri())
    refused = tab.evaluate(
        "() => new Promise(done => { document.addEventListener('securitypolicyviolation',"
        " event => done(event.effectiveDirective)); new Image().src = 'http://127.0.0.1:9/'; })"
    )
    assert refused == "img-src"
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_readable(opened, path, size, scheme):
    tab = opened(path, size, scheme)
    tab.locator(LAST).nth(1).hover(position={"x": 20, "y": 20})
    expect(tab.locator("#value")).to_be_visible()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(tab, options={"preload": False})  # which would fetch the page by a script
    assert found.violations_count == 0, found.generate_report()
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
    assert brightness < 60 if scheme == "dark" else brightness > 200
    if (folder := os.environ.get("CNN_COURSE_IMAGES")) and size == "laptop":
        tab.locator(LAST).nth(3).hover(position={"x": 30, "y": 30})
        expect(tab.locator("#sum p").first).to_contain_text("conv_stack.3")
        tab.screenshot(path=Path(ROOT / folder) / f"page-{scheme}.png")
