"""The network of notebook 03, for the notebooks that start from a trained one."""

import torch
from torch import nn

from helpers.layers import get_output_width


class ConvNet(nn.Module):
    """Two convolutions with ReLU and 2×2 max pooling, then three fully-connected layers.

    Takes images of shape ``[N, in_channels, image_size, image_size]`` and returns the
    unnormalised scores (logits) of ten classes, ``[N, 10]``. With the defaults, 44,426
    parameters. The layout is that of LeNet-5 (LeCun et al., 1998) with ReLU and max pooling.
    """

    def __init__(self, in_channels: int = 1, image_size: int = 28):
        super().__init__()
        self.conv_stack = nn.Sequential(
            nn.Conv2d(in_channels, 6, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        width = get_output_width(image_size, 5)
        width = get_output_width(width, 2, stride=2)
        width = get_output_width(width, 5)
        self.linear_entry_dim = get_output_width(width, 2, stride=2)
        self.flatten = nn.Flatten()
        self.linear_stack = nn.Sequential(
            nn.Linear(16 * self.linear_entry_dim**2, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, 10),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The scores ``[N, 10]`` of images ``[N, in_channels, image_size, image_size]``."""
        return self.linear_stack(self.flatten(self.conv_stack(x)))
