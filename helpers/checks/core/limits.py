"""Bounds for a student's code: how long it may run, and where it may write.

The clock works in every thread and on every system: it has Python raise ``TimeUp`` between two
steps of the running code (``PyThreadState_SetAsyncExc`` of Python's C API). One long step inside
a library, such as a single huge product of matrices, is not cut short.
"""

import ctypes
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from IPython.utils.capture import capture_output

SECONDS = 10.0  # many times what a right answer takes on a slow laptop
GRACE = 1.0  # after the first TimeUp, to leave; then they come in quick succession


class TimeUp(BaseException):
    """Raised in code that runs too long. Like an interrupt, ``except Exception`` lets it pass."""

    def __str__(self) -> str:
        return f"does not come to an end: it was stopped after {SECONDS:g} seconds"


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise ``TimeUp`` in this thread if the block is not left within ``SECONDS``."""
    thread = ctypes.c_ulong(threading.get_ident())
    left, lock = threading.Event(), threading.Lock()

    def watch() -> None:
        pause = SECONDS
        while not left.wait(pause):
            with lock:
                if not left.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TimeUp))
            # Code that catches all is asked again, until it happens to be outside of its ``try``.
            pause = GRACE if pause == SECONDS else 0.01

    try:  # begins before the clock does, whose first TimeUp may come at once on a busy machine
        threading.Thread(target=watch, daemon=True).start()
        yield
    finally:
        while not left.is_set():
            try:
                with lock:
                    left.set()
                # One that is on its way arrives in this loop. (Taking it back, by setting None,
                # would leave the interpreter in a slow state.)
                for _ in range(100):
                    pass
            except TimeUp:  # at the last moment: the block is left already
                pass


class Sink(io.TextIOBase):
    """A stream that keeps nothing but whether there was any text."""

    def __init__(self):
        self.any_text = False

    def write(self, text: str) -> int:
        """Note that there was text."""
        self.any_text = self.any_text or bool(text.strip())
        return len(text)


@contextmanager
def quiet() -> Iterator[Sink]:
    """Show nothing of what is printed, warned of or displayed in the block."""
    sink = Sink()
    with capture_output(stdout=False, stderr=False), redirect_stdout(sink), redirect_stderr(sink):
        yield sink
