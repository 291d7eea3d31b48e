"""Small notebooks in code, to try the author scripts and the strict comparison on."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ANSWER = "layer = (\n    # BEGIN SOLUTION\n    make_layer(1, 8, 5)\n    # END SOLUTION\n)"


def text(source: str, *tags: str, id: str = "") -> NotebookNode:
    """A markdown cell."""
    return _named(new_markdown_cell(source), tags, id)


def code(source: str, *tags: str, id: str = "", count: int | None = None, outputs=()):
    """A code cell."""
    cell = new_code_cell(source, execution_count=count, outputs=list(outputs))
    return _named(cell, tags, id)


def notebook(*cells: NotebookNode) -> NotebookNode:
    """A notebook of these cells, with the metadata that JupyterLab would write."""
    metadata = {
        "kernelspec": {"name": "some-env", "display_name": "My env", "language": "python"},
        "language_info": {"name": "python", "version": "3.11.9"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
    }
    made = new_notebook(cells=list(cells), metadata=metadata)
    made.nbformat_minor = 5
    return made


def solution(**changes: NotebookNode | None) -> NotebookNode:
    """A solution with one task, its cells named; ``changes`` replaces cells by id, or drops them.

    Between ``given`` and ``aside`` stand ``task``, ``answer`` and ``check``.
    """
    cells = {
        "given": code("def make_layer(*sizes):\n    return sizes", count=1, id="given"),
        "task": text("### Task 1.1 – A layer\n\nMake a layer.", id="task"),
        "answer": code(ANSWER, count=2, id="answer"),
        "check": code("checks.conv_layer(layer)", "check", count=3, id="check"),
        "aside": text("Eight, because ...", "solution-only", id="aside"),
        "more": code("print('more')", count=4, id="more"),
    }
    for id, cell in changes.items():
        cells[id] = cell
        if cell is not None:
            cell.id = id
    return notebook(*(cell for cell in cells.values() if cell is not None))


def write(path: Path, made: NotebookNode) -> Path:
    """Store a notebook, with the folder it belongs in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def _named(cell: NotebookNode, tags: tuple[str, ...], id: str) -> NotebookNode:
    if tags:
        cell.metadata["tags"] = list(tags)
    if id:
        cell.id = id
    return cell
