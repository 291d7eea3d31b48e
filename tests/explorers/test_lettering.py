"""Texts and colours on a figure stand where matplotlib would put them."""

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from helpers.explorers._lettering import Pixels, text_pixels
from helpers.plots.text import DPI, SMALL

SIZE = 200


def drawn(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def blank() -> Figure:
    return Figure((SIZE / DPI, SIZE / DPI), dpi=DPI, facecolor="white")


def extent(pixels: np.ndarray) -> np.ndarray:
    """Top, bottom, left and right of what is not white."""
    rows, columns = (pixels < 128).any(axis=2).nonzero()
    return np.array([rows.min(), rows.max(), columns.min(), columns.max()])


PLACES = [("baseline", 0), *itertools.product(["bottom", "center", "top"], [0, 90])]


@pytest.mark.parametrize(("va", "rotation"), PLACES)
@pytest.mark.parametrize("ha", ["left", "center", "right"])
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_a_text_stands_where_matplotlib_puts_it(ha, va, rotation, weight):
    style = {"ha": ha, "va": va, "rotation": rotation, "weight": weight, "color": "#204080"}
    ours, theirs = blank(), blank()
    ours.add_artist(text_pixels(100, 100, "Ankle gap", SMALL, **style))
    theirs.text(0.5, 0.5, "Ankle gap", fontsize=SMALL, **style)
    ours, theirs = drawn(ours), drawn(theirs)
    assert np.abs(extent(ours) - extent(theirs)).max() <= 2  # pixels
    assert (ours.min(axis=(0, 1)) == (0x20, 0x40, 0x80)).all()


def test_lines_stand_below_each_other():
    ours, theirs = blank(), blank()
    ours.add_artist(text_pixels(100, 60, "two\nlong lines", SMALL, "center", "bottom"))
    theirs.text(0.5, 0.3, "two\nlong lines", ha="center", va="bottom", fontsize=SMALL)
    ours, theirs = drawn(ours), drawn(theirs)
    assert np.abs(extent(ours) - extent(theirs)).max() <= 4
    halves = [extent(pixels[:120]) for pixels in (ours, theirs)]  # the first line
    assert np.abs(halves[0] - halves[1]).max() <= 4


def test_colours_stand_as_they_are():
    colours = np.random.default_rng(0).integers(0, 256, (7, 5, 4), np.uint8)
    colours[..., 3] = 255
    figure = blank()
    figure.add_artist(Pixels(colours, 20, 30))
    pixels = drawn(figure)
    assert (pixels[SIZE - 30 - 7 : SIZE - 30, 20:25] == colours[..., :3]).all()
    assert (np.delete(pixels, np.s_[163:170], axis=0) == 255).all()


def test_an_empty_text_is_nothing():
    figure = blank()
    figure.add_artist(text_pixels(100, 100, "", SMALL))
    assert (drawn(figure) == 255).all()
