"""The panel that steps over the output values of a sliding window, one after the other."""

from contextlib import suppress

import ipywidgets as widgets

from helpers.explorers._base import Explorer, Refused, button
from helpers.explorers._grids import Cells
from helpers.explorers._pointable import Pointed
from helpers.explorers._sliding import Sliding

IMAGE, OUTPUT = "image", "output"


class Stepper(Explorer):
    """A panel with output values to step over: by number, back and step, play, or by pointing.

    Controls that depend on others are set in ``settle``, all before one drawing. The grids that can
    be pointed at are named ``IMAGE`` (with its padding) and ``OUTPUT``.
    """

    def __init__(self, controls: list[widgets.Widget], secondary: list[widgets.Widget] = ()):
        self._settling = False
        self._pixel: tuple[int, int] | None = None  # of the image, that is pointed at
        self.place = widgets.IntText(0, description="output value")
        self.back = button("back", lambda: self._move(-1))
        self.step = button("step", lambda: self._move(1))
        self.play = button("play", self._start_or_pause)
        # The clock behind play ends at the last value. Its own buttons have no names that a screen
        # reader could say, so it is hidden: in a box, since observed by the base, too, it would
        # draw a second time.
        self.clock = widgets.Play(value=0, min=0, max=0, interval=700)
        self.clock.observe(self._ticked, "value")
        self.clock.observe(self._name_play, "playing")
        hidden = widgets.HBox([self.clock], layout=widgets.Layout(display="none"))
        stepping = [self.place, self.back, self.step, self.play, hidden]
        super().__init__([*controls, *stepping], secondary)

    def slidings(self) -> tuple[Sliding, Sliding]:
        """How the window moves down, and how it moves across: each panel knows its own settings.

        Raises ``Refused`` if the settings are impossible.
        """
        raise NotImplementedError

    def count(self) -> int:
        """How many output values there are. Raises ``Refused`` as ``slidings``."""
        down, across = self.slidings()
        return down.output_width * across.output_width

    def settle(self, change) -> None:
        """Make controls agree after ``change`` (``None`` if no control has changed)."""
        count = self.count()
        inside = 0 <= self.place.value < count
        if not inside and (change is None or change["owner"] is not self.place):
            self.place.value, inside = 0, True  # the settings changed: begin anew
        self.clock.max = count - 1
        if inside and self.clock.playing:  # else it is told when it starts: a message less
            self.clock.value = self.place.value

    def redraw(self, change=None) -> None:
        """Settle, then draw, once."""
        with self._lock:
            if self._settling:
                return
            self._settling = True
            try:
                with suppress(Refused):  # ``look`` meets it again, and says it
                    self.settle(change)
            finally:
                self._settling = False
            super().redraw(change)

    def checked_place(self) -> int:
        """The number of the output value, from 0. Raises ``Refused`` if there is none."""
        count = self.count()
        if not 0 <= self.place.value < count:
            raise Refused(
                f"There is no output value {self.place.value}: they are counted from 0 to "
                f"{count - 1}, row by row."
            )
        return self.place.value

    def _move(self, by: int) -> None:
        with suppress(Refused):  # the caption says why there is nothing to step over
            self.place.value = (self.place.value + by) % self.count()

    def _start_or_pause(self) -> None:
        self.clock.value = self.place.value
        self.clock.playing = not self.clock.playing

    def _name_play(self, change) -> None:
        self.play.description = "pause" if change["new"] else "play"

    def _ticked(self, change) -> None:
        if not self._settling:
            self.place.value = change["new"]

    # --------------------------------------------------------------------------- pointing

    def point(self, at: Pointed) -> None:
        """Over an output value: its window. Over a pixel: who sees it. Pressed there: move it."""
        if self.place.disabled:  # the prediction comes first
            return
        down, across = self.slidings()
        row, column = divmod(self.checked_place(), across.output_width)
        pixel = at.place if (at.kind, at.name) == ("over", IMAGE) else None
        if at.kind == "key":
            row, column = row + at.row, column + at.column
        elif at.name == OUTPUT and at.kind in ("over", "press", "drag"):
            row, column = at.place
        elif at.name == IMAGE and at.kind in ("press", "drag"):
            row, column = down.place_at(at.row), across.place_at(at.column)
        row = min(max(row, 0), down.output_width - 1)
        column = min(max(column, 0), across.output_width - 1)
        place, changed = row * across.output_width + column, pixel != self._pixel
        self._pixel = pixel
        if place != self.place.value:
            self.place.value = place  # draws
        elif changed:
            self.redraw()

    def seeing(self) -> Cells:
        """The output values whose window holds the pixel that is pointed at."""
        if self._pixel is None:
            return frozenset()
        down, across = self.slidings()
        rows, columns = down.seeing(self._pixel[0]), across.seeing(self._pixel[1])
        return frozenset((row, column) for row in rows for column in columns)

    def seeing_text(self) -> str:
        """Who sees that pixel, as a sentence; empty if none is pointed at."""
        if self._pixel is None:
            return ""
        places = sorted(self.seeing())
        where = f"Pixel row {self._pixel[0]}, column {self._pixel[1]}"
        if not places:
            return f" {where} is in no window: {self._why_unseen()}."
        if len(places) == 1:
            return (
                f" {where} is seen by one output value, row {places[0][0]}, column {places[0][1]}."
            )
        (top, left), (bottom, right) = places[0], places[-1]
        return (
            f" {where} is seen by {len(places)} output values: {_span('row', top, bottom)}, "
            f"{_span('column', left, right)}."
        )

    def _why_unseen(self) -> str:
        sliding, place = next(
            (sliding, place)
            for sliding, place in zip(self.slidings(), self._pixel, strict=True)
            if not sliding.seeing(place)
        )
        last = sliding.window(sliding.output_width - 1)[-1]
        if place > last:
            return (
                f"the last one ends at {last}, and one more step of {sliding.stride} would not fit"
            )
        return "the windows step over it"


def _span(name: str, first: int, last: int) -> str:
    return f"{name} {first}" if first == last else f"{name}s {first} to {last}"
