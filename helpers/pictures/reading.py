"""A picture from a file: upright, in colour and small; what cannot be read is named."""

import io
import re
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

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
