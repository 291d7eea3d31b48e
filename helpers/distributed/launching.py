"""Starting the ranks of a training from a notebook, and reading what they leave."""

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

from helpers import checkpoints, datasets
from helpers.distributed import ranks
from helpers.distributed.cell_sources import module_source
from helpers.files import remove_leftovers
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
        status = _run(_command(processes, options), _environment(source), log)
        remove_leftovers(checkpoint, older_than=0)  # of a rank that was killed while it wrote
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
    root = str(Path(__file__).resolve().parents[2])
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


def _command(processes: int, options: dict[str, object]) -> list[str]:
    """Of torchrun, which starts ``helpers.distributed`` as each of the ranks."""
    return [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *(f"--nproc-per-node={processes}", "--local-addr=127.0.0.1"),
        *("-m", "helpers.distributed", *(f"--{k}={v}" for k, v in options.items())),
    ]


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
