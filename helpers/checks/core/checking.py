"""What makes a function the check of a task."""

import functools
import inspect
from collections.abc import Callable

from IPython.display import display

from helpers.checks.core.declared import Declared, declare
from helpers.checks.core.describing import first_line
from helpers.checks.core.last_runs import remark
from helpers.checks.core.limits import TimeUp, quiet, time_limit
from helpers.checks.core.outcomes import AMBER, Block, CheckError, Incorrect, Passed
from helpers.checks.core.progress import remember
from helpers.checks.core.trace import no_trace, tensors_in
from helpers.checks.core.values import judge_tensor


def check(task: str, title: str, hints: tuple[str, str]) -> Callable:
    """Make a function that returns a fact, or raises ``CheckError``, the check of ``task``.

    The answers are judged in silence, for a limited time, and everything is put back afterwards.
    Whatever else the function raises is shown as ``Incorrect``, too, with the exception as its
    cause. ``title`` is the heading of the task in the notebook; ``hints`` are what ``hint`` shows:
    a nudge, and then nearly the answer.
    """

    def decorate(function: Callable[..., str]) -> Callable[..., None]:
        @functools.wraps(function)
        def checked(*args, **kwargs) -> None:
            outcome = _outcome(function, args, kwargs)
            outcome.task = task
            remember(outcome)
            if former := remark(function.__name__):
                display(Block(f"! {task} not the latest answer", former, AMBER, role="alert"))
            if isinstance(outcome, Passed):
                display(outcome)
                return
            display(outcome.block())
            raise outcome from outcome.__cause__

        checked.task = task
        declare(Declared(task, title, hints, checked))
        return checked

    return decorate


def _outcome(function: Callable[..., str], args: tuple, kwargs: dict) -> Passed | CheckError:
    signature = inspect.signature(function)
    try:
        answers = signature.bind(*args, **kwargs).arguments
    except TypeError:
        names = ", ".join(signature.parameters)
        return Incorrect(f"this check is called as checks.{function.__name__}({names}).")
    try:
        for name, answer in answers.items():
            for tensor in tensors_in(answer):
                judge_tensor(tensor, name if tensor is answer else f"a value in {name}")
        with no_trace(*answers.values()), quiet(), time_limit():
            return Passed(function(*args, **kwargs))
    except CheckError as error:
        return error
    except TimeUp as error:
        return Incorrect(f"your answer {error}.")
    except Exception as error:
        problem = Incorrect(
            f"the check could not work with this answer ({type(error).__name__}: "
            f"{first_line(error)}). Compare its form with what the task asks for."
        )
        problem.__cause__ = error
        return problem
