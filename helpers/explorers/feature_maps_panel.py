"""The panel that shows what any layer of a network makes of any image, and its kernels."""

import ipywidgets as widgets
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers import inspection
from helpers.explorers._base import Refused, View, picture_html, png_of
from helpers.explorers._choosing import Choosing
from helpers.explorers._grids import pointable
from helpers.explorers._image_views import (
    BESIDE,
    TITLE,
    WIDTH,
    asking,
    check_network,
    class_names,
    convolutions,
    data_line,
    frame,
    image_at,
    image_text,
    leaf_layers,
    range_text,
    row_figure,
)
from helpers.explorers._mosaic import NUMBERED, Layout, mosaic_columns, mosaic_figure, mosaic_layout
from helpers.explorers._pixel import trace_value
from helpers.explorers._pointable import Pointed
from helpers.plots.arrays import as_array, colour_scale
from helpers.plots.text import count_text, long_minus, number_text

MAPS, KERNELS = "maps", "kernels"
OWN_SCALES, ONE_SCALE = "each map its own", "one for all maps"
KEYS = "arrow keys move in a map, Enter shows it alone"
SIGNS = "red above zero, blue below"


class FeatureMaps(Choosing):
    """All feature maps of one layer for one image, in one picture; or the kernels of the layer.

    ``dataset`` holds the images. A layer behind flattening gives out a row of numbers, shown as
    bars. The caption names the channels that are dead for this image. Each on its own scale, faint
    maps can be seen; on one scale, they can be compared. A pixel that is pointed at is framed and
    told, in the first convolution with its window; a map that is pressed is shown alone.
    """

    tall = True

    def __init__(self, model: nn.Module, dataset, index: int = 0):
        self._layout: Layout | None = None  # of the maps, while there are some
        self._spot: tuple[int, int, int] | None = None  # map, row and column
        self._alone: int | None = None  # the map that is shown alone
        self.layer = widgets.Dropdown(options=list(leaf_layers(model)), description="layer")
        self.show = widgets.Dropdown(options=[MAPS, KERNELS], description="show")
        self.scale = widgets.Dropdown(options=[OWN_SCALES, ONE_SCALE], description="scale")
        super().__init__(model, dataset, index, [self.layer, self.show, self.scale])

    def redraw(self, change=None) -> None:
        """Another layer has other maps."""
        if change and change["owner"] in (self.layer, self.show):
            self._spot = self._alone = None
        super().redraw(change)

    def point(self, at: Pointed) -> None:
        """A pixel of a map; pressed, its map alone, or all again. Arrow keys go on from there."""
        if self._layout is None or at.name not in ("", MAPS):
            return
        first = self._alone or 0
        if at.kind == "key":
            spot = moved(self._spot or (first, 0, 0), at.place, self._layout.shape)
        elif at.kind == "choose":
            spot = self._spot
        else:
            found = self._layout.at(at.x * WIDTH, at.y * self._height) if at.name else None
            spot = found and (first + found[0], *found[1:])
        if at.kind in ("press", "choose") and spot:
            self._alone = spot[0] if self._alone is None else None
        elif spot == self._spot:
            return
        self._spot = spot
        self.redraw()

    def look(self) -> View:
        """The maps or kernels of the layer."""
        check_network(self._model)
        self._layout = None
        layer = leaf_layers(self._model).get(self.layer.value)
        if layer is None:
            raise Refused("The network no longer has this layer: make the panel again.")
        if self.show.value == KERNELS:
            return self._kernels(layer)
        with asking():
            image, label = image_at(self._dataset, self.index.value)
            values = inspection.activations(self._model, layer, image)[0].float()
        about = image_text(self._dataset, self.index.value, label)
        if values.dim() == 3 and values.numel():
            return self._maps(values, image, about, layer)
        if values.dim() == 1 and values.numel():
            return self._row(values, image, about)
        raise Refused(
            f"For an image, {self.layer.value} gives out {list(values.shape)}: neither feature "
            "maps [K, h, w] nor a row of numbers [K]. Choose another layer."
        )

    def _maps(self, maps: Tensor, image: Tensor, about: str, layer: nn.Module) -> View:
        count, tall, wide = maps.shape
        alone = self._alone is not None and self._alone < count
        signed, own = bool((maps < 0).any()), self.scale.value == OWN_SCALES
        sizes = largest(maps).flatten().tolist()
        tiles = as_array(relative(maps) if own else maps)
        scale = colour_scale("signed" if signed else "activations", [tiles])
        columns = mosaic_columns(count, tall, wide)
        notes = [f": {long_minus(number_text(size))}" for size in sizes] if own else ()
        first = self._alone if alone else 0
        shown = tiles[first : first + 1] if alone else tiles
        across, notes = (1, notes[first : first + 1]) if alone else (columns, notes)
        figure = mosaic_figure(shown, across, scale, image, notes=notes, first=first)
        self._layout = mosaic_layout(shown.shape, across, image)
        self._height = figure.get_figheight()
        pointed = self._frame_spot(figure, maps, image, layer)
        each = "each divided by its largest size, told where there is room" if own else ""
        caption = (
            f"{self.layer.value}: {count_text(count, 'feature map')} of {tall}×{wide}"
            f"{'' if count <= NUMBERED else f', {columns} in a row, counted row by row from 0'}, "
            f"{each or 'on one scale'}{f': {SIGNS}' if signed else ', dark is zero'}."
        )
        zeros = f"{int((maps == 0).sum()):,} of {maps.numel():,} are zero"
        details = (about, range_text(maps), zeros, dead_text(maps), pointed)
        png, words = png_of(figure), "the feature maps"
        page = picture_html(png, words, pointable(MAPS, f"{words}: {KEYS}"))
        return View(caption + data_line(self._dataset, *details), png, page)

    def _frame_spot(self, figure: Figure, maps: Tensor, image: Tensor, layer: nn.Module) -> str:
        """Frame the pixel that is pointed at, and its window; return what it is, in words."""
        if self._spot is None or any(
            place >= most for place, most in zip(self._spot, maps.shape, strict=True)
        ):
            return ""
        channel, row, column = self._spot
        pixel = self._layout.pixel
        shown = 0 if self._alone is not None else channel
        frame(figure, *self._layout.place_of(shown, row, column), pixel, pixel)
        text = f"map {channel}, row {row}, column {column}: {number_text(maps[self._spot])}"
        first = next(iter(convolutions(self._model).values()), None)
        if layer is not first or layer.in_channels != len(image):
            return text
        trace = trace_value(layer, image, channel, row, column)
        side = BESIDE / image.shape[-1]
        (top, left), (tall, wide) = trace.corner, trace.reach
        frame(figure, 0.1 + left * side, TITLE + top * side, wide * side, tall * side)
        return f"{text}, of the window from row {top}, column {left} of the image"

    def _row(self, values: Tensor, image: Tensor, about: str) -> View:
        classes = class_names(self._dataset)
        last = self.layer.value == list(leaf_layers(self._model))[-1]
        names = classes if last and len(values) == len(classes) else None
        caption = (
            f"{self.layer.value}: a row of {count_text(len(values), 'number')}, as bars"
            f"{', one for each class' if names else ', without height and width'}."
        )
        top = int(values.nan_to_num().argmax())
        best = f"the largest is that of {names[top] if names else f'unit {top}'}"
        zeros = f"{int((values == 0).sum()):,} of {len(values):,} are zero"
        details = (about, range_text(values), best, zeros)
        return View(
            caption + data_line(self._dataset, *details), png_of(row_figure(values, names, image))
        )

    def _kernels(self, layer: nn.Module) -> View:
        if not isinstance(layer, nn.Conv2d):
            having = ", ".join(convolutions(self._model)) or "none in this network"
            raise Refused(f"{self.layer.value} has no kernels. Layers that have: {having}.")
        weights = layer.weight.detach().cpu().float()
        count, channels, tall, wide = weights.shape
        shown = weights[:NUMBERED, :NUMBERED]
        scale = colour_scale("signed", [as_array(weights)])
        if channels == 1:
            tiles, columns = shown[:, 0], mosaic_columns(len(shown), tall, wide)
            order = "each with its number"
        else:
            tiles, columns = shown.transpose(0, 1).reshape(-1, tall, wide), len(shown)
            order = "a column for each kernel and a row for each of its channels"
        names = () if channels == 1 else ("kernel", "channel")
        figure = mosaic_figure(as_array(tiles), columns, scale, names=names)
        part = "" if max(count, channels) <= NUMBERED else f"; the first {NUMBERED} are shown"
        caption = (
            f"{self.layer.value}: {count_text(count, 'kernel')} of {channels}×{tall}×{wide}, "
            f"{order}{part}. One scale for all, symmetric around zero: {SIGNS}."
        )
        return View(caption + data_line(None, range_text(weights)), png_of(figure))


def moved(spot: tuple, by: tuple[int, int], shape: tuple) -> tuple[int, int, int]:
    """``spot``, map, row and column, ``by`` rows and columns further, within its map."""
    channel, row, column = spot
    row, column = (
        min(max(place + step, 0), most - 1)
        for place, step, most in zip((row, column), by, shape[1:], strict=True)
    )
    return channel, row, column


def largest(maps: Tensor) -> Tensor:
    """The largest absolute value in each of the maps ``[K, h, w]``: ``[K, 1, 1]``."""
    return maps.nan_to_num(0, 0, 0).abs().amax(dim=(1, 2), keepdim=True)


def relative(maps: Tensor) -> Tensor:
    """Each of the maps ``[K, h, w]`` divided by its largest absolute value."""
    sizes = largest(maps)
    return maps / sizes.where(sizes > 0, 1)


def dead_text(maps: Tensor) -> str:
    """Which channels of ``[K, h, w]`` are the same everywhere, so that they tell nothing."""
    if maps[0].numel() == 1:
        return ""  # a single value is always constant
    flat = maps.flatten(1)
    constant = (flat == flat[:, :1]).all(dim=1)
    zero = constant & (flat[:, 0] == 0)
    texts = [
        f"{name}: {_listed(which)}"
        for name, which in (
            ("dead (zero everywhere)", zero),
            ("constant (the same everywhere)", constant & ~zero),
        )
        if bool(which.any())
    ]
    return "; ".join(texts) or "no dead channel"


def _listed(which: Tensor) -> str:
    """Such as "channels 1, 4"; a long list ends in how many more there are."""
    numbers = torch.nonzero(which).flatten().tolist()
    more = f" and {len(numbers) - 12} more" if len(numbers) > 12 else ""
    noun = "channel" if len(numbers) == 1 else "channels"
    return f"{noun} {', '.join(map(str, numbers[:12]))}{more}"
