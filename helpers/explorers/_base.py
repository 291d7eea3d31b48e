"""What all interactive panels have in common.

A panel is a box of controls over a view and a caption. Whenever a control changes, ``look`` is
asked what to show now. Beside the view stands the caption, which says in words and numbers what it
shows: a screen reader speaks it, nbval compares it, and an export has it below the picture.

Controls may call back from another thread than the cell's, so drawing takes a lock. Exceptions in
such calls would be shown nowhere, so they become the caption.
"""

import base64
import html
import io
import re
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace

import ipywidgets as widgets
import numpy as np
from IPython import get_ipython
from IPython.display import DisplayHandle, display
from matplotlib import image as matplotlib_image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from helpers.explorers._page import (
    LECTURE_PAGE,
    PAGE,
    WIDGET_VIEW,
    hiding_still,
    still_html,
)
from helpers.explorers._pointable import Pointable, Pointed
from helpers.plots.text import DPI, SMALL, long_minus, wrap

_panels: "weakref.WeakSet[Explorer]" = weakref.WeakSet()
_lecture = False
SAID = {
    True: "The page is large now, for a lecture hall; explorers.lecture(False) goes back.",
    False: "The page is as it was.",
}


class Refused(ValueError):
    """An input that cannot be shown; the message is a sentence for the caption."""


@dataclass(frozen=True)
class View:
    """What a panel shows now: a caption, and a picture (PNG) or HTML such as a grid of numbers.

    Of both, the page shows the HTML, and the still the picture: this one, or ``figure``, which is
    drawn only where a still is asked for.
    """

    caption: str
    png: bytes | None = None
    html: str = ""
    figure: Figure | None = None


class Explorer(widgets.VBox):
    """A panel. Subclasses make their controls, hand them to ``__init__``, and write ``look``.

    ``controls`` are redrawn upon, ``secondary`` too, but a lecture hides these. A view that is
    ``tall`` has its words above it, where they are seen without scrolling.
    """

    tall = False

    def __init__(self, controls: list[widgets.Widget], secondary: list[widgets.Widget] = ()):
        self._lock = threading.RLock()
        self.view, self._words = Pointable(), widgets.HTML()
        self.caption = ""
        self._last, self._former = View(""), ""
        self._stills: list[tuple[DisplayHandle, str]] = []  # each with its text/plain
        rows = [_row(controls)] + ([_row(secondary, "cnn-secondary")] if secondary else [])
        shown = [self._words, self.view] if self.tall else [self.view, self._words]
        super().__init__([widgets.HTML(PAGE), *rows, *shown])
        self._id = self.model_id  # also when it is closed
        self.children[0].value += hiding_still(self._id)
        self.add_class("cnn-explorer")
        if self.tall:
            self.add_class("cnn-tall")
        _panels.add(self)
        enlarge(self, _lecture)
        for control in [*controls, *secondary]:
            if isinstance(control, widgets.Button):
                continue
            if "value" in control.traits():
                control.observe(self.redraw, "value")
        self.view.observe(self._pointed, "pointed")
        self.redraw()

    def look(self) -> View:
        """What to show for the controls' present values. Raises ``Refused`` with a sentence."""
        raise NotImplementedError

    def point(self, at: Pointed) -> None:
        """What happens when the view is pointed at. Raises ``Refused`` with a sentence."""

    def _pointed(self, change) -> None:
        said = dict(change["new"])
        number = said.pop("number")
        with self._lock, self.view.hold_sync():  # the page gets view and answer in one message
            try:
                self.point(Pointed(**said))
            except Exception as error:  # what is shown stays, and what is typed there
                self._show(replace(self._last, caption=_told(error)))
            finally:
                self.view.answered = number  # the page sends the next one

    def redraw(self, _change=None) -> None:
        """Show what ``look`` says now; if it fails, say why in the caption."""
        with self._lock:
            try:
                view = self.look()
            except Exception as error:
                view = View(_told(error))
            self._show(view)

    def _show(self, view: View) -> None:
        self._last, self.caption = view, view.caption
        words = html.escape(view.caption).replace("\n", "<br>")
        self._words.value = f'<div role="status" class="cnn-caption">{words}</div>'
        shown = view.html or (picture_html(view.png) if view.png else "")
        self._former = shown or self._former
        self.view.value = shown or former_html(self._former)

    def still(self) -> bytes | None:
        """The view as a PNG with its caption below, for where there is no kernel; None if empty."""
        if self._last.figure is not None:
            return self.captioned(png_of(self._last.figure))
        return None if self._last.png is None else self.captioned(self._last.png)

    def captioned(self, png: bytes) -> bytes:
        """``png`` with the caption below it."""
        return with_caption(png, self.caption)

    def _ipython_display_(self) -> None:
        """Show the panel, and in a second output its still, for when the kernel is gone."""
        bundle = self._repr_mimebundle_()
        display({WIDGET_VIEW: bundle.pop(WIDGET_VIEW)}, raw=True)
        shown = display(self._with_html(bundle), raw=True, display_id=True)
        if shown:
            self._stills.append((shown, bundle["text/plain"]))

    def renew_stills(self) -> None:
        """Bring up to date what is on the page for when the kernel is gone.

        Each keeps its text/plain: nbval compares what a cell has shown when it ran.
        """
        if not self._stills:
            return
        bundle = self._words_and_still()  # also of a panel that was closed
        for shown, words in self._stills:
            shown.update({**self._with_html(bundle), "text/plain": words}, raw=True)

    def _with_html(self, bundle: dict) -> dict:
        """``bundle`` with the still for a page."""
        if "image/png" not in bundle:
            return bundle
        picture = bundle["image/png"].replace("\n", "")
        return {**bundle, "text/html": still_html(self._id, picture, self.caption)}

    def _repr_mimebundle_(self, **kwargs) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs) or {}
        return {**bundle, **self._words_and_still()}

    def _words_and_still(self) -> dict:
        """What the panel shows, by media type, without the widget itself."""
        with self._lock:
            picture = self.still()
        bundle = {"text/plain": self.caption}
        if picture is not None:
            bundle["image/png"] = base64.b64encode(picture).decode()
        return bundle


def _row(controls: list[widgets.Widget], *classes: str) -> widgets.HBox:
    for control in controls:
        if "description" in control.traits():  # whole, however long, and no wider than needed
            control.layout.width = "auto"
            if control.has_trait("style") and "description_width" in control.style.traits():
                control.style.description_width = "initial"
    row = widgets.HBox(list(controls), layout=widgets.Layout(flex_flow="row wrap"))
    for name in classes:
        row.add_class(name)
    return row


def button(description: str, action: Callable[[], None]) -> widgets.Button:
    """A button that calls ``action`` without arguments."""
    made = widgets.Button(description=description)
    made.on_click(lambda _button: action())
    return made


def _told(error: Exception) -> str:
    """What the caption says of ``error``: its own sentence, or that something failed."""
    if isinstance(error, Refused):
        return str(error)
    return f"This cannot be shown ({steady(f'{type(error).__name__}: {error}')})."


def steady(text: object, most: int = 120) -> str:
    """Words from the student's code in one line, without what differs from run to run."""
    line = " ".join(re.sub(r" at 0x[0-9a-fA-F]+", "", str(text)).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def picture_html(png: bytes, alt: str = "", attributes: str = "") -> str:
    """An image for the view. Its words are in the caption beside it, so it needs none itself."""
    data = base64.b64encode(png).decode()
    return f'<img alt="{html.escape(alt)}"{attributes} src="data:image/png;base64,{data}">'


def former_html(shown: str) -> str:
    """What was shown before a refusal: in grey, so that the page below does not jump."""
    return f'<div class="cnn-former" aria-hidden="true">{shown}</div>' if shown else ""


def png_of(figure: Figure) -> bytes:
    """A figure as PNG, drawn without pyplot, so that any thread may do it."""
    buffer = io.BytesIO()
    quickly = {"compress_level": 1}  # a third of the time, for a file a bit larger
    FigureCanvasAgg(figure).print_png(buffer, pil_kwargs=quickly)
    return buffer.getvalue()


def with_caption(png: bytes, caption: str) -> bytes:
    """The picture with the caption in small print below it."""
    pixels = matplotlib_image.imread(io.BytesIO(png))
    height, width = pixels.shape[:2]
    lines = [line for part in caption.split("\n") for line in wrap(long_minus(part), width - 20)]
    room = int((0.2 * len(lines) + 0.2) * DPI)
    figure = Figure((width / DPI, (height + room) / DPI), dpi=DPI, facecolor="white")
    figure.figimage(np.asarray(pixels), 0, room)
    figure.text(
        10 / width, 10 / (height + room), "\n".join(lines),
        fontsize=SMALL, color="0.2", va="bottom", linespacing=1.15, parse_math=False,
    )  # fmt: skip
    return png_of(figure)


def enlarge(panel: Explorer, large: bool) -> None:
    """Make one panel large enough for a lecture hall, or as it was."""
    (panel.add_class if large else panel.remove_class)("cnn-lecture")


def lecture(on: bool = True) -> None:
    """Make the page large enough for the last row of a lecture hall: text, code, pictures, panels.

    Panels to come as well; what is secondary in them is hidden. ``lecture(False)`` goes back.
    """
    global _lecture
    _lecture = bool(on)
    for panel in list(_panels):
        enlarge(panel, _lecture)
    if get_ipython() is None:
        return
    for update in (True, False):  # what former cells have put on the page goes with them
        page = {"text/html": LECTURE_PAGE if _lecture else "", "text/plain": SAID[_lecture]}
        display(page, raw=True, display_id="cnn-lecture", update=update)
