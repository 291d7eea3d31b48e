"""Make the student notebooks from the solutions.

    python -m authoring.student_notebooks            write notebooks/*.ipynb
    python -m authoring.student_notebooks --check    write nothing; exit 1 on any difference

What happens to a solution on its way to ``notebooks/``, in this order (``refusals`` refuses):

1. It is refused, with the notebook and the cell named, if a mark (``# BEGIN SOLUTION``,
   ``# END SOLUTION``) nests, does not close, shares its line with code or stands in text.
2. It is refused if a task (a heading ``### Task 1.1 – Title`` and all cells up to the next one)
   has no blank, or has not exactly one check (a code cell tagged ``check`` whose last statement
   calls ``checks.<name>(...)``), or has a blank after its check; or if a check or a blank stands
   outside the tasks.
3. Cells tagged ``solution-only`` are dropped.
4. Each marked region becomes ``...  # your code here`` (nbgrader's ``ClearSolutions``).
5. Outputs and execution counts are cleared (nbconvert's ``ClearOutputPreprocessor``).
6. Of the metadata only what is in ``CELL_METADATA`` and ``NOTEBOOK_METADATA`` stays.
7. The result is refused if a blanked cell is no longer Python, or if a line of an answer can
   still be read in one of its code cells.

Cell ids are kept, so that a student notebook and its solution can be matched cell by cell.
"""

import argparse
import copy
import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import ClearOutputPreprocessor
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

from authoring.facts import ROOT
from authoring.lesson import STUB, tags
from authoring.refusals import Refused, checked_lesson, refuse_leaks, refuse_unreadable_stubs

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("tags", "jupyter")  # "jupyter" says whether a long given cell starts folded
SOLUTION_METADATA = (*CELL_METADATA, "slideshow")  # a lecturer shows these: see ``slide_types``


def student_notebook(solution: NotebookNode, name: str) -> NotebookNode:
    """The student version of ``solution``, which is left as it is; ``name`` is for messages.

    Raises ``Refused`` for the faults that the docstring of this module lists.
    """
    checked_lesson(solution, name)
    student = copy.deepcopy(solution)
    student.cells = [cell for cell in student.cells if "solution-only" not in tags(cell)]
    clear = ClearSolutions(code_stub={"python": STUB}, enforce_metadata=False)
    student.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    student, _ = clear.preprocess(student, {})
    student, _ = ClearOutputPreprocessor().preprocess(student, {})
    student = stable_metadata(student)
    refuse_unreadable_stubs(solution, student, name)
    refuse_leaks(solution, student, name)
    return student


def stable_metadata(
    notebook: NotebookNode, kept_in_cells: tuple[str, ...] = CELL_METADATA
) -> NotebookNode:
    """A copy without what differs from machine to machine: versions, widget states, timings."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in kept_in_cells if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
    return notebook


def differences(expected: NotebookNode, found: NotebookNode) -> list[str]:
    """One phrase for each cell of ``found`` that is not as in ``expected``, naming its id."""
    wanted = {cell.get("id"): cell for cell in expected.cells}
    stored = {cell.get("id"): cell for cell in found.cells}
    phrases = [f"cell {key} is missing" for key in wanted if key not in stored]
    phrases += [f"cell {key} should not be there" for key in stored if key not in wanted]
    phrases += [
        f"cell {key} differs" for key in wanted if key in stored and wanted[key] != stored[key]
    ]
    if not phrases and list(wanted) != list(stored):
        phrases.append("the cells stand in another order")
    if not phrases and expected != found:
        phrases.append("its metadata differs")
    return phrases


def text_of(notebook: NotebookNode) -> str:
    """A notebook as it is stored."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def faults(solutions: Path, notebooks: Path) -> list[str]:
    """Each way in which ``notebooks`` is not what would be made from ``solutions``."""
    found = []
    for path in sorted(solutions.glob("*.ipynb")):
        expected = student_notebook(nbformat.read(path, as_version=4), path.name)
        target = notebooks / path.name
        if not target.exists():
            found.append(f"{target.name}: not made yet")
            continue
        text = target.read_text(encoding="utf-8")
        phrases = differences(expected, nbformat.reads(text, as_version=4))
        if not phrases and text != text_of(expected):
            phrases = ["the file is written in another way (spaces, order of keys)"]
        found += [f"{target.name}: {phrase}" for phrase in phrases]
    return found + [f"{path.name}: has no solution" for path in stale(solutions, notebooks)]


def stale(solutions: Path, notebooks: Path) -> list[Path]:
    """The student notebooks without a solution."""
    return [p for p in sorted(notebooks.glob("*.ipynb")) if not (solutions / p.name).exists()]


def write_all(solutions: Path, notebooks: Path) -> list[Path]:
    """Make every student notebook; returns those written. All are made before one is written."""
    made = {
        notebooks / path.name: text_of(
            student_notebook(nbformat.read(path, as_version=4), path.name)
        )
        for path in sorted(solutions.glob("*.ipynb"))
    }
    notebooks.mkdir(exist_ok=True)
    for target, text in made.items():
        target.write_text(text, encoding="utf-8")
    return list(made)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Make the student notebooks from the solutions.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on differences")
    parser.add_argument("--solutions", type=Path, default=ROOT / "solutions")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            found = faults(options.solutions, options.notebooks)
            for fault in found:
                print(f"notebooks/{fault}")
            print("Run 'make notebooks'." if found else "The student notebooks are up to date.")
            return 1 if found else 0
        for path in write_all(options.solutions, options.notebooks):
            print(f"notebooks/{path.name}")
    except Refused as error:
        print(f"solutions/{error}", file=sys.stderr)
        return 1
    left = stale(options.solutions, options.notebooks)
    for path in left:
        print(f"notebooks/{path.name}: has no solution; delete it")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
