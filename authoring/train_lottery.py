"""Makes the recorded runs of notebook 3: its first recipe, again and again from other seeds.

    python -m authoring.train_lottery --source official
    python -m authoring.train_lottery --source drawn

Trains the ConvNet of the course as Tasks 3.2 to 3.7 do, once for each seed, with a test after each
epoch, and writes ``helpers/weights/lottery_<source>.json``. All runs are kept, good or bad. A run
takes three seconds on a GPU, half a minute on two cores.
"""

import argparse
import json
import os
import re
from pathlib import Path

import torch

from helpers import checkpoints
from helpers.datasets import ImageDataset, drawn, fashion_mnist
from helpers.files import replace_file
from helpers.models import ConvNet
from helpers.training import History, best_device, fit, runs_path

NUM_SEEDS = 32
NUM_EPOCHS = 10
BATCH_SIZE = 64
LEARNING_RATE = 1e-3
RECIPE = (
    f"SGD {LEARNING_RATE:g}, batches of {BATCH_SIZE}, {NUM_EPOCHS} epochs; "
    "a run's seed is that of its first weights and of the order of its images"
)
COLUMNS = "train_losses", "test_losses", "accuracies"
DECIMALS = 4  # an accuracy on 10,000 images has no more


def train(
    training_data: ImageDataset,
    test_data: ImageDataset,
    seed: int,
    device: torch.device | str,
    num_epochs: int = NUM_EPOCHS,
) -> History:
    """One run of the recipe. Ends the program if it was interrupted or came to no numbers."""
    torch.manual_seed(seed)
    model = ConvNet().to(device)
    history = fit(
        model,
        training_data,
        test_data,
        num_epochs,
        learning_rate=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        seed=seed,
        verbose=False,
    )
    if history.message:
        raise SystemExit("not complete: nothing is written")
    return history


def to_text(runs: dict[int, History], **entries: str) -> str:
    """The content of the file: what was run, and the figures of each run in three lines."""
    figures = {
        seed: {name: [round(x, DECIMALS) for x in getattr(run, name)] for name in COLUMNS}
        for seed, run in runs.items()
    }
    spread = json.dumps({**entries, "runs": figures}, indent=1)
    return re.sub(r"\[[^]]*\]", lambda found: json.dumps(json.loads(found[0])), spread) + "\n"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", choices=("official", "drawn"), required=True)
    parser.add_argument(
        "--device", default=str(best_device()), help="the best there is, if not given"
    )
    parser.add_argument("--folder", type=Path, default=checkpoints.WEIGHTS_FOLDER)
    options = parser.parse_args()
    source, device = options.source, torch.device(options.device)
    os.environ["CNN_COURSE_DATASET"] = source
    training_data, test_data = fashion_mnist(train=True), fashion_mnist(train=False)
    print(training_data, test_data, sep="\n")

    runs = {}
    for seed in range(NUM_SEEDS):
        runs[seed] = train(training_data, test_data, seed, device)
        print(f"seed {seed}: {runs[seed].accuracies[-1]:.2%}", flush=True)
    version = f", version {drawn.VERSION}" if source == "drawn" else ""
    text = to_text(
        runs,
        data=training_data.name + version,
        recipe=RECIPE,
        torch=torch.__version__,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        command=f"python -m authoring.train_lottery --source {source}",
    )
    replace_file(options.folder / runs_path(source).name, text.encode())


if __name__ == "__main__":
    main()
