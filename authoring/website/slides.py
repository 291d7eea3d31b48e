"""The slides of a lesson for the site: a notebook of smaller cells, of which each slide holds few.

A slide has 1280×720 pixels, which reveal.js scales to the screen. Nothing on it scrolls: what is
too much for one slide goes on to the next, under the same heading, and pictures take the room that
is left. How much room words take is estimated here, generously; ``deck.js`` then makes a slide as
large as it fits with the reader's font, and the tests look at every slide in a browser.
"""

import html
import math
import re
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from authoring.lesson import BEGIN, END, HEADING, has_blank, tags
from authoring.slide_types import has_heading, slide_types, without_hints
from authoring.website.content import IMAGE_SIZE
from authoring.website.live_panels import is_live

ROOM = 665  # pixels in height that a slide has for its blocks, below the line with its heading
WIDTH = 1150  # pixels in width
LONG_LIST = 300  # pixels in height; a longer list may be divided
PANEL = 600  # pixels in height of a live panel
LEAST_PICTURE = 330  # pixels in height; a picture that would become smaller has a slide of its own
LARGEST_SCALE = 1.6  # of a picture that is smaller than its room

LINE, PER_LINE = 35, 88  # of text: pixels in height, letters
CODE_LINE, CODE_PER_LINE = 25, 104
FOLD = re.compile(r"<details><summary>(.*?)</summary>\s*(.*?)</details>", re.DOTALL)
LISTED = re.compile(r"^(?=\* |\d+\. )", re.MULTILINE)


@dataclass
class Block:
    """A small cell, the height that it takes, and whether it is a picture, which can take less."""

    cell: NotebookNode
    height: int
    pictures: list[NotebookNode] = field(default_factory=list)


def deck_of(notebook: NotebookNode) -> NotebookNode:
    """The notebook of a lesson's slides; its pictures are figures already."""
    notebook = nbformat.from_dict(notebook)  # a copy
    types = slide_types(notebook.cells)
    deck, group, heading = [], [], ""
    for cell, kind in zip(notebook.cells, types, strict=True):
        if kind in ("slide", "subslide"):
            deck += laid_out(group, heading)
            group = []
            if has_heading(cell):
                heading = HEADING.search(cell.source)[1]
        if kind != "skip":
            group.append((kind, cell))
    deck += laid_out(group, heading)
    return NotebookNode({**notebook, "cells": deck})


def laid_out(group: list[tuple[str, NotebookNode]], heading: str) -> list[NotebookNode]:
    """The small cells of one slide of the lesson, on as many slides as they need."""
    if not group:
        return []
    notes = [cell for kind, cell in group if kind == "notes"]
    blocks = [block for kind, cell in group if kind != "notes" for block in blocks_of(cell)]
    pages: list[list[Block]] = []
    left = 0
    for block in blocks:
        if not pages or block.height > left:
            pages.append([])
            left = ROOM
        pages[-1].append(block)
        left -= block.height
    cells = []
    for number, page in enumerate(pages):
        fill_with_pictures(page)
        starts = number == 0 and has_heading(page[0].cell)
        first = page[0].cell if starts else running(heading)
        kind = "slide" if number == 0 and group[0][0] == "slide" else "subslide"
        first.metadata["slideshow"] = NotebookNode(slide_type=kind)
        cells += [] if starts else [first]
        with_answer = any(block.cell.metadata.get("appears") for block in page)
        for block in page:
            block.cell.metadata["appears"] = with_answer
            cells.append(block.cell)
    for cell in notes:
        cells.append(part(cell, source=cell.source))
        cells[-1].metadata["slideshow"] = NotebookNode(slide_type="notes")
    return cells


def running(heading: str) -> NotebookNode:
    """The heading of the slides before, small, for one that goes on from them."""
    return new_markdown_cell(f'<p class="running">{html.escape(heading)}</p>')


def part(cell: NotebookNode, number: int = 0, **changes) -> NotebookNode:
    """A cell of its own for a part of ``cell``; the first keeps its id."""
    made = NotebookNode({**cell, "metadata": NotebookNode(tags=tags(cell)), **changes})
    made.id = cell.id + (f"-{number}" if number else "")
    return made


def blocks_of(cell: NotebookNode) -> list[Block]:
    """The blocks of a cell."""
    if cell.cell_type == "markdown":
        return [
            Block(part(cell, number, source=text), text_height(text))
            for number, text in enumerate(pieces(unfolded(without_hints(cell.source))))
        ]
    if "solution-only" in tags(cell):  # the answer to a "What if?", all of it
        cell = part(cell, source=f"# {BEGIN}\n{cell.source}\n# {END}")
    blocks, appears = [], has_blank(cell)
    if "check" not in tags(cell):  # of which the audience sees what it says
        code = part(cell, outputs=[])
        code.metadata["appears"] = appears
        blocks.append(Block(code, code_height(cell.source)))
    for output in cell.outputs:
        made = part(cell, len(blocks), outputs=[output])
        made.metadata["only_output"] = True
        blocks.append(output_block(made, output))
    return blocks


def unfolded(text: str) -> str:
    """What is folded in a text, open; its summary is set in bold."""
    return FOLD.sub(r"**\1** \2", text)


def pieces(text: str) -> list[str]:
    """A text in pieces that may stand on different slides; a heading stays with what follows."""
    found: list[str] = []
    fenced = False
    for paragraph in text.split("\n\n"):
        if found and (fenced or (HEADING.match(found[-1]) and "\n" not in found[-1])):
            found[-1] += "\n\n" + paragraph
        else:
            found.append(paragraph)
        fenced ^= paragraph.count("```") % 2 == 1
    return [piece for long in found for piece in list_in_parts(long)]


def list_in_parts(text: str) -> list[str]:
    """A long list in shorter ones; any other text as it is."""
    if text_height(text) <= LONG_LIST or "\n* " not in f"\n{text}":
        return [text]
    parts: list[str] = []
    for item in LISTED.split(text):
        if parts and text_height(parts[-1] + item) <= LONG_LIST:
            parts[-1] += item
        else:
            parts.append(item)
    return [item for item in parts if item.strip()]


def text_height(text: str) -> int:
    """The height of a text in Markdown, in pixels."""
    height, fenced = 0, False
    for paragraph in text.split("\n\n"):
        lines = paragraph.split("\n")
        if fenced or paragraph.startswith("```"):
            height += code_height(paragraph)
            fenced ^= paragraph.count("```") % 2 == 1
        elif paragraph.startswith("$$"):
            height += 3 * LINE
        elif paragraph.startswith("|"):
            height += sum(
                12 + LINE * math.ceil(max(map(len, row.split("|"))) / (PER_LINE / row.count("|")))
                for row in lines[:1] + lines[2:]
            )
        else:
            if found := HEADING.match(paragraph):
                height += 60 * math.ceil(len(found[1]) / 50)
                lines = lines[1:]
            letters = [" ".join(item.split()) for item in LISTED.split("\n".join(lines))]
            height += sum(LINE * math.ceil(len(item) / PER_LINE) + 6 for item in letters if item)
            height += LINE // 2
    return height


def code_height(source: str) -> int:
    """The height of code or of an output in plain text, in pixels."""
    lines = [line for line in source.rstrip("\n").split("\n") if "SOLUTION" not in line]
    return 30 + CODE_LINE * sum(max(1, math.ceil(len(line) / CODE_PER_LINE)) for line in lines)


def output_block(cell: NotebookNode, output: NotebookNode) -> Block:
    """The block of an output; a picture takes at least ``LEAST_PICTURE``, or what it has."""
    data = output.get("data", {})
    shown = data.get("text/html", "")
    if is_live(output):
        return Block(cell, PANEL)
    if size := IMAGE_SIZE.search(shown):
        width, height = int(size[1]), int(size[2])
        least = min(LEAST_PICTURE, height * min(LARGEST_SCALE, WIDTH / width))
        note = LINE * shown.count('class="note"')
        return Block(cell, math.ceil(least) + 20 + note, [output])
    if shown:
        return Block(cell, 54 + LINE * shown.count("<tr"))
    return Block(cell, code_height(output.get("text") or data.get("text/plain", "")))


def fill_with_pictures(page: list[Block]) -> None:
    """Make the pictures of a slide as large as its room allows."""
    drawn = [block for block in page if block.pictures]
    room = ROOM - sum(block.height for block in page)
    for block in drawn:
        data = block.pictures[0].data
        size = IMAGE_SIZE.search(data["text/html"])
        width, height = int(size[1]), int(size[2])
        note = LINE * data["text/html"].count('class="note"')
        available = block.height - 20 - note + room / len(drawn)
        scale = min(LARGEST_SCALE, WIDTH / width, available / height)
        scaled = f'width="{int(width * scale)}" height="{int(height * scale)}"'
        data["text/html"] = IMAGE_SIZE.sub(scaled, data["text/html"], count=1)
