"""Run the solutions from the top and store their outputs.

    python -m authoring.execute               all of them
    python -m authoring.execute 01 04         the named ones

Each notebook runs in a fresh kernel, in its own folder, on the official images; only those that it
loads are fetched. What is stored is what the tests will see when they run it again (see
``kernels.py``); cells are counted from 1. If a cell fails, it is named, the exit status is 1 and
the stored notebook stays as it was.
"""

import argparse
import copy
import sys
import time
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from authoring.kernels import CellFailed, open_kernel, prepare_images, run_cell, stills
from authoring.student_notebooks import ROOT, SOLUTION_METADATA, stable_metadata, text_of
from helpers.files import replace_file


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """A copy of ``notebook`` with fresh outputs. Raises ``CellFailed``."""
    notebook = copy.deepcopy(notebook)
    with open_kernel(notebook, folder) as client:
        count = 0
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            if not cell.source.strip():
                raise CellFailed(f"cell {cell.get('id', index)} is empty: delete it")
            run_cell(client, index)
            count += 1
            cell.execution_count = count
    for cell in notebook.cells:  # at the end: a cell may renew what one before it has shown
        if cell.cell_type == "code":
            cell.outputs = stills(cell.outputs)
    return stable_metadata(notebook, SOLUTION_METADATA)


def chosen(names: list[str], folder: Path) -> list[Path]:
    """The notebooks of ``folder`` whose file names begin with one of ``names``; all if none."""
    paths = sorted(folder.glob("*.ipynb"))
    wanted = [Path(name).name for name in names]
    for name in wanted:
        if not any(path.name.startswith(name) for path in paths):
            raise SystemExit(f"No notebook in {folder.name}/ begins with {name!r}.")
    return [p for p in paths if not wanted or any(p.name.startswith(name) for name in wanted)]


def store(path: Path) -> None:
    """Run one notebook and put its outputs in place, whole. Raises ``CellFailed``."""
    notebook = executed(nbformat.read(path, as_version=4), path.parent)
    nbformat.validate(notebook)
    replace_file(path, text_of(notebook).encode())


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Run the solutions and store their outputs.")
    parser.add_argument("names", nargs="*", help="01, 04_inspection, ...; all if none is given")
    parser.add_argument("--solutions", type=Path, default=ROOT / "solutions")
    options = parser.parse_args(arguments)
    paths, status = chosen(options.names, options.solutions), 0
    if prepare_images(paths) == "drawn":
        print("Outputs are stored from the official images only, and these cannot be had now.")
        return 1
    for path in paths:
        start = time.monotonic()
        try:
            store(path)
        except CellFailed as error:
            print(f"solutions/{path.name}, {error}\n{error.details}", file=sys.stderr)
            status = 1
        else:
            print(f"solutions/{path.name}: {time.monotonic() - start:.0f} s", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
