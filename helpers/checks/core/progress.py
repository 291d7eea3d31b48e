"""How each task stands: what its check has said in this kernel, or else in a former one."""

import html
import os
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from IPython.display import display

from helpers.checks.core.declared import tasks
from helpers.checks.core.kept import keep, kept, since
from helpers.checks.core.outcomes import CheckError, Incorrect, NotAnswered, Passed, badge

_states: dict[str, type] = {}  # the outcome of each task's last check, the latest check last

# What an outcome is called here. The words stand beside its sign and its colours.
_WORDS = {Passed: "done", NotAnswered: "open", Incorrect: "wrong"}
_KEPT = {word: state for state, word in _WORDS.items() if state is not NotAnswered}


def _name(state: type) -> str:
    return f"{state.sign} {_WORDS[state]}"


def remember(outcome: Passed | CheckError) -> None:
    """Keep how a check ended. A blank is nothing to keep: what was there before is still true."""
    _states.pop(outcome.task, None)
    _states[outcome.task] = state = type(outcome)
    if state is not NotAnswered:
        keep(outcome.task, _WORDS[state])


def progress(all: bool = False) -> None:
    """Show how each task of this notebook stands, or ``all`` tasks: done, open or wrong.

    It is what the checks have said in this kernel. What they said before a restart, or in another
    notebook, is shown with its day; answers are in the notebooks themselves and are never lost.
    """
    former = _former()
    if not _states and not former:
        print("No check has run yet since the kernel was started. Run one, then ask again.")
        return
    titles = {task: declared.title for task, declared in tasks().items()}
    notebook = _notebook(former)
    shown = {t: title for t, title in titles.items() if all or t.split(".")[0] == notebook}
    display(Table(shown, former))


def _former() -> dict[str, tuple[type, datetime]]:
    """The states of other kernels than this one, and when they came about."""
    found = {task: kept(task) for task in tasks() if task not in _states}
    return {
        task: (_KEPT[known[0]], known[1])
        for task, known in found.items()
        if known is not None and known[0] in _KEPT
    }


def _notebook(former: Mapping[str, tuple[type, datetime]]) -> str:
    """The number of the notebook: by its last check, by its name, or by the last check of all."""
    if _states:
        return next(reversed(_states)).split(".")[0]
    name = re.match(r"0*(\d+)_", Path(os.environ.get("JPY_SESSION_NAME", "")).name)
    if name and any(task.split(".")[0] == name[1] for task in tasks()):
        return name[1]
    return max(former, key=lambda task: former[task][1]).split(".")[0]


class Table:
    """Tasks with the state of each, as text and as HTML; ``former`` has those of other kernels."""

    def __init__(self, titles: dict[str, str], former: Mapping[str, tuple[type, datetime]]):
        now = datetime.now()
        self.rows = []
        for task, title in titles.items():
            state, when = former.get(task, (_states.get(task, NotAnswered), None))
            self.rows.append((task, title, state, f" {since(when, now)}" if when else ""))
        done = sum(row[2] is Passed for row in self.rows)
        self.caption = f"{done} of {len(self.rows)} tasks done"

    def __repr__(self) -> str:
        width = max(len(row[1]) for row in self.rows)
        lines = [
            f"{task}  {title:<{width}}  {_name(state)}{as_of}"
            for task, title, state, as_of in self.rows
        ]
        return "\n".join([*lines, f"{self.caption}."])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align: left">{task}</th>'
            f'<td style="text-align: left">{html.escape(title)}</td>'
            f'<td style="text-align: left">{badge(_name(state), state.colours)}{as_of}</td></tr>'
            for task, title, state, as_of in self.rows
        )
        return (
            '<table style="font-size: 1.1em; line-height: 1.5">'
            f'<caption style="text-align: left; font-weight: 600">{self.caption}</caption>'
            '<thead><tr><th scope="col" style="text-align: left">Task</th>'
            '<th scope="col" style="text-align: left">Title</th>'
            '<th scope="col" style="text-align: left">State</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
