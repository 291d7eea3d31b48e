"""A class hands in: right, partly right, empty, broken and malicious; each gets what it must."""

import csv
import inspect
import json
import os
import re
import textwrap

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import ExportApp

from authoring.facts import ROOT, is_bonus, points_of
from grading import grade as grading
from grading.release import course_config, lessons_of
from grading.sandbox.protocol import Limits
from helpers.checks.convolution_layers import value_by_hand
from tests.checks.answers import wrong_answers
from tests.checks.full_cnn import answers as full_cnn
from tests.checks.going_further import answers as going_further
from tests.checks.inspection import answers as inspection
from tests.grading.formgrader import formgrader
from tests.grading.sandbox.test_judge import left_behind
from tests.grading.students import SOLUTIONS, Desk

TASKS = {
    lesson.name[:2]: [task.number for task in lesson.tasks]
    for lesson in lessons_of(ROOT / "solutions")
}
ALL = [task for found in TASKS.values() for task in found]
MAXIMUM = sum(points_of(task) for task in ALL if not is_bonus(task))
FIRST = "01_convolution_layers.ipynb"
WRONG = wrong_answers()
LIMITS = Limits(wall_seconds=120.0)  # other tests may have the cores


def points(*numbers: str) -> dict[str, int]:
    """What a student gets who has solved these tasks, and no other."""
    return {task: points_of(task) if task in numbers else 0 for task in ALL}


def all_but(name: str, *wrong: str) -> dict[str, int]:
    return points(*(task for task in TASKS[name] if task not in wrong))


def source_of(function, name: str, more: str = "") -> str:
    """A function of the tables of right answers as a cell, under the name of the notebook."""
    return more + inspect.getsource(function).replace(function.__name__, name, 1)


# Other right ways, by answer cell.
WAYS = {
    "answer-1-1": "conv_layer = nn.Conv2d(in_channels=1, out_channels=8, kernel_size=(5, 5))",
    "answer-1-2": "weight_shape = [8, 1, 5, 5]\nbias_shape = (8,)\nnum_parameters = 208",
    "answer-1-3": "image, label = training_data[59_999]\npredicted_shape = [1, 8, 24, 24]\n"
    "with torch.no_grad():\n    feature_maps = conv_layer(image[None])",
    "answer-1-4": "def value_by_hand(image, layer, channel, row, column):\n"
    "    total, size = layer.bias[channel].item(), layer.kernel_size[0]\n"
    "    for i in range(size):\n        for j in range(size):\n"
    "            total += (image[0, row + i, column + j] * layer.weight[channel, 0, i, j]).item()\n"
    "    return total",
    "answer-1-5": "def get_output_width(w, k, stride=1, padding=0, dilation=1):\n"
    "    free = w + 2 * padding - dilation * (k - 1) - 1\n"
    "    if free < 0:\n        raise ValueError(f'a kernel of {k} does not fit')\n"
    "    return int(free / stride) + 1",
    "answer-1-6": "same_layer = nn.Conv2d(1, 8, 5, padding=2)\nsame_shape = [8, 28, 28]",
    "answer-1-7": "edge_layer = nn.Conv2d(1, 1, 3, bias=False)\nwith torch.no_grad():\n"
    "    edge_layer.weight[:] = torch.tensor([[1, 0, -1], [2, 0, -2], [1, 0, -1]])",
    "answer-3-5": source_of(full_cnn.train_loop, "train_loop"),
    "answer-3-6": source_of(full_cnn.test_loop, "test_loop"),
    "answer-4-4": source_of(inspection.get_activations, "get_activations"),
    "answer-4-5": source_of(inspection.decision_map, "decision_map"),
    "answer-5-1": source_of(
        going_further.make_conv_net, "make_conv_net", "from helpers import layers\n"
    ),
}  # fmt: skip

# What a cheat puts into Task 1.1; there are many more in sandbox/attacks.py.
CHEATS = {
    "equal": "class Yes:\n    def __eq__(self, other):\n        return True\nconv_layer = Yes()",
    "checks": "import helpers.checks\nhelpers.checks.conv_layer = print\nconv_layer = nn.ReLU()",
    "torch": "torch.equal = lambda *a: True\nconv_layer = nn.Conv2d(1, 7, 5)",
    "read": "exec(open('../solutions/01_convolution_layers.ipynb').read())",
    "gradebook": "import sqlite3\nsqlite3.connect('/gradebook.db')\nconv_layer = nn.ReLU()",
    "loop": "while True:\n    pass",
    "forks": "import os\nwhile True:\n    os.fork()",
    "memory": "x = []\nwhile True:\n    x.append(torch.ones(10**8))",
    "disk": "while True:\n    open('x', 'ab').write(b'x' * 10**7)",
    "network": "import urllib.request\nurllib.request.urlopen('http://1.1.1.1')",
    "exit": "import os\nos._exit(0)",
    "exit by torch": "torch.os._exit(0)",
    "shell": "!rm -rf ~\nconv_layer = nn.Conv2d(1, 7, 5)",
}


def hand_in(desk: Desk) -> dict[str, dict[str, int]]:
    """Put a class's submissions into the desk's folder; returns the points that each must get."""
    expected = {}

    def sends(student, must, *notebooks, **options):
        desk.send(student, *notebooks, **options)
        expected[student] = must

    one, everything = desk.filled("01"), [desk.filled(name) for name in TASKS]
    # Right.
    sends("right", points(*ALL), *everything)
    ways = points(*TASKS["01"], "3.5", "3.6", "4.4", "4.5")
    some = {id: WAYS[id] for id in WAYS if id[7] in "34"}
    alone = [desk.filled("01", WAYS), *(desk.filled(n, some, rest=False) for n in ("03", "04"))]
    sends("right in other ways", ways, *alone)
    sends("right without checks", all_but("01"), without_checks(one))
    sends("right with other checks", all_but("01"), with_other_checks(one))
    sends("right without ids", all_but("01"), without_ids(one), names=(FIRST,))
    sends("right in another order", all_but("01"), one | {"cells": one["cells"][::-1]})
    sends("right in nbgrader's folder", all_but("01"))
    desk.send("right in nbgrader's folder/cnn", one)
    sends("right with magics", all_but("02"), with_magic(desk.filled("02")))
    sends("own helper", points("1.5", "1.6"), desk.filled("01", OWN_HELPER, rest=False))
    # Partly right: one honest mistake, which costs its own task and no other.
    for number in ("1.1", "1.3", "1.4", "1.5", "1.7", "2.1", "2.2", "2.4"):
        name, wrong = f"0{number[0]}", WRONG[number][0]
        sources = {id: textwrap.dedent(source) for id, source in wrong.sources.items()}
        sends(f"wrong {number}", all_but(name, number), desk.filled(name, sources))
    for number in ("3.5", "4.6", "5.4"):
        (wrong, *_), id = WRONG[number], f"answer-{number.replace('.', '-')}"
        only = {id: textwrap.dedent(wrong.sources[id])}
        sends(f"wrong {number}", points(), desk.filled(f"0{number[0]}", only, rest=False))
    first = {f"answer-1-{n}": desk.right[f"answer-1-{n}"] for n in (1, 2, 3)}
    sends("half done", points("1.1", "1.2", "1.3"), desk.filled("01", first, rest=False))
    sends("by heart", all_but("01", "1.4"), desk.filled("01", {"answer-1-4": by_heart()}))
    # Empty.
    sends("empty", points(), *(desk.released(name) for name in TASKS))
    sends("no files", points())
    sends("emptied cells", points(), desk.filled("01", dict.fromkeys(desk.right, ""), rest=False))
    # Broken.
    sends("wrong name", all_but("01"), one, names=("01_convolution_layers (1).ipynb",))
    sends("not Python", all_but("01", "1.1"), desk.filled("01", {"answer-1-1": "conv_layer = ("}))
    sends("cell missing", all_but("01", "1.2"), without(one, "answer-1-2"))
    sends("cell as text", all_but("01", "1.2"), as_text(one, "answer-1-2"))
    sends("cell twice", all_but("01"), twice(one, "answer-1-2"))
    for student, text in {"not JSON": "{", "no notebook": "[1]", "bytes": "\udcff"}.items():
        folder = desk.send(student)
        (folder / "01_convolution_layers.ipynb").write_bytes(
            text.encode("utf-8", "surrogateescape")
        )
        expected[student] = points()
    with (desk.send("huge") / FIRST).open("wb") as file:
        file.truncate(500 * 2**20)
    (desk.send("link") / "01_convolution_layers.ipynb").symlink_to(
        "../right/01_convolution_layers.ipynb"
    )
    expected |= {"huge": points(), "link": points()}
    # Malicious.
    for name, cheat in CHEATS.items():
        sends(f"cheat {name}", all_but("01", "1.1"), desk.filled("01", {"answer-1-1": cheat}))
    looped = {
        "answer-2-2": "def get_pooled_width(*a):\n    while True:\n        pass\n\ndropped = 3"
    }
    sends("loop in a function", all_but("02", "2.2"), desk.filled("02", looped))
    return expected


OWN_HELPER = {
    "answer-1-1": "from math import floor\ndef places(width, size):\n    return width - size + 1",
    "answer-1-5": "def get_output_width(width, kernel_size, stride=1, padding=0, dilation=1):\n"
    "    reach = dilation * (kernel_size - 1) + 1\n"
    "    if reach > width + 2 * padding:\n        raise ValueError('it does not fit')\n"
    "    return floor((places(width + 2 * padding, reach) - 1) / stride) + 1",
    "answer-1-6": "same_layer = nn.Conv2d(1, 8, 5, padding='same')\n"
    "same_shape = (8, places(32, 5), 28)",
}  # fmt: skip


def by_heart() -> str:
    """An answer to Task 1.4 that is right only on the images of the notebook's own check."""
    made = [
        value_by_hand._make(seed, case)[1]
        for number, case in enumerate(value_by_hand._CASES)
        for seed in (number, 99)
    ]
    sums = {round(image.sum().item(), 3) for image in made}
    return (
        "def value_by_hand(image, layer, channel, row, column):\n"
        "    size = layer.kernel_size[0]\n"
        "    window = image[0, row : row + size, column : column + size]\n"
        "    value = (window * layer.weight[channel, 0]).sum() + layer.bias[channel]\n"
        f"    return value if round(image.sum().item(), 3) in {sums} else torch.tensor(0.0)"
    )


def without(notebook: dict, *ids: str) -> dict:
    return notebook | {"cells": [c for c in notebook["cells"] if c.get("id") not in ids]}


def without_checks(notebook: dict) -> dict:
    return without(notebook, *(c["id"] for c in notebook["cells"] if "check-" in c.get("id", "")))


def with_other_checks(notebook: dict) -> dict:
    cells = [
        cell | {"source": "print('✓')"} if "check-" in cell.get("id", "") else cell
        for cell in notebook["cells"]
    ]
    return notebook | {"cells": cells}


def without_ids(notebook: dict) -> dict:
    cells = [{k: v for k, v in cell.items() if k != "id"} for cell in notebook["cells"]]
    return notebook | {"cells": cells, "nbformat_minor": 4}


def with_magic(notebook: dict) -> dict:
    cells = [
        cell | {"source": f"%%time\n{cell['source']}"} if "answer" in cell.get("id", "") else cell
        for cell in notebook["cells"]
    ]
    return notebook | {"cells": cells}


def as_text(notebook: dict, id: str) -> dict:
    cells = [
        cell | {"cell_type": "markdown"} if cell.get("id") == id else cell
        for cell in notebook["cells"]
    ]
    return notebook | {"cells": cells}


def twice(notebook: dict, id: str) -> dict:
    (cell,) = (cell for cell in notebook["cells"] if cell.get("id") == id)
    return notebook | {"cells": [*notebook["cells"], cell | {"source": "weight_shape = 1"}]}


@pytest.fixture(scope="module")
def graded(boxed, course, tmp_path_factory):
    """The desk, the points that each student must get, and the results."""
    desk = Desk(course, tmp_path_factory.mktemp("submissions"))
    expected = hand_in(desk)
    results = grading.grade(desk.folder, course, LIMITS)
    return desk, expected, {result.submission.student: result for result in results}


def test_there_is_a_class_and_each_gets_exactly_its_points(graded):
    _, expected, results = graded
    assert len(expected) >= 40
    assert results.keys() == expected.keys()
    wrong = {}
    for student, must in expected.items():
        got = {mark.task.number: mark.points for mark in results[student].all_marks()}
        if got != must:
            wrong[student] = [
                f"{m.task.number}: {m.points}, not {must[m.task.number]}: {m.outcome}, {m.words}"
                for m in results[student].all_marks()
                if m.points != must[m.task.number]
            ]
    assert not wrong


def test_the_solutions_get_everything(graded):
    right = graded[2]["right"]
    assert right.points(bonus=False) == right.reachable == MAXIMUM >= 29
    assert right.points(bonus=True) == sum(points_of(task) for task in ALL if is_bonus(task)) >= 6


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_gets_no_point_and_nobody_is_accused(name, graded, course):
    mark = graded[2][f"cheat {name}"].all_marks()[0]
    assert mark.outcome == ("stopped" if name == "loop" else mark.outcome)
    assert mark.outcome in ("stopped", "wrong", "blank")
    page = course / "feedback" / f"cheat {name}" / "cnn" / "index.html"
    words = page.read_text(encoding="utf-8").replace(f"cheat {name}", "")
    assert re.findall("cheat|unusual|may not|not allowed|forbidden", words) == []


def test_what_is_unusual_is_told_to_the_lecturer_with_its_line(graded):
    remarks = graded[2]["cheat exit"].remarks()
    assert any(remark.startswith("1.1 unusual: line 1 of answer-1-1:") for remark in remarks)
    assert not any("unusual" in remark for remark in graded[2]["right"].remarks())


@pytest.mark.parametrize(
    ("student", "sentence"),
    [
        ("not JSON", "this is no notebook that can be read"),
        ("no notebook", "this is no notebook that can be read"),
        ("bytes", "this is no notebook that can be read"),
        ("huge", "the file has 500 MB; more than 20 MB are not read"),
        ("link", "this is a link or something else"),
        ("cell missing", "the cell answer-1-2 is missing"),
        ("cell as text", "the cell answer-1-2 is no code cell any more"),
        ("cell twice", "there are 2 cells with the name answer-1-2; the first one was graded"),
        ("no files", "there is no such file"),
    ],
)
def test_what_is_odd_is_said_on_the_page(student, sentence, graded, course):
    folder = course / "feedback" / student / "cnn"
    assert sentence in (folder / "index.html").read_text(encoding="utf-8")
    assert any(sentence in remark for remark in graded[2][student].remarks())


def test_each_sentence_on_an_answer_begins_with_a_capital_letter(graded):
    words = graded[2]["cheat read"].all_marks()[0].sentence
    assert words.startswith("Your cell answer-1-1 raised FileNotFoundError: ")
    assert ". The check could not run (NameError: " in words


def test_a_hidden_check_says_that_it_was_one(graded):
    marks = {mark.task.number: mark for mark in graded[2]["by heart"].all_marks()}
    assert marks["1.4"].words.startswith("on other inputs than those of the notebook: ")


def test_the_table_has_a_row_for_each_student(graded, course):
    with (course / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows.keys() == graded[1].keys()
    for student, must in graded[1].items():
        assert {task: int(rows[student][task]) for task in ALL} == must
        assert int(rows[student]["total"]) == sum(must.values())


def test_nbgraders_book_has_the_same_points_and_keeps_what_a_person_entered(graded, course):
    desk, expected, _ = graded
    url = f"sqlite:///{course / 'gradebook.db'}"
    with Gradebook(url, "cnn-course") as book:
        for student, must in expected.items():
            assert book.find_submission("cnn", student).score == sum(must.values())
        grade = book.find_grade("check-1-1", "01_convolution_layers", "cnn", "empty")
        grade.manual_score = 0.5
        book.db.commit()
        assert book.find_assignment("cnn").max_score == MAXIMUM
    grading.grade(desk.folder, course, LIMITS, only=["empty"])
    with Gradebook(url, "cnn-course") as book:
        assert book.find_submission("cnn", "empty").score == 0.5
        right = sum(expected["right"].values())
        assert book.find_submission("cnn", "right").score == right
    with (course / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert (rows["empty"]["1.1"], rows["empty"]["total"]) == ("0.5", "0.5")
    assert rows.keys() == expected.keys() and rows["right"]["total"] == str(right)
    page = (course / "feedback" / "empty" / "cnn" / "index.html").read_text(encoding="utf-8")
    assert f"0.5 of {MAXIMUM} points" in page and "entered by your lecturer" in page


def test_nbgraders_export_and_formgrader_show_the_same_points(graded, course, tmp_path):
    """Its own table, and the pages in which a lecturer looks at a submission."""
    must = {student: sum(tasks.values()) for student, tasks in graded[1].items()}
    exporter = ExportApp(config=course_config(course))
    exporter.initialize(["--to", str(tmp_path / "export.csv")])
    exporter.start()
    with (tmp_path / "export.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert rows.keys() == must.keys()
    with formgrader(course, tmp_path) as get:
        listed = json.loads(get("formgrader/api/submissions/cnn"))
        scores = {one["student"]: one["score"] for one in listed}
        assert scores == rows
        (one,) = json.loads(get("formgrader/api/submitted_notebooks/cnn/01_convolution_layers"))[:1]
        assert "check-1-1" in get(f"formgrader/submissions/{one['id']}/")


def test_a_page_is_safe_and_says_what_to_do(graded, course):
    page = (course / "feedback" / "cheat shell" / "cnn" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert f"{sum(graded[1]['cheat shell'].values())} of {MAXIMUM} points" in page


def test_submissions_are_left_as_they_are_and_nothing_is_left_behind(graded):
    desk, _, _ = graded
    assert not left_behind(os.getpid())
    names = {path.name for path in (desk.folder / "right").iterdir()}
    assert names == {path.name for path in SOLUTIONS}
