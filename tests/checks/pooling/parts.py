"""What several tests of the checks of notebook 02 share."""

import torch
import torch.nn.functional as F
from torch import nn

IMAGE = torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(6))


POOLED = F.max_pool2d(IMAGE, 5)


def change(before, after):
    """The right answer to the first half of task 2.4."""
    return (after - before).abs().sum() / before.abs().sum()


def changes_of(before, after, size=2):
    """The right answer to the second half, on feature maps; by ``size`` it is pooled."""
    poolings = {"maximum": nn.MaxPool2d(size), "average": nn.AvgPool2d(size)}
    pooled = {name: change(pool(before), pool(after)).item() for name, pool in poolings.items()}
    return {"convolution": change(before, after).item()} | pooled


def _given():
    """The layer of notebook 02, images, and these shifted by a pixel."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(24)
        layer = nn.Sequential(nn.Conv2d(1, 8, 5), nn.ReLU())
        brighter = torch.linspace(0, 1, 28)  # to the right, so that what comes in there is dark
        images = brighter * F.avg_pool2d(torch.rand(40, 1, 56, 56).square(), 2)
    return layer, images, torch.roll(images, 1, dims=-1)


GIVEN = _given()
