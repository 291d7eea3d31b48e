"""The part of the panel of mistakes that traces one value of a feature map to its products."""

import io
import itertools
import math
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import image as matplotlib_image
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers import inspection
from helpers.explorers._base import Explorer, Refused, View, png_of
from helpers.explorers._grids import Grid, grids_png, pointable, sum_html
from helpers.explorers._image_views import (
    TITLE,
    asking,
    check_network,
    convolutions,
    data_line,
    frame,
    image_at,
    image_text,
    place_bar,
    place_image,
    sheet,
)
from helpers.explorers._places import blocks_of, window_text
from helpers.explorers._pointable import Pointed
from helpers.explorers._sheets import sheet_html
from helpers.explorers._sliding import arithmetic, bracketed, show
from helpers.plots.arrays import as_array, colour_scale
from helpers.plots.text import DPI, number_text

SIDE = 2.6  # inches, of image and feature map
BESIDE = SIDE + 1.0  # inches: where the feature map begins
PLACES = "places"  # what can be pointed at
WHERE = "the window in the image, and the value in its feature map"
KEYS = "point at a value of the feature map; arrow keys move there"
LARGEST = 12  # a window with more pixels in a row is not shown as a grid of numbers


@dataclass(frozen=True)
class Trace:
    """One value of a convolution: windows of the channels, their kernels, the bias, the value."""

    windows: Tensor  # [C, k, k]
    kernels: Tensor  # [C, k, k]
    bias: float
    rows: list[int | None]  # of the image, that the window holds; None: a row of padding
    columns: list[int | None]

    @property
    def sums(self) -> list[float]:
        """What each channel contributes."""
        return (self.windows * self.kernels).sum(dim=(1, 2)).tolist()

    @property
    def value(self) -> float:
        """All channels and the bias."""
        return sum(self.sums) + self.bias


class Pixel(Explorer):
    """One value in the feature maps of the first convolution, as a sum of products.

    ``index`` is the control that holds the index of the image in ``dataset``.
    """

    def __init__(self, model: nn.Module, dataset, index: widgets.IntText):
        self._model, self._dataset, self.index = model, dataset, index
        row, column = self._middle()
        self.channel = widgets.IntText(0, description="channel")
        self.row = widgets.IntText(row, description="row")
        self.column = widgets.IntText(column, description="column")
        self._setting = False  # row and column, both before one drawing
        super().__init__([self.channel, self.row, self.column])
        index.observe(self.redraw, "value")

    def _maps(self) -> tuple[str, nn.Conv2d, Tensor, Tensor, int]:
        """The first convolution and its name, the image, its feature maps, its label."""
        check_network(self._model)
        named = convolutions(self._model)
        if not named:
            raise Refused("No value can be traced: this network has no convolution (Conv2d).")
        name, layer = next(iter(named.items()))
        with asking():
            image, label = image_at(self._dataset, self.index.value)
            maps = inspection.activations(self._model, layer, image)[0]
            if layer.in_channels != len(image):
                raise Refused(
                    f"{name} takes {layer.in_channels} channels, but the image has {len(image)}: "
                    "its values cannot be traced to the pixels."
                )
        return name, layer, image, maps, label

    def _middle(self) -> tuple[int, int]:
        try:
            maps = self._maps()[3]
        except Refused:
            return 0, 0
        return maps.shape[1] // 2, maps.shape[2] // 2

    def redraw(self, change=None) -> None:
        """Draw, once for a place."""
        if not self._setting:
            super().redraw(change)

    def point(self, at: Pointed) -> None:
        """A value of the feature map: pointed at, or reached by the arrow keys."""
        _, tall, wide = self._shape
        if at.name != PLACES or at.kind == "choose":
            return
        row, column = self.row.value + at.row, self.column.value + at.column
        if at.kind != "key":
            figure, pixel = self._places, SIDE / wide
            row = math.floor((at.y * figure.get_figheight() - TITLE) / pixel)
            column = math.floor((at.x * figure.get_figwidth() - BESIDE) / pixel)
            if not (0 <= row < tall and 0 <= column < wide):
                return  # what was told stays, to be read
        row, column = min(max(row, 0), tall - 1), min(max(column, 0), wide - 1)
        if (row, column) == (self.row.value, self.column.value):
            return
        self._setting = True
        self.row.value, self.column.value = row, column
        self._setting = False
        self.redraw()

    def look(self) -> View:
        """Window, kernel and sum."""
        name, layer, image, maps, label = self._maps()
        place = self.channel.value, self.row.value, self.column.value
        for what, number, count in zip(
            ("channel", "row", "column"), place, maps.shape, strict=True
        ):
            if not 0 <= number < count:
                raise Refused(
                    f"There is no {what} {number}: {name} gives out {maps.shape[0]} feature maps "
                    f"of {maps.shape[1]}×{maps.shape[2]}, so the {what} is from 0 to {count - 1}."
                )
        channel, row, column = place
        with asking():
            trace = trace_value(layer, image, channel, row, column)
        self._grids = grids(trace, channel)
        self._places = places_figure(image, maps[channel], trace, channel, row, column)
        self._shape = tuple(maps.shape)
        size = "×".join(map(str, trace.windows.shape))
        caption = (
            f"Channel {channel}, row {row}, column {column} of {name}: a window of {size} pixels "
            "times the kernel, weight by weight, all products added, plus the bias. Numbers are "
            "rounded."
        )
        details = (
            image_text(self._dataset, self.index.value, label), sum_text(trace),
            verdict(trace.value, float(maps[channel, row, column])),
        )  # fmt: skip
        page = sheet_html(self._places, WHERE, pointable(PLACES, f"{WHERE}: {KEYS}"))
        page += sum_html(self._grids) if self._grids else ""
        return View(caption + data_line(self._dataset, *details), html=page)

    def still(self) -> bytes | None:
        """The places and the grids drawn, with the caption below."""
        if not self._last.html:
            return None
        grids = [grids_png(self._grids, 3 if len(self._grids) == 3 else 2)] if self._grids else []
        return self.captioned(stacked([png_of(self._places), *grids]))


def trace_value(layer: nn.Conv2d, image: Tensor, channel: int, row: int, column: int) -> Trace:
    """The pixels and weights behind one output value of ``layer`` for ``image`` ``[C, H, W]``."""
    # What the layer itself gives to F.pad: left, right, top, bottom, however padding was written.
    sides = layer._reversed_padding_repeated_twice
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    padded = F.pad(image[None].double(), sides, mode=mode)[0]
    kernels = layer.weight[channel].detach().cpu().double()
    group = channel // (layer.out_channels // layer.groups)
    padded = padded[group * len(kernels) : (group + 1) * len(kernels)]
    lines, places = [], []
    for axis, around in enumerate((sides[2:], sides[:2])):
        first, step = (row, column)[axis] * layer.stride[axis], layer.dilation[axis]
        lines.append(slice(first, first + step * kernels.shape[1 + axis], step))
        numbers = torch.arange(image.shape[1 + axis], dtype=torch.float64)[None, None]
        numbers = F.pad(numbers, around, mode, *([-1.0] if mode == "constant" else []))
        places.append([None if x < 0 else int(x) for x in numbers[0, 0, lines[axis]].tolist()])
    bias = 0.0 if layer.bias is None else float(layer.bias[channel].detach())
    return Trace(padded[:, lines[0], lines[1]], kernels, bias, *places)


def sum_text(trace: Trace) -> str:
    """The whole sum in one line."""
    parts = []
    for number, (window, kernel) in enumerate(zip(trace.windows, trace.kernels, strict=True)):
        parts.append(arithmetic(window.flatten().tolist(), kernel.flatten().tolist()))
        if len(trace.windows) > 1:
            parts[-1] = f"channel {number}: {parts[-1]} = {show(trace.sums[number])}"
    joined = "; ".join(parts) + ("; all channels" if len(parts) > 1 else "")
    return f"{joined} + bias {show(trace.bias)} = {number_text(trace.value)}"


def verdict(value: float, own: float) -> str:
    """Is the sum what the layer gives out?"""
    if abs(value - own) <= 0.01 * (1 + abs(own)):  # GPUs may multiply with fewer digits
        return f"the layer's own value is {number_text(own)}"
    return (
        f"the layer's own value is {number_text(own)}, another one, because the network changes "
        "the image before this layer"
    )


def grids(trace: Trace, channel: int) -> list[Grid]:
    """Window and kernel of each channel as numbers; none if they are too large."""
    if max(trace.windows.shape[1:]) > LARGEST or len(trace.windows) > 3:
        return []
    made, several = [], len(trace.windows) > 1
    where, outside = window_text(trace.rows, trace.columns), padding_cells(trace)
    for number, (window, kernel) in enumerate(zip(trace.windows, trace.kernels, strict=True)):
        which = f", channel {number}" if several else ""
        last = number == len(trace.windows) - 1
        made.append(Grid(f"image{which}: {where}", _texts(window), padded=outside, sign="×"))
        title = f"kernel {channel}{which}"
        made.append(
            Grid(title, _texts(kernel), sign=f"+ {bracketed(show(trace.bias))} =" if last else "+")
        )
    return [*made, Grid("value", [[show(trace.value)]], frozenset({(0, 0)}))]


def padding_cells(trace: Trace) -> frozenset[tuple[int, int]]:
    """The cells of the window that lie outside of the image."""
    places = itertools.product(enumerate(trace.rows), enumerate(trace.columns))
    return frozenset((i, j) for (i, row), (j, column) in places if row is None or column is None)


def _texts(values: Tensor) -> list[list[str]]:
    return [[show(value) for value in row] for row in values.tolist()]


def places_figure(
    image: Tensor, feature_map: Tensor, trace: Trace, channel: int, row: int, column: int
) -> Figure:
    """The image with the window framed, and the feature map with the value framed."""
    figure = sheet(TITLE + SIDE * image.shape[1] / image.shape[2] + 0.15)
    place_image(figure, image, 0.15, TITLE, SIDE, "image and window")
    pixel = SIDE / image.shape[2]
    inside = [sorted({x for x in line if x is not None}) for line in (trace.rows, trace.columns)]
    for top, left, tall, wide in blocks_of(*inside):
        frame(figure, 0.15 + left * pixel, TITLE + top * pixel, wide * pixel, tall * pixel)
    values = as_array(feature_map)
    scale = colour_scale("signed" if (values < 0).any() else "activations", [values])
    start = BESIDE
    place_image(figure, values, start, TITLE, SIDE, f"feature map {channel}", scale)
    pixel = SIDE / values.shape[1]
    frame(figure, start + (column - 0.5) * pixel, TITLE + (row - 0.5) * pixel, 2 * pixel, 2 * pixel)
    place_bar(figure, scale, start + SIDE + 0.15, TITLE, 2.0)
    return figure


def stacked(pictures: list[bytes]) -> bytes:
    """Pictures of one width, one under the other."""
    pixels = [matplotlib_image.imread(io.BytesIO(png)) for png in pictures]
    width = max(picture.shape[1] for picture in pixels)
    wide = [
        np.pad(p[..., :3], ((0, 0), (0, width - p.shape[1]), (0, 0)), constant_values=1)
        for p in pixels
    ]
    buffer = io.BytesIO()
    matplotlib_image.imsave(buffer, np.concatenate(wide), format="png", dpi=DPI)
    return buffer.getvalue()
