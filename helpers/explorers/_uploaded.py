"""A picture that the panel of one's own shows: the example, or one that was uploaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from helpers import pictures

TURNED = {
    90: Image.Transpose.ROTATE_270,  # Pillow counts the other way round
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, eq=False)  # each is another one, whatever it shows: pixels have no hash
class Shown:
    """A picture, what it is called in the caption, and what else there is to say of it."""

    picture: Image.Image
    name: str
    note: str = ""

    def upright(self, degrees: int) -> Image.Image:
        """The picture turned clockwise by a multiple of 90 degrees."""
        return self.picture.transpose(TURNED[degrees]) if degrees else self.picture


def opened(files: Sequence[Mapping]) -> Shown:
    """The last of the uploaded files."""
    note = "" if len(files) == 1 else f"Of {len(files)} files, only the last was taken. "
    name = pictures.short_name(files[-1]["name"])
    try:
        picture = pictures.read_bytes(files[-1]["content"], name)
        if not any(_works(picture, light) for light in (None, True, False)):
            pictures.steps(picture)  # raises, and says why
    except pictures.PictureError as error:
        raise pictures.PictureError(f"{note}{error}") from error
    return Shown(picture, f"Your picture {name}", note)


def _works(picture: Image.Image, light: bool | None) -> bool:
    try:
        pictures.steps(picture, light)
    except pictures.PictureError:
        return False
    return True
