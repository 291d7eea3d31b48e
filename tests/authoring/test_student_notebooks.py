"""The generator of the student notebooks: one test for each transformation and each refusal."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_output

from authoring import student_notebooks
from authoring.student_notebooks import Refused, faults, main, student_notebook, text_of
from tests.notebooks.fixtures import ANSWER, code, notebook, solution, text, write

STUB = "...  # your code here"


def made(**changes):
    """The student version of a fixture solution, by cell id."""
    return {cell.id: cell for cell in student_notebook(solution(**changes), "01.ipynb").cells}


def refused(**changes) -> str:
    """The sentence with which a fixture solution is refused."""
    with pytest.raises(Refused) as caught:
        student_notebook(solution(**changes), "01.ipynb")
    message = str(caught.value)
    assert message.startswith("01.ipynb, cell ")
    return message


# --- transformations ---------------------------------------------------------------------------


def test_an_answer_becomes_the_stub_at_its_own_indentation():
    assert made()["answer"].source == f"layer = (\n    {STUB}\n)"


def test_every_answer_of_a_cell_is_blanked():
    two = "# BEGIN SOLUTION\nfirst_value = 1\n# END SOLUTION\n" * 2
    assert made(answer=code(two))["answer"].source == f"{STUB}\n{STUB}\n"


def test_a_function_keeps_its_head_and_its_docstring():
    body = "    # BEGIN SOLUTION\n    total = a + b\n    return total\n    # END SOLUTION"
    source = f'def add(a, b):\n    """The sum."""\n{body}'
    assert made(answer=code(source))["answer"].source == (
        f'def add(a, b):\n    """The sum."""\n    {STUB}'
    )


def test_code_without_marks_is_given_as_it_is():
    assert made()["given"].source == "def make_layer(*sizes):\n    return sizes"


def test_a_cell_for_the_solution_only_is_dropped():
    assert list(made()) == ["given", "task", "answer", "check", "more"]


def test_a_code_cell_for_the_solution_only_is_dropped():
    assert "aside" not in made(aside=code("print('the answer')", "solution-only"))


def test_outputs_and_counts_are_cleared():
    printed = new_output("stream", name="stdout", text="more\n")
    cell = made(more=code("print('more')", count=4, outputs=[printed]))["more"]
    assert cell.outputs == []
    assert cell.execution_count is None


def test_metadata_is_the_same_on_every_machine():
    source = solution()
    source.cells[0].metadata = nbformat.from_dict(
        {"tags": ["given"], "execution": {"iopub.status.busy": "today"}, "collapsed": True}
    )
    student = student_notebook(source, "01.ipynb")
    assert student.metadata == student_notebooks.NOTEBOOK_METADATA
    assert student.cells[0].metadata == {"tags": ["given"]}


def test_the_solution_itself_is_left_as_it_is():
    source = solution()
    before = copy.deepcopy(source)
    student_notebook(source, "01.ipynb")
    assert source == before


def test_magics_do_not_count_as_broken_python():
    source = f"%matplotlib inline\n{ANSWER}"
    assert made(answer=code(source))["answer"].source.startswith("%matplotlib inline\nlayer = (")


# --- refusals: marks ---------------------------------------------------------------------------


def test_nested_marks_are_refused():
    nested = "# BEGIN SOLUTION\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION"
    assert "cell answer" in refused(answer=code(nested))
    assert "inside a solution" in refused(answer=code(nested))


def test_an_open_mark_is_refused():
    assert "without END SOLUTION" in refused(answer=code("# BEGIN SOLUTION\nx = 1"))


def test_an_end_without_a_beginning_is_refused():
    assert "END without BEGIN" in refused(answer=code(f"{ANSWER}\n# END SOLUTION"))


@pytest.mark.parametrize("line", ["x = 1  # BEGIN SOLUTION", "# BEGIN SOLUTION: the layer"])
def test_a_mark_beside_other_text_is_refused(line):
    assert "alone on its line" in refused(answer=code(f"{line}\n# END SOLUTION"))


def test_marks_in_text_are_refused():
    message = refused(task=text("### Task 1.1 – A layer\n\n# BEGIN SOLUTION\nx\n# END SOLUTION"))
    assert "cell task" in message
    assert "code cells only" in message


def test_marks_in_a_dropped_cell_are_refused():
    assert "dropped whole" in refused(aside=code(ANSWER, "solution-only"))


# --- refusals: tasks ---------------------------------------------------------------------------


def test_a_task_without_a_check_is_refused():
    assert "task 1.1 has no check" in refused(check=None)


def test_a_task_without_a_check_before_another_task_is_refused():
    extra = text("### Task 1.2 – Another\n\nDo it.")
    assert "cell more" in refused(more=extra)
    assert "task 1.2 has no check" in refused(more=extra)


def test_a_check_without_a_task_is_refused():
    assert "a check stands before the first task" in refused(task=text("Some text."), answer=None)


def test_a_second_check_in_a_task_is_refused():
    assert "task 1.1 has one already" in refused(more=code("checks.other(layer)", "check"))


def test_an_answer_without_a_task_is_refused():
    assert "an answer stands before the first task" in refused(given=code(ANSWER))


def test_a_task_without_an_answer_is_refused():
    assert "no answer to blank" in refused(answer=code("layer = make_layer(1)"))


def test_an_answer_after_the_check_is_refused():
    late = code("# BEGIN SOLUTION\nafterthought = 1\n# END SOLUTION")
    assert "after its check" in refused(more=late)


def test_a_check_without_its_tag_is_refused():
    assert "not tagged check" in refused(check=code("checks.conv_layer(layer)"))


@pytest.mark.parametrize("source", ["print(layer)", "checks.conv_layer(layer)\nprint(layer)"])
def test_a_tag_without_its_check_is_refused(source):
    assert "no call of checks.<name>" in refused(check=code(source, "check"))


def test_two_tasks_of_one_number_are_refused():
    source = solution()
    again = solution()
    for cell in again.cells:
        cell.id += "-again"
    source.cells += again.cells
    with pytest.raises(Refused, match=r"cell task-again .* two tasks 1\.1"):
        student_notebook(source, "01.ipynb")


@pytest.mark.parametrize(
    "heading", ["### Task 1.1 - A layer", "## Task 1.1 – A layer", "### Task 1"]
)
def test_a_heading_that_would_not_be_taken_for_a_task_is_refused(heading):
    assert "a task is headed" in refused(task=text(heading))


# --- refusals: what the student would read -----------------------------------------------------


def test_a_stub_that_is_no_python_is_refused():
    broken = "if layer:\n# BEGIN SOLUTION\n    pass_it_on()\n# END SOLUTION"
    message = refused(answer=code(broken))
    assert "no longer Python" in message
    assert "cell answer" in message


@pytest.mark.parametrize("spelled", ["again = make_layer(1, 8, 5)", "    make_layer(1, 8, 5),"])
def test_an_answer_that_stands_in_given_code_is_refused(spelled):
    given = "def make_layer(*sizes):\n    return [\n    sizes]\nx = [\n" + spelled.strip(" ,") + "]"
    message = refused(given=code(given))
    assert "'make_layer(1, 8, 5)' can be read in cell given" in message
    assert "cell answer" in message


def test_a_comment_does_not_hide_an_answer_that_stands_elsewhere():
    answer = code("# BEGIN SOLUTION\nlayer = make_layer(2)  # two of them\n# END SOLUTION")
    message = refused(answer=answer, more=code("layer = make_layer(2)"))
    assert "can be read in cell more" in message


@pytest.mark.parametrize(
    "line",
    [")", "else:", "x = 1", "# the same comment", "import numpy as np", "with torch.no_grad():"],
)
def test_a_line_that_gives_nothing_away_may_stand_in_given_code(line):
    answer = code(f'"""\n# BEGIN SOLUTION\n{line}\n# END SOLUTION\n"""')
    assert "more" in made(answer=answer, more=code(f'"""\n{line}\n"""'))


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path):
    """A folder of one solution, and one with its student notebook: the arguments of the command."""
    write(tmp_path / "solutions/01.ipynb", solution())
    arguments = ["--solutions", f"{tmp_path}/solutions", "--notebooks", f"{tmp_path}/notebooks"]
    assert main(arguments) == 0
    return arguments


def test_what_was_made_passes_the_comparison(folders, tmp_path, capsys):
    assert main([*folders, "--check"]) == 0
    assert "up to date" in capsys.readouterr().out
    stored = (tmp_path / "notebooks/01.ipynb").read_text(encoding="utf-8")
    assert stored == text_of(student_notebook(solution(), "01.ipynb"))


def test_an_edited_solution_is_named_with_its_cell(folders, tmp_path, capsys):
    write(tmp_path / "solutions/01.ipynb", solution(given=code("make_layer = tuple")))
    before = (tmp_path / "notebooks/01.ipynb").read_bytes()
    assert main([*folders, "--check"]) == 1
    assert "notebooks/01.ipynb: cell given differs" in capsys.readouterr().out
    assert (tmp_path / "notebooks/01.ipynb").read_bytes() == before


def test_a_new_answer_alone_changes_no_student_notebook(folders, tmp_path):
    other = ANSWER.replace("make_layer(1, 8, 5)", "make_layer(1, 8, kernel_size=5)")
    write(tmp_path / "solutions/01.ipynb", solution(answer=code(other)))
    assert main([*folders, "--check"]) == 0


def test_missing_and_surplus_cells_are_named(tmp_path):
    write(tmp_path / "solutions/01.ipynb", solution())
    wrong = student_notebook(solution(more=None), "01.ipynb")
    wrong.cells.append(code("print('surplus')", id="surplus"))
    write(tmp_path / "notebooks/01.ipynb", wrong)
    found = faults(tmp_path / "solutions", tmp_path / "notebooks")
    assert found == ["01.ipynb: cell more is missing", "01.ipynb: cell surplus should not be there"]


def test_the_order_of_cells_and_the_metadata_are_compared(tmp_path):
    write(tmp_path / "solutions/01.ipynb", solution())
    right = student_notebook(solution(), "01.ipynb")
    turned = notebook(*reversed(right.cells))
    turned.metadata = right.metadata
    write(tmp_path / "notebooks/01.ipynb", turned)
    found = faults(tmp_path / "solutions", tmp_path / "notebooks")
    assert found == ["01.ipynb: the cells stand in another order"]
    right.metadata = nbformat.from_dict({"kernelspec": {"name": "other", "display_name": "Other"}})
    write(tmp_path / "notebooks/01.ipynb", right)
    found = faults(tmp_path / "solutions", tmp_path / "notebooks")
    assert found == ["01.ipynb: its metadata differs"]


def test_a_notebook_that_was_never_made_is_reported(folders, tmp_path, capsys):
    write(tmp_path / "solutions/02.ipynb", solution())
    assert main([*folders, "--check"]) == 1
    assert "02.ipynb: not made yet" in capsys.readouterr().out


@pytest.mark.parametrize("mode", [[], ["--check"]])
def test_a_stale_notebook_is_reported(folders, tmp_path, capsys, mode):
    write(tmp_path / "notebooks/09_old.ipynb", notebook(code("1")))
    assert main([*folders, *mode]) == 1
    assert "09_old.ipynb: has no solution" in capsys.readouterr().out


def test_a_refusal_writes_nothing_and_names_the_notebook(folders, tmp_path, capsys):
    before = (tmp_path / "notebooks/01.ipynb").read_bytes()
    write(tmp_path / "solutions/01.ipynb", solution(given=code("make_layer = tuple")))
    write(tmp_path / "solutions/02.ipynb", solution(check=None))
    assert main(folders) == 1
    assert "solutions/02.ipynb, cell task" in capsys.readouterr().err
    assert (tmp_path / "notebooks/01.ipynb").read_bytes() == before
