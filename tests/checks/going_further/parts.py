"""What several tests of the checks of notebook 05 share."""

import torch
from torch import nn
from torch.utils.data import TensorDataset

from helpers.layers import get_output_width


def sequence(*layers):
    """A class whose instances are new sequences: the entries are layers, or make them."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(*(layer() for layer in layers))

        def forward(self, x):
            return self.layers(x)

    return Net


def conv(*sizes, **options):
    return lambda: nn.Conv2d(*sizes, **options)


def linear(*sizes):
    return lambda: nn.Linear(*sizes)


def drop(p=0.5):
    return lambda: nn.Dropout(p)


def pool():
    return nn.MaxPool2d(2)


def make_conv_net(channels=(6, 16), kernel_size=5):
    layers, width, before = [], 28, 1
    for after in channels:
        layers += [nn.Conv2d(before, after, kernel_size), nn.ReLU(), nn.MaxPool2d(2)]
        width = get_output_width(get_output_width(width, kernel_size), 2, stride=2)
        before = after
    return nn.Sequential(*layers, nn.Flatten(), *head(nn.Linear(before * width**2, 120)))


def head(first):
    """The fully-connected layers, of which the first is given."""
    return [first, nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]


def with_lazy_layers(channels=(6, 16), kernel_size=5):
    layers = []
    for n in channels:
        layers += [nn.LazyConv2d(n, kernel_size), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), *head(nn.LazyLinear(120)))


def no_backend(graph, inputs):
    raise RuntimeError("a check must not compile")


class ListNet(nn.Module):
    def __init__(self, channels=(6, 16), kernel_size=5):
        super().__init__()
        self.layers = list(make_conv_net(channels, kernel_size))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class NoForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_stack = nn.Conv2d(1, 6, 5)

    def forward(self, x): ...


class DotsAsPart(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_stack = ...

    def forward(self, x):
        return self.conv_stack(x)


def norm(features, dims=2, **options):
    kind = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}[dims]
    return lambda: kind(features, **options)


def normed(**places):
    """A class with five places for batch normalisation, four of them filled unless given.

    Any other layer can be given as well, by its name.
    """
    right = {
        "conv1": conv(1, 6, 5), "first": norm(6), "relu1": nn.ReLU, "pool1": pool,
        "conv2": conv(6, 16, 5), "second": norm(16), "relu2": nn.ReLU, "pool2": pool,
        "flatten": nn.Flatten,
        "linear1": linear(256, 120), "third": norm(120, 1), "relu3": nn.ReLU,
        "linear2": linear(120, 84), "fourth": norm(84, 1), "relu4": nn.ReLU,
        "linear3": linear(84, 10), "fifth": None,
    }  # fmt: skip
    assert places.keys() <= right.keys()
    return sequence(*(part for part in (right | places).values() if part))


BatchNormConvNet = normed()


def labelled(network, share=1.0, count=200, seed=1):
    """Images with labels, of which ``network``, in eval() mode, gets this share right."""
    images = torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    first = next(network.parameters())
    with torch.no_grad():
        labels = network.eval()(images.to(first.device, first.dtype)).argmax(1)
    labels[: count - round(share * count)] += 1
    return TensorDataset(images, labels % 10)
