"""Making, calling and watching the networks that a student has built in notebook 05."""

import re
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from helpers.checks.core.calling import attempt
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.known_mistakes import Advice, advice_on
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered, are_probabilities


def build_network(network, name: str) -> nn.Module:
    """An instance of the student's class."""
    answered(**{name: network})
    if isinstance(network, nn.Module):
        raise Incorrect(
            f"{name} is an instance of your class; expected is the class itself. "
            "Leave out the parentheses."
        )
    if not callable(network):
        raise Incorrect(f"{name} is {describe(network)}; expected is a class of nn.Module.")
    model = uncompiled(call_network(network, on="a call without arguments"))
    if not isinstance(model, nn.Module):
        raise Incorrect(
            f"{name} makes an object of type {type(model).__name__}; expected is a network. "
            f"Let the class inherit from nn.Module: class {name}(nn.Module)."
        )
    judge_lists(model)
    return model


def uncompiled(model):
    """The network inside ``torch.compile(model)``; anything else as it is."""
    return getattr(model, "_orig_mod", model)


@contextmanager
def without_compiling(model: nn.Module):
    """Let a network on which ``model.compile()`` was called run as it was written."""
    compiled = [m for m in model.modules() if getattr(m, "_compiled_call_impl", None) is not None]
    calls = [module._compiled_call_impl for module in compiled]
    for module in compiled:
        module._compiled_call_impl = None
    try:
        yield
    finally:
        for module, call in zip(compiled, calls, strict=True):
            module._compiled_call_impl = call


def judge_lists(model: nn.Module) -> None:
    """Raise if layers are kept in a list or dictionary of Python's, where the model is blind."""
    known = set(model.modules())
    for module in known:
        for name, value in vars(module).items():
            if name.startswith("_") or not isinstance(value, (list, tuple, dict)):
                continue
            items = value.values() if isinstance(value, dict) else value
            if any(isinstance(item, nn.Module) and item not in known for item in items):
                raise Incorrect(
                    f"{name} is a {type(value).__name__} with layers in it, which the network does "
                    "not find there: they are neither counted nor trained. Put them into "
                    "nn.Sequential, or nn.ModuleList."
                )


def call_network(function, *args, on: str, advice: Advice = ()):
    """``attempt``, with the usual errors of networks in a student's words."""
    try:
        return attempt(function, *args, on=on)
    except Incorrect as error:
        message = _in_words(error.message.rstrip(".") + ".")
        hint = advice_on(error.message, advice)
        raise Incorrect(f"{message} {hint}".rstrip()) from None


def _in_words(message: str) -> str:
    """``message`` with advice on what stands behind an error of PyTorch's."""
    name = message.split(" ", 1)[0]
    where = message.partition(" on ")[2].partition(": ")[0]
    sizes = re.search(r"cannot be multiplied \((\d+)x(\d+) and (\d+)x\d+\)", message)
    count = re.match(r"(\d+) image", where)
    if sizes and count and sizes[1] != count[1]:
        return (
            f"{name} fails on {where}: a linear layer gets pictures, not one row of numbers for "
            "each image. Put nn.Flatten() in front of the first linear layer."
        )
    if sizes:
        return (
            f"{name} fails on {where}: a linear layer is made for {sizes[3]} numbers, but gets "
            f"{sizes[2]}. Compute its size from that of the image, with get_output_width."
        )
    channels = re.search(r"expected input\[.*\] to have (\d+) channels, but got (\d+)", message)
    if channels:
        return (
            f"{name} fails on {where}: a convolution is made for {channels[1]} "
            f"channel{'s' * (channels[1] != '1')}, but gets {channels[2]}. It takes in what the "
            "layer before it gives out."
        )
    if "Kernel size can't be greater" in message or "Output size is too small" in message:
        return (
            f"{name} fails on {where}: there is less image left than a kernel needs. "
            "Pool less often, or pad the convolutions."
        )
    if "'NoneType' object is not callable" in message:
        raise NotAnswered(f"a part of {name} is still None. Fill it in.")
    return f"{message} {advice_on(message, _ADVICE)}".rstrip()


# Parts of other error messages, and what to try then.
_ADVICE = (
    ("before Module.__init__() call", "Begin __init__ with super().__init__()."),
    ("list is not a Module", "Write a star in front of a list of layers: nn.Sequential(*layers)."),
    ("is not a Module subclass", "A layer is made by calling its class, with parentheses."),
    ("Module [ModuleList]", "A list of layers is no network yet: nn.Sequential(*layers) calls "
     "one after the other."),
    ('required "forward" function', "Write def forward(self, x) in the class, on the level of "
     "__init__."),
    ("dropout probability", "0.5, for example, drops half of the numbers."),
    ("but got float", "A size must be a whole number: divide with // in place of /."),
    ("missing 1 required positional argument: 'num_features'",
     "A BatchNorm wants to know how many channels or numbers come in."),
)  # fmt: skip


def images_for(model: nn.Module, count: int, shape: tuple = (1, 28, 28)) -> torch.Tensor:
    """Random images with values from 0 to 1, where and of the type that ``model`` works with."""
    generator = seeded(count)
    images = torch.rand(count, *shape, generator=generator, device="cpu")
    first = next(model.parameters(), images)
    return images.to(first.device, first.dtype)


def run(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What ``model`` returns for ``images``, without gradients."""
    with torch.no_grad():
        return model(images)


def scores_of(model: nn.Module, images: torch.Tensor, on: str) -> torch.Tensor:
    """The scores of ``images``, which must be [N, 10]."""
    name = type(model).__name__
    with torch.no_grad():
        try:
            scores = call_network(model, images, on=on)
        except Incorrect as error:
            if "a convolution is made for" in error.message:
                _judge_first_channels(model, images.shape[1])
            raise
    if not isinstance(scores, torch.Tensor):
        raise Incorrect(
            f"{name} returned {describe(scores)} on {on}; expected is a tensor of scores. "
            "Return the result of the last layer."
        )
    if scores.shape == (len(images), 10):
        return scores
    found = (
        f"{name} returned the shape {show_shape(scores.shape)} on {on}; expected is "
        f"{show_shape((len(images), 10))}"
    )
    if scores.shape == (3 * len(images), 10):
        raise Incorrect(
            f"{found}. The 3 colours are treated as 3 images; they are channels of one image."
        )
    if scores.shape == (1, 10):
        raise Incorrect(f"{found}. Images are mixed: keep the first dimension, which counts them.")
    if scores.dim() > 2 and len(scores) == len(images):
        raise Incorrect(f"{found}. Put nn.Flatten() in front of the first linear layer.")
    if scores.dim() == 2 and len(scores) == len(images):
        raise Incorrect(f"{found}. The last layer gives {scores.shape[1]}: there are 10 classes.")
    raise Incorrect(f"{found}: for each image, one score per class.")


def _judge_first_channels(model: nn.Module, expected: int) -> None:
    """Raise if the first convolution is made for images with other channels."""
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and first.in_channels != expected:
        colours = "grey" if expected == 1 else "colour"
        raise Incorrect(
            f"the first convolution of {type(model).__name__} takes {first.in_channels} "
            f"channel{'s' * (first.in_channels > 1)} in; {colours} images have {expected}. "
            "Change its first argument."
        )


def judge_scores(model: nn.Module, scores: torch.Tensor) -> None:
    """Raise unless ``scores`` of a new network are finite, and not probabilities already."""
    name = type(model).__name__
    if not scores.is_floating_point():
        raise Incorrect(
            f"{name} returned numbers of type {scores.dtype}; scores are of type torch.float32. "
            "Return the result of the last layer as it is."
        )
    if not scores.isfinite().all():
        raise Incorrect(
            f"{name} returned scores that are not finite (nan or inf). Look in forward for a "
            "division by zero, or a logarithm of 0."
        )
    if are_probabilities(scores, 1, 1e-3):
        raise Incorrect(
            f"the scores of {name} are probabilities already, as after softmax. Leave the softmax "
            "out: the loss function applies it."
        )


class Call(NamedTuple):
    """A layer that was called, and the shape and the smallest number of what it got."""

    layer: nn.Module
    shape: tuple[int, ...] = ()
    smallest: float = 0.0


@contextmanager
def watching(model: nn.Module):
    """Collect a ``Call`` for each layer that counts in notebook 05, in the order of the calls."""
    calls: list[Call] = []

    def note(layer, inputs):
        x = inputs[0] if inputs else None
        if isinstance(x, torch.Tensor) and x.numel() and not x.is_meta:
            calls.append(Call(layer, tuple(x.shape), x.detach().min().item()))
        else:
            calls.append(Call(layer))

    kinds = (nn.Conv2d, nn.Linear, _BatchNorm, _DropoutNd)
    layers = [layer for layer in model.modules() if isinstance(layer, kinds)]
    handles = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()
