"""Grey pictures, ``[H, W]`` and float32, in other sizes, averaged, and where their edges are."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image


def resized(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """``array`` ``[H, W]`` with ``size``, a width and a height; means, where it gets smaller."""
    image = Image.fromarray(np.ascontiguousarray(array, np.float32))
    smaller = size[0] < image.width
    return np.asarray(
        image.resize(size, Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR)
    )


def averaged(array: np.ndarray, width: int) -> np.ndarray:
    """Each pixel becomes the mean of ``width`` × ``width`` around it; ``width`` is odd."""
    image = torch.from_numpy(np.ascontiguousarray(array, np.float32))[None, None]
    means = F.avg_pool2d(image, width, 1, width // 2, count_include_pad=False)
    return means[0, 0].numpy()


def edges(shape: tuple[int, int], part: float) -> np.ndarray:
    """Which pixels of a picture lie along its edges, in a band of ``part`` of the longest side."""
    width = max(1, round(part * max(shape)))
    band = np.ones(shape, bool)
    band[width:-width, width:-width] = False
    return band
