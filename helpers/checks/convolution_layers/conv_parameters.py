"""The check of task 1.2: the shapes of a layer's parameters, and how many numbers they hold."""

from collections.abc import Iterable

import numpy as np
import torch

from helpers.checks.core.checking import check
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import judge_known
from helpers.checks.core.values import answered, shape_of, whole_number

_ONE_NUMBER = (torch.Tensor, np.ndarray, str)  # may be, though Python can go through them


@check("1.2", "What is inside?", hints=(
    "Print conv_layer.weight and conv_layer.bias and look. Which of the two is a row of numbers, "
    "which is a stack of small squares?",
    "For layer = nn.Conv2d(1, 2, 3) the answers would be layer.weight.shape, layer.bias.shape "
    "and layer.weight.numel() + layer.bias.numel(), which is 18 + 2 = 20.",
))  # fmt: skip
def conv_parameters(weight_shape, bias_shape, num_parameters) -> str:
    """Right: ``[8, 1, 5, 5]``, ``[8]`` and 208, in any way of writing a shape."""
    answered(weight_shape=weight_shape, bias_shape=bias_shape, num_parameters=num_parameters)
    weights, biases = shape_of(weight_shape, "weight_shape"), _bias_shape(bias_shape)
    if isinstance(num_parameters, Iterable) and not isinstance(num_parameters, _ONE_NUMBER):
        raise Incorrect(
            f"num_parameters is of type {type(num_parameters).__name__}; asked for is one number. "
            "sum(...) adds up several; .numel() counts those in a tensor."
        )
    number = whole_number(num_parameters, "num_parameters")
    mistakes = {
        (1, 8, 5, 5): "the channels that come out stand first, then those that come in.",
        (8, 5, 5): "the channels that come in are missing, even though there is only 1.",
        (1, 5, 5): "that is one kernel of the layer; how many are there?",
        (5, 5): "that is one kernel of the layer; how many are there?",
        (5, 5, 1, 8): "PyTorch puts the channels first, the kernel's height and width last.",
        (5, 5, 8, 1): "PyTorch puts the channels first, the kernel's height and width last.",
        (8, 5, 5, 1): "PyTorch puts the channels first, the kernel's height and width last.",
        (8, 3, 5, 5): "3 channels come in where pictures are in colour; these are grey.",
        (8, 1, 28, 28): "28 is the width of the images; how wide is a kernel?",
        (8,): "that is the shape of the bias.",
        (1, 28, 28): "that is the shape of an image; asked for is the layer's own.",
        (8, 24, 24): "that is the shape of the output; asked for is the layer's own.",
    }
    otherwise = "every tensor has a .shape; look at that of conv_layer.weight."
    judge_known(weights, (8, 1, 5, 5), "weight_shape", mistakes, otherwise)
    mistakes = {
        (1,): "there is more than one bias: count the channels that come out.",
        (8, 1): "a bias is a single number for each channel out, so one entry is enough.",
        (1, 8): "a bias is a single number for each channel out, so one entry is enough.",
        (8, 1, 5, 5): "that is the shape of the weights.",
        (8, 24, 24): "that is the shape of the output; a kernel's bias is the same everywhere.",
    }
    otherwise = "every tensor has a .shape; look at that of conv_layer.bias."
    judge_known(biases, (8,), "bias_shape", mistakes, otherwise)
    mistakes = {
        200: "these are the weights alone; the biases are learned, too.",
        8: "these are the biases alone.",
        25: "that is one kernel; count them all, and the biases.",
        26: "that is one kernel with its bias; count them all.",
        33: "that is one kernel with all the biases; count all kernels.",
        48: "a kernel has 5 rows of 5 weights, so more than 5.",
        201: "every kernel has a bias of its own.",
        1600: "the biases are added to the count; they do not multiply it.",
        2: "the layer keeps its numbers in 2 tensors; count what is in them, with numel().",
        784: "that is the number of pixels; a layer's weights do not depend on the image.",
        4608: "that is the size of the output; a layer's weights do not depend on the image.",
    }
    otherwise = "multiply the entries of the weights' shape; add the biases."
    judge_known(number, 208, "num_parameters", mistakes, otherwise)
    return "8·1·5·5 weights + 8 biases = 208 numbers, however large the image"


def _bias_shape(value) -> tuple[int, ...]:
    if isinstance(value, (int, np.integer)) and 0 <= value < 10_000:
        raise Incorrect(
            f"bias_shape is the number {value}. A shape with one entry is written with a comma, "
            f"({value},), or with square brackets, [{value}]."
        )
    return shape_of(value, "bias_shape")
