"""The check of task 1.7: a kernel that finds vertical edges."""

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.convolution_layers.conv_layer import judge_conv2d, judge_pure, seeded_images
from helpers.checks.core.checking import check
from helpers.checks.core.describing import show_shape
from helpers.checks.core.outcomes import Incorrect

_SIZE = 28  # of the images with an edge that the kernel is tried on


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
    layer = judge_conv2d(edge_layer, "edge_layer")
    weights = _judge_form(layer)
    total, scale = weights.sum().item(), weights.abs().sum().item()
    if scale == 0:
        raise Incorrect("all weights are 0, so the output is 0 everywhere. Give some a value.")
    if abs(total) > 1e-3 * scale:
        raise Incorrect(_flat_message(weights, total))
    if layer.bias is not None and layer.bias.abs().max() > 1e-6:
        raise Incorrect(
            "the weights are fine on flat areas, but the bias is not 0, so flat areas do not give "
            "0. Make the layer with bias=False, or set the bias to 0 as well."
        )
    step = torch.zeros(_SIZE, _SIZE, dtype=torch.float64)
    step[:, _SIZE // 2 :] = 1
    vertical, horizontal = (_strongest(picture, weights) for picture in (step, step.T))
    small = 1e-3 * scale
    if vertical <= small and horizontal <= small:
        raise Incorrect(
            "your kernel gives 0 on vertical edges, and on horizontal ones. Put weights with "
            "opposite signs to the left and to the right of the middle."
        )
    if horizontal >= 4 * vertical:
        raise Incorrect(
            f"your kernel finds horizontal edges: it answers to them with {horizontal:.3g}, to "
            f"vertical ones with {vertical:.3g}. Turn it by a quarter."
        )
    if horizontal > 0.25 * vertical:
        raise Incorrect(
            f"your kernel answers to a vertical edge with {vertical:.3g}, and to a horizontal one "
            f"with {horizontal:.3g}; the second should be 0. It is if every row of the kernel adds "
            "up to 0 by itself."
        )
    if vertical < 0.1 * scale:
        raise Incorrect(
            f"your kernel answers to a vertical edge with {vertical:.3g} only, though its weights "
            f"make {scale:.3g} together, signs aside: they cancel within the columns. Give a "
            "column the same sign from top to bottom."
        )
    judge_pure(layer, "edge_layer", seeded_images(2, 1, _SIZE, _SIZE))
    return (
        f"a step from 0 to 1 gives {_show(vertical)} at a vertical edge, {_show(horizontal)} at a "
        "horizontal one, and flat areas give 0"
    )


def _judge_form(layer: nn.Conv2d) -> torch.Tensor:
    """The kernel in float64 on the CPU; raises unless channels and size are as asked for."""
    if (layer.in_channels, layer.out_channels) != (1, 1):
        raise Incorrect(
            f"your layer has {layer.in_channels} in and {layer.out_channels} out as its channels; "
            "a single kernel for grey images has 1 in and 1 out."
        )
    asked = (1, 1, *layer.kernel_size)
    shape = tuple(layer.weight.shape)
    if shape != asked:
        raise Incorrect(
            f"the weights you set have the shape {show_shape(shape)}; this layer's have "
            f"{show_shape(asked)}: channels out, channels in, height, width. Reshape yours, or "
            "copy them into layer.weight[0, 0]."
        )
    if shape[2] != shape[3] or shape[2] % 2 == 0:
        raise Incorrect(
            f"your kernel has {shape[2]}×{shape[3]} pixels; asked for is a square one of odd size, "
            "such as 3×3, so that it has a middle."
        )
    if shape[2] == 1:
        raise Incorrect("a kernel of one pixel cannot see an edge. Take 3×3.")
    if layer.weight.dtype != torch.float32:
        raise Incorrect(
            f"the weights are of type {layer.weight.dtype}, the images of torch.float32. Write "
            "them as torch.tensor([...], dtype=torch.float32)."
        )
    return layer.weight.detach()[0, 0].cpu().double()


def _flat_message(weights: torch.Tensor, total: float) -> str:
    known = f"the weights add up to {total:.3g}, so a flat area of brightness 1 gives {total:.3g}"
    if (weights - weights[0, 0]).abs().max() <= 1e-6 * weights.abs().max():
        return f"all weights are the same: {known}. That blurs; edges need both signs."
    typed = (1000 * weights - (1000 * weights).round()).abs().max() < 1e-3  # a few digits each
    small = weights.abs().max() * weights.shape[0] <= 1
    if small and not typed and len(weights.unique()) == weights.numel():
        return (
            f"the weights look like the random numbers that the layer was made with; {known}. "
            "Write your own into edge_kernel, and run the cell again."
        )
    if (weights >= 0).all() or (weights <= 0).all():
        return (
            f"{known}. All weights have the same sign, or are 0; edges need both signs, so that "
            "they cancel."
        )
    return f"{known}. Choose weights whose positive and negative parts cancel."


def _strongest(picture: torch.Tensor, weights: torch.Tensor) -> float:
    return F.conv2d(picture[None, None], weights[None, None]).abs().max().item()


def _show(value: float) -> str:
    return "0" if abs(value) < 1e-6 else f"{value:.3g}"
