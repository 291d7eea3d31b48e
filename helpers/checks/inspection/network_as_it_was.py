"""Is what a student's function was given as it was: the network, and tensors?"""

from collections.abc import Iterable

import torch
from torch import nn

from helpers.checks.core.outcomes import Incorrect


def fill(model: nn.Module, generator: torch.Generator) -> None:
    """Set the parameters at random, reproducibly."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)


def parameter_values(model: nn.Module) -> list[torch.Tensor]:
    """Copies of all parameters, in the order of ``model.parameters()``."""
    return [parameter.detach().clone() for parameter in model.parameters()]


def judge_left_behind(model: nn.Module, values: list[torch.Tensor], name: str) -> None:
    """Raise unless ``model`` is in eval mode, with ``values`` and without hooks and gradients."""
    for part in model.modules():
        if any(table for key, table in vars(part).items() if key.endswith("_hooks")):
            raise Incorrect(
                f"{name} leaves its hook on the layer, where it goes on recording and each call "
                "adds one more. Keep the handle that the registration returns, and remove() it."
            )
    parameters = list(model.parameters())
    if not all(torch.equal(p, value) for p, value in zip(parameters, values, strict=True)):
        raise Incorrect(f"{name} changed the network's weights. Looking inside must not train it.")
    if any(p.grad is not None and p.grad.any() for p in parameters):
        raise Incorrect(
            f"{name} leaves gradients in the network's parameters, as backward() does. Where you "
            "need no gradient, use torch.no_grad(); for that of the image alone there is "
            "torch.autograd.grad, and model.zero_grad() at the end cleans up, too."
        )
    if any(part.training for part in model.modules()):
        raise Incorrect(
            f"{name} got a network in eval() mode and leaves it in train() mode. "
            "Do not call train() in it."
        )


def judge_unchanged(
    given: Iterable[torch.Tensor], original: Iterable[torch.Tensor], name: str
) -> None:
    """Raise if the student's function has changed one of the tensors ``given`` to it."""
    for now, before in zip(given, original, strict=True):
        if not torch.equal(now.detach(), before):
            raise Incorrect(
                f"{name} changed the numbers that it was given, which are needed afterwards. Work "
                "on a clone()."
            )
