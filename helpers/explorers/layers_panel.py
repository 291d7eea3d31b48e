"""The layers panel of notebook 03: what each layer makes of one image, and what it costs."""

import copy
import io
import math
import re
import warnings
from collections import defaultdict
from contextlib import redirect_stdout
from dataclasses import dataclass

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from helpers.explorers._base import Explorer, Refused, View, steady
from helpers.explorers._grids import Row, table_html, table_png
from helpers.layers import LayerRow, count_parameters, layer_rows
from helpers.network_modes import unwrapped

HEADER = ("layer", "kind", "output", "parameters", "sees")
TITLE = "The layers, for one image; sees: pixels of the image on which one value depends"
SEES = {"all": "depends on the whole image", "none": "does not depend on the image"}
MOST_INPUT = 10_000_000
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


class Layers(Explorer):
    """The layers of ``model`` as a table: output shape, parameters, receptive field; one explained.

    ``input_shape`` is that of one image, [channels, height, width].
    """

    tall = True

    def __init__(self, model: nn.Module, input_shape=(1, 28, 28)):
        self._layers: list[Layer] = []
        self._problem = self._summary = ""
        try:
            shape = _checked(model, input_shape)
            self._layers, self._summary = _examine(model, shape)
        except Refused as error:
            self._problem = str(error)
        except Exception as error:  # a student's class may do anything when it is looked at
            self._problem = f"The network cannot be looked at ({steady(error)})."
        choices = [(f"{i}: {layer.title}", i) for i, layer in enumerate(self._layers, start=1)]
        self.layer = widgets.Dropdown(options=[("all", 0), *choices], description="layer")
        super().__init__([self.layer])

    def look(self) -> View:
        """The table, and a sentence about the chosen layer or about all."""
        if self._problem:
            raise Refused(self._problem)
        number = self.layer.value
        self._rows = [
            Row((layer.row.name or "the network", layer.row.kind, _shape(layer.row.output_shape),
                 _parameters_text(layer), layer.row.sees), i == number)
            for i, layer in enumerate(self._layers, start=1)
        ]  # fmt: skip
        caption = self._summary
        if number:
            words = _explained(self._layers[number - 1])
            caption = f"Layer {number} of {len(self._layers)}, {words}"
        return View(caption, html=table_html(TITLE, HEADER, self._rows))

    def still(self) -> bytes | None:
        """The table drawn, with the caption below."""
        return self.captioned(table_png(HEADER, self._rows)) if self._last.html else None


def _checked(model, input_shape) -> tuple[int, ...]:
    """The shape as numbers. Raises ``Refused`` if it is none, or ``model`` no network."""
    if model is None or model is ...:
        raise Refused("There is no network yet: fill in the task that makes it.")
    if isinstance(model, type):
        name = model.__name__
        raise Refused(f"{name} is a class, the plan of a network. Make one from it: {name}().")
    if not isinstance(model, nn.Module):
        raise Refused(f"This is of type {type(model).__name__}, not a network (nn.Module).")
    if "_modules" not in vars(model):
        raise Refused("__init__ of the network does not start with super().__init__().")
    idle = (nn.Module.forward, nn.Sequential.forward)
    if not list(model.children()) and type(model).forward in idle:
        raise Refused(f"{type(model).__name__} has no layers.")
    try:
        shape = tuple(int(size) for size in input_shape)
    except (TypeError, ValueError, RuntimeError):
        shape = ()
    if len(shape) != 3 or min(shape) < 1:
        raise Refused(
            "input_shape must be that of one image, three numbers: channels, height, width, such "
            f"as (1, 28, 28); it is {steady(repr(input_shape), 40)}."
        )
    if math.prod(shape) > MOST_INPUT:
        raise Refused(f"An image of {_shape(shape)} is too large to try.")
    return shape


def _examine(model: nn.Module, shape: tuple[int, ...]) -> tuple[list[Layer], str]:
    """The layers as one image passes them, and a summary. Leaves the model as it was."""
    if any(nn.parameter.is_lazy(p) for p in model.parameters()):
        model = copy.deepcopy(model)  # its sizes are fixed by the first image, this one
    answers = []
    inner = unwrapped(model)
    handle = inner.register_forward_hook(lambda _m, _given, made: answers.append(made))
    try:
        quiet = redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore")
        with torch.random.fork_rng(devices=[]), quiet[0], quiet[1]:
            rows = layer_rows(model, shape)
    except ValueError as error:
        raise Refused(_misfit(inner, str(error), error.__cause__)) from None
    finally:
        handle.remove()
    name, answer = type(inner).__name__, answers[-1]
    if not isinstance(answer, Tensor):
        kind = "nothing" if answer is None else f"a {type(answer).__name__}"
        raise Refused(f"{name} returns {kind}, no tensor. Does forward return the scores?")
    if not rows:
        raise Refused(f"forward of {name} uses none of its layers.")
    layers = [Layer(row, inner.get_submodule(row.name)) for row in rows]
    return layers, _summed_up(inner, layers, shape, answer)


def _unused(model: nn.Module, layers: list[Layer]) -> list[str]:
    """The names of the layers that the image does not pass."""
    passed = {id(part) for layer in layers for part in layer.module.modules()}
    leaves = {name: part for name, part in model.named_modules() if not list(part.children())}
    return sorted(name for name, part in leaves.items() if id(part) not in passed)


def _summed_up(model: nn.Module, layers: list[Layer], shape, answer: Tensor) -> str:
    total = count_parameters(model)
    largest = max(layers, key=lambda layer: layer.row.num_parameters)
    most = largest.row.num_parameters
    words = f"{type(model).__name__} has {_count(len(layers), 'layer')} and makes "
    words += f"{_said(answer.shape[1:])} of one image of {_shape(shape)}. "
    words += f"Training adjusts {_count(total, 'parameter')}"
    words += f", {most:,} of them ({most / total:.0%}) in {largest.title}." if most else "."
    beside = total - sum(layer.row.num_parameters for layer in layers)
    if beside:
        words += f" Of these, {beside:,} are in none of the layers that the image passes."
    unused = _unused(model, layers)
    if unused:
        words += f" Not used by forward: {', '.join(unused[:5])}{', …' if unused[5:] else ''}."
    return words


def _explained(layer: Layer) -> str:
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
        costs = f"its parameters ({' + '.join(parts)}) are {_parameters_text(layer)}"
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


def _parameters_text(layer: Layer) -> str:
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


def _misfit(model: nn.Module, message: str, cause: BaseException | None) -> str:
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
    text = _shape(shape) if len(shape) > 1 else f"{last:,}"
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


def _shape(shape) -> str:
    return "×".join(map(str, shape)) or "a single number"


def _said(shape) -> str:
    return _count(shape[0], "number") if len(shape) == 1 else _shape(shape)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
