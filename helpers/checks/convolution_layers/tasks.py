"""Checks of notebook 01, convolution layers."""

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F

from helpers.checks.convolution_layers.value_by_hand import judge_value
from helpers.checks.convolution_layers.vertical_edges import (
    expect_conv2d,
    expect_garment_layer,
    judge_edges,
    refuse_comma,
)
from helpers.checks.core.checking import check
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import (
    WIDTH_NAMES,
    WIDTH_SLIPS,
    Raised,
    expect_image,
    judge_known,
    judge_made,
    judge_shape,
    judge_sizes,
    judge_usual_values,
    results_of,
    show_call,
    true_widths,
)
from helpers.checks.core.values import answered, attempt, close, describe, shape_of, whole_number


@check("1.1", "Your first convolution layer")
def conv_layer(layer) -> str:
    """Right: ``nn.Conv2d`` from 1 channel to 8 with a 5×5 kernel, all else as by default."""
    expect_garment_layer(layer, "conv_layer", padding=0)
    return "8 kernels of 1×5×5 and 8 biases: 208 numbers"


@check("1.2", "What is inside?")
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
    slips = {
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
    judge_known(weights, (8, 1, 5, 5), "weight_shape", slips, otherwise)
    slips = {
        (1,): "there is more than one bias: count the channels that come out.",
        (8, 1): "a bias is a single number for each channel out, so one entry is enough.",
        (1, 8): "a bias is a single number for each channel out, so one entry is enough.",
        (8, 1, 5, 5): "that is the shape of the weights.",
        (8, 24, 24): "that is the shape of the output; a kernel's bias is the same everywhere.",
    }
    otherwise = "every tensor has a .shape; look at that of conv_layer.bias."
    judge_known(biases, (8,), "bias_shape", slips, otherwise)
    slips = {
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
    judge_known(number, 208, "num_parameters", slips, otherwise)
    return "8·1·5·5 weights + 8 biases = 208 numbers, however large the image"


_ONE_NUMBER = (torch.Tensor, np.ndarray, str)  # may be, though Python can go through them


def _bias_shape(value) -> tuple[int, ...]:
    if isinstance(value, (int, np.integer)) and 0 <= value < 10_000:
        raise Incorrect(
            f"bias_shape is the number {value}. A shape with one entry is written with a comma, "
            f"({value},), or with square brackets, [{value}]."
        )
    return shape_of(value, "bias_shape")


@check("1.3", "What comes out?")
def conv_output(predicted_shape, feature_maps, conv_layer, image) -> str:
    """Right: ``[8, 24, 24]`` and what ``conv_layer`` makes of ``image`` (also as a batch of 1)."""
    answered(
        predicted_shape=predicted_shape,
        feature_maps=feature_maps,
        conv_layer=conv_layer,
        image=image,
    )
    predicted = shape_of(predicted_shape, "predicted_shape")
    refuse_comma(feature_maps, "feature_maps")
    if not isinstance(feature_maps, torch.Tensor):
        raise Incorrect(
            f"feature_maps is {describe(feature_maps)}; expected is the tensor that comes out when "
            "you call the layer like a function, with the image in the parentheses."
        )
    expect_image(image)
    layer = expect_garment_layer(conv_layer, "conv_layer", padding=0)
    batch = tuple(feature_maps.shape) == (1, 8, 24, 24)
    if not (batch and predicted == (1, 8, 24, 24)):
        slips = {
            (8, 28, 28): "without padding the window cannot start at every pixel of a row.",
            (8, 23, 23): "one place too few: the first place counts as well.",
            (8, 25, 25): "one place too many: the window has to end inside the image.",
            (8, 12, 12): "that is every second place; the window moves by 1 pixel at a time.",
            (1, 24, 24): "1 is the image's channel; how many maps do 8 kernels make?",
            (1, 28, 28): "that is the shape of the image that goes in.",
            (8, 5, 5): "that is the size of the kernels; the window moves on by 1 pixel at a time.",
        }
        judge_shape(predicted, (8, 24, 24), "predicted_shape", slips)
    slips = {
        (24, 24): "that is one map alone. Keep all that come out of the layer.",
        (1, 24, 24): "that is one map alone. Keep all that come out of the layer.",
        (24, 24, 8): "PyTorch puts the channels first. Leave the output as it is.",
        (8, 1, 5, 5): "these are the layer's weights. Call the layer with the image.",
    }
    judge_made(feature_maps, (8, 24, 24), "feature_maps", slips)
    _judge_maps(feature_maps.reshape(8, 24, 24), layer, image)
    return "[1, 28, 28] → [8, 24, 24]: a window of 5 pixels has 24 places in a row of 28"


def _judge_maps(maps, layer, image) -> None:
    picture = image.detach().reshape(1, 1, 28, 28).cpu().double()
    weight, bias = (p.detach().cpu().double() for p in (layer.weight, layer.bias))
    expected = F.conv2d(picture, weight, bias)[0]
    if close(maps, expected, 2e-3):
        return
    if close(maps, expected - bias[:, None, None], 2e-3):
        raise Incorrect("feature_maps lacks the bias. Call the layer itself: it adds the bias.")
    if close(maps, expected.relu(), 2e-3):
        raise Incorrect(
            "feature_maps has no negative values: a ReLU came after the layer. Leave it out here."
        )
    if close(maps, F.conv2d(picture, weight.flip(2, 3), bias)[0], 2e-3):
        raise Incorrect(
            "feature_maps comes from kernels that are turned round. Call the layer: it takes them "
            "as they are."
        )
    raise Incorrect(
        "feature_maps has the right shape, but conv_layer makes something else of this image. "
        "If you made the layer or took the image anew in the meantime, run your cell again."
    )


@check("1.4", "Compute it yourself")
def value_by_hand(function) -> str:
    """Right: (window · kernel).sum() + bias at ``(channel, row, column)``, for any square kernel.

    ``(row, column)`` is the window's upper left corner, as in the layer's output.
    """
    answered(value_by_hand=function)
    judge_value(function)
    return "25 products, summed, plus 1 bias: one of the layer's 8·24·24 = 4,608 output values"


@check("1.5", "The size as a function")
def output_width(function) -> str:
    """Right: ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 as a whole number.

    Raises ``ValueError`` where the kernel reaches over more than the padded image. Stride,
    padding and dilation may be left out. How the arguments are named does not matter.
    """
    answered(get_output_width=function)
    name = getattr(function, "__name__", "get_output_width")
    try:
        attempt(function, 28, 5, on=show_call(WIDTH_NAMES, (28, 5)))
    except Incorrect as error:
        hint = (
            "A kernel of 5 fits into 28. Does your condition compare the right way round, and does "
            "the width come before the kernel size?"
        )
        hint = hint if "raised ValueError" in error.message else ""
        raise Incorrect(f"{error.message} {hint}".rstrip()) from None
    fitting = {a: width for a, width in true_widths().items() if width is not None}
    judge_sizes(function, fitting, WIDTH_NAMES, "nn.Conv2d", WIDTH_SLIPS)
    judge_usual_values(function, name)
    too_large = [a for a, width in true_widths().items() if width is None]
    for arguments, value in results_of(function, too_large, WIDTH_NAMES).items():
        raised = isinstance(value, Raised)
        if raised and isinstance(value.error, ValueError):
            continue
        told = (
            f"raises {type(value.error).__name__}"
            if raised
            else "returns nothing"
            if value is None
            else f"returns {describe(value)}"
        )
        raise Incorrect(
            f"for {show_call(WIDTH_NAMES, arguments)} the kernel reaches over more than the padded "
            f"image. {name} {told}; it should raise a ValueError with a sentence that says so."
        )
    return (
        f"28 → 24; right for {len(fitting)} settings of nn.Conv2d, and a ValueError for the "
        f"{len(too_large)} where the kernel does not fit"
    )


@check("1.6", "Keep the size")
def same_padding(same_layer, same_shape) -> str:
    """Right: ``nn.Conv2d(1, 8, 5)`` with padding "same" (or 2, which is the same), [8, 28, 28]."""
    answered(same_layer=same_layer, same_shape=same_shape)
    shape = shape_of(same_shape, "same_shape")
    expect_garment_layer(same_layer, "same_layer", padding=2)
    slips = {
        (8, 24, 24): "that is the shape without padding.",
        (1, 28, 28): "that is the shape of the image; your layer gives 8 channels.",
        (8, 32, 32): "the padded image is 32 pixels wide, but the window takes some away again.",
        (8, 26, 26): "padding comes on both sides, so the output is as wide as the image.",
    }
    judge_shape(shape, (8, 28, 28), "same_shape", slips)
    return "[1, 28, 28] → [8, 28, 28]: (5 - 1) / 2 = 2 pixels of zeros on each side"


@check("1.7", "Find the vertical edges")
def vertical_edges(edge_layer) -> str:
    """Right: one kernel, square and of odd size, that gives 0 on flat areas and on horizontal
    edges (or far less) and answers to vertical edges; without a bias, or with a bias of 0.
    """
    return judge_edges(expect_conv2d(edge_layer, "edge_layer"))
