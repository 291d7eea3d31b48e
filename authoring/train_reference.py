"""Makes the reference weights: trains the ConvNet of the course, on all training images.

    python -m authoring.train_reference --source official
    python -m authoring.train_reference --source drawn

Writes ``helpers/weights/convnet_<source>.safetensors`` and the table in the README beside it.
The weights are those after the last epoch, never the best on the test images, so that the
accuracy on the test images is an honest one.
"""

import argparse
import os

import torch
from torch.optim.lr_scheduler import OneCycleLR

from helpers import checkpoints
from helpers.datasets import ImageDataset, drawn, fashion_mnist
from helpers.files import replace_file
from helpers.models import ConvNet
from helpers.training import fit

SEED = 0
NUM_EPOCHS = 12
BATCH_SIZE = 64
PEAK_RATE = 3e-3
RECIPE = (
    f"Adam, one cycle up to {PEAK_RATE:g}, batches of {BATCH_SIZE}, {NUM_EPOCHS} epochs, "
    f"seed {SEED}, one thread, no augmentation; the last epoch"
)
LEAST_ACCURACY = 0.88  # below this the weights are not written
README = checkpoints.WEIGHTS_FOLDER / "README.md"


def train(training_data: ImageDataset, test_data: ImageDataset) -> tuple[ConvNet, float]:
    """A trained network, and its accuracy on the test images after the last epoch."""
    torch.set_num_threads(1)  # another number of threads rounds differently
    torch.manual_seed(SEED)
    model = ConvNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=PEAK_RATE)
    steps = NUM_EPOCHS * -(-len(training_data) // BATCH_SIZE)
    schedule = OneCycleLR(optimizer, max_lr=PEAK_RATE, total_steps=steps + 1)
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    history = fit(
        model,
        training_data,
        test_data,
        NUM_EPOCHS,
        optimizer=optimizer,
        batch_size=BATCH_SIZE,
        seed=SEED,
    )
    if history.message:
        raise SystemExit("not complete: nothing is written")
    return model, history.accuracies[-1]


def table() -> str:
    """The README of the weights, from what stands in the files themselves."""
    lines = [
        "# Reference weights",
        "",
        "Trained networks of the course's `ConvNet` (`helpers/models.py`, 44,426 parameters), for",
        "whoever opens a notebook without a checkpoint of their own. Made by",
        "`authoring/train_reference.py`, which also writes this page: do not edit it.",
        "",
        "| file | data | recipe | test accuracy | made with | command |",
        "|---|---|---|---|---|---|",
    ]
    for path in sorted(checkpoints.WEIGHTS_FOLDER.glob("*.safetensors")):
        _, info = checkpoints.load(path)
        cells = (
            f"`{path.name}`",
            info["data"],
            info["recipe"],
            f"{info['accuracy']:.2%}",
            f"torch {info['torch']}",
            f"`{info['command']}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "`lottery_official.json` and `lottery_drawn.json` are the recorded runs of notebook 3,",
        "made by `authoring/train_lottery.py`: losses and accuracies of each seed, by epoch.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", choices=("official", "drawn"), required=True)
    source = parser.parse_args().source
    os.environ["CNN_COURSE_DATASET"] = source
    training_data, test_data = fashion_mnist(train=True), fashion_mnist(train=False)
    print(training_data, test_data, sep="\n")

    model, accuracy = train(training_data, test_data)
    if accuracy < LEAST_ACCURACY:
        raise SystemExit(f"only {accuracy:.1%}: nothing is written")

    version = f", version {drawn.VERSION}" if source == "drawn" else ""
    data = checkpoints.to_bytes(
        model,
        source=source,
        accuracy=accuracy,
        epochs=NUM_EPOCHS,
        data=training_data.name + version,
        recipe=RECIPE,
        command=f"python -m authoring.train_reference --source {source}",
    )
    path = checkpoints.reference_path(source)
    replace_file(path, data)
    replace_file(README, table().encode())
    print(f"{path.name}: {len(data):,} bytes, {accuracy:.2%} on the test images")


if __name__ == "__main__":
    main()
