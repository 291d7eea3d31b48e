"""What the right and wrong answers of several lessons are made of."""

from typing import NamedTuple

import torch
from matplotlib.figure import Figure


class Wrong(NamedTuple):
    """A wrong answer, and a part of the message that is meant for it.

    ``sources`` are those of cells with a blank, by their ids; all others are as in the solution.
    """

    sources: dict[str, str]
    fragment: str


class Data:
    """Twenty pictures of a garment that is none, with labels: what a data set is to a notebook."""

    def __init__(self):
        self.images = torch.rand(20, 1, 28, 28, generator=torch.Generator().manual_seed(3))

    def __len__(self):
        return 20

    def __getitem__(self, index):
        return self.images[index], 0


def figure(pictures, limits=None, titles=True) -> Figure:
    """Pictures side by side, in grey or, with ``limits``, on one diverging scale."""
    fig = Figure()
    axes = fig.subplots(1, len(pictures))
    colours = {"cmap": "RdBu_r", "vmin": -limits, "vmax": limits} if limits else {"cmap": "gray"}
    for number, (ax, picture) in enumerate(zip(axes, pictures, strict=True)):
        ax.imshow(picture.detach(), **colours)
        if titles:
            ax.set_title(f"picture {number}")
    return fig
