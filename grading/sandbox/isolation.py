"""What a process of the sandbox does to itself: a small world, and no way to a larger one.

The calls behind the commands ``unshare``, ``mount``, ``setpriv`` and ``prlimit``, made from Python,
because the process goes on afterwards: torch, the images and the lesson are loaded once, and each
answer gets a copy of that process by fork. Linux only.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import sys
import sysconfig
from pathlib import Path

import helpers
from grading.sandbox import filters
from grading.sandbox.protocol import SCRATCH, Limits

_libc = ctypes.CDLL(None, use_errno=True)

NEW_MOUNTS, NEW_NAMES, NEW_IPC = 0x20000, 0x4000000, 0x8000000
NEW_PROCESSES, NEW_NETWORK = 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18
DETACH = 2
COLLAPSE, LARGE_PAGE = 25, 2**21
SET_INTERFACE_FLAGS, UP = 0x8914, 1
SET_PARENT_DEATH, DROP_BOUND, NO_NEW_PRIVILEGES = 1, 24, 38

STUDENTS = 1_900_000_000  # from here on there are numbers of users that nobody has


def _call(function, *args) -> None:
    if function(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    texts = [text.encode() if text else None for text in (source, target, kind)]
    _call(_libc.mount, *texts, ctypes.c_ulong(flags), data.encode() if data else None)


def shown() -> list[Path]:
    """What an answer may see of the disk: Python, torch, the helpers. No solution, no mark."""
    system = [Path("/") / name for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64")]
    system += [Path("/etc/ld.so.cache"), Path("/etc/alternatives"), Path("/etc/localtime")]
    python = [Path(sys.prefix), Path(sys.base_prefix), Path(sysconfig.get_paths()["purelib"])]
    ours = [Path(__file__).resolve().parent, Path(helpers.__file__).resolve().parent]
    kept: list[Path] = []
    for path in [*system, *python, *ours]:
        inside = any(path != other and path.is_relative_to(other) for other in kept)
        if not inside and path not in kept and (path.exists() or path.is_symlink()):
            kept.append(path)
    return kept


def first_user(slot: int, uid_map: str) -> int | None:
    """The first of a thousand numbers of users for the judge of ``slot``, of those in ``uid_map``.

    ``uid_map`` is the text of ``/proc/self/uid_map``. There are few in the container of an ordinary
    user, and none but root's in a namespace that ``unshare --map-root-user`` made: then ``None``.
    """
    rows = [[int(word) for word in line.split()] for line in uid_map.splitlines()]
    end = max(first + count for first, _, count in rows)
    if end < 2**16:
        return None
    return (STUDENTS if end > STUDENTS + 10**6 else 2**15) + 1000 * slot


def show_only(root: Path, paths: list[Path]) -> None:
    """Make ``root``, an empty folder, the whole file system, with ``paths`` in it to be read.

    Needs mounts of one's own. Everything else, the folder of solutions first of all, is not there.
    """
    _mount("", "/", "", RECURSIVE | PRIVATE)
    _mount("tmpfs", str(root), "tmpfs", NO_SUID | NO_DEVICES, "size=4m,mode=755")
    for path in paths:
        _show(path, root)
    # Not zero: what is mapped from it is memory that nobody counts.
    for name in ("null", "full", "random", "urandom"):
        _bind(Path("/dev") / name, root / "dev" / name)
    for name in (SCRATCH.strip("/"), "proc", "old"):
        (root / name).mkdir(exist_ok=True)
    (root / "dev" / "shm").symlink_to(SCRATCH)
    # Now, since a user's own namespace lets nobody mount it once the old one is out of sight.
    _mount("proc", str(root / "proc"), "proc", NO_SUID | NO_DEVICES | NO_EXEC)
    os.chdir(root)
    _call(_libc.pivot_root, b".", b"old")
    os.chdir("/")
    _call(_libc.umount2, b"/old", DETACH)
    Path("/old").rmdir()
    _mount("tmpfs", SCRATCH, "tmpfs", NO_SUID | NO_DEVICES, "size=64m,mode=755")
    _mount("", "/", "", REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEVICES)


def _show(path: Path, root: Path) -> None:
    target = root / str(path).lstrip("/")
    if path.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path.readlink())
    elif path.exists():
        _bind(path, target)
        kept = os.statvfs(path).f_flag & (NO_SUID | NO_DEVICES | NO_EXEC)
        _mount("", str(target), "", REMOUNT | BIND | READ_ONLY | kept)


def _bind(path: Path, target: Path) -> None:
    if path.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(str(path), str(target), "", BIND | RECURSIVE)


def confine(limits: Limits, user: int | None) -> None:
    """Give up everything: a scratch folder, hard limits, no rights, and no way back.

    ``user`` is an unprivileged one to become; without one, a process that is root only within its
    own user namespace stays the lecturer's outside, and gives up all capabilities.
    """
    os.setsid()  # a signal to the group of processes must not reach those outside
    _mount("", "/", "", RECURSIVE | PRIVATE)
    scratch = f"size={limits.disk},nr_inodes=4096,mode=1777"
    _mount("tmpfs", SCRATCH, "tmpfs", NO_SUID | NO_DEVICES, scratch)
    _mount("proc", "/proc", "proc", NO_SUID | NO_DEVICES | NO_EXEC)
    os.chdir(SCRATCH)
    Path("/proc/self/oom_score_adj").write_text("1000")  # the first to go if memory runs out
    limit(limits)
    for capability in range(64):
        _libc.prctl(DROP_BOUND, capability, 0, 0, 0)
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    none = (ctypes.c_uint32 * 6)()
    _call(_libc.capset, ctypes.byref((ctypes.c_uint32 * 2)(0x20080522, 0)), ctypes.byref(none))
    _call(_libc.prctl, NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    filters.install()
    _call(_libc.prctl, SET_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)


def leave() -> None:
    """Leave all namespaces for new ones; the next process made here is the first in them."""
    _call(_libc.unshare, NEW_MOUNTS | NEW_NAMES | NEW_IPC | NEW_PROCESSES | NEW_NETWORK)
    raise_loopback()


def raise_loopback() -> None:
    """Switch on the device ``lo`` of a new network, which then reaches itself and nothing else.

    An answer to Task 5.6 may make a group of processes, and torch's gloo wants an address for it.
    """
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SET_INTERFACE_FLAGS, struct.pack("16sH22x", b"lo", UP))


def use_large_pages() -> None:
    """Put the memory of this process into pages of 2 MB, as far as the kernel does that.

    A fork copies a table with a row for each page. With torch loaded that is most of what a fork
    costs: 23 ms in small pages, 5 in large ones (Linux 6.18; ``MADV_COLLAPSE`` came with 6.1).
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights != "rw-p" or name not in ([], ["[heap]"]):
            continue
        first, end = (int(address, 16) for address in addresses.split("-"))
        first = -(-first // LARGE_PAGE) * LARGE_PAGE
        whole = end // LARGE_PAGE * LARGE_PAGE - first
        if whole > 0:  # what cannot be done is left as it is
            _libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(whole), COLLAPSE)


def limit(limits: Limits) -> None:
    """Set the limits that the kernel keeps for each process."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, size + limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.disk),
        (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(what, (most, most))


def close_all_but(*kept: int) -> None:
    """Close every open file but these; what is read is empty, what is printed is dropped."""
    for path in list(Path("/proc/self/fd").iterdir()):
        if int(path.name) not in kept:
            with contextlib.suppress(OSError):  # the one that was listing
                os.close(int(path.name))
    for number in (0, 1, 2):
        opened = os.open("/dev/null", os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
