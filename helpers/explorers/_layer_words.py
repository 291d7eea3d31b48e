"""What the layers panel says: of all layers, of one, and of an image that does not fit."""

import math
import re
from collections import defaultdict
from dataclasses import dataclass

from torch import Tensor, nn

from helpers.explorers._base import steady
from helpers.layers import LayerRow, count_parameters

SEES = {"all": "depends on the whole image", "none": "does not depend on the image"}
NOT_FIT = re.compile(r"network: (\S+|this layer) \(\w+\) cannot take its input of shape (\S+?)\.")


@dataclass(frozen=True)
class Layer:
    """One row of the table, with what the sentence about it needs."""

    row: LayerRow
    module: nn.Module

    @property
    def title(self) -> str:
        """Its name and kind."""
        return f"{self.row.name} ({self.row.kind})" if self.row.name else self.row.kind


def _unused(model: nn.Module, layers: list[Layer]) -> list[str]:
    """The names of the layers that the image does not pass."""
    passed = {id(part) for layer in layers for part in layer.module.modules()}
    leaves = {name: part for name, part in model.named_modules() if not list(part.children())}
    return sorted(name for name, part in leaves.items() if id(part) not in passed)


def summed_up(model: nn.Module, layers: list[Layer], shape, answer: Tensor) -> str:
    """The network in two or three sentences."""
    total = count_parameters(model)
    largest = max(layers, key=lambda layer: layer.row.num_parameters)
    most = largest.row.num_parameters
    words = f"{type(model).__name__} has {_count(len(layers), 'layer')} and makes "
    words += f"{_said(answer.shape[1:])} of one image of {shape_text(shape)}. "
    words += f"Training adjusts {_count(total, 'parameter')}"
    words += f", {most:,} of them ({most / total:.0%}) in {largest.title}." if most else "."
    beside = total - sum(layer.row.num_parameters for layer in layers)
    if beside:
        words += f" Of these, {beside:,} are in none of the layers that the image passes."
    unused = _unused(model, layers)
    if unused:
        words += f" Not used by forward: {', '.join(unused[:5])}{', …' if unused[5:] else ''}."
    return words


def explained(layer: Layer) -> str:
    """What goes in and comes out, what the layer does, what one value sees, its parameters."""
    kind, module, count = layer.row.kind, layer.module, layer.row.num_parameters
    given = _said(layer.row.input_shape) if layer.row.input_shape else "what it gets"
    does = DOES.get(kind, lambda _m: f"{kind} is applied")(module)
    sees = SEES.get(layer.row.sees, f"sees {layer.row.sees} pixels of the image")
    if layer.row.unknown:
        sees = f"sees a part of the image that is not known: {steady(layer.row.unknown, 200)}"
    parts = [
        name.removeprefix("parametrizations.").removesuffix(".original")
        for name, _ in module.named_parameters()
    ]
    costs = "it has no parameters"
    if count:
        costs = f"its parameters ({' + '.join(parts)}) are {parameters_text(layer)}"
    elif parts:
        costs = "its parameters are frozen, or counted where they were used before"
    made = _said(layer.row.output_shape)
    return f"{layer.title}, makes {made} of {given}: {does}; one value {sees}; {costs}."


def _window(size) -> str:
    return "×".join(map(str, size)) if isinstance(size, tuple) else f"{size}×{size}"


def _conv(m) -> str:
    kernels = f"{_count(m.out_channels, 'kernel')} of {m.in_channels // m.groups}×"
    padding = "" if m.padding == (0, 0) else f" and padding {_one(m.padding)}"
    return f"{kernels}{_window(m.kernel_size)} slide over it, with stride {_one(m.stride)}{padding}"


def _one(value) -> str:
    """``(2, 2)`` as 2."""
    return str(value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value)


DOES = {
    "Conv2d": _conv,
    "ReLU": lambda m: "what is negative becomes 0",
    "MaxPool2d": lambda m: (
        f"the largest value of each {_window(m.kernel_size)} window stays, with stride "
        f"{_one(m.stride)}"
    ),
    "AvgPool2d": lambda m: (
        f"the mean of each {_window(m.kernel_size)} window stays, with stride {_one(m.stride)}"
    ),
    "Flatten": lambda m: "all values are put into one row",
    "Linear": lambda m: (
        f"each of {m.out_features:,} values is a weighted sum of {m.in_features:,}"
        f"{'' if m.bias is None else ', plus a bias'}"
    ),
    "BatchNorm2d": lambda m: (
        "each channel is brought to mean 0 and variance 1 by statistics of the training, then "
        "scaled and moved"
    ),
    "Dropout": lambda m: (
        f"in training each value becomes 0 with probability {m.p:g}, in eval mode nothing happens"
    ),
}


def parameters_text(layer: Layer) -> str:
    """``6·1·5·5 + 6 = 156``; equal parts are counted, ``2·6 = 12``."""
    count = layer.row.num_parameters
    shapes = [tuple(p.shape) for p in layer.module.parameters() if p.requires_grad]
    if not count or len(shapes) > 4 or sum(map(math.prod, shapes)) != count:
        return f"{count:,}" if count else "–"  # too many parts, or some were counted before
    parts: dict[str, int] = defaultdict(int)
    for shape in shapes:
        parts["·".join(f"{size:,}" for size in shape) or "1"] += 1
    terms = " + ".join(f"{n}·{part}" if n > 1 else part for part, n in parts.items())
    return f"{terms} = {count:,}" if "·" in terms or "+" in terms else terms


def misfit(model: nn.Module, message: str, cause: BaseException | None) -> str:
    """Why an image does not fit, with the two sizes if the layer is one that we know."""
    found = NOT_FIT.search(message)
    if found:
        name, text = found.groups()
        module = model.get_submodule("" if name == "this layer" else name)
        title = f"{'' if name == 'this layer' else name + ' '}({type(module).__name__})".strip()
        words = _two_sizes(module, [int(n) for n in text.split("×") if n.isdigit()])
        if words:
            return f"{title} {words}"
    said = message.partition(". torch says:")[0].replace("an image", "An image", 1)
    why = f" The error: {steady(cause)}" if cause else ""
    return f"{steady(said, 300)}.{why}"


def _two_sizes(module: nn.Module, shape: list[int]) -> str:
    """What the layer is made for, and what comes in; empty if that is not the trouble."""
    if not shape:
        return ""
    last, first = shape[-1], shape[0]
    text = shape_text(shape) if len(shape) > 1 else f"{last:,}"
    if isinstance(module, nn.Linear) and last != module.in_features:
        words = f"is made for {module.in_features:,} numbers, but {text} come in"
        if len(shape) > 1:
            return f"{words}: nn.Flatten() before it makes {math.prod(shape):,} numbers of them."
        return f"{words}."
    channels = getattr(module, "in_channels", None) or getattr(module, "num_features", None)
    if isinstance(channels, int) and len(shape) != 3:
        return f"is made for feature maps, [channels, height, width], but {text} come in."
    if isinstance(channels, int) and first != channels:
        return f"is made for {_count(channels, 'channel')}, but {first} come in ({text})."
    size = getattr(module, "kernel_size", None)
    if size is not None and len(shape) == 3:
        return f"has a window of {_window(size)}, but feature maps of {shape[1]}×{last} come in."
    return ""


def shape_text(shape) -> str:
    """Such as "6×24×24"."""
    return "×".join(map(str, shape)) or "a single number"


def _said(shape) -> str:
    return _count(shape[0], "number") if len(shape) == 1 else shape_text(shape)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
