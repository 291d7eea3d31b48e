"""The panel of notebook 04 for a picture of one's own: its way to 28×28, and what the model says.

An upload stays in memory, as a small copy without the notes that cameras add, such as the place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image
from torch import nn

from helpers import inspection, pictures
from helpers.explorers._base import Explorer, Refused, View, png_of
from helpers.explorers._camera import CAMERA
from helpers.plots.drawing import MARK
from helpers.plots.text import DPI, SMALL

OWN, EXAMPLE = "your upload", "the example"
TURNS = {f"{degrees} degrees": degrees for degrees in (0, 90, 180, 270)}
TURNED = {
    90: Image.Transpose.ROTATE_270,  # Pillow counts the other way round
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
LIGHT = {"automatic": None, "light": True, "dark": False}
# Of more, a Jupyter server that is not started with a higher limit, as `make lab` does, ends the
# connection without a word, and the upload button is dead until the cell runs again (measured:
# 10,000,000 bytes arrive, 11,000,000 do not).
SENT_AT_MOST = "10 MB"
# All in pixels. A step's picture with its frame (28×28 fits in 8 times), the gap beside it, and
# the height of its title; then where the bars start, and how long a bar of 100% is.
MARGIN, TILE, GAP, ABOVE = 10, 226, 12, 28
BARS, LONGEST_BAR = MARGIN + 3 * (TILE + GAP) + 126, 210
WIDTH, HEIGHT = BARS + LONGEST_BAR + 75, 2 * (TILE + ABOVE) + GAP


@dataclass(frozen=True)
class _Shown:
    """A picture, what it is called in the caption, and what else there is to say of it."""

    picture: Image.Image
    name: str
    note: str = ""


class _NoAnswer(ValueError):
    """The network gives no probabilities; the message says why."""


class OwnPicture(Explorer):
    """Upload a picture or take one with the camera, see each step of its way to 28×28, and the
    probabilities of all classes.

    ``model`` is the network, ``classes`` the names of its classes in order, such as
    ``test_data.classes``. Without an upload, the panel shows the drawn example. Uploads are kept
    in memory only, and what is refused is not kept at all.
    """

    def __init__(self, model: nn.Module, classes: Sequence[str]):
        self._model, self._classes = model, classes
        self._own: _Shown | None = None
        self.upload = widgets.FileUpload(
            description=f"upload, at most {SENT_AT_MOST}",
            layout=widgets.Layout(width="max-content"),
            # An iPhone turns its HEIC photos into JPEG if these are asked for.
            accept="image/jpeg,image/png,image/gif,image/webp,image/bmp,image/avif",
            tooltip="a picture of your own, as JPEG or PNG",
        )
        self.picture = widgets.Dropdown(
            options=[OWN, EXAMPLE], value=EXAMPLE, description="picture"
        )
        self.rotate = widgets.Dropdown(options=TURNS, description="rotate")
        self.background = widgets.Dropdown(options=list(LIGHT), description="background")
        camera = widgets.HTML(CAMERA)
        super().__init__([self.upload, camera, self.picture, self.rotate, self.background])
        self.upload.observe(self._receive, "value")

    # ----------------------------------------------------------------------------- the upload

    def redraw(self, change=None) -> None:
        """Show what ``look`` says now; an upload is received first, and says itself when."""
        if change is None or change["owner"] is not self.upload:
            super().redraw(change)

    def _receive(self, change) -> None:
        files = change["new"]
        if not files:
            return  # that was the line below
        with self._lock:
            self.upload.value = ()  # else the whole file could be saved with the notebook
            try:
                self._own = _opened(files)
            except pictures.PictureError as error:
                self._show(View(str(error)))
            except Exception as error:
                self._show(View(f"The upload cannot be read ({type(error).__name__}: {error})."))
            else:
                shown_already = self.picture.value == OWN
                self.picture.value = OWN
                if shown_already:
                    self.redraw()

    # ------------------------------------------------------------------------------- the view

    def look(self) -> View:
        """The six steps, and the probabilities as bars."""
        shown = self._shown()
        degrees, light = self.rotate.value, LIGHT[self.background.value]
        upright = shown.picture.transpose(TURNED[degrees]) if degrees else shown.picture
        try:
            steps = pictures.steps(upright, light)
        except pictures.PictureError as error:
            raise Refused(f"{shown.note}{error}") from error
        inverted = pictures.is_inverted(steps)
        caption = _caption(shown, steps, degrees, light, inverted)
        try:
            probabilities = _probabilities(self._model, steps["28×28"], self._classes)
        except _NoAnswer as error:
            figure = _figure(steps, inverted, [], [])
            return View(f"{caption}\nThe network gives no answer: {error}", png_of(figure))
        names = [str(name) for name in self._classes]
        best = sorted(range(len(names)), key=lambda number: -probabilities[number])[:2]
        said = "; then ".join(f"{names[n]}, {100 * probabilities[n]:.1f}%" for n in best)
        figure = _figure(steps, inverted, probabilities, names)
        return View(f"{caption}\nData: the network says {said}.", png_of(figure))

    def _shown(self) -> _Shown:
        if self.picture.value == EXAMPLE:
            return _Shown(pictures.example(), "The drawn example")
        if self._own is None:
            raise Refused(
                "There is no picture of yours yet: press upload and choose a JPEG or PNG of at "
                f"most {SENT_AT_MOST}, or set picture to {EXAMPLE}."
            )
        return self._own


def _opened(files: Sequence[Mapping]) -> _Shown:
    """The last of the uploaded files."""
    note = "" if len(files) == 1 else f"Of {len(files)} files, only the last was taken. "
    name = pictures.short_name(files[-1]["name"])
    try:
        picture = pictures.read_bytes(files[-1]["content"], name)
        if not any(_works(picture, light) for light in LIGHT.values()):
            pictures.steps(picture)  # raises, and says why
    except pictures.PictureError as error:
        raise pictures.PictureError(f"{note}{error}") from error
    return _Shown(picture, f"Your picture {name}", note)


def _works(picture: Image.Image, light: bool | None) -> bool:
    try:
        pictures.steps(picture, light)
    except pictures.PictureError:
        return False
    return True


def _probabilities(model: nn.Module, image: Image.Image, classes: Sequence[str]) -> list[float]:
    """What the network says of each class; it runs in eval mode and is left as it was."""
    if not isinstance(model, nn.Module):
        raise _NoAnswer(f"it must be a network of torch, not a {type(model).__name__}.")
    try:
        scores = inspection.activations(model, model, pictures.to_tensor(image))
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
    return probabilities.tolist()


def _caption(
    shown: _Shown,
    steps: Mapping[str, Image.Image],
    degrees: int,
    light: bool | None,
    inverted: bool,
) -> str:
    width, height = shown.picture.info.get("original_size", shown.picture.size)
    turned = f", turned by {degrees} degrees clockwise" if degrees else ""
    why = (
        f"Its background is {'lighter' if inverted else 'darker'} than the garment"
        if light is None
        else f"You set its background to {'light' if inverted else 'dark'}"
    )
    leaning = steps["cut"].info["turned"]
    upright = f", turned by {abs(leaning)} degrees to stand upright" if leaning else ""
    cut, whole = ("×".join(map(str, steps[name].size)) for name in ("cut", "grey"))
    return (
        f"{shown.note}{shown.name}, {width}×{height} pixels{turned}. {why}, so it was "
        f"{'' if inverted else 'not '}inverted. Then its background was removed, the garment cut "
        f"out ({cut} of {whole} pixels){upright} and brightened, and shrunk to 28×28 pixels."
    )


# ------------------------------------------------------------------------------------- drawing


def _figure(
    steps: Mapping[str, Image.Image],
    inverted: bool,
    probabilities: Sequence[float],
    names: Sequence[str],
) -> Figure:
    """The steps, and bars to the right of them; without axes, which take most of the time."""
    figure = Figure((WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
    for number, (name, picture) in enumerate(steps.items()):
        row, column = divmod(number, 3)
        left, top = MARGIN + column * (TILE + GAP), row * (TILE + ABOVE + GAP) + ABOVE
        tile = _tile(picture)
        figure.figimage(np.asarray(tile), left, HEIGHT - top - tile.height, origin="upper")
        title = "not inverted" if name == "inverted" and not inverted else name
        _write(figure, left, top - 12, f"{number + 1}. {title}")
    title = "probabilities" if names else "no answer from the network"
    _write(figure, BARS - 116, ABOVE - 12, title)
    best = max(probabilities, default=0)
    height = (HEIGHT - ABOVE - GAP) / max(len(names), 1)
    for number, (name, value) in enumerate(zip(names, probabilities, strict=True)):
        middle, length = ABOVE + (number + 0.5) * height, max(1, value * LONGEST_BAR)
        largest = value == best
        corner = BARS / WIDTH, 1 - (middle + 0.3 * height) / HEIGHT
        size = length / WIDTH, 0.6 * height / HEIGHT
        figure.add_artist(Rectangle(corner, *size, color=MARK if largest else "0.65"))
        weight = "bold" if largest else "normal"
        _write(figure, BARS - 6, middle, name[:14], ha="right", weight=weight)
        _write(figure, BARS + length + 6, middle, f"{100 * value:.1f}%", weight=weight)
    return figure


def _write(figure: Figure, left: float, middle: float, text: str, **style) -> None:
    """``text`` at a place in pixels, counted from the upper left corner."""
    place = left / WIDTH, 1 - middle / HEIGHT
    figure.text(*place, text, va="center", fontsize=SMALL, parse_math=False, **style)


def _tile(picture: Image.Image) -> Image.Image:
    """``picture`` with its longest side at ``TILE``, in a grey frame."""
    scale = (TILE - 2) / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    tile = Image.new("RGBA", (width + 2, height + 2), "#767676")
    tile.paste(picture.convert("RGBA").resize((width, height), method), (1, 1))
    return tile
