"""Controls to cut a picture and set it upright by hand, where that went wrong by itself."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from helpers.explorers._base import Refused, button
from helpers.explorers._pointable import Pointed

AUTOMATIC, DEGREES = "automatic", range(5, 50, 5)
TURNS = {  # by how many degrees to the left
    AUTOMATIC: None,
    "not turned": 0,
    **{f"{degrees}° to the left": degrees for degrees in DEGREES},
    **{f"{degrees}° to the right": -degrees for degrees in DEGREES},
}
WHOLE = 0, 0, 100, 100  # a frame: left, top, right and bottom, percent of the picture
NEAR, STEP = 0.04, 2  # a frame that ends so near to an edge goes to it; percent that a key moves it


class Cutting:
    """A frame on a picture, in percent of it, and by how much what is in it is turned.

    Who shows the ``controls`` draws after each change of one, unless ``setting`` says that several
    are set at once; then ``then`` is called.
    """

    def __init__(self, then: Callable[[], None]):
        self._then, self.setting = then, False
        self._corner: tuple[float, float] | None = None  # where a frame begins that is dragged
        self.turn = widgets.Dropdown(options=list(TURNS), description="set upright")
        self.sides = [
            widgets.BoundedIntText(value, min=0, max=100, step=STEP, description=f"{side} %")
            for side, value in zip(("left", "top", "right", "bottom"), WHOLE, strict=True)
        ]
        self.whole = button("whole picture", lambda: self.set(WHOLE))
        self.controls = [self.turn, *self.sides, self.whole]

    def set(self, frame: Sequence[int], turn: str | None = None) -> None:
        """Set the frame, left, top, right and bottom in percent, and how to turn."""
        self.setting = True
        for side, value in zip(self.sides, frame, strict=True):
            side.value = value
        self.turn.value = turn or self.turn.value
        self.setting = False
        self._then()

    def point(self, at: Pointed) -> None:
        """A frame is dragged on the picture, moved with the arrow keys, or dropped with Enter."""
        if at.kind == "press":
            self._corner = at.x, at.y
        elif at.kind == "drag" and self._corner:
            across, down = (sorted(pair) for pair in zip(self._corner, (at.x, at.y), strict=True))
            if min(across[1] - across[0], down[1] - down[0]) > NEAR:
                self.set([_percent(x) for x in (across[0], down[0], across[1], down[1])])
        elif at.kind == "key":
            left, top, right, bottom = (side.value for side in self.sides)
            across = min(max(STEP * at.column, -left), 100 - right)
            down = min(max(STEP * at.row, -top), 100 - bottom)
            self.set([left + across, top + down, right + across, bottom + down])
        elif at.kind == "choose":
            self.set(WHOLE)

    @property
    def degrees(self) -> float | None:
        """By how many to turn to the left, or None if that is to be measured."""
        return TURNS[self.turn.value]

    def frame(self, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
        """The frame in pixels of a picture of ``size``, or None if it holds all of it."""
        percent = left, top, right, bottom = tuple(side.value for side in self.sides)
        if percent == WHOLE:
            return None
        if left >= right or top >= bottom:
            raise Refused(
                f"The frame goes from {left}% to {right}% across and from {top}% to {bottom}% "
                "down: right must be more than left, and bottom more than top."
            )
        return tuple(round(part * side / 100) for part, side in zip(percent, size * 2, strict=True))


def _percent(share: float) -> int:
    """A share of the picture in percent, at the edge if it is near to it."""
    return 0 if share < NEAR else 100 if share > 1 - NEAR else round(100 * share)
