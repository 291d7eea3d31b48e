"""A lecturer's day: interrupted, the disk full, one student again, one gone, points by hand."""

import csv
import errno
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grading import grade as grading
from grading import release as releasing
from grading.gradebook import gradebook
from grading.release import release
from grading.sandbox.protocol import Limits
from helpers import files
from tests.grading.students import OUTSIDE, SOLUTIONS, Desk

LIMITS = Limits(cpu_seconds=8, wall_seconds=24.0)  # as --seconds 8 makes them
ODD = "50% done? #1 übung"  # signs that mean something in the address of a database


@pytest.fixture(scope="module")
def small(boxed, course, tmp_path_factory):
    """A course of notebook 2 alone, in a folder with an odd name, and a class of five."""
    folder = tmp_path_factory.mktemp("day") / ODD
    shutil.copytree(course, folder)
    for path in [*folder.glob("source/cnn/*.ipynb"), *folder.glob("release/cnn/*.ipynb")]:
        if not path.name.startswith("02"):
            path.unlink()
    desk = Desk(folder, folder.parent / "My Submissions")
    desk.folder.mkdir()
    desk.send("ada", signed(desk, "ada"))
    desk.send("bob", signed(desk, "bob", {"answer-2-1": "predicted_shape = '\ud83d'"}))
    desk.send("M\udc81ller", signed(desk, "Müller"))
    desk.send("open", desk.released("02"))
    desk.send("gone", signed(desk, "gone"))
    return desk


def signed(desk: Desk, student: str, answers: dict[str, str] | None = None) -> dict:
    """A right notebook 2 unless ``answers`` say otherwise, in which no answer is anybody else's."""
    own = {id: f"{source}\nwho = {student!r}" for id, source in desk.right.items()}
    return desk.filled("02", own | (answers or {}))


@pytest.fixture
def judged(monkeypatch):
    """The answers that judges are asked about from now on."""
    asked, judge = [], grading.judged

    def counting(lesson, requests, *rest):
        asked.extend((request["student"], request["task"]) for request in requests)
        yield from judge(lesson, requests, *rest)

    monkeypatch.setattr(grading, "judged", counting)
    return asked


def totals(course: Path) -> dict[str, str]:
    with (course / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row["total"] for row in csv.DictReader(file)}


ALL = {"Müller": "4", "ada": "4", "bob": "3", "gone": "4", "open": "0"}


def command(desk: Desk, *more: str) -> list[str]:
    where = ["--course", str(desk.course), "--workers", "1", "--seconds", "8"]
    return [sys.executable, "-m", "grading.grade", *where, *more, str(desk.folder)]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_run_that_is_ended_says_so_and_the_next_goes_on(name, small):
    store = small.course / "judged.json"
    store.unlink(missing_ok=True)
    code = "from grading import grade, resume; resume.EVERY = 0; raise SystemExit(grade.main())"
    run = [sys.executable, "-c", code, *command(small)[3:]]
    with subprocess.Popen(run, env=OUTSIDE, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 100
        while time.monotonic() < end and process.poll() is None:
            if store.exists() and len(json.loads(store.read_text())) >= 5:
                break
            time.sleep(0.05)
        process.send_signal(getattr(signal, name))
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert "Stopped. What was judged so far is kept: make grade again goes on from there" in said
    assert "Traceback" not in said
    assert 4 <= len(json.loads(store.read_text())) < 4 + 16
    assert not (small.course / "grades.csv").exists()


def test_the_next_run_judges_the_rest_and_a_third_nothing(small, judged):
    """Comes after the one that was ended."""
    before = len(json.loads((small.course / "judged.json").read_text()))
    grading.grade(small.folder, small.course, LIMITS)
    assert totals(small.course) == ALL
    assert 0 < len(judged) < 4 + 16 or before == 0
    judged.clear()
    grading.grade(small.folder, small.course, LIMITS)
    assert totals(small.course) == ALL and judged == []


def test_who_is_named_is_judged_again_and_the_others_are_kept(small, judged):
    shutil.rmtree(small.folder / "open")  # not looked at, as only ada is named
    grading.grade(small.folder, small.course, LIMITS, only=["ADA"])
    assert {student for student, _ in judged} == {"ada"}
    assert totals(small.course) == ALL
    small.send("open", small.released("02"))


def test_what_a_person_entered_reaches_table_and_page_without_judging(small, judged):
    with gradebook(small.course) as book:
        grade = book.find_grade("check-2-1", "02_pooling", "cnn", "bob")
        grade.manual_score = 0.5
        grade.extra_credit = 0.25
        book.db.commit()
    grading.grade(small.folder, small.course, LIMITS)
    assert judged == []
    assert totals(small.course) == ALL | {"bob": "3.75"}
    page = small.course / "feedback" / "bob" / "cnn" / "index.html"
    assert "3.75 of 4 points" in page.read_text(encoding="utf-8")
    grading.grade(small.folder, small.course, LIMITS, only=["bob"])
    assert totals(small.course)["bob"] == "3.75"


def test_who_withdrew_disappears_everywhere(small, capsys):
    shutil.move(small.folder / "gone", small.folder.parent / "gone")
    grading.grade(small.folder, small.course, LIMITS)
    assert "No longer there, and taken out of all results: gone." in capsys.readouterr().out
    assert "gone" not in totals(small.course)
    for kind in ("feedback", "autograded"):
        assert "gone" not in {path.name for path in (small.course / kind).iterdir()}
    with gradebook(small.course) as book:
        assert "gone" not in {student.id for student in book.students}
        assert {one.student_id for one in book.assignment_submissions("cnn")} == ALL.keys() - {
            "gone"
        }
    assert "gone" not in (small.course / "results.json").read_text()
    shutil.move(small.folder.parent / "gone", small.folder / "gone")
    grading.grade(small.folder, small.course, LIMITS)
    assert totals(small.course)["gone"] == "4"


@pytest.mark.parametrize("text", ["{", "[1]", '{"x": {"outcome": "splendid"}}', "\x00" * 99])
def test_a_damaged_store_is_ignored_with_a_word(text, small, capsys, monkeypatch):
    kept = (small.course / "judged.json").read_text()
    known = json.loads(kept)
    (small.course / "judged.json").write_text(text)
    monkeypatch.setattr(grading, "judged", lambda lesson, asked, *rest: iter(map(right, asked)))
    results = grading.grade(small.folder, small.course, LIMITS)
    said = capsys.readouterr().err
    assert ("judged again" in said) == (not text.startswith('{"x"'))
    assert {r.total for r in results if r.submission.student != "bob"} == {0, 4}
    assert known.keys() == json.loads((small.course / "judged.json").read_text()).keys()
    (small.course / "judged.json").write_text(kept)


def right(request: dict) -> dict:
    """As it was judged: all is right by itself, but for bob's first answer."""
    whose = {key: request[key] for key in ("student", "task")}
    outcome = "wrong" if whose == {"student": "bob", "task": "2.1"} else "right"
    return whose | {"outcome": outcome, "words": "", "seconds": 0.1, "alone": True}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("name", ["judged.json", "index.html", "grades.csv"])
def test_a_disk_that_takes_no_more_ends_it_with_a_sentence(name, code, small, capsys, monkeypatch):
    before, replace = totals(small.course), files.os.replace

    def full(source, target):
        if Path(target).name == name:
            raise OSError(code, "No room")
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", full)
    assert grading.main(command(small)[3:]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Stopped: No room") and "What was judged so far is kept" in said
    assert totals(small.course) == before


def test_a_page_that_cannot_be_written_is_one_students_trouble(small):
    folder = small.course / "feedback" / "ada"
    shutil.rmtree(folder)
    folder.write_text("in the way")
    results = grading.grade(small.folder, small.course, LIMITS)
    remarks = {r.submission.student: r.submission.remarks for r in results}
    assert any("the page could not be written" in remark for remark in remarks["ada"])
    assert not any("written" in remark for remark in remarks["bob"])
    assert totals(small.course)["ada"] == "4"
    folder.unlink()


def test_a_submission_that_cannot_be_looked_at_is_open_and_the_others_count(small, monkeypatch):
    request = grading.request_for

    def failing(lesson, task, submission, stubs):
        if submission.student == "bob":
            raise RecursionError("too deep")
        return request(lesson, task, submission, stubs)

    monkeypatch.setattr(grading, "request_for", failing)
    results = {r.submission.student: r for r in grading.grade(small.folder, small.course, LIMITS)}
    assert {mark.outcome for mark in results["bob"].all_marks()} == {"error"}
    assert "too deep" in " ".join(results["bob"].remarks())
    assert results["ada"].total == 4


def test_a_damaged_gradebook_is_named_and_what_to_do(small, capsys):
    book = small.course / "gradebook.db"
    kept = book.read_bytes()
    book.write_bytes(b"no database" * 1000)
    assert grading.main(command(small)[3:]) == 1
    assert "The gradebook could not be used (file is not a database)" in capsys.readouterr().err
    book.write_bytes(kept)


@pytest.mark.parametrize("more", [("--seconds", "0"), ("--seconds", "-1"), ("--budget", "0")])
def test_no_time_at_all_is_refused(more, small, capsys):
    before = (small.course / "grades.csv").read_bytes()
    assert grading.main([*command(small)[3:], *more]) == 1
    assert "no answer is done in no time" in capsys.readouterr().err
    assert (small.course / "grades.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("limits", "budget", "sentence"),
    [
        (Limits(memory=2**20), 300.0, r"own answer to task 2\.\d"),
        (Limits(wall_seconds=0.01), 300.0, "with 20 seconds for an answer"),
        (LIMITS, 0.1, "--budget"),
    ],
)
def test_limits_that_fail_the_solutions_fail_nobody_else(limits, budget, sentence, small, judged):
    before = (small.course / "grades.csv").read_bytes()
    with pytest.raises(grading.NotGraded, match=sentence):
        grading.grade(small.folder, small.course, limits, seconds=budget)
    assert {student for student, _ in judged} <= {"the lesson"}
    assert (small.course / "grades.csv").read_bytes() == before


def test_other_limits_and_other_lessons_are_judged_anew(small, judged, monkeypatch):
    monkeypatch.setattr(grading.sandbox, "judge", None)
    monkeypatch.setattr(
        grading,
        "judged",
        lambda lesson, asked, *rest: (judged.append(r) or right(r) for r in asked),
    )
    grading.grade(small.folder, small.course, Limits(cpu_seconds=9))
    assert len(judged) == 4 + 16
    judged.clear()
    lessons = grading.lessons_in(small.course)
    lessons[0].tasks[0].checks[0].source += "\n"
    monkeypatch.setattr(grading, "lessons_in", lambda course: lessons)
    grading.grade(small.folder, small.course, Limits(cpu_seconds=9))
    assert len(judged) == 4 + 16


@pytest.mark.parametrize("step", ["generate", "same_lesson", "swap"])
def test_a_release_that_is_broken_off_leaves_the_former_one(step, small, monkeypatch, tmp_path):
    course = tmp_path / ODD
    shutil.copytree(small.course, course)
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}

    def broken(*arguments):
        raise KeyboardInterrupt

    if step == "swap":  # in the middle of it
        rename, done = Path.rename, []

        def failing(self, target):
            done.append(self)
            if len(done) == 4:
                raise OSError(errno.ENOSPC, "No room")
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", failing)
    else:
        monkeypatch.setattr(releasing, step, broken)
    with pytest.raises((KeyboardInterrupt, OSError)):
        release(course=course)
    after = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    assert after == before
    monkeypatch.undo()
    release(course=course)
    assert len(list(course.glob("source/cnn/*.ipynb"))) == len(SOLUTIONS)
    assert totals(course) and not list(course.glob(".*"))
    with gradebook(course) as book:
        assert book.find_submission("cnn", "ada").score == 4


@pytest.mark.parametrize("value", ["My Submissions", "a'b", 'a"b', "a;b", "a `b` (c)", "50%? #ü"])
def test_make_hands_paths_and_names_on_as_they_are(value, tmp_path):
    """The recipe of the Makefile, with a program in the place of Python that shows its words."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    words = [f"SUBMISSIONS={value}", f"ONLY={value}", f"ROSTER={value}", f"RUN={python} -m"]
    done = subprocess.run(
        ["make", "-s", "-o", ".venv/dev", "grade", *words],
        cwd=grading.COURSE.parents[1],
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        "-m", "grading.grade", value, f"--only={value}", f"--roster={value}",
    ]  # fmt: skip
