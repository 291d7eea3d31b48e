"""Where a lesson breaks into slides, for a talk in JupyterLab (jupyterlab-rise) and for the site.

    python -m authoring.slide_types            writes it into the solutions' metadata
    python -m authoring.slide_types --check    writes nothing, and fails on any difference

Authors mark no cell. A heading starts a slide; other text, and code that follows code, a slide
below it. Code stands under the text that introduces it; an answer, and what its check says, appear
there by one more key. Left out is what an audience does not need: what prepares a notebook, hints,
progress. The answer to a "What if?" is a note for the speaker.
"""

import argparse
import copy
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from authoring.facts import ROOT
from authoring.lesson import HEADING, HELP, has_blank, tags
from authoring.student_notebooks import text_of

HINT = re.compile(r"<details><summary>Hint \d+</summary>.*?</details>\s*", re.DOTALL)
OF_STUDENTS = re.compile(rf"^checks\.({'|'.join(sorted(HELP))})\(", re.MULTILINE)


def without_hints(source: str) -> str:
    """The text of a Markdown cell without its folded hints."""
    return HINT.sub("", source).strip()


def has_heading(cell: NotebookNode) -> bool:
    """Whether a cell of text begins with a heading."""
    return cell.cell_type == "markdown" and bool(HEADING.match(cell.source))


def slide_types(cells: list[NotebookNode]) -> list[str]:
    """The slide type of each cell, as Jupyter names them; "-" goes on with the slide before."""
    headings = [number for number, cell in enumerate(cells) if has_heading(cell)]
    begin = headings[1] if len(headings) > 1 else len(cells)
    types, before = [], ""
    for number, cell in enumerate(cells):
        prepares = 0 < number < begin  # between the title and the first heading
        kind = "skip" if prepares else _slide_type(cell, before)
        types.append(kind)
        if kind not in ("skip", "notes"):
            before = cell.cell_type
    return types


def _slide_type(cell: NotebookNode, before: str) -> str:
    """The slide type of a cell; ``before`` is the type of the cell that is shown before it."""
    only_in_solution = "solution-only" in tags(cell)
    if cell.cell_type == "markdown":
        if only_in_solution:
            return "notes"
        if has_heading(cell):
            return "slide"
        return "subslide" if without_hints(cell.source) else "skip"
    if cell.metadata.get("jupyter", {}).get("source_hidden") or OF_STUDENTS.search(cell.source):
        return "skip"
    if only_in_solution and not cell.get("outputs"):
        return "skip"
    if "check" in tags(cell):
        return "fragment"
    if before == "code":
        return "subslide"
    return "fragment" if has_blank(cell) or only_in_solution else "-"


def with_slide_types(notebook: NotebookNode) -> NotebookNode:
    """A copy of a lesson with its slide types in the cells' metadata."""
    notebook = copy.deepcopy(notebook)
    for cell, kind in zip(notebook.cells, slide_types(notebook.cells), strict=True):
        cell.metadata.pop("slideshow", None)
        if kind != "-":  # which is what a cell without a type is
            cell.metadata["slideshow"] = NotebookNode(slide_type=kind)
    return notebook


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Write slide types into the solutions.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on differences")
    parser.add_argument("--solutions", type=Path, default=ROOT / "solutions")
    options = parser.parse_args(arguments)
    differ = []
    for path in sorted(options.solutions.glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        made = text_of(with_slide_types(nbformat.reads(text, as_version=4)))
        if made != text:
            differ.append(path.name)
            if not options.check:
                path.write_text(made, encoding="utf-8")
    for name in differ:
        print(f"solutions/{name}" + (": its slide types are not up to date" * options.check))
    if options.check:
        print("Run 'make notebooks'." if differ else "The slide types are up to date.")
    return 1 if options.check and differ else 0


if __name__ == "__main__":
    sys.exit(main())
