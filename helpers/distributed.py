"""The same training on several processes, or on several machines: data parallelism.

Each process, a *rank*, has the whole network and a share of every batch; after each step the
gradients are averaged over all ranks, so that all networks stay equal (Li et al., 2020, *PyTorch
Distributed: Experiences on Accelerating Data Parallel Training*, VLDB 13 (12)).

``launch`` starts them from a notebook, with three functions that are written there. On the command
line, or on several machines, torchrun starts this module as each of the ranks. On one machine, and
on two, of which the first has the address 10.0.0.1 (the same on both but for ``--node-rank``):

    torchrun --standalone --nproc-per-node=2 -m helpers.distributed --student functions.py
    torchrun --nnodes=2 --node-rank=0 --nproc-per-node=1 --master-addr=10.0.0.1
        --master-port=29500 -m helpers.distributed --student functions.py

Each machine needs the images in its data folder before. ``GLOO_SOCKET_IFNAME`` names the network
interface to use, where a machine cannot look up its own name.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from helpers import checkpoints, datasets, ranks
from helpers.cell_sources import module_source
from helpers.models import ConvNet
from helpers.training import History

_FUNCTIONS = ("make_sampler", "wrap", "is_logger")


class DistributedError(RuntimeError):
    """A run on several ranks that has failed: which rank, why, and what is left."""

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython shows in place of a traceback."""
        return f"✗ {self}".splitlines()


@dataclass
class Run:
    """What a run has left: its weights by name (float64, on the CPU), and what was measured.

    ``seconds`` are those of each epoch's training alone, without the start and the test.
    """

    weights: dict[str, torch.Tensor]
    history: History
    seconds: list[float]
    checkpoint: Path


def device_for(processes: int) -> str:
    """``"cuda"`` if each of ``processes`` ranks on this machine can have a GPU, else ``"cpu"``.

    NCCL, which averages on GPUs, refuses two ranks on one GPU; gloo averages on processors.
    """
    return "cuda" if torch.cuda.device_count() >= processes and processes > 0 else "cpu"


def largest_difference(first: Run, second: Run) -> float:
    """The largest absolute difference between two runs in any weight."""
    pairs = ((first.weights[name], second.weights[name]) for name in first.weights)
    return max(float((a - b).abs().max()) for a, b in pairs)


def launch(
    make_sampler: Callable,
    wrap: Callable,
    is_logger: Callable,
    *,
    processes: int,
    device: str = "cpu",
    num_images: int = 6_400,
    num_epochs: int = 1,
    seed: int = 0,
    precision: str = "float64",
    checkpoint: Path | None = None,
) -> Run:
    """Train the network of notebook 3 on ``processes`` ranks of this machine, and wait for them.

    The ranks import the three functions from a file, which is written from their sources: no
    process can look into a notebook's kernel. ``make_sampler(dataset, rank, world_size, epoch)``
    gives the places of the images of one rank in one epoch; ``wrap(model)`` the network that
    averages gradients; ``is_logger(rank)`` tells whether this rank prints.

    The first ``num_images`` images of training are used, in batches of 64 over all ranks (what is
    left over is left out), with SGD at a rate of 0.1. ``device`` is "cpu" or "cuda".

    In ``precision`` "float64" the weights are the same for every number of ranks, up to rounding.
    In "float32" they need not be: the ranks round their sums in another order, and training makes
    such a difference grow, by measurement from 1e-8 to as much as 1e-2 within a hundred steps.

    The weights are saved after each epoch at ``checkpoint``, in the data folder if none is given;
    a file that was there before is removed.

    Raises ``ValueError`` if an argument makes no sense, and ``DistributedError``, with one
    sentence about the rank that failed first, if the ranks do not come to an end.
    """
    ranks.check(processes, device, num_images, num_epochs)
    if precision not in ranks.PRECISIONS:
        raise ValueError(f'precision must be "float64" or "float32", not {precision!r}')
    if device == "cuda" and device_for(processes) != "cuda":
        raise ValueError(
            f"each rank needs a GPU of its own, and there are {torch.cuda.device_count()} for "
            f'{processes} ranks. Take device="cpu", or fewer processes.'
        )
    source = _prepared_source()
    name = f"distributed_{processes}.safetensors"
    checkpoint = Path(checkpoint or datasets.data_folder() / "checkpoints" / name).resolve()
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.unlink(missing_ok=True)
    functions = dict(zip(_FUNCTIONS, (make_sampler, wrap, is_logger), strict=True))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        student, log = folder / "student.py", folder / "torchrun.log"
        student.write_text(module_source(**functions), encoding="utf-8")
        options = {
            "student": student,
            "checkpoint": checkpoint,
            "errors": folder,
            "device": device,
            "images": num_images,
            "epochs": num_epochs,
            "seed": seed,
            "precision": precision,
        }
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += [f"--nproc-per-node={processes}", "--local-addr=127.0.0.1"]
        command += ["-m", "helpers.distributed", *(f"--{k}={v}" for k, v in options.items())]
        status = _run(command, _environment(source), log)
        for half_written in checkpoint.parent.glob(f".{checkpoint.name}.*.tmp"):
            half_written.unlink(missing_ok=True)  # by a rank that was killed
        if status:
            raise DistributedError(_why(folder, log, checkpoint))
    return read_run(checkpoint)


def read_run(checkpoint: Path) -> Run:
    """The run whose last checkpoint this is. Raises ``CheckpointError`` if it is not whole."""
    model, info = checkpoints.load(checkpoint, ConvNet().double())
    figures = json.loads(info["figures"])
    return Run(model.state_dict(), History(**figures["history"]), figures["seconds"], checkpoint)


def _prepared_source() -> str:
    """Fetch the images once, before ranks could do so all at the same time; say which they are."""
    sources = {datasets.fashion_mnist(train).source for train in (True, False)}
    return "drawn" if "drawn" in sources else "official"


def _environment(source: str) -> dict[str, str]:
    """Of the ranks: which images, and one thread each, so that their times can be compared."""
    root = str(Path(__file__).resolve().parents[1])
    settings = {
        **ranks.LOOPBACK,
        "CNN_COURSE_DATASET": source,
        "CNN_COURSE_DATA": str(datasets.data_folder().resolve()),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    return {**os.environ, **settings}


def _run(command: list[str], environment: dict[str, str], log: Path) -> int:
    """Run ``command``; show what the ranks print as it comes, keep the rest in ``log``."""
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=errors, encoding="utf-8"
        ) as process,
    ):
        try:
            for line in process.stdout:
                print(line, end="", flush=True)
            return process.wait()
        finally:  # also if the cell is interrupted: no rank goes on by itself
            if process.poll() is None:
                process.terminate()


def _why(folder: Path, log: Path, checkpoint: Path) -> str:
    """What went wrong first, and what is left: one sentence or two."""
    found = [json.loads(p.read_text("utf-8")) for p in sorted(folder.glob("error-*.json"))]
    own = [entry["sentence"] for entry in found if not entry["lost"]]
    text = log.read_text("utf-8", errors="replace")
    # torchrun lists all ranks that failed, and at the end the first of them. 15: ended by torchrun.
    signals = re.findall(r"\brank\s*: (\d+).*\n\s*exitcode\s*: -(\d+)", text)
    killed = [(rank, number) for rank, number in signals if number != "15"] or signals[-1:]
    if own:
        reason = own[0]
    elif killed:
        reason = f"rank {killed[0][0]} was killed (signal {killed[0][1]})"
    elif found:
        reason = found[0]["sentence"]
    else:
        last = next((x for x in reversed(text.splitlines()) if re.search(r"\w", x)), "no word")
        reason = f"the ranks could not be run; the last line of torchrun: {last.strip()[:200]}"
    return f"{reason}. The other ranks were ended, too. {_what_is_left(checkpoint)}"


def _what_is_left(checkpoint: Path) -> str:
    try:
        epochs = len(read_run(checkpoint).history)
    except checkpoints.CheckpointError:
        return "There is no checkpoint: no epoch was complete."
    return f"The last checkpoint is whole: that after epoch {epochs}, {checkpoint}."


def main(arguments: list[str] | None = None) -> int:
    """What each rank does; returns its exit status."""
    options = _options(arguments)
    if "RANK" not in os.environ:
        print(
            "✗ this is one rank of several: start it with\n"
            "  torchrun --standalone --nproc-per-node=2 -m helpers.distributed --student FILE",
            file=sys.stderr,
        )
        return 2
    rank = int(os.environ["RANK"])
    try:
        ranks.train(options, rank, int(os.environ["WORLD_SIZE"]), int(os.environ["LOCAL_RANK"]))
    except (Exception, SystemExit) as error:
        ranks.report(rank, error, options.errors)
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="helpers.distributed", description="One rank of several.")
    parser.add_argument("--student", type=Path, required=True, help="file with the functions")
    parser.add_argument("--checkpoint", type=Path, default=Path("distributed.safetensors"))
    parser.add_argument("--errors", type=Path, help="folder for what goes wrong")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--images", type=int, default=6_400)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", choices=tuple(ranks.PRECISIONS), default="float64")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # at once: torch would first wait for threads that talk to lost ranks
