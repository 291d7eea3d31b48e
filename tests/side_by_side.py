"""Work shared out to forks of one process, so that all of them have what it has imported."""

import multiprocessing
import sys
from collections.abc import Callable

from helpers.threads import available_cores


def processes() -> int:
    """How many work at a time: one for each core, where a process can be forked."""
    can_fork = sys.platform == "linux"  # macOS has it, but its own libraries do not survive it
    return available_cores() if can_fork else 1


def side_by_side(work: Callable[[list], object], things: list) -> list:
    """What ``work`` makes of shares of ``things``, each in a fork: what it changes stays there.

    Raises ``EOFError`` if one of them has died.
    """
    count = min(processes(), len(things))
    if count < 2:
        return [work(things)]
    context, ends = multiprocessing.get_context("fork"), []
    for first in range(count):
        ours, theirs = context.Pipe(duplex=False)
        share = things[first::count]
        context.Process(target=lambda t=theirs, share=share: t.send(work(share))).start()
        theirs.close()
        ends.append(ours)
    return [end.recv() for end in ends]
