"""What each rank of a training on several processes does; ``launching`` starts them.

A rank has the whole network and an equal share of every batch. What makes the training a
distributed one (the share, the averaging of gradients, who prints) are three functions of the
student's; the loop is that of Task 3.5, as it is.
"""

import argparse
import importlib.util
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import torch
from torch import distributed, nn

from helpers import checkpoints, datasets
from helpers.files import replace_file
from helpers.models import ConvNet
from helpers.training import History, epoch_line, test_loop, train_loop

BATCH_SIZE = 64  # images of all ranks together in a step
LEARNING_RATE = 0.1
PRECISIONS = {"float64": torch.float64, "float32": torch.float32}
TIMEOUT = 20.0  # seconds that a rank waits for the others in a step before it gives up
# Settings under which the ranks of one machine meet without looking up its name.
LOOPBACK = {
    "win32": {"USE_LIBUV": "0"},  # PyTorch for Windows is built without it
    "darwin": {"GLOO_SOCKET_IFNAME": "lo0"},
}.get(sys.platform, {"GLOO_SOCKET_IFNAME": "lo"})
_LOST = re.compile(r"gloo|nccl|connection|timed? ?out|peer|store", re.IGNORECASE)


class StudentError(Exception):
    """One of the three functions raised, or returned what cannot be used."""


def check(processes: int, device: str, num_images: int, num_epochs: int) -> None:
    """Raise ``ValueError`` for arguments of a run that make no sense."""
    for name, value in (("processes", processes), ("num_epochs", num_epochs)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    if BATCH_SIZE % processes:
        raise ValueError(
            f"{BATCH_SIZE} images cannot be shared out equally to {processes} ranks, and the mean "
            "of gradients would be another one. Take 1, 2, 4, 8, 16, 32 or 64 processes."
        )
    if num_images < BATCH_SIZE:
        raise ValueError(f"num_images must be at least {BATCH_SIZE}, one batch, not {num_images}")
    if device not in ("cpu", "cuda"):
        raise ValueError(f'device must be "cpu" or "cuda", not {device!r}')


def train(options: argparse.Namespace, rank: int, world_size: int, local_rank: int) -> None:
    """Train as ``options`` of ``python -m helpers.distributed`` say, together with all other ranks.

    Raises ``StudentError``, and whatever torch raises where the other ranks do not answer.
    """
    check(world_size, "cpu", options.images, options.epochs)
    student = _import_student(options.student)
    data = datasets.subset(datasets.fashion_mnist(train=True), options.images)
    test_data = datasets.fashion_mnist(train=False)
    device = torch.device("cpu")
    if options.device == "cuda":
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
        torch.backends.cudnn.allow_tf32 = False  # its 10 bits would hide that all ranks are equal
    backend = "nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=timedelta(seconds=TIMEOUT))
    torch.manual_seed(options.seed)
    precision = PRECISIONS[options.precision]
    model = ConvNet().to(device, precision)
    wrapped = _network(_ask(student, "wrap", model))
    optimizer = torch.optim.SGD(wrapped.parameters(), lr=LEARNING_RATE)
    loss_fn, history, seconds = nn.CrossEntropyLoss(), History(), []
    for epoch in range(options.epochs):
        sampler = _ask(student, "make_sampler", data, rank, world_size, epoch)
        batches = _share(sampler, len(data) // BATCH_SIZE, BATCH_SIZE // world_size)
        distributed.barrier()
        start = time.perf_counter()
        loss = train_loop(_batches(data, batches, precision), wrapped, loss_fn, optimizer)
        seconds.append(time.perf_counter() - start)
        history = _measured(history, loss, model, test_data, rank, world_size, seconds[-1])
        if rank == 0:
            _save(model, data.source, history, seconds, options.checkpoint)
        if _ask(student, "is_logger", rank):
            print(f"rank {rank}: {epoch_line(history, options.epochs)}", flush=True)
    distributed.barrier()  # rank 0 may still be saving
    distributed.destroy_process_group()


def _import_student(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("student", path)
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise StudentError(f"the cell of the functions: {_first_line(error)}") from error
    return module


def _ask(student: ModuleType, name: str, *arguments):
    """What the student's function returns; its exceptions say which function it was."""
    try:
        return getattr(student, name)(*arguments)
    except Exception as error:
        if isinstance(error, RuntimeError) and _LOST.search(str(error)):
            raise  # not its fault: wrapping a network talks to the other ranks
        raise StudentError(f"{name} raised {_first_line(error)}") from error


def _network(wrapped: object) -> nn.Module:
    if not isinstance(wrapped, nn.Module):
        raise StudentError(f"wrap returned {type(wrapped).__name__}, not a network")
    return wrapped


def _share(sampler: Iterable[int], num_batches: int, size: int) -> list[list[int]]:
    """The places of this rank's images, in batches: ``num_batches`` of ``size``."""
    try:
        places = [int(place) for place in sampler]
    except TypeError as error:
        raise StudentError(f"make_sampler returned no places of images: {error}") from error
    if len(places) < num_batches * size:
        raise StudentError(
            f"make_sampler gave {len(places)} places of images, expected are {num_batches * size}"
        )
    return [places[i * size : (i + 1) * size] for i in range(num_batches)]


def _batches(
    data: datasets.ImageDataset, places: Iterable[Sequence[int]], precision: torch.dtype
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Images of type ``precision`` and labels, batch by batch."""
    for batch in places:
        images, labels = data[batch]
        yield images.to(precision), labels


def _measured(
    history: History,
    loss: float,
    model: nn.Module,
    test_data: datasets.ImageDataset,
    rank: int,
    world_size: int,
    seconds: float,
) -> History:
    """``history`` with one epoch more, the same on all ranks.

    Each rank tests its own share of the test images. Shares may differ by one image (a
    ``DistributedSampler`` would make them equal by counting some images twice), so that sums are
    added up, not means.
    """
    places = range(rank, len(test_data), world_size)
    first = next(model.parameters())
    parts = [places[i : i + 1000] for i in range(0, len(places), 1000)]
    test_batches = _batches(test_data, parts, first.dtype)
    test_loss, accuracy = test_loop(test_batches, model, nn.CrossEntropyLoss())
    sums = [loss / world_size, test_loss * len(places), accuracy * len(places)]
    sums = torch.tensor(sums, dtype=torch.float64, device=first.device)
    distributed.all_reduce(sums)
    loss, test_loss, accuracy = sums.tolist()
    return history.with_epoch(loss, test_loss / len(test_data), accuracy / len(test_data), seconds)


def _save(
    model: nn.Module, source: str, history: History, seconds: list[float], path: Path
) -> None:
    """The file at ``path`` is at every moment a whole checkpoint: it is replaced at once."""
    figures = json.dumps({"history": vars(history), "seconds": seconds})
    accuracy, epochs = history.accuracies[-1], len(history)
    data = checkpoints.to_bytes(
        model, source=source, accuracy=accuracy, epochs=epochs, figures=figures
    )
    replace_file(path, data)


def report(rank: int, error: BaseException, folder: Path | None) -> None:
    """Say in one sentence why ``rank`` ends: on stderr, and for ``launch`` in a file."""
    lost = isinstance(error, RuntimeError) and bool(_LOST.search(str(error)))
    if lost:
        sentence = f"rank {rank} lost the others: one has ended, or gave no sign for {TIMEOUT:g} s"
    elif isinstance(error, StudentError):
        sentence = f"rank {rank}: {error}"
    else:
        sentence = f"rank {rank}: {_first_line(error)}"
    print(f"✗ {sentence}", file=sys.stderr, flush=True)
    if folder:
        entry = json.dumps({"lost": lost, "sentence": sentence.rstrip(".")})
        replace_file(folder / f"error-{rank}.json", entry.encode())


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or ["without a message"]
    return f"{type(error).__name__}: {lines[0][:200]}"
