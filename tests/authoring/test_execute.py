"""Running solutions: what is stored, and that a failure stores nothing."""

import nbformat
import pytest

from authoring import execute as execute_solutions
from authoring.execute import chosen, executed, main
from authoring.kernels import CellFailed
from tests.notebooks.fixtures import code, notebook, text, write


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A solution that uses all kinds of output, executed; its cells by id."""
    made = notebook(
        text("# Outputs", id="text"),
        code("import sys\nprint('one')\nsys.stdout.flush()\nprint('two')", id="stream", count=7),
        code("6 * 7", id="result"),
        code("6 * 7;", id="hidden"),
        code("display(6)\nprint('between')\ndisplay(7)", id="displays"),
        code("shown = display('0%', display_id=True)\nshown.update('100%')", id="updated"),
        code("from IPython.display import clear_output\nprint(1)\nclear_output()", id="cleared"),
        code("from ipywidgets import IntSlider\nIntSlider()", id="widget"),
        code("from helpers import explorers\npanel = explorers.Training(1)\npanel", id="panel"),
        code("with panel.run('a run') as run:\n    run.log(2, 2, 0.5)", id="trained"),
        code("from pathlib import Path\nPath.cwd().name", "kept", id="folder"),
    )
    folder = tmp_path_factory.mktemp("lesson")
    done = executed(made, folder)
    assert made.cells[2].outputs == []  # what was given is left as it is
    return done, {cell.id: cell for cell in done.cells}, folder


def texts(cell):
    """The plain texts that a cell shows."""
    return [o.get("text") or o.get("data", {}).get("text/plain") for o in cell.outputs]


def test_cells_are_counted_from_one(stored):
    done, cells, _ = stored
    counts = [cell.execution_count for cell in done.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert cells["result"].outputs[0].execution_count == cells["result"].execution_count


def test_streams_are_joined_and_results_kept(stored):
    _, cells, _ = stored
    assert texts(cells["stream"]) == ["one\ntwo\n"]
    assert texts(cells["result"]) == ["42"]
    assert texts(cells["displays"]) == ["6", "between\n", "7"]


def test_a_semicolon_hides_the_result(stored):
    assert stored[1]["hidden"].outputs == []


def test_displays_are_updated_and_cleared(stored):
    assert texts(stored[1]["updated"]) == ["'100%'"]
    assert stored[1]["cleared"].outputs == []


def test_nothing_of_this_machine_is_stored(stored):
    done, cells, _ = stored
    assert "widgets" not in done.metadata
    assert "version" not in done.metadata.language_info
    assert cells["folder"].metadata == {"tags": ["kept"]}
    assert all("execution" not in cell.metadata for cell in done.cells)


def test_a_panel_is_stored_as_what_it_shows(stored):
    (output,) = stored[1]["widget"].outputs
    assert list(output.data) == ["text/plain"]


def test_a_panel_that_went_on_after_its_cell_is_stored_as_it_was_in_the_end(stored):
    _, cells, _ = stored
    (output,) = cells["panel"].outputs
    assert output.data["text/plain"].startswith("No epoch yet")  # what the cell itself has shown
    assert "a run: 1 of 1 epoch" in output.metadata["image/png"]["alt"]
    assert "text/html" not in output.data and cells["trained"].outputs == []


def test_a_kernel_works_in_the_folder_of_its_notebook(stored):
    _, cells, folder = stored
    assert texts(cells["folder"]) == [f"'{folder.name}'"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [("1 / 0", "cell bad raised ZeroDivisionError"), ("import os\nos._exit(1)", "kernel died in")],
)
def test_a_failing_cell_is_named_and_nothing_is_stored(
    tmp_path, monkeypatch, capsys, source, reason
):
    monkeypatch.setattr(execute_solutions, "prepare_images", lambda _: "official")
    path = write(tmp_path / "01_bad.ipynb", notebook(code("1", id="good"), code(source, id="bad")))
    before = path.read_bytes()
    assert main(["--solutions", str(tmp_path)]) == 1
    shown = capsys.readouterr().err
    assert "solutions/01_bad.ipynb" in shown
    assert reason in shown
    assert "cell bad" in shown
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_named_notebooks_alone_are_run(tmp_path, monkeypatch):
    prepared = []
    monkeypatch.setattr(
        execute_solutions, "prepare_images", lambda paths: prepared.append(paths) or "official"
    )
    one = write(tmp_path / "01_one.ipynb", notebook(code("1", id="a")))
    two = write(tmp_path / "02_two.ipynb", notebook(code("2", id="a")))
    assert main(["02", "--solutions", str(tmp_path)]) == 0
    assert prepared == [[two]]  # and no images beyond those of this one
    assert nbformat.read(one, as_version=4).cells[0].outputs == []
    assert texts(nbformat.read(two, as_version=4).cells[0]) == ["2"]
    assert chosen([], tmp_path) == [one, two]
    with pytest.raises(SystemExit, match="'03'"):
        chosen(["03"], tmp_path)


def test_drawn_images_are_not_stored(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(execute_solutions, "prepare_images", lambda _: "drawn")
    path = write(tmp_path / "01_one.ipynb", notebook(code("1", id="a")))
    assert main(["--solutions", str(tmp_path)]) == 1
    assert nbformat.read(path, as_version=4).cells[0].outputs == []
    assert "official images only" in capsys.readouterr().out


def test_an_empty_cell_is_refused(tmp_path):
    with pytest.raises(CellFailed, match="cell blank is empty"):
        executed(notebook(code(" ", id="blank")), tmp_path)
