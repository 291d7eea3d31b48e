"""Which of many objects are not as they were, without touching one of them.

Python counts in each object who refers to it, so that merely looking at an object writes to its
memory; in a fork the kernel then copies the page in which it lies. To look at all that ``world``
keeps would copy 11,000 pages for each answer, which takes longer than most answers. So memory is
compared: behind its count a function or a cell, and the table of a dictionary, hold the addresses
of what they consist of. Where not a word differs, they consist of the same.
"""

import ctypes
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from types import CellType, FunctionType

import numpy as np

WORD = ctypes.sizeof(ctypes.c_size_t)  # bytes; the first word of an object is its count
_TABLE = 4 * WORD  # here a dictionary has the addresses of its table, and of values outside of it
Places = Iterator[int]


def objects_as_they_were(things: Sequence[FunctionType | CellType]) -> Callable[[], Places]:
    """Remember ``things``; what is returned gives the places of those that have changed since."""
    return _remember([(id(thing) + WORD, thing.__sizeof__() - WORD) for thing in things])


def dicts_as_they_were(dicts: Sequence[dict]) -> Callable[[], Places]:
    """The same for dictionaries: other names, or other values under them.

    Where this Python lays them out in another way (``TABLE_KNOWN``), each counts as changed.
    """
    if not TABLE_KNOWN:
        return lambda: iter(range(len(dicts)))
    addresses_changed = _remember([(id(one) + _TABLE, 2 * WORD) for one in dicts])
    tables = [_table_of(one) for one in dicts]
    tables_changed = _remember([table or (0, 0) for table in tables])
    unknown = frozenset(place for place, table in enumerate(tables) if table is None)

    def changed() -> Places:
        moved = unknown.union(addresses_changed())
        yield from moved
        yield from tables_changed(moved)  # where these had their tables may be no memory any more

    return changed


def _table_of(one: dict) -> tuple[int, int] | None:
    """Address and size of the table; None where the values are not in it, but elsewhere."""
    table, values = struct.unpack("NN", ctypes.string_at(id(one) + _TABLE, 2 * WORD))
    return None if values else (table, one.__sizeof__() - dict.__basicsize__)


def _remember(blocks: list[tuple[int, int]]) -> Callable[..., Places]:
    """Remember so many bytes at each address; what is returned gives the places that differ.

    All of it is read by a single indexing of an array that lies over the whole memory.
    """
    blocks = [(address // WORD, size // WORD) for address, size in blocks]
    place_of = np.repeat(np.arange(len(blocks)), [count for _, count in blocks])
    words = np.concatenate([np.arange(first, first + count) for first, count in blocks])
    base, end = int(words.min()), int(words.max()) + 1
    span = (ctypes.c_size_t * (end - base)).from_address(WORD * base)
    memory, words = np.frombuffer(span, dtype=np.uintp), words - base
    before, every = memory[words], np.ones(len(blocks), dtype=bool)

    def changed(left_out: frozenset[int] = frozenset()) -> Places:
        looked_at = every.copy()
        looked_at[list(left_out)] = False
        chosen = looked_at[place_of]
        differs = memory[words[chosen]] != before[chosen]
        yield from set(place_of[chosen][differs].tolist())

    return changed


def _knows_tables() -> bool:
    """Whether a table is where it is looked for, and shows a new value under an old name."""
    usual = object.__basicsize__ == 2 * WORD and dict.__basicsize__ == 6 * WORD
    if sys.implementation.name != "cpython" or not usual:
        return False
    old, new = object(), object()
    one = {"a": None, "name": old}
    table = _table_of(one)
    if table is None:
        return False
    before, old_word, new_word = ctypes.string_at(*table), id(old), id(new)
    one["name"] = new
    expected = before.replace(struct.pack("N", old_word), struct.pack("N", new_word))
    return before != expected == ctypes.string_at(*table)


TABLE_KNOWN = _knows_tables()
