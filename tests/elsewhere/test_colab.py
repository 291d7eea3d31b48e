"""The first code cell of every notebook: on Google Colab it fetches the course, elsewhere nothing.

It runs here in a real kernel beside a stand-in for ``google.colab``, in an empty folder. Git is
told that the address of the course means a repository on this disk, and pip that there is no
package index: what the cell asks for is installed here, so pip has nothing to fetch.
"""

import re
import shutil
import subprocess
import tomllib
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from authoring.kernels import CellFailed, open_kernel, run_cell
from authoring.student_notebooks import ROOT

STORED = [*(ROOT / "solutions").glob("*.ipynb"), *(ROOT / "notebooks").glob("*.ipynb")]
REPOSITORY = re.compile(r"https://[\w./-]+")
STAND_IN = "def enable_custom_widget_manager():\n    print('custom widgets are on')\n"


def cells(path: Path) -> list:
    """The cells of a stored notebook."""
    return nbformat.read(path, as_version=4).cells


SOURCE = next(cell.source for cell in cells(ROOT / "solutions/02_pooling.ipynb")[1:])


def said(outputs: list) -> str:
    """What a cell printed."""
    return "".join(output.get("text", "") for output in outputs)


# --- as it is stored ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", STORED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_notebook_has_the_same_cell_after_its_title(path):
    title, colab, *others = cells(path)
    assert title.cell_type == "markdown" and title.source.startswith("# ")
    assert (colab.cell_type, colab.id, colab.source) == ("code", "colab", SOURCE)
    assert colab.outputs == []
    assert "google.colab" not in str([cell.source for cell in others])


@pytest.mark.parametrize("path", STORED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_its_code_is_folded_in_jupyterlab_and_on_colab(path):
    colab = cells(path)[1]
    metadata = {key: said for key, said in colab.metadata.items() if key != "slideshow"}
    assert metadata == {"jupyter": {"source_hidden": True}}
    assert re.fullmatch(r'# @title [^{}]+ \{ display-mode: "form" \}', colab.source.split("\n")[0])


def test_it_names_the_address_of_the_course():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert REPOSITORY.findall(SOURCE) == [project["urls"]["Repository"]]


def test_it_installs_within_the_bounds_of_the_requirements():
    asked = re.findall(r"'([\w-]+>=[\d.]+,<[\d.]+)'", SOURCE)
    stated = re.findall(r"^[\w-]+>=[\d.]+,<[\d.]+", (ROOT / "requirements.txt").read_text(), re.M)
    assert asked and set(asked) <= set(stated)
    # Colab was built with its own: another torch may not fit its driver, nor ipykernel its page.
    assert not [name for name in asked if name.startswith(("torch", "ipykernel"))]


# --- as it runs --------------------------------------------------------------------------------


def git(*arguments: str) -> None:
    """A git command, without the settings of whoever runs the tests."""
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *author, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> str:
    """The address of a bare repository that holds the helpers and notebooks of this folder."""
    if not shutil.which("git"):
        pytest.skip("git is not installed: the cell cannot fetch anything")
    folder = tmp_path_factory.mktemp("repository")
    for name in ("helpers", "notebooks"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, folder / "work" / name, ignore=ignored)
    git("init", "--quiet", f"{folder}/work")
    git("-C", f"{folder}/work", "add", ".")
    git("-C", f"{folder}/work", "commit", "--quiet", "--message", "The course")
    git("clone", "--quiet", "--bare", f"{folder}/work", f"{folder}/bare.git")
    return (folder / "bare.git").as_uri()


@contextmanager
def kernel(folder: Path, repository: str):
    """A function that runs code in a new kernel in ``folder/content`` and returns what it prints.

    The address of the course leads to ``repository``; pip reaches no package index.
    """
    content, stand_in = folder / "content", folder / "stand-in/google/colab"
    content.mkdir(exist_ok=True)
    stand_in.mkdir(parents=True, exist_ok=True)
    (stand_in / "__init__.py").touch()
    (stand_in / "output.py").write_text(STAND_IN)
    changes = {
        "PYTHONPATH": str(folder / "stand-in"),
        "PIP_NO_INDEX": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository}.insteadOf",
        "GIT_CONFIG_VALUE_0": REPOSITORY.search(SOURCE)[0],
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changes.items():
            patch.setenv(name, value)
        notebook = new_notebook(cells=[new_code_cell("")])
        with open_kernel(notebook, content, timeout=120) as client:
            yield lambda source: said(run_cell(client, 0, source))


def test_on_colab_it_fetches_the_course_and_twice_is_harmless(tmp_path, repository):
    course = tmp_path / "content/cnn-course"
    with kernel(tmp_path, repository) as run:
        run("import google.colab")  # as Colab does before the first cell
        assert run(SOURCE) == (
            "custom widgets are on\n"
            f"The course has been fetched into {course}, with what Colab lacks for it.\n"
        )
        assert run("print(os.getcwd())") == f"{course / 'notebooks'}\n"
        assert run(SOURCE) == ""
        assert run("print(os.getcwd())") == f"{course / 'notebooks'}\n"
        found = run("from helpers import layers; print(layers.__file__)")
        assert found == f"{course / 'helpers/layers/__init__.py'}\n"
        assert run("print(*sorted(os.listdir('..')))") == ".git helpers notebooks\n"
    with kernel(tmp_path, "file:///nowhere") as run:  # restarted: the course is there already
        run("import google.colab")
        assert "The course has been fetched" in run(SOURCE)
        assert run("import helpers; print(helpers.__file__)").startswith(str(course))


def test_on_colab_it_says_what_to_do_if_the_course_cannot_be_fetched(tmp_path, repository):
    with kernel(tmp_path, (tmp_path / "nowhere").as_uri()) as run:
        run("import google.colab")
        with pytest.raises(CellFailed) as failure:
            run(SOURCE)
    assert failure.value.error == "SystemExit"  # no traceback, and the cells below do not run
    assert "nowhere' does not appear to be a git repository" in str(failure.value)
    assert "✗ The course could not be fetched. Wait a minute, then run" in str(failure.value)
    assert list((tmp_path / "content").iterdir()) == []


def test_on_colab_it_says_so_if_pip_fails_and_can_be_run_again(tmp_path, repository):
    with kernel(tmp_path, repository) as run:
        run("import google.colab, os; os.environ['PIP_CONSTRAINT'] = 'missing.txt'")
        with pytest.raises(
            CellFailed, match=r"could not be fetched\. Wait a minute.*\n.*missing\.txt"
        ):
            run(SOURCE)
        assert run("del os.environ['PIP_CONSTRAINT']\n" + SOURCE.split("\n", 1)[1])
        assert run("print(os.path.basename(os.getcwd()))") == "notebooks\n"


def test_elsewhere_it_does_nothing(tmp_path, repository):
    with kernel(tmp_path, repository) as run:
        run("import os, sys; before = os.getcwd(), list(sys.path)")
        assert run(SOURCE) == ""
        assert run("print((os.getcwd(), sys.path) == before)") == "True\n"
    assert list((tmp_path / "content").iterdir()) == []
