"""The random numbers that checks draw, and how a grader has them draw others.

A check asks for a generator by its own fixed seed, so that it draws the same inputs on every run.
Within ``other_inputs`` all these seeds are moved, and with them what is drawn. What a check accepts
stays the same: an answer that was made to fit the usual inputs, and nothing else, shows there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

_shift: ContextVar[int] = ContextVar("shift of the seeds", default=0)


def seed(own: int) -> int:
    """A check's ``own`` seed, or another one within ``other_inputs``."""
    return own + _shift.get()


def seeded(own: int) -> torch.Generator:
    """A generator on the CPU that starts at ``seed(own)``."""
    return torch.Generator(device="cpu").manual_seed(seed(own))


@contextmanager
def other_inputs(shift: int) -> Iterator[None]:
    """In this block the checks draw inputs from seeds that are moved by ``shift``."""
    token = _shift.set(shift)
    try:
        yield
    finally:
        _shift.reset(token)
