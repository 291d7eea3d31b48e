"""The convolution panel of notebook 01: step a kernel over an image and read what it computes."""

import io
import itertools
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import replace

import ipywidgets as widgets
import torch
import torch.nn.functional as F

from helpers.explorers._base import Refused, View, button, steady
from helpers.explorers._grids import Grid, grids_html, grids_png
from helpers.explorers._images_and_kernels import (
    IMAGES,
    KERNELS,
    OWN,
    as_text,
    fitted,
    kernel_text,
    small_image,
)
from helpers.explorers._pointable import Pointed
from helpers.explorers._sliding import (
    Sliding,
    arithmetic,
    bracketed,
    convolve,
    equals,
    parse_grid,
    parse_number,
    show,
    show_weight,
    unreached_text,
)
from helpers.explorers._stepper import IMAGE, OUTPUT, Stepper
from helpers.layers import get_output_width as our_output_width


class Convolution(Stepper):
    """Image, kernel and output as grids of numbers, and the arithmetic of one output value.

    ``get_output_width`` is the student's function of task 1.5; without it, the course's own. With
    ``predict`` the panel asks for the width of the output and shows it after an answer; a lecturer
    can switch that off in the panel, too.
    """

    def __init__(self, get_output_width: Callable | None = None, predict: bool = True):
        self._width_of = our_output_width if get_output_width is None else get_output_width
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
        self.values = widgets.Text(
            kernel_text("vertical edges", 3),
            description="kernel values (; between rows)",
            continuous_update=False,  # a number half typed is no mistake
        )
        self._own = ""  # the student's own kernel values, at the size at which they were typed
        self.predict = widgets.Checkbox(bool(predict), description="predict first", indent=False)
        self.prediction = widgets.IntText(0, description="output width")
        self.answer = button("check my prediction", self._check)
        self.prediction.add_class("cnn-entered")
        self.answer.add_class("cnn-on-enter")
        self._answered: Sliding | None = None
        self._said = ""
        super().__init__(
            [
                self.image, self.kernel, self.kernel_size, self.stride, self.padding,
                self.predict, self.prediction, self.answer,
            ],
            [self.width, self.channels, self.dilation, self.bias, self.values],
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

    def slidings(self) -> tuple[Sliding, Sliding]:
        """Down as across."""
        return (self._sliding(),) * 2

    def settle(self, change) -> None:
        """The kernel's values follow its name and size; typed values make it the student's own."""
        asked = "" if self.predict.value else "none"
        self.prediction.layout.display = self.answer.layout.display = asked
        size, owner = self.kernel_size.value, change and change["owner"]
        if owner is self.values and not self._is_named(size):
            self._own, self.kernel.value = self.values.value, OWN
        elif owner in (self.kernel, self.kernel_size) and 1 <= size <= 12:
            self._own = self._own or self.values.value
            own = self.kernel.value == OWN
            self.values.value = (
                fitted(self._own, size) if own else kernel_text(self.kernel.value, size)
            )
        super().settle(change)
        waiting = self.predict.value and self._answered != self._sliding()
        for control in (self.place, self.back, self.step, self.play):
            control.disabled = waiting  # there is nothing to step over yet
        self.clock.playing = self.clock.playing and not waiting

    def _is_named(self, size: int) -> bool:
        name = self.kernel.value
        return name != OWN and 1 <= size <= 12 and self.values.value == kernel_text(name, size)

    def point(self, at: Pointed) -> None:
        """Also a kernel value that is typed into the grid."""
        if at.kind == "type":
            rows = parse_grid(self.values.value, self.kernel_size.value)
            rows[at.row][at.column] = parse_number(at.text)
            self.values.value = as_text(rows)
        else:
            super().point(at)

    def _check(self) -> None:
        with suppress(Refused):  # the caption says it
            self._answered = self._sliding()
            right, said = self._answered.output_width, self.prediction.value
            self._said = (
                f"You predicted {said}: right. "
                if said == right
                else f"You predicted {said}; it is {right}. Count the places of the window in a "
                "row. "
            )
        self.redraw()

    # ------------------------------------------------------------------------------ the view

    def look(self) -> View:
        """The grids; before the prediction without the output."""
        sliding = self._sliding()
        kernel = torch.tensor(
            parse_grid(self.values.value, sliding.kernel_size), dtype=torch.float64
        )
        if not abs(self.bias.value) < 1000:
            raise Refused("The bias is too large to show; take a number between -999 and 999.")
        image = small_image(self.image.value, sliding.width, self.channels.value)
        kernels = torch.stack([kernel.rot90(turns) for turns in range(len(image))])
        settings = (
            f"An image of {sliding.width}×{sliding.width}, a kernel of {sliding.kernel_size}×"
            f"{sliding.kernel_size}, stride {sliding.stride}, padding {sliding.padding}, "
            f"dilation {sliding.dilation}"
        )
        if self.predict.value and self._answered != sliding:
            self._grids = _grids(image, kernels, None, sliding, (0, 0), self.bias.value)
            caption = (
                f"{settings}: how wide is the output? The first place of the window is marked. "
                "Type your prediction into output width, then press check my prediction."
            )
            return View(caption, html=grids_html(self._grids, self._each))
        row, column = divmod(self.checked_place(), sliding.output_width)
        output = convolve(image, kernels, self.bias.value, sliding)
        place, seeing = (row, column), self.seeing()
        self._grids = _grids(image, kernels, output, sliding, place, self.bias.value, seeing)
        caption = (
            f"{self._said if self._answered == sliding else ''}{settings}: the output is "
            f"{sliding.output_width}×{sliding.output_width}. Output value {self.place.value}, "
            f"row {row}, column {column} (all counted from 0): "
            f"{_sum(image, kernels, self.bias.value, sliding, row, column)}."
            f"{self.seeing_text()}{_turned(len(image))}"
            f"{unreached_text(sliding.unreached, sliding.unreached)}{self._verdict(sliding)}"
        )
        return View(caption, html=grids_html(self._grids, self._each))

    @property
    def _each(self) -> int:
        """How many grids each of several channels has: a row of their own; 0 of one channel."""
        channels = self.channels.value
        return (len(self._grids) - 1) // channels if channels > 1 else 0

    def still(self) -> bytes | None:
        """The grids drawn, with the caption below."""
        if not self._last.html:
            return None
        columns = self._each or (3 if len(self._grids) == 3 else 2)
        return self.captioned(grids_png(self._grids, columns))

    def _verdict(self, sliding: Sliding) -> str:
        if self._width_of is our_output_width:
            return ""
        if not callable(self._width_of):
            return " Your get_output_width is no function, so it cannot be compared with torch."
        width, words = _ask(self._width_of, sliding)
        if width != sliding.output_width:
            return f" Your get_output_width {words} here; torch makes {sliding.output_width}."
        return f" Your get_output_width says {width}, too.{self._disagreement}"


def _grids(
    image, kernels, output, sliding: Sliding, place: tuple[int, int], bias, seeing=frozenset()
) -> list[Grid]:
    """Image, kernel and their products, channel by channel; and the output.

    An ``output`` of ``None`` is not told yet.
    """
    every = list(itertools.product(range(sliding.padded_width), repeat=2))
    inside = range(sliding.padding, sliding.padding + sliding.width)
    added = frozenset(p for p in every if p[0] not in inside or p[1] not in inside)
    unreached = set() if output is None else set(sliding.unreached)
    dropped = frozenset(p for p in every if not unreached.isdisjoint(p))
    marked = frozenset(sliding.pixels(*place))
    grids = []
    padded = F.pad(image, [sliding.padding] * 4)
    for number, (pixels, weights) in enumerate(zip(padded, kernels, strict=True)):
        of = (f", channel {number}", f" {number}") if len(image) > 1 else ("", "")
        grids.append(
            Grid(f"image{of[0]}", _texts(pixels), marked, dropped, added, sign="∗", point=IMAGE)
        )
        last = f"+ {bracketed(show(bias))} =" if bias else "="
        sign = last if number == len(image) - 1 else "+"
        first = number == 0  # the others are the first one, turned
        grids.append(
            Grid(
                f"kernel{of[1]}", _texts(weights, show_weight), sign=sign,
                point="kernel" if first else "", typed=first,
            )
        )  # fmt: skip
        if output is None:
            continue
        window = pixels[sliding.window(place[0])][:, sliding.window(place[1])]
        grids[-1] = replace(grids[-1], sign="→")
        grids.append(Grid("their products", _texts(window * weights), sign=f"sum {sign}"))
    if output is None:
        return [*grids, Grid("output", [["?"]])]
    marks = frozenset({place})
    return [*grids, Grid("output", _texts(output), marks, seeing=seeing, point=OUTPUT)]


def _texts(values: torch.Tensor, say: Callable = show) -> list[list[str]]:
    return [[say(value) for value in row] for row in values.tolist()]


def _sum(image, kernels, bias: float, sliding: Sliding, row: int, column: int) -> str:
    """The products of one output value, channel by channel, and what they add up to."""
    padded = F.pad(image, [sliding.padding] * 4)
    words, sums = [], []
    for number, (pixels, weights) in enumerate(zip(padded, kernels, strict=True)):
        window = [pixels[place].item() for place in sliding.pixels(row, column)]
        flat = weights.flatten().tolist()
        sums.append(sum(p * w for p, w in zip(window, flat, strict=True)))
        products = arithmetic(window, flat)
        words.append(
            f"channel {number}: {products} {equals(sums[-1], *flat)}; "
            if len(image) > 1
            else f"{products} "
        )
    if len(image) > 1:
        words.append(f"together {' + '.join(bracketed(show(part)) for part in sums)} ")
    parts = [bias, *(sums if len(image) > 1 else kernels.flatten().tolist())]
    return f"{''.join(words)}+ bias {bracketed(show(bias))} {equals(sum(sums) + bias, *parts)}"


def _turned(channels: int) -> str:
    if channels == 1:
        return ""
    return " Each channel has a kernel of its own; here it is turned by 90° from one to the next."


def _ask(function: Callable, sliding: Sliding) -> tuple[int | None, str]:
    """What the student's function makes of these settings: a width if it is one, and in words."""
    arguments = (sliding.width, sliding.kernel_size, sliding.stride)
    try:
        with redirect_stdout(io.StringIO()):  # it is asked often: what it prints would pile up
            found = function(*arguments, sliding.padding, sliding.dilation)
        if found is None or found is ...:
            return None, f"returns {found} (it needs a return with the width)"
        if hasattr(found, "__index__") and not isinstance(found, bool):
            return int(found), f"says {int(found)}"
        return None, f"returns {steady(repr(found), 40)}, which is no whole number,"
    except Exception as error:
        return None, f"raises {steady(f'{type(error).__name__}: {error}')}"


def _first_disagreement(function: Callable) -> str:
    """Where the function first differs from torch, as a sentence; empty if nowhere."""
    for settings in itertools.product((6, 7, 10), (3, 5, 2), (1, 2, 3), (0, 1, 2), (1, 2)):
        try:
            sliding = Sliding(*settings)
        except Refused:
            continue
        width, words = _ask(function, sliding)
        if width != sliding.output_width:
            names = ("input_width", "kernel_size", "stride", "padding", "dilation")
            told = ", ".join(f"{n}={v}" for n, v in zip(names, settings, strict=True))
            return f" But for {told} it {words}; torch makes {sliding.output_width}."
    return ""
