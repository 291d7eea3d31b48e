"""How much memory the parts of a class server take."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil


def free() -> int:
    """Bytes that the machine can still hand out."""
    return psutil.virtual_memory().available


def proportional(process: psutil.Process) -> int:
    """The memory of a process, in which pages that n processes share count 1/n (PSS)."""
    with suppress(psutil.Error):
        info = process.memory_full_info()
        return getattr(info, "pss", info.uss)
    return 0


def command_line(process: psutil.Process) -> str:
    """What was typed to start it, or nothing: it has just ended."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


@dataclass
class Memory:
    """Bytes of a student's server and of the kernels in it."""

    server: int = 0
    kernels: int = 0

    @property
    def total(self) -> int:
        """Both."""
        return self.server + self.kernels

    @staticmethod
    def owner(process: psutil.Process) -> str:
        """The student for whom the process runs, or nothing: it belongs to the hub."""
        with suppress(psutil.Error):
            return process.environ().get("JUPYTERHUB_USER", "")
        return ""

    @staticmethod
    def of(processes: Iterable[psutil.Process]) -> int:
        """The bytes of all these processes."""
        return sum(proportional(process) for process in processes)


def of_student(processes: list[psutil.Process], name: str) -> Memory:
    """The memory of one student's processes."""
    memory = Memory()
    for process in processes:
        with suppress(psutil.Error):
            if Memory.owner(process) != name:
                continue
            if "ipykernel_launcher" in process.cmdline():
                memory.kernels += proportional(process)
            else:
                memory.server += proportional(process)
    return memory
