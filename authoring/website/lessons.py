"""The lessons of a course, read for its site: each solution with its student notebook."""

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from authoring.facts import Facts, lesson_facts
from authoring.lesson import title_of

FOLDERS = ("solutions", "notebooks")


class Refused(Exception):
    """Why there is no site; the message is a sentence."""


@dataclass(frozen=True)
class Pair:
    """A solution with its student notebook, and what is said of the lesson."""

    facts: Facts
    solution: NotebookNode
    student: NotebookNode

    @property
    def name(self) -> str:
        """The name of both notebooks, such as "01_convolution_layers"."""
        return self.facts.name

    @property
    def has_sources(self) -> bool:
        """Whether the course's bibliography stands at its end."""
        return any(cell.id == "bibliography" for cell in self.solution.cells)

    @property
    def title(self) -> str:
        """The first heading, such as "1 · Convolution layers"."""
        return title_of(self.solution) or self.name


def read_notebook(path: Path) -> NotebookNode:
    """A notebook. Raises ``Refused`` where there is none."""
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise Refused(f"{path.parent.name}/{path.name} is missing.") from None
    except Exception as error:  # whatever nbformat stumbles over
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise Refused(f"{path.parent.name}/{path.name} cannot be read ({reason}).") from None


def read_lessons(root: Path) -> list[Pair]:
    """All lessons, in order: those that have facts and those that lie in the folders."""
    facts = lesson_facts(root / "solutions")
    files = {path.stem for folder in FOLDERS for path in root.glob(f"{folder}/*.ipynb")}
    lessons = []
    for name in sorted({*facts, *files}):
        pair = [read_notebook(root / folder / f"{name}.ipynb") for folder in FOLDERS]
        if name not in facts:
            raise Refused(f"solutions/lessons.toml says nothing of {name}.")
        lessons.append(Pair(facts[name], *pair))
    if not lessons:
        raise Refused("There are no notebooks in solutions/, and none in its lessons.toml.")
    return lessons
