"""Calling what a student wrote: its errors become sentences, its blanks stay blanks."""

import functools
import inspect
from collections.abc import Callable

import torch
from torch import nn

from helpers.checks.core.describing import describe, first_line
from helpers.checks.core.known_mistakes import Advice, advice_on
from helpers.checks.core.limits import TimeUp, quiet
from helpers.checks.core.outcomes import CheckError, Incorrect, NotAnswered
from helpers.checks.core.values import answered, judge_tensor

# What stands behind the errors that are likely in any of the functions: a part of the message, and
# what to try.
USUAL_ADVICE: Advice = (
    ("same device", "Everything in this check is on the CPU: take the device from the network."),
    ("Input type (", "Everything in this check is on the CPU: take the device from the network."),
    ("_stack'", "The function is also tried on networks with other layers, under other names: "
     "use only what it is handed."),
)  # fmt: skip


def attempt(function: Callable, *args, on: str = "", **kwargs):
    """The student's function called on an input that ``on`` describes ("a 5×5 image").

    Raises ``NotAnswered`` if it returns a blank, or stumbles over one, and ``Incorrect`` if it
    raises, or prints its result in place of returning it. What it prints is not shown.
    """
    answered(**{"the function that is asked for": function})
    if not callable(function):
        raise Incorrect(f"a function was expected here, and this is {describe(function)}.")
    where = f" on {on}" if on else ""
    name = getattr(function, "__name__", type(function).__name__)
    try:
        with quiet() as printed:
            value = function(*args, **kwargs)
    except CheckError:
        raise
    except TimeUp as error:
        raise Incorrect(
            f"{name} {error}{where}. Is there a loop whose condition stays true?"
        ) from None
    except (Exception, SystemExit) as error:
        if "ellipsis" in str(error).lower():
            raise NotAnswered(f"{name} comes upon dots (...) that wait to be filled in.") from None
        if isinstance(error, SystemExit):
            raise Incorrect(f"{name} ends the program{where}. Leave out exit().") from None
        raise Incorrect(
            f"{name} raised {type(error).__name__}{where}: {first_line(error)}."
        ) from None
    judge_tensor(value, f"what {name} returns{where}")
    if value is None and printed.any_text:
        raise Incorrect(f"{name} prints something{where}, but returns nothing. End it with return.")
    if value is None:  # of a stub that is still all dots, or of an answer without return
        raise NotAnswered(
            f"{name} returns nothing yet{where}. If it still holds dots (...), fill them in; if "
            "not, end it with return and a value that is not None."
        )
    if value is Ellipsis:
        raise NotAnswered(f"{name} returns dots (...){where}. Put a value in their place.")
    return value


def call_student(
    function,
    *args,
    on: str,
    again: bool = False,
    advice: Advice = (),
    **kwargs,
):
    """``attempt`` with a word on what to try; ``again`` if the function has answered before."""
    name = getattr(function, "__name__", type(function).__name__)
    try:
        return attempt(function, *args, on=on, **kwargs)
    except NotAnswered as error:
        if not (again and "returns nothing" in error.message):
            raise
        raise Incorrect(
            f"{name} has answered once, but returns nothing on {on}. "
            "Every call must end with return, whatever was called before."
        ) from None
    except Incorrect as error:
        own = (f"{name}() ", "Leave the first line of the function as the notebook has it.")
        raise advised(error, (own,), advice, USUAL_ADVICE) from None


def call(function: Callable, *args, on: str = ""):
    """What the student's function returns, ``None`` and ``...`` included, else as ``attempt``."""

    def boxed(*arguments):
        return [function(*arguments)]

    boxed.__name__ = getattr(function, "__name__", type(function).__name__)
    try:
        return attempt(boxed, *args, on=on)[0]
    except Incorrect as error:
        raise advised(error) from None


def advised(error: Incorrect, *tables: Advice) -> Incorrect:
    """``error`` with what to try, if one of the ``tables`` knows."""
    message = error.message.rstrip()
    end = "" if message[-1] in ".?!)" else "."
    return Incorrect(f"{message}{end} {advice_on(message, *tables)}".rstrip())


def on_cpu(function):
    """Make ``function`` create its tensors on the CPU, whatever the default device."""

    @functools.wraps(function)
    def guarded(*args, **kwargs):
        # A student's torch.set_default_device within the block would outlive it.
        if torch.get_default_device().type == "cpu":
            return function(*args, **kwargs)
        with torch.device("cpu"):
            return function(*args, **kwargs)

    return guarded


def judge_function(value, name: str) -> None:
    """Raise unless ``value`` can be called and is no network."""
    answered(**{name: value})
    if not callable(value) or isinstance(value, nn.Module):
        raise Incorrect(f"{name} is {describe(value)}; expected is a function. Write it with def.")


def judge_arguments(function, name: str, arguments: tuple[str, ...]) -> None:
    """Raise if ``function`` cannot be called with these arguments, in this order."""
    asked = f"{name}({', '.join(arguments)})"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    names = list(signature.parameters)[: len(arguments)]
    if sorted(names) == sorted(arguments) and tuple(names) != arguments:
        raise Incorrect(f"the arguments of your {name} are in another order than in {asked}.")
    try:
        signature.bind(*arguments)
    except TypeError:
        raise Incorrect(
            f"your function is {name}{signature}; it should work when called as {asked}."
        ) from None
