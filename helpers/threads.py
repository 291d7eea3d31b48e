"""How many threads torch should use: as many as there are cores to have, and not more than help.

torch starts a thread for each core of the machine that this process may run on. It does not know of
the share that a container or a class server grants (cgroups), so threads would wait for each
other; and with many kernels on one machine, each would take all cores.
"""

import os
from pathlib import Path

# Seconds per epoch of ConvNet with 1, 2, 4, 8, 16 threads on 16 cores: 4.4, 3.6, 2.5, 1.8, 1.7.
MOST = 8
_CGROUPS = Path("/sys/fs/cgroup")


def available_cores(cgroups: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """The whole cores that this process can have: its affinity, and the quota of its cgroups."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        cores = os.cpu_count() or 1
    return max(1, int(min(cores, _quota(cgroups, own))))


def limit_threads() -> None:
    """Make torch use no more threads than help; a number that somebody set stays."""
    if "OMP_NUM_THREADS" in os.environ or "MKL_NUM_THREADS" in os.environ:
        return
    import torch  # here, because whoever sets OMP_NUM_THREADS by ``available_cores`` does so before

    sensible = min(available_cores(), MOST)
    if torch.get_num_threads() > sensible:
        torch.set_num_threads(sensible)


def _quota(cgroups: Path, own: Path) -> float:
    """The smallest number of cores granted by a cgroup of this process or by one above it.

    https://docs.kernel.org/admin-guide/cgroup-v2.html ("cpu.max"), and its predecessor.
    """
    granted = [float("inf")]
    try:
        lines = own.read_text().splitlines()
    except OSError:  # not Linux
        return granted[0]
    for line in lines:
        _, controllers, place = line.split(":", 2)
        names = {
            controllers,
            *controllers.split(","),
        }  # also the folder of one of them may be there
        if controllers and "cpu" not in names:
            continue
        for folder in (cgroups / name / place.lstrip("/") for name in names):
            for group in [folder, *folder.parents]:
                if group == cgroups.parent:
                    break
                granted += _granted(group)
    return min(granted)


def _granted(group: Path) -> list[float]:
    try:
        if (group / "cpu.max").exists():
            quota, period = (group / "cpu.max").read_text().split()
        else:
            quota = (group / "cpu.cfs_quota_us").read_text()
            period = (group / "cpu.cfs_period_us").read_text()
        return [int(quota) / int(period)] if int(quota) > 0 else []
    except (OSError, ValueError):  # there is no such file, or it says "max"
        return []
