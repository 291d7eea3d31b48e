"""As many threads as there are cores to have: from the affinity and from the files of cgroups."""

import os
import subprocess
import sys

import pytest
import torch

from helpers import threads
from helpers.threads import available_cores, limit_threads

SETTINGS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


@pytest.fixture
def eight_cores(monkeypatch):
    """The affinity allows eight."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


def v1(folder: str, quota: int) -> dict[str, str]:
    return {
        f"{folder}/cpu.cfs_quota_us": f"{quota}\n",
        f"{folder}/cpu.cfs_period_us": "100000\n",
    }


OLD = "7:memory:/x\n4:cpu,cpuacct:/x\n3:cpuset:/\n1:name=systemd:/x\n"


@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        # version 2: one tree; a group has what it and all above it are granted
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),  # less than one
        ("0::/\n", {"cpu.max": "1600000 100000\n"}, 8),  # more than the affinity
        ("0::/a/b\n", {"a/b/cpu.max": "160000 40000\n"}, 4),
        ("0::/a/b\n", {"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "max 100000\n"}, 3),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "600000 100000\n"}, 2),
        ("0::/a/b\n", {"a/cpu.max": "600000 100000\n", "a/b/cpu.max": "200000 100000\n"}, 2),
        ("0::/a\n", {"b/cpu.max": "100000 100000\n"}, 8),  # of others
        ("0::/a/b\n", {"cpu.max": "200000 100000\n"}, 2),  # a container, which sees its own as /
        ("0::/\n", {"cpu.max": ""}, 8),
        ("0::/\n", {}, 8),
        # version 1: one tree for each kind of resource
        (OLD, v1("cpu,cpuacct/x", 250000), 2),
        (OLD, v1("cpu,cpuacct", 300000), 3),
        (OLD, v1("cpu,cpuacct/x", -1), 8),
        (OLD, v1("cpu,cpuacct/x", -1) | v1("cpu,cpuacct", 200000), 2),
        (OLD, v1("cpu,cpuacct/x", 20000), 1),
        (OLD, v1("memory/x", 100000), 8),
        ("2:cpu:/\n", v1("cpu", 200000), 2),
        (OLD + "0::/x\n", v1("cpu,cpuacct/x", 250000), 2),  # both versions
    ],
)
def test_the_quota_of_the_cgroups_is_respected(own, files, cores, tmp_path, eight_cores):
    for name, text in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "cpu.max").write_text("100000 100000\n")  # outside, of no meaning
    (tmp_path / "own").write_text(own)
    assert available_cores(tmp_path / "cgroup", tmp_path / "own") == cores


def test_without_cgroups_the_affinity_counts(tmp_path, eight_cores):
    assert available_cores(tmp_path / "cgroup", tmp_path / "own") == 8  # as on macOS


@pytest.mark.parametrize(("count", "cores"), [(6, 6), (None, 1)])
def test_without_an_affinity_all_cores_count(count, cores, tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert available_cores(tmp_path / "cgroup", tmp_path / "own") == cores


def test_here_there_are_cores():
    assert 1 <= available_cores() <= os.cpu_count()


@pytest.fixture
def torch_threads(monkeypatch):
    """A number of threads in place of torch's."""

    class Count:
        now = 16

    monkeypatch.setattr(torch, "get_num_threads", lambda: Count.now)
    monkeypatch.setattr(torch, "set_num_threads", lambda number: setattr(Count, "now", number))
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    return Count


@pytest.mark.parametrize(
    ("cores", "before", "after"),
    [(2, 16, 2), (1, 2, 1), (64, 64, threads.MOST), (8, 3, 3), (2, 1, 1), (4, 4, 4)],
)
def test_threads_become_fewer_and_never_more(cores, before, after, torch_threads, monkeypatch):
    monkeypatch.setattr(threads, "available_cores", lambda: cores)
    torch_threads.now = before
    limit_threads()
    assert torch_threads.now == after


@pytest.mark.parametrize("name", SETTINGS)
def test_a_number_that_somebody_set_stays(name, torch_threads, monkeypatch):
    monkeypatch.setattr(threads, "available_cores", lambda: 2)
    monkeypatch.setenv(name, "12")
    limit_threads()
    assert torch_threads.now == 16


def test_the_start_of_every_notebook_limits_the_threads():
    code = (
        "import torch; torch.set_num_threads(9); from helpers.datasets import loader; "
        "print(torch.get_num_threads())"
    )
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == min(available_cores(), threads.MOST)
