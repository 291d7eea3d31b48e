"""The texts of the repository on the site: the parts of README.md on its first page, and docs/.

A text is written once, for GitHub; here its links lead to the pages of the site, and pictures that
come from other hosts, such as badges, are words.
"""

import re
from pathlib import Path

from authoring.website.content import markdown_to_html

PAGES = ("docs/*.md", "deploy/README.md")  # the texts that are pages, too
LINK = re.compile(r"(\]\([\w./-]+)\.md(?=[)#])")
BADGE = re.compile(r"\[!\[([^\]]*)\]\(https?:[^)]*\)\]")
PICTURE = re.compile(r'<img alt="([^"]+)" src="[\w./]*?(\w+)-light\.png"')
PLACEHOLDER = "OWNER/cnn-course"  # in addresses of the repository


def texts(root: Path) -> dict[str, str]:
    """The texts that are pages, by their paths in the repository."""
    paths = [path for pattern in PAGES for path in sorted(root.glob(pattern))]
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}


def name_of(repository: str) -> str:
    """What GitHub calls the repository at an address, such as "ada/course"."""
    return re.sub(r"^https://github\.com/|(\.git)?/?$", "", repository)


def for_site(text: str, repository: str = "") -> str:
    """A text as it is for the site; ``repository`` is the address where the course can be had.

    A paragraph that would lead to a repository of which nobody knows the address is left out.
    """
    name = name_of(repository)
    paragraphs = [
        paragraph.replace(PLACEHOLDER, name)
        for paragraph in text.split("\n\n")
        if repository or PLACEHOLDER not in paragraph
    ]
    return LINK.sub(r"\1.html", BADGE.sub(r"[\1]", "\n\n".join(paragraphs)))


def html_of(text: str, repository: str = "") -> str:
    """The HTML of a text."""
    return markdown_to_html(for_site(text, repository))


def parts(readme: str) -> dict[str, str]:
    """The parts of the README by their headings; that before the first is under ''."""
    found = re.split(r"^## (.+)$", readme, flags=re.MULTILINE)
    before = found[0].split("\n\n", 1)[1] if "\n\n" in found[0] else ""
    return {"": before, **dict(zip(found[1::2], found[2::2], strict=True))}


def pictures(root: Path) -> dict[str, str]:
    """The words of each picture of a panel, by its name, as the texts have them."""
    return {name: words for text in texts(root).values() for words, name in PICTURE.findall(text)}
