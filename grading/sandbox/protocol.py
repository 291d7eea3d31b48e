"""What both sides of the sandbox know: how much an answer may use, and how they talk.

The side outside runs wherever a container engine does, so nothing here is for Linux only.
"""

import json
import os
import struct
from dataclasses import dataclass
from types import SimpleNamespace

MB = 2**20
SCRATCH = "/scratch"  # the only folder to write to; not /tmp, in which the course itself may lie
AT_ONCE = 2  # answers that a judge runs, at most


LONGEST = 700  # characters of a sentence: a message must fit into one write to a pipe


def verdict(outcome: str, words: str) -> dict:
    """An outcome ("right", "wrong", "blank", "stopped", "error") and what to say of it."""
    return {"outcome": outcome, "words": words[:LONGEST]}


class Garbled(Exception):
    """What came over a pipe is no message of ours."""


@dataclass
class Limits:
    """The most that one answer may use; seconds of the wall clock are for sleepers."""

    cpu_seconds: int = 20
    wall_seconds: float = 60.0
    memory: int = 1536 * MB  # beyond what the process has when the answer begins
    disk: int = 64 * MB  # in SCRATCH, the only place to write
    files: int = 64
    processes: int = 16  # threads count, too


class Sent(SimpleNamespace):
    """A lesson, a task or a cell of ``authoring.lesson`` on this side: an attribute for each field.

    The sandbox has no ``authoring``, so what comes there are the fields, without the properties.
    """

    @classmethod
    def of(cls, data: dict) -> "Sent":
        """``data`` from JSON, and all that is in it."""
        return json.loads(json.dumps(data), object_hook=lambda found: cls(**found))


def receive(fd: int, most: int = 1024 * MB) -> dict:
    """One message: its length in eight bytes, and as much JSON. Nothing beyond it is read.

    Raises ``Garbled`` if it is longer than ``most`` bytes, or no dictionary.
    """
    count = struct.unpack(">Q", _read(fd, 8))[0]
    if count > most:
        raise Garbled(f"a message of {count} bytes")
    try:
        found = json.loads(_read(fd, count))
    except (ValueError, RecursionError) as error:
        raise Garbled(f"no JSON: {error}") from None
    if type(found) is not dict:
        raise Garbled("no dictionary")
    return found


def write_all(fd: int, data: bytes) -> None:
    """Write ``data``, in as many parts as the pipe takes."""
    while data:
        data = data[os.write(fd, data) :]


def message(data: dict) -> bytes:
    """``data`` as ``receive`` reads it."""
    text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
    return struct.pack(">Q", len(text)) + text


def _read(fd: int, count: int) -> bytes:
    parts = []
    while count:
        part = os.read(fd, min(count, 1 << 16))
        if not part:
            raise EOFError("the grader has gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
