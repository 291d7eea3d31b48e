"""One rank of a training on several processes: what torchrun starts."""

import argparse
import os
import sys
from pathlib import Path

from helpers.distributed import ranks


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
