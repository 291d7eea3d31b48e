"""The way of one value of a feature map, down through every layer to the image."""

import math

import numpy as np
from torch import Tensor

from helpers.explorers._grids import Grid
from helpers.explorers._mosaic import mosaic
from helpers.explorers._places import blocks_of, lines_of, window_text
from helpers.explorers._scene import LINE, Frame, Picture, Scene, Words
from helpers.explorers._sliding import bracketed, show
from helpers.layers import Operation, Step
from helpers.layers.terms import ALONE, COPY, LARGEST, MEAN, SUM, Made
from helpers.plots.arrays import PIXELS, as_array, as_pixels, colour_scale
from helpers.plots.text import count_text, number_text

SIDE, STEP, ACROSS = 116, 166, 6  # pixels: of a picture, to the next; and how many in a row
MOST_MAPS = 16  # of one layer
LARGEST_GRID, MOST_GRIDS = 12, 3  # rows or columns of numbers; channels


def value_text(steps: list[Step]) -> str:
    """The first value of the way, how it was made, its window, and what it sees of the image."""
    first, last = steps[0], steps[-1]
    text = number_text(float(first.values[first.index]))
    if first.made:
        text += f", {how_text(first.made)}"
    if len(steps) > 1 and steps[1].seen.dim() == 4:
        below = steps[1]
        on = "the image" if below is last else f"what {name_of(below)} makes"
        text += f", of {_window(first, below, on)}"
    if last.operation is None and len(steps) > 2:
        text += f"; it sees {window_text(*lines_of(last.seen[0].any(0)), 'the image')}"
    elif last.why:
        text += f"; what it sees of the image is not known ({last.why})"
    elif last.operation is not None:
        text += "; it does not depend on the image"
    return text


def how_text(made: Made) -> str:
    """Such as "the sum of 25 products and 0.013"."""
    count = len(made.values)
    if not count:
        return "which hangs on nothing"
    if made.how == SUM:
        plus = "" if made.offset == 0 else f" and {number_text(made.offset)}"
        return f"the sum of {count_text(count, 'product')}{plus}"
    return {
        MEAN: f"the mean of {count} values",
        LARGEST: f"the largest of {count} values",
        COPY: "unchanged",
        ALONE: f"made of {number_text(float(made.values[0]))}",
    }.get(made.how, f"made of {count} values together")


def _window(step: Step, below: Step, of: str) -> str:
    """Where the window of a value lies, with what of a kernel lies in the padding."""
    rows, columns = lines_of(below.seen[0].any(0))
    if step.operation.kind == "convolution" and len(step.operation.constants):
        size = step.operation.constants[0].shape[2:]
        rows, columns = (
            _with_padding(step.operation, axis, int(step.index[2 + axis]), size[axis], most)
            for axis, most in enumerate(below.seen.shape[2:])
        )
    return window_text(rows, columns, of)


def _with_padding(operation: Operation, axis: int, place: int, size: int, most: int) -> list:
    """The rows or columns under a kernel; ``None`` for each that padding has added."""
    stride, padding, dilation = (
        _of_axis(operation.settings.get(name, usual), axis)
        for name, usual in (("stride", 1), ("padding", 0), ("dilation", 1))
    )
    if padding == "same":
        padding = dilation * (size - 1) // 2
    padding = 0 if padding == "valid" else padding
    first = place * stride - padding
    return [x if 0 <= x < most else None for x in range(first, first + dilation * size, dilation)]


def _of_axis(value, axis: int):
    return value[axis % len(value)] if isinstance(value, (tuple, list)) else value


def sentences(steps: list[Step]) -> list[str]:
    """Each station of the way in words."""
    told = []
    for step in steps:
        text = f"{name_of(step)}, {place_text(step)}: {number_text(float(step.values[step.index]))}"
        if step.made:
            text += f", {how_text(step.made)}"
        elif step.why:
            text += f", not known how: {step.why}"
        told.append(text)
    return told


def place_text(step: Step) -> str:
    """Such as "map 3, row 2, column 7"."""
    index = step.index[1:]
    names = {3: ("map", "row", "column"), 1: ("number",)}.get(len(index))
    if step.operation is None:
        names, index = ("row", "column"), index[-2:]
    if names is None:
        return f"place {', '.join(map(str, index))}"
    return ", ".join(f"{name} {number}" for name, number in zip(names, index, strict=True))


def name_of(step: Step) -> str:
    """What a station is called: the part of the network, and what it does."""
    if step.operation is None:
        return "image"
    return f"{step.operation.module} {step.operation.name}".strip()


def way_scene(steps: list[Step], image: Tensor) -> Scene:
    """Each station as a picture: its maps with the window in them, and what was computed."""
    down = SIDE + 7 * LINE
    words = "The way down to the image: " + "; ".join(sentences(steps)) + "."
    width = STEP * (min(len(steps), ACROSS) - 1) + SIDE + 40
    scene = Scene(width, down * math.ceil(len(steps) / ACROSS), words)
    for number, step in enumerate(steps):
        left, top = number % ACROSS * STEP + 4, number // ACROSS * down + LINE
        title = "image" if step.operation is None else step.operation.module or "the network"
        scene.parts.append(Words(left, top - 4, _short(title), bold=True))
        scene.parts += _picture(step, image, left, top)
        for line, text in enumerate(_lines(step), start=1):
            scene.parts.append(Words(left, top + SIDE + LINE * line, _short(text)))
        if number + 1 < len(steps) and (number + 1) % ACROSS:
            scene.parts.append(Words(left + SIDE + 16, top + SIDE / 2, "←"))
    return scene


def _short(text: str, most: int = 23) -> str:
    return text if len(text) <= most else "…" + text[1 - most :]


def _lines(step: Step) -> list[str]:
    """The few words below a picture."""
    value, place = number_text(float(step.values[step.index])), place_text(step)
    if step.operation is None:
        return [place, value]
    lines, made = [step.operation.name, place], step.made
    if made is None:
        return [*lines, value, "not known how"]
    if made.how != SUM:
        return [*lines, value, how_text(made)]
    one = made.strongest
    term = f"{show(made.weights[one])} · {show(made.values[one])}"
    plus = f" {'−' if made.offset < 0 else '+'} {show(abs(made.offset))}" if made.offset else ""
    return [
        *lines,
        f"{value} =",
        f"{count_text(len(made.values), 'product')}{plus}",
        f"largest {term}",
    ]


def _picture(step: Step, image: Tensor, left: float, top: float) -> list:
    """What there is at one station, with the window framed."""
    if step.operation is None:
        pixel = SIDE / max(image.shape[1:])
        picture = _scaled(as_pixels(image), PIXELS, left, top, pixel)
        return [picture, *_frames(step.seen[0].any(0), left, top, pixel)]
    values, seen = step.values[0].float(), step.seen[0]
    scale = colour_scale("signed" if (values < 0).any() else "activations", [as_array(values)])
    if values.dim() == 1:  # a row of numbers, in lines below each other
        side = math.ceil(math.sqrt(len(values)))
        numbers = np.full(side * side, np.nan)
        numbers[: len(values)] = as_array(values)
        row, column = divmod(step.index[1], side)
        picture = _scaled(numbers.reshape(side, side), scale, left, top, SIDE / side)
        at = left + column * SIDE / side, top + row * SIDE / side
        return [picture, Frame(*at, SIDE / side, SIDE / side)]
    if values.dim() != 3:
        return []
    maps = sorted({step.index[1], *seen.flatten(1).any(1).nonzero()[: MOST_MAPS - 1, 0].tolist()})
    columns = math.ceil(math.sqrt(len(maps)))
    tiles = mosaic(as_array(values[maps]), columns, 1)
    pixel = SIDE / max(tiles.shape)
    parts = [_scaled(tiles, scale, left, top, pixel)]
    for number, channel in enumerate(maps):
        row, column = divmod(number, columns)
        corner = column * (values.shape[2] + 1), row * (values.shape[1] + 1) + 1
        parts += _frames(seen[channel], left + corner[0] * pixel, top + corner[1] * pixel, pixel)
    return parts


def _scaled(pixels: np.ndarray, scale: dict, left: float, top: float, pixel: float) -> Picture:
    return Picture(pixels, scale, left, top, pixel * pixels.shape[1], pixel * pixels.shape[0])


def _frames(seen: Tensor, left: float, top: float, pixel: float) -> list[Frame]:
    """What is seen of one map."""
    return [
        Frame(left + x * pixel, top + y * pixel, wide * pixel, tall * pixel)
        for y, x, tall, wide in blocks_of(*lines_of(seen))
    ]


def way_grids(step: Step) -> list[Grid]:
    """The terms of a sum, or the values of which one was taken, as numbers; of large ones, none."""
    made = step.made
    if made is None or made.how not in (SUM, MEAN, LARGEST) or set(made.inputs) != {0}:
        return []
    if len(made.places[0]) != 4:
        return []
    channels = sorted({place[1] for place in made.places})
    parts = {k: [n for n, place in enumerate(made.places) if place[1] == k] for k in channels}
    sums = {k: float(made.products[parts[k]].sum()) for k in channels}
    shown = sorted(sorted(channels, key=lambda k: -abs(sums[k]))[:MOST_GRIDS])
    grids = []
    for channel in shown:
        rows = sorted({made.places[n][2] for n in parts[channel]})
        columns = sorted({made.places[n][3] for n in parts[channel]})
        if max(len(rows), len(columns)) > LARGEST_GRID:
            return []
        title = f"map {channel}: {window_text(rows, columns)}"
        cells = {made.places[n][2:]: n for n in parts[channel]}

        def texts(numbers: Tensor, rows=rows, columns=columns, cells=cells) -> list[list[str]]:
            return [
                [show(float(numbers[cells[i, j]])) if (i, j) in cells else "" for j in columns]
                for i in rows
            ]

        strongest = made.places[made.strongest]
        best = (
            frozenset({(rows.index(strongest[2]), columns.index(strongest[3]))})
            if strongest[1] == channel
            else frozenset()
        )
        if made.how != SUM:
            grids.append(
                Grid(title, texts(made.values), won=best if made.how == LARGEST else frozenset())
            )
            continue
        grids.append(Grid(title, texts(made.values), won=best, sign="×"))
        last = channel == shown[-1]
        others = sum(sums[k] for k in channels if k not in shown)
        rest = f"+ {bracketed(show(others))} (other maps) " if len(shown) < len(channels) else ""
        sign = f"{rest}+ {bracketed(show(made.offset))} =" if last else "+"
        grids.append(Grid("weights", texts(made.weights), won=best, sign=sign))
    if made.how == SUM:
        grids.append(Grid("value", [[show(made.value)]], frozenset({(0, 0)})))
    return grids
