"""What several tests of the checks of notebook 01 share."""

import torch
from torch import nn


def image():
    return torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(5))


def used_layer(**settings):
    """A layer with a gradient, a hook and its mode changed."""
    layer = nn.Conv2d(1, 8, 5, **settings).eval()
    layer(image()).sum().backward()
    layer.register_forward_hook(lambda *_: None)
    return layer
