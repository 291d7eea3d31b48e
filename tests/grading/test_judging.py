"""A judge may die, rave or fall silent: each answer has one result, and only the guilty is open."""

import io
import signal
import struct
import threading
import time
from types import SimpleNamespace

import pytest

from authoring.lesson import Lesson, Task
from grading.assignment import NotGraded
from grading.engines import AHEAD, JudgeEnded, Talk, received
from grading.judging import DEATHS, Budget, Stopped, judge_all, results_of
from grading.resume import Store
from grading.sandbox.protocol import MB, Limits, message
from grading.verdicts import Panel

TASKS = ("1.1", "1.2", "1.3")
LESSON = SimpleNamespace(name="01", tasks=[SimpleNamespace(number=number) for number in TASKS])


def requests(*students: str) -> list[dict]:
    return [{"student": one, "task": task, "answers": {}} for one in students for task in TASKS]


def right(request: dict) -> dict:
    whose = {key: request[key] for key in ("student", "task")}
    return whose | {"outcome": "right", "words": "", "seconds": 0.1}


def dying_with(*killers: tuple[str, str]):
    def judge(lesson, asked):
        for request in asked:
            if (request["student"], request["task"]) in killers:
                raise JudgeEnded("the sandbox of the grader ended early.")
            yield right(request)

    return judge


def outcomes(judge, *students: str) -> dict[tuple[str, str], str]:
    asked = requests(*students)
    found = list(results_of((LESSON, asked), judge, lambda: True))
    assert len(found) == len(asked)  # each exactly once
    return {(one["student"], one["task"]): one["outcome"] for one in found}


@pytest.mark.parametrize(
    "killers",
    [
        [("b", "1.1")],
        [("a", "1.1")],
        [("c", "1.3")],
        [("a", "1.1"), ("b", "1.1"), ("c", "1.1")],
        [("a", "1.3"), ("c", "1.2")],
    ],
)
def test_only_the_answer_that_killed_its_judge_is_open(killers):
    found = outcomes(dying_with(*killers), "a", "b", "c", "d")
    assert {whose for whose, outcome in found.items() if outcome == "error"} == set(killers)
    assert set(found.values()) == {"right", "error"}


def test_a_judge_that_always_dies_is_not_started_for_ever():
    started = []

    def judge(lesson, asked):
        started.append(1)
        raise JudgeEnded("the sandbox of the grader ended early.")
        yield

    found = outcomes(judge, *"abcdefghij")
    assert set(found.values()) == {"error"}
    assert len(started) == DEATHS


def test_a_verdict_of_an_unknown_kind_is_an_open_one():
    def judge(lesson, asked):
        for request in asked:
            yield right(request) | ({"outcome": "splendid"} if request["task"] == "1.2" else {})

    found = outcomes(judge, "a")
    assert found == {("a", "1.1"): "right", ("a", "1.2"): "error", ("a", "1.3"): "right"}


@pytest.mark.parametrize("kind", ["a stranger", "twice", "left out"])
def test_answers_that_nobody_asked_for_or_that_are_missing(kind):
    def judge(lesson, asked):
        if len(asked) > 1:
            yield right(asked[0])
        if kind != "left out":
            yield right(asked[0]) | ({"student": "nobody"} if kind == "a stranger" else {})

    found = outcomes(judge, "a", "b")
    assert found[("a", "1.1")] == "right" and len(found) == 6


def test_what_is_sent_waits_for_results_and_what_has_none_waits_for_nobody():
    sent = io.BytesIO()
    sent.close = lambda: None
    talk = Talk(SimpleNamespace(stdin=sent), patience=0.3)
    asked = requests(*"abcd")
    lessons_own = [{"answers": {}}, {"checks": []}] * 20

    def prepare(request):
        return request | {"answers": {"x": ""}}

    begin = time.monotonic()
    talk.feed({"lesson": 1}, [*lessons_own, *asked[:AHEAD], *lessons_own], prepare)
    assert time.monotonic() - begin < 0.3
    assert sent.getvalue().count(b'"checks"') == 40
    assert sent.getvalue().count(b'"student"') == sent.getvalue().count(b'{"x": ""}') == AHEAD
    begin = time.monotonic()
    talk.feed({}, asked[:1], None)  # there is no room, until patience is at its end
    assert time.monotonic() - begin >= 0.3
    assert talk.silent()


GOOD = {"student": "a", "task": "1.1", "outcome": "right", "words": "", "seconds": 1.0}


def test_a_result_is_received():
    assert received(io.BytesIO(message(GOOD))) == GOOD


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">Q", MB + 1) + b"x",
        struct.pack(">Q", 2**63),
        b"Traceback (most recent call last):\n" * 3,
        struct.pack(">Q", 3) + b"{,}",
        struct.pack(">Q", 2) + b"\xff\xfe",
        struct.pack(">Q", 100_000) + b"[" * 100_000,
        message([1]),
        message({"student": "a"}),
        message(GOOD | {"student": 7}),
        message(GOOD | {"words": None}),
        message(GOOD | {"outcome": ["right"]}),
    ],
)
def test_garbage_on_the_pipe_is_the_end_of_the_judge(data):
    with pytest.raises(JudgeEnded, match="the sandbox of the grader sent"):
        received(io.BytesIO(data))


@pytest.mark.parametrize("seconds", [None, "x", -1, True, float("nan"), [], 1e400])
def test_whatever_the_seconds_are_they_are_a_number(seconds):
    found = received(io.BytesIO(message(GOOD | {"seconds": seconds})))["seconds"]
    assert 0 <= found < 1e9


def test_an_answer_after_the_budget_is_not_run():
    budget, request = Budget(10.0), {"student": "a", "task": "1.2", "answers": {"x": "1"}}
    budget.take("a", 9.0)
    assert budget.prepare(request) is request
    budget.take("a", 2.0)
    assert budget.prepare(request)["answers"] == {"x": ""}
    assert budget.over == {("a", "1.2")}
    assert budget.prepare(request | {"student": "b"})["answers"] == {"x": "1"}
    assert "10 seconds" in budget.mark("a", "1.2")["words"]


def test_what_was_judged_before_an_interrupt_is_kept(monkeypatch):
    kept = []

    def judge(lesson, asked, slot, stop):
        for request in asked:
            yield right(request)
            if len(kept) == 2:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
                stop.wait(10)
                return

    with pytest.raises(Stopped):
        judge_all([(LESSON, requests("a", "b"))], judge, kept.append, 2)
    assert len(kept) == 2


def test_an_interrupt_waits_until_each_judge_has_cleared_up():
    cleared, both = [], threading.Barrier(2, timeout=60)

    def judge(lesson, asked, slot, stop):
        try:
            both.wait()  # what has not begun has nothing to clear up
            if slot == 0:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            stop.wait(10)
            yield from ()
        finally:
            time.sleep(0.3)  # a folder, a process
            cleared.append(slot)

    with pytest.raises(Stopped):
        judge_all([(LESSON, requests("a"))] * 2, judge, print, 2)
    assert sorted(cleared) == [0, 1]


def test_what_keeping_raises_ends_all_judges():
    def judge(lesson, asked, slot, stop):
        for request in asked:
            if stop.wait(0.01):
                return
            yield right(request)

    def full(result):
        raise OSError(28, "No space left on device")

    begin = time.monotonic()
    with pytest.raises(OSError, match="No space left"):
        judge_all([(LESSON, requests(*"abcdefgh"))] * 4, judge, full, 2)
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(("took", "budget", "allowed"), [(1.0, 300.0, 300.0), (40.0, 300.0, 600.0)])
def test_on_a_slow_machine_the_budget_grows_with_the_solutions(took, budget, allowed, tmp_path):
    lesson = Lesson("01", tasks=[Task(number, "", "") for number in TASKS])

    def judge(lesson, asked, *rest):
        return (right(request) | {"seconds": took} for request in asked)

    own = [request | {"earlier": []} for request in requests("the lesson")]
    panel = Panel(Store(tmp_path / "judged.json"), Limits(), judge, 1, budget)
    panel.try_solutions([(lesson, own)])
    assert panel.seconds == allowed
    panel.seconds = 2.0
    with pytest.raises(NotGraded, match="--budget"):
        panel.try_solutions([(lesson, own)])


SAID = "x = 1"
LAID_OUT = "# mine\nx = (\n    1\n)\n"  # the same program
EARLIER = [["answer-1-0", "y = 2"]]


def answer(student: str, source: str, earlier: list | None = None) -> dict:
    return {"student": student, "task": "1.1", "answers": {"a": source}, "earlier": earlier or []}


@pytest.mark.parametrize(
    ("found", "judged"),
    [
        ({"alone": True}, ["a"]),  # one settles it for all who say the same
        ({}, ["a", "b", "c"]),  # right with the student's own earlier answers
        ({"alone": True, "unusual": ["line 1 of a: it uses os"]}, ["a", "b", "c"]),
        ({"alone": True, "outcome": "wrong", "words": "in line 1"}, ["a", "b", "c"]),
        ({"alone": True, "outcome": "stopped"}, ["a", "b", "c"]),
        ({"alone": True, "outcome": "error"}, ["a", "b", "c"]),
    ],
)
def test_what_is_right_by_itself_is_judged_once(found, judged, tmp_path):
    lesson, asked = Lesson("01", tasks=[Task("1.1", "", "")]), []

    def judge(lesson, requests, *rest):
        asked.extend(request["student"] for request in requests)
        return ({"unusual": [], **right(request), **found} for request in requests)

    panel = Panel(Store(tmp_path / "judged.json"), Limits(), judge, 1, 300.0)
    sent = [answer("a", SAID), answer("b", LAID_OUT, EARLIER), answer("c", LAID_OUT)]
    outcome = found.get("outcome", "right")
    verdicts = panel.verdicts([(lesson, sent)])
    assert {whose: one["outcome"] for whose, one in verdicts.items()} == {
        (student, "1.1"): outcome for student in "abc"
    }
    assert asked == judged
    asked.clear()
    panel.verdicts([(lesson, [answer("d", "x  =  1")])])
    assert asked == ([] if judged == ["a"] else ["d"])  # nor in a later run


@pytest.mark.parametrize(
    "other",
    [
        "x = 2",
        "y = 1",
        "x = 1.0",
        "x = '1'",
        "%time x = 1",
        "x = 1; x",
        "x = (",
        "\x00",
        "(" * 5000,
    ],
)
def test_what_says_something_else_is_judged_itself(other, tmp_path):
    lesson, asked = Lesson("01", tasks=[Task("1.1", "", "")]), []

    def judge(lesson, requests, *rest):
        asked.extend(request["student"] for request in requests)
        return (right(request) | {"alone": True} for request in requests)

    panel = Panel(Store(tmp_path / "judged.json"), Limits(), judge, 1, 300.0)
    panel.verdicts([(lesson, [answer("a", SAID), answer("b", other)])])
    assert asked == ["a", "b"]


def test_who_is_judged_anew_is_judged_whoever_else_was_right(tmp_path):
    lesson, asked = Lesson("01", tasks=[Task("1.1", "", "")]), []

    def judge(lesson, requests, *rest):
        asked.extend(request["student"] for request in requests)
        return (right(request) | {"alone": True} for request in requests)

    panel = Panel(Store(tmp_path / "judged.json"), Limits(), judge, 1, 300.0)
    panel.verdicts([(lesson, [answer("a", SAID)])])
    panel.verdicts([(lesson, [answer("b", SAID), answer("c", SAID)])], anew=True)
    assert asked == ["a", "b", "c"]


@pytest.mark.parametrize("order", [("right", "wrong"), ("wrong", "right"), ("right", "stopped")])
def test_a_verdict_that_is_asked_for_anew_replaces_the_former(order, tmp_path):
    lesson, outcomes = Lesson("01", tasks=[Task("1.1", "", "")]), list(order)

    def judge(lesson, requests, *rest):
        found = {"outcome": outcomes.pop(0), "alone": True}
        return (right(request) | found for request in requests)

    panel = Panel(Store(tmp_path / "judged.json"), Limits(), judge, 1, 300.0)
    panel.verdicts([(lesson, [answer("a", SAID)])])
    panel.verdicts([(lesson, [answer("a", SAID)])], anew=True)
    later = panel.verdicts([(lesson, [answer("a", SAID)])])
    assert later["a", "1.1"]["outcome"] == order[1] and outcomes == []
