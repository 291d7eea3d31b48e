"""Make the course's static site in ``build/site/``: ``make site``, for GitHub Pages or a folder.

Each lesson becomes three pages (the lesson with its outputs, the student notebook, slides) and two
downloads; the texts in ``docs/`` are pages, too, and ``index.html`` leads to all. The templates and
styles are in ``templates/``. The site is built without a network and read without one, so nothing
in it comes from a CDN, and the pages' policy forbids it:

* Formulas become MathML when the site is built, and pictures become files: see ``content``.
* reveal.js comes from the Python package sphinx-revealjs, which carries the files of its releases,
  so that neither npm nor a copy in this repository is needed. Sphinx itself is not used.

No page needs require.js, jQuery or mermaid, which nbconvert's own templates load.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

from nbconvert.exporters import HTMLExporter, SlidesExporter

from authoring.facts import ROOT, NoFacts
from authoring.website.content import code_to_html, markdown_to_html, with_figures
from authoring.website.lessons import FOLDERS, Pair, Refused, read_lessons
from authoring.website.live_panels import has_live, view_script, with_panels
from authoring.website.opening import SITE, index_page, search_index, text_page
from authoring.website.pages import sections_of, with_folded_answers
from authoring.website.slides import deck_of
from authoring.website.texts import name_of, texts

IMAGES = "docs/images/*.png"
NETWORK = "docs/network.html"  # made by authoring.reference_page, which needs torch


def exporter(kind: type[HTMLExporter], template: str) -> HTMLExporter:
    """An exporter with one of the site's templates."""
    made = kind(
        template_name=template,
        extra_template_basedirs=[str(SITE)],
        extra_template_paths=[str(SITE)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    made.register_filter("markdown2html", markdown_to_html)
    made.register_filter("code_to_html", code_to_html)
    return made


def fixed_files() -> dict[str, bytes]:
    """What is the same for all lessons: our styles, and reveal.js, by their paths in the site."""
    spec = importlib.util.find_spec("sphinx_revealjs")  # which is found, but not imported
    if spec is None:
        raise Refused("reveal.js is missing: pip install sphinx-revealjs, which carries it.")
    folder = Path(spec.submodule_search_locations[0], "_static", "revealjs")
    reveal = [folder / "dist" / "reveal.js", folder / "dist" / "reveal.css", folder / "LICENSE"]
    if absent := [path.name for path in reveal if not path.is_file()]:
        raise Refused(f"This release of sphinx-revealjs carries no {absent[0]}.")
    ours = [*SITE.glob("*.css"), *SITE.glob("*.js")]
    files = {f"static/{path.name}": path.read_bytes() for path in ours}
    files["static/pointable.js"] = view_script().encode()
    return files | {f"static/reveal/{path.name}": path.read_bytes() for path in reveal}


def lesson_files(lessons: list[Pair], repository: str = "") -> dict[str, bytes]:
    """The pages and pictures of all lessons, by their paths in the site."""
    page, slides = exporter(HTMLExporter, "lesson"), exporter(SlidesExporter, "slides")
    files = {}
    for lesson, before, after in zip(lessons, [None, *lessons], [*lessons[1:], None], strict=False):
        shown, pictures = with_figures(lesson.solution, lesson.name)
        files |= {f"static/images/{name}": png for name, png in pictures.items()}
        shown = with_panels(shown, lesson.name, name_of(repository))
        contents = [section for section in sections_of(lesson.solution) if section.level > 1]
        for folder, made_by, notebook in (
            ("solutions", page, shown),
            ("notebooks", page, with_folded_answers(shown, lesson.student)),
            ("slides", slides, deck_of(shown)),
        ):
            known = {"lesson": lesson, "before": before, "after": after, "folder": folder}
            known |= {"contents": contents, "panels": has_live(notebook)}
            text, _ = made_by.from_notebook_node(notebook, known)
            files[f"{folder}/{lesson.name}.html"] = text.encode()
    return files


def build(root: Path, output: Path, repository: str = "") -> list[Path]:
    """Make the site of the course in ``root``; returns its files.

    All are made before one is written. Raises ``Refused`` with a sentence if they cannot be made,
    and ``OSError`` if they cannot be written.
    """
    lessons = read_lessons(root)
    files = fixed_files() | lesson_files(lessons, repository)
    names = [f"{folder}/{lesson.name}.ipynb" for lesson in lessons for folder in FOLDERS]
    files |= {name: (root / name).read_bytes() for name in names}
    files["slides/speaker.html"] = (SITE / "speaker.html").read_bytes()
    pages = texts(root)
    for path in pages:
        name = path.removesuffix(".md") + ".html"
        files[name] = text_page(path, pages[path], repository).encode()
    files |= {str(path.relative_to(root)): path.read_bytes() for path in root.glob(IMAGES)}
    if not (root / NETWORK).is_file():
        raise Refused(f"{NETWORK} is missing: python -m authoring.reference_page {NETWORK}")
    files[NETWORK] = (root / NETWORK).read_bytes()
    files["static/search_index.js"] = search_index(lessons, pages).encode()
    files["index.html"] = index_page(lessons, root, repository).encode()
    for name, content in files.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_bytes(content)
    return [output / name for name in files]


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Make the course's static site.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the course")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--repository", default="", help="the address where the course can be had")
    options = parser.parse_args(arguments)
    try:
        written = build(options.root, options.output, options.repository)
    except (Refused, NoFacts) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The site cannot be written: {error.filename}: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"{len(written)} files; open {options.output / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
