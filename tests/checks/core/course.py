"""The checks of the course alone, without those that tests of the frame declare."""

from helpers.checks.core import declared

COURSE = {
    task: known
    for task, known in declared.tasks().items()
    if known.check.__module__.startswith("helpers.")
}
