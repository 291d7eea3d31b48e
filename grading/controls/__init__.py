"""Known wrong answers, put to each check beside an answer: where one passes, no mark is given.

They stay on this side until an answer has run, and so do the inputs of the hidden check and the
lesson's own answers: what the process of an answer does not need is not in it.
"""

import random
import secrets
import tomllib
from dataclasses import asdict
from functools import cache
from pathlib import Path

from authoring.lesson import Lesson, Task
from grading.sandbox.cells import bound_names

HIDDEN = "### BEGIN HIDDEN TESTS"
TABLE = Path(__file__).with_name("known_wrong.toml")
PLACES = 2  # in which the answer and a wrong one are judged, each in a process of its own


@cache
def known_wrong() -> dict[str, dict]:
    """For each task, by its number, its wrong answers and what the helpers have of it."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def drawn_for(task: Task) -> dict:
    """What goes with a request on ``task``: its ``evidence``, and what is ``secret``, drawn anew.

    The secret is handed over after the answer has run. Its ``places`` are in random order: each
    holds what is judged there, one after the other. ``None`` stands for the answer; after it, in
    the same process, comes a wrong one.
    """
    chance, facts = random.SystemRandom(), known_wrong().get(task.number, {})
    wrong = facts.get("wrong", [])
    drawn = chance.sample(wrong, min(PLACES - 1, len(wrong)))
    places = [[control] for control in drawn]
    places.append([None, chance.choice(wrong)] if wrong else [None])
    chance.shuffle(places)
    secret = {
        "token": secrets.token_hex(16),
        "places": places,
        "checks": [*task.check.source.partition(HIDDEN)[::2]],
        "own": facts.get("own", []),
    }
    evidence = {name: facts[name] for name in ("epochs", "computed") if name in facts}
    return {"evidence": evidence, "secret": secret}


def without_answers(lesson: Lesson) -> dict:
    """``lesson`` as the sandbox gets it: no solution, no hidden check."""
    bare = asdict(lesson)
    for task in bare["tasks"]:
        for step in task["steps"]:
            if step["answer"]:
                step["binds"] = sorted(bound_names(step["source"]))
                step["source"] = ""
        for check in task["checks"]:
            check["source"] = check["source"].partition(HIDDEN)[0]
    return bare


def messages(lesson: Lesson, requests: list[dict]) -> list[dict]:
    """All that a judge is sent after its settings: for each task the requests, then its solution.

    The hidden check comes by itself, since the process that is copied for all later answers reads
    the solution, and leaves the check to a copy of itself.
    """
    sent = []
    for task in lesson.tasks:
        sent += [request for request in requests if request["task"] == task.number]
        sent.append({"answers": {step.id: step.source for step in task.blanks}})
        sent.append({"checks": [*task.check.source.partition(HIDDEN)[::2]]})
    return sent
