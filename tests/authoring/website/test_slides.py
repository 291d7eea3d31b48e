"""The slides of the site: nothing overflows, answers come by a key, the speaker has a window."""

import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_output
from playwright.sync_api import expect

from authoring.lesson import TASK, has_blank
from authoring.slide_types import slide_types
from authoring.website import slides
from tests.authoring.website.pages import NAMES, SLIDES, cells_of, soup_of
from tests.notebooks.fixtures import code, notebook, text

each_deck = pytest.mark.parametrize("page", SLIDES)

PICTURE = (
    "figure img:not([data-panel] *), [data-panel]"  # a live panel takes the place of its still
)

# Of each slide, with all that appears on it: what reaches over its edges, or scrolls, and its size.
LOOK = """() => {
    const found = [];
    for (const {h, v} of Reveal.getSlides().map((slide) => Reveal.getIndices(slide))) {
        Reveal.slide(h, v, 99);
        const slide = Reveal.getCurrentSlide(), edge = slide.getBoundingClientRect();
        const over = [...slide.querySelectorAll("*")].filter((part) => {
            const box = part.getBoundingClientRect(), style = getComputedStyle(part);
            if (!box.width || part.closest("figcaption, aside, math")) return false;
            return box.right > edge.right + 1 || box.bottom > edge.bottom + 1
                || ["auto", "scroll"].includes(style.overflowY);
        });
        found.push({
            words: slide.innerText.slice(0, 60),
            over: over.map((part) => part.outerHTML.slice(0, 80)),
            zoom: Number(slide.children[0].style.zoom),
        });
    }
    return found;
}"""


def opened_deck(opened, page: str, *size: int):
    """A deck of slides, ready."""
    tab = opened(page, *size)
    tab.wait_for_function("() => window.Reveal?.isReady()")
    return tab


@each_deck
@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720)])
def test_no_slide_overflows(opened, page, size):
    found = opened_deck(opened, page, *size).evaluate(LOOK)
    assert len(found) > 15
    assert [slide for slide in found if slide["over"]] == []
    assert [slide for slide in found if not slide["zoom"] >= 0.9] == []  # else it has too much


@each_deck
def test_every_picture_is_seen(opened, page):
    tab = opened_deck(opened, page)
    number = tab.locator(PICTURE).count()
    tab.evaluate("() => Reveal.configure({viewDistance: 100})")
    for index in range(number):
        tab.evaluate(
            """([index, picture]) => {
                const image = document.querySelectorAll(picture)[index];
                const {h, v} = Reveal.getIndices(image.closest("section"));
                Reveal.slide(h, v, 99);
            }""",
            [index, PICTURE],
        )
        expect(tab.locator(PICTURE).nth(index)).to_be_visible()


def test_an_answer_comes_with_its_output_by_one_key(opened):
    tab = opened_deck(opened, SLIDES[0])
    answer = tab.locator("pre .answer", has_text="nn.Conv2d(1, 8, 5)").first
    place = answer.evaluate("answer => Reveal.getIndices(answer.closest('section'))")
    tab.evaluate("({h, v}) => Reveal.slide(h, v)", place)
    words, output = answer.locator(".fragment"), tab.locator(".present .cnn-outcome")
    expect(words).to_be_hidden()
    expect(output).to_be_hidden()
    empty = answer.evaluate("answer => getComputedStyle(answer).backgroundColor")
    tab.keyboard.press("Space")
    expect(words).to_be_visible()
    expect(output).to_be_visible()
    around = answer.evaluate("answer => getComputedStyle(answer.closest('div')).backgroundColor")
    assert empty != around  # it stands out
    assert tab.evaluate("() => Reveal.getIndices().v") == place["v"]  # on the same slide


def test_a_phone_shows_words_that_can_be_read(opened):
    tab = opened_deck(opened, SLIDES[0], 390, 844)
    paragraph = tab.locator(".present p").first
    size = paragraph.evaluate("p => parseFloat(getComputedStyle(p).fontSize) * Reveal.getScale()")
    assert size >= 15
    assert tab.evaluate("() => document.documentElement.scrollWidth") <= 390


@each_deck
def test_slides_are_without_what_is_for_students(site, page):
    shown = soup_of(site / page).find(class_="slides").get_text()
    for rest in ("SOLUTION", "Hint 1", "google.colab", "checks.progress", "NameError?"):
        assert rest not in shown
    cells = cells_of(page)
    for number, title in TASK.findall("\n".join(cell.source for cell in cells)):
        assert f"Task {number}" in shown and title.split("`")[0] in shown
    assert len(soup_of(site / page).find_all("pre")) > 10
    answers = [cell for cell in cells if has_blank(cell)]
    with_answer = {tag.find_parent(id=True)["id"] for tag in soup_of(site / page).select(".answer")}
    assert {f"cell-id={cell.id}" for cell in answers} <= with_answer


@each_deck
def test_the_answers_to_what_if_are_notes(site, page):
    asked = [c for c in cells_of(page) if c.source.startswith("> **Answer.**")]
    notes = [note.get_text(" ", strip=True) for note in soup_of(site / page).select("aside.notes")]
    assert len(asked) == len(notes)
    assert all(note.startswith("Answer.") for note in notes)


# --- the speaker's window ----------------------------------------------------------------------


@pytest.fixture
def talk(opened):
    """Slides on a question that has a note, and the speaker's window."""
    tab = opened_deck(opened, SLIDES[0])
    tab.evaluate(
        """() => {
            const slide = document.querySelector("aside.notes").closest("section");
            const {h, v} = Reveal.getIndices(slide);
            Reveal.slide(h, v);
        }"""
    )
    with tab.context.expect_page() as waiting:
        tab.keyboard.press("s")
    window = waiting.value
    yield tab, window
    window.close()


def words_in(window, number: int) -> str:
    """What a frame of the speaker's window shows, as soon as it shows it."""
    frame = window.frames[number]
    frame.wait_for_function("() => window.Reveal?.isReady() && Reveal.getSlidePastCount() > 0")
    return frame.evaluate("() => Reveal.getCurrentSlide().innerText")


def test_the_speaker_sees_notes_clock_and_next_slide(talk):
    tab, window = talk
    window.locator("#notes blockquote").wait_for()
    assert "75 weights" in window.locator("#notes").inner_text()
    assert re.fullmatch(r"\d\d:\d\d", window.locator("#clock").inner_text())
    now, after = words_in(window, 1), words_in(window, 2)
    assert now == tab.evaluate("() => Reveal.getCurrentSlide().innerText")
    assert "Task 1.2" in after and "Task 1.2" not in now


def test_keys_in_the_speakers_window_move_the_slides(talk):
    tab, window = talk
    window.locator("#notes blockquote").wait_for()
    window.keyboard.press("ArrowRight")
    tab.wait_for_function("() => Reveal.getCurrentSlide().innerText.includes('Task 1.2')")
    window.locator("#notes", has_text="No notes").wait_for()
    window.get_by_role("button", name="back").click()
    tab.wait_for_function("() => !Reveal.getCurrentSlide().innerText.includes('Task 1.2')")


def test_axe_finds_nothing_in_the_speakers_window(talk):
    _, window = talk
    window.locator("#notes blockquote").wait_for()
    found = Axe().run(window, options={"preload": False})
    assert found.violations_count == 0, found.generate_report()


def test_a_speakers_window_that_nobody_opened_says_what_to_do(opened):
    assert "press S" in opened("slides/speaker.html").locator("#help").inner_text()


# --- what goes on a slide ----------------------------------------------------------------------


def deck(*cells) -> list[tuple[str, str]]:
    """Type and source of the cells of a deck, without the titles that slides repeat."""
    made = slides.deck_of(notebook(text("# Title"), text("## Begin"), *cells)).cells
    found = [(cell.metadata.get("slideshow", {}).get("slide_type", "-"), cell) for cell in made]
    return [(kind, cell.source) for kind, cell in found][2:]


def test_a_text_that_is_too_long_goes_on_under_its_heading():
    long = "\n\n".join(f"{number} " + ("words " * 80).strip() for number in range(8))
    made = deck(text(f"## Long\n\n{long}"))
    assert [kind for kind, _ in made].count("slide") == 1
    begins = [source for kind, source in made if kind == "subslide"]
    assert len(begins) >= 1
    assert all(source == '<p class="running">Long</p>' for source in begins)
    assert "\n\n".join(s for _, s in made if "running" not in s) == f"## Long\n\n{long}"


def test_a_picture_takes_the_room_that_is_left():
    figure = '<figure><img src="a.png" alt="A" width="500" height="2000"></figure>'
    output = new_output("display_data", {"text/html": figure, "text/plain": "A"})
    made = slides.deck_of(notebook(text("# A"), text("## B"), code("1", outputs=[output])))
    shown = made.cells[-1].outputs[0].data["text/html"]
    width, height = map(int, re.search(r'width="(\d+)" height="(\d+)"', shown).groups())
    assert 300 < height < 720 and abs(width / height - 0.25) < 0.01
    assert output.data["text/html"] == figure  # what was given is left as it is


def test_code_between_fences_is_never_divided():
    fence = "```python\na = 1\n\n\nb = 2\n```"
    assert slides.pieces(f"One.\n\n{fence}\n\nTwo.") == ["One.", fence, "Two."]


def test_a_fold_that_is_no_hint_is_open():
    made = deck(text("<details><summary>Why?</summary>\nThat is why.\n</details>"))
    assert made[-1][1].split() == ["**Why?**", "That", "is", "why."]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_on_the_way_to_slides(name):
    cells = cells_of(f"slides/{name}.html")
    made = slides.deck_of(nbformat.from_dict(notebook(*cells)))
    source = "".join("".join(cell.source.split()) for cell in made.cells)
    for cell, kind in zip(cells, slide_types(cells), strict=True):
        if kind in ("slide", "subslide") and cell.cell_type == "markdown":
            words = slides.unfolded(slides.without_hints(cell.source))
            for line in words.split("\n"):
                assert "".join(line.split()) in source
