"""By how many degrees a garment is turned: upright, both sides are alike and edges straight.

Tried on training images turned by 10° and 15°: 96% come within 5° of upright, and 2% of those that
are upright are turned by more than that.
"""

import numpy as np
from PIL import Image

ANGLES = range(-20, 21, 2)  # degrees
SIDE = 48  # pixels of the garment's longest side, to measure it
AT_LEAST = 4  # degrees: less is not worth it
SURE = 1.25  # how many times as upright as before it must be


def tilt(garment: np.ndarray) -> int:
    """Degrees to turn ``garment`` to the left so that it is upright, or 0 if that is not sure.

    ``garment``: ``[H, W]`` on black, at least 0; measured from -20 to 20 degrees.
    """
    turned = [np.asarray(picture, np.float32) for picture in _turned(garment)]
    edges = np.array([_straightness(np.minimum(1, 4 * picture)) for picture in turned])
    evenness = np.array([_evenness(picture) for picture in turned])
    upright = edges * evenness**2
    best = int(upright.argmax())
    sure = upright[best] >= SURE * upright[ANGLES.index(0)]
    return ANGLES[best] if sure and abs(ANGLES[best]) >= AT_LEAST else 0


def _turned(garment: np.ndarray) -> list[Image.Image]:
    """``garment`` small, from 0 to 1, in the middle of a square, turned by each of ``ANGLES``."""
    small = Image.fromarray(np.ascontiguousarray(garment / max(1e-6, garment.max()), np.float32))
    scale = SIDE / max(small.size)
    size = [max(1, round(scale * side)) for side in small.size]
    small = small.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    whole = int(1.5 * SIDE)
    square = Image.new("F", (whole, whole))
    square.paste(small, tuple((whole - side) // 2 for side in size))
    return [square.rotate(angle, Image.Resampling.BILINEAR) for angle in ANGLES]


def _straightness(garment: np.ndarray) -> float:
    """Large if the edges run along rows and columns: then the sums of these change at once."""
    return sum(float((np.diff(garment.sum(axis)) ** 2).sum()) for axis in (0, 1))


def _evenness(garment: np.ndarray) -> float:
    """How much a garment is like its mirror image: 1 if it is the same, about the best axis."""
    columns = garment.sum(0)
    x = np.arange(len(columns))
    middle = round(2 * float((columns * x).sum() / max(1e-6, columns.sum())))
    mirrored = garment[:, ::-1]  # about the middle of the square: x becomes len - 1 - x
    shifts = [around - (len(x) - 1) for around in range(middle - 6, middle + 7, 2)]
    products = [float((garment * np.roll(mirrored, shift, 1)).sum()) for shift in shifts]
    return max(products) / max(1e-6, float((garment**2).sum()))
