"""What several tests of the checks of notebook 03 share."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from helpers import models
from helpers.checks.full_cnn import (
    loop_by_hand,
    loop_recorder,
)
from helpers.layers import get_output_width


def width_of_map() -> int:
    width = get_output_width(28, 5)
    width = get_output_width(width, 2, 2)
    width = get_output_width(width, 5)
    return get_output_width(width, 2, 2)


def conv_layers() -> list[nn.Module]:
    return [
        nn.Conv2d(1, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]


def linear_layers() -> list[nn.Module]:
    return [nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]


def replaced(layers: list[nn.Module], **changes) -> list[nn.Module]:
    """``layers`` with those at the places ``_0``, ``_1`` … exchanged, or left out for ``None``."""
    changed = [changes.get(f"_{i}", layer) for i, layer in enumerate(layers)]
    return [layer for layer in changed if layer is not None]


class ConvNet(nn.Module):
    """The solution of task 3.1; the mistakes below change one thing in it."""

    def __init__(self):
        super().__init__()
        self.conv_stack = nn.Sequential(*self.conv())
        self.linear_entry_dim = width_of_map()
        self.flatten = nn.Flatten()
        self.linear_stack = nn.Sequential(*self.linear())
        self.finish()

    conv = staticmethod(conv_layers)
    linear = staticmethod(linear_layers)

    def finish(self):
        """Room for a mistake."""

    def forward(self, x):
        return self.linear_stack(self.flatten(self.conv_stack(x)))


def variant(**members) -> type:
    """The class above with some of its members exchanged."""
    return type("ConvNet", (ConvNet,), members)


def conv(**changes):
    return variant(conv=staticmethod(lambda: replaced(conv_layers(), **changes)))


def linear(**changes):
    return variant(linear=staticmethod(lambda: replaced(linear_layers(), **changes)))


SGD = torch.optim.SGD


class Lazy(ConvNet):
    """Layers that find out themselves how much comes in."""

    def conv(self):
        return replaced(conv_layers(), _0=nn.LazyConv2d(6, 5), _3=nn.LazyConv2d(16, 5))

    def linear(self):
        return replaced(linear_layers(), _0=nn.LazyLinear(120))


NET = models.ConvNet()


def sgd(**settings):
    return SGD(NET.parameters(), **{"lr": 1e-3, **settings})


def device_of(model):
    return next(model.parameters()).device


def train_solution(dataloader, model, loss_fn, optimizer):
    device = next(model.parameters()).device
    model.train()
    loss_sum, num_images = 0.0, 0
    for X, y in dataloader:
        X, y = X.to(device), y.to(device)
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss_sum += loss.detach() * len(X)
        num_images += len(X)
    return float(loss_sum / num_images)


def by_hand() -> tuple[list[float], list[float]]:
    """The loss of each batch of the bench while training, and before it."""
    bench = loop_recorder.bench()
    _, losses = loop_by_hand.trained(bench.batches(), bench.model.weight)
    return losses, [F.cross_entropy(bench.model(x), y).item() for x, y in bench.batches()]


TRAIN = [2.304, 2.302, 2.299, 2.28, 2.1, 1.5, 1.2, 1.0, 0.95, 0.9]


TEST = [2.303, 2.301, 2.297, 2.26, 1.9, 1.4, 1.1, 1.02, 0.97, 0.93]


ACCURACIES = [0.1, 0.1, 0.14, 0.25, 0.35, 0.5, 0.57, 0.61, 0.64, 0.66]


class Garments:
    """1,000 test images that hold the answer of a network in their first pixels, and labels."""

    def __init__(self, share: float):
        self.right = round(1000 * share)

    def __len__(self):
        return 1000

    def __getitem__(self, index):
        label = index % 10
        image = torch.zeros(1, 28, 28)
        image[0, 0, label if index < self.right else (label + 1) % 10] = 1
        return image, label


class Reader(nn.Module):
    """A network that reads its answer from the first ten pixels."""

    def __init__(self):
        super().__init__()
        self.sure = nn.Parameter(torch.tensor(3.0))

    def forward(self, x):
        return self.sure * x[:, 0, 0, :10]


def loss_of_reader(share: float) -> float:
    """Its mean loss on garments of which it gets ``share`` right."""
    return math.log(math.exp(3) + 9) - 3 * share
