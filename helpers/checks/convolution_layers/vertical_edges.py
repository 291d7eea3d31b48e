"""What a convolution layer must be: in tasks 1.1 and 1.6, and in 1.7, where it finds edges."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import (
    answered,
    attempt,
    close,
    describe,
    refuse_odd_tensor,
    show_shape,
)

# Kinds of layers that are taken for nn.Conv2d, and why they are not what is asked for.
_OTHER_LAYERS = (
    (nn.Linear, "nn.Linear joins every pixel with every output; a convolution looks at windows."),
    (nn.Conv1d, "nn.Conv1d slides along one direction; an image has two: take nn.Conv2d."),
    (nn.Conv3d, "nn.Conv3d slides in three directions; an image has two: take nn.Conv2d."),
    (nn.ConvTranspose2d, "nn.ConvTranspose2d makes images larger; take nn.Conv2d."),
    (nn.Sequential, "hand over the nn.Conv2d itself, without nn.Sequential around it."),
)


def expect_conv2d(layer, name: str) -> nn.Conv2d:
    """The ``nn.Conv2d`` in the answer, also if it was compiled; raises if there is none."""
    answered(**{name: layer})
    refuse_comma(layer, name)
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
    refuse_odd_tensor(layer.weight, f"the weight of {name}")
    if not all(torch.isfinite(numbers).all() for numbers in layer.parameters()):
        raise Incorrect(
            f"some weights of {name} are no ordinary numbers, but nan or inf. Make the layer "
            "again, with ordinary ones."
        )
    return layer


def refuse_comma(value, name: str) -> None:
    """Raise for a tuple of one thing, which a comma at the end of a line makes."""
    if isinstance(value, tuple) and len(value) == 1:
        raise Incorrect(f"{name} is a tuple. Take away the comma at the end of the line.")


def pair(value) -> tuple[int, int]:
    """An argument of a layer, for rows and columns: ``5`` and ``(5, 5)`` mean the same."""
    rows, columns = value if isinstance(value, (tuple, list)) else (value, value)
    return int(rows), int(columns)


def expect_garment_layer(layer, name: str, padding: int) -> nn.Conv2d:
    """The layer in the answer; raises unless it is ``nn.Conv2d(1, 8, 5)``, so far padded."""
    layer = expect_conv2d(layer, name)
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
    expect_pure(layer, name, seeded_images(2, 1, 28, 28))
    return layer


def _expect_padding(layer: nn.Conv2d, padding: int) -> None:
    words = {"same": (2, 2), "valid": (0, 0)}
    given = words[layer.padding] if isinstance(layer.padding, str) else pair(layer.padding)
    if given == (padding, padding):
        return
    if not padding:
        raise Incorrect(
            f"your layer has padding={layer.padding!r}, which adds pixels around the image. Leave "
            "out padding here; it comes later."
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
    more = "larger" if min(given) > padding else "smaller"
    raise Incorrect(
        f"with padding={given[0] if given[0] == given[1] else given} the output is {more} than the "
        "image. padding also takes a word: which?"
    )


def seeded_images(*shape: int) -> torch.Tensor:
    """Images of random grey values that the student never saw, the same every time, on the CPU."""
    generator = seeded(11)
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


# ---------------------------------------------------------------------------- edges

_SIZE = 28  # of the images with an edge that the kernel is tried on


def judge_edges(layer: nn.Conv2d) -> str:
    """A fact about the layer's kernel; raises ``Incorrect`` if it is no finder of such edges."""
    weights = _expect_form(layer)
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
    expect_pure(layer, "edge_layer", seeded_images(2, 1, _SIZE, _SIZE))
    return (
        f"a step from 0 to 1 gives {_show(vertical)} at a vertical edge, {_show(horizontal)} at a "
        "horizontal one, and flat areas give 0"
    )


def _expect_form(layer: nn.Conv2d) -> torch.Tensor:
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
    if weights.abs().max() * weights.shape[0] <= 1 and len(weights.unique()) == weights.numel():
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
