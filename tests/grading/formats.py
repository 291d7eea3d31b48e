"""Notebooks as the tools of students store them, and folders as platforms pack them.

A notebook is plain JSON, as ``Desk`` hands it out; each function here returns another one, or the
bytes of a file.
"""

import copy
import io
import json
import uuid
import zipfile

from authoring.lesson import check_called


def changed(change):
    """A function on cells as one on notebooks, which leaves the one it gets as it is."""

    def whole(notebook: dict, *arguments) -> dict:
        made = copy.deepcopy(notebook)
        made["cells"] = change(made["cells"], *arguments)
        return made

    return whole


def text_of(cell: dict) -> str:
    """The source of a cell, in one piece."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def code(source: str, **more) -> dict:
    """A new cell, as a student adds one."""
    return {
        "cell_type": "code",
        "id": uuid.uuid4().hex[:8],
        "metadata": {},
        "outputs": [],
        "execution_count": 1,
        "source": source,
    } | more


@changed
def without_any_ids(cells):
    """As older programs and converters store it: no ids, no metadata."""
    return [{k: v for k, v in c.items() if k != "id"} | {"metadata": {}} for c in cells]


@changed
def with_new_ids(cells):
    """As after copying all cells into a new notebook: ids at random, no metadata."""
    return [cell | {"id": uuid.uuid4().hex[:8], "metadata": {}} for cell in cells]


@changed
def with_ids_in_metadata(cells):
    """As Colab stores it."""
    return [
        {k: v for k, v in c.items() if k != "id"} | {"metadata": {"id": c["id"]}} for c in cells
    ]


@changed
def with_colab_ids(cells):
    """As Colab stores cells that were pasted: new ids in the metadata."""
    return [
        {k: v for k, v in c.items() if k != "id"}
        | {"metadata": {"id": uuid.uuid4().hex[:12], "colab": {"base_uri": "https://localhost"}}}
        for c in cells
    ]


@changed
def with_grade_ids_only(cells):
    """As programs store it that know no ids, but keep metadata."""
    return [{k: v for k, v in c.items() if k != "id"} for c in cells]


@changed
def by_jupytext(cells):
    """There and back through a script: no outputs, no metadata, new ids, no blanks at the ends."""
    return [
        cell | {"id": uuid.uuid4().hex[:8], "metadata": {}, "source": text_of(cell).strip()}
        for cell in cells
    ]


@changed
def with_sources_as_lists(cells):
    """As nbformat writes them: a list of lines."""
    return [cell | {"source": text_of(cell).splitlines(keepends=True)} for cell in cells]


@changed
def with_windows_lines(cells):
    """Saved by an editor of Windows."""
    return [cell | {"source": text_of(cell).replace("\n", "\r\n")} for cell in cells]


@changed
def with_headings(cells, pattern):
    """The headings of tasks written in another way; ``pattern`` has {number} and {title}."""
    made = []
    for cell in cells:
        first, _, rest = text_of(cell).partition("\n")
        if cell["cell_type"] == "markdown" and first.startswith("### Task "):
            number, _, title = first.removeprefix("### Task ").partition(" – ")
            cell["source"] = f"{pattern.format(number=number, title=title)}\n{rest}"
        made.append(cell)
    return made


@changed
def without_headings(cells):
    """All text deleted."""
    return [cell for cell in cells if cell["cell_type"] == "code"]


@changed
def without_cells(cells, *ids):
    """Some cells deleted."""
    return [cell for cell in cells if cell.get("id") not in ids]


@changed
def after(cells, id, *added):
    """New cells put behind another one."""
    place = next(n for n, cell in enumerate(cells) if cell.get("id") == id)
    return [*cells[: place + 1], *added, *cells[place + 1 :]]


@changed
def with_source(cells, id, source):
    """Another text in one cell."""
    return [cell | {"source": source} if cell.get("id") == id else cell for cell in cells]


@changed
def with_merged(cells, first, second):
    """Two cells merged into one (Shift+M), which keeps the first one's id."""
    (other,) = (cell for cell in cells if cell.get("id") == second)
    return [
        cell | {"source": f"{text_of(cell)}\n\n{text_of(other)}"} if cell["id"] == first else cell
        for cell in cells
        if cell["id"] != second
    ]


@changed
def with_checks_in_answers(cells):
    """Each check typed into the answer's cell, too."""
    last, made = None, []
    for cell in cells:
        if cell["id"].startswith("answer"):
            last = cell
        elif cell["cell_type"] == "code" and check_called(text_of(cell)) and last:
            last["source"] = f"{text_of(last)}\n{text_of(cell)}"
        made.append(cell)
    return made


def of_format_3(notebook: dict) -> dict:
    """As IPython stored it before 2015."""
    cells = []
    for cell in notebook["cells"]:
        text = text_of(cell)
        if cell["cell_type"] == "code":
            cells.append({"cell_type": "code", "input": text, "language": "python", "outputs": []})
        elif text.startswith("#"):
            first, _, rest = text.partition("\n")
            level = len(first) - len(first.lstrip("#"))
            cells.append({"cell_type": "heading", "level": level, "source": first.strip("# ")})
            cells.append({"cell_type": "markdown", "source": rest})
        else:
            cells.append({"cell_type": "markdown", "source": text})
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def stored(notebook: dict, encoding: str = "utf-8") -> bytes:
    """The bytes of its file."""
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode(encoding, "xmlcharrefreplace")


def zipped(files: dict[str, bytes], **more) -> bytes:
    """The bytes of a zip of files, by their paths."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, **more) if more else path, data)
    return held.getvalue()
