"""Submissions as real tools and real students make them: each answer is found where it stands."""

import json
import random
import time

import pytest

from grading.assignment import answer_ids, lessons_in, stubs_in
from grading.cell_code import meaning
from grading.submissions import read_all
from tests.grading import formats
from tests.grading.formats import after, code, stored, with_source, without_cells
from tests.grading.students import ROOT, Desk

FIRST = "01_convolution_layers"
NAMES = ["01_convolution_layers", "02_pooling", "03_full_cnn", "04_inspection", "05_going_further"]


@pytest.fixture(scope="module")
def assignment(course):
    """The lessons and the text of the cells of the release."""
    return lessons_in(course), stubs_in(course)


@pytest.fixture
def desk(course, tmp_path):
    return Desk(course, tmp_path / "submissions")


@pytest.fixture
def hand_in(desk, assignment):
    """Write files into the folder, and read all submissions; by student."""

    def write_and_read(files: dict[str, bytes]):
        for path, data in files.items():
            target = desk.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        found = read_all(desk.folder, *assignment)
        assert len({sent.student for sent in found}) == len(found)
        return {sent.student: sent for sent in found}

    return write_and_read


@pytest.fixture
def one(desk):
    """The first notebook, all of it answered."""
    return desk.filled("01")


def same(answers: dict[str, str], right: dict[str, str], *but: str) -> list[str]:
    """The ids of a lesson whose answers are others than in ``right``."""
    return [i for i in right if i not in but and meaning(answers.get(i, "")) != meaning(right[i])]


def right_of(desk, number: str) -> dict[str, str]:
    return {id: source for id, source in desk.right.items() if id.startswith(f"answer-{number}-")}


# What programs make of a notebook: nothing is lost, and nothing is to be said.
TOOLS = {
    "as handed out": lambda n: n,
    "no ids": formats.without_any_ids,
    "new ids": formats.with_new_ids,
    "ids in metadata": formats.with_ids_in_metadata,
    "Colab's ids": formats.with_colab_ids,
    "grade ids": formats.with_grade_ids_only,
    "jupytext": formats.by_jupytext,
    "lines": formats.with_sources_as_lists,
    "Windows lines": formats.with_windows_lines,
    "Windows lines, no ids": lambda n: formats.without_any_ids(formats.with_windows_lines(n)),
    "format 3": formats.of_format_3,
    "checks in answers": formats.with_checks_in_answers,
    "checks in answers, no ids": lambda n: formats.without_any_ids(
        formats.with_checks_in_answers(n)
    ),
    "no text": formats.without_headings,
    **{
        f"headings {pattern}": lambda n, pattern=pattern: formats.without_any_ids(
            formats.with_headings(n, pattern)
        )
        for pattern in (
            "### Task {number} - {title}",
            "### Task {number} — {title}",
            "### Task {number}: {title}",
            "## Task {number} – {title}",
            "# {number}",
            "#### {number} {title}",
            "**Task {number}** – {title}",
            "### Aufgabe {number} – {title}",
            "<h3>Task {number} – {title}</h3>",
        )
    },
}


@pytest.mark.parametrize("number", "12345")
@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_makes_of_a_notebook_is_read_whole(tool, number, desk, hand_in):
    filled = TOOLS[tool](desk.filled(f"0{number}"))
    name = NAMES[int(number) - 1]
    sent = hand_in({f"ada/{name}.ipynb": stored(filled)})["ada"]
    assert not same(sent.answers[name], right_of(desk, number))
    assert not [remark for remark in sent.remarks if "no such file" not in remark]


@pytest.mark.parametrize("tool", TOOLS)
def test_an_untouched_notebook_stays_untouched(tool, desk, hand_in, assignment):
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(TOOLS[tool](desk.released("01")))})["ada"]
    stubs = {id: assignment[1][id] for id in answer_ids(assignment[0][0])}
    assert not same(sent.answers[FIRST], stubs)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tool", ["as handed out", "no ids", "new ids"])
def test_notebooks_of_the_repository_are_read_like_those_of_the_release(name, tool, desk, hand_in):
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = desk.right.get(cell["id"], cell["source"])
    sent = hand_in({f"ada/{name}.ipynb": stored(TOOLS[tool](notebook))})["ada"]
    assert not same(sent.answers[name], right_of(desk, name[1]))


# Encodings and damage.
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_any_encoding_is_read(encoding, one, desk, hand_in):
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(one, encoding)})["ada"]
    assert not same(sent.answers[FIRST], right_of(desk, "1"))


def test_an_old_encoding_is_read_with_a_remark(one, desk, hand_in):
    one = with_source(one, "answer-1-2", f"# größer\n{desk.right['answer-1-2']}")
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(one, "latin-1")})["ada"]
    assert not same(sent.answers[FIRST], right_of(desk, "1"))
    assert "größer" in sent.answers[FIRST]["answer-1-2"]
    assert any("not stored in UTF-8" in remark for remark in sent.remarks)


MERGE = b'<<<<<<< HEAD\n  "a"\n=======\n  "b"\n>>>>>>> main\n'
DAMAGED = {
    "conflict": (b'{"cells": [\n' + MERGE + b"]}", "git could not merge"),
    "web page": (b"<!DOCTYPE html><html></html>", "this is a web page"),
    "empty": (b"", "the file is empty"),
    "blank": (b" \n", "the file is empty"),
    "cut off": (b'{"cells": [{"cell_type": "code", "sour', "no notebook that can be read"),
    "list": (b"[1]", "no notebook that can be read"),
    "null": (b"null", "no notebook that can be read"),
    "no cells": (b'{"nbformat": 4}', "no notebook that can be read"),
    "cells null": (b'{"cells": null}', "no notebook that can be read"),
    "bytes": (b"\xff", "no notebook that can be read"),
    "nested": (b"[" * 200_000, "no notebook that can be read"),
    "long number": (b'{"cells": ' + b"1" * 10_000 + b"}", "no notebook that can be read"),
    "many cells": (b'{"cells": [' + b"{}," * 9_999 + b"{}]}", "more than 2,000 cells"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_named_and_no_other_is_lost(name, desk, one, hand_in):
    data, said = DAMAGED[name]
    files = {f"ada/{FIRST}.ipynb": data, "ada/02_pooling.ipynb": stored(desk.filled("02"))}
    found = hand_in(files | {f"bob/{FIRST}.ipynb": stored(one)})
    assert any(said in remark for remark in found["ada"].remarks)
    assert any(said in line for line in found["ada"].not_read)
    assert not any("01" in r and "no such file" in r for r in found["ada"].remarks)
    assert not same(found["ada"].answers["02_pooling"], right_of(desk, "2"))
    assert not same(found["bob"].answers[FIRST], right_of(desk, "1"))


def test_half_a_character_is_replaced_with_a_remark(one, hand_in):
    one = with_source(one, "answer-1-1", "conv_layer = '\ud800'")
    sent = hand_in({f"ada/{FIRST}.ipynb": json.dumps(one).encode()})["ada"]
    assert "\ud800" not in sent.answers[FIRST]["answer-1-1"]
    sent.answers[FIRST]["answer-1-1"].encode()
    assert any("half of a character" in remark for remark in sent.remarks)


def test_marks_of_a_merge_in_a_cell_are_named(one, hand_in):
    source = "<<<<<<< HEAD\nconv_layer = 1\n=======\nconv_layer = 2\n>>>>>>> main"
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(with_source(one, "answer-1-1", source))})["ada"]
    assert any("marks of a merge" in remark for remark in sent.remarks)


# Where students put an answer. Each case: how the notebook is changed, and the answers expected.
LAYER = "conv_layer = nn.Conv2d(1, 8, 5)"
WIDTH = "def get_output_width(w, k, stride=1, padding=0, dilation=1):\n    return halved(w)"
HELPER = "def halved(number):\n    return number // 2"
STUB_1 = "conv_layer = (\n    ...  # your code here\n)\nprint(conv_layer)"


def in_a_copy(notebook):
    return after(with_source(notebook, "answer-1-1", STUB_1), "answer-1-1", code(LAYER))


def in_a_copy_above(notebook):
    return after(with_source(notebook, "answer-1-1", STUB_1), "task-1-1", code(LAYER))


def in_place_of_the_cell(notebook):
    return without_cells(after(notebook, "answer-1-1", code(LAYER)), "answer-1-1")


def below_the_check(notebook):
    return after(with_source(notebook, "answer-1-1", STUB_1), "check-1-1", code(LAYER))


def tried_twice(notebook):
    return after(
        with_source(notebook, "answer-1-1", "conv_layer = nn.Conv2d(1, 8, 3)"),
        "answer-1-1",
        code(LAYER),
    )


def tried_below_with_its_check(notebook):
    wrong = with_source(notebook, "answer-1-1", "conv_layer = nn.Conv2d(1, 8, 3)")
    return after(wrong, "check-1-1", code(LAYER), code("checks.conv_layer(conv_layer)"))


def split_in_two(notebook):
    first = with_source(notebook, "answer-1-1", "size = 5")
    return after(first, "answer-1-1", code("conv_layer = nn.Conv2d(1, 8, size)"))


def with_an_import(notebook):
    return after(
        with_source(notebook, "answer-1-1", LAYER), "task-1-1", code("from math import sqrt")
    )


def with_notes_that_are_no_python(notebook):
    return after(
        with_source(notebook, "answer-1-1", LAYER), "answer-1-1", code("is this right: yes!")
    )


def with_an_error_of_their_own(notebook):
    failed = {"output_type": "error", "ename": "NameError", "evalue": "", "traceback": []}
    added = code("conv_layer(imag)", outputs=[failed])
    return after(with_source(notebook, "answer-1-1", LAYER), "answer-1-1", added)


def timed(notebook):
    first = with_source(notebook, "answer-1-1", "size = 5")
    return after(first, "answer-1-1", code("%%time\nconv_layer = nn.Conv2d(1, 8, size)"))


def with_a_picture_of_their_own(notebook):
    added = code("%%html\n<b>1 × 8 × 5 × 5</b>")
    return after(with_source(notebook, "answer-1-1", LAYER), "answer-1-1", added)


def with_a_hint(notebook):
    return after(
        with_source(notebook, "answer-1-1", LAYER), "answer-1-1", code('checks.hint("1.1")')
    )


def merged_with_the_check(notebook):
    return formats.with_merged(
        with_source(notebook, "answer-1-1", LAYER), "answer-1-1", "check-1-1"
    )


def in_the_check(notebook):
    kept = with_source(notebook, "answer-1-1", STUB_1)
    return with_source(kept, "check-1-1", f"{LAYER}\nchecks.conv_layer(conv_layer)")


TWO = "size = 5\n\nconv_layer = nn.Conv2d(1, 8, size)"
PLACES = {
    in_a_copy: (LAYER, ""),
    in_a_copy_above: (LAYER, ""),
    in_place_of_the_cell: (LAYER, ""),
    below_the_check: (LAYER, "below the check"),
    tried_twice: (LAYER, "answered more than once; the last"),
    tried_below_with_its_check: (LAYER, "answered more than once; the last"),
    split_in_two: (TWO, "2 cells were taken together"),
    with_an_import: (f"from math import sqrt\n\n{LAYER}", "2 cells were taken together"),
    with_notes_that_are_no_python: (LAYER, "is no Python, or ended in an error"),
    with_an_error_of_their_own: (LAYER, "is no Python, or ended in an error"),
    with_a_picture_of_their_own: (LAYER, "is no Python, or ended in an error"),
    timed: (TWO, "2 cells were taken together"),
    with_a_hint: (LAYER, ""),
    merged_with_the_check: (LAYER, ""),
    in_the_check: (LAYER, ""),
}


@pytest.mark.parametrize("ids", ["kept", "lost", "new"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_an_answer_is_found_where_it_stands(place, ids, one, desk, hand_in):
    expected, said = PLACES[place]
    tools = {"kept": lambda n: n, "lost": formats.without_any_ids, "new": formats.with_new_ids}
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(tools[ids](place(one)))})["ada"]
    answers = sent.answers[FIRST]
    assert meaning(answers["answer-1-1"]) == meaning(expected)
    assert not same(answers, right_of(desk, "1"), "answer-1-1")
    odd = [remark for remark in sent.remarks if "no such file" not in remark]
    assert any(said in remark for remark in odd) if said else not odd


@pytest.mark.parametrize("ids", ["kept", "lost"])
def test_code_between_an_answer_and_its_check_is_added_even_where_the_heading_is_gone(
    ids, one, desk, hand_in
):
    notebook = without_cells(one, "task-1-2")
    notebook = after(notebook, "answer-1-2", code("bias_shape = tuple(bias_shape)"))
    notebook = notebook if ids == "kept" else formats.without_any_ids(notebook)
    answers = hand_in({f"ada/{FIRST}.ipynb": stored(notebook)})["ada"].answers[FIRST]
    assert answers["answer-1-2"].startswith(desk.right["answer-1-2"])
    assert answers["answer-1-2"].endswith("bias_shape = tuple(bias_shape)")
    assert not same(answers, right_of(desk, "1"), "answer-1-2")


@pytest.mark.parametrize(
    ("cell", "where"),
    [
        (code(HELPER), "imports"),
        (code(HELPER), "hints-1-1"),
        (code(HELPER), "hints-1-5"),
        (code(f"import os\n{HELPER}\nprint(halved(3))"), "title"),
    ],
)
def test_a_helper_that_stands_elsewhere_comes_along(cell, where, one, hand_in):
    notebook = after(with_source(one, "answer-1-5", WIDTH), where, cell)
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(notebook)})["ada"]
    answer = sent.answers[FIRST]["answer-1-5"]
    assert meaning(answer) == meaning(f"{HELPER}\n\n{WIDTH}")
    assert any("halved was taken from another cell" in remark for remark in sent.remarks)


def test_an_import_that_was_added_to_the_given_ones_comes_along(one, hand_in):
    (given,) = (formats.text_of(cell) for cell in one["cells"] if cell["id"] == "imports")
    answer = "same_layer = nn.Conv2d(1, 8, math.ceil(4.5))\nsame_shape = [8, 28, 28]"
    notebook = with_source(one, "imports", f"import math\n{given}")
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(with_source(notebook, "answer-1-6", answer))})
    assert meaning(sent["ada"].answers[FIRST]["answer-1-6"]) == meaning(f"import math\n{answer}")


def test_a_heading_of_another_lesson_makes_no_notebook_of_it(one, desk, hand_in):
    quoted = {"cell_type": "markdown", "metadata": {}, "source": "## As in 2.1\nhello"}
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(after(one, "check-1-3", quoted))})["ada"]
    assert not same(sent.answers[FIRST], right_of(desk, "1"))
    assert [remark for remark in sent.remarks if "02" in remark] == [
        "02_pooling.ipynb: there is no such file, so its tasks are not answered."
    ]


def test_a_helper_in_a_task_that_is_still_open_reaches_the_later_ones(desk, hand_in):
    notebook = desk.filled("01", {"answer-1-5": WIDTH}, rest=False)
    notebook = after(notebook, "answer-1-4", code(HELPER))
    answers = hand_in({f"ada/{FIRST}.ipynb": stored(notebook)})["ada"].answers[FIRST]
    assert any(HELPER in answers[id] for id in ("answer-1-4", "answer-1-5"))


def test_code_that_is_left_out_is_named(one, desk, hand_in):
    notebook = after(one, "check-1-3", code("print(feature_maps.mean())"))
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(notebook)})["ada"]
    assert any("was not graded: below the check of Task 1.3" in remark for remark in sent.remarks)
    assert not same(sent.answers[FIRST], right_of(desk, "1"))


# Tasks with several answer cells.
SEVERAL = [("3.9", "answer-3-9", "answer-3-9-runs"), ("4.3", "answer-4-3", "answer-4-3-figure")]
SEVERAL += [("5.1", "answer-5-1", "answer-5-1-results"), ("5.5", "answer-5-5", "answer-5-5-train")]


@pytest.mark.parametrize(("task", "first", "second"), SEVERAL)
@pytest.mark.parametrize("ids", ["kept", "lost"])
def test_several_answers_of_a_task_in_one_cell(task, first, second, ids, desk, hand_in):
    notebook = formats.with_merged(desk.filled(f"0{task[0]}"), first, second)
    notebook = notebook if ids == "kept" else formats.without_any_ids(notebook)
    name = NAMES[int(task[0]) - 1]
    answers = hand_in({f"ada/{name}.ipynb": stored(notebook)})["ada"].answers[name]
    whole = f"{answers[first]}\n\n{answers[second]}"
    assert meaning(whole) == meaning(f"{desk.right[first]}\n\n{desk.right[second]}")
    assert not same(answers, right_of(desk, task[0]), first, second)


@pytest.mark.parametrize(("task", "first", "second"), SEVERAL)
def test_several_answers_of_a_task_in_the_wrong_order(task, first, second, desk, hand_in):
    notebook = desk.filled(f"0{task[0]}")
    cells = {cell["id"]: n for n, cell in enumerate(notebook["cells"])}
    one, other = cells[first], cells[second]
    listed = notebook["cells"]
    listed[one], listed[other] = listed[other], listed[one]
    name = NAMES[int(task[0]) - 1]
    sent = hand_in({f"ada/{name}.ipynb": stored(formats.without_any_ids(notebook))})["ada"]
    assert not same(sent.answers[name], right_of(desk, task[0]))


def test_a_cell_that_is_missing_or_no_code_is_named(one, hand_in):
    (text,) = (c | {"cell_type": "markdown"} for c in one["cells"] if c["id"] == "answer-1-2")
    notebook = after(without_cells(one, "answer-1-1", "answer-1-2"), "task-1-2", text)
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(notebook)})["ada"]
    assert not {"answer-1-1", "answer-1-2"} & sent.answers[FIRST].keys()
    assert any("the cell answer-1-1 is missing" in remark for remark in sent.remarks)
    assert any("answer-1-2 is no code cell any more" in remark for remark in sent.remarks)


def test_any_order_of_cells_is_read(one, desk, hand_in):
    cells = list(one["cells"])
    random.Random(0).shuffle(cells)
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(one | {"cells": cells})})["ada"]
    assert not same(sent.answers[FIRST], right_of(desk, "1"))


def test_cells_of_every_odd_kind_end_nothing(one, desk, hand_in):
    odd = [None, 3, {}, {"cell_type": "code"}, {"cell_type": ["code"], "source": {"a": 1}}]
    odd += [{"cell_type": "code", "source": [1, None], "metadata": 3, "outputs": "x", "id": 7}]
    odd += [code("x" * 200_000), code("(" * 5_000), code("a\0b"), code("-" * 50_000 + "1")]
    for place in (0, len(one["cells"]) // 2, len(one["cells"])):
        one["cells"][place:place] = odd
    sent = hand_in({f"ada/{FIRST}.ipynb": stored(one)})["ada"]
    assert len(same(sent.answers[FIRST], right_of(desk, "1"))) <= 1  # that beside the odd cells
    assert not any("could not be read to the end" in remark for remark in sent.remarks)


def test_thousands_of_magics_keep_nobody_waiting(one, desk, hand_in):
    begin = time.monotonic()
    for id, source in {"answer-1-1": "%x\n" * 30_000, "answer-1-2": "%x" + " a" * 40_000}.items():
        one = with_source(one, id, source)
    answers = hand_in({f"ada/{FIRST}.ipynb": stored(one)})["ada"].answers[FIRST]
    assert not same(answers, right_of(desk, "1"), "answer-1-1", "answer-1-2")
    assert time.monotonic() - begin < 20
