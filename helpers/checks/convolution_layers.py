"""Checks of notebook 01, convolution layers."""

import torch
from torch import nn

from helpers.checks._feedback import Incorrect, answered, check, describe


@check("1.1")
def conv_layer(layer) -> str:
    """Right: ``nn.Conv2d`` from 1 channel to 8 with a 5×5 kernel, all else as by default."""
    answered(conv_layer=layer)
    if not isinstance(layer, nn.Conv2d):
        raise Incorrect(
            f"conv_layer is {describe(layer)}; expected is an nn.Conv2d. "
            "Create one by calling nn.Conv2d(...)."
        )
    if (layer.in_channels, layer.out_channels) == (8, 1):
        raise Incorrect(
            "your layer takes 8 channels in and gives 1 out; it should be the other way round. "
            "The first argument is the number of channels that come in."
        )
    if layer.in_channels != 1:
        raise Incorrect(
            f"your layer takes {layer.in_channels} channels in; these images are grey, "
            "so they have 1. Change the first argument."
        )
    return "8 kernels of 1×5×5 and 8 biases: 208 numbers"
