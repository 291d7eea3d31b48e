"""Calls of the Linux kernel that a confined process may not make: a filter that the kernel keeps.

They lead to memory that none of the other limits counts (a file system in a namespace of one's own,
``memfd``, segments of System V, shared memory without a file), or to other processes. The filter
cannot be taken off, and goes on to whatever the process starts.
"""

import ctypes
import errno
import platform
import struct

SET_SECCOMP, FILTER = 22, 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
LOAD, AND, RETURN = 0x20, 0x54, 0x06  # of a word at a place; with a constant; the verdict
IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT = 0x15, 0x35, 0x45
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # places in struct seccomp_data
NEW_SPACES = 0x7E020080  # all flags CLONE_NEW... of clone
SHARED_WITHOUT_FILE = 0x21  # MAP_SHARED and MAP_ANONYMOUS
OTHER_TABLE = 0x40000000  # from here on the calls of x32, on x86

# The same on each machine: io_uring, the newer calls for mounts, and memory that is secret.
_COMMON = [425, *range(428, 434), 442, 447]
# unshare setns mount umount2 pivot_root chroot memfd_create shmget shmat shmctl semget msgget
# mq_open ptrace process_vm_readv process_vm_writev bpf userfaultfd keyctl add_key request_key
# perf_event_open
_X86 = [272, 308, 165, 166, 155, 161, 319, 29, 30, 31, 64, 68,
        240, 101, 310, 311, 321, 323, 250, 248, 249, 298]  # fmt: skip
_ARM = [97, 268, 40, 39, 41, 51, 279, 194, 196, 195, 190, 186,
        180, 117, 270, 271, 280, 282, 219, 217, 218, 241]  # fmt: skip

# By machine: its number, the calls, and the numbers of clone and mmap.
MACHINES = {
    "x86_64": (0xC000003E, [*_X86, *_COMMON], 56, 9),
    "aarch64": (0xC00000B7, [*_ARM, *_COMMON], 220, 222),
}
CLONE3 = 435  # its flags are out of sight, so it is not there: libraries then take clone


def program(machine: str) -> bytes:
    """The filter for ``machine``, as the kernel reads it: instructions of eight bytes."""
    number, calls, clone, mmap = MACHINES[machine]
    refuse = _step(RETURN, REFUSE | errno.EPERM)
    steps = [_step(LOAD, ARCHITECTURE), _step(IF_EQUAL, number, yes=1), refuse]
    steps += [_step(LOAD, NUMBER), _step(IF_AT_LEAST, OTHER_TABLE, no=1), refuse]
    for call in calls:
        steps += [_step(IF_EQUAL, call, no=1), refuse]
    steps += [_step(IF_EQUAL, CLONE3, no=1), _step(RETURN, REFUSE | errno.ENOSYS)]
    steps += [_step(IF_EQUAL, clone, no=3), _step(LOAD, ARGUMENTS)]
    steps += [_step(IF_ANY_BIT, NEW_SPACES, no=1), refuse]
    steps += [_step(LOAD, NUMBER), _step(IF_EQUAL, mmap, no=4), _step(LOAD, ARGUMENTS + 3 * 8)]
    steps += [_step(AND, SHARED_WITHOUT_FILE), _step(IF_EQUAL, SHARED_WITHOUT_FILE, no=1), refuse]
    return b"".join([*steps, _step(RETURN, ALLOW)])


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def install() -> None:
    """Set the filter for this process and all that it starts; on other machines there is none."""
    if platform.machine() not in MACHINES:
        return
    code = program(platform.machine())
    kept = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(kept))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(SET_SECCOMP, FILTER, ctypes.c_char_p(header), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "no filter for calls of the kernel could be set")
