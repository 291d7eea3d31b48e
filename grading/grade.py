"""``make grade SUBMISSIONS=folder``: points and feedback for everything that was handed in.

    folder/<student>/*.ipynb            or nbgrader's own layout, folder/<student>/cnn/*.ipynb

What comes out lies in the course folder, ``build/release``:

    grades.csv                          a row for each student
    feedback/<student>/cnn/index.html   a page for each student
    autograded/<student>/cnn/*.ipynb    the notebooks as they were graded, for nbgrader's formgrader
    gradebook.db                        nbgrader's own book

The submissions are only read. Grading again gives the same, and replaces these files.
"""

import argparse
import os
import queue
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from authoring.lesson import Lesson, Task
from grading import controls
from grading import engines as sandbox
from grading.assignment import ASSIGNMENT, NotGraded, lessons_in, stubs_in
from grading.feedback import page, table, write_whole
from grading.gradebook import write_gradebook, write_notebooks
from grading.marks import Mark, Result
from grading.release import COURSE
from grading.sandbox.protocol import Limits
from grading.submissions import Submission, read_all
from helpers.threads import available_cores


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
) -> Iterator[dict]:
    """What the sandbox says to ``requests``. Raises ``NotGraded`` if the lesson itself fails."""
    with sandbox.judge(lesson, requests, limits, slot, stop=stop) as results:
        for result in results:
            if result["student"] is not None:
                yield result
            elif result["outcome"] != "right":
                raise NotGraded(
                    f"Nothing was graded: in {lesson.name}, the lesson's own answer to task "
                    f"{result['task']} does not pass ({result['words']}) Mend it, then make the "
                    "release anew."
                )


def judge_all(jobs: list[tuple[Lesson, list[dict]]], limits: Limits, workers: int) -> list[dict]:
    """The results of all jobs, ``workers`` sandboxes at a time; raises what one of them raises."""
    waiting: queue.Queue = queue.Queue()
    for job in jobs:
        waiting.put(job)
    found: list[dict] = []
    failed: list[BaseException] = []
    stop = threading.Event()
    answers = sum(len(requests) for _, requests in jobs)
    # Where nobody watches, in a log, there is no bar (disable=None).
    progress = tqdm(total=answers, desc="Judging", unit=" answers", disable=None, leave=False)

    def work(slot: int) -> None:
        try:
            while not stop.is_set():
                lesson, requests = waiting.get_nowait()
                for result in judged(lesson, requests, limits, slot, stop):
                    found.append(result)
                    progress.update()
        except queue.Empty:
            return
        except BaseException as error:
            failed.append(error)
            stop.set()

    slots = range(min(workers, len(jobs)))
    threads = [threading.Thread(target=work, args=(slot,)) for slot in slots]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        raise NotGraded(
            "Stopped, and nothing was written: what an earlier run wrote is as it was."
        ) from None
    finally:  # the sandboxes end at once, and with them the threads
        stop.set()
        for thread in threads:
            thread.join()
        progress.close()
    if failed:
        raise failed[0]
    return found


def grade(
    submissions: Path, course: Path = COURSE, limits: Limits | None = None, workers: int = 0
) -> list[Result]:
    """Grade everything in the folder ``submissions``; returns the results, and writes them.

    Raises ``NotGraded``, or ``sandbox.NoSandbox``, with a sentence.
    """
    sandbox.engine()  # without one, nothing else is worth a try
    lessons, stubs = lessons_in(course), stubs_in(course)
    if not submissions.is_dir():
        raise NotGraded(f"There is no folder {submissions}: name one with a folder a student.")
    sent = read_all(submissions, lessons)
    if not sent:
        raise NotGraded(f"In {submissions} there is no student's folder.")
    jobs = []
    for lesson in lessons:
        requests = [
            request_for(lesson, task, submission, stubs)
            for submission in sent
            for task in lesson.tasks
        ]
        asked = [r for r in requests if not is_open(r["answers"], stubs)]
        if asked:
            jobs.append((lesson, asked))
    jobs.sort(key=lambda job: -len(job[1]))
    said = judge_all(jobs, limits or Limits(), workers or available_cores())
    by_answer = {(result["student"], result["task"]): result for result in said}
    results = [result_of(submission, lessons, stubs, by_answer) for submission in sent]
    for result in results:
        write_notebooks(result, lessons, course)
        folder = course / "feedback" / result.submission.student / ASSIGNMENT
        write_whole(folder / "index.html", page(result))
    write_gradebook(results, course)
    write_whole(course / "grades.csv", table(results))
    return results


def result_of(
    submission: Submission, lessons: list[Lesson], stubs: dict[str, str], said: dict
) -> Result:
    """The marks of a student."""
    result = Result(submission)
    for lesson in lessons:
        result.marks[lesson.name] = []
        for task in lesson.tasks:
            answers = answers_to(task, submission.answers[lesson.name], stubs)
            found = said.get((submission.student, task.number))
            if found is None:
                found = {"outcome": "blank", "words": "the blank is as it was handed out."}
            result.seconds += found.get("seconds", 0.0)
            answer = "\n\n".join(answers.values())
            result.marks[lesson.name].append(Mark(task, found["outcome"], found["words"], answer))
    return result


def summary(results: list[Result], seconds: float) -> str:
    """How many, how good and how fast."""
    times = sorted(result.seconds for result in results)
    late = times[min(len(times) - 1, int(0.95 * len(times)))]
    points = [result.total for result in results]
    odd = sum(bool(result.remarks()) for result in results)
    voluntary = sum(mark.task.points for mark in results[0].all_marks() if mark.task.bonus)
    return (
        f"{len(results)} submissions in {seconds:.0f} s: {60 * len(results) / seconds:.0f} a "
        f"minute. Judging one took {statistics.median(times):.1f} s (median), "
        f"{late:.1f} s (95th percentile).\nPoints: {min(points)} to {max(points)} of "
        f"{results[0].reachable} and {voluntary} voluntary, median {statistics.median(points):g}. "
        f"{odd} with remarks."
    )


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description="Grade a folder of submissions.")
    parser.add_argument("submissions", type=Path, help="with a folder for each student")
    parser.add_argument("--course", type=Path, default=COURSE, help="what make release made")
    parser.add_argument("--workers", type=int, default=0, help="sandboxes at a time")
    parser.add_argument("--seconds", type=int, default=Limits.cpu_seconds, help="for one answer")
    options = parser.parse_args(arguments)
    limits = replace(Limits(), cpu_seconds=options.seconds, wall_seconds=3.0 * options.seconds)
    begin = time.monotonic()
    try:
        results = grade(options.submissions, options.course, limits, options.workers)
    except (NotGraded, sandbox.NoSandbox) as error:
        print(error, file=sys.stderr)
        return 1
    print(summary(results, time.monotonic() - begin))
    print(f"Points: {options.course / 'grades.csv'}\nPages:  {options.course / 'feedback'}{os.sep}")
    undecided = sum(mark.outcome == "error" for r in results for mark in r.all_marks())
    if undecided:
        print(f"{undecided} answers could not be judged (see the remarks). Grade again.")
    return 1 if undecided else 0


if __name__ == "__main__":
    sys.exit(main())
