"""A picture from a file of whatever kind, in little memory; what cannot be read is named."""

import io
import re
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

try:  # decodes HEIC, which iPhones save; without it, such files get a sentence
    import pi_heif
except ImportError:
    pi_heif = None
else:
    pi_heif.register_heif_opener()

MAX_BYTES = 20_000_000
MEMORY = 220_000_000  # bytes that reading may take at most, beside those of the file
LONGEST_SIDE = 512  # pixels to work with; more would only cost time
# Of Pillow's others, some start programs.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF") + (("HEIF",) if pi_heif else ())
# How many bytes for each pixel Pillow takes at most while it reads, measured. In a JPEG, the
# decoder leaves out what is not needed, unless it is progressive.
BYTES_PER_PIXEL = {"WEBP": 17, "AVIF": 13, "HEIF": 8.6, "JPEG": 4.3, "progressive JPEG": 10}
OTHERS, TRANSPARENT = 4.3, 9
SAVE_AGAIN = "save it as JPEG or PNG"


class PictureError(ValueError):
    """The file cannot be used as a picture; the message says why and what to do."""


# ------------------------------------------------------------------------------------- reading


def read(path: str | Path) -> Image.Image:
    """The picture in the file at ``path``: upright, in colour. Where it is transparent, it lies
    on white, or on black if it is light itself.

    Its longest side has at most ``LONGEST_SIDE`` pixels. Raises ``PictureError`` if there is no
    such file, if it has more than 20 MB or would take more memory than ``MEMORY``, or if it is no
    picture.
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
            _refuse_large(picture, name)
            return _in_colour(picture)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(
            f"{name} has more pixels than can be read here: save a smaller copy as JPEG or PNG."
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
        _refuse_film(start[8:12], name)
    if text.startswith(b"%pdf"):
        raise PictureError(f"{name} is a PDF document, not a picture: {SAVE_AGAIN}.")
    if text.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in text:
        raise PictureError(f"{name} is an SVG drawing, which has no pixels: {SAVE_AGAIN}.")


def _refuse_film(brand: bytes, name: str) -> None:
    """Of the files that films share with photos of phones, let those through that can be read."""
    if brand in (b"avif", b"avis"):
        return
    if brand[:2] not in (b"he", b"mi", b"ms"):  # heic, heix, hevc, mif1, msf1
        raise PictureError(f"{name} is a film, or a picture of a rare kind: {SAVE_AGAIN}.")
    if pi_heif is None:
        raise PictureError(
            f"{name} is a HEIC picture, which only the package pi-heif can read, and it is not "
            f"installed here: {SAVE_AGAIN}."
        )


def _refuse_large(picture: Image.Image, name: str) -> None:
    kind = picture.format
    if kind == "JPEG" and picture.info.get("progressive"):
        kind = "progressive JPEG"
    transparent = "A" in picture.mode
    each = BYTES_PER_PIXEL.get(kind, TRANSPARENT if transparent else OTHERS)
    at_most = int(MEMORY / each / 1e6)
    if picture.width * picture.height > at_most * 1_000_000:
        raise PictureError(
            f"{name} has {picture.width}×{picture.height} pixels, more than the {at_most} million "
            f"that can be read here of a {kind}: save a smaller copy of it."
        )


def _in_colour(picture: Image.Image) -> Image.Image:
    turned = picture.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    size = picture.size[::-1] if turned else picture.size
    if picture.mode.startswith("I"):  # Pillow makes none of 16 bits smaller
        orientation = picture.getexif()
        picture = _eight_bits(picture)
        picture.info["exif"] = orientation.tobytes()
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first: what follows then costs little
    with_alpha = ImageOps.exif_transpose(picture).convert("RGBA")
    behind = Image.new("RGBA", with_alpha.size, _contrast(np.asarray(with_alpha)))
    result = Image.alpha_composite(behind, with_alpha).convert("RGB")
    result.info = {"original_size": size}
    return result


def _contrast(pixels: np.ndarray) -> str:
    """What a picture ``[H, W, 4]`` shall lie on where it is transparent: black if it is light."""
    opaque = pixels[pixels[..., 3] > 127]
    return (
        "black" if 0 < len(opaque) < pixels[..., 3].size and opaque[:, :3].mean() > 127 else "white"
    )


def _eight_bits(picture: Image.Image) -> Image.Image:
    """A grey picture of up to 16 bits with 8, and small, each pixel the mean of a block.

    Cameras and scanners write 10, 12 or 14 bits into 16: the brightest pixel tells how many.
    """
    width, height = picture.size
    block = -(-max(width, height) // LONGEST_SIDE)
    across, down = min(block, width), min(block, height)
    rows, largest = [], 0
    for top in range(0, height - down + 1, down):
        strip = picture.crop((0, top, width - width % across, top + down))  # not all at once
        values = np.asarray(strip, np.float32)
        largest = max(largest, int(values.max()))
        rows.append(values.reshape(down, -1, across).mean((0, 2)))
    bits = next((bits for bits in (8, 10, 12, 14) if largest < 2**bits), 16)
    return Image.fromarray((np.stack(rows) // 2 ** (bits - 8)).clip(0, 255).astype(np.uint8))
