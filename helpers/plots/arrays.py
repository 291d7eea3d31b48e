"""Images and maps as arrays of one form, whatever they came as, and the colours that fit them."""

from collections.abc import Sequence

import numpy as np
import torch

PIXELS = {"cmap": "gray", "vmin": 0.0, "vmax": 1.0}


def as_array(values) -> np.ndarray:
    """A tensor from any device, with or without gradient, or an array, as floating point."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = values.to(torch.float32) if values.dtype == torch.bfloat16 else values
    array = np.asarray(values)
    return array / 255.0 if array.dtype == np.uint8 else array.astype(float)


def as_pixels(image) -> np.ndarray:
    """An image as ``[H, W]``, or ``[H, W, 3]`` if it is a colour image ``[3, H, W]``."""
    array = as_array(image)
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    elif array.ndim == 3 and len(array) == 3:
        array = array.transpose(1, 2, 0).clip(0, 1)
    elif array.ndim == 3 and array.shape[2] == 3:
        return array
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise ValueError(
            f"an image has the shape [H, W], [1, H, W] or [3, H, W], not {list(array.shape)}"
        )
    return array


def as_plane(values, name: str) -> np.ndarray:
    """``values`` as ``[h, w]``; leading dimensions of one are dropped."""
    array = as_array(values)
    while array.ndim > 2 and len(array) == 1:
        array = array[0]
    if array.ndim != 2 or not array.size:
        raise ValueError(f"the {name} must have two dimensions [h, w], not {list(array.shape)}")
    return array


def as_grey(image) -> np.ndarray:
    """A grey image as ``[H, W]``."""
    return as_plane(image, "grey image")


def colour_scale(kind: str, arrays: Sequence[np.ndarray]) -> dict:
    """Colour map and limits that fit all ``arrays``; symmetric around zero if ``"signed"``."""
    if kind == "pixels":
        return PIXELS
    sizes = np.abs(np.concatenate([array.reshape(-1) for array in arrays]))
    highest = float(sizes[np.isfinite(sizes)].max(initial=0.0)) or 1.0
    if kind == "signed":
        return {"cmap": "RdBu_r", "vmin": -highest, "vmax": highest}
    if kind == "activations":
        return {"cmap": "viridis", "vmin": 0.0, "vmax": highest}
    raise ValueError(f"the kind is {kind!r}, but it must be 'pixels', 'activations' or 'signed'")
