"""What several calls of a student's function say together: which arguments count, what adds up."""

from collections.abc import Callable

import torch

from helpers.checks.core.calling import attempt
from helpers.checks.core.describing import listed
from helpers.checks.core.outcomes import CheckError
from helpers.checks.core.values import close


def unheeded(function: Callable, found, given: dict, others: dict, read: Callable) -> list[str]:
    """The names of those arguments that do not count: others in their place give ``found``, too.

    ``given`` are the arguments by name, for which ``function`` has returned ``found``. Each of them
    that is in ``others`` is replaced in turn; ``read`` makes a tensor of what comes back.
    """
    names = []
    for name, other in others.items():
        try:
            again = read(attempt(function, *_copied(given | {name: other}).values()))
        except CheckError:
            continue
        if again is not None and close(again, found):
            names.append(name)
    return names


def on_unheeded(called: str, names: list[str]) -> str:
    """What to say if arguments of these ``names`` do not count, '' if there are none."""
    if not names:
        return ""
    return (
        f"{called} returns the same for other values of {listed(names)}: what it is handed there "
        "does not count. Use the function's own arguments in it, and nothing from outside."
    )


def adds_up(call: Callable[[], torch.Tensor], first: torch.Tensor) -> bool:
    """Whether each further ``call``, always on the same, adds the same to what was ``first``."""
    second = call()
    step = second - first
    if step.norm() < 1e-3 * second.norm():
        return False
    return bool((call() - second - step).norm() < 0.1 * step.norm())


def _copied(arguments: dict) -> dict:
    return {
        name: value.clone() if isinstance(value, torch.Tensor) else value
        for name, value in arguments.items()
    }
