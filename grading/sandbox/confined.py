"""A process that is confined: made before its maker learns more, watched, and gone at the end."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

from grading.sandbox import isolation
from grading.sandbox.protocol import MB, Limits, message, receive, write_all


class Confined:
    """A confined process that runs ``work(orders, reports)``, two pipes to and from here.

    Its keeper, a copy of this process, is made at once, before this one learns what the confined
    one is not to know; the confined one itself is made at ``with``, and gone after it with all that
    it has started. ``why`` then says what ended it from outside, if anything did.
    """

    def __init__(self, work: Callable[[int, int], None], limits: Limits, user: int | None):
        self.why = ""
        pipes = [os.pipe() for _ in range(3)]
        (its_go, self._go), (orders, self._orders), (self._reports, reports) = pipes
        self._keeper = os.fork()
        if self._keeper == 0:
            try:
                isolation.close_all_but(its_go, orders, reports)
                if os.read(its_go, 1):
                    why = _keep(its_go, orders, reports, work, limits, user)
                    os._exit(_WHY.index(why))
            finally:
                os._exit(0)
        for number in (its_go, orders, reports):
            os.close(number)
        self._limits = limits

    def __enter__(self) -> "Confined":
        os.write(self._go, b".")
        return self

    def __exit__(self, *_error) -> None:
        self.forget()

    def forget(self) -> None:
        """End it, or do without it."""
        if self._keeper is None:
            return
        for number in (self._go, self._orders, self._reports):
            os.close(number)
        _, status = os.waitpid(self._keeper, 0)
        self._keeper = None
        why = _WHY[os.waitstatus_to_exitcode(status)] if os.WIFEXITED(status) else ""
        self.why = f"your answer {why.format(self._limits)}." if why else ""

    def send(self, data: dict) -> None:
        """Hand over an order."""
        write_all(self._orders, message(data))

    def receive(self) -> dict:
        """The next report. Raises ``EOFError`` at the end, ``Garbled`` if it is none."""
        return receive(self._reports, most=MB // 16)


_TIME, _MEMORY = (
    "did not come to an end within {0.wall_seconds:g} seconds",
    "took more memory than any answer needs",
)
_CPU = "ran for more than {0.cpu_seconds} seconds"
_WHY = ["", _TIME, _MEMORY, _CPU]


def _keep(go: int, orders: int, reports: int, work, limits: Limits, user: int | None) -> str:
    """Make the confined process and wait for its end; returns why it was ended, if it was."""
    isolation.leave()
    child = os.fork()
    if child == 0:
        try:
            isolation.close_all_but(orders, reports)
            isolation.confine(limits, user)
            work(orders, reports)
        finally:
            os._exit(0)
    os.close(orders)
    os.close(reports)
    ended, until, why = os.pidfd_open(child), time.monotonic() + limits.wall_seconds, ""
    while True:
        ready = select.select([ended, go], [], [], 0.1)[0]
        if ready:
            break
        if time.monotonic() > until:
            why = _TIME
            break
        if _too_much_memory(2 * limits.memory):
            why = _MEMORY
            break
    if ended not in ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if ended in ready and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        why = _CPU
    return why


def _too_much_memory(most: int) -> bool:
    """Whether the processes in sight have more memory than ``most`` bytes for themselves.

    A quick sum first, which counts what forks share as often as there are forks.
    """
    for name, fields in (("status", ("RssAnon:", "RssShmem:")), ("smaps_rollup", _SHARES)):
        total = 0
        for path in Path("/proc").glob(f"[0-9]*/{name}"):
            with contextlib.suppress(OSError):  # it has ended
                lines = path.read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith(fields))
        if 1024 * total <= most:
            return False
    return True


_SHARES = ("Pss_Anon:", "Pss_Shmem:")
