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
import copy
import os
import secrets
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from authoring.facts import ROOT, NoFacts, lesson_facts
from authoring.lesson import STUB, Lesson, has_blank, lesson_of, tags
from authoring.refusals import Refused, checked_lesson
from authoring.student_notebooks import stable_metadata, student_notebook
from grading.assignment import ASSIGNMENT

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
    points = {task.check.id: task.points for task in checked_lesson(solution, name).tasks}
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
    """Make the assignment. Raises ``Refused``."""
    write_source(solutions, course)
    generate(course)
    same_lesson(solutions, course)
    table = table_of_points(lessons_of(solutions))
    (course / "points.md").write_text(table, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Make the assignment for students.")
    parser.add_argument("--solutions", type=Path, default=ROOT / "solutions")
    parser.add_argument("--course", type=Path, default=COURSE)
    options = parser.parse_args(arguments)
    try:
        release(options.solutions, options.course)
    except (Refused, NoFacts) as error:
        print(f"No release was made: {error}", file=sys.stderr)
        return 1
    print((options.course / "points.md").read_text(encoding="utf-8"))
    print(f"For students: {options.course / 'release' / ASSIGNMENT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
