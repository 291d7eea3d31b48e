"""One class, graded in one run: the honest, files as tools write them, odd styles, and attacks.

Each gets exactly its points, whoever sits beside whom.
"""

import pytest

from grading import grade as grading
from grading.marks import Mark, Result
from grading.sandbox.protocol import Limits
from grading.sandbox.trial import VOID
from tests.grading.formats import stored, zipped
from tests.grading.sandbox.attacks import ATTACKS
from tests.grading.sandbox.honest import HONEST
from tests.grading.students import Desk
from tests.grading.test_grade import ALL, TASKS, all_but, points
from tests.grading.test_handed_in import LAYOUTS, PEOPLE
from tests.grading.test_submissions import FIRST, PLACES, TOOLS

LIMITS = Limits(cpu_seconds=20, wall_seconds=60.0)
ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
THREE = ("1.1", "1.2", "1.3")


def ids_of(desk: Desk, *numbers: str) -> dict[str, str]:
    """The right answers to some tasks, by cell id."""
    starts = [f"answer-{number.replace('.', '-')}" for number in numbers]
    return {
        id: source
        for id, source in desk.right.items()
        if any(id == start or id.startswith(f"{start}-") for start in starts)
    }


def part(desk: Desk, *numbers: str, more: dict[str, str] | None = None) -> dict:
    """A notebook in which some tasks of one lesson are answered, and the others are open."""
    return desk.filled(f"0{numbers[0][0]}", ids_of(desk, *numbers) | (more or {}), rest=False)


def honest_class(desk: Desk) -> dict[str, dict[str, int]]:
    """Students who send what they have; returns the points that each must get."""
    desk.send("all right", *(desk.filled(name) for name in TASKS))
    expected = {"all right": points(*ALL)}
    for number in ("1.5", "2.2", "3.4", "4.1", "5.3"):
        (wrong,) = list(ids_of(desk, number))[-1:]
        name = f"0{number[0]}"
        desk.send(f"wrong {number}", desk.filled(name, {wrong: "print('I do not know yet')"}))
        expected[f"wrong {number}"] = all_but(name, number)
    for name in TASKS:
        desk.send(f"half of {name}", part(desk, *TASKS[name][:2]))
        expected[f"half of {name}"] = points(*TASKS[name][:2])
        desk.send(f"open {name}", desk.released(name))
        expected[f"open {name}"] = points()
    return expected


def files_of_tools(desk: Desk) -> dict[str, dict[str, int]]:
    """The same few answers as tools and students store them; returns the points of each."""
    one, two = part(desk, *THREE), part(desk, "2.1")
    made = {f"tool {number}": tool(one) for number, tool in enumerate(TOOLS.values())}
    made |= {f"place {place.__name__}": place(one) for place in PLACES}
    files = {f"{student}/{FIRST}.ipynb": stored(notebook) for student, notebook in made.items()}
    for encoding in ENCODINGS:
        files[f"encoding {encoding}/{FIRST}.ipynb"] = stored(one, encoding)
    expected = dict.fromkeys((path.split("/")[0] for path in files), points(*THREE))
    for first, last, number in PEOPLE:
        files[f"{first} {last}_{number}_assignsubmission_file_/{FIRST}.ipynb"] = stored(one)
        expected[f"{first} {last}"] = points(*THREE)
    for number, names in enumerate(LAYOUTS):
        both = dict(zip(names, (stored(one), stored(two)), strict=True))
        files |= {f"layout {number}/{path}": data for path, data in both.items()}
        files[f"layout {number} as zip.zip"] = zipped(both)
        for student in (f"layout {number}", f"layout {number} as zip"):
            expected[student] = points(*THREE, "2.1")
    for path, data in files.items():
        target = desk.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return expected


@pytest.fixture(scope="module")
def one_class(boxed, course, tmp_path_factory):
    """The points that each must get, and what each got."""
    desk = Desk(course, tmp_path_factory.mktemp("class"))
    expected = honest_class(desk) | files_of_tools(desk)
    for name, (number, cells) in HONEST.items():
        desk.send(f"style {name}", part(desk, number, more=cells))
        expected[f"style {name}"] = points(number)
    for name, (number, cells) in ATTACKS.items():
        desk.send(f"attack {name}", part(desk, number, more=cells))
        expected[f"attack {name}"] = points()
    results = grading.grade(desk.folder, course, LIMITS)
    return expected, {result.submission.student: result for result in results}


@pytest.fixture
def mark(one_class):
    """The mark of a student in the one task that is not open."""

    def of(student: str, answers: dict) -> Mark:
        result: Result = one_class[1][student]
        number = answers[student.split(" ", 1)[1]][0]
        return next(mark for mark in result.all_marks() if mark.task.number == number)

    return of


def test_there_are_enough_of_each():
    assert len(TOOLS) + len(ENCODINGS) + len(PLACES) + 2 * len(LAYOUTS) + len(PEOPLE) >= 60
    assert len(HONEST) >= 40
    assert len(ATTACKS) >= 40


def test_everybody_gets_exactly_their_points(one_class):
    expected, results = one_class
    assert results.keys() == expected.keys()
    wrong = {}
    for student, must in expected.items():
        marks = results[student].all_marks()
        off = [f"{m.task.number}: {m.words}" for m in marks if m.points != must[m.task.number]]
        if off:
            wrong[student] = off
    assert not wrong


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_comes_to_an_end_and_nobody_is_accused(name, mark):
    found = mark(f"attack {name}", ATTACKS)
    assert found.outcome in ("wrong", "blank", "stopped"), found.words
    assert not any(word in found.words.lower() for word in ("cheat", "lecturer", "forbidden"))


@pytest.mark.parametrize("name", ["an audit hook", "the frame of the check"])
def test_where_a_known_wrong_answer_passes_or_frames_are_read_the_mark_is_void(name, mark):
    assert mark(f"attack {name}", ATTACKS).words == VOID


@pytest.mark.parametrize("name", [n for n in ATTACKS if n.startswith("typed")])
def test_typed_numbers_are_told_from_measured_ones(name, mark):
    words = mark(f"attack {name}", ATTACKS).words
    assert "while your cells ran here" in words or "1,000 test images" in words


@pytest.mark.parametrize("name", [n for n in ATTACKS if "helpers'" in n])
def test_what_the_helpers_have_is_no_answer(name, mark):
    words = mark(f"attack {name}", ATTACKS).words
    assert "is the answer itself: write it out here" in words


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("frames", "line 2 of answer-1-1: it uses f_lineno"),
        ("ctypes", "line 1 of answer-1-1: it uses ctypes"),
        ("dunders", "line 1 of answer-1-1: it uses __mro__"),
    ],
)
def test_what_is_unusual_is_listed_with_its_line(name, listed, mark):
    assert listed in mark(f"style {name}", HONEST).unusual


@pytest.mark.parametrize("name", ["umlauts", "json", "input, target", "pip"])
def test_what_is_usual_is_not(name, mark):
    assert mark(f"style {name}", HONEST).unusual == []
