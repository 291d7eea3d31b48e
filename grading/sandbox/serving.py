"""Go through a lesson in the sandbox: the answers to each task, then the lesson's own.

Task after task:

* a fork of this process reads one student's answer, which nobody else gets to see, and hands it to
  a process that was confined before: there the answer runs, and is judged among known wrong ones
  (``trial``);
* then the lesson's own answer comes, runs here, must pass the same check, and the next task begins.

So each task of each student starts from the lesson's own answers to the earlier tasks: a mistake,
an endless loop or a cheat in one costs nothing in another. An answer that builds on the student's
own earlier answers, and is not right without them, is tried once more with them.
"""

import gc
import os
import time

from grading.sandbox import isolation, trial, world
from grading.sandbox.cells import parse
from grading.sandbox.confined import Confined
from grading.sandbox.course import Course
from grading.sandbox.protocol import AT_ONCE, Limits, Sent, message, receive, verdict


def serve_one(course: Course, task: Sent, out: int, taken: int, settings: dict) -> None:
    """In a fork: read one request, judge it, report. Only here is the answer of a student seen."""

    def work(orders: int, reports: int) -> None:
        trial.inside(course, task, orders, reports)

    begin, limits = time.monotonic(), Limits(**settings["limits"])
    # Made before the request is read: what else stands in it is not in these processes.
    usual, again = (Confined(work, limits, settings["user"]) for _ in range(2))
    request = receive(0)
    os.close(0)
    os.write(taken, b".")
    os.close(taken)
    try:
        found = trial.attempt(usual, request, False, settings["limits"]) | {"alone": True}
        if found["outcome"] == "wrong" and request["earlier"]:
            other = trial.attempt(again, request, True, settings["limits"])
            found = other if other["outcome"] == "right" else found
    except Exception as error:  # whatever happens, there is a report on each answer
        found = verdict("error", f"the sandbox failed: {error!r}.")
    for confined in (usual, again):
        confined.forget()
    spent = round(time.monotonic() - begin, 2)
    whose = {"student": request["student"], "task": task.number, "seconds": spent}
    os.write(out, message(whose | found))


def serve_own(course: Course, task: Sent, out: int) -> None:
    """Run the lesson's own answer here; a fork says whether it passes."""
    answers = receive(0)["answers"]
    course.forget(task)
    trees = {id: parse(source) for id, source in answers.items()}
    course.trouble = course.run(task, trees, answers, course.names)
    child = os.fork()
    if child == 0:
        try:
            found = course.judge(task, receive(0)["checks"], course.names, course.trouble)
            os.write(out, message({"student": None, "task": task.number, **found}))
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def serve(course: Course, out: int, settings: dict) -> None:
    """Go through the lesson; at each task, judge as many answers as are announced."""
    # Answers that share a user share its count of processes: a fork bomb would cost its neighbour.
    at_once = AT_ONCE if settings["user"] is not None else 1
    course.given(course.lesson.before, needed=True)
    isolation.use_large_pages()
    gc.collect()
    gc.freeze()  # what stays is not looked at again: that would copy its pages in each fork
    for task in course.lesson.tasks:
        if settings["counts"].get(task.number, 0):
            course.put_back = world.keep()
        running = 0
        for number in range(settings["counts"].get(task.number, 0)):
            if running >= at_once:
                os.wait()
                running -= 1
            readable, writable = os.pipe()
            if os.fork() == 0:
                try:
                    os.close(readable)
                    if settings["user"] is not None:  # nobody shares the count of processes
                        settings["user"] += number % 1000
                    serve_one(course, task, out, writable, settings)
                finally:
                    os._exit(0)
            os.close(writable)
            os.read(readable, 1)  # the next one may read its own only after this one has
            os.close(readable)
            running += 1
        for _ in range(running):
            os.wait()
        serve_own(course, task, out)
        if task is not course.lesson.tasks[-1]:
            course.given(task.after)
