"""Checks of notebook 04, inspection."""

import functools
import operator
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap
from matplotlib.figure import FigureBase
from torch import nn
from torch.nn import functional

from helpers.checks._feedback import (
    Incorrect,
    NotAnswered,
    answered,
    attempt,
    check,
    close,
    describe,
    show_shape,
)


def _on_cpu(function):
    """Make ``function`` create its tensors on the CPU, whatever the default device."""

    @functools.wraps(function)
    def on_cpu(*args, **kwargs):
        with torch.device("cpu"):
            return function(*args, **kwargs)

    return on_cpu


# ----------------------------------------------------------------------------- 4.1


@check("4.1")
def first_layer(first_layer, model) -> str:
    """Right: ``model.conv_stack[0]`` itself, the convolution that sees the image."""
    answered(first_layer=first_layer, model=model)
    stack = getattr(model, "conv_stack", None)
    if not isinstance(stack, nn.Sequential):
        raise Incorrect(
            "model has no conv_stack to take a layer from. Run the cell that loads model again."
        )
    right = stack[0]
    if first_layer is right:
        return (
            f"the first of {len(stack)} layers in conv_stack: {right.out_channels} kernels of "
            f"{right.in_channels}×{_size(right.kernel_size)}"
        )
    if isinstance(first_layer, str):
        raise Incorrect(
            f"first_layer is the text {describe(first_layer)}; expected is the layer itself. "
            "Leave out the quotes and index model.conv_stack like a list."
        )
    if isinstance(first_layer, torch.Tensor):
        part = "the weights" if first_layer.dim() == 4 else "the numbers"
        raise Incorrect(
            f"first_layer is {describe(first_layer)}: these are {part} of a layer. Expected is "
            "the layer itself; leave out what follows the index, such as .weight."
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
    if isinstance(first_layer, nn.Sequential):
        raise Incorrect(
            "first_layer is a Sequential around some layers, as a slice gives it; expected is "
            "one layer. Index with a single number, without a colon."
        )
    raise Incorrect(_which_layer(first_layer, model, right))


def _which_layer(layer: nn.Module, model: nn.Module, right: nn.Module) -> str:
    """The message on a layer that is not the one asked for."""
    for name, part in model.named_modules():
        if part is layer:
            return (
                f"first_layer is {name}, of type {type(layer).__name__}; expected is the "
                "convolution that sees the image first. Python counts from 0."
            )
    if type(layer) is type(right) and _same_numbers(layer.weight, right.weight):
        return (
            "first_layer is a copy: the same numbers, but not the layer that belongs to model. "
            "Take the layer out of model.conv_stack without copying it."
        )
    return (
        f"first_layer is a new {type(layer).__name__} with random numbers, which has learned "
        "nothing. Do not make a layer: take the trained one out of model.conv_stack."
    )


def _same_numbers(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.detach().cpu(), b.detach().cpu())


# ------------------------------------------------------------------- 4.2 and 4.3: pictures


@dataclass(frozen=True)
class _Picture:
    """What ``imshow`` or ``pcolormesh`` has drawn: its axes, numbers and colour scale."""

    axes: Axes
    values: np.ndarray
    limits: tuple[float, float]
    colours: Colormap


def _pictures(fig, expected: int, wanted: str) -> list[_Picture]:
    """The ``expected`` pictures in ``fig``, each in axes of its own; colour bars do not count."""
    answered(fig=fig)
    if isinstance(fig, (Axes, np.ndarray, tuple, list)):
        raise Incorrect(
            f"fig is of type {type(fig).__name__}; expected is the figure. plt.subplots() gives "
            "two things, so write fig, axes = plt.subplots(...)."
        )
    if not isinstance(fig, FigureBase):
        raise Incorrect(
            f"fig is {describe(fig)}; expected is a figure, as plt.subplots() gives it."
        )
    axes = [ax for ax in fig.axes if ax.get_visible() and getattr(ax, "_colorbar", None) is None]
    found = [_picture(ax, artist) for ax in axes for artist in _artists(ax)]
    if not found and not any(ax.has_data() for ax in axes):
        raise NotAnswered(f"fig is still empty. Draw {wanted} with imshow, each in its own axes.")
    if not found:
        raise Incorrect(f"fig has no picture in it. Draw {wanted} with imshow.")
    if len({id(picture.axes) for picture in found}) < len(found):
        raise Incorrect(
            f"fig has {len(found)} pictures, but some lie on top of each other in the same axes, "
            "where only the last is seen. Call imshow on axes of its own for each: axes[i].imshow."
        )
    if len(found) != expected:
        raise Incorrect(
            f"fig has {len(found)} picture{'s' * (len(found) > 1)}; expected are {expected}: "
            f"{wanted}. Compare the number of axes and the length of your loop."
        )
    return found


def _artists(ax: Axes) -> list:
    meshes = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    return [artist for artist in [*ax.images, *meshes] if artist.get_visible()]


def _picture(ax: Axes, artist) -> _Picture:
    values = np.ma.getdata(artist.get_array()).astype(float).squeeze()
    low, high = artist.get_clim()
    low, high = values.min() if low is None else low, values.max() if high is None else high
    return _Picture(ax, values, (float(low), float(high)), artist.get_cmap())


@check("4.2")
def kernel_pictures(fig, first_layer) -> str:
    """Right: one picture per kernel, all on one diverging colour scale with 0 in its middle."""
    layer = _convolution(first_layer)
    kernels = layer.weight.detach().cpu().double().numpy()[:, 0]
    pictures = _pictures(fig, len(kernels), f"the {len(kernels)} kernels of first_layer")
    _judge_kernels([picture.values for picture in pictures], kernels, layer.bias)
    _judge_scales(pictures)
    return "one scale for all kernels: the middle colour is 0, and equal colours are equal weights"


def _convolution(layer) -> nn.Conv2d:
    answered(first_layer=layer)
    if not isinstance(layer, nn.Conv2d) or layer.in_channels != 1:
        raise Incorrect(
            f"first_layer is {describe(layer)}, not the convolution that sees the grey image. "
            "Do task 4.1 first."
        )
    return layer


def _judge_kernels(shown: list[np.ndarray], kernels: np.ndarray, bias) -> None:
    if bias is not None and all(_drawn_from(values, bias) for values in shown):
        raise Incorrect(
            "the pictures show first_layer.bias, one number per kernel. "
            "The kernels are in first_layer.weight."
        )
    for number, values in enumerate(shown):
        if values.shape != kernels[0].shape:
            raise Incorrect(
                f"picture {number} has {_size(values.shape)} pixels; a kernel has "
                f"{_size(kernels[0].shape)}. Give imshow the first_layer.weight of one kernel, "
                "without its channel dimension."
            )
    # The same factor on all kernels leaves their pictures as they are.
    stacked = np.stack(shown)
    factor = np.abs(kernels).max() / (np.abs(stacked).max() or 1.0)
    matches = _matches(stacked, kernels)
    if None in matches and None not in (scaled := _matches(stacked * factor, kernels)):
        matches = scaled
    if None in matches:
        number = matches.index(None)
        raise Incorrect(f"picture {number} {_wrong_kernel(shown[number], kernels)}")
    missing = sorted(set(range(len(kernels))) - set(matches))
    if len(set(matches)) == 1 < len(kernels):
        raise Incorrect(
            f"all pictures show the same kernel, number {matches[0]}. Use your loop's variable "
            "as the first index of first_layer.weight."
        )
    if missing:
        raise Incorrect(
            f"kernel {missing[0]} is not shown, and another one twice. "
            "Let the loop's variable choose both the axes and the kernel."
        )


def _drawn_from(values: np.ndarray, bias: torch.Tensor) -> bool:
    numbers = bias.detach().cpu().double().numpy()
    return all(np.isclose(numbers, value, atol=1e-6).any() for value in values.ravel())


def _matches(shown: np.ndarray, kernels: np.ndarray) -> list[int | None]:
    """Which kernel each picture shows: one that no earlier picture shows, where possible."""
    matches: list[int | None] = []
    close = 1e-3 * np.abs(kernels).max()
    for values in shown:
        fits = [i for i, kernel in enumerate(kernels) if np.abs(values - kernel).max() <= close]
        unused = [i for i in fits if i not in matches]
        matches.append((unused or fits or [None])[0])
    return matches


def _wrong_kernel(values: np.ndarray, kernels: np.ndarray) -> str:
    close = 1e-3 * np.abs(kernels).max()
    for number, kernel in enumerate(kernels):
        if np.abs(values - np.abs(kernel)).max() <= close:
            return (
                f"shows kernel {number} without its signs. A negative weight is not a positive "
                "one: show the weights as they are."
            )
        if values.shape == kernel.T.shape and np.abs(values - kernel.T).max() <= close:
            return (
                f"shows kernel {number} with rows and columns swapped. Leave out the transposition."
            )
        if _alike(values, kernel):
            return (
                f"shows kernel {number} stretched or shifted by itself, so that it cannot be "
                "compared with the others. Show the weights as they are; vmin and vmax set "
                "the scale."
            )
    return (
        "shows numbers that are no kernel of first_layer. The kernels are in first_layer.weight; "
        "detach() and cpu() make them ready to draw."
    )


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two pictures differ by brightness and contrast at most."""
    if a.shape != b.shape:
        return False
    a, b = a - a.mean(), b - b.mean()
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if lengths < 1e-12:
        return bool(np.allclose(a, 0, atol=1e-6) and np.allclose(b, 0, atol=1e-6))
    return bool((a * b).sum() > 0.999 * lengths)


def _judge_scales(pictures: list[_Picture]) -> None:
    low, high = pictures[0].limits
    span = max(high - low, 1e-12)
    for number, picture in enumerate(pictures):
        if not np.allclose(picture.limits, (low, high), rtol=0, atol=1e-3 * span):
            raise Incorrect(
                f"each picture has its own colour scale: picture 0 goes from {low:.2g} to "
                f"{high:.2g}, picture {number} from {picture.limits[0]:.2g} to "
                f"{picture.limits[1]:.2g}, so that one colour means different weights. Give "
                "every imshow the same vmin and vmax."
            )
    if abs(low + high) > 1e-2 * span:
        raise Incorrect(
            f"your colour scale goes from {low:.2g} to {high:.2g}, so 0 is not in its middle. "
            "Take the largest absolute value of all weights as the limit on both sides."
        )
    largest = max(float(np.abs(picture.values).max()) for picture in pictures)
    if not largest / 2 <= high <= 10 * largest:
        raise Incorrect(
            f"your colour scale ends at ±{high:.3g}, while the largest weight is {largest:.2g}: "
            f"{'many weights share the end colours' if high < largest else 'all look pale'}. "
            "Take the largest absolute value of all weights as the limit."
        )
    for picture in pictures:
        if not _diverging(picture.colours):
            raise Incorrect(
                f"the colour map {picture.colours.name} has no neutral middle for 0, so signs "
                "cannot be seen. Weights have a sign: choose with cmap= one of the maps that "
                "Matplotlib calls diverging."
            )


def _diverging(colours: Colormap) -> bool:
    """Whether lightness turns once, in a nearly grey middle, between two ends of other colours.

    Lightness is L* of CIE 1976 (0 to 1). Of Matplotlib's maps this picks those that its
    documentation lists as diverging, and it judges maps of other packages too.
    """
    rgb = colours(np.linspace(0, 1, 9))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    dark = luminance <= 0.008856
    lightness = np.where(dark, 9.033 * luminance, 1.16 * np.cbrt(luminance) - 0.16)
    rise = np.sign(lightness[4] - lightness[0]) * np.diff(lightness)
    turns_once = rise[:4].min() > -0.03 and rise[4:].max() < 0.03
    deep = min(rise[:4].sum(), -rise[4:].sum()) > 0.15
    neutral = np.ptp(rgb[4]) < 0.3
    return bool(turns_once and deep and neutral and np.abs(rgb[0] - rgb[8]).max() > 0.2)


@check("4.3")
@_on_cpu
def feature_maps(index, feature_maps, fig, first_layer, training_data) -> str:
    """Right: ``first_layer(training_data[index][0])`` for a drawn index, beside the image."""
    answered(index=index, feature_maps=feature_maps, fig=fig, training_data=training_data)
    layer = _convolution(first_layer)
    image = _drawn_image(index, training_data).to(layer.weight.device, layer.weight.dtype)
    image = image.reshape(1, 1, *image.shape[-2:])
    if not isinstance(feature_maps, torch.Tensor):
        raise Incorrect(
            f"feature_maps is {describe(feature_maps)}; expected is the tensor that first_layer "
            "returns for the image."
        )
    right = _convolve(layer, image)[0]
    maps = feature_maps.detach().cpu().double()
    if maps.shape not in (right.shape, (1, *right.shape)):
        raise Incorrect(_wrong_maps_shape(maps.shape, right.shape, image.shape))
    maps = maps.reshape(right.shape)
    # Convolutions on recent GPUs keep about three digits (TF32).
    if not close(maps, right, 5e-3):
        raise Incorrect(_wrong_maps(maps, right, layer, int(index)))
    wanted = f"the image and its {len(right)} feature maps"
    shown = [picture.values for picture in _pictures(fig, len(right) + 1, wanted)]
    if not any(_alike(values, image[0, 0].cpu().double().numpy()) for values in shown):
        raise Incorrect(
            "none of the pictures in fig shows the image itself. Draw training_data[index][0] "
            "beside its feature maps."
        )
    for number, one in enumerate(right.numpy()):
        if not any(_alike(values, one) for values in shown):
            raise Incorrect(
                f"feature map {number} is not among the pictures in fig. "
                "Let the loop's variable choose both the axes and the map."
            )
    return f"{len(right)} kernels make {len(right)} feature maps of {_size(right.shape[1:])}"


def _drawn_image(index, training_data) -> torch.Tensor:
    length = len(training_data)
    try:
        if isinstance(index, bool):
            raise TypeError
        position = operator.index(index)
    except TypeError:
        raise Incorrect(
            f"index is {describe(index)}; expected is a whole number. "
            "Draw it with a function for whole numbers, such as random.randrange."
        ) from None
    if not -length <= position < length:
        raise Incorrect(
            f"index is {position:,}, but with {length:,} images the last one is number "
            f"{length - 1:,}. Mind whether the upper end of your draw is included."
        )
    return attempt(lambda: training_data[position][0]).detach()


def _convolve(layer: nn.Conv2d, image: torch.Tensor) -> torch.Tensor:
    """What ``layer`` makes of ``image``, in float64 on the CPU, without its hooks."""
    weight, bias = (
        None if p is None else p.detach().cpu().double() for p in (layer.weight, layer.bias)
    )
    return functional.conv2d(
        image.cpu().double(), weight, bias, layer.stride, layer.padding, layer.dilation
    )


def _wrong_maps_shape(shape, right, image) -> str:
    found = f"feature_maps has the shape {show_shape(shape)}; expected is {show_shape(right)}, "
    if shape[-2:] == image[-2:]:
        return (
            found
            + "since kernels do not reach over the border. This is the image: call first_layer."
        )
    if len(shape) == 4 and shape[1:] == right:
        return found + "because one image is asked for. This is a batch of several."
    if shape == right[1:]:
        return found + "one map per kernel. This is a single map: keep all of them."
    if shape[-1:] == (10,) and len(shape) <= 2:
        return found + "the maps of first_layer. These are scores: call first_layer, not model."
    return found + "as first_layer gives it for one image. Call first_layer and no other layer."


def _wrong_maps(maps: torch.Tensor, right: torch.Tensor, layer: nn.Conv2d, index: int) -> str:
    if not maps.isfinite().all():
        return (
            "feature_maps has numbers that are not finite (nan or inf). Run the cells above again."
        )
    if close(maps, right.relu(), 5e-3):
        return (
            "feature_maps has no negative numbers: these are the maps after ReLU. "
            "Call first_layer alone, without the layers that follow it."
        )
    if layer.bias is not None:
        bias = layer.bias.detach().cpu().double()[:, None, None]
        if close(maps + bias, right, 5e-3):
            return "the bias is missing in feature_maps. Call first_layer itself on the image."
    if _made_by(layer, maps):
        return (
            f"feature_maps belongs to first_layer, but not to training_data[{index}][0] as it is: "
            "another image was drawn, or its values were changed on the way. Draw index once, "
            "then use it for the image and the maps."
        )
    return (
        "feature_maps has the right shape, but first_layer does not give these numbers. "
        "Were they made by another layer, or by another network?"
    )


def _made_by(layer: nn.Conv2d, maps: torch.Tensor) -> bool:
    """Whether some image gives these maps: a part of them leaves no remainder in least squares."""
    if layer.stride != (1, 1) or layer.dilation != (1, 1):
        return False
    side = 8
    top = (maps.shape[-1] - side) // 2
    part = maps[:, top : top + side, top : top + side]
    reach = side + layer.kernel_size[0] - 1
    pixels = torch.eye(reach * reach, dtype=torch.float64).reshape(-1, 1, reach, reach)
    weight = layer.weight.detach().cpu().double()
    matrix = functional.conv2d(pixels, weight).flatten(1).T
    if layer.bias is not None:
        part = part - layer.bias.detach().cpu().double()[:, None, None]
    target = part.reshape(-1, 1)
    rest = matrix @ torch.linalg.lstsq(matrix, target).solution - target
    return bool(rest.norm() < 5e-3 * target.norm().clamp(min=1e-6))


# ----------------------------------------------------------------------------- 4.4


class _Winding(nn.Module):
    """A network whose parts cannot simply be called one after the other."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(18, 5)
        self.features = nn.ModuleDict({"wide": nn.Conv2d(1, 2, 3), "deep": nn.Conv2d(2, 2, 3)})

    def forward(self, x):
        x = functional.max_pool2d(torch.tanh(self.features["wide"](2 * x - 1)), 2)
        return self.head(self.features["deep"](x.abs() + 0.5)[:, :, 1:, 1:].flatten(1))


@check("4.4")
@_on_cpu
def activations(get_activations) -> str:
    """Right: what ``layer`` gives while ``model(images)`` runs; no hook stays behind."""
    _function(get_activations, "get_activations")
    generator = torch.Generator().manual_seed(44)
    straight = nn.Sequential(
        nn.Conv2d(1, 1, 3), nn.Tanh(), nn.Conv2d(1, 4, 3), nn.Sigmoid(), nn.Flatten()
    )
    winding = _Winding()
    cases = [
        (straight, straight[2], (4, 1, 10, 10), "the third layer of a Sequential"),
        (winding, winding.features["deep"], (3, 1, 14, 14), "a layer inside a part of a network"),
        (straight, straight[1], (2, 1, 10, 10), "the first network again, with another layer"),
        (straight, straight[2], (4, 1, 10, 10), "the first network again, with other images"),
    ]
    earlier: list[torch.Tensor] = []
    for number, (model, layer, shape, on) in enumerate(cases):
        _fill(model.eval(), generator)
        images = torch.rand(shape, generator=generator)
        values, seen = _values(model), _watch(model, layer, images)
        with torch.enable_grad():
            recorded = _call(get_activations, model, layer, images.clone(), on=on, again=number > 0)
        _judge_activations(recorded, seen | {"earlier": earlier}, on)
        _judge_left_behind(model, values, "get_activations")
        earlier.append(seen["output"])
    return "the hook noted the layer's output during the forward pass, and is gone again"


def _watch(model: nn.Module, layer: nn.Module, images: torch.Tensor) -> dict:
    """The output of ``layer`` during ``model(images)``, and lists of what may be mixed up."""
    seen = {"images": [images]}
    handle = layer.register_forward_hook(
        lambda _layer, inputs, output: seen.update(input=[inputs[0]], output=output)
    )
    with torch.no_grad():
        seen["scores"] = [model(images)]
        handle.remove()
        try:
            seen["direct"] = [layer(images)]
        except RuntimeError:
            seen["direct"] = []
    return seen


def _judge_activations(recorded, seen: dict, on: str) -> None:
    right = seen["output"]
    if isinstance(recorded, (list, tuple, dict)):
        raise Incorrect(
            f"get_activations returned a {type(recorded).__name__} on {on}; expected is one "
            "tensor, the layer's output. (The inputs that a hook gets are a tuple; the output "
            "is not. What you put into a list or dict must be taken out again.)"
        )
    if not isinstance(recorded, torch.Tensor):
        raise Incorrect(
            f"get_activations returned {describe(recorded)} on {on}; expected is the tensor that "
            "the hook saw as the layer's output."
        )
    if close(recorded, right):
        return
    mixed_up = {
        "input": "the layer's input. A forward hook gets the layer, its inputs and its output: "
        "keep the last of the three (and use a forward hook, not a pre-hook).",
        "scores": "the output of the whole network. Return what the hook has kept.",
        "direct": "what the layer makes of the images directly. It must see what the layers "
        "before it made of them: call model(images) and let a hook keep the output.",
        "images": "the images. Return what the hook has kept.",
        "earlier": "what an earlier call had recorded. Start each call with nothing kept.",
    }
    for name, text in mixed_up.items():
        if any(close(recorded, other) for other in seen[name]):
            raise Incorrect(f"get_activations returned {text}")
    if any(close(recorded, one) for one in (right[:1], right[0])):
        raise Incorrect(
            "get_activations returned the output for the first image only; expected is the "
            f"output for all {len(right)} images. Leave out the index."
        )
    raise Incorrect(
        f"get_activations returned {describe(recorded)} on {on}; expected is the layer's output "
        f"during model(images), of shape {show_shape(right.shape)}"
        + (", with other numbers. " if recorded.shape == right.shape else ". ")
        + "Let model(images) run as a whole and have a hook keep the output as it is."
    )


# ----------------------------------------------------------------------------- 4.5


@dataclass(frozen=True)
class _Puzzle:
    """A network, and the two squares on which its scores for two labels hang."""

    model: nn.Module
    image: torch.Tensor  # [1, 28, 28]
    label: int
    predicted: int
    square: tuple[slice, slice]  # decides on label
    other: tuple[slice, slice]  # decides on predicted


def _puzzle(seed: int) -> _Puzzle:
    """Scores are linear in two bright squares of 6×6 pixels, and nothing else counts.

    The ten probabilities are kept close together, so that the gradient of one of them is large
    on its own square and small on the other. The asked-for label is not the predicted one.
    """
    generator = torch.Generator().manual_seed(seed)
    low, high = 2 + seed % 2, 18 + seed % 3
    places = [(low, high), (high, low)] if seed % 2 else [(high, low), (low, high)]
    corners = places[0], [(low, low), (high, high)][seed % 2]
    square, other = ((slice(r, r + 6), slice(c, c + 6)) for r, c in corners)
    label, predicted = torch.randperm(10, generator=generator)[:2].tolist()
    weight = torch.zeros(10, 28, 28)
    image = torch.rand(1, 28, 28, generator=generator)
    for number, place in ((label, square), (predicted, other)):
        weight[number][place] = (0.8 + 0.4 * torch.rand(6, 6, generator=generator)) / 18
        image[0][place] = 0.8 + 0.2 * torch.rand(6, 6, generator=generator)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).eval()
    with torch.no_grad():
        model[1].weight.copy_(weight.reshape(10, 784))
        model[1].bias.fill_(1.8)
        model[1].bias[[label, predicted]] = torch.tensor([0.0, 0.4])
    return _Puzzle(model, image, label, predicted, square, other)


@check("4.5")
@_on_cpu
def decision_map(decision_map) -> str:
    """Right: large on the pixels that decide on the score of ``label``, however it is computed.

    Judged on networks of which only one square of the image counts for ``label``: the mean
    there must stand far above that of all pixels more than 8 away, so that patches may overlap.
    """
    _function(decision_map, "decision_map")
    for number, seed in enumerate((1, 4, 9)):
        puzzle = _puzzle(seed)
        values, image = _values(puzzle.model), puzzle.image.clone()
        with torch.enable_grad():
            found = _call(
                decision_map, puzzle.model, image, puzzle.label, on="a 28×28 image",
                again=number > 0,
                hint="The network wants a batch of images, and gives a row of scores for each.",
            )  # fmt: skip
        importance = _importance(found)
        if not torch.equal(image.detach(), puzzle.image):
            raise Incorrect(
                "decision_map changed the image that it was given. Work on image.clone()."
            )
        _judge_importance(importance, puzzle)
        if image.requires_grad:
            raise Incorrect(
                "decision_map switched on requires_grad for the image that it was given, and it "
                "stays on. Work on image.clone()."
            )
        _judge_left_behind(puzzle.model, values, "decision_map")
    return "the map finds the pixels that the given label hangs on, even if another is predicted"


def _importance(found) -> torch.Tensor:
    if isinstance(found, torch.Tensor) and found.requires_grad:
        raise Incorrect(
            "decision_map returned a tensor that still hangs on the network's graph, so it cannot "
            "be drawn. End with detach(), or compute occlusion under torch.no_grad()."
        )
    try:
        values = torch.as_tensor(found).detach().cpu().double()
    except (TypeError, ValueError, RuntimeError):
        raise Incorrect(
            f"decision_map returned {describe(found)}; expected is a tensor of shape [28, 28]."
        ) from None
    if values.dim() > 2 and values.shape[-2:] == (28, 28) and values.numel() == 784:
        values = values.reshape(28, 28)
    if values.shape != (28, 28):
        raise Incorrect(
            f"decision_map returned the shape {show_shape(values.shape)}; expected is [28, 28], "
            "one number for each pixel of the image."
        )
    if not values.isfinite().all():
        raise Incorrect(
            "decision_map returned numbers that are not finite (nan or inf). "
            "Look for a division by zero."
        )
    return values


def _judge_importance(values: torch.Tensor, puzzle: _Puzzle) -> None:
    if (values.max() - values.min()).item() == 0:
        raise Incorrect(
            f"the map is {values[0, 0]:.2g} everywhere. Each pixel needs its own value: how much "
            "the score of label changes when this pixel is covered, or its gradient."
        )
    if _alike(values.numpy(), puzzle.image[0].numpy()):
        raise Incorrect(
            "the map is the image itself. Asked for is how much each pixel matters to the score "
            "of label, whether it is bright or dark."
        )
    if _stands_out(values, puzzle.square, puzzle.other):
        return
    if _stands_out(values, puzzle.other, puzzle.square):
        raise Incorrect(
            f"asked about label {puzzle.label}, the map shows what matters to class "
            f"{puzzle.predicted}, which this network predicts. Use the score of the given label."
        )
    if _stands_out(-values, puzzle.square, puzzle.other):
        raise Incorrect(
            "the map is smallest where the decision hangs: its sign is turned round. Importance "
            "is the score before minus the score after covering; of a gradient of the loss, "
            "take the absolute value."
        )
    if _stands_out(values.T, puzzle.square, puzzle.other):
        raise Incorrect(
            "the map has rows and columns swapped. The first index is the row (from the top), "
            "the second the column."
        )
    rows, columns = puzzle.square
    there, far, elsewhere = _levels(values, puzzle.square, puzzle.other)
    if there > 0 and elsewhere > there / 2:
        raise Incorrect(
            f"asked about label {puzzle.label}, the map marks what matters to other classes as "
            "well. Use the score of this label alone, not a sum over classes."
        )
    raise Incorrect(
        "the map does not find what matters. For this label the test network looks only at rows "
        f"{rows.start}–{rows.stop - 1} and columns {columns.start}–{columns.stop - 1}, but there "
        f"the map is {there:.2g} on average, and {far:.2g} far from it."
    )


def _levels(values: torch.Tensor, square, other) -> tuple[float, float, float]:
    """Mean in ``square``, and mean size farther than 8 pixels from it and in ``other``."""
    far = torch.ones(28, 28, dtype=torch.bool)
    far[tuple(slice(max(0, side.start - 8), side.stop + 8) for side in square)] = False
    values = values - values[far].median()
    return tuple(
        part.mean().item() for part in (values[square], values[far].abs(), values[other].abs())
    )


def _stands_out(values: torch.Tensor, square, other) -> bool:
    there, far, elsewhere = _levels(values, square, other)
    return there > 0 and there >= 2 * max(far, elsewhere)


# ----------------------------------------------------------------------------- 4.6


@check("4.6")
@_on_cpu
def mistakes(confusion_matrix, confident_mistakes) -> str:
    """Right: counts with rows true and columns predicted; the surest wrong answers first."""
    answered(confusion_matrix=confusion_matrix, confident_mistakes=confident_mistakes)
    _function(confusion_matrix, "confusion_matrix")
    _function(confident_mistakes, "confident_mistakes")
    generator = torch.Generator().manual_seed(46)
    earlier = torch.zeros(10, 10, dtype=torch.float64)
    for count, classes in ((200, 10), (60, 8)):
        labels = torch.randint(classes, (count,), generator=generator)
        guesses = torch.randint(classes, (count,), generator=generator)
        predictions = torch.where(torch.rand(count, generator=generator) < 0.6, labels, guesses)
        counts = _call(
            confusion_matrix, labels.clone(), predictions.clone(),
            on=f"{count} labels and predictions", again=count < 200,
        )  # fmt: skip
        earlier = _judge_counts(counts, labels, predictions, earlier)
    for wrong, k in ((24, None), (24, 3), (4, 10)):
        probabilities, labels = _answers(wrong, generator)
        on = f"60 images with {wrong} mistakes and " + (f"k={k}" if k else "no k given")
        arguments = {} if k is None else {"k": k}
        indices = _call(
            confident_mistakes, probabilities.clone(), labels.clone(), on=on, again=k is not None,
            hint="With fewer mistakes than k, return all of them." if wrong < 10 else "",
            **arguments,
        )  # fmt: skip
        _judge_indices(indices, probabilities, labels, k or 10, on)
    return "rows are true classes, columns predicted ones; the diagonal counts the right answers"


def _answers(wrong: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities [60, 10] and labels [60], of which the first ``wrong`` in random order err."""
    probabilities = (2 * torch.randn(60, 10, generator=generator)).softmax(1)
    predictions = probabilities.argmax(1)
    labels = predictions.clone()
    chosen = torch.randperm(60, generator=generator)[:wrong]
    labels[chosen] = (
        predictions[chosen] + torch.randint(1, 10, (wrong,), generator=generator)
    ) % 10
    return probabilities, labels


def _judge_counts(counts, labels, predictions, earlier) -> torch.Tensor:
    """Raise unless ``counts`` is the confusion matrix; return that of this call."""
    right = torch.zeros(10, 10, dtype=torch.float64)
    right.index_put_((labels, predictions), torch.ones(len(labels)).double(), accumulate=True)
    try:
        values = torch.as_tensor(counts).detach().cpu().double()
    except (TypeError, ValueError, RuntimeError):
        raise Incorrect(
            f"confusion_matrix returned {describe(counts)}; expected is a tensor of shape [10, 10]."
        ) from None
    if values.shape != right.shape:
        raise Incorrect(_wrong_matrix_shape(values, labels))
    if torch.equal(values, right):
        return right
    diagonal = torch.diag(right.diag())
    per_row, per_column = right.sum(1, keepdim=True), right.sum(0, keepdim=True)
    fractions = (right / part.clamp(min=1) for part in (per_row, per_column, right.sum()))
    known = [
        (right.T, "rows and columns are swapped: rows are the true classes, columns the predicted "
         "ones. The first index is the label."),
        (right - diagonal, "the right answers are missing: the diagonal counts the images whose "
         "prediction is their label. Count all images."),
        (diagonal, "only the right answers are counted. Also count the wrong ones, at row label "
         "and column prediction."),
        (right.clamp(max=1), "no entry is larger than 1: with tensors as indices, += 1 counts a "
         "pair that comes twice only once. Count in a loop, or use torch.bincount."),
        (right + earlier, "the second call counts on from the first. Start each call with a new "
         "matrix of zeros."),
        *((part, "these are fractions; asked for are counts. Leave out the division.")
          for part in fractions),
    ]  # fmt: skip
    for matrix, text in known:
        if torch.allclose(values, matrix, atol=1e-4):
            raise Incorrect(f"confusion_matrix: {text}")
    row, column = (values != right).nonzero()[0].tolist()
    raise Incorrect(
        f"confusion_matrix has {values[row, column]:g} in row {row}, column {column}; there are "
        f"{right[row, column]:g} images of class {row} that were predicted as {column}. "
        f"(All entries together are {values.sum():g}, for {len(labels)} images.)"
    )


def _wrong_matrix_shape(values: torch.Tensor, labels: torch.Tensor) -> str:
    found = f"confusion_matrix returned the shape {show_shape(values.shape)}; expected is [10, 10]"
    if values.shape[:1] == labels.shape:
        return f"{found}. Yours has a row per image; add up the images of the same two classes."
    if values.dim() == 2 and max(values.shape) < 10:
        return (
            f"{found} even if the last classes do not occur. Set the size to ten, not by the "
            "largest label that is there."
        )
    return f"{found}: a row for each true class and a column for each predicted one."


def _judge_indices(indices, probabilities, labels, k: int, on: str) -> None:
    """Raise unless ``indices`` are those of the ``k`` surest mistakes, surest first."""
    found = _positions(indices, on)
    confidence, predictions = probabilities.max(1)
    wrong = (predictions != labels).nonzero().flatten()
    ranked = wrong[confidence[wrong].argsort(descending=True)]
    right = ranked[:k].tolist()
    if found == right:
        return
    if len(found) != len(right):
        many = f"there are {len(wrong)} mistakes and k is {k}"
        raise Incorrect(
            f"confident_mistakes returned {len(found)} "
            f"{'index' if len(found) == 1 else 'indices'} on {on}; expected are {len(right)}, as "
            f"{many}. Return the first k mistakes, or all if there are fewer."
        )
    if found == confidence[wrong].argsort(descending=True)[:k].tolist():
        raise Incorrect(
            "the indices count within the mistakes only; asked for are positions in the whole "
            "data. Look them up in the list of positions where the prediction is wrong."
        )
    not_wrong = [i for i in found if i not in wrong.tolist()]
    if not_wrong:
        raise Incorrect(
            f"index {not_wrong[0]} is among your mistakes, but its prediction is right (or it is "
            "no index of these images). Keep only images whose prediction differs from the label."
        )
    if found in (ranked.flip(0)[:k].tolist(), right[::-1]):
        raise Incorrect(
            "your indices begin with the least confident mistakes. "
            "Sort the other way round: the largest probability first."
        )
    of_label = probabilities[wrong, labels[wrong]].argsort()
    if found in (wrong[of_label][:k].tolist(), wrong[of_label.flip(0)][:k].tolist()):
        raise Incorrect(
            "your indices go by the probability of the true class. Confidence is the probability "
            "of the class that the network predicted: the largest in its row."
        )
    if sorted(found) == sorted(right):
        raise Incorrect("these are the right mistakes in another order: the most confident first.")
    raise Incorrect(
        f"confident_mistakes returned {found} on {on}: all of them mistakes, but not the "
        f"{len(right)} most confident. Sort by the largest probability in each row."
    )


def _positions(indices, on: str) -> list[int]:
    """The student's indices as a list of whole numbers."""
    if isinstance(indices, tuple) and any(getattr(part, "ndim", 0) for part in indices):
        raise Incorrect(
            "confident_mistakes returned several things, as topk and sort do; asked for are the "
            "indices alone."
        )
    try:
        values = torch.as_tensor(indices).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        raise Incorrect(
            f"confident_mistakes returned {describe(indices)} on {on}; expected are indices."
        ) from None
    if values.dtype == torch.bool:
        raise Incorrect(
            "confident_mistakes returned True and False for each image; asked for are the "
            "positions of the most confident mistakes."
        )
    if values.dim() != 1:
        raise Incorrect(
            f"confident_mistakes returned the shape {show_shape(values.shape)} on {on}; expected "
            "is one row of indices, such as [3]. flatten() makes it one."
        )
    if not torch.equal(values.double(), values.double().round()):
        raise Incorrect(
            "confident_mistakes returned numbers with fractions: probabilities, it seems. Asked "
            "for is where they stand: the indices."
        )
    return [int(value) for value in values.tolist()]


# ----------------------------------------------------------------- the student's functions


def _function(value, name: str) -> None:
    answered(**{name: value})
    if not callable(value) or isinstance(value, nn.Module):
        raise Incorrect(f"{name} is {describe(value)}; expected is a function. Write it with def.")


def _call(function, *args, on: str, again: bool = False, hint: str = "", **kwargs):
    """``attempt`` with a word on what to try; ``again`` if the function has answered before."""
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
        if "same device" in error.message or "Input type (" in error.message:
            hint = "Everything in this check is on the CPU: take the device from the network."
        raise Incorrect(f"{error.message.rstrip('.')}. {hint}".rstrip()) from None


def _judge_left_behind(model: nn.Module, values: list[torch.Tensor], name: str) -> None:
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


def _fill(model: nn.Module, generator: torch.Generator) -> None:
    """Set the parameters at random, reproducibly."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)


def _values(model: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def _size(lengths) -> str:
    """``(5, 5)`` as ``5×5``."""
    return "×".join(str(int(n)) for n in lengths)
