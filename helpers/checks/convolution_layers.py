"""Checks of notebook 01, convolution layers."""

from functools import cache
from itertools import product

import torch
import torch.nn.functional as F

from helpers.checks._by_hand import judge_value
from helpers.checks._check import check
from helpers.checks._conv_answers import (
    Raised,
    expect_conv2d,
    expect_garment_layer,
    expect_image,
    expect_int,
    judge_shape,
    judge_sizes,
    results_of,
    show_call,
)
from helpers.checks._edges import judge_edges
from helpers.checks._feedback import Incorrect
from helpers.checks._reading import (
    answered,
    attempt,
    close,
    describe,
    shape_of,
    show_shape,
    whole_number,
)


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
    number = whole_number(num_parameters, "num_parameters")
    if weights != (8, 1, 5, 5):
        slips = {
            (1, 8, 5, 5): "the channels that come out stand first, then those that come in.",
            (8, 5, 5): "the channels that come in are missing, even though there is only 1.",
            (1, 5, 5): "that is one kernel of the layer; how many are there?",
            (5, 5): "that is one kernel of the layer; how many are there?",
            (5, 5, 1, 8): "PyTorch puts the channels first, the kernel's height and width last.",
            (8,): "that is the shape of the bias.",
            (1, 28, 28): "that is the shape of an image; asked for is the layer's own.",
            (8, 24, 24): "that is the shape of the output; asked for is the layer's own.",
        }
        advice = slips.get(weights, "print conv_layer.weight and look for its shape.")
        raise Incorrect(f"weight_shape is {show_shape(weights)}: {advice}")
    if biases != (8,):
        slips = {
            (1,): "there is more than one bias: count the channels that come out.",
            (8, 1): "a bias is a single number for each channel out, so one entry is enough.",
            (8, 1, 5, 5): "that is the shape of the weights.",
            (8, 24, 24): "that is the shape of the output; a kernel's bias is the same everywhere.",
        }
        advice = slips.get(biases, "print conv_layer.bias and look for its shape.")
        raise Incorrect(f"bias_shape is {show_shape(biases)}: {advice}")
    if number != 208:
        slips = {
            200: "these are the weights alone; the biases are learned, too.",
            8: "these are the biases alone.",
            25: "that is one kernel; count them all, and the biases.",
            26: "that is one kernel with its bias; count them all.",
            201: "every kernel has a bias of its own.",
            2: "the layer keeps its numbers in 2 tensors; count what is in them, with numel().",
            784: "that is the number of pixels; a layer's weights do not depend on the image.",
            4608: "that is the size of the output; a layer's weights do not depend on the image.",
        }
        advice = slips.get(number, "multiply the entries of the weights' shape; add the biases.")
        raise Incorrect(f"num_parameters is {number}: {advice}")
    return "8·1·5·5 weights + 8 biases = 208 numbers, however large the image"


def _bias_shape(value) -> tuple[int, ...]:
    if isinstance(value, int):
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
    if not isinstance(feature_maps, torch.Tensor):
        raise Incorrect(
            f"feature_maps is {describe(feature_maps)}; expected is the tensor that comes out when "
            "you call the layer like a function, with the image in the parentheses."
        )
    expect_image(image)
    expect_garment_layer(conv_layer, "conv_layer", padding=0)
    batch = tuple(feature_maps.shape) == (1, 8, 24, 24)
    if not (batch and predicted == (1, 8, 24, 24)):
        slips = {
            (8, 28, 28): "without padding the window cannot start at every pixel of a row.",
            (8, 23, 23): "one place too few: the first place counts as well.",
            (8, 25, 25): "one place too many: the window has to end inside the image.",
            (1, 24, 24): "1 is the image's channel; how many maps do 8 kernels make?",
            (1, 28, 28): "that is the shape of the image that goes in.",
            (8, 5, 5): "that is the size of the kernels; the window moves on by 1 pixel at a time.",
            (8, 1, 24, 24): "each kernel makes one map: the channel that goes in is summed up.",
        }
        judge_shape(predicted, (8, 24, 24), "predicted_shape", slips)
    if not batch and tuple(feature_maps.shape) != (8, 24, 24):
        advice = (
            "that is an image still. Pass it through conv_layer."
            if tuple(feature_maps.shape[-3:]) == (1, 28, 28)
            else "what conv_layer makes of one image has the shape [8, 24, 24]."
        )
        raise Incorrect(f"feature_maps has the shape {show_shape(feature_maps.shape)}: {advice}")
    _judge_maps(feature_maps.reshape(8, 24, 24), conv_layer, image)
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


NAMES = ("input_width", "kernel_size", "stride", "padding", "dilation")
# Formulas that are often written, each with what is then said; w, k, s, p, d as in NAMES.
_WIDTH_SLIPS = (
    (
        "It is one too few: the number of steps is one less than the number of places.",
        lambda w, k, s, p, d: (w + 2 * p - d * (k - 1) - 1) // s,
    ),
    (
        "Padding is added on both sides of the image.",
        lambda w, k, s, p, d: (w + p - d * (k - 1) - 1) // s + 1,
    ),
    (
        "Your function leaves out the padding.",
        lambda w, k, s, p, d: (w - d * (k - 1) - 1) // s + 1,
    ),
    (
        "Your function leaves out the dilation.",
        lambda w, k, s, p, d: (w + 2 * p - k) // s + 1,
    ),
    (
        "Your function leaves out the stride.",
        lambda w, k, s, p, d: w + 2 * p - d * (k - 1),
    ),
    (
        "Your function takes the image and the kernel alone; stride, padding and dilation count.",
        lambda w, k, s, p, d: w - k + 1,
    ),
    (
        "A window that would hang over the edge does not count: round down.",
        lambda w, k, s, p, d: -(-(w + 2 * p - d * (k - 1) - 1) // s) + 1,
    ),
    (
        "A window that would hang over the edge does not count: round() may round up; use //.",
        lambda w, k, s, p, d: round((w + 2 * p - d * (k - 1) - 1) / s) + 1,
    ),
    (
        "The dilation spreads the kernel's pixels: there are kernel_size - 1 steps between them.",
        lambda w, k, s, p, d: (w + 2 * p - d * k - 1) // s + 1,
    ),
    (
        "The dilation spreads the kernel's pixels: there are kernel_size - 1 steps between them.",
        lambda w, k, s, p, d: (w + 2 * p - d * k) // s + 1,
    ),
    (
        "The -1 inside the fraction is missing.",
        lambda w, k, s, p, d: (w + 2 * p - d * (k - 1)) // s + 1,
    ),
    (
        "The +1 stands outside the fraction: it is added after the division.",
        lambda w, k, s, p, d: (w + 2 * p - d * (k - 1)) // s,
    ),
)


@check("1.5", "The size as a function")
def output_width(function) -> str:
    """Right: ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 as a whole number.

    Raises ``ValueError`` where the kernel reaches over more than the padded image.
    """
    answered(get_output_width=function)
    name = getattr(function, "__name__", "get_output_width")
    on = show_call(NAMES, (28, 5))
    expect_int(attempt(function, 28, 5, on=on), name, on)
    by_name = dict(zip(NAMES, (28, 5, 2, 2, 1), strict=True))
    on = f"{show_call(NAMES, tuple(by_name.values()))}, given by name"
    expect_int(attempt(function, on=on, **by_name), name, on)
    truth = true_widths()
    fitting = {a: width for a, width in truth.items() if width is not None}
    judge_sizes(function, fitting, NAMES, "nn.Conv2d", _WIDTH_SLIPS)
    too_large = [a for a, width in truth.items() if width is None]
    for arguments, value in results_of(function, too_large).items():
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
            f"for {show_call(NAMES, arguments)} the kernel is larger than the padded image. "
            f"{name} {told}; it should raise a ValueError with a sentence that says so."
        )
    return (
        f"28 → 24; right for {len(fitting)} settings of nn.Conv2d, and a ValueError for the "
        f"{len(too_large)} where the kernel does not fit"
    )


@cache
def true_widths() -> dict[tuple, int | None]:
    """What PyTorch's convolution makes of small images, simple settings first.

    The keys are arguments in the order of ``NAMES``; ``None`` where the kernel does not fit.
    """
    settings = product((1, 2, 3, 5, 6, 7, 10, 28), range(1, 6), (1, 2, 3), (0, 1, 2), (1, 2, 3))
    usual = (28, 5, 1, 0, 1)

    def unusual(arguments: tuple) -> tuple:
        differing = [a != b for a, b in zip(arguments[2:], usual[2:], strict=True)]
        return sum(differing), -arguments[0]

    return {a: _true_width(*a) for a in sorted(settings, key=unusual)}


def _true_width(width, kernel, stride, padding, dilation) -> int | None:
    try:
        return F.conv2d(
            torch.zeros(1, 1, width, width),
            torch.zeros(1, 1, kernel, kernel),
            stride=stride,
            padding=padding,
            dilation=dilation,
        ).shape[-1]
    except RuntimeError:
        return None


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
    expect_conv2d(edge_layer, "edge_layer")
    return judge_edges(edge_layer)
