"""Task 4.3: right ways, mistakes and their messages, blanks, traces."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import TensorDataset

from helpers import checks
from helpers.models import ConvNet
from tests.checks.inspection.parts import draw
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


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
    "scores": (lambda m, x, y: m(x[None]), "Ten numbers are what the whole network gives"),
    "image": (lambda m, x, y: x, "This is the image"),
    "image without channel": (lambda m, x, y: x[0], "This is the image"),
    "one map": (lambda m, x, y: m.conv_stack[0](x)[0], "a single map"),
    "batch": (
        lambda m, x, y: m.conv_stack[0](torch.stack([x, y])),
        "These are the maps of 2 images",
    ),
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
    "swapped": (lambda m, x, y: m.conv_stack[0](x).mT, "with rows and columns swapped"),
    "upside down": (lambda m, x, y: m.conv_stack[0](x).flip(1), "but turned, mirrored"),
    "mirrored": (lambda m, x, y: m.conv_stack[0](x).flip(2), "but turned, mirrored"),
    "turned": (lambda m, x, y: m.conv_stack[0](x).rot90(1, (1, 2)), "but turned, mirrored"),
    "turned back": (lambda m, x, y: m.conv_stack[0](x).rot90(-1, (1, 2)), "but turned, mirr"),
    "half a turn": (lambda m, x, y: m.conv_stack[0](x).flip(1, 2), "but turned, mirrored"),
    "another order": (
        lambda m, x, y: m.conv_stack[0](x).flip(0),
        "the right maps in another order",
    ),
    "image swapped": (lambda m, x, y: m.conv_stack[0](x.mT), "changed on the way"),
    "image mirrored": (lambda m, x, y: m.conv_stack[0](x.flip(2)), "changed on the way"),
    "noise of that shape": (lambda m, x, y: torch.randn(6, 24, 24), "does not give these numbers"),
    "channels last": (
        lambda m, x, y: m.conv_stack[0](x).permute(1, 2, 0),
        "[24, 24, 6]; expected is [6, 24, 24]",
    ),
    "one channel": (lambda m, x, y: torch.rand(1, 28, 28), "[1, 28, 28]; expected is [6, 24, 24]"),
    "probabilities": (
        lambda m, x, y: m(x[None]).softmax(1)[0],
        "Ten numbers are what the whole network gives",
    ),
    "whole stack": (lambda m, x, y: m.conv_stack(x), "Call first_layer and no other"),
    "flat": (lambda m, x, y: m.conv_stack[0](x).flatten(), "[3456]; expected is [6, 24, 24]"),
    "weights like it": (lambda m, x, y: torch.rand(6, 1, 5, 5), "Call first_layer and no other"),
    "tanh": (lambda m, x, y: m.conv_stack[0](x).sin() * 5, "does not give these numbers"),
    "text": (lambda m, x, y: "maps", "the text 'maps'; expected is the tensor"),
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
    refused("expected is the figure", fig.axes)
    more_than_once = (
        "feature map 1 is not among the pictures in fig, and feature map 0 is there more"
    )
    refused(more_than_once, maps_figure(image, maps[:1].repeat(6, 1, 1)))
    for changed in (maps.relu(), maps.abs()):
        refused("feature map 0 is shown without its neg", maps_figure(image, changed))


PICTURE_MISTAKES = {
    "swapped": (lambda x, maps: (x, maps.mT), "feature map 0 is shown with rows and columns"),
    "upside down": (lambda x, maps: (x, maps.flip(1)), "feature map 0 is shown upside down"),
    "mirrored": (lambda x, maps: (x, maps.flip(2)), "feature map 0 is shown mirrored"),
    "half a turn": (lambda x, maps: (x, maps.flip(1, 2)), "feature map 0 is shown turned. Show"),
    "a quarter": (
        lambda x, maps: (x, maps.rot90(1, (1, 2))),
        "feature map 0 is shown turned. Show",
    ),
    "both": (lambda x, maps: (x, maps.flip(1, 2).mT), "feature map 0 is shown turned and mirrored"),
    "one alone": (
        lambda x, maps: (x, torch.cat([maps[:1], maps[1:].mT])),
        "feature map 1 is shown with rows and columns swapped",
    ),
    "image swapped": (lambda x, maps: (x.mT, maps), "the image is shown with rows and columns"),
    "image upside down": (lambda x, maps: (x.flip(1), maps), "the image is shown upside down"),
    "image mirrored": (lambda x, maps: (x.flip(2), maps), "the image is shown mirrored"),
    "all swapped": (lambda x, maps: (x.mT, maps.mT), "the image is shown with rows and columns"),
    "minus": (lambda x, maps: (x, -maps), "feature map 0 is shown with all signs turned round"),
    "image inverted": (lambda x, maps: (1 - x, maps), "the image is shown with bright and dark"),
    "last missing": (
        lambda x, maps: (x, torch.cat([maps[:1], maps[:1]])),
        "feature map 1 is not among the pictures in fig, and feature map 0 is there more than once",
    ),
    "image in place of a map": (
        lambda x, maps: (x, [*maps[:1], x[0]]),
        "feature map 1 is not among the pictures in fig, and the image is there more than once",
    ),
    "a map in place of the image": (lambda x, maps: (maps[0], maps), "none of the pictures in fig"),
    "kernel in place of a map": (
        lambda x, maps: (x, [*maps[:1], torch.rand(5, 5)]),
        "feature map 1 is not among the pictures in fig: picture 2, of 5×5, is neither",
    ),
    "another image's": (
        lambda x, maps: (x, torch.randn(2, 24, 24)),
        "feature map 0 is not among the pictures in fig: picture 1, of 24×24, is neither",
    ),
    "black image": (lambda x, maps: (x.numpy()[0], maps), "the image looks the same everywhere"),
}


@pytest.mark.parametrize(("change", "fragment"), PICTURE_MISTAKES.values(), ids=PICTURE_MISTAKES)
def test_feature_maps_wrong_pictures_of_each_kind(training_data, change, fragment):
    layer = nn.Conv2d(1, 2, 5)
    index = 7
    maps = layer(training_data[index][0])
    image, drawn = change(training_data[7][0], maps.detach())
    fig, axes = plt.subplots(1, 3)
    black = isinstance(image, np.ndarray)
    scale = {"vmin": 0, "vmax": 255} if black else {}
    axes[0].imshow(image if black else image.squeeze().numpy(), cmap="gray", **scale)
    for ax, one in zip(axes[1:], drawn, strict=True):
        ax.imshow(one.numpy())
    assert_incorrect(checks.feature_maps, fragment, index, maps, fig, layer, training_data)


def drawn_by(draw_one):
    def make(image, maps):
        fig, axes = plt.subplots(1, 3)
        for ax, one in zip(axes, [image[0], *maps], strict=True):
            draw_one(ax, one.numpy())
        return fig

    return make


def turned_axes(ax, one):
    ax.imshow(one)
    ax.invert_yaxis()


def mirrored_axes(ax, one):
    ax.imshow(one)
    ax.invert_xaxis()


@pytest.mark.parametrize(
    ("draw_one", "fragment"),
    [
        (lambda ax, one: ax.imshow(one, origin="lower"), "the image is shown upside down"),
        (lambda ax, one: ax.pcolormesh(one), "the image is shown upside down"),
        (lambda ax, one: ax.pcolor(one), "the image is shown upside down"),
        (turned_axes, "the image is shown upside down"),
        (mirrored_axes, "the image is shown mirrored, left and right"),
    ],
)
def test_feature_maps_not_upright(training_data, draw_one, fragment):
    layer = nn.Conv2d(1, 2, 5)
    index = 7
    maps = layer(training_data[index][0])
    fig = drawn_by(draw_one)(training_data[7][0], maps.detach())
    assert_incorrect(checks.feature_maps, fragment, index, maps, fig, layer, training_data)


def twice_turned_axes(ax, one):
    ax.pcolormesh(one)
    ax.invert_yaxis()


@pytest.mark.parametrize(
    "draw_one",
    [
        lambda ax, one: ax.imshow(one, extent=(0, 1, 0, 1)),
        lambda ax, one: ax.imshow(one[::-1], origin="lower"),
        lambda ax, one: ax.imshow(one, extent=(1, 0, 0, 1)),
        lambda ax, one: ax.imshow(one[..., None], cmap="magma"),
        lambda ax, one: ax.imshow(((one - one.min()) / np.ptp(one))[..., None].repeat(3, -1)),
        lambda ax, one: ax.matshow(one),
        lambda ax, one: ax.imshow(one, vmin=-1, vmax=1, cmap="RdBu"),
        twice_turned_axes,
    ],
)
def test_feature_maps_upright(training_data, draw_one):
    layer = nn.Conv2d(1, 2, 5)
    index = 7
    maps = layer(training_data[index][0])
    fig = drawn_by(draw_one)(training_data[7][0], maps.detach())
    assert_passes(checks.feature_maps, index, maps, fig, layer, training_data)


def test_feature_maps_in_any_order(training_data):
    layer = nn.Conv2d(1, 6, 5)
    index, maps, _ = maps_answer(training_data, layer)
    image = training_data[7][0]
    for order in (maps.flip(0), maps[[3, 1, 2, 0, 5, 4]]):
        fig = maps_figure(image, order)
        assert_passes(checks.feature_maps, index, maps, fig, layer, training_data)
    fig = draw([*maps.detach(), image[0]], symmetric=False)
    assert_passes(checks.feature_maps, index, maps, fig, layer, training_data)


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
