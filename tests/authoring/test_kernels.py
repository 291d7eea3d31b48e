"""Kernels import this repository, see the images and nothing else, and say how a cell failed."""

import os
from pathlib import Path

import pytest
from nbformat.v4 import new_output

from authoring import kernels
from authoring.kernels import CellFailed, open_kernel, private_data_folder, run_cell, stills
from helpers.datasets import drawn
from helpers.datasets.catalogue import loaded_by
from tests.notebooks.fixtures import code, notebook, write

WORDS = "Two lines.\nData: none"
LATER = "2 &gt; 1."  # the words of a panel that went on after its cell
PICTURE = {"image/png": "AAAA", "text/plain": WORDS}
DRAWN = {"image/png": "AAAA", "text/plain": "<Figure size 700x350 with 2 Axes>"}
TABLE = {"text/html": "<table></table>", "text/plain": "a table"}
WHERE = "import helpers\nhelpers.__file__"


@pytest.fixture
def no_mirror(monkeypatch, tmp_path):
    """An empty data folder; the one mirror that can be reached refuses."""
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "data"))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")  # where nobody listens
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "")


def test_a_cell_that_hangs_is_named(tmp_path):
    made = notebook(code("import time\ntime.sleep(60)", id="slow"))
    with (
        pytest.raises(CellFailed, match="cell slow did not end within 1 seconds"),
        open_kernel(made, tmp_path, timeout=1) as client,
    ):
        run_cell(client, 0)


def test_a_notebook_sees_the_images_but_nothing_that_is_yours(tmp_path, monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    (tmp_path / "images").mkdir()
    (tmp_path / "images/one.gz").write_bytes(b"1")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "progress").mkdir()
    with private_data_folder() as shown:
        assert [entry.name for entry in shown.iterdir()] == ["images"]
        assert (shown / "images/one.gz").read_bytes() == b"1"
        (shown / "checkpoints").mkdir()
        (shown / "checkpoints/mine").write_bytes(b"2")
    assert list((tmp_path / "checkpoints").iterdir()) == []
    assert (tmp_path / "images/one.gz").exists()
    assert not shown.exists()


def test_without_official_images_every_notebook_uses_drawn_ones(monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATASET", "auto")
    monkeypatch.setattr(kernels, "_PREPARE", "print('offline')\nprint('drawn')")
    assert kernels.prepare_images() == "drawn"
    assert os.environ["CNN_COURSE_DATASET"] == "drawn"


def test_where_only_some_are_official_the_others_are_drawn_before_a_cell_has_to(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("CNN_COURSE_DATASET", "auto")
    asked = tmp_path / "asked"
    note = f"open({str(asked)!r}, 'a').write(os.environ['CNN_COURSE_DATASET'] + ' ')"
    monkeypatch.setattr(kernels, "_PREPARE", f"import os\n{note}\nprint('drawn')")
    kernels.prepare_images()
    assert asked.read_text().split() == ["auto", "drawn"]


def where_from(folder: Path) -> Path:
    """The file of ``helpers`` in a kernel that works in ``folder``."""
    with open_kernel(notebook(code(WHERE)), folder) as client:
        (output,) = run_cell(client, 0)
    return Path(output.data["text/plain"].strip("'"))


def test_a_kernel_imports_this_repository_wherever_it_works(tmp_path, monkeypatch):
    """Not what is installed: one environment may serve two clones."""
    other = tmp_path / "other"
    (other / "helpers").mkdir(parents=True)
    (other / "helpers/__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(other))
    assert where_from(tmp_path) == kernels.ROOT / "helpers/__init__.py"
    assert Path(__file__).is_relative_to(kernels.ROOT)


def test_what_was_on_the_path_before_is_there_still(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert kernels.environment()["PYTHONPATH"].split(os.pathsep) == [str(kernels.ROOT), "elsewhere"]
    monkeypatch.delenv("PYTHONPATH")
    assert kernels.environment(MORE="1")["PYTHONPATH"] == str(kernels.ROOT)
    assert kernels.environment(MORE="1")["MORE"] == "1"


def test_images_are_prepared_by_this_repository(monkeypatch):
    found = (
        "import helpers; assert helpers.__file__.startswith({root!r}), helpers; print('official')"
    )
    monkeypatch.setattr(kernels, "_PREPARE", found.format(root=str(kernels.ROOT)))
    assert kernels.prepare_images([]) == "official"


def prepared(monkeypatch, *arguments) -> set[str]:
    """The names of the data sets that ``prepare_images`` asks for."""
    names = "import sys; print(*sys.argv[1:], file=open({file!r}, 'w')); print('official')"
    file = Path(os.environ["CNN_COURSE_DATA"])
    monkeypatch.setattr(kernels, "_PREPARE", names.format(file=str(file)))
    assert kernels.prepare_images(*arguments) == "official"
    return set(file.read_text().split())


def test_only_the_images_of_the_notebooks_at_hand_are_prepared(tmp_path, monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "names"))
    solutions = kernels.ROOT / "solutions"
    assert prepared(monkeypatch, solutions.glob("02_*.ipynb")) == {"fashion_mnist"}
    assert prepared(monkeypatch, solutions.glob("05_*.ipynb")) == {"fashion_mnist", "cifar10"}
    everything = {entry.name for entry in loaded_by(solutions.glob("*.ipynb"))}
    assert prepared(monkeypatch) == everything >= {"fashion_mnist", "cifar10"}


def test_drawn_images_are_prepared_where_none_can_be_had(tmp_path, monkeypatch, no_mirror, capsys):
    monkeypatch.setenv("CNN_COURSE_DATASET", "auto")
    path = write(tmp_path / "01.ipynb", notebook(code("datasets.fashion_mnist()")))
    assert kernels.prepare_images([path]) == "drawn"
    assert os.environ["CNN_COURSE_DATASET"] == "drawn"
    assert "DRAWN GARMENTS, which are not Fashion-MNIST" in capsys.readouterr().out
    kept = {file.name for file in (tmp_path / "data/drawn").iterdir()}
    assert kept == {f"v{drawn.VERSION}-grey-{part}.npz" for part in ("train", "test")}


def test_official_images_that_cannot_be_had_end_the_run(tmp_path, monkeypatch, no_mirror):
    monkeypatch.setenv("CNN_COURSE_DATASET", "official")
    path = write(tmp_path / "01.ipynb", notebook(code("datasets.fashion_mnist()")))
    with pytest.raises(kernels.subprocess.CalledProcessError):
        kernels.prepare_images([path])


@pytest.mark.parametrize(
    ("data", "kept", "alt"),
    [
        ({"text/html": '<figure class="cnn-picture" style="">', **PICTURE}, PICTURE, WORDS),
        ({"text/html": '<div class="cnn-still cnn-still-ab">', **PICTURE}, PICTURE, WORDS),
        (
            {"text/html": f'<div class="cnn-still"><img alt="{LATER}">', **PICTURE},
            PICTURE,
            "2 > 1.",
        ),
        (PICTURE, PICTURE, WORDS),
        (DRAWN, DRAWN, None),  # by matplotlib, which has no words
        (TABLE, TABLE, None),
    ],
)
def test_of_what_a_page_shows_the_image_is_stored_once_with_its_words(data, kept, alt):
    (output,) = stills([new_output("display_data", data=data)])
    assert output.data == kept
    assert output.metadata.get("image/png", {}).get("alt") == alt
