"""How long from ``git clone`` to the first check passed, and how much of the disk that takes.

    python -m authoring.bench.first_check [--torch cpu]

Clones the course as it is committed into a folder that is removed afterwards, sets it up there as
``make lab`` does, and runs notebook 1 up to its first check, with the solution's answer, in that
set-up. Packages come from where pip gets them here, or from its cache; images are found or fetched
as ever (``CNN_COURSE_DATA``). Not timed: what a person reads and types, and JupyterLab's start.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
LESSON = "01_convolution_layers.ipynb"


def until_first_check(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """``notebook`` without what comes after its first check."""
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    last = next(place for place, words in enumerate(tags) if "check" in words)
    return nbformat.from_dict({**notebook, "cells": notebook.cells[: last + 1]})


def size(*places: Path) -> int:
    """The bytes of all files below ``places``, a file of several names once."""
    found = {}
    for place in places:
        for path in place.rglob("*"):
            if path.is_file() and not path.is_symlink():
                status = path.stat()
                found[status.st_dev, status.st_ino] = status.st_size
    return sum(found.values())


def sizes(clone: Path) -> list[tuple[str, int]]:
    """What takes room in the folder of the course."""
    packages = next((clone / ".venv").glob("l*b/**/site-packages"))
    torch = [packages / "torch", packages / "torchvision"]
    gpu = [packages / name for name in ("nvidia", "triton", "cuda")]
    whole = size(clone)
    rest = whole - size(*torch, *gpu) - size(clone / "data")
    return [
        ("PyTorch", size(*torch)),
        ("its GPU libraries", size(*gpu)),
        ("images", size(clone / "data")),
        ("all else", rest),
        ("together", whole),
    ]


def timed(what: Callable[[], object]) -> float:
    """The seconds that a call takes."""
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def run(*command: str | Path, folder: Path) -> None:
    """Run a command; its words are shown if it fails, which ends this."""
    own = {n: v for n, v in os.environ.items() if n not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(command, cwd=folder, env=own, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}\n{' '.join(map(str, command))}: failed")


def main() -> None:
    """Measure once, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", choices=["cpu", "cuda"], help="as TORCH of make lab")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place) / "cnn-course"
        choice = [f"TORCH={options.torch}"] if options.torch else []
        first = clone / "notebooks/first.ipynb"

        def check() -> None:
            path = clone / "solutions" / LESSON
            nbformat.write(until_first_check(nbformat.read(path, as_version=4)), first)
            words = ["--to", "notebook", "--execute", "--stdout", first]
            run(clone / ".venv/bin/python", "-m", "nbconvert", *words, folder=clone)

        print("| from `git clone` to the first check | s |\n|---|---|")
        steps = {
            "git clone": lambda: run("git", "clone", "-q", ROOT, clone, folder=ROOT),
            "set-up": lambda: run("make", ".venv/lab", *choice, folder=clone),
            "notebook 1 up to its first check": check,
        }
        seconds = {}
        for name, step in steps.items():
            seconds[name] = timed(step)
            print(f"| {name} | {seconds[name]:.1f} |", flush=True)
        print(f"| together | {sum(seconds.values()):.1f} |")
        print("\n| on the disk | MB |\n|---|---|")
        for name, count in sizes(clone):
            print(f"| {name} | {count / 1e6:,.0f} |")


if __name__ == "__main__":
    main()
