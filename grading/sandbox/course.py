"""The notebook in a process of the sandbox: its names, and the checks as they were loaded."""

import ast
import contextlib
import io
from collections.abc import Callable
from types import FunctionType

import torch

from grading.sandbox import evidence, plain, world
from grading.sandbox.cells import execute, parse
from grading.sandbox.protocol import Sent, verdict

PASSED = "✓"


class Unreadable(Exception):
    """A cell is no Python; the message says where."""


class Checks:
    """The functions of ``helpers.checks``, as they were before any answer ran."""

    def __init__(self, functions: dict[str, Callable]):
        self.__dict__.update(functions)


class Course:
    """The state of the notebook in this process; each answer gets a copy of it, by fork."""

    def __init__(self, lesson: Sent):
        from IPython.display import display

        from helpers import checks

        self.lesson = lesson
        self.checks = Checks({n: f for n, f in vars(checks).items() if not n.startswith("_")})
        self.errors = checks.CheckError, checks.NotAnswered, checks.Incorrect
        self.names = {"__name__": "__main__", "display": display}
        self.before: dict = {}
        self.trouble: list[str] = []
        self.evidence = evidence.Evidence()
        self.put_back = world.calm

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
            for name in step.binds if step.answer else ():
                self.names.pop(name, None)

    def answer(self, task: Sent, answers: dict, earlier: list, asked: dict) -> None:
        """Run ``answers`` (source by cell id), after ``earlier`` ones. Raises ``Unreadable``."""
        trees = {id: read(id, source) for id, source in answers.items()}
        for id, source in earlier:
            with contextlib.suppress(BaseException):
                execute(parse(source), id, self.names, source)
        self.forget(task)
        self.before = dict(self.names)
        self.evidence.watch(outputs=bool(asked.get("computed")))
        self.trouble = self.run(task, trees, answers, self.names)
        self.evidence.end()

    def run(self, task: Sent, trees: dict, answers: dict[str, str], names: dict) -> list[str]:
        """Run the cells of a task; returns what they raised. Afterwards the check runs anyway."""
        trouble = []
        for step in task.steps:
            code = trees.get(step.id) if step.answer else step.source
            try:
                if code is not None:
                    execute(code, step.id, names, answers.get(step.id, step.source))
            except (Exception, SystemExit) as error:
                if step.answer:
                    trouble.append(f"Your cell {step.id} raised {type(error).__name__}: {error}.")
        return trouble

    def judge_answer(self, task: Sent, checks: list[str], own: list[str], asked: dict) -> dict:
        """The verdict on what ``answer`` has left: by the check, and once more on other inputs."""
        names = dict(self.names)
        evidence.refuse_own(own, names, self.errors[2])
        for name in read_names(checks[0]) & names.keys():
            names[name] = plain.plain_results(plain.plain(names[name]))
            if isinstance(names[name], (type, torch.nn.Module)):
                plain.with_plain_outputs()
        found = self.judge(task, checks, names, self.trouble)
        missing = self.evidence.missing(asked, names) if found["outcome"] == "right" else ""
        return verdict("wrong", missing) if missing else found

    def judge_control(self, task: Sent, checks: list[str], control: dict, touched: bool) -> dict:
        """The verdict on a wrong answer; ``touched``: its functions call the answer's as well."""
        whole = {step.id for step in task.steps if step.answer} <= control.keys()
        names = dict(self.before if whole else self.names)
        trees = {id: read(id, source) for id, source in control.items()}
        self.run(task, trees, control, names)
        for name, value in list(names.items()) if touched else ():
            answer = self.names.get(name)
            if value is not answer and type(value) is type(answer) is FunctionType:
                names[name] = _then(value, answer)
        return self.judge(task, checks, names, [])

    def judge(self, task: Sent, checks: list[str], names: dict, trouble: list[str]) -> dict:
        """What the check says, in both forms; the first that is not right counts."""
        fact = ""
        for number, source in enumerate(checks):
            where = "on other inputs than those of the notebook: " if number else ""
            try:
                shown = self.check(source, task.checks[0].id, names)
            except self.errors[0] as error:
                blank = isinstance(error, self.errors[1])
                words = " ".join([where + error.message, *trouble[:1]])
                return verdict("blank" if blank else "wrong", words)
            except BaseException as error:
                the = "The" if trouble else "the"  # Mark.sentence begins the first one
                said = f"{the} check could not run ({type(error).__name__}: {error})."
                return verdict("wrong", " ".join([*trouble[:1], said]))
            if not shown.startswith(PASSED):
                return verdict("wrong", "the check came to no end that it knows.")
            fact = fact or shown.split("  ", 1)[-1]
        return verdict("right", fact)

    def check(self, source: str, id: str, names: dict) -> str:
        """What the check shows; raises what it raises."""
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            execute(source, id, names | {"checks": self.checks})
        return shown.getvalue().strip()


def read(id: str, source: str) -> ast.Module:
    """The cell ``id`` as Python. Raises ``Unreadable``."""
    try:
        return parse(source)
    except SyntaxError as error:
        raise Unreadable(
            f"the cell {id} is no Python: in line {error.lineno}, {error.msg}."
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"the cell {id} cannot be read as Python ({error}).") from None


def read_names(source: str) -> set[str]:
    """The names that a check is called with."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def _then(control: FunctionType, answer: FunctionType) -> FunctionType:
    """``control``, after whose calls ``answer`` is called, too: what that changes, remains."""

    def both(*args, **kwargs):
        value = control(*args, **kwargs)
        with contextlib.suppress(Exception):
            answer(*args, **kwargs)
        return value

    both.__name__ = control.__name__
    both.__wrapped__ = control
    return both
