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


class AsItWas:
    """A network in eval mode, without hooks and gradients, and what it was when this was made."""

    def __init__(self, model: nn.Module):
        self.model = model
        self.parts = list(model.modules())
        self.parameters = list(model.parameters())
        self.values = [parameter.detach().clone() for parameter in self.parameters]

    def judge(self, name: str) -> None:
        """Raise unless the network is as it was; ``name`` is the student's function."""
        for part in self.parts:
            if any(table for key, table in vars(part).items() if key.endswith("_hooks")):
                raise Incorrect(
                    f"{name} leaves a hook on {name_of(part, self.model)}, where it stays and each "
                    "call adds one more. Keep the handle that the registration returns, and "
                    "remove() it."
                )
        if not _identical(self.parts, self.model.modules()) or not _identical(
            self.parameters, self.model.parameters()
        ):
            raise Incorrect(
                f"{name} leaves the network with other layers or weights than it had. Take what "
                "you need out of it without putting in, deleting or replacing anything."
            )
        for parameter, value in zip(self.parameters, self.values, strict=True):
            if parameter.dtype != value.dtype:
                raise Incorrect(
                    f"{name} leaves weights of type {parameter.dtype} in the network, where they "
                    f"were of type {value.dtype}. Convert the image, if need be, not the network."
                )
            if not torch.equal(parameter, value):
                raise Incorrect(
                    f"{name} changed the network's weights. Looking inside must not train it."
                )
            if not parameter.requires_grad:
                raise Incorrect(
                    f"{name} switched off requires_grad for weights of the network, and it stays "
                    "off, so that they could not be trained any more. Leave it on: "
                    "torch.autograd.grad touches no weight, and torch.no_grad() ends by itself."
                )
            if parameter.grad is not None and parameter.grad.any():
                raise Incorrect(
                    f"{name} leaves gradients in the network's parameters, as backward() does. "
                    "Where you need no gradient, use torch.no_grad(); for that of the image alone "
                    "there is torch.autograd.grad, and model.zero_grad() at the end cleans up, too."
                )
        if any(part.training for part in self.parts):
            raise Incorrect(
                f"{name} got a network in eval() mode and leaves it in train() mode. "
                "Do not call train() in it."
            )


def name_of(part: nn.Module, model: nn.Module) -> str:
    """What to call ``part`` of ``model`` in a sentence."""
    name = next((name for name, other in model.named_modules() if other is part), "")
    return f"layer {name} ({type(part).__name__}) of the network" if name else "the network itself"


def _identical(before: list, now: Iterable) -> bool:
    now = list(now)
    return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))


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
