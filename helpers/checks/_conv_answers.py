"""What the checks of notebooks 01 and 02 have in common: layers, shapes and size functions."""

import io
import operator
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks._feedback import Incorrect
from helpers.checks._reading import answered, attempt, close, describe, first_line, show_shape

# Kinds of layers that are taken for nn.Conv2d, and why they are not what is asked for.
_OTHER_LAYERS = (
    (nn.Linear, "nn.Linear joins every pixel with every output; a convolution looks at windows."),
    (nn.Conv1d, "nn.Conv1d slides along one direction; an image has two: take nn.Conv2d."),
    (nn.Conv3d, "nn.Conv3d slides in three directions; an image has two: take nn.Conv2d."),
    (nn.ConvTranspose2d, "nn.ConvTranspose2d makes images larger; take nn.Conv2d."),
    (nn.Sequential, "hand over the nn.Conv2d itself, without nn.Sequential around it."),
)


def expect_conv2d(layer, name: str) -> None:
    """Raise unless ``layer`` is an ``nn.Conv2d`` with weights."""
    answered(**{name: layer})
    if isinstance(layer, tuple) and len(layer) == 1:
        raise Incorrect(f"{name} is a tuple. Take away the comma at the end of the line.")
    for kind, advice in _OTHER_LAYERS:
        if isinstance(layer, kind):
            raise Incorrect(f"{name} is {describe(layer)}, and asked for is nn.Conv2d: {advice}")
    if not isinstance(layer, nn.Conv2d):
        raise Incorrect(
            f"{name} is {describe(layer)}; expected is a layer. Create it by calling nn.Conv2d(...)"
            " with its numbers in the parentheses."
        )
    if is_lazy(layer.weight):
        raise Incorrect(
            f"{name} does not know its sizes yet. Take nn.Conv2d and give the channels that come "
            "in as its first argument."
        )


def pair(value) -> tuple[int, int]:
    """An argument of a layer, for rows and columns: ``5`` and ``(5, 5)`` mean the same."""
    rows, columns = value if isinstance(value, (tuple, list)) else (value, value)
    return int(rows), int(columns)


def expect_garment_layer(layer, name: str, padding: int) -> None:
    """Raise unless ``layer`` is an ``nn.Conv2d(1, 8, 5)`` with so many pixels of padding."""
    expect_conv2d(layer, name)
    channels = (layer.in_channels, layer.out_channels)
    kernel, stride, dilation = map(pair, (layer.kernel_size, layer.stride, layer.dilation))
    if channels == (8, 1):
        raise Incorrect(
            "your layer takes 8 channels in and gives 1 out; it should be the other way round. "
            "The first argument is the number of channels that come in."
        )
    if channels[0] != 1:
        also = {28: " 28 is their width, which the layer need not know.", 64: " 64 is a batch."}
        raise Incorrect(
            f"your layer takes {channels[0]} channels in; these images are grey, so they have 1."
            f"{also.get(channels[0], '')} Change the first argument."
        )
    if (channels[1], kernel) == (5, (8, 8)):
        raise Incorrect(
            "your layer has 5 channels out and a kernel of 8 pixels; it should be the other way "
            "round. The second argument is the number of channels, the third the kernel size."
        )
    if channels[1] != 8:
        raise Incorrect(
            f"your layer gives {channels[1]} channel{'s' * (channels[1] != 1)} out; asked for are "
            "8. Change the second argument."
        )
    if kernel != (5, 5):
        raise Incorrect(
            f"your kernel has {kernel[0]}×{kernel[1]} pixels; asked for are 5×5. "
            "Change the third argument, kernel_size."
        )
    if stride != (1, 1):
        raise Incorrect(
            f"your kernel moves by {max(stride)} pixels at a time (stride={max(stride)}), so it "
            "skips places; asked for is every place. Leave out stride."
        )
    if dilation != (1, 1):
        raise Incorrect(
            f"dilation={max(dilation)} leaves gaps between the pixels that the kernel looks at. "
            "Leave it out."
        )
    _expect_padding(layer, padding)
    if layer.bias is None:
        raise Incorrect("your layer has no bias. Leave out bias=False.")
    if layer.weight.dtype != torch.float32:
        raise Incorrect(
            f"the weights are of type {layer.weight.dtype}, the images of torch.float32. "
            "Leave out dtype."
        )
    if tuple(layer.weight.shape) != (8, 1, 5, 5) or tuple(layer.bias.shape) != (8,):
        raise Incorrect(
            f"the weights of {name} now have the shape {show_shape(layer.weight.shape)}, the "
            f"biases {show_shape(layer.bias.shape)}, which is not how they were made. "
            "Create the layer afresh."
        )
    expect_pure(layer, name, seeded_images(2, 1, 28, 28))


def _expect_padding(layer: nn.Conv2d, padding: int) -> None:
    words = {"same": (2, 2), "valid": (0, 0)}
    given = words[layer.padding] if isinstance(layer.padding, str) else pair(layer.padding)
    if given == (padding, padding):
        return
    if not padding:
        raise Incorrect(
            f"your layer adds {max(given)} pixels of padding on each side. Leave out padding here; "
            "it comes later."
        )
    if given == (0, 0):
        raise Incorrect(
            "your layer adds no padding, so its output is smaller than the image. "
            "Say so with the argument padding."
        )
    more = "larger" if min(given) > padding else "smaller"
    raise Incorrect(
        f"with padding={given[0] if given[0] == given[1] else given} the output is {more} than the "
        "image. padding also takes a word: which?"
    )


def seeded_images(*shape: int) -> torch.Tensor:
    """Images of random grey values that the student never saw, the same every time, on the CPU."""
    generator = torch.Generator().manual_seed(11)
    return torch.rand(shape, generator=generator, dtype=torch.float32, device="cpu")


def expect_pure(layer: nn.Conv2d, name: str, images: torch.Tensor) -> None:
    """Raise unless ``layer`` does what its weights say, and nothing else."""
    device = layer.weight.device
    padding = layer.padding if isinstance(layer.padding, str) else pair(layer.padding)
    with torch.no_grad():
        made = attempt(layer, images.to(device), on="a batch of images")
        expected = F.conv2d(
            images.to(device), layer.weight, layer.bias, layer.stride, padding, layer.dilation
        )
    zeros = getattr(layer, "padding_mode", "zeros") == "zeros"
    if zeros and not (isinstance(made, torch.Tensor) and close(made, expected, 2e-3)):
        raise Incorrect(
            f"{name} gives something else than the convolution with its weights. Take nn.Conv2d "
            "as it is."
        )


def judge_shape(
    given: tuple[int, ...], right: tuple[int, ...], name: str, slips: Mapping[tuple, str]
) -> None:
    """Raise unless the shapes agree; ``slips`` has a sentence for shapes that are often given."""
    if given == right:
        return
    begin = f"{name} is {show_shape(given)}"
    channels, height, width = right
    slips = {
        (1, *right): "the leading 1 is a batch dimension; this is one image without it.",
        (64, *right): "64 is the size of a batch; this is one image.",
        (height, width): "the channels are missing; they come first, even if there is only 1.",
        (height, width, channels): "PyTorch puts the channels first, before height and width.",
        **slips,
    }
    if given in slips:
        raise Incorrect(f"{begin}: {slips[given]}")
    if len(given) != 3:
        raise Incorrect(
            f"{begin}, which has {len(given)} entries; one image has three: "
            "channels, height and width."
        )
    if given[0] != channels:
        raise Incorrect(f"{begin}: look again at the first number, the channels that come out.")
    if given[1] != given[2]:
        raise Incorrect(
            f"{begin}: image and window are square, so height and width must come out the same."
        )
    way = "large" if given[1] > width else "small"
    raise Incorrect(
        f"{begin}: {given[1]} is too {way}. Count the places where the window can start in a row."
    )


# -------------------------------------------------------------------------- size functions


def expect_int(value, name: str, on: str) -> None:
    """Raise unless ``value``, returned by the function ``name``, is a whole number."""
    if isinstance(value, (float, np.floating)) or (
        isinstance(value, torch.Tensor) and value.is_floating_point()
    ):
        raise Incorrect(
            f"{name} returns {describe(value)} on {on}; pixels are counted in whole numbers. "
            "Divide with // in place of /: it rounds down and stays whole."
        )
    try:
        if isinstance(value, bool):
            raise TypeError
        operator.index(value)
    except TypeError:
        raise Incorrect(
            f"{name} returns {describe(value)} on {on}; expected is one whole number."
        ) from None


class Raised(NamedTuple):
    """In place of a result: the exception that was raised (not returned)."""

    error: Exception


def results_of(function: Callable, combinations: Iterable[tuple]) -> dict[tuple, object]:
    """What ``function`` returns, or what it ``Raised``, for each combination."""
    results = {}
    with redirect_stdout(io.StringIO()):
        for arguments in combinations:
            try:
                results[arguments] = function(*arguments)
            except Exception as error:
                results[arguments] = Raised(error)
    return results


def judge_sizes(
    function: Callable,
    truth: Mapping[tuple, int],
    names: tuple[str, ...],
    authority: str,
    slips: Iterable[tuple[str, Callable]],
) -> None:
    """Raise unless ``function`` agrees with ``truth`` everywhere; say where first, and why.

    ``slips`` are sentences with the formula that each belongs to.
    """
    name = getattr(function, "__name__", "your function")
    results = results_of(function, truth)
    for arguments, value in results.items():
        if not isinstance(value, Raised):
            expect_int(value, name, show_call(names, arguments))
    returned = {a: int(v) for a, v in results.items() if not isinstance(v, Raised)}
    wrong = [a for a in truth if returned.get(a) != truth[a]]
    if not wrong:
        return
    first = next((a for a in wrong if a in returned), None)
    if first is None:
        error = results[wrong[0]].error
        raise Incorrect(
            f"for {show_call(names, wrong[0])} {name} raises {type(error).__name__} "
            f"({first_line(error)}); {authority} gives {truth[wrong[0]]}."
        )
    message = (
        f"for {show_call(names, first)} {name} returns {returned[first]}; "
        f"{authority} gives {truth[first]}."
    )
    for sentence, formula in slips:
        if all(formula(*a) == value for a, value in returned.items()):
            raise Incorrect(f"{message} {sentence}")
    raise Incorrect(f"{message} Try these numbers by hand, step by step.")


def show_call(names: tuple[str, ...], arguments: tuple) -> str:
    """``input_width=28, kernel_size=5``."""
    return ", ".join(f"{n}={a}" for n, a in zip(names, arguments, strict=False))


def expect_image(image) -> None:
    """Refuse what is not one grey image, as it comes from the data or as a batch of one."""
    if not isinstance(image, torch.Tensor) or tuple(image.shape) not in (
        (1, 28, 28),
        (1, 1, 28, 28),
    ):
        raise Incorrect(
            f"image is {describe(image)}; expected is one image, a tensor of shape [1, 28, 28]. "
            "Run the cell again that takes it from the training data."
        )
