"""Checks of notebook 01, convolution layers: what is right, and what is said then."""

from helpers.checks.convolution_layers.conv_layer import judge_conv2d, judge_garment_layer
from helpers.checks.convolution_layers.conv_output import judge_output
from helpers.checks.convolution_layers.conv_parameters import judge_parameters
from helpers.checks.convolution_layers.output_width import judge_width
from helpers.checks.convolution_layers.value_by_hand import judge_value
from helpers.checks.convolution_layers.vertical_edges import judge_edges
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


@check("1.2", "What is inside?", hints=(
    "Print conv_layer.weight and conv_layer.bias and look. Which of the two is a row of numbers, "
    "which is a stack of small squares?",
    "For layer = nn.Conv2d(1, 2, 3) the answers would be layer.weight.shape, layer.bias.shape "
    "and layer.weight.numel() + layer.bias.numel(), which is 18 + 2 = 20.",
))  # fmt: skip
def conv_parameters(weight_shape, bias_shape, num_parameters) -> str:
    """Right: ``[8, 1, 5, 5]``, ``[8]`` and 208, in any way of writing a shape."""
    answered(weight_shape=weight_shape, bias_shape=bias_shape, num_parameters=num_parameters)
    judge_parameters(weight_shape, bias_shape, num_parameters)
    return "8·1·5·5 weights + 8 biases = 208 numbers, however large the image"


@check("1.3", "What comes out?", hints=(
    "Draw a row of 6 boxes and slide a strip of 3 boxes along it: it fits in 4 places. Find the "
    "rule that gives 4 from 6 and 3.",
    "A row of 6 with a window of 3 has 6 - 3 + 1 = 4 places, a column as well, and each kernel "
    "makes one map: 2 kernels would make (2, 4, 4). For feature_maps, call conv_layer with image "
    "in the parentheses.",
))  # fmt: skip
def conv_output(predicted_shape, feature_maps, conv_layer, image) -> str:
    """Right: ``[8, 24, 24]`` and what ``conv_layer`` makes of ``image`` (also as a batch of 1)."""
    answered(
        predicted_shape=predicted_shape,
        feature_maps=feature_maps,
        conv_layer=conv_layer,
        image=image,
    )
    judge_output(predicted_shape, feature_maps, conv_layer, image)
    return "[1, 28, 28] → [8, 24, 24]: a window of 5 pixels has 24 places in a row of 28"


@check("1.4", "Compute it yourself", hints=(
    "Before you multiply, print two shapes: that of your window and that of the kernel. They "
    "must be the same.",
    "Four steps: the kernel is layer.weight[channel]; its height and width are in its shape; the "
    "window is the part of the image that begins at row and column and has this height and "
    "width; multiply the two, sum up, and add the one bias that belongs to the channel.",
))  # fmt: skip
def value_by_hand(function) -> str:
    """Right: (window · kernel).sum() + bias at ``(channel, row, column)``, for any square kernel.

    ``(row, column)`` is the window's upper left corner, as in the layer's output.
    """
    answered(value_by_hand=function)
    judge_value(function)
    return "25 products, summed, plus 1 bias: one of the layer's 8·24·24 = 4,608 output values"


@check("1.5", "The size as a function", hints=(
    "Build the formula from the inside out and give each part a name: how wide is the image with "
    "its padding? How many pixels does the kernel reach over? How much room is left?",
    "padded = input_width + 2 * padding, and reach = dilation * (kernel_size - 1) + 1. If reach "
    "is larger than padded, raise the error. Else the room, padded - reach, holds room // stride "
    "steps; the number of places is one more than the number of steps.",
))  # fmt: skip
def output_width(function) -> str:
    """Right: ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 as a whole number.

    Raises ``ValueError`` where the kernel reaches over more than the padded image. Stride,
    padding and dilation may be left out. How the arguments are named does not matter.
    """
    answered(get_output_width=function)
    fitting, too_large = judge_width(function)
    return (
        f"28 → 24; right for {fitting} settings of nn.Conv2d, and a ValueError for the "
        f"{too_large} where the kernel does not fit"
    )


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
    judge_garment_layer(same_layer, "same_layer", padding=2)
    mistakes = {
        (8, 1, 5, 5): "that is the shape of the weights; asked for is what comes out.",
        (8, 24, 24): "that is the shape without padding.",
        (1, 28, 28): "that is the shape of the image; your layer gives 8 channels.",
        (8, 32, 32): "the padded image is 32 pixels wide, but the window takes some away again.",
        (8, 26, 26): "padding comes on both sides, so the output is as wide as the image.",
    }
    judge_shape(shape, (8, 28, 28), "same_shape", mistakes)
    return "[1, 28, 28] → [8, 28, 28]: (5 - 1) / 2 = 2 pixels of zeros on each side"


@check("1.7", "Find the vertical edges", hints=(
    "Put your finger on a flat area: all nine pixels have the same brightness. Multiply, and sum "
    "up: what must the nine weights add up to? And where the left side is dark and the right "
    "side bright, the sum should be large.",
    "A kernel for horizontal edges has a row of -1.0 at the top, a row of 0.0 in the middle and "
    "a row of 1.0 at the bottom: torch.tensor([[-1.0, -1.0, -1.0], ...]). For vertical edges the "
    "same happens from left to right.",
))  # fmt: skip
def vertical_edges(edge_layer) -> str:
    """Right: one kernel, square and of odd size, that gives 0 on flat areas and on horizontal
    edges (or far less) and answers to vertical edges; without a bias, or with a bias of 0.
    """
    return judge_edges(judge_conv2d(edge_layer, "edge_layer"))
