"""Make the student notebooks from the solutions.

    python -m authoring.student_notebooks            write notebooks/*.ipynb
    python -m authoring.student_notebooks --check    write nothing; exit 1 on any difference

What happens to a solution on its way to ``notebooks/``, in this order:

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
import ast
import copy
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbconvert.preprocessors import ClearOutputPreprocessor
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

ROOT = Path(__file__).resolve().parents[1]
STUB = "...  # your code here"
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
MARK = re.compile(rf"\s*#+ ?({BEGIN}|{END})\s*")
TASK = re.compile(r"^###\s+Task\s+(\d+\.\d+)\s+–\s+\S", re.MULTILINE)
ALMOST_TASK = re.compile(r"^#+\s*Task\b.*", re.MULTILINE | re.IGNORECASE)

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("tags", "jupyter")  # "jupyter" says whether a long given cell starts folded

# Lines that give nothing away, however long: they open a block or a class in every lesson.
IDIOMS = {
    "super().__init__()",
    "with torch.no_grad():",
    "fig, ax = plt.subplots()",
    "for _ in range(num_epochs):",
    "for epoch in range(num_epochs):",
}
HELP = {"hint", "progress"}  # of the checks, but no check of a task
SHORT = 12  # characters; a shorter line, such as ")" or "else:", gives nothing away either


class Refused(Exception):
    """A solution that no student notebook can be made from; the message says where and why."""


@dataclass
class Task:
    """A task heading and the code cells under it."""

    number: str
    heading: NotebookNode
    blanks: list[NotebookNode] = field(default_factory=list)
    checks: list[NotebookNode] = field(default_factory=list)


def student_notebook(solution: NotebookNode, name: str) -> NotebookNode:
    """The student version of ``solution``, which is left as it is; ``name`` is for messages.

    Raises ``Refused`` for the faults that the docstring of this module lists.
    """
    refuse_faulty_marks(solution, name)
    refuse_faulty_tasks(solution, name)
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


def stable_metadata(notebook: NotebookNode) -> NotebookNode:
    """A copy without what differs from machine to machine: versions, widget states, timings."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
    return notebook


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def answer_lines(source: str) -> Iterator[tuple[int, str]]:
    """The lines between the marks of a cell, each with its position in ``source``."""
    inside = False
    for position, line in enumerate(source.split("\n")):
        if MARK.fullmatch(line):
            inside = BEGIN in line
        elif inside:
            yield position, line


def has_blank(cell: NotebookNode) -> bool:
    """Whether a cell holds an answer between marks."""
    return cell.cell_type == "code" and BEGIN in cell.source


def check_called(source: str) -> str | None:
    """``"conv_layer"`` for a cell whose last statement is ``checks.conv_layer(...)``; else None."""
    try:
        body = ast.parse(python_of(source)).body
    except SyntaxError:
        return None
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    called = last.func if isinstance(last, ast.Call) else None
    if isinstance(called, ast.Attribute) and ast.unparse(called.value) == "checks":
        return None if called.attr in HELP else called.attr
    return None


def python_of(source: str) -> str:
    """The source of a cell with IPython's magics turned into plain Python."""
    return TransformerManager().transform_cell(source)


def tasks(notebook: NotebookNode, name: str) -> list[Task]:
    """The tasks of a solution in order, each with its blanks and checks.

    Raises ``Refused`` for a blank or a check outside the tasks.
    """
    found: list[Task] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found += [Task(number, cell) for number in TASK.findall(cell.source)]
            continue
        if cell.cell_type != "code" or not (has_blank(cell) or "check" in tags(cell)):
            continue
        if not found:
            kind = "a check" if "check" in tags(cell) else "an answer"
            raise refusal(name, cell, f"{kind} stands before the first task")
        if "check" in tags(cell):
            found[-1].checks.append(cell)
        if has_blank(cell):
            found[-1].blanks.append(cell)
    return found


def refusal(name: str, cell: NotebookNode, reason: str) -> Refused:
    """The sentence that names the notebook and the cell, and says what is wrong there."""
    first_line = next((line.strip() for line in cell.source.split("\n") if line.strip()), "empty")
    return Refused(f"{name}, cell {cell.get('id', '?')} ({first_line[:50]}): {reason}.")


def refuse_faulty_marks(notebook: NotebookNode, name: str) -> None:
    """Raise ``Refused`` for marks that nbgrader would misread, or silently leave."""
    for cell in notebook.cells:
        marked = [line for line in cell.source.split("\n") if BEGIN in line or END in line]
        if marked and cell.cell_type != "code":
            raise refusal(name, cell, "marks of a solution belong in code cells only")
        if marked and "solution-only" in tags(cell):
            raise refusal(
                name, cell, "a cell tagged solution-only is dropped whole: no marks in it"
            )
        inside = False
        for line in marked:
            if not MARK.fullmatch(line):
                raise refusal(
                    name, cell, f"a mark stands alone on its line, unlike {line.strip()!r}"
                )
            if (BEGIN in line) == inside:
                fault = (
                    "BEGIN SOLUTION inside a solution" if inside else "END without BEGIN SOLUTION"
                )
                raise refusal(name, cell, fault)
            inside = not inside
        if inside:
            raise refusal(name, cell, "BEGIN SOLUTION without END SOLUTION")


def refuse_faulty_tasks(notebook: NotebookNode, name: str) -> None:
    """Raise ``Refused`` unless every task has its blank and, after it, its one check."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            refuse_faulty_heading(cell, name)
        elif cell.cell_type == "code":
            called, tagged = check_called(cell.source), "check" in tags(cell)
            if tagged and not called:
                reason = "tagged check, but its last statement is no call of checks.<name>(...)"
                raise refusal(name, cell, reason)
            if called and not tagged:
                raise refusal(name, cell, f"it calls checks.{called}, but is not tagged check")
            if tagged and "solution-only" in tags(cell):
                raise refusal(name, cell, "a check cannot be solution-only")
    order = [cell.get("id") for cell in notebook.cells]
    numbers = set()
    for task in tasks(notebook, name):
        if task.number in numbers:
            raise refusal(name, task.heading, f"there are two tasks {task.number}")
        numbers.add(task.number)
        if not task.checks:
            raise refusal(name, task.heading, f"task {task.number} has no check")
        if len(task.checks) > 1:
            reason = f"a check without a task: task {task.number} has one already"
            raise refusal(name, task.checks[1], reason)
        if not task.blanks:
            raise refusal(name, task.heading, f"task {task.number} has no answer to blank")
        for cell in task.blanks:
            if order.index(cell.id) >= order.index(task.checks[0].id):
                raise refusal(
                    name, cell, f"the answer of task {task.number} stands after its check"
                )


def refuse_faulty_heading(cell: NotebookNode, name: str) -> None:
    """Raise ``Refused`` for a heading that looks like a task but would not be taken for one."""
    for heading in ALMOST_TASK.findall(cell.source):
        if not TASK.match(heading):
            reason = f"a task is headed '### Task 1.1 – Title', unlike {heading!r}"
            raise refusal(name, cell, reason)
    if TASK.search(cell.source) and "solution-only" in tags(cell):
        raise refusal(name, cell, "a task cannot be solution-only")
    if len(TASK.findall(cell.source)) > 1:
        raise refusal(name, cell, "two tasks in one cell")


def refuse_unreadable_stubs(solution: NotebookNode, student: NotebookNode, name: str) -> None:
    """Raise ``Refused`` for a blanked cell that is no longer Python."""
    blanked = {cell.id for cell in solution.cells if has_blank(cell)}
    for cell in student.cells:
        if cell.id in blanked:
            try:
                ast.parse(python_of(cell.source))
            except SyntaxError as error:
                reason = f"with its answer blanked it is no longer Python ({error})"
                raise refusal(name, cell, reason) from None


def gives_away(line: str) -> str:
    """What a line of an answer gives away: its code, or ``""`` if that is nothing."""
    code = re.sub(r"(^|\s+)#.*$", "", line).strip().rstrip(",")
    trivial = len(code) < SHORT or code in IDIOMS or code.startswith(("import ", "from "))
    return "" if trivial else code


def refuse_leaks(solution: NotebookNode, student: NotebookNode, name: str) -> None:
    """Raise ``Refused`` if a line of an answer still stands in the code of the student notebook."""
    shown = [cell for cell in student.cells if cell.cell_type == "code"]
    for cell in solution.cells:
        if cell.cell_type != "code":
            continue
        for _, line in answer_lines(cell.source):
            code = gives_away(line)
            where = next((other.id for other in shown if code and code in other.source), None)
            if where is not None:
                reason = f"its answer {code!r} can be read in cell {where}: rewrite one of them"
                raise refusal(name, cell, reason)


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
