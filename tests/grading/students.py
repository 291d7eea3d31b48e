"""Submissions as students send them, generated from the release and the solutions."""

import json
import os
from pathlib import Path

import nbformat

from authoring.facts import ROOT
from authoring.lesson import has_blank, without_marks

# For a process of Python that imports the grader, as make grade does.
OUTSIDE = os.environ | {"PYTHONPATH": str(ROOT)}
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


def right_sources() -> dict[str, str]:
    """What the solutions have in each answer cell, without marks, by cell id."""
    cells = [cell for path in SOLUTIONS for cell in nbformat.read(path, as_version=4).cells]
    return {cell.id: without_marks(cell.source) for cell in cells if has_blank(cell)}


class Desk:
    """Where students fill in the release in ``course`` and hand it in, into ``folder``."""

    def __init__(self, course: Path, folder: Path):
        self.course, self.folder, self.right = course, folder, right_sources()

    def released(self, name: str) -> dict:
        """A notebook as it was handed out, as plain JSON; ``name`` begins its file name."""
        (path,) = (self.course / "release" / "cnn").glob(f"{name}*.ipynb")
        return json.loads(path.read_text(encoding="utf-8"))

    def filled(self, name: str, answers: dict[str, str] | None = None, rest: bool = True) -> dict:
        """A notebook with ``answers`` by cell id, and all other answers right, or left open."""
        notebook, answers = self.released(name), answers or {}
        for cell in notebook["cells"]:
            usual = self.right.get(cell["id"]) if rest else None
            source = answers.get(cell["id"], usual)
            if source is not None:
                cell["source"] = source
        return notebook

    def send(self, student: str, *notebooks: dict, names: tuple[str, ...] = ()) -> Path:
        """Hand in ``notebooks`` under their own names, or ``names``; returns the folder."""
        folder = self.folder / student
        folder.mkdir(parents=True, exist_ok=True)
        for place, notebook in enumerate(notebooks):
            name = names[place] if names else self.name_of(notebook)
            (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
        return folder

    def name_of(self, notebook: dict) -> str:
        """The file name that the notebook was handed out under, by its first answer."""
        ids = {cell.get("id") for cell in notebook["cells"]}
        for path in sorted((self.course / "release" / "cnn").glob("*.ipynb")):
            known = {cell.get("id") for cell in json.loads(path.read_text())["cells"]}
            if len(ids & known & set(self.right)) > 0:
                return path.name
        raise ValueError("no notebook of the release")
