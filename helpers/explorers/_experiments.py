"""The small networks of the experiment: what can be set, how one is made, how it is trained."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Event

import torch
from torch import nn

from helpers import datasets, training
from helpers.plots.text import count_text

SEED = 0  # of every run: only the settings differ
NUM_EPOCHS = 5
TRAINED, TESTED = 6000, 1000  # images: with more, a run takes too long on a small laptop
KERNEL, POOL = 5, 2
POOLINGS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d, "none": None}


@dataclass(frozen=True)
class Settings:
    """What differs between two runs. ``width`` is the number of kernels of the first layer."""

    learning_rate: float = 0.1
    batch_size: int = 64
    pooling: str = "max"
    width: int = 8

    def __str__(self) -> str:
        pooling = "no pooling" if self.pooling == "none" else f"{self.pooling} pooling"
        return (
            f"rate {self.learning_rate:g}, batch {self.batch_size}, {pooling}, width {self.width}"
        )


def plan_text(settings: Settings) -> str:
    """The network of ``settings`` in words."""
    shrink = (
        "no pooling, but a stride of 2 in both, so that as many values are left"
        if settings.pooling == "none"
        else f"ReLU and {POOL}×{POOL} {settings.pooling} pooling after each"
    )
    first, second = settings.width, 2 * settings.width
    return (
        f"two convolutions of {KERNEL}×{KERNEL} with {first} and {second} kernels, {shrink}, "
        "and one fully-connected layer"
    )


def new_network(settings: Settings, image_shape: Iterable[int], num_classes: int) -> nn.Module:
    """An untrained network for images ``[C, H, W]``, on the CPU, with weights from ``SEED``.

    They are drawn as torch draws them, but from a generator of its own: what the student's code
    draws at the same time, in another thread, stays as it is.
    """
    channels, height, width = image_shape
    kind, first = POOLINGS[settings.pooling], settings.width
    with torch.device("meta"):  # shapes alone: nothing is drawn
        layers = []
        for sizes in ((channels, first), (first, 2 * first)):
            layers += [nn.Conv2d(*sizes, KERNEL, stride=POOL if kind is None else 1), nn.ReLU()]
            layers += [] if kind is None else [kind(POOL)]
        layers.append(nn.Flatten())
        seen = nn.Sequential(*layers)(torch.empty(1, channels, height, width))
        network = nn.Sequential(*layers, nn.Linear(seen.shape[1], num_classes))
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(SEED)
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return network


def train(
    network: nn.Module, settings: Settings, run, data: tuple, stop: Event
) -> Iterator[nn.Module]:
    """Train ``network`` while ``run``, of a Training panel, goes on; gives it after each epoch.

    ``data`` is what to train on and what to test on. ``stop`` ends it as an interrupt would. A loss
    that is no number ends it, too.

    Not by ``training.fit``, which remembers its last history for the kernel, prints, and tries
    which layout of the memory is faster: beside the student's own cells, none of that may be.
    """
    training_data, test_data = data
    loader = datasets.loader(training_data, settings.batch_size, shuffle=True, seed=SEED)
    test_loader = datasets.loader(test_data, len(test_data))
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=settings.learning_rate)
    for _ in run.epochs():
        batches = _until(stop, run.batches(loader))
        train_loss = training.train_loop(batches, network, loss_fn, optimizer)
        test_loss, accuracy = training.test_loop(test_loader, network, loss_fn)
        run.log(train_loss, test_loss, accuracy)
        yield network
        if not math.isfinite(train_loss + test_loss):
            break


def _until(stop: Event, batches: Iterable) -> Iterator:
    for batch in batches:
        if stop.is_set():
            raise KeyboardInterrupt
        yield batch


def result_text(network: nn.Module, history: training.History, num_classes: int) -> str:
    """What the figures of a run do not say by themselves."""
    size = count_text(sum(p.numel() for p in network.parameters()), "parameter")
    losses = [*history.train_losses, *history.test_losses]
    if not all(map(math.isfinite, losses)):
        return f"{size}. It diverged: its steps are too large, the weights grew beyond all numbers."
    if history.accuracies and history.accuracies[-1] < 1.5 / num_classes:
        return f"{size}. It is hardly better than guessing, which gives {1 / num_classes:.0%}."
    return f"{size}."
