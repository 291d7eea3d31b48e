"""The stored solutions themselves, where this needs torch: their checks, and their comparison."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat

from authoring.facts import ROOT
from authoring.lesson import check_called, lesson_of
from helpers import checks
from tests.notebooks.fixtures import notebook, write
from tests.notebooks.test_hygiene import RULES, each_solution, stored_texts


@each_solution
def test_each_check_belongs_to_its_task(path):
    for task in lesson_of(nbformat.read(path, as_version=4), path.name).tasks:
        name = check_called(task.check.source)
        assert task.number.split(".")[0] == str(int(path.name[:2]))
        assert getattr(checks, name).task == task.number, f"checks.{name}"


def compare(path: Path) -> subprocess.CompletedProcess:
    """The strict comparison over one notebook outside the repository, with its plugin and rules."""
    script = (
        "import sys, pytest; from authoring import kernels; "
        "kernels.prepare_images = lambda *_: 'any'; sys.exit(pytest.main(sys.argv[1:]))"
    )
    options = ["--nbval", f"--nbval-sanitize-with={RULES}", "-p", "tests.notebooks.strict_nbval"]
    return subprocess.run(
        [sys.executable, "-c", script, *options, "-p", "no:cacheprovider", str(path)],
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_one_changed_shape_in_a_stored_output_is_noticed(tmp_path):
    source = nbformat.read(ROOT / "solutions/01_convolution_layers.ipynb", as_version=4)
    cells = [cell for cell in source.cells if cell.cell_type == "code"]
    shape = re.compile(r"\[\d+(?:, \d+){2,}\]")
    last = next(i for i, cell in enumerate(cells) if any(map(shape.search, stored_texts(cell))))
    part = notebook(*cells[: last + 1])
    right = compare(write(tmp_path / "right/01.ipynb", part))
    assert right.returncode == 0, right.stdout
    assert f"01.ipynb: {last + 1} cells run, {last + 1} agree" in right.stdout

    stream = next(o for o in cells[last].outputs if shape.search(o.get("text", "")))
    stream.text = shape.sub(lambda found: found[0].replace("[", "[9"), stream.text, count=1)
    wrong = compare(write(tmp_path / "wrong/01.ipynb", part))
    assert wrong.returncode == 1, wrong.stdout
    assert f"01.ipynb: {last + 1} cells run, {last} agree" in wrong.stdout
    assert "Cell outputs differ" in wrong.stdout
