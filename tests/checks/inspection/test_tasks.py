"""Tests of the checks of notebook 04, layer and pictures: right ways, mistakes, blanks, traces."""

import copy

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import CenteredNorm, LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from torch import nn
from torch.nn import functional
from torch.utils.data import TensorDataset

from helpers import checks
from helpers.checks.inspection import kernel_pictures
from helpers.models import ConvNet
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


@pytest.fixture(autouse=True)
def _close_figures():
    with matplotlib.rc_context():
        yield
    plt.close("all")


# ----------------------------------------------------------------------------- 4.1


def test_first_layer_right():
    model = ConvNet()
    assert "6 kernels of 1×5×5" in assert_passes(checks.first_layer, model.conv_stack[0], model)
    assert_passes(checks.first_layer, model.conv_stack[-6], model)
    assert_passes(checks.first_layer, next(iter(model.conv_stack.children())), model)
    assert_passes(checks.first_layer, model.get_submodule("conv_stack.0"), model)
    assert_passes(checks.first_layer, list(model.modules())[2], model)
    model.conv_stack = nn.Sequential(nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()), nn.MaxPool2d(2))
    assert_passes(checks.first_layer, model.conv_stack[0][0], model)


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [
        (lambda m: m.conv_stack, "the whole conv_stack"),
        (lambda m: m, "the whole network"),
        (lambda m: m.conv_stack[1], "conv_stack.1, of type ReLU"),
        (lambda m: m.conv_stack[3], "conv_stack.3, of type Conv2d"),
        (lambda m: m.linear_stack[0], "linear_stack.0, of type Linear"),
        (lambda m: m.conv_stack[0].weight, "weights of a layer"),
        (lambda m: m.conv_stack[0].bias, "the biases of a layer"),
        (lambda m: m.conv_stack[0](torch.rand(1, 1, 28, 28)), "do not call the layer"),
        (lambda m: m.conv_stack[:1], "as a slice gives it"),
        (lambda m: nn.Sequential(m.conv_stack[0]), "a Sequential around some layers"),
        (lambda m: m.linear_stack, "linear_stack, a Sequential of 5 layers"),
        (lambda m: {0: m.conv_stack[0]}, "one layer of model"),
        (lambda m: list(m.conv_stack), "a list of 6 things"),
        (lambda m: next(m.conv_stack.named_children()), "a tuple of 2 things"),
        (lambda m: nn.ModuleList(m.conv_stack), "a ModuleList of 6 things"),
        (lambda m: m.conv_stack.children(), "which gives one layer after the other"),
        (lambda m: nn.Conv2d(1, 6, 5), "a Conv2d that does not belong to model"),
        (lambda m: nn.Conv2d(1, 6, 5, device="meta"), "a Conv2d that does not belong to model"),
        (lambda m: ConvNet().conv_stack[0], "or of another network"),
        (lambda m: nn.ReLU(), "a ReLU that does not belong to model"),
        (lambda m: copy.deepcopy(m.conv_stack[0]), "is a copy"),
        (lambda m: "conv_stack.0", "Leave out the quotes"),
        (lambda m: nn.Conv2d, "the class Conv2d itself"),
        (lambda m: 0, "one layer of model"),
        (lambda m: Liar(), "one layer of model"),
    ],
)
def test_first_layer_wrong(answer, fragment):
    model = ConvNet()
    assert_incorrect(checks.first_layer, fragment, answer(model), model)


def test_first_layer_blank_and_trace():
    model = ConvNet()
    assert_incorrect(checks.first_layer, "has no conv_stack", model.conv_stack[0], nn.Flatten())
    empty = ConvNet()
    empty.conv_stack = nn.Sequential()
    assert_incorrect(checks.first_layer, "has no conv_stack", model.conv_stack[0], empty)
    assert_blank(checks.first_layer, ..., model)
    assert_blank(checks.first_layer, None, model)
    assert_no_trace(checks.first_layer, model.conv_stack[0], model)


# ----------------------------------------------------------------------------- 4.2


def kernels_of(layer):
    return layer.weight.detach()[:, 0].numpy()


def draw(pictures, symmetric=True, cmap="RdBu", **options):
    """A figure with a picture in each of its axes, drawn by ``imshow``."""
    fig, axes = plt.subplots(1, len(pictures))
    if symmetric:
        limit = max(abs(np.asarray(p)).max() for p in pictures)
        options = {"vmin": -limit, "vmax": limit} | options
    for ax, picture in zip(np.atleast_1d(axes), pictures, strict=True):
        ax.imshow(np.asarray(picture), cmap=cmap, **options)
    return fig


def with_colour_bar(layer):
    fig = draw(kernels_of(layer))
    fig.colorbar(fig.axes[0].images[0], ax=fig.axes)
    return fig


def with_meshes(layer):
    fig, limit = Figure(), abs(kernels_of(layer)).max()
    for number, kernel in enumerate(kernels_of(layer)):
        ax = fig.add_subplot(2, 3, number + 1)
        ax.pcolormesh(kernel[::-1][::-1], norm=CenteredNorm(0, limit), cmap="PuOr_r")
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
    "mirrored": (lambda layer: draw(kernels_of(layer)[:, :, ::-1]), "turned or mirrored"),
    "upside down": (lambda layer: draw(kernels_of(layer)[:, ::-1]), "turned or mirrored"),
    "rounded": (lambda layer: draw(kernels_of(layer).round(), vmax=1, vmin=-1), "the same number"),
    "nan": (lambda layer: draw(kernels_of(layer) * np.nan, vmin=-1, vmax=1), "not finite"),
    "stretched": (stretched, "stretched or shifted by itself"),
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
    assert_no_trace(checks.kernel_pictures, draw(kernels_of(layer)), layer)


def test_diverging_maps_are_those_of_the_documentation():
    documented = {"PiYG", "PRGn", "BrBG", "PuOr", "RdGy", "RdBu", "RdYlBu", "RdYlGn"}
    documented |= {"Spectral", "coolwarm", "bwr", "seismic", "berlin", "managua", "vanimo"}
    names = [name for name in matplotlib.colormaps if not name.endswith("_r")]
    found = {name for name in names if kernel_pictures.is_diverging(matplotlib.colormaps[name])}
    assert found == documented & set(names)
    assert all(kernel_pictures.is_diverging(matplotlib.colormaps[f"{name}_r"]) for name in found)


# ----------------------------------------------------------------------------- 4.3


@pytest.fixture
def training_data():
    rough = torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(3))
    return TensorDataset(functional.avg_pool2d(rough, 3, 1, 1), torch.arange(12) % 10)


def maps_answer(data, layer, index=7):
    """The solution: index, feature maps and figure."""
    image = data[index][0]
    maps = layer(image)
    return index, maps, maps_figure(image, maps)


def maps_figure(image, maps):
    fig, axes = plt.subplots(2, 4)
    axes[0, 0].imshow(image.squeeze().numpy(), cmap="gray")
    for ax, one in zip(axes.flat[1:], maps.detach().reshape(-1, 24, 24), strict=False):
        ax.imshow(one.numpy(), cmap="viridis")
    return fig


def test_feature_maps_right(training_data):
    layer = nn.Conv2d(1, 6, 5)
    index, maps, fig = maps_answer(training_data, layer)
    assert_passes(checks.feature_maps, index, maps, fig, layer, training_data)
    for other in (maps.unsqueeze(0), maps.detach(), maps.double(), maps.half(), list(maps)):
        assert_passes(checks.feature_maps, index, other, fig, layer, training_data)
    assert_passes(checks.feature_maps, index, maps.detach().numpy(), fig, layer, training_data)
    for same in (np.int64(7), torch.tensor(7), torch.randint(7, 8, (1,)), np.array([7])):
        assert_passes(checks.feature_maps, same, maps, fig, layer, training_data)
    fig.colorbar(fig.axes[0].images[0], ax=fig.axes[0])
    assert_passes(checks.feature_maps, index, maps, fig, layer, training_data)
    bytes_shown = maps_figure((training_data[7][0] * 255).byte(), maps)
    assert_passes(checks.feature_maps, index, maps, bytes_shown, layer, training_data)
    meshes, axes = plt.subplots(1, 7)
    for ax, one in zip(axes, [training_data[7][0][0], *maps.detach()], strict=True):
        ax.pcolormesh(one.flip(0))
    assert_passes(checks.feature_maps, index, maps, meshes, layer, training_data)
    arrays = [(image.numpy(), label) for image, label in training_data]
    assert_passes(checks.feature_maps, index, maps, fig, layer, arrays)


INDEX_MISTAKES = {
    "length": (12, "index is 12, but with 12 images the last one is number 11"),
    "from the end": (-5, "index is -5; the first image has the number 0"),
    "huge": (10**400, "index is a huge number, but with 12 images"),
    "several": (torch.tensor([7, 8]), "expected is a whole number"),
    "pair": (np.array([7, 8]), "expected is a whole number"),
    "function": (torch.randint, "expected is a whole number"),
    "float": (7.0, "7.0 (of type float); expected is a whole number"),
    "text": ("7", "expected is a whole number"),
    "tensor": (torch.tensor(7.0), "expected is a whole number"),
    "boolean": (True, "expected is a whole number"),
    "liar": (Liar(), "expected is a whole number"),
}


@pytest.mark.parametrize(("index", "fragment"), INDEX_MISTAKES.values(), ids=INDEX_MISTAKES)
def test_feature_maps_wrong_index(training_data, index, fragment):
    layer = nn.Conv2d(1, 6, 5)
    _, maps, fig = maps_answer(training_data, layer)
    assert_incorrect(checks.feature_maps, fragment, index, maps, fig, layer, training_data)


MAP_MISTAKES = {
    "other image": (lambda m, x, y: m.conv_stack[0](y), "another image was drawn"),
    "brighter": (lambda m, x, y: m.conv_stack[0](x * 255), "changed on the way"),
    "relu": (lambda m, x, y: m.conv_stack[:2](x), "after ReLU"),
    "pooled": (lambda m, x, y: m.conv_stack[:3](x), "Call first_layer and no other"),
    "second": (lambda m, x, y: m.conv_stack[:4](x), "[16, 8, 8]; expected is [6, 24, 24]"),
    "scores": (lambda m, x, y: m(x[None]), "These are scores"),
    "image": (lambda m, x, y: x, "This is the image"),
    "image without channel": (lambda m, x, y: x[0], "This is the image"),
    "one map": (lambda m, x, y: m.conv_stack[0](x)[0], "a single map"),
    "batch": (lambda m, x, y: m.conv_stack[0](torch.stack([x, y])), "a batch of several"),
    "other layer": (lambda m, x, y: nn.Conv2d(1, 6, 5)(x), "another layer, or by another"),
    "no bias": (
        lambda m, x, y: functional.conv2d(x, m.conv_stack[0].weight),
        "the bias is missing",
    ),
    "kernels": (lambda m, x, y: m.conv_stack[0].weight, "These are the kernels"),
    "padded": (
        lambda m, x, y: functional.conv2d(x[None], m.conv_stack[0].weight, padding=2),
        "[1, 6, 28, 28]; expected is [6, 24, 24], as first_layer gives it",
    ),
    "no maps": (lambda m, x, y: torch.zeros(6, 24, 24), "feature_maps is 0 everywhere"),
    "whole numbers": (lambda m, x, y: (9 * m.conv_stack[0](x)).int(), "whole numbers only"),
    "stretched": (lambda m, x, y: 2 * m.conv_stack[0](x) + 1, "stretched or shifted"),
    "absolute": (lambda m, x, y: m.conv_stack[0](x).abs(), "has no negative numbers, but"),
    "relu of another": (lambda m, x, y: m.conv_stack[:2](y), "has no negative numbers, but"),
    "uneven list": (lambda m, x, y: [x, x[0]], "expected is the tensor"),
    "layer": (lambda m, x, y: m.conv_stack[0], "expected is the tensor"),
    "nan": (lambda m, x, y: m.conv_stack[0](x) * float("nan"), "not finite"),
    "liar": (lambda m, x, y: Liar(), "expected is the tensor"),
}


@pytest.mark.parametrize(("answer", "fragment"), MAP_MISTAKES.values(), ids=MAP_MISTAKES)
def test_feature_maps_wrong(training_data, answer, fragment):
    model = ConvNet()
    layer = model.conv_stack[0]
    index, _, fig = maps_answer(training_data, layer)
    maps = answer(model, training_data[7][0], training_data[8][0])
    assert_incorrect(checks.feature_maps, fragment, index, maps, fig, layer, training_data)


def test_feature_maps_wrong_pictures(training_data):
    layer = nn.Conv2d(1, 6, 5)
    index, maps, fig = maps_answer(training_data, layer)
    image = training_data[7][0]

    def refused(fragment, answer):
        assert_incorrect(checks.feature_maps, fragment, index, maps, answer, layer, training_data)

    refused("fig has 6 pictures; expected are 7", draw(maps.detach().numpy()))
    refused("the image itself", maps_figure(maps[0].detach(), maps))
    refused("the image itself", maps_figure(training_data[8][0], maps))
    refused("feature map 1 is not among", maps_figure(image, maps[:1].repeat(6, 1, 1)))
    refused("feature map 0 is shown without its neg", maps_figure(image, maps.relu()))
    refused("feature map 0 is shown without its neg", maps_figure(image, maps.abs()))
    refused("expected is the figure", fig.axes)


def test_feature_maps_blank_and_trace(training_data):
    layer = nn.Conv2d(1, 6, 5)
    index, maps, fig = maps_answer(training_data, layer)
    assert_blank(checks.feature_maps, ..., maps, fig, layer, training_data)
    assert_blank(checks.feature_maps, index, ..., fig, layer, training_data)
    assert_blank(checks.feature_maps, index, maps, None, layer, training_data)
    assert_blank(checks.feature_maps, index, maps, plt.figure(), layer, training_data)
    assert_blank(checks.feature_maps, index, maps, fig, ..., training_data)
    assert_no_trace(checks.feature_maps, index, maps, fig, layer, training_data)


@pytest.mark.parametrize(
    ("data", "fragment"),
    [
        (3, "expected are images and labels"),
        (list(range(12)), "expected are images and labels"),
        ([(torch.rand(3, 32, 32), 0)] * 12, "no grey image of 28×28 pixels"),
        (["image"] * 12, "no grey image of 28×28 pixels"),
    ],
)
def test_feature_maps_of_no_data(training_data, data, fragment):
    layer = nn.Conv2d(1, 6, 5)
    answers = maps_answer(training_data, layer)
    assert_incorrect(checks.feature_maps, fragment, *answers, layer, data)


def test_feature_maps_does_not_call_the_students_hooks(training_data):
    layer = nn.Conv2d(1, 6, 5)
    answers = maps_answer(training_data, layer)
    kept = []
    layer.register_forward_hook(lambda *seen: kept.append(seen))
    assert_passes(checks.feature_maps, *answers, layer, training_data)
    assert not kept
