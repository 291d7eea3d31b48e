"""The static site: it is whole, and nothing in it comes from outside."""

import base64
import re
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from authoring.lesson import TASK, answer_lines, has_blank
from authoring.website import build as build_site
from authoring.website import content as site_content
from tests.authoring.website.pages import (
    LESSONS,
    NAMES,
    OF_STUDENTS,
    PAGES,
    ROOT,
    SLIDES,
    WITH_OUTPUTS,
    cells_of,
    each_page,
    each_page_with_outputs,
    is_outside,
    pictures_of,
    shown_as,
    soup_of,
    target,
    words_of,
)

LONGEST = 60  # seconds for the whole site; it takes under ten
PANEL = re.compile(r"^(explorers\.[A-Z]\w*\(|display\(panel\)|panel\s*(#|$))", re.MULTILINE)


def test_it_is_made_quickly(seconds_and_site):
    assert seconds_and_site[0] < LONGEST


def test_there_are_these_pages_and_no_others(site):
    found = {str(path.relative_to(site)) for path in site.rglob("*.html")}
    assert found == {*PAGES, "slides/speaker.html", build_site.NETWORK}


@each_page
def test_a_page_loads_nothing_from_outside(site, page):
    soup = soup_of(site / page)
    loaded = [
        str(tag[name])
        for tag in soup.find_all(lambda tag: tag.name != "a")
        for name in ("src", "srcset", "href", "data", "poster")
        if tag.has_attr(name)
    ]
    assert loaded
    for address in loaded:
        assert not is_outside(address), address
        assert address.startswith("data:") or target(site / page, address).is_file(), address


@pytest.mark.parametrize("page", [*PAGES, "slides/speaker.html"])
def test_a_page_forbids_all_that_does_not_come_with_it(site, page):
    soup = soup_of(site / page)
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert not [tag for tag in soup.find_all(True) if tag.has_attr("style")]
    assert not soup.find_all("style")
    assert not [tag for tag in soup.find_all("script") if not tag.has_attr("src")]


def test_the_styles_load_nothing(site):
    styles = list(site.rglob("*.css"))
    assert len(styles) == 6
    for style in styles:
        addresses = re.findall(r"@import[^;]*|url\([^)]*\)", style.read_text(encoding="utf-8"))
        assert all(address.startswith("url(data:") for address in addresses), style.name


@each_page
def test_every_link_within_the_site_has_its_target(site, page):
    links = [str(tag["href"]) for tag in soup_of(site / page).find_all("a", href=True)]
    inside = [link for link in links if not is_outside(link)]
    assert inside
    for link in inside:
        found = target(site / page, link)
        assert found.is_file() and site in found.parents, link
        fragment = unquote(urlsplit(link).fragment)
        assert not fragment or soup_of(found).find(id=fragment), link


@each_page
def test_a_page_says_what_it_is(site, page):
    soup = soup_of(site / page)
    assert soup.html["lang"] == "en"
    assert "width=device-width" in soup.find("meta", attrs={"name": "viewport"})["content"]
    assert len(soup.find_all("h1")) == 1
    heading = soup.h1.get_text(strip=True)
    assert soup.title.get_text().startswith(heading)


def test_no_two_pages_have_the_same_title(site):
    titles = {soup_of(site / page).title.get_text() for page in PAGES}
    assert len(titles) == len(PAGES)


@pytest.mark.parametrize("folder", ["solutions", "notebooks", "slides"])
def test_the_lessons_lead_from_one_to_the_next(site, folder):
    for number, name in enumerate(NAMES):
        soup = soup_of(site / folder / f"{name}.html")
        assert soup.find("a", href="../index.html")
        neighbours = {"prev": NAMES[:number][-1:], "next": NAMES[number + 1 : number + 2]}
        for rel, names in neighbours.items():
            found = {str(tag["href"]) for tag in soup.find_all("a", rel=rel)}
            assert found == {f"{other}.html" for other in names}, rel


def test_the_index_leads_to_every_form_of_every_lesson(site):
    links = {str(tag["href"]) for tag in soup_of(site / "index.html").find_all("a", href=True)}
    assert {*LESSONS, *(f"notebooks/{name}.ipynb" for name in NAMES)} <= links
    for name in NAMES:
        for file in (f"notebooks/{name}.ipynb", f"solutions/{name}.ipynb"):
            assert (site / file).read_bytes() == (ROOT / file).read_bytes()


def test_the_index_names_the_repository_if_told(tmp_path):
    lessons = build_site.read_lessons(ROOT)
    page = build_site.index_page(lessons, ROOT, "https://example.org/course")
    assert 'href="https://example.org/course"' in page and "OWNER" not in page
    assert "OWNER" not in build_site.index_page(lessons, ROOT)


# --- pictures and panels -----------------------------------------------------------------------


@each_page_with_outputs
def test_every_picture_is_a_figure_with_its_words(site, page):
    expected = pictures_of(cells_of(page))
    figures = soup_of(site / page).find_all("figure")
    assert len(expected) == len(figures)
    for (png, words), shown in zip(expected, figures, strict=True):
        assert target(site / page, shown.img["src"]).read_bytes() == png
        assert len(shown.img["alt"]) > 10 and "<" not in shown.img["alt"]
        captions = [caption.get_text("\n") for caption in shown.find_all("figcaption")]
        assert captions == ([words] if words else [])


def panels_of(page) -> list:
    """The cells of a page that show a panel."""
    cells = cells_of(page)
    return [cell for cell in cells if PANEL.search(cell.source) and cell.get("outputs")]


def test_there_are_pictures_and_panels():
    """Though a lesson may have none."""
    assert len([page for page in WITH_OUTPUTS if pictures_of(cells_of(page))]) >= 5
    assert len([page for page in WITH_OUTPUTS if panels_of(page)]) >= 5


@each_page_with_outputs
def test_every_panel_shows_its_words(site, page):
    soup = soup_of(site / page)
    for cell in panels_of(page):
        words = [words_of(out) for out in cell.outputs if "data" in out]
        shown = BeautifulSoup(shown_as(soup, cell), "html.parser")
        assert words and words[0].split("\n")[0] in shown.get_text()
        assert bool(pictures_of([cell])) == bool(shown.figure)


@each_page_with_outputs
def test_no_picture_lacks_an_alternative_and_no_widget_waits(site, page):
    soup = soup_of(site / page)
    assert all(image.get("alt") for image in soup.find_all("img"))
    text = (site / page).read_text(encoding="utf-8")
    for rest in ("widget-view", "jupyter-widgets", "Loading widget", "No description has been"):
        assert rest not in text


def test_of_a_widget_its_picture_and_words_are_left():
    pixel = (ROOT / "docs/images/why-light.png").read_bytes()
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "Words."}
    drawn = {**widget, "image/png": base64.b64encode(pixel).decode()}
    cells = [
        new_code_cell(outputs=[new_output("display_data", data)], id=name)
        for name, data in (("with", drawn), ("without", widget))
    ]
    notebook = new_notebook(cells=cells, metadata={"widgets": {"state": {}}})
    shown, files = site_content.with_figures(notebook, "05_x")
    assert files == {"05_x-with-0.png": pixel}
    assert "<figcaption>Words.</figcaption>" in shown.cells[0].outputs[0].data["text/html"]
    assert shown.cells[1].outputs[0].data == {"text/plain": "Words."}
    assert "widgets" not in shown.metadata
    assert "widgets" in notebook.metadata and "image/png" in cells[0].outputs[0].data


def test_words_are_text_and_not_html():
    text = site_content.figure("a.png", bytes(24), 'Is 1 < 2? "Yes" & no.\nNext', "Heading")
    soup = BeautifulSoup(text, "html.parser")
    assert soup.img["alt"] == "Is 1 < 2?"
    assert soup.figcaption.get_text("\n") == 'Is 1 < 2? "Yes" & no.\nNext'


# --- the text ----------------------------------------------------------------------------------


def test_formulas_are_mathml(site):
    for page in LESSONS:
        texts = [cell.source for cell in cells_of(page) if cell.cell_type == "markdown"]
        formulas = sum(text.count("$$") // 2 for text in texts)
        soup = soup_of(site / page)
        assert len(soup.find_all("math")) == formulas
        assert "$$" not in soup.get_text()
    assert soup_of(site / f"solutions/{NAMES[0]}.html").find("mfrac")


def test_a_formula_in_a_line_is_mathml_too():
    assert "<mi>x</mi>" in site_content.markdown_to_html("Let $x$ be a number.")
    assert "<math" not in site_content.markdown_to_html("Type `$x$` there.")


def test_links_between_notebooks_lead_to_pages():
    made = site_content.markdown_to_html("[next](02_pooling.ipynb), [far](https://a.org/b.ipynb)")
    assert 'href="02_pooling.html"' in made and 'href="https://a.org/b.ipynb"' in made


@pytest.mark.parametrize("page", LESSONS)
def test_hints_and_given_code_are_folded(site, page):
    """On slides there are none."""
    soup = soup_of(site / page)
    cells = [] if page in SLIDES else cells_of(page)
    hints = sum(cell.source.count("<details") for cell in cells if cell.cell_type == "markdown")
    given = [cell.id for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    folded = soup.select("main details:not(.solution)")
    assert len(folded) == hints + len(given)
    for name in given:
        assert soup.find(id=f"cell-id={name}").details.find(class_="highlight")


@pytest.mark.parametrize("page", OF_STUDENTS)
def test_the_answers_are_folded_below_the_blanks_of_students(site, page):
    soup = soup_of(site / page)
    solved = cells_of(page.replace("notebooks", "solutions"))
    for cell in solved:
        shown = soup.find(id=f"cell-id={cell.id}")
        if has_blank(cell):
            assert "# your code here" in shown.div.get_text()
            answer = shown.find("details", class_="solution")
            assert next(answer_lines(cell.source)) in answer.get_text()
        elif cell.source.startswith("> **Answer.**"):
            assert shown.find_parent("details", class_="solution")
    assert not soup.find("details", open=True)


@pytest.mark.parametrize("page", [page for page in LESSONS if page not in SLIDES])
def test_every_task_has_an_anchor_and_stands_in_the_contents(site, page):
    soup = soup_of(site / page)
    tasks = TASK.findall("\n".join(cell.source for cell in cells_of(page)))
    links = {tag["href"]: tag.get_text() for tag in soup.select(".contents a")}
    assert tasks
    for number, title in tasks:
        assert soup.find("h3", id=f"task-{number}").get_text().startswith(f"Task {number}")
        assert links[f"#task-{number}"] == f"Task {number} – {title}".replace("`", "")


@each_page
def test_no_two_elements_have_the_same_id(site, page):
    ids = [tag["id"] for tag in soup_of(site / page).find_all(id=True)]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("name", NAMES)
def test_the_student_page_has_the_tasks_and_not_the_answers(site, name):
    text = soup_of(site / f"notebooks/{name}.html").get_text()
    assert "# your code here" in text and "# BEGIN SOLUTION" not in text
