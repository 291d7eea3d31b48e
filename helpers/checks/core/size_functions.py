"""Does a student's function of whole numbers give the sizes that PyTorch gives?"""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import torch

from helpers.checks.core.describing import describe, first_line
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.limits import TimeUp
from helpers.checks.core.outcomes import Incorrect


def judge_int(value, name: str, on: str) -> None:
    """Raise unless ``value``, returned by the function ``name``, is a whole number."""
    if isinstance(value, (float, np.floating)) or (
        isinstance(value, torch.Tensor) and value.is_floating_point()
    ):
        raise Incorrect(
            f"{name} returns {describe(value)} on {on}; pixels are counted in whole numbers. "
            "Divide with // in place of /: it rounds down and stays whole. int(...) does so, too."
        )
    if value is None:
        raise Incorrect(f"{name} returns nothing on {on}. Let every way through it end in return.")
    try:
        if isinstance(value, bool):
            raise TypeError
        operator.index(value)
    except Exception:  # whatever an object of the student's own may raise
        raise Incorrect(
            f"{name} returns {describe(value)} on {on}; expected is one whole number."
        ) from None


class Raised(NamedTuple):
    """In place of a result: the exception that was raised (not returned)."""

    error: Exception


def results_of(
    function: Callable, settings: Iterable[tuple], names: tuple[str, ...]
) -> dict[tuple, object]:
    """What ``function`` returns, or what it ``Raised``, for each tuple of arguments."""
    results = {}
    for arguments in settings:
        try:
            results[arguments] = function(*arguments)
        except TimeUp as error:
            raise Incorrect(
                f"your function {error} on {show_call(names, arguments)}. "
                "Is there a loop whose condition stays true?"
            ) from None
        except Exception as error:
            results[arguments] = Raised(error)
    return results


def judge_sizes(
    function: Callable,
    truth: Mapping[tuple, int],
    names: tuple[str, ...],
    authority: str,
    mistakes: Iterable[tuple[Callable, str]],
) -> None:
    """Raise unless ``function`` agrees with ``truth`` everywhere; say where first, and why.

    ``mistakes`` are formulas that are often written, each with the sentence on it.
    """
    name = getattr(function, "__name__", "your function")
    results = results_of(function, truth, names)
    for arguments, value in results.items():
        if not isinstance(value, Raised):
            judge_int(value, name, show_call(names, arguments))
    returned = {a: int(v) for a, v in results.items() if not isinstance(v, Raised)}
    wrong = [a for a in truth if returned.get(a) != truth[a]]
    if not wrong:
        return
    first = next((a for a in wrong if a in returned), None)
    if first is None:
        error = results[wrong[0]].error
        raise Incorrect(
            f"for {show_call(names, wrong[0])} {name} raises {type(error).__name__} "
            f"({first_line(error)}); {authority} gives {truth[wrong[0]]}."
            + " The kernel fits here: look again at when you raise."
            * isinstance(error, ValueError)
        )
    message = (
        f"for {show_call(names, first)} {name} returns {returned[first]}; "
        f"{authority} gives {truth[first]}."
    )
    named = sentence_on(returned, mistakes, _computed_by)
    raise Incorrect(f"{message} {named or 'Try these numbers by hand, step by step.'}")


def _computed_by(returned: Mapping[tuple, int], formula: Callable) -> bool:
    return all(formula(*arguments) == value for arguments, value in returned.items())


def show_call(names: tuple[str, ...], arguments: tuple) -> str:
    """``input_width=28, kernel_size=5``."""
    return ", ".join(f"{n}={a}" for n, a in zip(names, arguments, strict=False))
