"""How each task stands, by what the checks have seen since the kernel was started."""

import html

from IPython.display import display

from helpers.checks.core.declared import tasks
from helpers.checks.core.outcomes import CheckError, Incorrect, NotAnswered, Passed, badge

_states: dict[str, type] = {}  # the outcome of each task's last check, the latest check last

# What an outcome is called here. The words stand beside its sign and its colours.
_WORDS = {Passed: "done", NotAnswered: "open", Incorrect: "wrong"}


def _name(state: type) -> str:
    return f"{state.sign} {_WORDS[state]}"


def remember(outcome: Passed | CheckError) -> None:
    """Keep how a check ended."""
    _states.pop(outcome.task, None)
    _states[outcome.task] = type(outcome)


def progress() -> None:
    """Show how each task of this notebook stands: done, open or wrong.

    It is what the checks have said in this kernel. After a restart all tasks are open until their
    checks run again; answers are in the notebook itself and are never lost.
    """
    if not _states:
        print("No check has run yet since the kernel was started. Run one, then ask again.")
        return
    notebook = next(reversed(_states)).split(".")[0]
    titles = {task: declared.title for task, declared in tasks().items()}
    display(Table({t: title for t, title in titles.items() if t.split(".")[0] == notebook}))


class Table:
    """The tasks of a notebook with the state of each, as text and as HTML."""

    def __init__(self, titles: dict[str, str]):
        self.rows = [
            (task, title, _states.get(task, NotAnswered)) for task, title in titles.items()
        ]
        done = sum(state is Passed for _, _, state in self.rows)
        self.caption = f"{done} of {len(self.rows)} tasks done"

    def __repr__(self) -> str:
        width = max(len(title) for _, title, _ in self.rows)
        lines = [f"{task}  {title:<{width}}  {_name(state)}" for task, title, state in self.rows]
        return "\n".join([*lines, f"{self.caption}."])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align: left">{task}</th>'
            f'<td style="text-align: left">{html.escape(title)}</td>'
            f'<td style="text-align: left">{badge(_name(state), state.colours)}</td></tr>'
            for task, title, state in self.rows
        )
        return (
            '<table style="font-size: 1.1em; line-height: 1.5">'
            f'<caption style="text-align: left; font-weight: 600">{self.caption}</caption>'
            '<thead><tr><th scope="col" style="text-align: left">Task</th>'
            '<th scope="col" style="text-align: left">Title</th>'
            '<th scope="col" style="text-align: left">State</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
