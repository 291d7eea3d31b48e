"""The panel that shows what any layer of a network makes of any image, and its kernels."""

import ipywidgets as widgets
import torch
from torch import Tensor, nn

from helpers import inspection
from helpers.explorers._base import Refused, View
from helpers.explorers._choosing import Choosing
from helpers.explorers._grids import grids_png, pointable, sum_html
from helpers.explorers._image_views import (
    BESIDE,
    TITLE,
    WIDTH,
    asking,
    check_network,
    class_names,
    convolutions,
    data_line,
    image_at,
    image_text,
    leaf_layers,
    range_text,
    row_figure,
    state_of,
)
from helpers.explorers._mosaic import NUMBERED, Layout, mosaic_columns, mosaic_figure, mosaic_layout
from helpers.explorers._pixel import stacked
from helpers.explorers._places import blocks_of, lines_of
from helpers.explorers._pointable import Pointed
from helpers.explorers._scene import Frame, Scene, Sheet, scene_png, scene_svg
from helpers.explorers._sheets import sheet_html, sheet_of
from helpers.explorers._way import value_text, way_grids, way_scene
from helpers.layers import Sight, Step
from helpers.network_modes import unwrapped
from helpers.plots.arrays import as_array, colour_scale
from helpers.plots.text import DPI, count_text, long_minus, number_text

MAPS, KERNELS = "maps", "kernels"
OWN_SCALES, ONE_SCALE = "each map its own", "one for all maps"
KEYS = "arrow keys move in a map, Enter shows it alone"
SIGNS = "red above zero, blue below"
HINT = (
    "Point at a pixel of a map: how it was made of the pixels below it, through every layer down "
    "to the image. A press shows its map alone."
)


class FeatureMaps(Choosing):
    """All feature maps of one layer for one image, in one picture; or the kernels of the layer.

    ``dataset`` holds the images. A layer behind flattening gives out a row of numbers, shown as
    bars. The caption names the channels that are dead for this image. Each on its own scale, faint
    maps can be seen; on one scale, they can be compared. Of a pixel that is pointed at, the way is
    shown on which it was made: its window in the layer below, the sum or the largest, and so on
    down to the image. A map that is pressed is shown alone.
    """

    tall = True

    def __init__(self, model: nn.Module, dataset, index: int = 0):
        self._layout: Layout | None = None  # of the maps, while there are some
        self._spot: tuple[int, int, int] | None = None  # map, row and column
        self._alone: int | None = None  # the map that is shown alone
        self._way: list[Step] = []  # of the pixel, down to the image
        self._sight: tuple[tuple, Sight] | None = None  # and the state of which it is
        self._drawn: tuple | None = None  # what the picture shows; the picture; its layout
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
            if found is None:
                return  # what was told stays, to be read
            spot = first + found[0], *found[1:]
        if at.kind in ("press", "choose") and spot:
            self._alone = spot[0] if self._alone is None else None
        elif spot == self._spot:
            return
        self._spot = spot
        self.redraw()

    def look(self) -> View:
        """The maps or kernels of the layer."""
        check_network(self._model)
        self._layout, self._way = None, []
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
        signed, own = bool((maps < 0).any()), self.scale.value == OWN_SCALES
        columns = mosaic_columns(count, tall, wide)
        key = self.index.value, own, self._alone, maps.shape, maps.numpy().tobytes()
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = key, *self._draw(maps, image, columns, signed)
        _, sheet, self._layout = self._drawn
        self._height = sheet.height / DPI
        pointed = self._trace(maps, image, layer)
        each = "each divided by its largest size, told where there is room" if own else ""
        caption = (
            f"{self.layer.value}: {count_text(count, 'feature map')} of {tall}×{wide}"
            f"{'' if count <= NUMBERED else f', {columns} in a row, counted row by row from 0'}, "
            f"{each or 'on one scale'}{f': {SIGNS}' if signed else ', dark is zero'}."
        )
        zeros = f"{int((maps == 0).sum()):,} of {maps.numel():,} are zero"
        details = (pointed,) if pointed else (range_text(maps), zeros, dead_text(maps))
        page = scene_svg(self._scene(), pointable(MAPS, f"the feature maps: {KEYS}"))
        page += way_html(self._way, image) or f'<p class="cnn-hint">{HINT}</p>'
        return View(
            caption + data_line(self._dataset, about, *details), html=page, figure=sheet.figure
        )

    def _draw(
        self, maps: Tensor, image: Tensor, columns: int, signed: bool
    ) -> tuple[Sheet, Layout]:
        """The maps, or the one that is alone, beside the image; where they are."""
        own, alone = self.scale.value == OWN_SCALES, self._alone is not None
        sizes = largest(maps).flatten().tolist()
        tiles = as_array(relative(maps) if own else maps)
        scale = colour_scale("signed" if signed else "activations", [tiles])
        notes = [f": {long_minus(number_text(size))}" for size in sizes] if own else ()
        first = self._alone if alone else 0
        if alone:
            tiles, columns, notes = tiles[first : first + 1], 1, notes[first : first + 1]
        figure = mosaic_figure(tiles, columns, scale, image, notes=notes, first=first)
        return sheet_of(figure), mosaic_layout(tiles.shape, columns, image)

    def _scene(self) -> Scene:
        """The picture of the maps with frames: the pixel pointed at, and what it sees."""
        sheet = self._drawn[1]
        scene = Scene(sheet.width, sheet.height, "the feature maps", [sheet])
        inches = []
        if self._way:
            channel, row, column = self._spot
            shown = 0 if self._alone is not None else channel
            pixel = self._layout.pixel
            inches.append((*self._layout.place_of(shown, row, column), pixel, pixel))
        if self._way and self._way[-1].operation is None:
            seen = self._way[-1].seen[0].any(0)
            side = BESIDE / seen.shape[1]
            for top, left, tall, wide in blocks_of(*lines_of(seen)):
                inches.append((0.1 + left * side, TITLE + top * side, wide * side, tall * side))
        scene.parts += [Frame(*(DPI * x for x in box)) for box in inches]
        return scene

    def still(self) -> bytes | None:
        """The maps, and the way of the pixel that is pointed at, with the caption below."""
        if not self._way or self._last.figure is None:
            return super().still()
        image, _ = image_at(self._dataset, self.index.value)
        grids = way_grids(self._way[0])
        parts = [scene_png(way_scene(self._way, image)), *([grids_png(grids, 2)] if grids else [])]
        return self.captioned(stacked([scene_png(self._scene()), *parts]))

    def _trace(self, maps: Tensor, image: Tensor, layer: nn.Module) -> str:
        """Find the way of the pixel that is pointed at; return what it is, in words."""
        if self._spot is None or any(
            place >= most for place, most in zip(self._spot, maps.shape, strict=True)
        ):
            return ""
        text = "map {}, row {}, column {}: ".format(*self._spot)
        with asking():
            state = self.index.value, state_of(self._model)
            if self._sight is None or self._sight[0] != state:
                self._sight = state, Sight(self._model, image)
            sight = self._sight[1]
            names = {module: name for name, module in unwrapped(self._model).named_modules()}
            place = sight.place_of(names[layer], maps[None])
            if place is None:
                return f"{text}{number_text(maps[self._spot])}; how it was made cannot be seen"
            self._way = list(sight.way(place, self._spot))
        return text + value_text(self._way)

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
        figure = row_figure(values, names, image)
        page = sheet_html(figure, "the row of numbers, as bars")
        return View(caption + data_line(self._dataset, *details), html=page, figure=figure)

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
        page = sheet_html(figure, "the kernels")
        return View(caption + data_line(None, range_text(weights)), html=page, figure=figure)


def way_html(way: list[Step], image: Tensor) -> str:
    """The way down to the image as pictures, and the numbers of its first step."""
    if not way:
        return ""
    grids = way_grids(way[0])
    return scene_svg(way_scene(way, image)) + (sum_html(grids) if grids else "")


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
