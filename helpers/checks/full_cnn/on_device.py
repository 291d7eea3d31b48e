"""The check of task 3.2: a network made of the class, on the device."""

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import judge_wrapping
from helpers.checks.core.values import answered
from helpers.checks.full_cnn.conv_net_layers import PARAMETERS


@check("3.2", "Make one", hints=(
    "You need two things in a row: make a network from the class, and send it to where the "
    "computing happens.",
    "A single layer would be made and moved like this: nn.Linear(2, 3).to(device). Do the same "
    "with your class, which needs nothing in its parentheses.",
))  # fmt: skip
def on_device(model, device) -> str:
    """Right: an instance of ``ConvNet`` with all its parameters and buffers on ``device``."""
    answered(model=model, device=device)
    judge_wrapping(model, "model")
    if isinstance(model, (torch.device, str)) and isinstance(device, nn.Module):
        raise Incorrect("the two are swapped: first the model, then the device.")
    if isinstance(model, type):
        raise Incorrect(
            f"model is {describe(model)}. Call the class to make a network from it, with "
            "parentheses: ConvNet()."
        )
    if not isinstance(model, nn.Module):
        raise Incorrect(
            f"model is {describe(model)}; expected is a network, made by calling ConvNet."
        )
    target = read_device(device)
    tensors = dict([*model.named_parameters(), *model.named_buffers()])
    if not any(is_lazy(p) for p in model.parameters()):
        total = sum(p.numel() for p in model.parameters())
        if total != PARAMETERS:
            raise Incorrect(
                f"model is {describe(model)} with {total:,} parameters; a ConvNet has "
                f"{PARAMETERS:,}. Make model from the class of Task 3.1, whole."
            )
    judge_network(model)
    elsewhere = [name for name, t in tensors.items() if not lies_on(t.device, target)]
    if len(elsewhere) == len(tensors):
        raise Incorrect(
            f"the parameters of model are on {tensors[elsewhere[0]].device}, and device is "
            f"{target}. Move the network to the device, and keep the result in model."
        )
    if elsewhere:
        raise Incorrect(
            f"{len(elsewhere)} of {len(tensors)} parameters are not on {target}, the first of them "
            f"{elsewhere[0]}. Move the whole network at once, not its parts."
        )
    return "all 44,426 parameters are on the device, where the images will have to go, too"


def read_device(device) -> torch.device:
    """``device`` as PyTorch's own object; raises if there is none of that name."""
    if not isinstance(device, (torch.device, str)):
        raise Incorrect(
            f"device is {describe(device)}; expected is a name such as cpu. "
            "Run the first cell of the notebook again."
        )
    try:
        return torch.device(device)
    except RuntimeError:
        raise Incorrect(
            f"device is {device!r}, which PyTorch does not know. "
            "Run the first cell of the notebook again."
        ) from None


def lies_on(found: torch.device, target: torch.device) -> bool:
    """Whether both are the same; a device without a number means any of its kind."""
    indices = (found.index, target.index)
    return found.type == target.type and (None in indices or found.index == target.index)


def judge_network(model: nn.Module) -> None:
    """Can it learn, and does it end with scores?"""
    if not all(p.requires_grad for p in model.parameters()):
        raise Incorrect(
            "some weights of model are frozen (their requires_grad is False), so training could "
            "not change them. Make model anew, by calling ConvNet."
        )
    kinds = {p.dtype for p in model.parameters()} - {torch.float32}
    if kinds:
        raise Incorrect(
            f"model has weights of type {', '.join(map(str, sorted(kinds, key=str)))}; the images "
            "are torch.float32. Move model to the device only, and leave its type as it is."
        )
    for module in model.modules():
        if isinstance(module, (nn.Softmax, nn.LogSoftmax)):
            raise Incorrect(
                f"model holds a {type(module).__name__}. The loss function of Task 3.4 does that "
                "itself: make model from ConvNet alone."
            )
