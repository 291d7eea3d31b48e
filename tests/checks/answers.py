"""The right and wrong answers of all lessons, found in ``tests/checks/<lesson>/answers.py``.

Each of these files has

* ``right_answers()``: for each check, by its name, a function that makes its arguments anew, as a
  notebook would hand them to it; none is trained;
* ``WRONG``: for each task, by its number, one to three wrong answers as students type them, for the
  student walk. None of them trains: where a right answer is measured in a long run, the numbers are
  made up. Sources are indented as they stand there; IPython takes that off, as in a browser.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tests.checks.going_further.answers import is_logger, make_sampler, wrap
from tests.checks.parts import Wrong
from tests.checks.pooling.answers import relative_change

__all__ = [
    "is_logger",
    "make_sampler",
    "relative_change",
    "right_answers",
    "wrap",
    "wrong_answers",
]

_FOLDERS = sorted(path.parent.name for path in Path(__file__).parent.glob("*/answers.py"))
_LESSONS = [import_module(f"tests.checks.{folder}.answers") for folder in _FOLDERS]


def right_answers() -> dict[str, Callable[[], tuple]]:
    """For each check of the course, by its name, a function that makes its arguments anew."""
    return {name: make for lesson in _LESSONS for name, make in lesson.right_answers().items()}


def wrong_answers() -> dict[str, list[Wrong]]:
    """For each task of the course, by its number, its wrong answers."""
    return {task: wrong for lesson in _LESSONS for task, wrong in lesson.WRONG.items()}
