"""Known mistakes, in two shapes: errors that were raised, and wrong values that were returned.

Both are pairs in the order in which they are tried. The sentences stand beside the check that says
them; here is only how they are looked up.
"""

from collections.abc import Callable, Iterable, Sequence

from helpers.checks.core.values import close

Advice = Sequence[tuple[str, str]]  # a part of Python's or PyTorch's message, and what to try then
Mistakes = Iterable[tuple[object, str]]  # a wrong value, and the sentence on it


def advice_on(message: str, *tables: Advice) -> str:
    """What to try after an error with this ``message``: the first advice that fits, else ''."""
    return next((advice for table in tables for part, advice in table if part in message), "")


def sentence_on(found, mistakes: Mistakes, same: Callable[..., bool] = close) -> str:
    """The sentence on the first of the ``mistakes`` that ``found`` is the same as, else ''."""
    return next((sentence for wrong, sentence in mistakes if same(found, wrong)), "")
