"""A student's own picture, made into what the networks of the course have learned from."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
LONGEST_SIDE = 512  # pixels to work with; more would only cost time


class PictureError(ValueError):
    """The file cannot be used as a picture; the message says why and what to do."""


def read(path: str | Path) -> Image.Image:
    """The picture in the file at ``path``: upright, in colour, on white where it is transparent.

    Its longest side has at most ``LONGEST_SIDE`` pixels. Raises ``PictureError`` if there is no
    such file, if it has more than 20 MB or 50 million pixels, or if it is not a picture.
    """
    path = Path(path)
    if not path.is_file():
        raise PictureError(f"There is no file {path.name!r} beside this notebook: check the name.")
    if path.stat().st_size > MAX_BYTES:
        raise PictureError(f"{path.name} has more than 20 MB: save a smaller copy of it.")
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureError(
                    f"{path.name} has {picture.width}×{picture.height} pixels, more than "
                    "50 million: save a smaller copy of it."
                )
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            with_alpha = upright.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise PictureError(
            f"{path.name} cannot be read as a picture: save it as JPEG or PNG."
        ) from error
    white = Image.new("RGBA", with_alpha.size, "white")
    return Image.alpha_composite(white, with_alpha).convert("RGB")


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


def to_fashion_mnist(picture: Image.Image) -> torch.Tensor:
    """``picture`` as the data set would show it: ``[1, 28, 28]``, light on black, centred.

    The steps are those of the data set's paper (Xiao et al., 2017, figure 1), adapted to photos:
    grey; inverted if the border is lighter than the middle grey; background to black; cut to what
    is left; longest side to 28 pixels; centred.
    """
    grey = np.asarray(picture.convert("L"), np.float32)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = float(np.median(border))
    if background > 127:
        grey, background = 255 - grey, 255 - background
    grey = np.clip(grey - background, 0, None)
    strongest = float(grey.max())
    if strongest < 10:  # of 255: nothing that stands out
        raise PictureError(
            "There is nothing in this picture that differs from its background: take one with "
            "the garment on a plain light or dark surface."
        )
    rows, columns = np.nonzero(grey > 0.15 * strongest)
    grey = grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] / strongest
    garment = Image.fromarray((255 * grey).astype(np.uint8))
    small = ImageOps.pad(garment, (28, 28), Image.Resampling.BOX, color=0)
    return to_tensor(small)
