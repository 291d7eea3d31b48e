"""Writing a file whole or not at all, whatever happens meanwhile.

What is written lies first under a name of its own beside its place, and is then moved there at
once. So a reader finds the former file or the new one, two processes that write at once both leave
a whole file, and what a killed process leaves is in nobody's way, and is removed by the next one.
"""

import glob
import os
import platform
import shutil
import time
import uuid
import zlib
from contextlib import suppress
from pathlib import Path

STALE = 3600.0  # seconds after which a temporary file belongs to nobody any more


def replace_file(target: Path, data: bytes) -> None:
    """Put a file with ``data`` in the place of ``target``, whole; its folder is made if missing.

    A failure leaves ``target`` as it was, and no trace. Raises ``OSError``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(target)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a machine that goes down now could keep an empty file
        os.replace(temporary, target)  # noqa: PTH105 (one call that tests can make fail)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def temporary_beside(target: Path) -> Path:
    """A path beside ``target`` that nobody else uses; removes what killed processes left there."""
    remove_leftovers(target)
    owner = f"{_machine()}-{os.getpid()}"
    return target.with_name(f".{target.name}.{owner}-{uuid.uuid4().hex}.part")


def remove_leftovers(target: Path, older_than: float = STALE) -> None:
    """Remove the temporary files and folders for ``target`` that nobody is going to move.

    Those are the ones of processes that have ended on this machine, and all that are as many
    seconds old.
    """
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with suppress(OSError):
            if _is_orphan(left) or time.time() - left.stat().st_mtime >= older_than:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _is_orphan(temporary: Path) -> bool:
    """Has the process ended whose file it is? If that cannot be told, no."""
    machine, _, rest = temporary.name.split(".")[-2].partition("-")
    process = rest.partition("-")[0]
    if machine != _machine() or not process.isdigit() or os.name == "nt":  # there, 0 is a signal
        return False
    try:
        os.kill(int(process), 0)  # sends nothing
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _machine() -> str:
    """Other machines, and containers, count their processes by themselves."""
    return f"{zlib.crc32(platform.node().encode()):08x}"
