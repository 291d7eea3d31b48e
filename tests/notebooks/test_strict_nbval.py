"""The strict comparison: each mend of nbval, tried on small notebooks in a pytest of their own."""

import re
import subprocess
import sys
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

from authoring.execute import executed
from tests.notebooks import strict_nbval
from tests.notebooks.fixtures import code, notebook, write

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Run:
    """How a pytest over one notebook ended."""

    status: int
    text: str
    seconds: float

    def outcomes(self) -> list[str]:
        """ "PASSED", "FAILED", "SKIPPED" for each cell in order."""
        return re.findall(r"Cell \d+ (PASSED|FAILED|SKIPPED)", self.text)


@pytest.fixture
def compare(tmp_path, monkeypatch):
    """A function that runs the strict comparison over one notebook, apart from this repository."""
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "no-data"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(
        "from authoring import kernels\nkernels.prepare_images = lambda *_: 'no'\n"
        "pytest_plugins = ['tests.notebooks.strict_nbval']\n"
    )

    def run(made, *options: str) -> Run:
        path = write(tmp_path / "lesson.ipynb", made)
        command = [sys.executable, "-m", "pytest", "-v", "--color=no", "-p", "no:cacheprovider"]
        start = time.monotonic()
        done = subprocess.run(
            [*command, "-rA", "--nbval", *options, path.name],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return Run(done.returncode, done.stdout + done.stderr, time.monotonic() - start)

    return run


def printed(text: str, name: str = "stdout"):
    """A stored stream."""
    return new_output("stream", name=name, text=text)


def test_what_is_stored_agrees_for_every_kind_of_output(compare, tmp_path):
    made = notebook(
        code("print('one')\nprint('two')"),
        code("6 * 7"),
        code("6 * 7;"),
        code("_ + Out[2]"),
        code("display(6)\nprint('between')\ndisplay(7)"),
        code("shown = display('0%', display_id=True)\nshown.update('100%')"),
        code("from IPython.display import clear_output\nprint(1)\nclear_output()"),
        code("from ipywidgets import IntSlider\nIntSlider()"),
        code("import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])"),
    )
    done = compare(executed(made, tmp_path))
    assert done.outcomes() == ["PASSED"] * 9, done.text
    assert "lesson.ipynb: 9 cells run, 9 agree" in done.text
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("stored", ["43", None])
def test_another_result_and_a_missing_one_are_noticed(compare, stored):
    outputs = [new_output("execute_result", data={"text/plain": stored})] if stored else []
    done = compare(notebook(code("6 * 7", count=1, outputs=outputs)))
    assert done.status == 1
    assert "Cell outputs differ" in done.text
    assert "lesson.ipynb: 1 cells run, 0 agree" in done.text


def test_a_result_that_a_semicolon_hides_is_no_output(compare):
    shown = new_output("execute_result", data={"text/plain": "42"})
    assert compare(notebook(code("6 * 7;", count=1))).status == 0
    assert compare(notebook(code("6 * 7;", count=1, outputs=[shown]))).status == 1


def test_cells_after_a_failing_one_do_not_run(compare, tmp_path):
    made = notebook(
        code("1", count=1, outputs=[new_output("execute_result", data={"text/plain": "1"})]),
        code("1 / 0", count=2, id="bad"),
        code(f"open({str(tmp_path / 'ran')!r}, 'w')", count=3),
    )
    done = compare(made)
    assert done.outcomes() == ["PASSED", "FAILED", "SKIPPED"], done.text
    assert "cell bad raised ZeroDivisionError" in done.text
    assert "Cell 1 (bad) failed before it" in done.text
    assert not (tmp_path / "ran").exists()
    kept = nbformat.read(tmp_path / "build/executed/lesson.ipynb", as_version=4)
    assert kept.cells[0].outputs[0].data == {"text/plain": "1"}
    assert kept.cells[1].outputs[0].ename == "ZeroDivisionError"


def test_cells_after_a_differing_one_do_not_run(compare):
    made = notebook(code("print(1)", count=1, outputs=[printed("2\n")]), code("x = 1", count=2))
    assert compare(made).outcomes() == ["FAILED", "SKIPPED"]


def test_a_dead_kernel_is_noticed_within_seconds(compare):
    made = notebook(code("import os\nos._exit(1)", count=1, id="fatal"), code("x = 1", count=2))
    done = compare(made)
    assert done.outcomes() == ["FAILED", "SKIPPED"], done.text
    assert "the kernel died in cell fatal" in done.text
    assert done.seconds < 40


def test_a_cell_that_hangs_is_ended(compare):
    made = notebook(code("import time\ntime.sleep(600)", count=1, id="slow"))
    done = compare(made, "--nbval-cell-timeout=2")
    assert "cell slow did not end within 2 seconds" in done.text
    assert done.status == 1


def test_a_cell_that_was_never_run_is_a_failure(compare):
    done = compare(notebook(code("x = 1")))
    assert done.status == 1
    assert "was never run" in done.text


def test_stderr_is_not_compared_but_shown_when_a_cell_fails(compare):
    warning = "import sys\nprint('a warning', file=sys.stderr)\n"
    assert compare(notebook(code(warning, count=1))).status == 0
    done = compare(notebook(code(f"{warning}print(1)", count=1, outputs=[printed("2\n")])))
    assert done.status == 1
    assert "a warning" in done.text


def test_a_picture_that_is_no_longer_drawn_is_noticed(compare):
    data = {"image/png": "iVBORw0KGgo=", "text/plain": "six kernels"}
    stored = [new_output("display_data", data=data)]
    shows = "display({'text/plain': 'six kernels'%s}, raw=True)"
    with_picture = code(shows % ", 'image/png': 'AAAA'", count=1, outputs=stored)
    assert compare(notebook(with_picture)).status == 0  # another picture, the same words
    done = compare(notebook(code(shows % "", count=1, outputs=stored)))
    assert done.status == 1
    assert "0 pictures are drawn, 1 are stored" in done.text


# What a page saved in place of what is stored, and what is said of it.
TEXT = {"text/plain": "<Figure size 640x480 with 1 Axes>"}
SAVED = [
    pytest.param([printed("8 kernels of 1×5×5\nLoss: 1.234\n")], [], id="another loss"),
    pytest.param([printed("8 kernels of 1×3×3\nLoss: 1.234\n")], ["differ"], id="another word"),
    pytest.param([printed("8 kernels of 1×5×5\n")], ["differ"], id="a line less"),
    pytest.param([], ["0 pictures are drawn, 1 are stored"], id="nothing"),
    pytest.param([new_output("error", ename="E", evalue="e")], ["differ"], id="an error"),
]


@pytest.mark.parametrize(("outputs", "said"), SAVED)
def test_what_was_run_elsewhere_is_compared_in_the_same_way(outputs, said, tmp_path, request):
    drawn = new_output("display_data", data={"image/png": "AAAA", **TEXT})
    also = new_output("display_data", data={"image/png": "BBBB", **TEXT})
    kept = [printed("8 kernels of 1×5×5\nLoss: 2.345\n"), drawn]
    stored = notebook(code("x = 1", count=1), code("show()", count=2, outputs=kept, id="shows"))
    played = deepcopy(stored)
    played.cells[1].outputs = [*outputs, also] if outputs else []
    paths = write(tmp_path / "stored.ipynb", stored), write(tmp_path / "played.ipynb", played)
    found = strict_nbval.differences(request.session, *paths)
    assert len(found) == len(said)
    for words, sentence in zip(found, said, strict=True):
        assert words.startswith("shows: Cell outputs differ") and sentence in words


def test_a_cell_less_that_was_run_elsewhere_is_noticed(tmp_path, request):
    stored = notebook(code("x = 1", count=1), code("y = 2", count=2))
    played = notebook(stored.cells[0])
    paths = write(tmp_path / "stored.ipynb", stored), write(tmp_path / "played.ipynb", played)
    with pytest.raises(ValueError, match="does not have the cells"):
        strict_nbval.differences(request.session, *paths)


def test_a_cell_has_fifteen_minutes_and_the_rules_of_the_repository():
    script = (
        "from types import SimpleNamespace as N\nfrom pathlib import Path\n"
        "from tests.notebooks import strict_nbval as s\ns.prepare_images = lambda *_: 'no'\n"
        "option = N(nbval=True, nbval_cell_timeout=2000, nbval_sanitize_with=None, collectonly=0)\n"
        f"s.pytest_configure(N(option=option, args=[], rootpath=Path({str(ROOT)!r})))\n"
        "print(option.nbval_cell_timeout, option.nbval_sanitize_with)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.split() == ["900", str(ROOT / "authoring/nbval_sanitize.cfg")]


def test_only_what_the_named_notebooks_load_is_made_ready(tmp_path):
    for name in ("solutions/01.ipynb", "solutions/02.ipynb", "tests/test_x.py", "03.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    named = [tmp_path / "solutions", tmp_path / "tests", tmp_path / "03.ipynb"]
    found = strict_nbval.notebooks_in(named)
    assert [path.name for path in found] == ["01.ipynb", "02.ipynb", "03.ipynb"]
    assert strict_nbval.notebooks_in([tmp_path / "tests/test_x.py"]) == []


def test_the_repository_loads_the_plugin():
    text = (ROOT / "conftest.py").read_text(encoding="utf-8")
    assert re.search(r'^pytest_plugins = \[.*"tests\.notebooks\.strict_nbval"', text, re.MULTILINE)


def test_comparing_needs_nothing_that_only_authors_have():
    """A GPU runner has a kernel and nbval, but neither nbconvert nor nbgrader."""
    code = (
        "import sys; sys.modules |= dict.fromkeys(('nbconvert', 'nbgrader')); "
        "import tests.notebooks.strict_nbval"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
