"""What no student notebook can be made from; ``student_notebooks`` lists it, in its order."""

import ast
import re

from nbformat import NotebookNode

from authoring.lesson import (
    BEGIN,
    END,
    MARK,
    TASK,
    Lesson,
    answer_lines,
    check_called,
    has_blank,
    lesson_of,
    python_of,
    tags,
)

ALMOST_TASK = re.compile(r"^#+\s*Task\b.*", re.MULTILINE | re.IGNORECASE)

# Lines that give nothing away, however long: they open a block or a class in every lesson.
IDIOMS = {
    "super().__init__()",
    "with torch.no_grad():",
    "fig, ax = plt.subplots()",
    "for _ in range(num_epochs):",
    "for epoch in range(num_epochs):",
}
SHORT = 12  # characters; a shorter line, such as ")" or "else:", gives nothing away either


class Refused(Exception):
    """A solution that no student notebook can be made from; the message says where and why."""


def checked_lesson(solution: NotebookNode, name: str) -> Lesson:
    """The lesson in ``solution``. Raises ``Refused`` for faulty marks, tags, headings and tasks."""
    refuse_faulty_marks(solution, name)
    for cell in solution.cells:
        if cell.cell_type == "markdown":
            refuse_faulty_heading(cell, name)
        elif cell.cell_type == "code":
            refuse_faulty_tag(cell, name)
    lesson = lesson_of(solution, name)
    refuse_faulty_tasks(lesson, {cell.get("id"): cell for cell in solution.cells}, name)
    return lesson


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


def refuse_faulty_tag(cell: NotebookNode, name: str) -> None:
    """Raise ``Refused`` for a code cell that is tagged ``check`` and is none, or the reverse."""
    called, tagged = check_called(cell.source), "check" in tags(cell)
    if tagged and not called:
        reason = "tagged check, but its last statement is no call of checks.<name>(...)"
        raise refusal(name, cell, reason)
    if called and not tagged:
        raise refusal(name, cell, f"it calls checks.{called}, but is not tagged check")
    if tagged and "solution-only" in tags(cell):
        raise refusal(name, cell, "a check cannot be solution-only")


def refuse_faulty_tasks(lesson: Lesson, cells: dict[str, NotebookNode], name: str) -> None:
    """Raise ``Refused`` unless every task has its blank and, after it, its one check.

    ``cells`` are those of the notebook by their ids.
    """
    for step in lesson.before:
        if "check" in tags(cells[step.id]):
            raise refusal(name, cells[step.id], "a check stands before the first task")
        if step.answer:
            raise refusal(name, cells[step.id], "an answer stands before the first task")
    numbers = set()
    for task in lesson.tasks:
        heading = cells[task.heading]
        if task.number in numbers:
            raise refusal(name, heading, f"there are two tasks {task.number}")
        numbers.add(task.number)
        if not task.checks:
            raise refusal(name, heading, f"task {task.number} has no check")
        if len(task.checks) > 1:
            reason = f"a check without a task: task {task.number} has one already"
            raise refusal(name, cells[task.checks[1].id], reason)
        late = [step for step in [*task.checks, *task.after] if step.answer]
        if late:
            reason = f"the answer of task {task.number} stands after its check"
            raise refusal(name, cells[late[0].id], reason)
        if not task.blanks:
            raise refusal(name, heading, f"task {task.number} has no answer to blank")


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
        for line in answer_lines(cell.source):
            code = gives_away(line)
            where = next((other.id for other in shown if code and code in other.source), None)
            if where is not None:
                reason = f"its answer {code!r} can be read in cell {where}: rewrite one of them"
                raise refusal(name, cell, reason)
