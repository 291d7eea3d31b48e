"""What a convolution layer must be: in tasks 1.1, 1.3 and 1.6; in part also in 1.7."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks.core.calling import attempt
from helpers.checks.core.describing import describe, show_shape, show_size
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.shapes import judge_comma
from helpers.checks.core.values import answered, close, judge_tensor

# Kinds of layers that are taken for nn.Conv2d, and why they are not what is asked for.
_OTHER_LAYERS = (
    (nn.Linear, "nn.Linear joins every pixel with every output; a convolution looks at windows."),
    (nn.Conv1d, "nn.Conv1d slides along one direction; an image has two: take nn.Conv2d."),
    (nn.Conv3d, "nn.Conv3d slides in three directions; an image has two: take nn.Conv2d."),
    (nn.ConvTranspose2d, "nn.ConvTranspose2d makes images larger; take nn.Conv2d."),
    (nn.Sequential, "hand over one nn.Conv2d by itself, without nn.Sequential."),
)  # fmt: skip


def judge_conv2d(layer, name: str) -> nn.Conv2d:
    """The ``nn.Conv2d`` in the answer, also if it was compiled; raises if there is none."""
    answered(**{name: layer})
    judge_comma(layer, name)
    layer = getattr(layer, "_orig_mod", layer)  # torch.compile(layer) keeps the layer there
    for kind, advice in _OTHER_LAYERS:
        if isinstance(layer, kind):
            raise Incorrect(f"{name} is {describe(layer)}, and asked for is nn.Conv2d: {advice}")
    if not isinstance(layer, nn.Conv2d):
        raise Incorrect(
            f"{name} is {describe(layer)}; expected is a convolution layer. Create it by calling "
            "nn.Conv2d(...) with its numbers in the parentheses."
        )
    if is_lazy(layer.weight):
        raise Incorrect(
            f"{name} does not know its sizes yet. Take nn.Conv2d and give the channels that come "
            "in as its first argument."
        )
    judge_tensor(layer.weight, f"the weight of {name}")
    if not all(torch.isfinite(numbers).all() for numbers in layer.parameters()):
        raise Incorrect(
            f"some weights or biases of {name} are no ordinary numbers, but nan or inf. Make the "
            "layer again, with ordinary ones."
        )
    return layer


def pair(value) -> tuple[int, int]:
    """An argument of a layer, for rows and columns: ``5`` and ``(5, 5)`` mean the same."""
    rows, columns = value if isinstance(value, (tuple, list)) else (value, value)
    return int(rows), int(columns)


def judge_garment_layer(layer, name: str, padding: int) -> nn.Conv2d:
    """The layer in the answer; raises unless it is ``nn.Conv2d(1, 8, 5)``, so far padded."""
    layer = judge_conv2d(layer, name)
    if isinstance(layer.stride[0], str):
        raise Incorrect(
            "the word stands where the stride belongs. Say which argument it is: padding=..., with "
            "its name in front."
        )
    come_in, come_out = layer.in_channels, layer.out_channels
    kernel, stride, dilation = map(pair, (layer.kernel_size, layer.stride, layer.dilation))
    if (come_in, come_out) == (8, 1):
        raise Incorrect(
            "your layer takes 8 channels in and gives 1 out; it should be the other way round. "
            "The first argument is the number of channels that come in."
        )
    if sorted((come_in, come_out, kernel[0])) == [1, 5, 8] and (come_in, kernel[0]) != (1, 5):
        raise Incorrect(
            f"your layer has {come_in} in and {come_out} out as its channels, and a kernel of "
            f"{kernel[0]}×{kernel[1]} pixels: the right numbers, but in another order. First come "
            "the channels in, then the channels out, then the kernel size."
        )
    if come_in != 1:
        also = {
            28: " 28 is their width, which the layer need not know.",
            64: " 64 is a batch.",
            784: " 784 is the number of their pixels, which the layer need not know.",
        }
        raise Incorrect(
            f"your layer takes {come_in} channels in; these images are grey, so they have 1."
            f"{also.get(come_in, '')} Change the first argument."
        )
    if come_out != 8:
        raise Incorrect(
            f"your layer gives {come_out} channel{'s' * (come_out != 1)} out; asked for are "
            "8. Change the second argument."
        )
    if kernel != (5, 5):
        raise Incorrect(
            f"your kernel has {kernel[0]}×{kernel[1]} pixels; asked for are 5×5. "
            "Change the third argument, kernel_size."
        )
    if stride != (1, 1):
        raise Incorrect(
            f"your layer has stride={_shown(stride)}; asked for is a kernel that moves by 1 pixel "
            "at a time, to every place. Leave out stride."
        )
    if dilation != (1, 1):
        raise Incorrect(
            f"your layer has dilation={_shown(dilation)}; asked for is a kernel that looks at "
            "pixels side by side. Leave out dilation."
        )
    _judge_padding(layer, padding)
    if layer.bias is None:
        raise Incorrect("your layer has no bias. Leave out bias=False.")
    if tuple(layer.weight.shape) != (8, 1, 5, 5) or tuple(layer.bias.shape) != (8,):
        raise Incorrect(
            f"the weights of {name} now have the shape {show_shape(layer.weight.shape)}, the "
            f"biases {show_shape(layer.bias.shape)}, which is not how they were made. "
            "Create the layer afresh."
        )
    if layer.weight.dtype != torch.float32:
        raise Incorrect(
            f"the weights are of type {layer.weight.dtype}, the images of torch.float32. "
            "Create the layer afresh, and leave its type as it is."
        )
    judge_pure(layer, name, seeded_images(2, 1, 28, 28))
    return layer


def _shown(setting: tuple[int, int]) -> str:
    """A setting as it is mostly written: ``2`` for ``(2, 2)``."""
    return str(setting[0] if setting[0] == setting[1] else setting)


def _judge_padding(layer: nn.Conv2d, padding: int) -> None:
    words = {"same": (2, 2), "valid": (0, 0)}
    given = words[layer.padding] if isinstance(layer.padding, str) else pair(layer.padding)
    if given == (padding, padding):
        return
    if not padding:
        raise Incorrect(
            f"your layer has padding={layer.padding!r}; here the image is to stay as it is. Leave "
            "out padding; it comes later."
        )
    if given == (0, 0):
        raise Incorrect(
            "your layer adds no padding, so its output is smaller than the image. "
            "Say so with the argument padding."
        )
    if padding in given:
        raise Incorrect(
            f"padding={given} keeps only one of height and width. One number counts for both; and "
            "padding also takes a word: which?"
        )
    made = show_size(28 + 2 * added - 4 for added in given)  # what a kernel of 5×5 makes
    raise Incorrect(
        f"with padding={_shown(given)} an image of 28×28 becomes {made}. padding also takes a "
        "word: which?"
    )


def seeded_images(*shape: int) -> torch.Tensor:
    """Images of random grey values that the student never saw, the same every time, on the CPU."""
    generator = seeded(11)
    return torch.rand(shape, generator=generator, dtype=torch.float32, device="cpu")


def judge_pure(layer: nn.Conv2d, name: str, images: torch.Tensor) -> None:
    """Raise unless ``layer`` does what its weights say, and nothing else."""
    images = images.to(layer.weight.device)
    padding = layer.padding if isinstance(layer.padding, str) else pair(layer.padding)
    with torch.no_grad():
        made = attempt(layer, images, on="a batch of images")
        if layer.padding_mode != "zeros":  # F.conv2d pads with zeros only
            around = layer._reversed_padding_repeated_twice
            images, padding = F.pad(images, around, mode=layer.padding_mode), 0
        expected = F.conv2d(images, layer.weight, layer.bias, layer.stride, padding, layer.dilation)
    if not (isinstance(made, torch.Tensor) and close(made, expected, 2e-3)):
        raise Incorrect(
            f"{name} gives something else than the convolution with its weights. Take nn.Conv2d "
            "as it is."
        )
