"""Inside the sandbox: run the answers of all students to one notebook, and say which are right.

The parent starts one such process for each notebook, with ``isolation.show_only`` around it, and
sends the lesson and then, one by one, the answers. Task after task:

* a fork of this process reads one student's answer, which nobody else gets to see, and hands it to
  a fork of its own, confined and without rights: there the answer runs, and the checks judge it,
  as they were loaded before; a verdict counts only with the token that came with the answer;
* then the lesson's own answer runs here, must pass the same checks, and the next task begins.

So each task of each student starts from the lesson's own answers to the earlier tasks: a mistake,
an endless loop or a cheat in one costs nothing in another. An answer that builds on the student's
own earlier answers, and is not right without them, is tried once more with them.
"""

import ast
import contextlib
import io
import json
import linecache
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from grading.sandbox import isolation
from grading.sandbox.isolation import Stopped, run_confined
from grading.sandbox.protocol import AT_ONCE, SCRATCH, Limits, Sent, message, receive

LONGEST = 700  # characters of a sentence: a message must fit into one write to a pipe
HIDDEN = "### BEGIN HIDDEN TESTS"


def verdict(outcome: str, words: str) -> dict:
    """An outcome ("right", "wrong", "blank", "cheat", "stopped", "error") and what to say of it."""
    return {"outcome": outcome, "words": words[:LONGEST]}


class Course:
    """The state of the notebook in this process: its names, and the checks as they were loaded."""

    def __init__(self, lesson: Sent, reading: bool = True):
        from IPython.display import display

        from grading.sandbox import integrity
        from helpers import checks

        self.lesson, self.reading = lesson, reading
        self.changes = integrity.changes  # kept here, before any answer can put another there
        self.checks = Checks({n: f for n, f in vars(checks).items() if not n.startswith("_")})
        self.errors = checks.CheckError, checks.NotAnswered
        self.names = {"__name__": "__main__", "display": display}
        self.before = {}

    def given(self, steps: list[Sent], needed: bool = False) -> None:
        """Run given cells; one that only shows or trains may fail here, on so few images."""
        for step in steps:
            try:
                execute(step.source, step.id, self.names)
            except Exception as error:
                if needed:
                    raise RuntimeError(f"the given cell {step.id} fails: {error!r}") from error

    def forget(self, task: Sent) -> None:
        """Take away what the answers of ``task`` are going to name, whoever named it before."""
        for step in task.steps:
            if step.answer:
                for name in bound_names(step.source):
                    self.names.pop(name, None)

    def judge(self, task: Sent, answers: dict[str, str], earlier: list[list[str]]) -> dict:
        """Run ``answers`` (source by cell id), after the ``earlier`` ones (id and source)."""
        from grading.sandbox.rules import findings

        trees = {}
        for id, source in answers.items():
            try:
                trees[id] = parse(source)
            except SyntaxError as error:
                where = f"in line {error.lineno}, {error.msg}"
                return verdict("wrong", f"the cell {id} is no Python: {where}.")
            except (ValueError, RecursionError, MemoryError) as error:
                return verdict("wrong", f"the cell {id} cannot be read as Python ({error}).")
            found = findings(trees[id]) if self.reading else []
            if found:
                return verdict("cheat", f"in the cell {id}, {'; '.join(found[:5])}.")
        for id, source in earlier:
            with contextlib.suppress(BaseException):
                if not (self.reading and findings(parse(source))):
                    execute(parse(source), id, self.names, source)
        self.forget(task)
        trouble = self.run(task, trees, answers)
        try:
            self.expect_unchanged()
            fact = self.check(task)
        except self.errors[0] as error:
            blank = isinstance(error, self.errors[1])
            return verdict("blank" if blank else "wrong", " ".join([error.message, *trouble[:1]]))
        except Changed as error:
            return verdict("cheat", str(error))
        except (Exception, SystemExit) as error:
            said = f"the check could not run ({type(error).__name__}: {error})."
            return verdict("wrong", " ".join([*trouble[:1], said]))
        return verdict("right", fact)

    def run(self, task: Sent, trees: dict[str, ast.Module], answers: dict[str, str]) -> list[str]:
        """Run the cells of a task; returns what they raised. Afterwards the check runs anyway."""
        trouble = []
        for step in task.steps:
            code = trees.get(step.id) if step.answer else step.source
            try:
                if code is not None:
                    execute(code, step.id, self.names, answers.get(step.id, step.source))
            except (Exception, SystemExit) as error:
                if step.answer:
                    trouble.append(f"Your cell {step.id} raised {type(error).__name__}: {error}.")
        return trouble

    def check(self, task: Sent) -> str:
        """The fact that the check tells; raises what it raises. Then once more on other inputs."""
        names = self.names | {"checks": self.checks}
        shown, (usual, _, hidden) = io.StringIO(), task.checks[0].source.partition(HIDDEN)
        with contextlib.redirect_stdout(shown):
            execute(usual, task.checks[0].id, names)
        fact = shown.getvalue().strip().split("  ", 1)[-1]
        self.expect_unchanged()
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                execute(hidden, task.checks[0].id, names)
            except self.errors[0] as error:
                error.message = f"on other inputs than those of the notebook: {error.message}"
                raise
        self.expect_unchanged()
        return fact

    def expect_unchanged(self) -> None:
        """Raise ``Changed`` if what the checks are made of is not what it was."""
        changed = self.changes(self.before)
        if changed:
            raise Changed(f"after your answer ran, {', '.join(changed[:5])} had been changed.")


class Checks:
    """The functions of ``helpers.checks``, as they were before any answer ran."""

    def __init__(self, functions: dict[str, Callable]):
        self.__dict__.update(functions)


class Changed(Exception):
    """Something that the checks rely on was exchanged."""


def parse(source: str) -> ast.Module:
    """The answer as plain Python; magics of timing and plotting are left out."""
    from IPython.core.inputtransformer2 import TransformerManager

    from grading.sandbox.rules import without_magics

    return ast.parse(TransformerManager().transform_cell(without_magics(source)))


def execute(code: str | ast.Module, id: str, names: dict, source: str = "") -> None:
    """Run a cell, with its text where tracebacks and ``inspect.getsource`` look for it."""
    text = source or (code if isinstance(code, str) else "")
    filename = f"<cell {id}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(code, filename, "exec"), names)


def bound_names(source: str) -> set[str]:
    """What a cell gives a name to at its top level."""
    found = set()
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            found.add(statement.name)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
    return found


def attempt(course: Course, task: Sent, request: dict, own: bool, settings: dict) -> dict:
    """The verdict on one answer, from a confined process; ``own``: with the student's earlier."""
    earlier = request["earlier"] if own else []

    def work() -> bytes:
        found = course.judge(task, request["answers"], earlier)
        return json.dumps({"token": request["token"], **found}).encode()

    limits = Limits(**settings["limits"])
    try:
        said = json.loads(run_confined(work, limits, settings["user"]))
        if said["token"] == request["token"]:
            return verdict(str(said["outcome"]), str(said["words"]))
    except Stopped as why:
        return verdict("stopped", f"your answer {why}.")
    except (ValueError, KeyError, AttributeError, TypeError):
        pass
    words = "the process in which your answer ran ended before there was a verdict."
    return verdict("stopped", words)


def in_a_fork(work: Callable[[], dict]) -> dict:
    """What ``work`` returns, from a fork of this process."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(readable)
            os.write(writable, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writable)
    said = b"".join(iter(lambda: os.read(readable, 65536), b""))
    os.close(readable)
    os.waitpid(child, 0)
    return json.loads(said) if said else verdict("error", "the sandbox could not be set up.")


def serve_one(course: Course, task: Sent, out: int, taken: int, settings: dict) -> None:
    """In a fork: read one request, judge it, report. Only here is the answer of a student seen."""
    begin, request = time.monotonic(), receive(0)
    os.close(0)
    os.write(taken, b".")
    os.close(taken)
    try:
        found = in_a_fork(lambda: attempt(course, task, request, False, settings))
        if found["outcome"] == "wrong" and request["earlier"]:
            again = in_a_fork(lambda: attempt(course, task, request, True, settings))
            found = again if again["outcome"] == "right" else found
    except Exception as error:  # whatever happens, there is a report on each answer
        found = verdict("error", f"the sandbox failed: {error!r}.")
    spent = round(time.monotonic() - begin, 2)
    whose = {"student": request["student"], "task": task.number, "seconds": spent}
    os.write(out, message(whose | found))


def serve(course: Course, out: int, settings: dict) -> None:
    """Go through the lesson; at each task, judge as many answers as are announced."""
    from grading.sandbox import integrity

    # Answers that share a user share its count of processes: a fork bomb would cost its neighbour.
    at_once = AT_ONCE if settings["user"] is not None else 1
    course.given(course.lesson.before, needed=True)
    for task in course.lesson.tasks:
        course.before = integrity.picture()
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
        own = {step.id: step.source for step in task.steps if step.answer}
        found = course.judge(task, own, [])
        os.write(out, message({"student": None, "task": task.number, **found}))
        if task is not course.lesson.tasks[-1]:
            course.given(task.after)


def main() -> None:
    """Set up the world, then serve; every message goes to what standard output was at the start."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever prints is no message
    settings = receive(0)
    uid_map = Path("/proc/self/uid_map").read_text()
    settings["user"] = isolation.first_user(settings["slot"], uid_map)
    isolation.raise_loopback()
    isolation.show_only(Path(settings["root"]), isolation.shown())
    for name in ("HOME", "TMPDIR", "MPLCONFIGDIR", "CNN_COURSE_DATA"):
        os.environ[name] = SCRATCH
    os.environ.update(MPLBACKEND="Agg", OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    os.chdir(SCRATCH)
    from grading.sandbox import integrity
    from grading.sandbox import patterns as images

    images.use_here()
    integrity.warm_up()
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        serve(Course(Sent.of(settings["lesson"]), settings["reading"]), out, settings)


if __name__ == "__main__":
    sys.exit(main())
