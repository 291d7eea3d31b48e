"""A file that was sent, as the cells of a notebook: in any encoding, of any version of the format.

What is read are plain texts; whatever is odd about the file becomes a sentence.
"""

import json
import re
from dataclasses import dataclass, field

from grading.archives import LARGEST, Entry

CONFLICT = re.compile(r"^[ \t]*\"?(<<<<<<<|>>>>>>>)( |$)", re.MULTILINE)
LONGEST = 100_000  # characters of an answer; what is longer is not graded, and not kept whole
MOST_CODE = 1_000_000  # characters of all code; a notebook of this course has some 20,000
MOST_CELLS = 2_000
UNREADABLE = (
    "this is no notebook that can be read: the file is damaged, or something else under "
    "this name. Open it in JupyterLab, save it, and send it again."
)
CONFLICTED = (
    "git could not merge two versions of this file, and its marks (<<<<<<<, =======, >>>>>>>) "
    "still stand in it, so it is no notebook. Decide for one version (git checkout --ours or "
    "--theirs), open it in JupyterLab, and send it again."
)


class Unreadable(Exception):
    """The file is no notebook; the message says what it is and what to do."""


@dataclass
class Cell:
    """A cell: ``kind`` (code, markdown, raw), the names that programs gave it, its text.

    ``failed``: its stored output is an error.
    """

    kind: str
    names: tuple[str, ...]
    source: str
    failed: bool = False


@dataclass
class Sheet:
    """The cells of a notebook, and remarks on how it was read."""

    cells: list[Cell]
    remarks: list[str] = field(default_factory=list)


def sheet_in(entry: Entry) -> Sheet:
    """The notebook in a file. Raises ``Unreadable``."""
    if entry.trouble or entry.load is None:
        raise Unreadable(entry.trouble or UNREADABLE)
    size = entry.size
    try:
        data = b"" if size > LARGEST else entry.load(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"this may not be read ({error.strerror or error}).") from error
    if size > LARGEST or len(data) > LARGEST:
        raise Unreadable(
            f"the file has {max(size, len(data)) / 2**20:.0f} MB; more than {LARGEST // 2**20} MB "
            "are not read. Clear all outputs (in JupyterLab: Edit, Clear Outputs of All Cells), "
            "save, and send it again."
        )
    return sheet_of(data)


def sheet_of(data: bytes) -> Sheet:
    """The notebook in the bytes of a file. Raises ``Unreadable``."""
    text, remarks = decoded(data)
    if not text.strip():
        raise Unreadable("the file is empty. Save your notebook, and send it again.")
    try:
        cells = cells_of(json.loads(text, strict=False))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable(_what_it_is(text)) from None
    code = sum(len(cell.source) for cell in cells if cell.kind == "code")
    if len(cells) > MOST_CELLS or code > MOST_CODE:
        raise Unreadable(
            f"there are {len(cells):,} cells with {code:,} characters of code; more than "
            f"{MOST_CELLS:,} cells or {MOST_CODE:,} characters are not read. Take the notebook as "
            "it was handed out, and put your answers into it."
        )
    replaced = False
    for cell in cells:
        if CONFLICT.search(cell.source):
            remarks.append(
                "marks of a merge that git could not finish (<<<<<<<, >>>>>>>) stand in a cell. "
                "Decide for one version, and remove them."
            )
        clean = cell.source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        replaced |= clean != cell.source
        cell.source = clean
    if replaced:
        remarks.append("a cell has signs that are half of a character; � stands in their place.")
    return Sheet(cells, list(dict.fromkeys(remarks)))


def decoded(data: bytes) -> tuple[str, list[str]]:
    """The text in ``data``, and a remark if it is in no encoding that notebooks have."""
    marks = {
        b"\xef\xbb\xbf": "utf-8-sig",
        b"\xff\xfe\x00\x00": "utf-32",
        b"\x00\x00\xfe\xff": "utf-32",
        b"\xff\xfe": "utf-16",
        b"\xfe\xff": "utf-16",
    }
    encoding = next((marks[mark] for mark in marks if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and data[:4].count(b"\x00") >= 2:  # {, and nothing around it
        encoding = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
    try:
        return data.decode(encoding), []
    except UnicodeDecodeError:
        said = "the file is not stored in UTF-8; it was read as Windows stores text."
        try:
            return data.decode("cp1252"), [said]
        except UnicodeDecodeError:
            return data.decode("latin-1"), [said]


def cells_of(notebook: dict) -> list[Cell]:
    """The cells of a notebook of format 4, 3 or 2. Raises ``KeyError`` and the like."""
    if "cells" in notebook:
        found = notebook["cells"]
    else:
        found = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    return [_cell(cell) for cell in found if isinstance(cell, dict)]


def _cell(cell: dict) -> Cell:
    kind = str(cell.get("cell_type", ""))
    source = _text(cell.get("source", cell.get("input", "")))
    if kind == "heading":
        level = cell.get("level")
        kind, source = "markdown", f"{'#' * (level if level in range(1, 7) else 3)} {source}"
    outputs = cell.get("outputs")
    outputs = outputs if isinstance(outputs, list) else []
    kinds = {str(output.get("output_type")) for output in outputs if isinstance(output, dict)}
    return Cell(kind, _names(cell), source, bool({"error", "pyerr"} & kinds))


def _names(cell: dict) -> tuple[str, ...]:
    """The names of a cell, the surest first: its id, nbgrader's, that of older programs."""
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    nbgrader = metadata.get("nbgrader")
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    found = (cell.get("id"), grade_id, metadata.get("id"))
    return tuple(name for name in found if isinstance(name, str))


def _text(source) -> str:
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    text = source if isinstance(source, str) else ""
    return text[: LONGEST + 1].replace("\r\n", "\n").replace("\r", "\n")


def _what_it_is(text: str) -> str:
    """A sentence on a file that is no notebook."""
    if CONFLICT.search(text):
        return CONFLICTED
    if re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE):
        return (
            "this is a web page and no notebook: the page was stored in place of the file. "
            "Download the notebook itself (in Colab: File, Download .ipynb), and send it again."
        )
    return UNREADABLE
