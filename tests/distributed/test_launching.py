"""One training on several processes and machines gives the weights that one process gives."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import torch
from torch.utils.data.distributed import DistributedSampler

from helpers import checkpoints, datasets, distributed
from helpers.distributed import launching, ranks
from helpers.distributed.cell_sources import module_source
from helpers.models import ConvNet
from tests.checks.answers import is_logger, make_sampler, wrap

ROOT = Path(__file__).resolve().parents[2]
CLOSE = 1e-9  # of weights, in float64: measured are differences of up to 3e-16
IMAGES = 2_600  # 40 batches, and 40 images that are left over
SECONDS = 60  # after which a run counts as hanging

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available(), reason="this PyTorch is built without torch.distributed"
)


def launch(checkpoint: Path, sampler=make_sampler, wrapper=wrap, logger=is_logger, **options):
    return distributed.launch(
        sampler, wrapper, logger, checkpoint=checkpoint, **{"num_images": IMAGES} | options
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> distributed.Run:
    """What one process makes of it."""
    return launch(tmp_path_factory.mktemp("alone") / "c.safetensors", processes=1)


def assert_equal(run: distributed.Run, alone: distributed.Run) -> None:
    assert distributed.largest_difference(run, alone) < CLOSE
    for name in ("train_losses", "test_losses", "accuracies"):
        expected = getattr(alone.history, name)
        assert getattr(run.history, name) == pytest.approx(expected, rel=1e-3), name


def test_one_process_trains(alone):
    torch.manual_seed(0)
    start = distributed.Run(ConvNet().double().state_dict(), alone.history, [], alone.checkpoint)
    assert distributed.largest_difference(start, alone) > 1e-3
    assert len(alone.history) == len(alone.seconds) == 1
    assert 0.05 < alone.history.accuracies[0] <= 1


@pytest.mark.parametrize("processes", [2, 4])
def test_several_processes_give_the_same_weights(processes, alone, tmp_path, capsys):
    assert_equal(launch(tmp_path / "c.safetensors", processes=processes), alone)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("   ")[0] for line in lines] == ["rank 0: epoch 1/1"], "one rank prints"


def not_wrapped(model):
    return model


def everybody(rank):
    return True


def test_without_the_wrapper_each_rank_trains_for_itself(alone, tmp_path, capsys):
    run = launch(tmp_path / "c.safetensors", wrapper=not_wrapped, logger=everybody, processes=2)
    assert distributed.largest_difference(run, alone) > 1e-4
    assert sorted(line[:6] for line in capsys.readouterr().out.splitlines()) == ["rank 0", "rank 1"]


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are no two NVIDIA GPUs here")
def test_two_gpus_give_the_same_weights(tmp_path):
    runs = [launch(tmp_path / f"{n}.safetensors", processes=n, device="cuda") for n in (1, 2)]
    assert_equal(runs[1], runs[0])


# ------------------------------------------------------------------- two agents, two machines


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def agent(node: int, address: str, port: int, folder: Path, interface: str, prefix: tuple = ()):
    """A torchrun of two, with one rank; ``prefix`` runs it in a network of its own."""
    student = folder / "student.py"
    functions = {"make_sampler": make_sampler, "wrap": wrap, "is_logger": is_logger}
    student.write_text(module_source(**functions), encoding="utf-8")
    command = [*prefix, sys.executable, "-m", "torch.distributed.run", "--nnodes=2"]
    command += [f"--node-rank={node}", "--nproc-per-node=1", f"--master-addr={address}"]
    command += [f"--master-port={port}", "-m", "helpers.distributed", f"--student={student}"]
    command += [f"--checkpoint={folder / 'c.safetensors'}", f"--images={IMAGES}"]
    settings = {"GLOO_SOCKET_IFNAME": interface, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def run_agents(first, second) -> list[str]:
    """Wait for both; returns what each has printed."""
    with first as one, second as two:
        printed = [process.communicate(timeout=SECONDS)[0] for process in (one, two)]
        assert [one.returncode, two.returncode] == [0, 0], "\n".join(printed)
    return printed


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback interface has another name")
def test_two_agents_on_one_machine_give_the_same_weights(alone, tmp_path):
    port = free_port()
    printed = run_agents(*(agent(n, "127.0.0.1", port, tmp_path, "lo") for n in (0, 1)))
    assert ["rank 0: epoch 1/1" in text for text in printed] == [True, False]
    assert_equal(distributed.read_run(tmp_path / "c.safetensors"), alone)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=SECONDS)


def why_no_namespaces() -> str:
    """Why this machine cannot have two networks in it; empty if it can."""
    if sys.platform != "linux" or not shutil.which("ip"):
        return "network namespaces need Linux and ip (on Debian: apt install iproute2)"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    name = f"cnn-try-{os.getpid()}"
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        return f"no network namespace can be made: {error.stderr.decode().strip()}"
    ip("netns", "delete", name)
    return ""


@contextmanager
def two_machines():
    """Two network namespaces, joined by a cable; gives their names and interfaces."""
    names = [f"cnn-{os.getpid()}-{n}" for n in (1, 2)]
    cables = [f"cnn{os.getpid() % 100_000}-{n}" for n in (1, 2)]
    with ExitStack() as stack:
        for name in names:
            ip("netns", "add", name)
            stack.callback(ip, "netns", "delete", name)
        ip("link", "add", cables[0], "netns", names[0], "type", "veth",
           "peer", "name", cables[1], "netns", names[1])  # fmt: skip
        for number, (name, cable) in enumerate(zip(names, cables, strict=True), start=1):
            ip("-n", name, "address", "add", f"10.77.0.{number}/24", "dev", cable)
            ip("-n", name, "link", "set", cable, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield names, cables


def test_two_machines_give_the_same_weights(alone, tmp_path):
    reason = why_no_namespaces()
    if reason:
        pytest.skip(reason)
    with two_machines() as (names, cables):
        printed = run_agents(
            *(
                agent(n, "10.77.0.1", 29_500, tmp_path, cables[n],
                      ("ip", "netns", "exec", names[n]))
                for n in (0, 1)
            )
        )  # fmt: skip
    assert ["rank 0: epoch 1/1" in text for text in printed] == [True, False]
    assert_equal(distributed.read_run(tmp_path / "c.safetensors"), alone)


# ------------------------------------------------------------------------- what can go wrong


def rank_process(rank: int) -> psutil.Process:
    """The process of a rank that is a descendant of this one."""
    for process in psutil.Process().children(recursive=True):
        try:
            if process.environ().get("RANK") == str(rank):
                return process
        except psutil.Error:  # it has just ended
            continue
    raise LookupError(f"there is no rank {rank}")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_rank_ends_the_others_and_leaves_the_checkpoint(rank, tmp_path):
    checkpoint, killed = tmp_path / "c.safetensors", []

    def kill() -> None:
        until = time.monotonic() + SECONDS
        while not checkpoint.exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.4)  # somewhere within an epoch, or while the file is written
        survivors = [rank_process(1 - rank)]
        rank_process(rank).send_signal(signal.SIGKILL)
        killed.extend([time.monotonic(), survivors])

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(distributed.DistributedError) as caught:
        launch(checkpoint, processes=2, num_epochs=100_000, num_images=640)
    ended = time.monotonic()
    killer.join()
    assert ended - killed[0] < 30
    assert not any(process.is_running() for process in killed[1])
    epochs = len(distributed.read_run(checkpoint).history)
    assert epochs >= 1
    assert str(caught.value) == (
        f"rank {rank} was killed (signal 9). The other ranks were ended, too. "
        f"The last checkpoint is whole: that after epoch {epochs}, {checkpoint}."
    )
    assert list(tmp_path.iterdir()) == [checkpoint]
    assert checkpoints.load(checkpoint)[1]["epochs"] == epochs


def fails_in_rank_1(dataset, rank, world_size, epoch):
    return DistributedSampler(dataset, num_replicas=2, rank=5 * rank)


def test_a_mistake_in_a_rank_is_named_in_one_sentence(tmp_path):
    with pytest.raises(distributed.DistributedError) as caught:
        launch(tmp_path / "c.safetensors", fails_in_rank_1, processes=2, num_images=640)
    assert str(caught.value).startswith("rank 1: make_sampler raised ValueError: Invalid rank 5")
    assert str(caught.value).endswith("There is no checkpoint: no epoch was complete.")
    assert caught.value._render_traceback_() == [f"✗ {caught.value}"]


def test_what_the_functions_return_is_looked_at():
    with pytest.raises(ranks.StudentError, match="wrap returned NoneType, not a network"):
        ranks._network(None)
    with pytest.raises(ranks.StudentError, match="gave 3 places of images, expected are 4"):
        ranks._share(range(3), 2, 2)
    with pytest.raises(ranks.StudentError, match="make_sampler returned no places of images"):
        ranks._share(None, 2, 2)


TABLE = """
Failures:
[1]:
  rank      : {} (local_rank: 0)
  exitcode  : {} (pid: 1)
Root Cause (first observed failure):
[0]:
  rank      : 1 (local_rank: 1)
  exitcode  : {} (pid: 2)
===========
"""


@pytest.mark.parametrize(
    ("log", "said", "sentence"),
    [
        (TABLE.format(0, -15, -9), [], "rank 1 was killed (signal 9). "),
        (TABLE.format(0, -9, 1), ["lost"], "rank 0 was killed (signal 9). "),
        (TABLE.format(0, 1, -15), ["lost"], "rank 1 was killed (signal 15). "),
        (TABLE.format(0, -9, 1), ["lost", "own"], "rank 1: own fault. "),
        ("", ["lost"], "rank 0 lost the others: one has ended, or gave no sign for 20 s. "),
        ("first\nno such module\n====\n", [], "last line of torchrun: no such module. "),
    ],
)
def test_what_went_wrong_first_is_said(log, said, sentence, tmp_path, capsys):
    errors = {"lost": RuntimeError("gloo"), "own": ranks.StudentError("own fault")}
    for rank, kind in enumerate(said):
        ranks.report(rank, errors[kind], tmp_path)
    (tmp_path / "log").write_text(log)
    why = launching._why(tmp_path, tmp_path / "log", tmp_path / "missing.safetensors")
    assert sentence in why


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        ({"processes": 0}, "processes must be a whole number of at least 1, not 0"),
        ({"processes": True}, "processes must be a whole number"),
        ({"processes": 3}, "cannot be shared out equally to 3 ranks"),
        ({"processes": 2, "num_images": 63}, "num_images must be at least 64"),
        ({"processes": 2, "num_epochs": 0}, "num_epochs must be a whole number"),
        ({"processes": 2, "precision": "half"}, 'precision must be "float64" or "float32"'),
        ({"processes": 2, "device": "mps"}, 'device must be "cpu" or "cuda"'),
        ({"processes": 64, "device": "cuda"}, "each rank needs a GPU of its own"),
    ],
)
def test_arguments_without_sense_are_refused_before_anything_starts(options, fragment, tmp_path):
    checkpoint = tmp_path / "c.safetensors"
    checkpoint.write_bytes(b"former")
    with pytest.raises(ValueError, match=fragment):
        launch(checkpoint, **options)
    assert checkpoint.read_bytes() == b"former"


def test_each_rank_has_one_thread_so_that_times_compare(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert launching._environment("drawn")["OMP_NUM_THREADS"] == "1"


def test_a_device_for_each_rank(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [distributed.device_for(n) for n in (1, 2, 4)] == ["cuda", "cuda", "cpu"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert distributed.device_for(1) == "cpu"


def test_the_images_are_there_before_ranks_start(monkeypatch):
    wanted = []
    monkeypatch.setattr(
        datasets, "fashion_mnist", lambda train: wanted.append(train) or FakeImages(train)
    )
    assert launching._prepared_source() == "drawn"
    assert wanted == [True, False]


class FakeImages:
    """Official images of training, and drawn ones for the test."""

    def __init__(self, train: bool):
        self.source = "official" if train else "drawn"
