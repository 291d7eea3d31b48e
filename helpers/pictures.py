"""A student's own picture, made into what the networks of the course have learned from."""

import io
import re
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, ImageDraw, ImageOps, UnidentifiedImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
LONGEST_SIDE = 512  # pixels to work with; more would only cost time
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")  # of Pillow's others, some start programs
SAVE_AGAIN = "save it as JPEG or PNG"


class PictureError(ValueError):
    """The file cannot be used as a picture; the message says why and what to do."""


# ------------------------------------------------------------------------------------- reading


def read(path: str | Path) -> Image.Image:
    """The picture in the file at ``path``: upright, in colour, on white where it is transparent.

    Its longest side has at most ``LONGEST_SIDE`` pixels. Raises ``PictureError`` if there is no
    such file, if it has more than 20 MB or 50 million pixels, or if it is not a picture.
    """
    path = Path(path)
    if not path.is_file():
        raise PictureError(f"There is no file {path.name!r} beside this notebook: check the name.")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # one more tells that it is too large
    except OSError as error:
        raise PictureError(
            f"{short_name(path.name)} cannot be opened: {error.strerror}."
        ) from error
    return read_bytes(data, path.name)


def read_bytes(data: bytes | memoryview, name: str = "") -> Image.Image:
    """The picture in the bytes of a file, as ``read`` gives it; ``name`` is for the messages.

    ``info["original_size"]`` of the result is the width and height in the file, set upright.
    """
    name = short_name(name)
    if len(data) > MAX_BYTES:
        raise PictureError(f"{name} has more than 20 MB: save a smaller copy of it.")
    _refuse_known(bytes(data[:1000]), name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)  # reads no more than the header
        with picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureError(
                    f"{name} has {picture.width}×{picture.height} pixels, more than 50 million: "
                    "save a smaller copy of it."
                )
            return _in_colour(picture)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(
            f"{name} has more than 50 million pixels: save a smaller copy as JPEG or PNG."
        ) from error
    except UnidentifiedImageError as error:
        raise PictureError(f"{name} cannot be read as a picture: {SAVE_AGAIN}.") from error
    except Exception as error:  # a damaged file can make Pillow raise almost anything
        raise PictureError(
            f"{name} starts like a picture, but it is damaged or cut off: {SAVE_AGAIN} again."
        ) from error


def short_name(name: str) -> str:
    """The last part of a file's name, of at most 40 characters, fit to stand in a sentence."""
    name = re.split(r"[/\\]", str(name).rstrip("/\\"))[-1]
    # A line break or a sign that turns the direction of writing would garble the sentence.
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    if len(name) > 40:
        name = f"{name[:27]}…{name[-12:]}"
    return name or "The file"


def _refuse_known(start: bytes, name: str) -> None:
    """Say what the file is, if it starts like one of those that people often take for pictures."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise PictureError(f"{name} is empty: {SAVE_AGAIN} again.")
    if start[4:8] == b"ftyp":
        raise PictureError(
            f"{name} is a picture of a kind such as HEIC, or a film, that cannot be read here: "
            f"{SAVE_AGAIN}."
        )
    if text.startswith(b"%pdf"):
        raise PictureError(f"{name} is a PDF document, not a picture: {SAVE_AGAIN}.")
    if text.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in text:
        raise PictureError(f"{name} is an SVG drawing, which has no pixels: {SAVE_AGAIN}.")


def _in_colour(picture: Image.Image) -> Image.Image:
    turned = picture.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    size = picture.size[::-1] if turned else picture.size
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first: what follows then costs little
    with_alpha = _eight_bits(ImageOps.exif_transpose(picture)).convert("RGBA")
    white = Image.new("RGBA", with_alpha.size, "white")
    result = Image.alpha_composite(white, with_alpha).convert("RGB")
    result.info = {"original_size": size}
    return result


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A grey picture of 16 bits with 8: Pillow itself would make most of it white."""
    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture, np.int64) // 256).clip(0, 255).astype(np.uint8))


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


# ------------------------------------------------------------------------- the way to 28×28


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """``picture`` in grey, ``[1, H, W]``, float32 from 0 (black) to 1 (white)."""
    return torch.from_numpy(np.asarray(picture.convert("L"), np.float32) / 255).unsqueeze(0)


def to_fashion_mnist(picture: Image.Image) -> torch.Tensor:
    """``picture`` as the data set would show it: ``[1, 28, 28]``, light on black, centred.

    The last of the ``steps``.
    """
    return to_tensor(steps(picture)["28×28"])


def steps(picture: Image.Image, light: bool | None = None) -> dict[str, Image.Image]:
    """``picture`` after each step on its way to 28×28, by the name of the step.

    The steps are those of the data set's paper (Xiao et al., 2017, figure 1), adapted to photos:
    grey; inverted if the border is lighter than the middle grey; background to black; cut to what
    is left; longest side to 28 pixels; centred. ``light`` says whether the background is light;
    without it, the border tells.

    Raises ``PictureError`` if nothing stands out from the background.
    """
    grey = to_grey(picture)
    if light is None:
        light = is_light(background_of(grey))
    light_on_dark = 255 - grey if light else grey
    alone = remove_background(light_on_dark)
    garment = cut(alone)
    return {
        "picture": picture,
        "grey": _as_picture(grey),
        "inverted": _as_picture(light_on_dark),
        "background removed": _as_picture(alone),
        "cut": garment,
        "28×28": shrink(garment),
    }


def to_grey(picture: Image.Image) -> np.ndarray:
    """The brightness of each pixel, ``[H, W]``, from 0 (black) to 255 (white)."""
    return np.asarray(picture.convert("L"), np.float32)


def background_of(grey: np.ndarray) -> float:
    """How bright the background is: the median of the border."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float(np.median(border))


def is_light(background: float) -> bool:
    """Whether a background of that brightness counts as light: the picture is then inverted."""
    return background > 127


def remove_background(grey: np.ndarray) -> np.ndarray:
    """By how much each pixel is brighter than the background; 0 where it is not."""
    return np.clip(grey - background_of(grey), 0, None)


def cut(grey: np.ndarray) -> Image.Image:
    """The part of a picture on black where something stands out, made as bright as can be."""
    strongest = float(grey.max())
    if strongest < 10:  # of 255: nothing that stands out
        raise PictureError(
            "There is nothing in this picture that differs from its background: take one with "
            "the garment on a plain light or dark surface."
        )
    rows, columns = np.nonzero(grey > 0.15 * strongest)
    grey = grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] / strongest
    return _as_picture(255 * grey)


def shrink(garment: Image.Image) -> Image.Image:
    """``garment`` with its longest side at 28 pixels, in the middle of 28×28 pixels."""
    if max(garment.size) >= 56 * min(garment.size):
        raise PictureError(
            "Only a thin line in this picture differs from its background: take one with the "
            "garment on a plain light or dark surface."
        )
    return ImageOps.pad(garment, (28, 28), Image.Resampling.BOX, color=0)


def _as_picture(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(grey.astype(np.uint8))
