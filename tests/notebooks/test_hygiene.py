"""What holds for the stored notebooks, for the rules of comparison and for the requirements.

None of it needs torch, so that it is soon known.
"""

import re
import shutil
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from nbval.plugin import get_sanitize_patterns

from authoring import student_notebooks
from authoring.facts import ROOT, lesson_facts
from authoring.lesson import tags, without_marks

RULES = ROOT / "authoring/nbval_sanitize.cfg"
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 25  # lines of code, without marks: what fits on a slide
ABSOLUTE_PATH = re.compile(r"(?<![\w.<:/])/(?:[\w.-]+/)+[\w.-]+|\b[A-Z]:\\\w+")

each_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list:
    """The code cells of a stored notebook."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def stored_texts(cell) -> list[str]:
    """All texts among the outputs of a cell, without pictures."""
    texts = []
    for output in cell.outputs:
        kinds = {"stream": output.get("text", ""), **output.get("data", {})}
        texts += [str(text) for kind, text in kinds.items() if not kind.startswith("image/")]
    return texts


def test_the_lessons_are_pairs_with_facts_and_are_numbered():
    assert [path.name for path in SOLUTIONS] == [path.name for path in NOTEBOOKS]
    names = [path.stem for path in SOLUTIONS]
    assert names == list(lesson_facts()), "solutions/lessons.toml needs a table for each lesson"
    numbers = [f"{number:02d}_" for number in range(1, len(SOLUTIONS) + 1)]
    assert [path.name[:3] for path in SOLUTIONS] == numbers


# --- the solutions -----------------------------------------------------------------------------


@each_solution
def test_every_cell_of_a_solution_was_run_in_order(path):
    counts = {cell.id: cell.execution_count for cell in code_cells(path)}
    assert list(counts.values()) == list(range(1, len(counts) + 1)), counts


@each_solution
def test_no_error_and_no_warning_is_stored(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", f"cell {cell.id} stores an error"
            assert output.get("name") != "stderr", f"cell {cell.id} stores {output.text!r}"


@each_solution
def test_no_state_of_widgets_is_stored(path):
    assert "widgets" not in nbformat.read(path, as_version=4).metadata
    for cell in code_cells(path):
        for output in cell.outputs:
            kinds = output.get("data", {})
            assert not [kind for kind in kinds if "widget" in kind], f"cell {cell.id}"


@each_solution
def test_no_path_of_a_machine_is_stored(path):
    for cell in code_cells(path):
        for text in stored_texts(cell):
            found = ABSOLUTE_PATH.search(text)
            assert not found, f"cell {cell.id} shows the path {found[0]}"


def test_paths_are_recognized():
    paths = ["saved to /home/ana/data/x.safetensors", "'/tmp/a'", "C:\\Users\\ana", "(/root/a/b)"]
    assert all(ABSOLUTE_PATH.search(text) for text in paths)
    others = [
        "data/checkpoints/x",
        "<b>x</b>",
        "and/or",
        "3/10   loss",
        "https://a.org/b/c",
        "1 / 2",
    ]
    assert not [text for text in others if ABSOLUTE_PATH.search(text)]


@each_solution
def test_no_cell_is_kept_from_comparison(path):
    for cell in code_cells(path):
        assert not [tag for tag in tags(cell) if tag.startswith("nbval")], cell.id
        assert "NBVAL_" not in cell.source, cell.id
        assert "raises-exception" not in tags(cell), cell.id


@each_solution
def test_no_cell_ends_in_an_empty_line(path):
    """nbgrader takes it away: then a release is no longer what the student notebooks are."""
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.id for cell in cells if cell.source.endswith("\n")] == []


@each_solution
def test_cells_fit_on_a_slide(path):
    for cell in code_cells(path):
        count = len([line for line in without_marks(cell.source).split("\n") if line.strip()])
        assert count <= LONGEST_CELL, f"cell {cell.id} has {count} lines"


# --- the student notebooks ---------------------------------------------------------------------


@each_notebook
def test_student_notebooks_store_no_outputs(path):
    for cell in code_cells(path):
        assert cell.outputs == [], cell.id
        assert cell.execution_count is None, cell.id


@each_notebook
def test_a_check_says_what_to_do_when_a_name_is_missing(path):
    """After a restart of the kernel, the first cell that fails is often a check."""
    found = [cell for cell in code_cells(path) if "check" in tags(cell)]
    assert found
    for cell in found:
        assert cell.source.startswith("# NameError? Run the cells above, from the top: "), cell.id


@each_notebook
def test_student_notebooks_are_valid(path):
    nbformat.validate(nbformat.read(path, as_version=4))


def test_student_notebooks_are_up_to_date(capsys):
    assert student_notebooks.main(["--check"]) == 0, capsys.readouterr().out


@pytest.fixture
def copies(tmp_path):
    """Copies of all notebooks, to spoil; returns the folder and the arguments of the command."""
    for name in ("solutions", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    arguments = ["--solutions", f"{tmp_path}/solutions", "--notebooks", f"{tmp_path}/notebooks"]
    return tmp_path, [*arguments, "--check"]


@each_solution
def test_an_edited_solution_is_named_with_its_cell(path, copies, capsys):
    folder, arguments = copies
    edited = nbformat.read(path, as_version=4)
    cell = next(c for c in edited.cells if c.cell_type == "code")
    cell.source += "\n# edited"
    nbformat.write(edited, folder / "solutions" / path.name)
    assert student_notebooks.main(arguments) == 1
    assert f"notebooks/{path.name}: cell {cell.id} differs" in capsys.readouterr().out


# --- the comparison ----------------------------------------------------------------------------


def sanitized(text: str) -> str:
    """``text`` as nbval compares it."""
    for regex, replacement in get_sanitize_patterns(RULES.read_text(encoding="utf-8")):
        text = re.sub(regex, replacement, text)
    return text


def test_every_rule_is_loaded_and_explained():
    lines = RULES.read_text(encoding="utf-8").splitlines()
    places = [number for number, line in enumerate(lines) if line.startswith("regex:")]
    loaded = get_sanitize_patterns("\n".join(lines))
    assert places
    assert [regex for regex, _ in loaded] == [lines[place][7:] for place in places]
    assert len({regex for regex, _ in loaded}) == len(loaded)
    for place, (regex, replacement) in zip(places, loaded, strict=True):
        re.compile(regex)
        assert replacement.strip(), f"an empty replacement in line {place + 2}"
        assert lines[place - 1].startswith("["), f"a rule without a name in line {place + 1}"
        assert lines[place - 2].startswith("#"), f"a rule without its reason in line {place + 1}"


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("epoch 1/10   training loss 2.301   4.5 s", "epoch 1/10   training loss 0.983   12.0 s"),
        ("test accuracy 87.4%", "test accuracy 9.0%"),
        ("44,426 parameters   9.4 s   87.4%", "44,426 parameters   12.3 s   9.0%"),
        ("accuracy: 0.8742", "accuracy: 1.000"),
        ("gap: -0.012", "gap:  0.345"),
        ("Device: cpu", "Device: cuda"),
        ("device(type='cpu')", "device(type='cuda')"),
        ("tensor([1, 2], device='cuda:0')", "tensor([1, 2])"),
        ("tensor([1], device='mps:0', dtype=torch.uint8)", "tensor([1], dtype=torch.uint8)"),
        (
            "Fashion-MNIST, official files: 60,000 grey images of 28×28 in ten classes",
            "drawn garments (not Fashion-MNIST): 60,000 grey images of 28×28 in ten classes",
        ),
        (
            "CIFAR-10, official files: 50,000 colour images of 32×32 in ten classes",
            "CIFAR-10, pictures from a folder: 10,000 colour images of 32×32 in ten classes",
        ),
        ("Nine images.\nData: Fashion-MNIST; Coat, Bag", "Nine images.\nData: drawn; Dress, Coat"),
        ("Network: reference weights, 88.1%", "Network: your checkpoint of today, 10 epochs"),
    ],
)
def test_what_may_differ_is_not_compared(stored, new):
    assert sanitized(stored) == sanitized(new)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ("X: [64, 1, 28, 28]", "X: [64, 3, 28, 28]"),
        ("44,426 parameters", "44,427 parameters"),
        ("8 kernels and 8 biases: 208 numbers", "8 kernels and 8 biases: 200 numbers"),
        ("28 pixels, kernel 5: 24", "28 pixels, kernel 5: 23"),
        ("epoch 1/10", "epoch 2/10"),
        ("grey images of 28×28 in ten classes", "grey images of 32×32 in ten classes"),
        ("True", "False"),
        ("lr 0.1", "lr 0.01"),
        ("training loss 0.123", "test loss 0.123"),
        ("Six kernels of 5×5.\nData: x", "Eight kernels of 5×5.\nData: x"),
    ],
)
def test_what_may_not_differ_is_compared(stored, new):
    assert sanitized(stored) != sanitized(new)


# --- the requirements --------------------------------------------------------------------------


def requirements() -> list[str]:
    """The lines of requirements.txt without comments."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    plain = [line.split("#")[0].strip() for line in lines]
    return [line for line in plain if line]


def test_the_environment_says_nothing_twice():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert [re.match(r"\w+", line)[0] for line in conda] == ["python", "pip"]
    assert pip == {"pip": ["-r requirements.txt"]}


def test_the_same_python_is_asked_for_everywhere():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert environment["dependencies"][0] == "python" + project["requires-python"]
    assert "dependencies" not in project


def test_the_requirements_end_with_the_course_itself():
    *packages, course = requirements()
    assert course == "-e ."
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+", line) for line in packages), packages
