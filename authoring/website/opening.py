"""The first page of the site, the pages of the texts in ``docs/``, and what the search finds.

The search is a list of all sections of all lessons and texts, a script that the first page loads:
a page that was opened from a folder may read no other files.
"""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from authoring.website.lessons import Pair, Refused
from authoring.website.pages import sections_of, sections_of_text
from authoring.website.texts import for_site, html_of, parts, pictures

SITE = Path(__file__).with_name("templates")

# The doors of the first page: what they are called, and the part of the README that is behind each.
DOORS = {"Learn": "For students", "Teach": "For lecturers", "Contribute": "For maintainers"}


def environment() -> Environment:
    """The templates of the pages that are made of no notebook."""
    return Environment(loader=FileSystemLoader(SITE), autoescape=True)


def index_page(lessons: list[Pair], root: Path, repository: str = "") -> str:
    """The first page of the site; ``repository`` is the address where the course can be had.

    Raises ``Refused`` if the README or the words of a picture are missing.
    """
    try:
        text = (root / "README.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refused("README.md is missing: the first page has its texts.") from None
    readme, words = parts(text), pictures(root)
    for wanted in [*DOORS.values(), "Two commands", "Sources"]:
        if wanted not in readme:
            raise Refused(f"README.md has no part {wanted!r}, which the first page shows.")
    for lesson in lessons:
        if lesson.facts.picture not in words:
            what = f"picture = {lesson.facts.picture!r} of {lesson.name}"
            raise Refused(
                f"{what} in solutions/lessons.toml: no text in docs/ shows such a picture."
            )
    # The lessons are cards here, and what the recording shows can be done here.
    said = [part for part in readme[""].split("\n\n") if not part.startswith(("|", "!["))]
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            lessons=lessons,
            words=words,
            opening=html_of("\n\n".join(said), repository),
            doors={door: html_of(readme[part], repository) for door, part in DOORS.items()},
            set_up=html_of(readme["Two commands"], repository),
            sources=html_of(readme["Sources"], repository),
            repository=repository,
        )
    )


def text_page(path: str, text: str, repository: str = "") -> str:
    """The page of a text in the repository, by its path there."""
    contents = [section for section in sections_of_text(text) if section.level in (2, 3)]
    return (
        environment()
        .get_template("text.html.j2")
        .render(
            title=sections_of_text(text)[0].title,
            up="../" * path.count("/"),
            contents=contents,
            body=html_of(text, repository),
        )
    )


def search_index(lessons: list[Pair], pages: dict[str, str]) -> str:
    """The script with all sections: title, the page that each is a part of, address, words."""
    found = [
        [
            section.title,
            lesson.title,
            f"solutions/{lesson.name}.html#{section.anchor}",
            section.text,
        ]
        for lesson in lessons
        for section in sections_of(lesson.solution)
    ]
    for path, text in pages.items():
        sections = sections_of_text(for_site(text))
        address = path.removesuffix(".md") + ".html"
        found += [
            [section.title, sections[0].title, f"{address}#{section.anchor}", section.text]
            for section in sections
        ]
    return f"const SEARCH_INDEX = {json.dumps(found, ensure_ascii=False)};\n"
