"""Where a window lies, in words and as blocks that can be framed; padding is called by its name."""

import itertools
from collections.abc import Sequence

from torch import Tensor

MOST_BLOCKS = 25  # more frames than these are one around all

Line = Sequence[int | None]  # the rows or columns of a window; None: one of the padding
Block = tuple[int, int, int, int]  # top, left, height, width


def spans(numbers: Sequence[int]) -> str:
    """Such as "3 to 7", "0 to 1 and 27", "0 to 8, every 2nd"."""
    runs = runs_of(numbers)
    steps = {b - a for a, b in itertools.pairwise(numbers)}
    if len(runs) > 2 and len(steps) == 1:
        (step,) = steps
        ordinal = {2: "2nd", 3: "3rd"}.get(step, f"{step}th")
        return f"{numbers[0]} to {numbers[-1]}, every {ordinal}"
    texts = [
        str(first) if count == 1 else f"{first} to {first + count - 1}" for first, count in runs
    ]
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def window_text(rows: Line, columns: Line, of: str = "") -> str:
    """The rows and columns that a window holds ``of`` an image, and what of it is padding."""
    lines = rows, columns
    inside = [sorted({place for place in line if place is not None}) for line in lines]
    if not all(inside):
        return "nothing but padding"
    named = zip(("row", "column"), inside, strict=True)
    parts = [f"{name}{'' if len(places) == 1 else 's'} {spans(places)}" for name, places in named]
    parts[1] += f" of {of}" if of else ""
    for begins, sides, ends in (
        ("beginning", ("above", "left of"), lines),
        ("ending", ("below", "right of"), (rows[::-1], columns[::-1])),
    ):
        beyond = zip(map(_beyond, ends), ("row", "column"), sides, strict=True)
        told = [
            f"{count} {name}{'' if count == 1 else 's'} {side}"
            for count, name, side in beyond
            if count
        ]
        if told:
            parts.append(
                f"{begins} in the padding, {' and '.join(told)} {'it' if of else 'the image'}"
            )
    return ", ".join(parts)


def _beyond(line: Line) -> int:
    """How many places of the padding come first."""
    return next((n for n, place in enumerate(line) if place is not None), len(line))


def lines_of(mask: Tensor) -> tuple[list[int], list[int]]:
    """The rows and the columns in which ``mask``, ``[H, W]``, holds anything."""
    return tuple(mask.any(axis).nonzero()[:, 0].tolist() for axis in (1, 0))


def runs_of(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers that follow each other: the first of them, and how many they are."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == sum(runs[-1]):
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((number, 1))
    return runs


def blocks_of(rows: Sequence[int], columns: Sequence[int]) -> list[Block]:
    """What to frame: a block for all that touches, or one around all if these are many."""
    blocks = [
        (top, left, tall, wide) for top, tall in runs_of(rows) for left, wide in runs_of(columns)
    ]
    if len(blocks) <= MOST_BLOCKS:
        return blocks
    return [(rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)]
