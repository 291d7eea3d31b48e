"""The check of task 4.1, the first layer, on which the next two stand."""

import torch
from torch import nn

from helpers.checks.core.checking import check
from helpers.checks.core.describing import counted, describe, show_size
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import answered


@check("4.1", "The first layer", hints=(
    "Try model.conv_stack[5] in a cell of its own: it shows the last layer of the stack.",
    "names = ['a', 'b']; names[0] is 'a'. It works the same way with the layers of "
    "model.conv_stack.",
))  # fmt: skip
def first_layer(first_layer, model) -> str:
    """Right: ``model.conv_stack[0]`` itself, the convolution that sees the image."""
    answered(first_layer=first_layer, model=model)
    stack = getattr(model, "conv_stack", None)
    parts = stack.modules() if isinstance(stack, nn.Module) else ()
    right = next((part for part in parts if isinstance(part, nn.Conv2d)), None)
    if right is None:
        raise Incorrect(
            "model has no conv_stack with a convolution in it. Run the cell that loads model again."
        )
    if first_layer is right:
        return (
            f"the first of {len(stack)} layers in conv_stack: {right.out_channels} kernels of "
            f"{right.in_channels}×{show_size(right.kernel_size)}"
        )
    if isinstance(first_layer, str):
        raise Incorrect(
            f"first_layer is {describe(first_layer)}; expected is the layer itself. "
            "Leave out the quotes and index model.conv_stack like a list."
        )
    if isinstance(first_layer, torch.Tensor):
        raise Incorrect(_which_numbers(first_layer, model, right))
    if isinstance(first_layer, (list, tuple, nn.ModuleList)):
        raise Incorrect(
            f"first_layer is a {type(first_layer).__name__} of "
            f"{counted(len(first_layer), 'thing')}; expected is one layer by itself. Index "
            "model.conv_stack with a single number."
        )
    if hasattr(first_layer, "__next__"):
        raise Incorrect(
            f"first_layer is a {type(first_layer).__name__}, which gives one layer after the "
            "other; expected is the first of them. Index model.conv_stack like a list."
        )
    if not isinstance(first_layer, nn.Module):
        raise Incorrect(
            f"first_layer is {describe(first_layer)}; expected is one layer of model. "
            "Index model.conv_stack like a list."
        )
    if first_layer is model or first_layer is stack:
        name = "the whole network" if first_layer is model else "the whole conv_stack"
        raise Incorrect(
            f"first_layer is {name}; expected is only its first layer. "
            "A Sequential can be indexed like a list."
        )
    raise Incorrect(_which_layer(first_layer, model, right))


def _which_numbers(tensor: torch.Tensor, model: nn.Module, right: nn.Conv2d) -> str:
    """The message on a tensor in place of the layer ``right``."""
    found = f"first_layer is {describe(tensor)}"
    for name, parameter in model.named_parameters():
        if _same_numbers(tensor, parameter):
            layer, _, own = name.rpartition(".")
            kind = "weights" if own == "weight" else "biases" if own == "bias" else "parameters"
            if model.get_submodule(layer) is right:
                return (
                    f"{found}, the {kind} of the layer that is asked for. Expected is the layer "
                    f"itself; leave out what follows the index, such as .{own}."
                )
            return (
                f"{found}, the {kind} of another layer, {layer}. Expected is the layer itself "
                "that sees the image first."
            )
    return (
        f"{found}. Expected is the layer itself, out of model.conv_stack: take it by its number, "
        "and do not call it."
    )


def _which_layer(layer: nn.Module, model: nn.Module, right: nn.Module) -> str:
    """The message on a layer that is not the one asked for."""
    for name, part in model.named_modules():
        if part is layer and isinstance(layer, nn.Sequential):
            return (
                f"first_layer is {name}, a Sequential of {len(layer)} layers; expected is one "
                "layer, the convolution that sees the image first. Take it from model.conv_stack."
            )
        if part is layer:
            within = name.startswith("conv_stack.")
            advice = "Python counts from 0." if within else "It stands in model.conv_stack."
            return (
                f"first_layer is {name}, of type {type(layer).__name__}; expected is the "
                f"convolution that sees the image first. {advice}"
            )
    if isinstance(layer, nn.Sequential):
        return (
            f"first_layer is a Sequential around {counted(len(layer), 'layer')}, as a slice gives "
            "it; expected is one layer. Index with a single number, without a colon."
        )
    if type(layer) is type(right) and _same_numbers(layer.weight, right.weight):
        return (
            "first_layer is a copy: the same numbers, but not the layer that belongs to model. "
            "Take the layer out of model.conv_stack without copying it."
        )
    return (
        f"first_layer is a {type(layer).__name__} that does not belong to model: one that you have "
        "made, or of another network. Take the trained one out of model.conv_stack."
    )


def _same_numbers(a: torch.Tensor, b: torch.Tensor) -> bool:
    same_form = a.shape == b.shape and not a.is_meta and not b.is_meta
    return same_form and torch.equal(a.detach().cpu(), b.detach().cpu())


def judge_convolution(layer) -> nn.Conv2d:
    """The layer of task 4.1, on which the next tasks stand; raises for anything else."""
    answered(first_layer=layer)
    if not isinstance(layer, nn.Conv2d) or layer.in_channels != 1:
        raise Incorrect(
            f"first_layer is {describe(layer)}, not the convolution that sees the grey image. "
            "Do task 4.1 first."
        )
    if layer.weight.is_meta:
        raise Incorrect(
            "first_layer is on the device meta, where a layer has no numbers. Do task 4.1 first."
        )
    image, weight = torch.zeros(1, 1, 28, 28), layer.weight.detach().cpu().float()
    try:
        nn.functional.conv2d(image, weight, None, layer.stride, layer.padding, layer.dilation)
    except Exception:  # as of a word that stands where the stride belongs
        raise Incorrect(
            "first_layer cannot run on an image of 28×28: its weights or its settings do not fit. "
            "Do task 4.1 first."
        ) from None
    return layer
