"""The images and kernels of the convolution panel, and kernel values as text."""

import torch

from helpers.explorers._base import Refused
from helpers.explorers._sliding import parse_rows, show_weight

IMAGES = {
    "an edge": lambda i, j, width: 9 * (2 * j >= width),
    "a corner": lambda i, j, width: 9 * (2 * j >= width and 2 * i >= width),
    "a spot": lambda i, j, width: 9 * (i == j == width // 2),
    "digits": lambda i, j, width: (7 * i + 3 * j + i * j) % 10,
}
OWN = "own values"
KERNELS = {
    "vertical edges": lambda i, j, size: (j == size - 1) - (j == 0) if size > 1 else 1,
    "horizontal edges": lambda i, j, size: (i == size - 1) - (i == 0) if size > 1 else 1,
    "copy": lambda i, j, size: int(i == j == size // 2),
    "mean": lambda i, j, size: 1 / size**2,
    OWN: None,
}


def small_image(name: str, width: int, channels: int) -> torch.Tensor:
    """The image ``name``, ``[channels, width, width]``, float64; each channel is shifted by one."""
    made = [[[IMAGES[name](i, j, width) for j in range(width)] for i in range(width)]]
    image = torch.tensor(made, dtype=torch.float64)
    return torch.cat([image.roll(channel, 2) for channel in range(channels)])


def kernel_text(name: str, size: int) -> str:
    """The values of the kernel ``name``."""
    return as_text([[KERNELS[name](i, j, size) for j in range(size)] for i in range(size)])


def as_text(rows: list[list[float]]) -> str:
    """Rows of numbers as they are typed: ``1 0; 0 1/3``."""
    return "; ".join(" ".join(map(show_weight, row)) for row in rows).replace("−", "-")


def fitted(text: str, size: int) -> str:
    """Kernel values cut, or filled up with zeros, to ``size``; as they are if they cannot be read.

    So a new kernel size never meets values of the old one.
    """
    try:
        rows = parse_rows(text)
    except Refused:
        return text
    if len(rows) == size and all(len(row) == size for row in rows):
        return text
    wide = [(row + [0.0] * size)[:size] for row in rows]
    return as_text((wide + [[0.0] * size] * size)[:size])
