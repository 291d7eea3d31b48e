"""Task 4.2: right ways, mistakes and their messages, blanks, traces."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import CenteredNorm, LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from torch import nn

from helpers import checks
from helpers.checks.inspection import kernel_pictures
from tests.checks.inspection.parts import draw
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def kernels_of(layer):
    return layer.weight.detach()[:, 0].numpy()


def with_colour_bar(layer):
    fig = draw(kernels_of(layer))
    fig.colorbar(fig.axes[0].images[0], ax=fig.axes)
    return fig


def with_meshes(layer):
    fig, limit = Figure(), abs(kernels_of(layer)).max()
    for number, kernel in enumerate(kernels_of(layer)):
        ax = fig.add_subplot(2, 3, number + 1)
        ax.pcolormesh(kernel[::-1], norm=CenteredNorm(0, limit), cmap="PuOr_r")
    return fig


def with_turned_rows(layer):
    """Upright, though the first row is drawn at the bottom."""
    fig, axes = plt.subplots(2, 3)
    for ax, kernel in zip(axes.flat, kernels_of(layer), strict=True):
        if ax is axes[0, 0]:
            ax.imshow(kernel[::-1], cmap="bwr", vmin=-0.2, vmax=0.2, origin="lower")
        else:
            ax.pcolor(kernel[::-1], cmap="bwr", vmin=-0.2, vmax=0.2)
    return fig


def with_subfigures(layer):
    fig = plt.figure()
    for half, kernels in zip(fig.subfigures(1, 2), np.split(kernels_of(layer), 2), strict=True):
        for ax, kernel in zip(half.subplots(1, 3), kernels, strict=True):
            ax.imshow(kernel, cmap="seismic", norm=TwoSlopeNorm(0, -0.2, 0.2))
    return fig


def with_grid(layer):
    fig = plt.figure()
    for place, kernel in zip(GridSpec(3, 2, figure=fig), kernels_of(layer), strict=True):
        fig.add_subplot(place).imshow(kernel[..., None], cmap="PRGn")
    for ax in fig.axes:
        ax.images[0].set_clim(-0.2, 0.2)
    fig.subplots_adjust(wspace=0.5)
    return fig


def with_spare_axes(layer):
    fig, axes = plt.subplots(2, 4)
    for ax, kernel in zip(axes.flat, kernels_of(layer)[::-1], strict=False):
        ax.matshow(kernel, vmin=-0.25, vmax=0.25, cmap="coolwarm")
    return fig


def with_own_map(layer):
    colours = LinearSegmentedColormap.from_list("mine", ["darkgreen", "white", "purple"])
    kernels = kernels_of(layer)
    return draw(kernels / abs(kernels).max(), cmap=colours)


@pytest.mark.parametrize(
    "answer",
    [
        lambda layer: draw(kernels_of(layer)),
        with_colour_bar,
        with_meshes,
        with_turned_rows,
        with_subfigures,
        with_grid,
        with_spare_axes,
        with_own_map,
        lambda layer: draw(kernels_of(layer)[[5, 3, 1, 0, 2, 4]]),
        lambda layer: draw(kernels_of(layer)[:, ::-1], origin="lower"),
        lambda layer: draw(kernels_of(layer), extent=(0, 5, 0, 5)),
        lambda layer: draw(kernels_of(layer), cmap="seismic", interpolation="nearest"),
        lambda layer: draw(255 * kernels_of(layer)),
        lambda layer: draw(layer.weight.detach().permute(0, 2, 3, 1)),
    ],
)
def test_kernel_pictures_right(answer):
    layer = nn.Conv2d(1, 6, 5)
    assert_passes(checks.kernel_pictures, answer(layer), layer)


def test_kernel_pictures_of_equal_kernels_pass():
    layer = nn.Conv2d(1, 6, 5)
    with torch.no_grad():
        layer.weight[3] = layer.weight[1]
    assert_passes(checks.kernel_pictures, draw(kernels_of(layer)), layer)


def overlaid(layer):
    fig, ax = plt.subplots()
    for kernel in kernels_of(layer):
        ax.imshow(kernel)
    return fig


def stretched(layer):
    kernels = kernels_of(layer)
    return draw([(k - k.min()) / (k.max() - k.min()) for k in kernels])


def swapped_last(layer):
    kernels = kernels_of(layer).copy()
    kernels[5] = kernels[4]
    return draw(kernels)


def one_grey(layer):
    fig = draw(kernels_of(layer))
    fig.axes[5].images[0].set_cmap("RdBu_r")
    return fig


def with_lines(layer):
    fig, ax = plt.subplots()
    ax.plot(kernels_of(layer).reshape(6, 25).T)
    return fig


def with_meshes_from_below(layer):
    fig, axes = plt.subplots(1, 6)
    for ax, kernel in zip(axes, kernels_of(layer), strict=True):
        ax.pcolormesh(kernel, vmin=-0.2, vmax=0.2, cmap="RdBu")
    return fig


def one_scale_changed(layer):
    fig = draw(kernels_of(layer), vmin=-0.2, vmax=0.2)
    fig.axes[3].images[0].set_clim(-0.1, 0.1)
    return fig


KERNEL_MISTAKES = {
    "fewer": (lambda layer: draw(kernels_of(layer)[:5]), "fig has 5 pictures; expected are 6"),
    "all in one": (
        lambda layer: draw([np.hstack(kernels_of(layer))]),
        "fig has 1 picture; expected are 6: the 6 kernels of first_layer. Draw each on axes",
    ),
    "more": (lambda layer: draw([*kernels_of(layer)] * 2), "fig has 12 pictures"),
    "overlaid": (overlaid, "on top of each other"),
    "lines": (with_lines, "has no picture"),
    "own scales": (
        lambda layer: draw(kernels_of(layer), symmetric=False),
        "each picture has its own colour scale",
    ),
    "not symmetric": (
        lambda layer: draw(kernels_of(layer), vmin=-0.2, vmax=0.3),
        "not as far down as up",
    ),
    "two slopes": (
        lambda layer: draw(kernels_of(layer), symmetric=False, norm=TwoSlopeNorm(0, -0.1, 0.2)),
        "not as far down as up",
    ),
    "ends swapped": (lambda layer: draw(kernels_of(layer), vmin=0.2, vmax=-0.2), "Swap them"),
    "two maps": (one_grey, "different colour maps, RdBu and RdBu_r"),
    "clipped": (lambda layer: draw(kernels_of(layer), vmin=-0.01, vmax=0.01), "ends at ±0.01"),
    "pale": (lambda layer: draw(kernels_of(layer), vmin=-255, vmax=255), "all look pale"),
    "grey": (lambda layer: draw(kernels_of(layer), cmap="gray"), "map gray has no neutral middle"),
    "viridis": (lambda layer: draw(kernels_of(layer), cmap="viridis"), "diverging"),
    "rainbow": (lambda layer: draw(kernels_of(layer), cmap="jet_r"), "diverging"),
    "same kernel": (lambda layer: draw([kernels_of(layer)[0]] * 6), "the same kernel, number 0"),
    "one twice": (swapped_last, "kernel 5 is not shown"),
    "bias": (lambda layer: draw([layer.bias.detach().reshape(2, 3)] * 6), "first_layer.bias"),
    "bias alone": (
        lambda layer: draw([b.reshape(1, 1) for b in layer.bias.detach()]),
        "first_layer.bias",
    ),
    "signs": (lambda layer: draw(abs(kernels_of(layer))), "without its signs"),
    "swapped": (lambda layer: draw(kernels_of(layer).transpose(0, 2, 1)), "rows and columns"),
    "turned round": (lambda layer: draw(-kernels_of(layer)), "with all signs turned round"),
    "cut off": (lambda layer: draw(kernels_of(layer).clip(0)), "without its negative weights"),
    "mirrored": (lambda layer: draw(kernels_of(layer)[:, :, ::-1]), "mirrored, left and right"),
    "upside down": (lambda layer: draw(kernels_of(layer)[:, ::-1]), "upside down"),
    "a quarter turn": (
        lambda layer: draw(np.rot90(kernels_of(layer), axes=(1, 2))),
        "shows kernel 0 turned",
    ),
    "half a turn": (lambda layer: draw(kernels_of(layer)[:, ::-1, ::-1]), "shows kernel 0 turned"),
    "turned and mirrored": (
        lambda layer: draw(kernels_of(layer)[:, ::-1, ::-1].transpose(0, 2, 1)),
        "shows kernel 0 turned",
    ),
    "drawn from below": (
        lambda layer: draw(kernels_of(layer), origin="lower"),
        "picture 0 shows kernel 0 upside down",
    ),
    "meshes from below": (with_meshes_from_below, "picture 0 shows kernel 0 upside down"),
    "last one swapped": (
        lambda layer: draw([*kernels_of(layer)[:5], kernels_of(layer)[5].T]),
        "picture 5 shows kernel 5 with rows and columns swapped",
    ),
    "first one swapped": (
        lambda layer: draw([kernels_of(layer)[0].T, *kernels_of(layer)[1:]]),
        "picture 0 shows kernel 0 with rows and columns swapped",
    ),
    "five of one": (
        lambda layer: draw([*[kernels_of(layer)[0]] * 5, kernels_of(layer)[5]]),
        "kernel 1 is not shown, and another one more than once",
    ),
    "in colour": (
        lambda layer: draw([np.stack([k, -k, k], -1).clip(0, 1) for k in kernels_of(layer)]),
        "5×5×3 pixels; a kernel has 5×5",
    ),
    "side by side": (lambda layer: draw([kernels_of(layer).reshape(30, 5)] * 6), "30×5 pixels"),
    "zeros": (lambda layer: draw(np.zeros((6, 5, 5)), vmin=-1, vmax=1), "the same number, 0,"),
    "shifted all": (
        lambda layer: draw(kernels_of(layer) + 1),
        "kernel 0 stretched or shifted: these are not its weights",
    ),
    "half the limit": (
        lambda layer: draw(kernels_of(layer), vmin=-0.05, vmax=0.05),
        "all beyond share the end colours",
    ),
    "from zero": (
        lambda layer: draw(kernels_of(layer), vmin=0, vmax=0.2),
        "from 0 to 0.2, not as far down as up",
    ),
    "smallest and largest": (
        lambda layer: draw(kernels_of(layer), vmin=kernels_of(layer).min(), vmax=0.5),
        "not as far down as up",
    ),
    "one of another scale": (
        one_scale_changed,
        "picture 0 goes from -0.2 to 0.2, picture 3 from -0.1 to 0.1",
    ),
    "bone": (lambda layer: draw(kernels_of(layer), cmap="bone"), "no neutral middle"),
    "hot": (lambda layer: draw(kernels_of(layer), cmap="hot"), "no neutral middle"),
    "twilight": (lambda layer: draw(kernels_of(layer), cmap="hsv"), "no neutral middle"),
    "rounded": (lambda layer: draw(kernels_of(layer).round(), vmax=1, vmin=-1), "the same number"),
    "nan": (lambda layer: draw(kernels_of(layer) * np.nan, vmin=-1, vmax=1), "not finite"),
    "stretched": (stretched, "kernel 0 stretched or shifted: these are not its weights"),
    "others": (lambda layer: draw(np.random.default_rng(0).normal(size=(6, 5, 5))), "no kernel of"),
    "maps": (lambda layer: draw(np.ones((6, 24, 24))), "24×24 pixels; a kernel has 5×5"),
    "axes": (lambda layer: plt.subplots(1, 6)[1], "expected is the figure"),
    "both": (lambda layer: plt.subplots(1, 6), "expected is the figure"),
    "figures": (lambda layer: [plt.figure() for _ in range(6)], "fig is 6 figures"),
    "picture": (lambda layer: plt.imshow(kernels_of(layer)[0]), "of type AxesImage; expected"),
    "tensor": (lambda layer: layer.weight, "expected is a figure"),
    "liar": (lambda layer: Liar(), "expected is a figure"),
}


@pytest.mark.parametrize(("answer", "fragment"), KERNEL_MISTAKES.values(), ids=KERNEL_MISTAKES)
def test_kernel_pictures_wrong(answer, fragment):
    layer = nn.Conv2d(1, 6, 5)
    assert_incorrect(checks.kernel_pictures, fragment, answer(layer), layer)


def test_kernel_pictures_blank_and_trace():
    layer = nn.Conv2d(1, 6, 5)
    assert_blank(checks.kernel_pictures, ..., layer)
    assert_blank(checks.kernel_pictures, plt.subplots(1, 6)[0], layer)
    assert_blank(checks.kernel_pictures, draw(kernels_of(layer)), ...)
    assert_incorrect(
        checks.kernel_pictures, "Do task 4.1 first", draw(kernels_of(layer)), nn.Conv2d(6, 16, 5)
    )
    nowhere = nn.Conv2d(1, 6, 5, device="meta")
    assert_incorrect(checks.kernel_pictures, "the device meta", draw(kernels_of(layer)), nowhere)
    worded, flat = nn.Conv2d(1, 6, 5, "same"), nn.Conv2d(1, 6, 5)
    flat.weight = nn.Parameter(torch.zeros(5, 5))
    for broken in (worded, flat, nn.Conv2d(1, 6, 30)):
        answer = draw(kernels_of(layer)), broken
        assert_incorrect(checks.kernel_pictures, "cannot run on an image of 28×28", *answer)
    assert_no_trace(checks.kernel_pictures, draw(kernels_of(layer)), layer)


def test_diverging_maps_are_those_of_the_documentation():
    documented = {"PiYG", "PRGn", "BrBG", "PuOr", "RdGy", "RdBu", "RdYlBu", "RdYlGn"}
    documented |= {"Spectral", "coolwarm", "bwr", "seismic", "berlin", "managua", "vanimo"}
    names = [name for name in matplotlib.colormaps if not name.endswith("_r")]
    found = {name for name in names if kernel_pictures.is_diverging(matplotlib.colormaps[name])}
    assert found == documented & set(names)
    assert all(kernel_pictures.is_diverging(matplotlib.colormaps[f"{name}_r"]) for name in found)
