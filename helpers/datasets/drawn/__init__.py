"""Ten garments drawn by code, for when there is no network to fetch Fashion-MNIST.

``garments`` stands in for Fashion-MNIST and ``colour_garments`` for CIFAR-10: the same number
of pictures, of the same sizes, and about as hard to tell apart. They are *not* these data sets.
For one ``VERSION`` the bytes are the same on every machine; see ``brushes`` for how.
"""

import numpy as np

from helpers.datasets.drawn.brushes import Dice
from helpers.datasets.drawn.garment_shapes import draw

VERSION = 1  # of the bytes: raise it with every change that alters a picture

_CHUNK = 125  # pictures of one class that are drawn together: their layers fit into the cache
_GREY, _COLOUR = 0, 1  # first number of the key of a random stream


def garments(train: bool) -> tuple[np.ndarray, np.ndarray]:
    """Light garments on black, as in Fashion-MNIST.

    Returns 60,000 (``train``) or 10,000 images, uint8 ``[N, 1, 28, 28]``, and their labels,
    int64 ``[N]``: as many of each class, in a shuffled order.
    """
    return _collect(_GREY, train, 60_000 if train else 10_000)


def colour_garments(train: bool) -> tuple[np.ndarray, np.ndarray]:
    """The same garments in colours on coloured grounds; a colour says nothing of the class.

    Returns 50,000 (``train``) or 10,000 images, uint8 ``[N, 3, 32, 32]``, and their labels,
    int64 ``[N]``: as many of each class, in a shuffled order.
    """
    return _collect(_COLOUR, train, 50_000 if train else 10_000)


def garment(label: int) -> np.ndarray:
    """One light garment of class ``label`` on black, float32 ``[28, 28]`` from 0 to 1."""
    return draw(Dice((VERSION, _GREY, 1, label, 0), 1), 28, label).light[..., 0].clip(0, 1)


def _collect(kind: int, train: bool, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw all chunks, each straight to the places that the shuffle gives its pictures."""
    _keep_freed_memory()
    draw_chunk, shape = ((_grey_chunk, (1, 28, 28)), (_colour_chunk, (3, 32, 32)))[kind]
    images = np.empty((count, *shape), np.uint8)
    labels = np.empty(count, np.int64)
    places = _shuffled(kind, train, count).reshape(-1, 10, _CHUNK)
    for number, by_class in enumerate(places):
        for label, where in enumerate(by_class):
            images[where] = draw_chunk(train, label, number)
            labels[where] = label
    return images, labels


def _keep_freed_memory() -> None:
    """Halves the time on Linux; elsewhere without effect.

    glibc gives the memory of every layer back to the system as soon as it is free, and fetching
    it again takes longer than drawing. Once a block of up to 32 MB has been freed, it keeps
    blocks of that size (``M_MMAP_THRESHOLD`` in mallopt(3)).
    """
    block = np.empty(30_000_000, np.uint8)
    del block


def _shuffled(kind: int, train: bool, count: int) -> np.ndarray:
    """The numbers 0 … count−1 in a random order: that in which random keys sort them."""
    keys = np.random.PCG64((VERSION, kind, int(train), 10)).random_raw(count)
    return np.argsort(keys, kind="stable")


def _grey_chunk(train: bool, label: int, number: int) -> np.ndarray:
    """``_CHUNK`` pictures of one class, uint8 ``[_CHUNK, 1, 28, 28]``."""
    dice = Dice((VERSION, _GREY, int(train), label, number), _CHUNK)
    return _to_bytes(draw(dice, 28, label).light)[:, None]


def _colour_chunk(train: bool, label: int, number: int) -> np.ndarray:
    """``_CHUNK`` pictures of one class, uint8 ``[_CHUNK, 3, 32, 32]``."""
    dice = Dice((VERSION, _COLOUR, int(train), label, number), _CHUNK)
    canvas = draw(dice, 32, label)
    free = 1 - canvas.alpha
    ground = 1 + dice.uniform(0, 0.3) * dice.noise(32, 32)
    ground *= 1 + dice.uniform(-0.02, 0.02) * canvas.x + dice.uniform(-0.02, 0.02) * canvas.y
    ground *= free
    images = np.empty((_CHUNK, 3, 32, 32), np.uint8)
    for channel in range(3):
        dye, backdrop = dice.uniform(0.15, 1), dice.uniform(0, 0.9)
        images[:, channel] = _to_bytes(canvas.light * dye + ground * backdrop)
    return images


def _to_bytes(light: np.ndarray) -> np.ndarray:
    """float32 ``[H, W, n]``, 0 … 1, to uint8 ``[n, H, W]``."""
    levels = np.clip(light, 0, 1) * 255 + 0.5
    return levels.astype(np.uint8).transpose(2, 0, 1)
