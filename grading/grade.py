"""``make grade SUBMISSIONS=folder``: points and feedback for everything that was handed in.

    folder/<student>/*.ipynb            or nbgrader's own layout, folder/<student>/cnn/*.ipynb

What comes out lies in the course folder, ``build/release``:

    grades.csv                          a row for each student
    grades_moodle.csv, grades_canvas.csv    with ROSTER=roster.csv: what these import
    class.html                          the class at a glance
    feedback/<student>/cnn/index.html   a page for each student
    autograded/<student>/cnn/*.ipynb    the notebooks as they were graded, for nbgrader's formgrader
    gradebook.db                        nbgrader's own book
    judged.json, results.json           what was judged so far, so that nothing is judged twice

The submissions are only read. Grading again gives the same, and replaces these files.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from authoring.lesson import Lesson, Task
from grading import controls
from grading import engines as sandbox
from grading.assignment import ASSIGNMENT, NotGraded, lessons_in, stubs_in
from grading.class_page import class_page
from grading.feedback import guard, summary, write_pages, write_whole
from grading.folders import chosen, named
from grading.gradebook import read_entered, remove_withdrawn, write_gradebook, write_notebooks
from grading.judging import Stopped
from grading.marks import Mark, Result
from grading.release import COURSE
from grading.resume import Store, former_results, save_results
from grading.roster import read_roster, write_tables
from grading.sandbox.protocol import Limits
from grading.submissions import Submission, read_all
from grading.verdicts import Panel
from helpers.threads import available_cores

BUDGET = 300.0  # seconds for all answers of one student; the solutions take a tenth of it
KEPT = (
    "What was judged so far is kept: make grade again goes on from there. The tables and pages "
    "that are there may be those of an earlier run."
)


def answers_to(task: Task, sent: dict[str, str], stubs: dict[str, str]) -> dict[str, str]:
    """The cells of ``task`` as sent; where one is missing, as it was handed out."""
    return {blank.id: sent.get(blank.id, stubs[blank.id]) for blank in task.blanks}


def is_open(answers: dict[str, str], stubs: dict[str, str]) -> bool:
    """Whether nothing was filled in."""
    return all(source.strip() in (stubs[id].strip(), "") for id, source in answers.items())


def request_for(lesson: Lesson, task: Task, submission: Submission, stubs: dict[str, str]) -> dict:
    """What the judge is told: the answers to ``task``, and those to earlier tasks."""
    sent = submission.answers[lesson.name]
    own = answers_to(task, sent, stubs)
    before = lesson.tasks[: lesson.tasks.index(task)]
    earlier = [
        [id, source]
        for other in before
        for id, source in answers_to(other, sent, stubs).items()
        if source.strip() != stubs[id].strip()
    ]
    return {
        "student": submission.student,
        "task": task.number,
        "answers": own,
        "earlier": earlier,
        **controls.drawn_for(task),
    }


def judged(
    lesson: Lesson,
    requests: list[dict],
    limits: Limits,
    slot: int = 0,
    stop: threading.Event | None = None,
    prepare: Callable[[dict], dict] | None = None,
) -> Iterator[dict]:
    """What the sandbox says to ``requests``. Raises ``NotGraded`` if the lesson itself fails."""
    with sandbox.judge(lesson, requests, limits, slot, stop=stop, prepare=prepare) as results:
        for result in results:
            if result["student"] is not None:
                yield result
            elif result["outcome"] != "right":
                raise NotGraded(
                    f"Nothing was graded: in {lesson.name}, the lesson's own answer to task "
                    f"{result['task']} does not pass ({result['words']}) Mend it, then make the "
                    "release anew."
                )


def own_requests(lesson: Lesson, stubs: dict[str, str]) -> list[dict]:
    """What the judge would be told if the solutions of ``lesson`` were a student's."""
    steps = [step for task in lesson.tasks for step in task.blanks]
    own = Submission("the lesson", {lesson.name: {step.id: step.source for step in steps}})
    return [request_for(lesson, task, own, stubs) for task in lesson.tasks]


def requests_of(
    lesson: Lesson, sent: list[Submission], stubs: dict[str, str], failed: dict[str, str]
) -> list[dict]:
    """The requests to judge ``lesson``; who sent what cannot be looked at is put in ``failed``."""
    asked = []
    for submission in sent:
        try:
            asked += [
                request
                for request in (
                    request_for(lesson, task, submission, stubs) for task in lesson.tasks
                )
                if not is_open(request["answers"], stubs)
            ]
        except Exception as error:
            failed[submission.student] = f"it could not be looked at ({error!r})."
    return asked


def grade(
    submissions: Path,
    course: Path = COURSE,
    limits: Limits | None = None,
    workers: int = 0,
    only: Sequence[str] = (),
    roster: Path | None = None,
    seconds: float = BUDGET,
    separator: str = ",",
    with_names: bool = False,
) -> list[Result]:
    """Grade everything in the folder ``submissions``; returns the results, and writes them.

    With names in ``only``, these are judged again, and all others keep what they have. Raises
    ``NotGraded``, or ``sandbox.NoSandbox``, with a sentence, ``Stopped`` or ``OSError``.
    """
    sandbox.engine()  # without one, nothing else is worth a try
    limits, workers = limits or Limits(), workers or available_cores()
    lessons, stubs = lessons_in(course), stubs_in(course)
    people = read_roster(roster) if roster else None
    if not submissions.is_dir():
        raise NotGraded(f"There is no folder {submissions}: name one with a folder a student.")
    store = Store(course / "judged.json")
    store.save()  # now, and not after an hour, it shows whether there is room
    everybody = read_all(submissions, lessons, stubs)
    sent = chosen(named(everybody), only)
    if not sent:
        said = [f"In {submissions} there is nothing of which it is told whose it is."]
        raise NotGraded("\n  ".join([*said, *everybody.unread]))
    failed: dict[str, str] = {}
    asked = [(lesson, requests_of(lesson, sent, stubs, failed)) for lesson in lessons]
    asked = [job for job in asked if job[1]]
    panel = Panel(store, limits, judged, workers, seconds)
    panel.try_solutions([(lesson, own_requests(lesson, stubs)) for lesson, _ in asked])
    said = panel.verdicts(asked, anew=bool(only))
    new = [result_of(submission, lessons, stubs, said, failed) for submission in sent]
    names = {result.submission.student for result in new}
    kept = former_results(course / "results.json", lessons) if only else []
    results = [*new, *(one for one in kept if one.submission.student not in names)]
    results.sort(key=lambda result: result.submission.student)
    write(results, new, lessons, course)
    if not only:
        gone = remove_withdrawn(names, course)
        if gone:
            print(f"No longer there, and taken out of all results: {', '.join(gone)}.")
    missing = write_tables(results, course, people, separator)
    if missing:
        print(missing)
    write_whole(course / "class.html", class_page(results, with_names))
    if everybody.unread:
        print("\n  ".join(["Not read:", *everybody.unread]))
    save_results(results, course / "results.json")
    store.save(only_used=not only)
    return results


def write(results: list[Result], new: list[Result], lessons: list[Lesson], course: Path) -> None:
    """Write the gradebook, take over what a person entered there, and write what is to be read."""
    write_gradebook(new, course)
    read_entered(results, course)
    for result in new:
        with guard(result, "the graded notebooks"):
            write_notebooks(result, lessons, course)
    write_pages(results, course, ASSIGNMENT)


def result_of(
    submission: Submission,
    lessons: list[Lesson],
    stubs: dict[str, str],
    said: dict,
    failed: dict[str, str],
) -> Result:
    """The marks of a student."""
    result, trouble = Result(submission), failed.get(submission.student)
    for lesson in lessons:
        result.marks[lesson.name] = []
        for task in lesson.tasks:
            sent = {} if trouble else submission.answers.get(lesson.name, {})
            answers = answers_to(task, sent, stubs)
            found = said.get((submission.student, task.number))
            if trouble:
                found = {"outcome": "error", "words": trouble}
            if found is None:
                found = {"outcome": "blank", "words": "the blank is as it was handed out."}
            result.seconds += found.get("seconds", 0.0)
            answer = "\n\n".join(answers.values())
            mark = Mark(task, found["outcome"], found["words"], answer, found.get("unusual", []))
            result.marks[lesson.name].append(mark)
    return result


def interrupted(signum: int, frame: object) -> None:
    """Let a request to end, or a terminal that was closed, be as good as Ctrl-C."""
    raise KeyboardInterrupt


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """What the command was told."""
    parser = argparse.ArgumentParser(description="Grade a folder of submissions.")
    parser.add_argument("submissions", type=Path, help="with a folder for each student")
    parser.add_argument("--course", type=Path, default=COURSE, help="what make release made")
    parser.add_argument("--only", default="", help="judge these anew: a name, or several with ,")
    parser.add_argument("--roster", type=Path, help="a table with names, ids and e-mails")
    parser.add_argument("--separator", default=",", help='of grades.csv: ";" for a German Excel')
    parser.add_argument("--names", action="store_true", help="also on the page of the class")
    parser.add_argument("--workers", type=int, default=0, help="sandboxes at a time")
    parser.add_argument("--seconds", type=int, default=Limits.cpu_seconds, help="for one answer")
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds for one submission")
    options = parser.parse_args(arguments)
    if len(options.separator) != 1:
        parser.error("--separator takes one sign, such as ; or ,")
    return options


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    options = parsed(arguments)
    limits = replace(Limits(), cpu_seconds=options.seconds, wall_seconds=3.0 * options.seconds)
    only = [name.strip() for name in options.only.split(",") if name.strip()]
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
            signal.signal(getattr(signal, name), interrupted)
    if hasattr(sys.stdout, "reconfigure"):  # any name can be said, on any terminal
        sys.stdout.reconfigure(errors="backslashreplace")
    begin = time.monotonic()
    try:
        if min(options.seconds, options.budget) <= 0:
            raise NotGraded(
                "Nothing was graded: no answer is done in no time. Allow more, with --seconds and "
                "--budget."
            )
        results = grade(
            options.submissions, options.course, limits, options.workers, only, options.roster,
            options.budget, options.separator, options.names,
        )  # fmt: skip
    except (NotGraded, sandbox.NoSandbox) as error:
        print(error, file=sys.stderr)
        return 1
    except (Stopped, KeyboardInterrupt):
        print(f"Stopped. {KEPT}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"Stopped: {error.strerror or error}{where}. {KEPT}", file=sys.stderr)
        return 1
    print(summary(results, time.monotonic() - begin))
    print(f"Points: {options.course / 'grades.csv'}\nPages:  {options.course / 'feedback'}{os.sep}")
    print(f"Class:  {options.course / 'class.html'}")
    undecided = sum(mark.undecided for r in results for mark in r.all_marks())
    if undecided:
        print(f"{undecided} answers could not be judged (see the remarks). Grade again.")
    return 1 if undecided else 0


if __name__ == "__main__":
    sys.exit(main())
