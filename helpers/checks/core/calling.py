"""Calling a student's function on a network of the check's own, and what it may leave behind."""

import functools
from collections.abc import Sequence

import torch
from torch import nn

from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, attempt, describe


def on_cpu(function):
    """Make ``function`` create its tensors on the CPU, whatever the default device."""

    @functools.wraps(function)
    def guarded(*args, **kwargs):
        # A student's torch.set_default_device within the block would outlive it.
        if torch.get_default_device().type == "cpu":
            return function(*args, **kwargs)
        with torch.device("cpu"):
            return function(*args, **kwargs)

    return guarded


def expect_function(value, name: str) -> None:
    """Raise unless ``value`` can be called and is no network."""
    answered(**{name: value})
    if not callable(value) or isinstance(value, nn.Module):
        raise Incorrect(f"{name} is {describe(value)}; expected is a function. Write it with def.")


# What stands behind the errors that are likely in any of the functions: a part of the message, and
# what to try.
HINTS = (
    ("same device", "Everything in this check is on the CPU: take the device from the network."),
    ("Input type (", "Everything in this check is on the CPU: take the device from the network."),
    ("_stack'", "The function is also tried on networks with other layers, under other names: use "
     "only what it is handed."),
)  # fmt: skip


def call_student(
    function,
    *args,
    on: str,
    again: bool = False,
    hints: Sequence[tuple[str, str]] = (),
    **kwargs,
):
    """``attempt`` with a word on what to try; ``again`` if the function has answered before.

    ``hints`` are parts of error messages and what to try then; the first that fits is given.
    """
    name = getattr(function, "__name__", type(function).__name__)
    try:
        return attempt(function, *args, on=on, **kwargs)
    except NotAnswered:
        if not again:
            raise
        raise Incorrect(
            f"{name} has answered once, but returns nothing on {on}. "
            "Every call must end with return, whatever was called before."
        ) from None
    except Incorrect as error:
        own = (f"{name}() ", "Leave the first line of the function as the notebook has it.")
        fitting = [text for part, text in (own, *hints, *HINTS) if part in error.message]
        raise Incorrect(f"{error.message.rstrip('.')}. {''.join(fitting[:1])}".rstrip()) from None


def read_tensor(value) -> torch.Tensor | None:
    """``value`` as a tensor on the CPU: a tensor, an array, numbers in lists, tensors in a list.

    ``None`` if it is none of these. The numbers are not converted: look at the shape first.
    """
    try:
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], torch.Tensor):
            value = torch.stack(list(value))
        return torch.as_tensor(value).detach().cpu()
    except Exception:
        return None


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
