"""Checks of tasks 1.1 and 1.6: the layer that is asked for, without and with padding."""

from helpers.checks.convolution_layers.conv_layer import judge_garment_layer
from helpers.checks.core.checking import check
from helpers.checks.core.shapes import judge_shape
from helpers.checks.core.values import answered, shape_of


@check("1.1", "Your first convolution layer", hints=(
    "Read the task as a list: grey images, 8 output channels, a kernel of 5 pixels. It names the "
    "three numbers in the order in which nn.Conv2d takes them.",
    "For colour images, 4 output channels and a kernel of 3 pixels it would be nn.Conv2d(3, 4, "
    "3). Put in the numbers of this task.",
))  # fmt: skip
def conv_layer(layer) -> str:
    """Right: ``nn.Conv2d`` from 1 channel to 8 with a 5×5 kernel, all else as by default."""
    judge_garment_layer(layer, "conv_layer", padding=0)
    return "8 kernels of 1×5×5 and 8 biases: 208 numbers"


@check("1.6", "Keep the size", hints=(
    "Only one thing is new: the layer gets one more argument, by its name. What does the word in "
    "the task promise about height and width?",
    "A layer for colour images that keeps their size would be nn.Conv2d(3, 4, 3, "
    'padding="same"), and of one image of 28×28 it makes (4, 28, 28).',
))  # fmt: skip
def same_padding(same_layer, same_shape) -> str:
    """Right: ``nn.Conv2d(1, 8, 5)`` with padding "same" (or 2, which is the same), [8, 28, 28]."""
    answered(same_layer=same_layer, same_shape=same_shape)
    shape = shape_of(same_shape, "same_shape")
    mode = judge_garment_layer(same_layer, "same_layer", padding=2).padding_mode
    mistakes = {
        (8, 1, 5, 5): "that is the shape of the weights; asked for is what comes out.",
        (8, 24, 24): "that is the shape without padding.",
        (1, 28, 28): "that is the shape of the image; your layer gives 8 channels.",
        (8, 32, 32): "the padded image is 32 pixels wide, but the window takes some away again.",
        (8, 26, 26): "padding comes on both sides, so the output is as wide as the image.",
    }
    judge_shape(shape, (8, 28, 28), "same_shape", mistakes)
    filled = {"zeros": "2 pixels of zeros", "reflect": "2 mirrored pixels"}.get(mode, "2 pixels")
    return f"[1, 28, 28] → [8, 28, 28]: (5 - 1) / 2 = {filled} on each side"
