"""What pages hold beside the cells of a lesson: folded answers, contents, what is searched.

The page of a student notebook has the answers, folded, below the blanks that they fill: whoever
reads there is alone with the task. The notebooks themselves have none.
"""

import copy
import re
from dataclasses import dataclass

from nbformat import NotebookNode

from authoring.lesson import has_blank, tags, without_marks
from authoring.slide_types import without_hints
from authoring.website.content import anchor, markdown_to_html
from authoring.website.live_panels import is_live

HEADING = re.compile(r"^(#{1,3})\s+(.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
MARKUP = re.compile(r"<[^>]+>|\]\([^)]*\)|[*`|\[]|^#+ |^> ", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """A heading of a page, as text, with its level, its anchor, and the words below it."""

    level: int
    title: str
    anchor: str
    text: str = ""


def with_folded_answers(shown: NotebookNode, student: NotebookNode) -> NotebookNode:
    """The student notebook with the answers of the lesson ``shown``, marked to be folded.

    It has outputs where these are panels that are live.
    """
    given, cells = {cell.id: cell for cell in student.cells}, []
    for solved in shown.cells:
        if solved.id in given:
            cell = copy.deepcopy(given[solved.id])
            if has_blank(solved):
                cell.metadata["answer"] = copy.deepcopy(solved)
            elif any(map(is_live, solved.get("outputs", []))):
                cell.outputs = copy.deepcopy(solved.outputs)
            cells.append(cell)
        elif solved.cell_type == "markdown" or solved.outputs:  # the answer to a "What if?"
            cell = copy.deepcopy(solved)
            cell.metadata["folded"] = True
            cells.append(cell)
    return NotebookNode({**student, "cells": cells})


def sections_of_text(text: str) -> list[Section]:
    """The sections of a text in Markdown, in order; what is before the first heading is in none."""
    plain = FENCED.sub(lambda block: re.sub(r"^#", " #", block[0], flags=re.MULTILINE), text)
    found = list(HEADING.finditer(plain))
    ends = [heading.start() for heading in found[1:]] + [len(plain)]
    return [
        Section(
            len(heading[1]),
            words_of(heading[2]),
            anchor(markdown_to_html(heading[2])),
            words_of(plain[heading.end() : end]),
        )
        for heading, end in zip(found, ends, strict=True)
    ]


def sections_of(notebook: NotebookNode) -> list[Section]:
    """The sections of a notebook: their texts and their code, without hints and folded code."""
    return sections_of_text("\n\n".join(filter(None, map(_text_of, notebook.cells))))


def _text_of(cell: NotebookNode) -> str:
    if cell.cell_type == "markdown":
        return without_hints(cell.source)
    folded = cell.metadata.get("jupyter", {}).get("source_hidden")
    return "" if folded or "check" in tags(cell) else f"```\n{without_marks(cell.source)}\n```"


def words_of(text: str) -> str:
    """The words of a text in Markdown, in one line, without its markup."""
    return " ".join(MARKUP.sub("", text).split())
