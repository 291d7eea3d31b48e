"""The panel of notebook 04 for a picture of one's own: its way to 28×28, and what the model says.

An upload stays in memory, as a small copy without the notes that cameras add, such as the place.
The last step is a field that one paints on: what the steps made wrong is put right there, or a
garment is drawn on an empty one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import ipywidgets as widgets
import torch
from PIL import Image
from torch import Tensor, nn

from helpers import inspection, pictures
from helpers.explorers._bars import bars_html
from helpers.explorers._base import Explorer, Refused, View, png_of
from helpers.explorers._camera import CAMERA
from helpers.explorers._cutting import AUTOMATIC, WHOLE, Cutting
from helpers.explorers._painting import Painting
from helpers.explorers._picture_steps import PICTURE, framed, steps_figure, steps_html
from helpers.explorers._pointable import Pointed
from helpers.explorers._sending import SENDING
from helpers.explorers._uploaded import Shown, opened
from helpers.network_modes import checked_network

OWN, DRAWN, EXAMPLE = "your upload", "your drawing", "the example"
LAST = "28×28"  # the step that one can paint over
TURNS = {f"{degrees} degrees": degrees for degrees in (0, 90, 180, 270)}
LIGHT = {AUTOMATIC: None, "light": True, "dark": False}
# Of more, a Jupyter server that is not started with a higher limit, as `make lab` does, ends the
# connection without a word, and the upload button is dead until the cell runs again (measured:
# 10,000,000 bytes arrive, 11,000,000 do not).
SENT_AT_MOST = "10 MB"


class _NoAnswer(ValueError):
    """The network gives no probabilities; the message says why."""


@dataclass(frozen=True)
class _Seen:
    """What the still is drawn from."""

    steps: Mapping[str, Image.Image]
    inverted: bool
    probabilities: Sequence[float]
    names: Sequence[str]


class OwnPicture(Explorer):
    """Upload a picture, take one with the camera, or draw one; see each step of its way to 28×28,
    and the probabilities of all classes.

    ``model`` is the network, ``classes`` the names of its classes in order, such as
    ``test_data.classes``. Without an upload, the panel shows the drawn example. Uploads are kept
    in memory only, and what is refused is not kept at all.
    """

    def __init__(self, model: nn.Module, classes: Sequence[str]):
        self._model, self._classes = model, classes
        self._own: Shown | None = None
        self._example = Shown(pictures.example(), "The drawn example")
        self._way = lru_cache(maxsize=1)(_way)  # while one paints, it stays the same
        self._drawn, self._seen = torch.zeros(1, 28, 28), None
        self.upload = widgets.FileUpload(
            description=f"upload, at most {SENT_AT_MOST}",
            layout=widgets.Layout(width="max-content"),
            # An iPhone turns its HEIC photos into JPEG if these are asked for.
            accept="image/jpeg,image/png,image/gif,image/webp,image/bmp,image/avif",
            tooltip="a picture of your own, as JPEG or PNG",
        )
        self.picture = widgets.Dropdown(
            options=[OWN, DRAWN, EXAMPLE], value=EXAMPLE, description="picture"
        )
        self.rotate = widgets.Dropdown(options=TURNS, description="rotate")
        self.background = widgets.Dropdown(options=list(LIGHT), description="background")
        self.cutting = Cutting(self.redraw)
        self.field = Painting("28×28, to paint on", self.redraw)
        camera, sending = widgets.HTML(CAMERA), widgets.HTML(SENDING)
        super().__init__(
            [self.upload, camera, sending, self.picture, self.rotate, self.background],
            self.cutting.controls,
        )
        place = self.children.index(self._words)
        self.children = [*self.children[:place], self.field, *self.children[place:]]
        self.upload.observe(self._receive, "value")

    # ----------------------------------------------------------------------------- the upload

    def redraw(self, change=None) -> None:
        """Show what ``look`` says now; an upload is received first, and says itself when."""
        owner = change and change["owner"]
        if self.cutting.setting or owner is self.upload:
            return
        if owner in (self.picture, self.rotate):
            self.cutting.set(WHOLE, AUTOMATIC)
        else:
            super().redraw(change)

    def point(self, at: Pointed) -> None:
        """The picture is cut."""
        self.cutting.point(at)

    def _receive(self, change) -> None:
        files = change["new"]
        if not files:
            return  # that was the line below
        with self._lock:
            self.upload.value = ()  # else the whole file could be saved with the notebook
            try:
                self._own = opened(files)
            except pictures.PictureError as error:
                self._show(View(str(error)))
            except Exception as error:
                self._show(View(f"The upload cannot be read ({type(error).__name__}: {error})."))
            else:
                if self.picture.value == OWN:
                    self.cutting.set(WHOLE, AUTOMATIC)
                self.picture.value = OWN

    # ------------------------------------------------------------------------------- the view

    def look(self) -> View:
        """The steps up to the field, and beside it the probabilities as bars."""
        self._seen, drawn = None, self.picture.value == DRAWN
        for control in (self.rotate, self.background, *self.cutting.controls):
            control.disabled = drawn
        if drawn:
            return self._look_at_drawing()
        shown = self._shown()
        degrees, light = self.rotate.value, LIGHT[self.background.value]
        upright = shown.upright(degrees)
        frame, turn = self.cutting.frame(upright.size), self.cutting.degrees
        try:
            before, inverted, made, page = self._way(shown, degrees, light, frame, turn)
        except pictures.PictureError as error:
            first = {PICTURE: framed(upright, frame)}
            return View(f"{shown.note}{error}", html=steps_html(first, False))
        self.field.begin(made)
        caption = _caption(shown, before, degrees, light, inverted, frame, turn)
        if self.field.changed:
            caption += f" You painted over {self.field.changed} of its 784 pixels."
        return self._answered(caption, before, inverted, made, page)

    def _look_at_drawing(self) -> View:
        empty = torch.zeros(1, 28, 28)
        self.field.begin(empty, self._drawn)
        self._drawn = self.field.over(empty)
        caption = (
            f"Your drawing: {self.field.changed} of its 784 pixels are not black."
            if self.field.changed
            else "The field is empty: draw a garment on it, light on black, as in the data set."
        )
        return self._answered(caption, {}, False, empty, steps_html({}, False))

    def _answered(
        self,
        caption: str,
        before: Mapping[str, Image.Image],
        inverted: bool,
        made: Tensor,
        page: str,
    ) -> View:
        """The steps ``before``, and what the network says of what was painted over ``made``."""
        image = self.field.over(made)
        steps = {**before, LAST: _as_picture(image)}
        try:
            compared = self.field.changed and before  # of an empty field nobody asks
            was = _probabilities(self._model, made, self._classes) if compared else None
            after = _probabilities(self._model, image, self._classes)
        except _NoAnswer as error:
            self.field.beside = "<p>no answer from the network</p>"
            self._seen = _Seen(steps, inverted, [], [])
            return View(f"{caption}\nThe network gives no answer: {error}", html=page)
        names = [str(name) for name in self._classes]
        self.field.beside = bars_html(names, after, was)
        self._seen = _Seen(steps, inverted, after.tolist(), names)
        best = after.argsort(descending=True, stable=True)[:2].tolist()
        said = "; then ".join(f"{names[n]}, {100 * after[n]:.1f}%" for n in best)
        return View(f"{caption}\nData: the network says {said}.", html=page)

    def _show(self, view: View) -> None:
        super()._show(view)
        self.field.layout.display = "none" if self._seen is None else ""  # nothing to paint on

    def still(self) -> bytes | None:
        """All steps, and the probabilities beside them."""
        seen = self._seen
        if seen is None or not self._last.html:
            return None
        return self.captioned(
            png_of(steps_figure(seen.steps, seen.inverted, seen.probabilities, seen.names))
        )

    def _shown(self) -> Shown:
        if self.picture.value == EXAMPLE:
            return self._example
        if self._own is None:
            raise Refused(
                "There is no picture of yours yet: press upload and choose a JPEG or PNG of at "
                f"most {SENT_AT_MOST}, drop or paste one, or set picture to {DRAWN} or {EXAMPLE}."
            )
        return self._own


def _way(
    shown: Shown,
    degrees: int,
    light: bool | None,
    frame: tuple[int, int, int, int] | None,
    turn: float | None,
) -> tuple[dict[str, Image.Image], bool, Tensor, str]:
    """The steps before the last, the first with the frame on it; whether the picture was inverted;
    the last step, ``[1, 28, 28]``; and the steps before it as HTML.

    Raises ``PictureError`` as ``pictures.steps``.
    """
    upright = shown.upright(degrees)
    steps = pictures.steps(upright, light, frame, turn)
    inverted = pictures.is_inverted(steps)
    last = pictures.to_tensor(steps.pop(LAST))
    steps[PICTURE] = framed(upright, frame)
    return steps, inverted, last, steps_html(steps, inverted)


def _as_picture(image: Tensor) -> Image.Image:
    return Image.fromarray((255 * image[0]).round().to(torch.uint8).numpy())


def _probabilities(model: nn.Module, image: Tensor, classes: Sequence[str]) -> Tensor:
    """What the network says of each class; it runs in eval mode and is left as it was."""
    try:
        checked_network(model)
    except ValueError as error:
        raise _NoAnswer(f"{error}.") from None
    try:
        scores = inspection.activations(model, model, image)
        count = len(classes)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise _NoAnswer(f"{' '.join(reason.split())[:150]}.") from error
    if scores.numel() != count or not count:
        raise _NoAnswer(
            f"for one image and {count} classes it must return {count} numbers, not a tensor of "
            f"shape {list(scores.shape)}."
        )
    probabilities = scores.reshape(-1).to(torch.float64).softmax(dim=0)
    if not probabilities.isfinite().all():
        raise _NoAnswer("not all of its numbers are finite.")
    return probabilities


def _caption(
    shown: Shown,
    before: Mapping[str, Image.Image],
    degrees: int,
    light: bool | None,
    inverted: bool,
    frame: tuple[int, int, int, int] | None,
    turn: float | None,
) -> str:
    width, height = shown.picture.info.get("original_size", shown.picture.size)
    turned = f", turned by {degrees} degrees clockwise" if degrees else ""
    why = (
        f"Its background is {'lighter' if inverted else 'darker'} than the garment"
        if light is None
        else f"You set its background to {'light' if inverted else 'dark'}"
    )
    leaning = before["cut"].info["turned"]
    upright = f", turned by {abs(leaning)} degrees to stand upright" if leaning else ""
    if turn is not None:
        upright = (
            f", turned by {abs(turn)} degrees as you set" if turn else ", not turned as you set"
        )
    cut, whole = ("×".join(map(str, before[name].size)) for name in ("cut", "grey"))
    by_hand = "" if frame is None else f" You cut {whole} pixels out of it."
    return (
        f"{shown.note}{shown.name}, {width}×{height} pixels{turned}.{by_hand} {why}, so it was "
        f"{'' if inverted else 'not '}inverted. Then its background was removed, the garment cut "
        f"out ({cut} of {whole} pixels){upright} and brightened, and shrunk to 28×28 pixels."
    )
