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
