"""Something is broken on purpose: the right job turns red, by the very lines of its workflow."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from helpers.datasets.fetching import data_folder
from tests.github.workflow import ROOT, run_step, steps_of
from tests.notebooks.fixtures import code, notebook, write

STUDENT = "Are the student notebooks made from these solutions?"
HYGIENE = "Hygiene of notebooks, requirements and workflows"
COMPARE = "Compare the solutions with their stored outputs"
FETCH = "Fetch the images, or go on without them"
MIRRORS = "Does every mirror of the images answer?"
FIRST, SECOND = "01_convolution_layers.ipynb", "02_pooling.ipynb"


class Course:
    """A copy of the repository, to break."""

    def __init__(self, folder: Path):
        self.folder = folder

    def run(self, workflow: str, job: str, name: str, **env: str) -> tuple[int, str]:
        """Run one step of a job; returns its exit status and what it said."""
        steps = steps_of(ROOT / f".github/workflows/{workflow}.yml", job)
        (step,) = [step for step in steps if step.name == name]
        kept = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
        kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        kept.setdefault("CNN_COURSE_DATA", str(data_folder()))
        said = self.folder.parent / "said"
        with said.open("w") as output:
            status = run_step(
                step, self.folder, kept | env, stdout=output, stderr=subprocess.STDOUT, timeout=300
            )
        return status, said.read_text()

    def edit(self, name: str, change) -> None:
        """Change a notebook."""
        made = nbformat.read(self.folder / name, as_version=4)
        change(made)
        nbformat.write(made, self.folder / name)

    def replace(self, name: str | Path, pattern: str, text: str) -> None:
        """Change a text file; there must be something to change."""
        path = self.folder / name
        changed, count = re.subn(pattern, text, path.read_text(encoding="utf-8"))
        assert count, f"{pattern} is not in {name}"
        path.write_text(changed, encoding="utf-8")


@pytest.fixture
def course(tmp_path):
    """All that git has, or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            target = tmp_path / "course" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return Course(tmp_path / "course")


@pytest.fixture
def one_cell(course):
    """The course with one short solution in the place of all."""
    for path in course.folder.glob("solutions/*.ipynb"):
        path.unlink()
    stored = nbformat.v4.new_output("stream", name="stdout", text="[8, 1, 5, 5]\n")
    made = notebook(code("print([8, 1, 5, 5])", count=1, outputs=[stored]))
    write(course.folder / "solutions" / FIRST, made)
    return course


def code_cell(made, marked: str = "") -> nbformat.NotebookNode:
    """The first code cell, or the first one with ``marked`` in it."""
    return next(c for c in made.cells if c.cell_type == "code" and marked in c.source)


def test_nothing_broken(course):
    for name in (STUDENT, HYGIENE):
        status, said = course.run("ci", "lint", name)
        assert status == 0, said


def test_a_solution_edited_without_making_the_student_notebooks(course):
    def change(made):
        code_cell(made).source += "\nedited = True"

    course.edit(f"solutions/{FIRST}", change)
    status, said = course.run("ci", "lint", STUDENT)
    assert status == 1
    assert f"notebooks/{FIRST}: cell " in said


def test_an_answer_in_a_student_notebook(course):
    solution = nbformat.read(course.folder / "solutions" / FIRST, as_version=4)
    answered = code_cell(solution, "BEGIN SOLUTION")

    def change(made):
        cell = next(cell for cell in made.cells if cell.id == answered.id)
        cell.source = answered.source

    course.edit(f"notebooks/{FIRST}", change)
    status, said = course.run("ci", "lint", STUDENT)
    assert status == 1
    assert f"notebooks/{FIRST}: cell {answered.id}" in said


def test_an_output_that_changed(one_cell):
    pytest.importorskip("torch", reason="the images are made ready with torch")
    status, said = one_cell.run("ci", "solutions", COMPARE)
    assert status == 0, said
    one_cell.replace(f"solutions/{FIRST}", re.escape("[8, 1, 5, 5]\\n"), r"[8, 3, 5, 5]\\n")
    status, said = one_cell.run("ci", "solutions", COMPARE)
    assert status == 1
    assert "Cell outputs differ" in said
    assert (one_cell.folder / "build/executed" / FIRST).exists()  # for the artifact


def test_skipped_cells_and_wrong_pins(course):
    """Four things at once, each in a file of its own and found by a test of its own."""

    def not_run(made):
        code_cell(made).execution_count = None

    def not_compared(made):
        code_cell(made).metadata["tags"] = ["nbval-skip"]

    course.edit(f"solutions/{FIRST}", not_run)
    course.edit(f"solutions/{SECOND}", not_compared)
    course.replace("requirements.txt", r"torch>=2\.11,<3", "torch==2.11")
    course.replace(".github/workflows/ci.yml", r"checkout@\w{40} # v6\.0\.2", "checkout@v6")
    status, said = course.run("ci", "lint", HYGIENE)
    assert status == 1
    failed = re.findall(r"^FAILED \S+::(\w+(?:\[\w+\])?)", said, re.MULTILINE)
    assert f"test_every_cell_of_a_solution_was_run_in_order[{Path(FIRST).stem}]" in failed, said
    assert f"test_no_cell_is_kept_from_comparison[{Path(SECOND).stem}]" in failed
    assert "test_the_requirements_end_with_the_course_itself" in failed
    assert "test_safe" in failed
    assert "torch==2.11" in said and "checkout@v6" in said


def test_a_deleted_mirror(course, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    mirror = r'"https?://[^"]+/"'
    for path in course.folder.glob("helpers/datasets/*.py"):
        if re.search(mirror, path.read_text(encoding="utf-8")):
            course.replace(path.relative_to(course.folder), mirror, f'"{gone}"')
    status, said = course.run("ci", "links", MIRRORS)
    assert status == 1
    assert f"✗ Fashion-MNIST: {gone}  connection refused" in said
    # The tests themselves go on, with drawn garments.
    status, said = course.run("ci", "solutions", FETCH, CNN_COURSE_DATA=str(tmp_path / "none"))
    assert status == 0, said
    assert "drawn garments stand in" in said


def test_a_missing_gpu(one_cell):
    pytest.importorskip("torch", reason="asks torch for a GPU")
    status, _ = one_cell.run("gpu", "solutions", "Is there a GPU?", PATH="/nowhere:/usr/bin:/bin")
    has_tool = shutil.which("nvidia-smi", path="/usr/bin:/bin") is not None
    assert status != 0 or has_tool
    for name in ("Does torch use the GPU?", COMPARE):
        status, said = one_cell.run("gpu", "solutions", name, CUDA_VISIBLE_DEVICES="")
        assert status == 1, name
    assert "finds no NVIDIA GPU here: nothing was tested" in said
