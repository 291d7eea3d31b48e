"""The convolution panel of notebook 01: step a kernel over an image and read what it computes."""

import itertools
from collections.abc import Callable

import ipywidgets as widgets
import torch

from helpers.explorers._base import Explorer, Refused, View
from helpers.explorers._grids import Grid, grids_html, grids_png
from helpers.explorers._sliding import Sliding, arithmetic, convolve, parse_grid, show
from helpers.layers import get_output_width as our_output_width

IMAGES = {
    "an edge": lambda i, j, width: 9 * (2 * j >= width),
    "a corner": lambda i, j, width: 9 * (2 * j >= width and 2 * i >= width),
    "a spot": lambda i, j, width: 9 * (i == j == width // 2),
    "digits": lambda i, j, width: (7 * i + 3 * j + i * j) % 10,
}
OWN = "own values"
KERNELS = {
    "vertical edges": lambda i, j, size: (j == size - 1) - (j == 0) if size > 1 else 1,
    "horizontal edges": lambda i, j, size: (i == size - 1) - (i == 0) if size > 1 else 1,
    "copy": lambda i, j, size: int(i == j == size // 2),
    "mean": lambda i, j, size: round(1 / size**2, 4),
    OWN: None,
}


class Convolution(Explorer):
    """Image, kernel and output as grids of numbers, and the arithmetic of one output value.

    ``get_output_width`` is the student's function of task 1.5; without it, the course's own. With
    ``predict`` the panel asks for the width of the output and shows the grids after an answer.
    """

    def __init__(self, get_output_width: Callable | None = None, predict: bool = True):
        self._width_of = get_output_width or our_output_width
        self._disagreement = _first_disagreement(self._width_of)
        self.image = widgets.Dropdown(options=list(IMAGES), value="digits", description="image")
        self.width = widgets.IntText(6, description="image width")
        self.channels = widgets.Dropdown(options=[1, 2, 3], description="channels")
        self.kernel = widgets.Dropdown(options=list(KERNELS), description="kernel")
        self.kernel_size = widgets.IntText(3, description="kernel size")
        self.stride = widgets.IntText(1, description="stride")
        self.padding = widgets.IntText(0, description="padding")
        self.dilation = widgets.IntText(1, description="dilation")
        self.bias = widgets.FloatText(0.0, description="bias")
        self.values = widgets.Text(_kernel_text("vertical edges", 3), description="kernel values")
        self.place = widgets.IntText(1, description="output value")
        self.back, self.step = _button("back", self._move(-1)), _button("step", self._move(1))
        self.play = widgets.Play(value=1, min=1, max=16, interval=700)
        self.play.observe(lambda change: setattr(self.place, "value", change["new"]), "value")
        self.predict = widgets.Checkbox(bool(predict), description="predict first", indent=False)
        self.prediction = widgets.IntText(0, description="output width")
        self._answered: Sliding | None = None
        self._said = ""
        self.answer = _button("check my prediction", self._check)
        for control in (self.kernel, self.kernel_size):
            control.observe(self._fill_values, "value")
        self.values.observe(self._own_values, "value")
        super().__init__(
            [
                self.image, self.width, self.channels, self.kernel, self.kernel_size, self.stride,
                self.padding, self.dilation, self.bias, self.prediction, self.answer,
                self.place, self.back, self.step,
            ],
            [self.values, self.play, self.predict],
        )  # fmt: skip

    # ------------------------------------------------------------------------- the controls

    def _sliding(self) -> Sliding:
        return Sliding(
            self.width.value,
            self.kernel_size.value,
            self.stride.value,
            self.padding.value,
            self.dilation.value,
        )

    def _move(self, by: int) -> Callable:
        def move(_button) -> None:
            try:
                count = self._sliding().output_width ** 2
            except Refused:
                return  # the caption says why there is nothing to step over
            self.place.value = (self.place.value - 1 + by) % count + 1

        return move

    def _fill_values(self, _change) -> None:
        if self.kernel.value != OWN and 1 <= self.kernel_size.value <= 12:
            self.values.value = _kernel_text(self.kernel.value, self.kernel_size.value)

    def _own_values(self, change) -> None:
        size = self.kernel_size.value
        named = self.kernel.value != OWN and 1 <= size <= 12
        if named and change["new"] != _kernel_text(self.kernel.value, size):
            self.kernel.value = OWN

    def _check(self, _button) -> None:
        try:
            sliding = self._sliding()
        except Refused:
            self.redraw()
            return
        right, said = sliding.output_width, self.prediction.value
        self._answered = sliding
        self._said = (
            f"You predicted {said}: right. "
            if said == right
            else f"You predicted {said}; it is {right}. Count the places of the window in a row. "
        )
        self.redraw()

    # ------------------------------------------------------------------------------ the view

    def look(self) -> View:
        """The grids, or the question for the output's width."""
        sliding = self._sliding()
        kernel = torch.tensor(parse_grid(self.values.value, sliding.kernel_size))
        settings = (
            f"An image of {sliding.width}×{sliding.width}, a kernel of {sliding.kernel_size}×"
            f"{sliding.kernel_size}, stride {sliding.stride}, padding {sliding.padding}, "
            f"dilation {sliding.dilation}"
        )
        if self.predict.value and self._answered != sliding:
            return View(
                f"{settings}: how wide is the output? Put your prediction into output width, then "
                "press check my prediction."
            )
        image = _image(self.image.value, sliding.width, self.channels.value)
        kernels = torch.stack([kernel.rot90(turns) for turns in range(len(image))])
        output = convolve(image, kernels, self.bias.value, sliding)
        count = output.numel()
        self.play.max = count
        if not 1 <= self.place.value <= count:
            raise Refused(
                f"There is no output value {self.place.value}: they are counted from 1 to {count}, "
                "row by row."
            )
        row, column = divmod(self.place.value - 1, sliding.output_width)
        self._grids = _grids(image, kernels, output, sliding, row, column)
        said = self._said if self._answered == sliding else ""
        caption = (
            f"{said}{settings}: the output is {sliding.output_width}×{sliding.output_width}. "
            f"{self._sum(image, kernels, sliding, row, column)}{_dropped(sliding)}"
            f"{self._verdict(sliding)}"
        )
        return View(caption, html=grids_html(self._grids))

    def still(self) -> bytes | None:
        """The grids drawn, with the caption below."""
        if not self._last.html:
            return None
        return self.captioned(grids_png(self._grids, columns=3 if len(self._grids) <= 3 else 2))

    def _sum(self, image, kernels, sliding: Sliding, row: int, column: int) -> str:
        padded = torch.nn.functional.pad(image, [sliding.padding] * 4)
        under = sliding.pixels(row, column)
        parts, total = [], self.bias.value
        for number, (pixels, weights) in enumerate(zip(padded, kernels, strict=True)):
            window = [pixels[place].item() for place in under]
            part = sum(p * w for p, w in zip(window, weights.flatten().tolist(), strict=True))
            name = f"channel {number}: " if len(image) > 1 else ""
            parts.append(f"{name}{arithmetic(window, weights.flatten().tolist())}")
            parts[-1] += f" = {show(part)}" if len(image) > 1 else ""
            total += part
        joined = "; ".join(parts) + ("; all channels" if len(image) > 1 else "")
        return (
            f"Output value {self.place.value} of {sliding.output_width**2}, row {row}, column "
            f"{column}: {joined} + bias {show(self.bias.value)} = {show(total)}."
        )

    def _verdict(self, sliding: Sliding) -> str:
        if self._width_of is our_output_width:
            return ""
        found = _ask(self._width_of, sliding)
        if found != str(sliding.output_width):
            return f" Your get_output_width says {found} here, torch {sliding.output_width}."
        return f" Your get_output_width says {found}, too.{self._disagreement}"


def _button(description: str, action: Callable) -> widgets.Button:
    button = widgets.Button(description=description)
    button.on_click(action)
    return button


def _image(name: str, width: int, channels: int) -> torch.Tensor:
    made = [[[IMAGES[name](i, j, width) for j in range(width)] for i in range(width)]]
    image = torch.tensor(made, dtype=torch.float64)
    return torch.cat([image.roll(channel, 2) for channel in range(channels)])


def _kernel_text(name: str, size: int) -> str:
    rows = ([show(KERNELS[name](i, j, size)) for j in range(size)] for i in range(size))
    return "; ".join(" ".join(row) for row in rows).replace("−", "-")


def _grids(image, kernels, output, sliding: Sliding, row: int, column: int) -> list[Grid]:
    padding, padded_width = sliding.padding, sliding.padded_width
    inside = range(padding, padding + sliding.width)
    every = list(itertools.product(range(padded_width), repeat=2))
    added = frozenset(p for p in every if p[0] not in inside or p[1] not in inside)
    dropped = frozenset(p for p in every if max(p) >= sliding.seen_width)
    padded = torch.nn.functional.pad(image, [padding] * 4)
    grids = []
    for number, (pixels, weights) in enumerate(zip(padded, kernels, strict=True)):
        name = f" {number}" if len(image) > 1 else ""
        marked = frozenset(sliding.pixels(row, column))
        title = f"image, channel{name}" if name else "image"
        grids.append(Grid(title, _texts(pixels), marked, dropped, added, "×"))
        last = number == len(image) - 1
        grids.append(Grid(f"kernel{name}", _texts(weights), sign="=" if last else "+"))
    return [*grids, Grid("output", _texts(output), frozenset({(row, column)}))]


def _texts(values: torch.Tensor) -> list[list[str]]:
    return [[show(value) for value in row] for row in values.tolist()]


def _dropped(sliding: Sliding) -> str:
    count = sliding.padded_width - sliding.seen_width
    if not count:
        return ""
    what = "row and column are" if count == 1 else f"{count} rows and columns are"
    return f" The last {what} in no window: the stride of {sliding.stride} drops them (grey)."


def _ask(function: Callable, sliding: Sliding) -> str:
    """What the student's function says of these settings, in words."""
    arguments = (sliding.width, sliding.kernel_size, sliding.stride)
    try:
        return repr(function(*arguments, sliding.padding, sliding.dilation))[:60]
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:120]


def _first_disagreement(function: Callable) -> str:
    """Where the function first differs from torch, as a sentence; empty if nowhere."""
    for settings in itertools.product((6, 7, 10), (3, 5, 2), (1, 2, 3), (0, 1, 2), (1, 2)):
        try:
            sliding = Sliding(*settings)
        except Refused:
            continue
        found = _ask(function, sliding)
        if found != str(sliding.output_width):
            names = ("input_width", "kernel_size", "stride", "padding", "dilation")
            told = ", ".join(f"{n}={v}" for n, v in zip(names, settings, strict=True))
            return f" But for {told} it says {found}, torch {sliding.output_width}."
    return ""
