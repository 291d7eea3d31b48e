"""How long an epoch takes: the way of the usual handout, our ways, and the least that is possible.

    python -m authoring.bench.epochs [--device cuda] [--rounds 5] [--scale]

An epoch trains the network of notebook 03 on all training images, in batches of 64 by SGD, and
tests it on all test images. Each round times every way once, one after the other, so that whatever
else the machine does falls on all of them. Lightning and skorch are timed where they are installed.

``--scale`` instead shows how time and memory of ``fit`` grow with the number of images, the size of
the batches and the width of the network; each in a process of its own.
"""

import argparse
import logging
import multiprocessing
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import FashionMNIST
from torchvision.transforms import ToTensor

from helpers import datasets, training
from helpers.models import ConvNet
from helpers.network_modes import channels_last
from helpers.training.batches import MemoryBatches
from helpers.training.cuda_graph import Stepper

BATCH, TEST_BATCH, RATE = 64, 1000, 0.1
LOSS, SMOOTHED = nn.CrossEntropyLoss(), nn.CrossEntropyLoss(label_smoothing=0.1)


def flipped(images: torch.Tensor) -> torch.Tensor:
    """Each image as it is or as its mirror image, by chance."""
    chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(chosen, images.flip(-1), images)


class Handout(FashionMNIST):
    """The images in torchvision's own data set: a picture is made of each, and a tensor of that."""

    def __init__(self, dataset: datasets.ImageDataset):
        self.data, self.targets = dataset.images[:, 0], dataset.labels
        self.transform, self.target_transform = ToTensor(), None


def epoch(training_batches, test_batches, device: torch.device) -> float:
    """The seconds of an epoch of the loops of tasks 3.5 and 3.6."""
    model = ConvNet().to(device)
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    start = time.perf_counter()
    training.train_loop(training_batches, model, LOSS, optimizer)
    training.test_loop(test_batches, model, LOSS)
    return time.perf_counter() - start


def handout(train, test, device: torch.device) -> float:
    """Torchvision, ``ToTensor``, ``DataLoader`` and a loop."""
    batches = DataLoader(Handout(train), BATCH, shuffle=True)
    return epoch(batches, DataLoader(Handout(test), BATCH), device)


def notebook(train, test, device: torch.device) -> float:
    """The same loop over our loader."""
    batches = datasets.loader(train, BATCH, shuffle=True, device=device)
    return epoch(batches, datasets.loader(test, BATCH, device=device), device)


def fit(train, test, device: torch.device, **options) -> float:
    """``training.fit``; on a GPU the last of three epochs, since the first one makes it ready."""
    model = ConvNet().to(device)
    epochs = 3 if device.type == "cuda" else 1
    return training.fit(model, train, test, epochs, verbose=False, **options).seconds[-1]


def compiled(train, test, device: torch.device) -> float:
    """``fit`` with a compiled network."""
    return fit(train, test, device, compile_model=True)


def changed(train, test, device: torch.device) -> float:
    """``fit`` with images that are changed in each batch, and smoothed labels."""
    return fit(train, test, device, augment=flipped, loss_fn=SMOOTHED)


def changed_floor(train, test, device: torch.device) -> float:
    """The floor of that."""
    return floor(train, test, device, flipped, SMOOTHED)


def floor(train, test, device: torch.device, augment=None, loss_fn: nn.Module = LOSS) -> float:
    """The same steps on batches that were cut beforehand, and nothing else.

    On a GPU, the captured step, over and over on one batch.
    """
    model = ConvNet().to(device)
    optimizer = torch.optim.SGD(model.parameters(), RATE)
    cut = list(MemoryBatches(train, BATCH, device, shuffle=True))
    cut_test = list(MemoryBatches(test, TEST_BATCH, device))
    model.train()
    stepper = Stepper(model, loss_fn, optimizer, augment=augment)
    if device.type == "cuda":
        few = datasets.subset(train, 10 * BATCH)
        stepper.train(MemoryBatches(few, BATCH, device))
        torch.cuda.synchronize()
    with channels_last(model, cut_test):
        start = time.perf_counter()
        for images, labels in cut:
            if stepper.captured:
                stepper.replay()
                continue
            optimizer.zero_grad()
            loss = loss_fn(model(augment(images) if augment else images), labels)
            loss.backward()
            optimizer.step()
        training.test_loop(cut_test, model, LOSS)
        return time.perf_counter() - start


def lightning(train, test, device: torch.device) -> float:
    """PyTorch Lightning on the handout's data."""
    from lightning.pytorch import LightningModule, Trainer

    class Network(LightningModule):
        def __init__(self):
            super().__init__()
            self.model = ConvNet()

        def training_step(self, batch, _):
            return LOSS(self.model(batch[0]), batch[1])

        def validation_step(self, batch, _):
            scores = self.model(batch[0])
            self.log("loss", LOSS(scores, batch[1]))
            self.log("accuracy", (scores.argmax(1) == batch[1]).float().mean())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), RATE)

    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    kind = "gpu" if device.type == "cuda" else device.type
    trainer = Trainer(
        max_epochs=1, accelerator=kind, devices=1, num_sanity_val_steps=0,
        enable_model_summary=False, **quiet,
    )  # fmt: skip
    network = Network()
    batches = DataLoader(Handout(train), BATCH, shuffle=True), DataLoader(Handout(test), BATCH)
    start = time.perf_counter()
    trainer.fit(network, *batches)
    return time.perf_counter() - start


def skorch(train, test, device: torch.device) -> float:
    """skorch on arrays in memory."""
    from skorch import NeuralNetClassifier
    from skorch.helper import predefined_split
    from torch.utils.data import TensorDataset

    data, held_out = (TensorDataset(d.images / 255, d.labels) for d in (train, test))
    network = NeuralNetClassifier(
        ConvNet, criterion=nn.CrossEntropyLoss, optimizer=torch.optim.SGD, lr=RATE, max_epochs=1,
        batch_size=BATCH, iterator_train__shuffle=True, iterator_valid__batch_size=TEST_BATCH,
        train_split=predefined_split(held_out), device=str(device), verbose=0,
    )  # fmt: skip
    start = time.perf_counter()
    network.fit(data, y=None)
    return time.perf_counter() - start


OF_THAT = ", flips and smoothed labels"


def ways(device: torch.device) -> dict[str, Callable]:
    """What is timed; others only where they are installed."""
    chosen = {
        "the handout's way": handout,
        "the notebook's loop on our loader": notebook,
        "fit": fit,
    }
    if device.type == "cuda":
        chosen["fit, compiled"] = compiled
    chosen["the floor"] = floor
    chosen["fit, flips and smoothed labels"] = changed
    chosen[f"the floor{OF_THAT}"] = changed_floor
    for name, module, way in (
        ("PyTorch Lightning on the handout's data", "lightning", lightning),
        ("skorch on tensors in memory", "skorch", skorch),
    ):
        try:
            __import__(module)
        except ImportError:
            print(f"not installed, so not timed: {module}")
        else:
            chosen[name] = way
    return chosen


def compare(device: torch.device, rounds: int) -> None:
    """Time all ways and print them as ratios to the first one and to the floor."""
    train, test = datasets.fashion_mnist(), datasets.fashion_mnist(train=False)
    chosen = ways(device)
    taken: dict[str, list[float]] = {name: [] for name in chosen}
    few = datasets.subset(train, 10 * BATCH), datasets.subset(test, TEST_BATCH)
    for way in chosen.values():
        way(*few, device)  # to warm up
    for _ in range(rounds):
        for name, way in chosen.items():
            taken[name].append(way(train, test, device))
    median = {name: statistics.median(seconds) for name, seconds in taken.items()}
    print(f"{len(train):,} + {len(test):,} images ({train.source}), {rounds} rounds")
    print(f"{'way':<40} seconds    (from – to)      × handout  × floor")
    for name, seconds in taken.items():
        spread = f"({min(seconds):.3f} – {max(seconds):.3f})"
        faster = median["the handout's way"] / median[name]
        above = median[name] / median["the floor" + (OF_THAT if name.endswith(OF_THAT) else "")]
        print(f"{name:<40} {median[name]:7.3f} {spread:>18} {faster:8.1f}  {above:9.2f}")


# --------------------------------------------------------------------------------- the scale


def wide_net(width: int) -> nn.Module:
    """The network of notebook 03 with ``width`` times as many channels."""
    return nn.Sequential(
        nn.Conv2d(1, 6 * width, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6 * width, 16 * width, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256 * width, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def scaled(device_name: str, images: int, batch_size: int, width: int) -> tuple[float, float]:
    """The seconds of an epoch of ``fit`` and the peak memory in MB, of the GPU if on one."""
    device = torch.device(device_name)
    train, test = datasets.fashion_mnist(), datasets.fashion_mnist(train=False)
    model = wide_net(width).to(device)
    train = datasets.subset(train, images)
    history = training.fit(model, train, test, 2, batch_size=batch_size, verbose=False)
    if device.type == "cuda":
        return history.seconds[-1], torch.cuda.max_memory_allocated() / 1e6
    import resource  # not on Windows

    unit = 1 if platform.system() == "Darwin" else 1024  # bytes there, KB elsewhere
    return history.seconds[-1], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def scale(device: torch.device) -> None:
    """Change one of the three at a time."""
    usual = {"images": 60_000, "batch_size": BATCH, "width": 1}
    others = {
        "images": (7_500, 15_000, 30_000, 60_000),
        "batch_size": (16, 64, 256, 1024),
        "width": (1, 2, 4, 8),
    }
    print("images   batch_size  width   s per epoch   peak memory (MB)")
    spawn = multiprocessing.get_context("spawn")
    for name, values in others.items():
        for value in values:
            chosen = usual | {name: value}
            with spawn.Pool(1) as pool:
                seconds, memory = pool.apply(scaled, (str(device),), chosen)
            row = f"{chosen['images']:>6}   {chosen['batch_size']:>10}  {chosen['width']:>5}"
            print(f"{row}   {seconds:>11.2f}   {memory:>16.0f}", flush=True)


def main() -> int:
    """The command; returns its exit status."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--device", default="cpu")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--scale", action="store_true")
    options = options.parse_args()
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("--device cuda needs an NVIDIA GPU, and torch finds none.")
        return 1
    name = torch.cuda.get_device_name() if device.type == "cuda" else platform.machine()
    print(f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, ", end="")
    print(f"torch {torch.__version__}, Python {platform.python_version()}")
    if options.scale:
        scale(device)
    else:
        compare(device, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
