"""Making, calling and watching the networks that a student has built in notebook 05."""

import re
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from helpers.checks._feedback import Incorrect, NotAnswered
from helpers.checks._reading import answered, attempt, describe, show_shape


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
    model = call_network(network, on="no arguments")
    if not isinstance(model, nn.Module):
        raise Incorrect(
            f"{name} makes {describe(model)}; expected is a network. "
            f"Let the class inherit from nn.Module: class {name}(nn.Module)."
        )
    if any(part is Ellipsis for module in model.modules() for part in vars(module).values()):
        raise NotAnswered(f"there are still dots (...) in {name} to fill in.")
    return model


def call_network(function, *args, on: str, hint: str = ""):
    """``attempt``, with the usual errors of networks in a student's words, and with a hint."""
    try:
        return attempt(function, *args, on=on)
    except Incorrect as error:
        message = _in_words(error.message.rstrip(".") + ".")
        raise Incorrect(f"{message} {hint}".rstrip()) from None


def _in_words(message: str) -> str:
    """``message`` with advice on what stands behind an error of PyTorch's."""
    name = message.split(" ", 1)[0]
    where = message.partition(" on ")[2].partition(": ")[0]
    sizes = re.search(r"cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)", message)
    if sizes:
        return (
            f"{name} fails on {where}: a linear layer is made for {sizes[2]} numbers, but gets "
            f"{sizes[1]}. Compute its size from that of the image, with get_output_width."
        )
    channels = re.search(r"expected input\[.*\] to have (\d+) channels, but got (\d+)", message)
    if channels:
        return (
            f"{name} fails on {where}: a convolution is made for {channels[1]} channels, but gets "
            f"{channels[2]}. It takes in what the layer before it gives out."
        )
    if "Kernel size can't be greater" in message or "Output size is too small" in message:
        return (
            f"{name} fails on {where}: there is less image left than a kernel needs. "
            "Pool less often, or pad the convolutions."
        )
    if "'NoneType' object is not callable" in message:
        raise NotAnswered(f"a part of {name} is still None. Fill it in.")
    if "before Module.__init__() call" in message:
        return f"{message} Begin __init__ with super().__init__()."
    return message


def images_for(model: nn.Module, count: int, shape: tuple = (1, 28, 28)) -> torch.Tensor:
    """Random images with values from 0 to 1, where and of the type that ``model`` works with."""
    generator = torch.Generator().manual_seed(count)
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
            if "channels, but gets" in error.message:
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


@contextmanager
def watching(model: nn.Module):
    """Collect (layer, shape of its input), in the order in which layers are called."""
    calls: list[tuple[nn.Module, tuple[int, ...]]] = []

    def note(layer, inputs):
        calls.append((layer, tuple(getattr(inputs[0], "shape", ())) if inputs else ()))

    kinds = (nn.Conv2d, nn.Linear, _BatchNorm, _DropoutNd)
    layers = [layer for layer in model.modules() if isinstance(layer, kinds)]
    handles = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def listed(things) -> str:
    """``a, b and c``."""
    *most, last = map(str, things)
    return f"{', '.join(most)} and {last}" if most else last
