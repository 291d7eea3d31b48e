"""All answers of a class through as many judges at a time as there are cores.

A judge that dies costs nobody a mark: what it had not judged yet goes to a new one, and the answers
that were in it then are tried alone. One with which a judge dies alone is marked as not graded.
Each student has a budget of time; whoever has spent it gets nothing run any more.
"""

import functools
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from tqdm import tqdm

from authoring.lesson import Lesson
from grading.engines import JudgeEnded
from grading.marks import OUTCOMES
from grading.sandbox.protocol import AT_ONCE

DEATHS = 10  # of judges in a row, without a verdict between them: then it is not the answers
Job = tuple[Lesson, list[dict]]


class Stopped(Exception):
    """Somebody ended the grading before its end; all sandboxes are gone."""


@dataclass
class Budget:
    """How long all answers of one student may run, and how long those of each have."""

    seconds: float
    spent: dict[str, float] = field(default_factory=dict)
    over: set[tuple[str, str]] = field(default_factory=set)  # answers that came too late
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, student: str, seconds: float) -> None:
        """Note that an answer of ``student`` ran for ``seconds``."""
        with self.lock:
            self.spent[student] = self.spent.get(student, 0.0) + seconds

    def used_up(self, student: str) -> bool:
        """Whether nothing is left for ``student``."""
        return self.spent.get(student, 0.0) >= self.seconds

    def prepare(self, request: dict) -> dict:
        """``request``, or, where the time is used up, one that has nothing to run."""
        if not self.used_up(request["student"]):
            return request
        self.over.add((request["student"], request["task"]))
        return request | {"answers": dict.fromkeys(request["answers"], ""), "earlier": []}

    def mark(self, student: str, task: str) -> dict:
        """What an answer gets that was not run any more."""
        words = (
            f"was not run: the {self.seconds:g} seconds that all answers of one submission have "
            "together were used up by others."
        )
        return {"student": student, "task": task, "outcome": "stopped", "words": words}


def ordered(lesson: Lesson, requests: list[dict]) -> list[dict]:
    """``requests`` as a judge takes them, task after task."""
    place = {task.number: number for number, task in enumerate(lesson.tasks)}
    return sorted(requests, key=lambda request: place[request["task"]])


def results_of(
    job: Job, judge: Callable[[Lesson, list[dict]], Iterator[dict]], going: Callable[[], bool]
) -> Iterator[dict]:
    """The results of a job, each request's exactly once, however often ``judge`` dies."""
    lesson, requests = job
    groups, deaths = [ordered(lesson, requests)], 0
    while groups and going():
        left = {(r["student"], r["task"]): r for r in groups.pop(0)}
        alone = next(iter(left)) if len(left) == 1 else None
        try:
            for result in judge(lesson, list(left.values())):
                if left.pop((result["student"], result["task"]), None) is None:
                    raise JudgeEnded("the sandbox of the grader answered what nobody had asked.")
                deaths = 0
                yield known(result)
            if left and going():
                raise JudgeEnded("the sandbox of the grader left answers out.")
        except JudgeEnded as error:
            if not going():
                return
            deaths += 1
            waiting = list(left.values())
            if alone and waiting:
                yield undecided(waiting.pop(), str(error))
            if deaths >= DEATHS:
                for request in [*waiting, *(r for group in groups for r in group)]:
                    yield undecided(request, str(error))
                return
            groups += [[request] for request in waiting[:AT_ONCE]]
            if waiting[AT_ONCE:]:
                groups.insert(0, waiting[AT_ONCE:])


def known(result: dict) -> dict:
    """``result``, or that it was of a kind which nobody knows."""
    if result["outcome"] in OUTCOMES:
        return result
    words = f"the sandbox of the grader said {result['outcome'][:60]!r}, which is no outcome."
    return result | {"outcome": "error", "words": words}


def undecided(request: dict, why: str) -> dict:
    """The result of an answer with which a judge has died."""
    words = f"there was no verdict on this answer: {why[:400]}"
    whose = {key: request[key] for key in ("student", "task")}
    return whose | {"outcome": "error", "words": words}


def judge_all(
    jobs: list[Job],
    judge: Callable[[Lesson, list[dict], int, threading.Event], Iterator[dict]],
    keep: Callable[[dict], None],
    workers: int,
    title: str = "Judging",
) -> None:
    """Hand the results of all jobs to ``keep``, ``workers`` judges at a time.

    Raises what a judge or ``keep`` raises, and ``Stopped`` when it is interrupted.
    """
    waiting: queue.Queue = queue.Queue()
    for job in jobs:
        waiting.put(job)
    go, stop, one = threading.Event(), threading.Event(), threading.Lock()
    answers = sum(len(requests) for _, requests in jobs)
    # Where nobody watches, in a log, there is no bar (disable=None).
    progress = tqdm(total=answers, desc=title, unit=" answers", disable=None, leave=False)

    def work(slot: int) -> None:
        go.wait()
        try:
            while not stop.is_set():
                job = waiting.get_nowait()
                asked = functools.partial(judge, slot=slot, stop=stop)
                for result in results_of(job, asked, lambda: not stop.is_set()):
                    with one:
                        keep(result)
                    progress.update()
        except queue.Empty:
            return
        except BaseException:
            stop.set()
            raise

    slots = range(min(workers, len(jobs)))
    # Whoever is interrupted waits until all sandboxes are cleared up. A thread whose start() or
    # join() was interrupted is not waited for (Python 3.11): hence a pool, which starts as a whole.
    with progress, ThreadPoolExecutor(len(slots)) as pool:
        try:
            working = [pool.submit(work, slot) for slot in slots]
            go.set()
            while wait(working, timeout=1).not_done:  # a pause, in which a signal is heard
                pass
            for done in working:
                done.result()
        except KeyboardInterrupt:
            raise Stopped from None
        finally:  # the sandboxes end at once, and with them the threads
            stop.set()
            go.set()
