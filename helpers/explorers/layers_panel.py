"""The layers panel of notebook 03: what each layer makes of one image, and what it costs."""

import copy
import io
import math
import warnings
from contextlib import redirect_stdout

import ipywidgets as widgets
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.datasets import drawn
from helpers.explorers._base import Explorer, Refused, View, steady
from helpers.explorers._grids import Row, pointable, table_html, table_png
from helpers.explorers._image_views import as_sentence
from helpers.explorers._layer_words import (
    Layer,
    explained,
    misfit,
    parameters_text,
    shape_text,
    summed_up,
)
from helpers.explorers._pixel import stacked
from helpers.explorers._places import lines_of, window_text
from helpers.explorers._pointable import Pointed
from helpers.explorers._scene import scene_png, scene_svg
from helpers.explorers._volumes import FACE, Body, volumes_scene
from helpers.layers import LayerRow, Sight, layer_rows
from helpers.network_modes import checked_to_watch, unwrapped
from helpers.plots.text import number_text

HEADER = ("layer", "kind", "output", "parameters", "sees")
TITLE = "The layers, for one image; sees: pixels of the image on which one value depends"
MOST_INPUT = 10_000_000
MOST_VALUES = 20_000_000  # of all layers: more are not kept for the picture
NETWORK = "network"  # what can be pointed at
KEYS = "Arrow keys go from layer to layer; after Enter, over the values of one."
SHIRT = 6  # the number of its class


class Layers(Explorer):
    """The layers of ``model`` as volumes and as a table: shape, parameters, what one value sees.

    ``input_shape`` is that of one image, [channels, height, width]; ``image`` is one of that shape,
    whose activations are in the volumes; without it, a drawn shirt. A layer that is pointed at is
    explained; of a place on its face, the pixels that it sees are framed on the image.
    """

    tall = True

    def __init__(self, model: nn.Module, input_shape=(1, 28, 28), image: Tensor | None = None):
        self._layers: list[Layer] = []
        self._problem = self._summary = ""
        self._place: tuple[int, int] | None = None  # on the face of the layer, that is pointed at
        self._pointing = False  # while it is chosen by pointing
        try:
            shape = _checked(model, input_shape if image is None else tuple(image.shape))
            self._image = shirt(shape) if image is None else image
            self._layers, self._summary, self._sight = _examine(model, self._image)
            self._places = places_of(self._sight, [layer.row for layer in self._layers])
            self._bodies = [self._body(number) for number in range(len(self._layers))]
        except Refused as error:
            self._problem = str(error)
        except Exception as error:  # a student's class may do anything when it is looked at
            self._problem = f"The network cannot be looked at ({steady(error)})."
        choices = [(f"{i}: {layer.title}", i) for i, layer in enumerate(self._layers, start=1)]
        self.layer = widgets.Dropdown(options=[("all", 0), *choices], description="layer")
        super().__init__([self.layer])

    def _body(self, number: int) -> Body:
        """What is drawn of a layer, which is counted from 0."""
        row, place = self._layers[number].row, self._places[number]
        values = None if place is None else self._sight.values((place, 0))[0].float()
        return Body(number + 1, row.kind, row.output_shape, values)

    # --------------------------------------------------------------------------- pointing

    def redraw(self, change=None) -> None:
        """A layer that was chosen from the list has no place on it yet."""
        if change and not self._pointing:
            self._place = None
        super().redraw(change)

    def point(self, at: Pointed) -> None:
        """A layer, or a place on its face. The keys move from layer to layer; Enter, then on it."""
        if at.name != NETWORK or not self._layers:
            return
        number, place = self.layer.value, self._place
        if at.kind == "key" and place is None:
            number = min(max(number + at.row + at.column, 1), len(self._layers))
        elif at.kind == "key":
            place = self._bodies[number - 1].within(place[0] + at.row, place[1] + at.column)
        elif at.kind == "choose" and number:
            place = self._bodies[number - 1].middle if place is None else None
        elif at.kind in ("over", "press", "drag"):
            number = at.column
            place = self._bodies[number - 1].place_at(at.x, at.y) if at.row == FACE else None
        if (number, place) == (self.layer.value, self._place):
            return
        self._place, self._pointing = place, True
        try:
            if number == self.layer.value:
                self.redraw()
            self.layer.value = number
        finally:
            self._pointing = False

    # ------------------------------------------------------------------------------ the view

    def look(self) -> View:
        """Volumes and table, and a sentence about the chosen layer or about all."""
        if self._problem:
            raise Refused(self._problem)
        number = self.layer.value
        self._rows = [_row(layer, i == number) for i, layer in enumerate(self._layers, start=1)]
        caption, place, seen, told = self._summary, None, None, ""
        if number:
            place, seen, told = self._seen(number)
            words = explained(self._layers[number - 1])
            caption = f"Layer {number} of {len(self._layers)}, {words}"
        if self._place is not None:
            caption += f" {told}"
        drawn = f"The network as volumes, the image at the left. {told}".strip()
        self._scene = volumes_scene(self._image, self._bodies, number, place, seen, drawn)
        picture = scene_svg(self._scene, pointable(NETWORK, f"{drawn} {KEYS}"))
        return View(caption, html=picture + table_html(TITLE, HEADER, self._rows))

    def _seen(self, number: int) -> tuple[tuple[int, int] | None, Tensor | None, str]:
        """The place on the face, the pixels that its value sees, and both in words."""
        body, operation = self._bodies[number - 1], self._places[number - 1]
        if operation is None or body.values is None:
            return None, None, ""
        place = self._place or body.middle
        index = body.index(*place)
        mask = torch.zeros((1, *body.shape), dtype=torch.bool)
        mask[(0, *index)] = True
        pixels, why = self._sight.pixels((operation, 0), mask)
        names = {3: ("map", "row", "column"), 2: ("row", "column")}.get(len(index), ("number",))
        said = ", ".join(f"{name} {i}" for name, i in zip(names, index, strict=True))
        value = f"The value at {said} is {number_text(float(body.values[index]))} here"
        if why:
            return place, None, f"{value}; what it sees is not known ({why})."
        window = window_text(*lines_of(pixels), "the image") if pixels.any() else "no pixel"
        return place, pixels, f"{value} and sees {window}."

    def still(self) -> bytes | None:
        """The volumes and the table drawn, with the caption below."""
        if not self._last.html:
            return None
        return self.captioned(stacked([scene_png(self._scene), table_png(HEADER, self._rows)]))


def _row(layer: Layer, marked: bool) -> Row:
    name, kind, size = layer.row.name or "the network", layer.row.kind, layer.row.output_shape
    return Row((name, kind, shape_text(size), parameters_text(layer), layer.row.sees), marked)


def shirt(shape: tuple[int, ...]) -> Tensor:
    """A drawn shirt as an image of ``shape``, ``[C, H, W]``."""
    light = torch.from_numpy(drawn.garment(SHIRT))[None, None]
    return F.interpolate(light, shape[1:], mode="area")[0].expand(shape).contiguous()


def _sight(model: nn.Module, image: Tensor, rows: list[LayerRow]) -> Sight | None:
    """What its values see; ``None`` if they are too many, or ``image`` takes another way."""
    if sum(math.prod(row.output_shape) for row in rows) > MOST_VALUES:
        return None
    try:
        return Sight(model, image)
    except Exception:  # the image of the rows was blank
        return None


def places_of(sight: Sight | None, rows: list[LayerRow]) -> list[int | None]:
    """For each call of a layer, in their order, the place of the operation that made its output."""
    if sight is None:
        return [None] * len(rows)
    places, last = [], -1
    for number, row in enumerate(rows):
        made = [
            place
            for place, operation in enumerate(sight.operations)
            if place > last and operation.output is not None
            and f"{operation.module}.".startswith(f"{row.name}." if row.name else "")
            and tuple(operation.output.shape) == (1, *row.output_shape)
        ]  # fmt: skip
        again = any(later.name == row.name for later in rows[number + 1 :])
        run = [place for i, place in enumerate(made) if place == made[0] + i]
        places.append(None if not made else run[0] if again else run[-1])
        last = last if places[-1] is None else places[-1]
    return places


def _checked(model, input_shape) -> tuple[int, ...]:
    """The shape as numbers. Raises ``Refused`` if it is none, or ``model`` no network."""
    if model is None or model is ...:
        raise Refused("There is no network yet: fill in the task that makes it.")
    try:
        checked_to_watch(model)
    except ValueError as error:
        raise Refused(as_sentence(error)) from None
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
        raise Refused(f"An image of {shape_text(shape)} is too large to try.")
    return shape


def _examine(model: nn.Module, image: Tensor) -> tuple[list[Layer], str, Sight | None]:
    """The layers as ``image`` passes them, a summary, and the run. Leaves the model as it was."""
    shape = tuple(image.shape)
    if any(nn.parameter.is_lazy(p) for p in model.parameters()):
        model = copy.deepcopy(model)  # its sizes are fixed by the first image, this one
    answers = []
    inner = unwrapped(model)
    handle = inner.register_forward_hook(lambda _m, _given, made: answers.append(made))
    try:
        quiet = redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore")
        with torch.random.fork_rng(devices=[]), quiet[0], quiet[1]:
            rows = layer_rows(model, shape)
            sight = _sight(model, image, rows)
    except ValueError as error:
        raise Refused(misfit(inner, str(error), error.__cause__)) from None
    finally:
        handle.remove()
    name, answer = type(inner).__name__, answers[-1]
    if not isinstance(answer, Tensor):
        kind = "nothing" if answer is None else f"a {type(answer).__name__}"
        raise Refused(f"{name} returns {kind}, no tensor. Does forward return the scores?")
    if not rows:
        raise Refused(f"forward of {name} uses none of its layers.")
    layers = [Layer(row, inner.get_submodule(row.name)) for row in rows]
    return layers, summed_up(inner, layers, shape, answer), sight
