"""The lesson's own answer to a task, in place: asked for once, it asks back; asked twice, it comes.

It is read from the folder ``solutions`` beside this course. Where that is not, and in a graded
assignment, there is none.
"""

import json
from pathlib import Path

from IPython.display import display

from helpers.checks.core.declared import tasks
from helpers.checks.core.outcomes import BLUE, Block, Listing
from helpers.lesson_marks import MARK, TASK, without_marks

FOLDER = Path(__file__).resolve().parents[3] / "solutions"

_asked: set[str] = set()  # the tasks whose answers were asked for, in this kernel


def solution(task: str) -> None:
    """Show the lesson's own answer to ``task``, such as ``"3.5"``, when it is asked for twice."""
    task, known = str(task), tasks()
    if task not in known:
        first, *_, last = known
        print(f"There is no task {task}. The tasks are {first} to {last}, each in quotes.")
        return
    label = f"? {task} solution"
    if is_graded(Path.cwd()):
        display(Block(label, "This is a graded assignment: there is none here.", BLUE))
        return
    answers = answers_to(task)
    if not answers:
        display(Block(label, "There is none here: the folder solutions is not there.", BLUE))
    elif task not in _asked:
        _asked.add(task)
        sentence = (
            f'Have you seen the hints, in the notebook and by checks.hint("{task}")? If you want '
            f'the answer now, ask once more: checks.solution("{task}")'
        )
        display(Block(label, sentence, BLUE))
    else:
        sentence = "One right way, as it stands in the lesson. There may be others."
        display(Block(label, sentence, BLUE), *map(Listing, answers))


def is_graded(folder: Path) -> bool:
    """Whether a notebook in ``folder`` is one of an assignment that nbgrader has made."""
    for path in folder.glob("*.ipynb"):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            if any("nbgrader" in cell.get("metadata", {}) for cell in cells):
                return True
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return False


def answers_to(task: str) -> list[str]:
    """The cells with the answers to ``task``, without marks; none if there are no solutions."""
    for path in FOLDER.glob(f"{int(task.split('.')[0]):02}_*.ipynb"):
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError, LookupError):
            continue
        return _answers(cells, task)
    return []


def _answers(cells: list[dict], task: str) -> list[str]:
    found, now = [], ""
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = TASK.search(source)
            now = heading[1] if heading else now
        elif now == task and any(map(MARK.fullmatch, source.split("\n"))):
            found.append(without_marks(source))
    return found
