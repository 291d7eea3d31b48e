"""Which checks there are: each is declared once, where its function stands."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Declared:
    """A check: its task's number and title, two further hints, and the function to call."""

    task: str
    title: str
    hints: tuple[str, str]
    check: Callable[..., None]


_declared: dict[str, Declared] = {}  # by task


def declare(declared: Declared) -> None:
    """Let it be known; a second check of the same task takes the place of the first."""
    _declared[declared.task] = declared


def tasks() -> dict[str, Declared]:
    """All checks by task, in the order of the notebooks."""
    return dict(sorted(_declared.items(), key=lambda item: [int(n) for n in item[0].split(".")]))
