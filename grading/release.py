"""``make release``: the solutions as an nbgrader assignment, in ``build/release``.

    build/release/nbgrader_config.py     the course as nbgrader knows it
    build/release/source/cnn/            the solutions with nbgrader's marks and hidden checks: keep
                                         this folder to yourself
    build/release/release/cnn/           what students get, made by nbgrader's generate_assignment
    build/release/gradebook.db           the tasks and their points, later the marks

The lesson of the release is that of ``notebooks/``, cell by cell, and keeps its cell ids; they are
nbgrader's ``grade_id``, too. Each check is an autograded test. Its hidden part is the same check on
inputs from another seed, which is drawn anew for each course folder and kept when it is made again.
"""

import argparse
import contextlib
import copy
import os
import secrets
import shutil
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from authoring.facts import ROOT, NoFacts, lesson_facts
from authoring.lesson import STUB, Lesson, Task, has_blank, lesson_of, tags
from authoring.refusals import Refused, checked_lesson
from authoring.student_notebooks import stable_metadata, student_notebook
from grading.assignment import ASSIGNMENT
from helpers.files import temporary_beside

COURSE = ROOT / "build" / "release"
CONFIGURATION = f"""# Made by make release. In this folder, nbgrader's own commands work, too.
c = get_config()
c.CourseDirectory.course_id = "cnn-course"
c.ClearSolutions.code_stub = {{"python": "{STUB}"}}
c.ClearSolutions.enforce_metadata = False
c.Execute.timeout = 900  # seconds for a cell: nbgrader validate runs the trainings in full
"""


def marked(solution: NotebookNode, name: str, seed: int) -> NotebookNode:
    """``solution`` as nbgrader's source: answers, checks with points, and hidden checks.

    Raises ``Refused`` for what no student notebook can be made from.
    """
    points = {task.check.id: maximum(task) for task in checked_lesson(solution, name).tasks}
    source = copy.deepcopy(solution)
    source.cells = [cell for cell in source.cells if "solution-only" not in tags(cell)]
    source = stable_metadata(source)
    for cell in source.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if cell.id in points:
            cell.source = with_hidden_check(cell.source, seed)
            cell.metadata.nbgrader = nbgrader_says(cell.id, points=points[cell.id])
        elif has_blank(cell):
            cell.metadata.nbgrader = nbgrader_says(cell.id)
    return source


def maximum(task: Task) -> int:
    """What a task adds to the sum of nbgrader; a voluntary one comes on top of it."""
    return 0 if task.bonus else task.points


def nbgrader_says(cell_id: str, points: int | None = None) -> dict:
    """The metadata of a check that is worth ``points``, or of an answer."""
    check = points is not None
    said = {
        "schema_version": 3,
        "grade_id": cell_id,
        "cell_type": "code",
        "grade": check,
        "locked": check,
        "solution": not check,
        "task": False,
    }
    return said | ({"points": points} if check else {})


def with_hidden_check(check: str, seed: int) -> str:
    """A check, and the same once more on other inputs, between the marks of hidden tests."""
    again = "\n".join(f"    {line}" if line else "" for line in check.split("\n"))
    return (
        f"{check}\n### BEGIN HIDDEN TESTS\nwith checks.other_inputs({seed}):\n{again}\n"
        "### END HIDDEN TESTS"
    )


def seed_of(course: Path) -> int:
    """The seed of the hidden checks in this course folder; drawn once, so that marks stay fair."""
    kept = course / "hidden_seed"
    if not kept.exists():
        kept.write_text(f"{secrets.randbelow(10**9) + 1}\n")
        kept.chmod(0o600)
    return int(kept.read_text())


def write_source(solutions: Path, course: Path) -> list[Path]:
    """Write the configuration and the source notebooks; returns the latter."""
    folder = course / "source" / ASSIGNMENT
    course.mkdir(parents=True, exist_ok=True)
    seed = seed_of(course)
    made = {
        path.name: marked(nbformat.read(path, as_version=4), path.name, seed)
        for path in sorted(solutions.glob("*.ipynb"))
    }
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(CONFIGURATION, encoding="utf-8")
    for name, notebook in made.items():
        nbformat.write(notebook, folder / name)
    return [folder / name for name in made]


def course_config(course: Path) -> Config:
    """The configuration in ``course`` for nbgrader's Python interface."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    return config


def on_path() -> None:
    """Let nbgrader find the ``alembic`` that is installed beside it, also outside of a venv."""
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = beside + os.pathsep + os.environ["PATH"]


def generate(course: Path) -> None:
    """Run nbgrader's ``generate_assignment``. Raises ``Refused`` with what it says."""
    from nbgrader.apps import NbGraderAPI  # takes a second to import

    on_path()
    api = NbGraderAPI(config=course_config(course))
    result = api.generate_assignment(ASSIGNMENT, force=True, create=True)
    if not result["success"]:
        said = result.get("log") or result.get("error") or "nothing"
        raise Refused(f"nbgrader made no assignment of it, and says: {said}")


def same_lesson(solutions: Path, course: Path) -> None:
    """Raise ``Refused`` unless the release has the cells of the student notebooks."""
    for path in sorted(solutions.glob("*.ipynb")):
        expected = student_notebook(nbformat.read(path, as_version=4), path.name)
        released = nbformat.read(course / "release" / ASSIGNMENT / path.name, as_version=4)
        for wanted, found in zip(expected.cells, released.cells, strict=True):
            if (wanted.id, wanted.source) != (found.id, found.source.rstrip("\n")):
                raise Refused(f"{path.name}, cell {wanted.id}: nbgrader has changed it.")


def table_of_points(lessons: list[Lesson]) -> str:
    """Every task with its points, as a table in Markdown."""
    rows, total = [], 0
    for task in (task for lesson in lessons for task in lesson.tasks):
        bonus = " (bonus)" if task.bonus else ""
        rows.append(f"| {task.number} | {task.title} | {task.points}{bonus} |")
        total += 0 if bonus else task.points
    voluntary = [f"{facts.number}.x" for facts in lesson_facts().values() if facts.bonus]
    said = f"tasks {', '.join(voluntary)} are voluntary and come on top."
    return "\n".join(
        [
            "| task | title | points |",
            "|---|---|---|",
            *rows,
            "",
            f"{total} points can be reached; {said if voluntary else 'none is voluntary.'}",
            "",
        ]
    )


def lessons_of(solutions: Path) -> list[Lesson]:
    """The lessons in a folder of solutions."""
    paths = sorted(solutions.glob("*.ipynb"))
    return [lesson_of(nbformat.read(path, as_version=4), path.name) for path in paths]


def release(solutions: Path = ROOT / "solutions", course: Path = COURSE) -> None:
    """Make the assignment. Raises ``Refused``, or ``OSError``.

    It is made in a folder of its own, and takes the place of the former one when it is complete.
    What nbgrader is given is a path without signs that mean something in the address of a database.
    """
    course.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cnn-course-") as folder:
        made = Path(folder)
        take_along(course, made)
        write_source(solutions, made)
        generate(made)
        same_lesson(solutions, made)
        table = table_of_points(lessons_of(solutions))
        (made / "points.md").write_text(table, encoding="utf-8")
        beside = temporary_beside(course / "release")
        try:
            shutil.copytree(made, beside)
            swap(beside, course)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def take_along(course: Path, made: Path) -> None:
    """Copy what a new release keeps of the former one: the marks in the gradebook, and the seed."""
    for name in ("gradebook.db", "hidden_seed"):
        if (course / name).exists():
            copy = copy_database if name.endswith(".db") else shutil.copy2
            copy(course / name, made / name)


def copy_database(source: Path, target: Path) -> None:
    """Copy a gradebook, also one that somebody has open."""
    with (
        contextlib.closing(sqlite3.connect(source)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)


def swap(made: Path, course: Path) -> None:
    """Move all parts of ``made`` to ``course``; should one fail, all former ones come back."""
    aside = made / "former"
    aside.mkdir()
    moved: list[tuple[Path, Path]] = []

    def move(source: Path, target: Path) -> None:
        source.rename(target)
        moved.append((source, target))

    try:
        for part in sorted(made.iterdir()):
            if part == aside:
                continue
            if (course / part.name).exists():
                move(course / part.name, aside / part.name)
            move(part, course / part.name)
    except BaseException:
        for source, target in reversed(moved):
            target.rename(source)
        raise


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Make the assignment for students.")
    parser.add_argument("--solutions", type=Path, default=ROOT / "solutions")
    parser.add_argument("--course", type=Path, default=COURSE)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it tidies up, as after Ctrl-C
    former = "What was released before is as it was."
    try:
        release(options.solutions, options.course)
    except (Refused, NoFacts) as error:
        print(f"No release was made: {error} {former}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"No release was made: {error.strerror or error}{where}. {former}", file=sys.stderr)
        return 1
    except sqlite3.Error as error:
        book = options.course / "gradebook.db"
        print(
            f"No release was made: the gradebook cannot be used ({error}): {book}. Is it open in "
            f"another program? If it is damaged, move it away. {former}",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print(f"No release was made: stopped. {former}", file=sys.stderr)
        return 1
    print((options.course / "points.md").read_text(encoding="utf-8"))
    print(f"For students: {options.course / 'release' / ASSIGNMENT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
