"""The view of every panel: HTML that can be pointed at. In the page, it is ``pointable.js``."""

from dataclasses import dataclass
from pathlib import Path

import anywidget
import traitlets


@dataclass(frozen=True)
class Pointed:
    """What somebody did in a view.

    ``kind``: "over" (the pointer is there; a ``name`` of "" says that it is nowhere now), "press",
    "drag", "key" (``row`` and ``column`` are steps), "choose" (Enter) or "type". ``name``: the
    ``data-point`` of the table, image or drawing. A cell of a table and a part of a drawing have
    ``row`` and ``column``, from 0; a place on an image, also in a drawing, has ``x`` and ``y``,
    shares of its width and height. ``text``: what was typed.
    """

    kind: str
    name: str
    row: int = 0
    column: int = 0
    x: float = 0.0
    y: float = 0.0
    text: str = ""

    @property
    def place(self) -> tuple[int, int]:
        """Row and column of a cell."""
        return self.row, self.column


class Pointable(anywidget.AnyWidget):
    """Shows ``value``, HTML. Who observes ``pointed`` sets ``answered`` to its number at last."""

    _esm = (Path(__file__).parent / "pointable.js").read_text(encoding="utf-8")
    value = traitlets.Unicode("").tag(sync=True)
    pointed = traitlets.Dict({}).tag(sync=True, echo_update=False)  # the page knows what it said
    answered = traitlets.Int(0).tag(sync=True)
