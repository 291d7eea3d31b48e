"""What ``solutions/lessons.toml`` says of each lesson: the one reader of that file.

The README's table, the site, ``make release`` and the order of the tests come from it. Standard
library only, since every run of the tests reads it.
"""

import functools
import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
USUAL_POINTS = 1


class NoFacts(Exception):
    """The file of facts is missing, or says something that it should not; the message is a
    sentence."""


@dataclass(frozen=True)
class Facts:
    """What is said of the lesson ``name`` (``"02_pooling"``); the file explains each field."""

    name: str
    you_will: str
    minutes: int | None = None
    points: dict[str, int] = field(default_factory=dict)
    bonus: bool = False
    picture: str = ""

    @property
    def number(self) -> str:
        """The number before the dot of its tasks: ``"2"``."""
        return number_of(self.name)

    @property
    def time(self) -> str:
        """``"30 min"``, or ``"open"``."""
        return "open" if self.minutes is None else f"{self.minutes} min"


def number_of(name: str) -> str:
    """The number of a lesson by the name of its notebook: ``"2"`` for ``"02_pooling"``."""
    return name.split("_")[0].lstrip("0")


@functools.cache
def lesson_facts(solutions: Path = ROOT / "solutions") -> dict[str, Facts]:
    """The facts on each lesson, in order, by its name. Raises ``NoFacts``."""
    path = solutions / "lessons.toml"
    where = f"{solutions.name}/{path.name}"
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: Facts(name, **said[name]) for name in sorted(said)}
    except FileNotFoundError:
        raise NoFacts(f"{where} is missing: it says what the lessons are about.") from None
    except (TypeError, ValueError) as error:
        raise NoFacts(f"{where} cannot be used ({error}).") from None


def _facts_on(task: str) -> Facts | None:
    number = task.split(".")[0]
    return next((facts for facts in lesson_facts().values() if facts.number == number), None)


def points_of(task: str) -> int:
    """The points of a task, by its number. Raises ``NoFacts``."""
    facts = _facts_on(task)
    return facts.points.get(task, USUAL_POINTS) if facts else USUAL_POINTS


def is_bonus(task: str) -> bool:
    """Whether the task is voluntary, by its number. Raises ``NoFacts``."""
    facts = _facts_on(task)
    return bool(facts and facts.bonus)


def longest_first() -> list[str]:
    """The names of the lessons: first those whose time is open, then the longest."""
    facts = lesson_facts()
    return sorted(facts, key=lambda name: -(facts[name].minutes or math.inf))


def readme_table() -> list[str]:
    """The lines of the README's table of the lessons, in Markdown."""
    rows = [f"| `{f.name}` | {f.you_will} | {f.time} |" for f in lesson_facts().values()]
    return ["| notebook | you will | about |", "|---|---|---|", *rows]
