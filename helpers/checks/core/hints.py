"""Two further hints for each task, numbered on from those that the notebooks fold away.

The first is a nudge: a question, a picture, what to print. The second is nearly there: the steps in
order, or the answer to a task that is alike but not the same. None holds the answer itself. They
stand beside the check that they belong to, in its ``@check``.
"""

from IPython.display import display

from helpers.checks.core.declared import tasks
from helpers.checks.core.outcomes import BLUE, Block

FOLDED = 2  # hints of each task in its notebook: 1 and 2

_shown: dict[str, int] = {}  # how many hints of each task were asked for, in this kernel


def hint(task: str) -> None:
    """Show a hint for ``task``, such as ``"3.5"``: a nudge, and if asked again nearly the answer.

    Nothing is shown that was not asked for; a third call shows both again.
    """
    task, known = str(task), tasks()
    if task not in known:
        first, *_, last = known
        print(f"There is no task {task}. The tasks are {first} to {last}, each in quotes.")
        return
    hints = known[task].hints
    last = FOLDED + len(hints)
    _shown[task] = min(_shown.get(task, 0) + 1, len(hints))
    for number, sentence in enumerate(hints[: _shown[task]], start=FOLDED + 1):
        display(Block(f"? {task} hint {number} of {last}", sentence, BLUE))
    if _shown[task] < len(hints):
        print(f'Still stuck? Ask again for hint {last}: checks.hint("{task}")')
    else:
        print(f'That was the last hint. The answer itself: checks.solution("{task}")')
