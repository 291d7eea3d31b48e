"""The page of the class: what it counts, what it names, and that no answer can spoil it."""

import re
from html.parser import HTMLParser

import pytest

from authoring.lesson import Task as LessonTask
from grading.class_page import class_page, columns_of, places_of, rows_of
from grading.common_mistakes import common_mistakes, example_of, skeleton
from grading.marks import Mark, Result
from grading.submissions import Submission

CLEAR = (
    "after one step, the gradients of {name} are {value:.3f} times what they should be: they are "
    "never cleared. Call optimizer.zero_grad() in each step."
)
TASKS = {
    "1.1": "A first layer",
    "3.5": "The loop for training",
    "3.9": "A table",
    "3.10": "The last task",
    "5.1": "Batch norm",
}


class Assigned(LessonTask):
    """A task as the grader knows it; here, those of the fifth lesson are voluntary."""

    points = property(lambda self: 2)
    bonus = property(lambda self: self.number.startswith("5"))


def mark(number: str, outcome: str, words: str = "", answer: str = "x = 1") -> Mark:
    return Mark(Assigned(number, TASKS[number], ""), outcome, words, answer)


def result(student: str, **changed: Mark) -> Result:
    """All right, but for what is ``changed``: ``t35=mark(...)``."""
    marks = {number: mark(number, "right", "8 kernels.") for number in TASKS}
    for changes in changed.values():
        marks[changes.task.number] = changes
    lessons: dict[str, list[Mark]] = {}
    for number, found in marks.items():
        lessons.setdefault(f"0{number[0]}_lesson.ipynb", []).append(found)
    return Result(Submission(student), lessons)


def class_of(size: int, *marks: Mark) -> list[Result]:
    """Students of whom the first ones have one of ``marks`` each, and all others everything."""
    changed = [{"it": found} for found in marks] + [{}] * (size - len(marks))
    return [result(f"student{n}", **changes) for n, changes in enumerate(changed)]


class Reader(HTMLParser):
    """Tags and text of a page; that of each tag which is opened is closed again."""

    VOID = ("meta", "rect", "line", "br")

    def __init__(self, page: str):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.text += "" if tag == "span" else " "  # spans stand within a line
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def text_of(page: str) -> str:
    return " ".join(Reader(page).text.split())


def test_each_task_says_how_many_are_right_wrong_and_open():
    marks = [mark("3.5", "wrong"), mark("3.5", "stopped"), mark("3.5", "blank")]
    page = text_of(class_page(class_of(25, *marks, mark("3.5", "error"), mark("3.5", "new kind"))))
    assert "3.5 The loop for training ✓ 20 right, ✗ 2 wrong, ○ 1 open, ? 2 not graded" in page
    numbers = [row.task.number for row in rows_of(class_of(2))]
    assert numbers == ["1.1", "3.5", "3.9", "3.10", "5.1"]  # 3.10 after 3.9


def test_who_has_no_mark_in_a_task_is_not_counted_as_wrong():
    broken = Result(Submission("of whom nothing could be read"))
    (row, *_) = rows_of([result("ada"), broken])
    assert row.counts == {"right": 1, "not graded": 1}
    assert rows_of([broken]) == []
    assert "1 student" in text_of(class_page([broken]))


def test_the_same_mistake_has_one_name_whatever_the_values():
    said = [CLEAR.format(name=f"net_{n}.weight", value=n + 1.5) for n in range(11)]
    again = f"on other inputs than those of the notebook: {said[0]}"
    marks = [mark("3.5", "wrong", words) for words in [*said[1:], again]]
    (mistake,) = common_mistakes(class_of(25, *marks))
    assert len(mistake.students) == 11
    assert mistake.name == (
        "After one step, the gradients of … are … times what they should be: "
        "they are never cleared."
    )
    assert "11 of 25 After one step" in text_of(class_page(class_of(25, *marks)))


@pytest.mark.parametrize(
    "one, other",
    [
        ("x is [1, 28, 28]; expected is [8, 24, 24].", "x is [28, 28]; expected is [8, 24, 24]."),
        ("the layer is a Linear, no layer.", "the layer is a BatchNorm2d, no layer."),
        ("my_net has 44,426 numbers.", "net_of_mine has 1.5e-3 numbers."),
        ("changes['plain'] is nan.", "changes['pooled'] is 0."),
        ("the picture has 28×28 pixels.", "the picture has 24×24 pixels."),
    ],
)
def test_values_are_no_part_of_a_mistake(one, other):
    left, right = skeleton(one), skeleton(other)
    if "nan" not in one:
        assert left == right
    assert skeleton(one) != skeleton("they are another thing altogether.")


def test_different_mistakes_stay_two():
    one = "the network gets eval() mode and leaves train() mode. Do not call train()."
    other = "the network gets train() mode and leaves eval() mode. Do not call eval()."
    shared = ["the loss is 3.0, not 2.0. You sum.", "the loss is 4.0, not 2.0. You take the mean."]
    marks = [mark("3.5", "wrong", words) for words in (one, other)]
    marks += [mark("3.9", "wrong", words) for words in shared]
    names = [mistake.name for mistake in common_mistakes(class_of(9, *marks))]
    assert len(names) == len(set(names)) == 4  # told apart by the second sentence, where needed
    at_two = [mark("3.5", "wrong", one), mark("3.9", "wrong", one)]
    assert len(common_mistakes(class_of(2, *at_two))) == 2


def test_what_was_not_graded_is_no_mistake_of_the_class():
    assert common_mistakes(class_of(3, mark("3.5", "error", "the judge failed."))) == []


def test_names_are_shown_only_if_asked_for():
    words = "ada_lovelace is a list; expected is a number. Write to ada@example.org, Ada."
    answer = "# by Ada Lovelace\nAda = 1  # lovelace\nmail = 'ada@example.org'\nx = 2\n"
    results = [result("Ada Lovelace_12345", it=mark("3.5", "wrong", words, answer))]
    results.append(result("Bob Noyce", it=mark("3.9", "blank")))
    page = class_page(results)
    assert re.findall("ada|lovelace|12345|bob|noyce|example.org", page, re.I) == []
    assert "x = 2" in page
    named = text_of(class_page(results, names=True))
    assert named.count("Ada Lovelace_12345") == 1  # the last task is right, so stuck nowhere
    assert "Bob" not in named


def test_an_example_is_bounded_and_without_comments():
    shown = example_of(mark("3.5", "wrong", "", "\n".join(["y = 1"] * 500) + "z" * 10**6), "ada")
    assert len(shown.splitlines()) == 15
    assert shown.endswith("more lines")
    assert example_of(mark("3.5", "wrong", "", "a = '#no'  # yes\n\n\n\n# all\nb = 2"), "x") == (
        "a = '#no'\n\nb = 2"
    )
    assert example_of(mark("3.5", "wrong", "", "if (:  # me\n!ls"), "x") == "if (:\n!ls"


def test_stuck_is_who_has_nothing_right_from_there_on():
    def stopped(name: str, at: str, outcome: str) -> Result:
        tasks = list(TASKS)[list(TASKS).index(at) :]
        later = {number: mark(number, "blank") for number in tasks[1:]}
        return result(name, **{f"t{at}": mark(at, outcome), **later})

    results = [
        stopped("a", "3.5", "wrong"),
        stopped("b", "3.5", "blank"),
        stopped("c", "1.1", "blank"),
    ]
    results += [result("skipped one", it=mark("3.5", "blank")), stopped("done", "5.1", "blank")]
    (most, fewer) = places_of(results)
    assert (most.task.number, most.students, most.tried, most.open) == ("3.5", ["a", "b"], 1, 1)
    assert (fewer.task.number, fewer.students) == ("1.1", ["c"])
    assert "Who" not in text_of(class_page(results))
    assert "3.5 The loop for training 2 1 1 a, b" in text_of(class_page(results, names=True))


def test_the_histogram_ends_at_the_maximum_and_voluntary_points_are_on_top():
    results = [result("all"), result("most", it=mark("5.1", "blank"))]
    columns = columns_of(results, results[0].reachable)
    assert (columns[8].plain, columns[8].extra, columns[-1].low, columns[-1].extra) == (1, 0, 10, 1)
    assert "median 10 of 8 points (and up to 2 voluntary points on top)" in text_of(
        class_page(results)
    )
    wide = columns_of(results, 1000)
    assert len(wide) <= 40
    assert sum(column.total for column in wide) == 2


HOSTILE = "</pre><script>alert(1)</script>{{ 7*7 }}{% x %}\x00\x1b[31m\ud800\u202e&lt;" + "W" * 5000


@pytest.mark.parametrize(
    "results",
    [
        [],
        class_of(1),
        class_of(25),
        [result("ada", **{f"t{n}": mark(n, "blank") for n in TASKS})],
        class_of(
            300, *(mark("3.5", "wrong", f"problem {'abcdefghij'[n % 10]}.") for n in range(200))
        ),
        class_of(2, mark("3.5", "wrong", HOSTILE, HOSTILE * 30)),
        [result(HOSTILE, it=mark("3.10", "wrong", "  ", ""))],
    ],
    ids=["none", "one", "all right", "all open", "300", "hostile", "hostile name"],
)
@pytest.mark.parametrize("names", [False, True])
def test_every_class_gets_a_whole_page(results, names):
    page = class_page(results, names)
    page.encode("utf-8")
    read = Reader(page)
    tags = {tag for tag, _ in read.tags}
    assert tags & {"script", "img", "link", "iframe", "a", "object"} == set()
    assert re.findall(r"https?:|url\(|@import", page) == []  # a file alone
    assert re.findall("[\x00-\x08\x0b-\x1f\u202e]", page) == []
    assert len(page) < 100_000
    assert all("scope" in attributes for tag, attributes in read.tags if tag == "th")


def test_half_points_that_a_person_gave_have_a_column():
    results = class_of(2)
    for given in results[0].all_marks():
        given.by_hand, given.extra = 0.0, 0.25
    columns = columns_of(results, results[0].reachable)
    assert sum(column.plain + column.extra for column in columns) == 2
