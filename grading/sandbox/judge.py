"""The process in the sandbox that judges the answers of all students to one notebook.

The parent starts one such process for each notebook, and sends the lesson, without its solutions,
and then, one by one, the answers (``serving``). First of all it makes the sandbox its world; torch,
matplotlib and the checks are loaded only then. Where they keep what is of use for a while, they ask
at once and remember, and the folders of whoever started this are not there any more.
"""

import contextlib
import os
import sys
from pathlib import Path

from grading.sandbox import isolation
from grading.sandbox.protocol import SCRATCH, Sent, receive


def main() -> None:
    """Set up the world, then serve; every message goes to what standard output was at the start."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever prints is no message
    settings = receive(0)
    uid_map = Path("/proc/self/uid_map").read_text()
    settings["user"] = isolation.first_user(settings["slot"], uid_map)
    isolation.raise_loopback()
    isolation.show_only(Path(settings["root"]), isolation.shown())
    for name in ("HOME", "TMPDIR", "MPLCONFIGDIR", "CNN_COURSE_DATA"):
        os.environ[name] = SCRATCH
    os.environ.update(MPLBACKEND="Agg", OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    os.chdir(SCRATCH)
    from grading.sandbox import patterns as images
    from grading.sandbox import serving, world
    from grading.sandbox.course import Course

    images.use_here()
    world.warm_up()
    lesson = Sent.of(settings["lesson"])
    images.make_for(step.source for task in lesson.tasks for step in task.steps)
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        serving.serve(Course(lesson), out, settings)


if __name__ == "__main__":
    sys.exit(main())
