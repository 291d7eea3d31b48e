"""Task 2.3: right ways, mistakes and their messages, blanks, traces."""

import matplotlib.pyplot as plt
import pytest
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import nn

from helpers import checks
from tests.checks.pooling.parts import IMAGE, POOLED
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes

OTHER = torch.rand(28, 28, generator=torch.Generator().manual_seed(8))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def figure(pictures=(IMAGE[0], POOLED[0]), titles=("image", "pooled"), shape=(1, 2), **how):
    """Pictures on axes that are counted through, with their titles; ``None`` leaves one out."""
    fig = Figure()
    axes = fig.subplots(*shape, squeeze=False).flatten()
    for ax, picture in zip(axes, pictures, strict=False):
        if picture is not None:
            ax.imshow(picture, cmap="gray", **how)
    for ax, title in zip(axes, titles, strict=False):
        if title:
            ax.set_title(title)
    return fig


def with_pyplot():
    fig, axes = plt.subplots(1, 2)
    plt.sca(axes[0])
    plt.imshow(IMAGE.squeeze())
    plt.title("before")
    plt.sca(axes[1])
    plt.imshow(POOLED.permute(1, 2, 0))
    plt.title("after")
    return fig


def with_colorbars():
    fig, axes = plt.subplots(1, 2)
    for ax, picture, title in zip(axes, (IMAGE, POOLED), ("a", "b"), strict=True):
        drawn = ax.imshow(255 * picture[0])
        fig.colorbar(drawn, ax=ax)
        ax.set_title(title, loc="left")
    return fig


def with_mesh():
    fig, axes = plt.subplots(1, 2)
    for ax, picture, title in zip(axes, (IMAGE, POOLED), ("a", "b"), strict=True):
        ax.pcolormesh(picture[0])
        ax.invert_yaxis()
        ax.set_title(title)
    return fig


def with_subfigures():
    fig = plt.figure()
    for part, picture in zip(fig.subfigures(1, 2), (IMAGE, POOLED), strict=True):
        ax = part.subplots()
        ax.imshow(picture[0])
        ax.set_title(f"{len(picture[0])} pixels")
    return fig


def with_a_mesh_from_below():
    """The last row first, as somebody does who knows that meshes begin at the bottom."""
    fig, axes = plt.subplots(1, 2)
    for ax, picture, title in zip(axes, (IMAGE, POOLED), ("a", "b"), strict=True):
        ax.pcolor(picture[0].flip(0))
        ax.set_title(title)
    return fig


def turned(change, **how):
    """A figure whose first axes was changed after the picture was drawn."""
    fig = figure(**how)
    change(fig.axes[0])
    return fig


def with_third(change):
    """A figure with a third axes, which was then changed."""
    fig = figure(shape=(1, 3))
    change(fig.axes[2])
    return fig


def with_one_over_the_other():
    fig = figure()
    fig.axes[0].images[0].set_zorder(2)  # on top, though drawn first
    fig.axes[0].imshow(OTHER)
    return fig


@pytest.mark.parametrize(
    "make",
    [
        figure,
        with_subfigures,
        with_one_over_the_other,
        lambda: figure(pictures=(IMAGE[0].numpy(), (255 * POOLED[0]).byte())),
        lambda: figure(pictures=(POOLED[0], IMAGE[0]), titles=("pooled", "image")),
        lambda: figure(vmin=0, vmax=1),
        lambda: figure(shape=(2, 1)),
        lambda: with_third(lambda ax: ax.remove()),
        lambda: with_third(lambda ax: ax.set_visible(False)),
        lambda: with_third(lambda ax: ax.set_axis_off()),
        lambda: turned(lambda ax: ax.set_axis_off()),
        lambda: figure(pictures=(IMAGE[0].flip(0), POOLED[0].flip(0)), origin="lower"),
        lambda: turned(lambda ax: ax.invert_yaxis(), pictures=(IMAGE[0].flip(0), POOLED[0])),
        lambda: turned(lambda ax: ax.set_xlim(-3, 31)),
        lambda: figure(extent=(0, 1, 1, 0)),
        lambda: figure(extent=(0, 28, 0, 28)),
        with_a_mesh_from_below,
        with_pyplot,
        with_colorbars,
        with_mesh,
    ],
)
def test_side_by_side_right(make):
    line = assert_passes(checks.side_by_side, make(), IMAGE, POOLED)
    assert "28×28 pixels beside 5×5" in line


def titles_on_the_first():
    fig = figure(titles=())
    fig.axes[0].set_title("image")
    fig.axes[0].set_title("pooled")
    return fig


def both_on_the_first():
    fig = figure(pictures=(IMAGE[0],))
    fig.axes[0].imshow(POOLED[0])
    return fig


def only_suptitle():
    fig = figure(titles=())
    fig.suptitle("image and pooled")
    return fig


def hidden():
    fig = figure(pictures=(POOLED[0], OTHER))
    fig.axes[0].imshow(IMAGE[0])
    return fig


def invisible():
    fig = figure()
    fig.axes[1].set_visible(False)
    return fig


def shared():
    """The pooled image, drawn last, sets the limits of both."""
    fig, axes = plt.subplots(1, 2, sharex=True, sharey=True)
    for ax, picture, title in zip(axes, (IMAGE, POOLED), ("a", "b"), strict=True):
        ax.imshow(picture[0])
        ax.set_title(title)
    return fig


def in_one_place():
    fig = Figure()
    for picture, title in ((IMAGE, "image"), (POOLED, "pooled")):
        ax = fig.add_axes((0.1, 0.1, 0.8, 0.8))
        ax.imshow(picture[0])
        ax.set_title(title)
    return fig


def mesh():
    fig = figure(pictures=())
    for ax, picture in zip(fig.axes, (IMAGE, POOLED), strict=True):
        ax.pcolormesh(picture[0])
    return fig


def put(name, value, number=0):
    """A figure in which something was put in the place of an attribute of an axes."""
    fig = figure()
    setattr(fig.axes[number], name, value)
    return fig


def two_figures():
    return plt.figure(), plt.figure()


@pytest.mark.parametrize(
    ("make", "fragment"),
    [
        (titles_on_the_first, "the pooled image has no title"),
        (lambda: figure(titles=("image", "  ")), "the pooled image has no title"),
        (lambda: figure(titles=("", "pooled")), "the image has no title"),
        (lambda: figure(titles=()), "neither picture has a title"),
        (only_suptitle, "neither picture has a title"),
        (lambda: figure(titles=("Bag", "Bag")), "both titles read 'Bag'"),
        (lambda: figure(pictures=(IMAGE[0], IMAGE[0])), "both axes show the image"),
        (lambda: figure(pictures=(POOLED[0], POOLED[0])), "both axes show the pooled image"),
        (lambda: figure(pictures=(IMAGE[0], None)), "2 axes, and a picture on one of them only"),
        (lambda: figure(pictures=(None, None, POOLED[0]), shape=(1, 3)), "3 axes, and a picture"),
        (lambda: figure(shape=(1, 3)), "the figure has 3 axes, one of them empty; asked for are"),
        (lambda: figure(shape=(2, 2)), "the figure has 4 axes, 2 of them empty"),
        (lambda: figure((IMAGE[0], POOLED[0], OTHER), shape=(1, 3)), "has 3 axes; asked for"),
        (lambda: figure((IMAGE[0], POOLED[0], IMAGE[0]), shape=(1, 3)), "has 3 axes; asked for"),
        (lambda: with_third(lambda ax: ax.plot([1, 2])), "has 3 axes; asked for are two"),
        (lambda: figure(origin="lower"), "the image is shown upside down"),
        (lambda: turned(lambda ax: ax.invert_yaxis()), "the image is shown upside down"),
        (lambda: turned(lambda ax: ax.set_ylim(-0.5, 27.5)), "the image is shown upside down"),
        (lambda: figure(pictures=(IMAGE[0].flip(0), POOLED[0])), "the image is shown upside down"),
        (lambda: figure(pictures=(IMAGE[0], POOLED[0].flip(0))), "the pooled image is shown ups"),
        (mesh, "the image is shown upside down"),
        (lambda: turned(lambda ax: ax.invert_xaxis()), "the image is shown as in a mirror"),
        (lambda: figure(pictures=(IMAGE[0].rot90(2), POOLED[0])), "turned by half a turn"),
        (lambda: turned(lambda ax: ax.set_xlim(0, 10)), "only a part of the image is in view"),
        (shared, "only a part of the image is in view"),
        (in_one_place, "lie one over the other"),
        (lambda: put("title", "image"), "the text 'image' was put in the place of an axes' title"),
        (lambda: put("title", "pooled", 1), "the text 'pooled' was put in the place"),
        (lambda: put("title", ("image",)), "was put in the place of an axes' title"),
        (lambda: put("set_title", "image"), "the text 'image' was put in the place of set_title"),
        (both_on_the_first, "drawn on the same axes"),
        (lambda: figure(shape=(1, 1)), "one axes only"),
        (lambda: figure(pictures=()), "no picture in the figure"),
        (lambda: figure(pictures=(IMAGE[0].T, POOLED[0])), "rows and columns swapped"),
        (lambda: figure(pictures=(IMAGE[0], POOLED[0].flip(1))), "in a mirror"),
        (lambda: figure(pictures=(OTHER, POOLED[0])), "it is not the image"),
        (
            lambda: figure(pictures=(IMAGE[0], F.avg_pool2d(IMAGE, 5)[0])),
            "it is not the pooled image",
        ),
        (
            lambda: figure(pictures=(IMAGE[0], F.max_pool2d(IMAGE, 2)[0])),
            "5×5 pixels, is not shown",
        ),
        (hidden, "the pooled image is hidden under another picture"),
        (invisible, "one axes only"),
        (lambda: plt.subplots(1, 2), "fig is a tuple; expected is the figure alone"),
        (lambda: [figure()], "fig is a list; expected is the figure alone"),
        (two_figures, "fig holds 2 figures"),
        (lambda: plt.subplots(1, 2)[1], "fig holds axes"),
        (lambda: figure().axes[0], "fig holds axes"),
        (lambda: IMAGE, "expected is the figure"),
        (Liar, "expected is the figure"),
    ],
)
def test_side_by_side_wrong(make, fragment):
    assert_incorrect(checks.side_by_side, fragment, make(), IMAGE, POOLED)


def test_side_by_side_of_other_things():
    assert_incorrect(checks.side_by_side, "as large as the image", figure(), IMAGE, IMAGE)
    assert_incorrect(checks.side_by_side, "on the device meta", figure(), IMAGE, POOLED.to("meta"))
    assert_incorrect(checks.side_by_side, "one grey image", figure(), IMAGE.expand(3, 28, 28), 1)
    assert_incorrect(
        checks.side_by_side, "the tensor that you show", figure(), IMAGE, nn.MaxPool2d(5)
    )


def test_side_by_side_blank():
    assert_blank(checks.side_by_side, ..., IMAGE, POOLED)
    assert_blank(checks.side_by_side, figure(), IMAGE, ...)


def test_side_by_side_leaves_no_trace():
    assert_no_trace(checks.side_by_side, with_pyplot(), IMAGE, POOLED)
    assert_no_trace(checks.side_by_side, figure(titles=()), IMAGE, POOLED)
