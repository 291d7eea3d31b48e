"""The way of a picture to 28×28, step by step, as the data set was made; and a picture to try."""

from collections.abc import Mapping

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageOps

from helpers.pictures.garment import find
from helpers.pictures.reading import PictureError
from helpers.pictures.turning import tilt

PLAIN = "with the garment on a plain surface, much lighter or much darker than it"
FRAME, LEAST = "the frame", 16  # what it is called; pixels that each of its sides must have
Frame = tuple[int, int, int, int]  # left, top, right and bottom
EDGE = 0.1  # of the strongest difference: so much is seen of the garment where it is cut


def example() -> Image.Image:
    """A blue pullover, drawn, on a light background: what to look at without a picture at hand."""
    picture = Image.new("RGB", (360, 360), (236, 232, 224))
    draw = ImageDraw.Draw(picture)
    fabric = (52, 84, 140)
    draw.polygon([(120, 70), (150, 55), (210, 55), (240, 70), (245, 310), (115, 310)], fill=fabric)
    draw.polygon([(122, 70), (60, 130), (48, 300), (88, 304), (118, 160)], fill=fabric)
    draw.polygon([(238, 70), (300, 130), (312, 300), (272, 304), (242, 160)], fill=fabric)
    draw.ellipse([150, 38, 210, 84], fill=(236, 232, 224))
    draw.arc([145, 33, 215, 90], 10, 170, fill=(30, 50, 90), width=7)
    draw.rectangle([115, 294, 245, 310], fill=(40, 66, 112))
    return picture


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """``picture`` in grey, ``[1, H, W]``, float32 from 0 (black) to 1 (white)."""
    return torch.from_numpy(np.asarray(picture.convert("L"), np.float32) / 255).unsqueeze(0)


def to_fashion_mnist(
    picture: Image.Image,
    light: bool | None = None,
    frame: Frame | None = None,
    turn: float | None = None,
) -> torch.Tensor:
    """``picture`` as the data set would show it: ``[1, 28, 28]``, light on black, centred.

    The last of the ``steps``, which say what ``light``, ``frame`` and ``turn`` are.
    """
    return to_tensor(steps(picture, light, frame, turn)["28×28"])


def steps(
    picture: Image.Image,
    light: bool | None = None,
    frame: Frame | None = None,
    turn: float | None = None,
) -> dict[str, Image.Image]:
    """``picture`` after each step on its way to 28×28, by the name of the step.

    The steps are those of the data set's paper (Xiao et al., 2017, figure 1), adapted to photos:
    grey; inverted if the background is lighter than the garment; only the garment, on black; cut to
    it, and turned upright if it clearly leans, by up to some 15 degrees; longest side to 28 pixels;
    centred. ``light`` says whether the background is lighter than the garment; without it,
    what differs most tells. ``frame`` cuts by hand: left, top, right and bottom in pixels of the
    picture; what is outside is left out from the second step on. ``turn`` is by how many degrees to
    turn the garment to the left; without it, that is measured. ``info["turned"]`` of the step "cut"
    says by how many it was.

    Raises ``PictureError`` if nothing stands out from the background, or the frame holds nothing.
    """
    inside = picture if frame is None else _framed(picture, frame)
    grey = np.asarray(inside.convert("L"), np.float32)
    found = find(grey, light)
    if found is None:
        raise PictureError(_nothing_found(grey, light, "this picture" if frame is None else FRAME))
    garment = cut(found.stands_out, turn)
    return {
        "picture": picture,
        "grey": _as_picture(grey),
        "inverted": _as_picture(255 - grey if found.light else grey),
        "background removed": _as_picture(255 * found.stands_out),
        "cut": garment,
        "28×28": shrink(garment),
    }


def is_inverted(steps: Mapping[str, Image.Image]) -> bool:
    """Whether the picture was inverted on its way through ``steps``."""
    return steps["inverted"] != steps["grey"]


def _framed(picture: Image.Image, frame: Frame) -> Image.Image:
    left, top, right, bottom = frame
    width, height = picture.size
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise PictureError(
            f"The frame goes from {left} to {right} across and from {top} to {bottom} down, in a "
            f"picture of {width}×{height} pixels: its right edge must be right of its left one, "
            "its lower edge below its upper one, and all must lie in the picture."
        )
    if min(right - left, bottom - top) < LEAST:
        raise PictureError(
            f"The frame holds {right - left}×{bottom - top} pixels, but each side must have "
            f"{LEAST} at least: make it larger."
        )
    return picture.crop(frame)


def _nothing_found(grey: np.ndarray, light: bool | None, where: str) -> str:
    if light is None or find(grey, not light) is None:
        advice = "make it larger" if where == FRAME else f"take one {PLAIN}"
        return f"There is nothing in {where} that differs from its background: {advice}."
    this, other = ("darker", "lighter") if light else ("lighter", "darker")
    counts = "dark" if light else "light"
    return (
        f"Nothing in {where} is {this} than its background, but something is {other}: let the "
        f"background count as {counts} (light={not light})."
    )


def cut(stands_out: np.ndarray, turn: float | None = None) -> Image.Image:
    """The garment of ``stands_out``, ``[H, W]`` from 0 to 1, cut along its edges and upright.

    It is turned by ``turn`` degrees to the left, or by as many as are measured.
    """
    garment = _cut(stands_out)
    degrees = tilt(garment) if turn is None else turn
    if degrees:
        leaning = Image.fromarray(np.ascontiguousarray(garment, np.float32))
        upright = leaning.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        garment = _cut(np.asarray(upright).clip(0, 1))
    picture = _as_picture(255 * garment)
    picture.info["turned"] = degrees
    return picture


def _cut(garment: np.ndarray) -> np.ndarray:
    """From the first row and column that show some of the garment to the last."""
    rows, columns = np.nonzero(garment > EDGE)
    return garment[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def shrink(garment: Image.Image) -> Image.Image:
    """``garment`` with its longest side at 28 pixels, in the middle of 28×28 pixels."""
    if max(garment.size) >= 56 * min(garment.size):
        raise PictureError(
            f"Only a thin line in this picture differs from its background: take one {PLAIN}."
        )
    return ImageOps.pad(garment, (28, 28), Image.Resampling.BOX, color=0)


def _as_picture(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(grey.round().astype(np.uint8))
