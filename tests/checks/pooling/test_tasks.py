"""Tasks 2.1 to 2.4: what passes, and what each mistake is told."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import nn

from helpers import checks
from helpers.checks.core import limits
from helpers.layers import get_output_width
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes

IMAGE = torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(6))
POOLED = F.max_pool2d(IMAGE, 5)
OTHER = torch.rand(28, 28, generator=torch.Generator().manual_seed(8))


# ---------------------------------------------------------------------------------- 2.1


@pytest.mark.parametrize(
    "answer",
    [
        ((1, 5, 5), nn.MaxPool2d(5)(IMAGE), IMAGE),
        ([1, 5, 5], nn.MaxPool2d((5, 5), stride=5)(IMAGE).double(), IMAGE),
        (POOLED.shape, nn.AdaptiveMaxPool2d(5)(IMAGE[:, :25, :25]), IMAGE),
        ((1, 5, 5), nn.MaxPool2d(5)(IMAGE.unsqueeze(0)), IMAGE),
        ((1, 1, 5, 5), nn.MaxPool2d(5)(IMAGE.unsqueeze(0)), IMAGE.unsqueeze(0)),
        ((1, 5, 5), IMAGE[:, :25, :25].reshape(1, 5, 5, 5, 5).amax((2, 4)), IMAGE),
        (torch.tensor([1, 5, 5]), POOLED.half(), IMAGE),
        ((1, 5, 5), torch.compile(nn.MaxPool2d(5), backend="eager")(IMAGE), IMAGE),
    ],
)
def test_max_pool_right(answer):
    assert "25 numbers are left of 784" in assert_passes(checks.max_pool, *answer)


@pytest.mark.parametrize(
    ("predicted", "fragment"),
    [
        ((1, 24, 24), "after a convolution"),
        ((1, 23, 23), "more than 1 pixel at a time"),
        ((1, 6, 6), "hang over the edge"),
        ((1, 4, 4), "the first place"),
        ((1, 14, 14), "pooling by 2"),
        ((1, 28, 28), "the image itself"),
        ((8, 5, 5), "has 1 channel"),
        ((1, 1, 1), "of each window"),
        ((5, 5), "the channels are missing"),
        ((5, 5, 1), "channels first"),
        ((5, 1, 5), "channels first"),
        ((1, 1, 5, 5), "batch dimension"),
        ((64, 1, 5, 5), "size of a batch"),
        ((64, 5, 5), "size of a batch"),
        ((1, 5, 6), "square"),
        ((1, 3, 3), "3 is too small"),
        ((1, 12, 12), "12 is too large"),
        ((1, 5), "three entries, not 2"),
        ((3, 5, 5), "first number"),
        (25, "a shape is a list"),
        (Liar(), "a shape is a list"),
    ],
)
def test_max_pool_wrong_prediction(predicted, fragment):
    assert_incorrect(checks.max_pool, fragment, predicted, POOLED, IMAGE)


@pytest.mark.parametrize(
    ("pooled", "fragment"),
    [
        (nn.AvgPool2d(5)(IMAGE), "means"),
        (nn.MaxPool2d(5, stride=1)(IMAGE), "moved by 1 pixel only"),
        (nn.MaxPool2d(5, ceil_mode=True)(IMAGE), "leave out ceil_mode"),
        (nn.MaxPool2d(5, padding=2)(IMAGE), "leave out ceil_mode and padding"),
        (nn.MaxPool2d(2)(IMAGE), "pooling by 2"),
        (nn.MaxPool2d(3)(IMAGE), "Look again at the numbers of the layer"),
        (nn.MaxPool2d(4, stride=5)(IMAGE), "windows of 4 pixels"),
        (nn.MaxPool2d(7, stride=5)(IMAGE), "windows of 7 pixels"),
        (nn.AdaptiveMaxPool2d(5)(IMAGE), "the windows overlap"),
        (nn.MaxPool2d(5)(IMAGE.expand(64, 1, 28, 28)), "for 64 images"),
        (IMAGE.amax((1, 2), keepdim=True), "the largest of all"),
        (IMAGE.max(), "the largest of all"),
        (nn.MaxPool2d(5, return_indices=True)(IMAGE)[1], "tells places in place of values"),
        ((5 * POOLED).int(), "these are whole numbers"),
        (IMAGE[:, :5, :5], "a corner of the image"),
        (POOLED * torch.nan, "makes something else"),
        ((POOLED,), "comma"),
        (POOLED.numpy(), "an array of shape [1, 5, 5]"),
        (POOLED.to("meta"), "on the device meta"),
        (nn.MaxPool1d(5)(IMAGE[0]).unsqueeze(0), "not nn.MaxPool1d"),
        (nn.Conv2d(1, 8, 5)(IMAGE), "output of a convolution"),
        (nn.MaxPool2d(5)(nn.Conv2d(1, 8, 5)(IMAGE)), "a convolution, pooled"),
        (-nn.MaxPool2d(5)(-IMAGE), "the smallest values"),
        (IMAGE[:, ::5, ::5][:, :5, :5], "every fifth pixel"),
        (F.interpolate(IMAGE[None], size=(5, 5), mode="area")[0], "made smaller by taking means"),
        (nn.MaxPool2d(5)(1 - IMAGE), "run your cell again"),
        (nn.MaxPool2d(5, return_indices=True)(IMAGE), "a pair"),
        (POOLED[0], "the channel got lost"),
        (IMAGE, "an image still"),
        (IMAGE[None], "an image still"),
        (IMAGE[0], "an image still"),
        (nn.MaxPool2d(5), "call it with the image"),
        (nn.MaxPool2d, "call it with the image"),
        ([5, 5], "the tensor that comes out"),
        (Liar(), "the tensor that comes out"),
    ],
)
def test_max_pool_wrong(pooled, fragment):
    assert_incorrect(checks.max_pool, fragment, (1, 5, 5), pooled, IMAGE)


def test_max_pool_without_image():
    assert_incorrect(checks.max_pool, "Run the cell again", (1, 5, 5), POOLED, (IMAGE, 3))


def test_max_pool_blank():
    assert_blank(checks.max_pool, ..., POOLED, IMAGE)
    assert_blank(checks.max_pool, (1, 5, 5), ..., IMAGE)
    assert_blank(checks.max_pool, (1, 5, 5), POOLED, None)
    assert_blank(checks.max_pool, (1, ..., ...), POOLED, IMAGE)


def test_max_pool_leaves_no_trace():
    picture = IMAGE.clone().requires_grad_()
    assert_no_trace(checks.max_pool, (1, 5, 5), F.max_pool2d(picture, 5), picture)
    assert_no_trace(checks.max_pool, (1, 6, 6), POOLED, IMAGE)


# ---------------------------------------------------------------------------------- 2.2


def width(input_width, kernel_size, stride=None):
    if stride is None:
        stride = kernel_size
    return (input_width - kernel_size) // stride + 1


def width_short(input_width, kernel_size, stride=None):
    return (input_width - kernel_size) // (stride or kernel_size) + 1


def width_by_counting(input_width, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    return len(range(0, input_width - kernel_size + 1, stride))


def width_by_floor(input_width, kernel_size, stride=None):
    return math.floor((input_width - kernel_size) / (stride or kernel_size) + 1)


def other_names(w, k, s=None):
    return width(w, k, s)


def by_pytorch(input_width, kernel_size, stride=None):
    return nn.MaxPool2d(kernel_size, stride)(torch.zeros(1, input_width, input_width)).shape[-1]


@pytest.mark.parametrize(
    "function", [width, width_short, width_by_counting, width_by_floor, other_names, by_pytorch]
)
@pytest.mark.parametrize("dropped", [3, 3.0, torch.tensor(3)])
def test_pooled_width_right(function, dropped):
    assert "5 windows of 5 pixels + 3" in assert_passes(checks.pooled_width, function, dropped)


def formula(make):
    """``get_pooled_width`` by another formula of width, kernel and the stride that is taken."""

    def get_pooled_width(input_width, kernel_size, stride=None):
        return make(input_width, kernel_size, stride or kernel_size)

    return get_pooled_width


def stride_one(input_width, kernel_size, stride=1):
    return (input_width - kernel_size) // stride + 1


def stride_one_for_none(input_width, kernel_size, stride=None):
    return (input_width - kernel_size) // (stride or 1) + 1


def no_stride(input_width, kernel_size):
    return input_width // kernel_size


def nothing_put_in(input_width, kernel_size, stride=None):
    return (input_width - kernel_size) // stride + 1


def given_to_the_course(input_width, kernel_size, stride=None):
    return get_output_width(input_width, kernel_size, stride)


def kernel_first(kernel_size, input_width, stride=None):
    return get_output_width(input_width, kernel_size, stride or kernel_size)


def turned_round(input_width, kernel_size, stride=None):
    return width(input_width, kernel_size, kernel_size if stride else 1)


def five(input_width, kernel_size, stride=None):
    return width(input_width, kernel_size, stride or 5)


def stride_in_place_of_the_width(input_width, kernel_size, stride=None):
    return kernel_size if stride is None else width(input_width, kernel_size, stride)


def one_way_only(input_width, kernel_size, stride=None):
    if stride is None:
        return input_width // kernel_size


def print_width(input_width, kernel_size, stride=None):
    print(width(input_width, kernel_size, stride))


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (formula(lambda w, k, s: (w - k) // k + 1), "even if a stride is given"),
        (formula(lambda w, k, s: w // k), "even if a stride is given"),
        (formula(lambda w, k, s: w // s), "the last window still has to end"),
        (formula(lambda w, k, s: (w - k) // s), "one too few"),
        (formula(lambda w, k, s: math.ceil((w - k) / s) + 1), "round down"),
        (formula(lambda w, k, s: math.ceil(w / s)), "round down"),
        (formula(lambda w, k, s: round(w / s)), "round() may round up"),
        (formula(lambda w, k, s: round((w - k) / s) + 1), "round() may round up"),
        (formula(lambda w, k, s: round((w - k) / s + 1)), "round() may round up"),
        (formula(lambda w, k, s: (w - k + 1) // s), "give get_output_width the stride instead"),
        (formula(lambda w, k, s: width(28, k, s)), "takes 28 for every width"),
        (formula(lambda w, k, s: s), "the stride that pooling takes"),
        (formula(lambda w, k, s: True), "returns True (of type bool)"),
        (formula(lambda w, k, s: torch.tensor(5, device="meta")), "on the device meta"),
        (formula(lambda w, k, s: w / s), "Divide with //"),
        (formula(lambda w, k, s: (w - k) / s + 1), "Divide with //"),
        (formula(lambda w, k, s: w - k + 1), "size of a convolution"),
        (formula(lambda w, k, s: 5), "Try these numbers by hand"),
        (formula(lambda w, k, s: [5, 5]), "one whole number"),
        (formula(lambda w, k, s: Liar()), "one whole number"),
        (stride_one_for_none, "pooling does not take 1"),
        (turned_round, "turn the condition round"),
        (five, "right for a kernel of 5 only"),
        (stride_in_place_of_the_width, "the stride that pooling takes"),
        (one_way_only, "Let every way through it end in return"),
        (given_to_the_course, "put in the stride that pooling then takes"),
        (kernel_first, "Does the width come before the kernel size?"),
        (stride_one, "put in the stride that pooling then takes"),
        (nothing_put_in, "put in the stride that pooling then takes"),
        (no_stride, "takes 2 positional arguments but 3 were given"),
        (print_width, "prints something"),
        (5, "a function was expected"),
    ],
)
def test_pooled_width_wrong(function, fragment):
    assert_incorrect(checks.pooled_width, fragment, function, 3)


def test_pooled_width_refused_where_pytorch_pools():
    def careful(input_width, kernel_size, stride=None):
        if kernel_size >= input_width:
            raise ValueError("the kernel does not fit")
        return width(input_width, kernel_size, stride)

    assert_incorrect(checks.pooled_width, "gives 1. The kernel fits here", careful, 3)


def test_pooled_width_without_end(monkeypatch):
    def get_pooled_width(input_width, kernel_size, stride=None):
        while stride == 2:
            pass
        return width(input_width, kernel_size, stride)

    monkeypatch.setattr(limits, "SECONDS", 0.1)
    assert_incorrect(checks.pooled_width, "Is there a loop", get_pooled_width, 3)


@pytest.mark.parametrize(
    ("dropped", "fragment"),
    [
        (0, "5 does not divide 28"),
        (5, "the number of windows"),
        (25, "the windows cover"),
        (23, "covers more than 1"),
        (2, "a sixth window would lack"),
        (-3, "as a positive number"),
        (6, "the rows only"),
        (159, "number of pixels"),
        (4, "what a convolution takes away"),
        (9, "not the pixels in the corner"),
        (1, "how many are left?"),
        (3.5, "a whole number was expected"),
        ((3, 3), "a whole number was expected"),
        ("3", "a whole number was expected"),
    ],
)
def test_pooled_width_wrong_dropped(dropped, fragment):
    assert_incorrect(checks.pooled_width, fragment, width, dropped)


def dots_inside(input_width, kernel_size, stride=None):
    stride = ...
    return (input_width - kernel_size) // stride + 1


@pytest.mark.parametrize("function", [..., None, lambda *_, **__: ..., dots_inside])
def test_pooled_width_blank(function):
    assert_blank(checks.pooled_width, function, 3)


def test_pooled_width_blank_dropped():
    assert_blank(checks.pooled_width, width, ...)


def test_pooled_width_leaves_no_trace():
    assert_no_trace(checks.pooled_width, width, 3)


# ---------------------------------------------------------------------------------- 2.3


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
        lambda: figure(shape=(1, 3)),
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
        (lambda: figure(pictures=(IMAGE[0], None)), "one axes is still empty"),
        (both_on_the_first, "drawn on the same axes"),
        (lambda: figure(shape=(1, 1)), "one axes only"),
        (lambda: figure(shape=(2, 1)), "one row, two columns"),
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


# ---------------------------------------------------------------------------------- 2.4

CHANGES = {"convolution": 0.31, "maximum": 0.17, "average": 0.12}


def change(before, after):
    return (after - before).abs().sum() / before.abs().sum()


def change_as_float(before, after):
    return float(torch.sum(torch.abs(before - after)) / torch.sum(torch.abs(before)))


def change_by_means(before, after):
    return ((after - before).abs().mean() / before.abs().mean()).item()


def change_by_norms(before, after):
    return F.l1_loss(after, before, reduction="sum") / torch.linalg.vector_norm(before, ord=1)


def change_by_numpy(before, after):
    before, after = before.numpy(), after.numpy()
    return np.abs(after - before).sum() / np.abs(before).sum()


def change_by_loop(before, after):
    differences = sum((b - a).abs().sum() for b, a in zip(before, after, strict=True))
    return differences / sum(b.abs().sum() for b in before)


def change_over_all_dimensions(before, after):
    every = (0, 1, 2, 3)
    return abs(after - before).sum(every).detach() / abs(before).sum(every)


@pytest.mark.parametrize(
    "function",
    [
        change,
        change_as_float,
        change_by_means,
        change_by_norms,
        change_by_numpy,
        change_by_loop,
        change_over_all_dimensions,
        lambda b, a: change(b.double(), a.double()).reshape(1),
    ],
)
def test_shift_changes_right(function):
    assert "0 is no change" in assert_passes(checks.shift_changes, function, CHANGES)


@pytest.mark.parametrize(
    "changes",
    [
        {key: torch.tensor(value) for key, value in CHANGES.items()},
        {key: np.float32(value) for key, value in CHANGES.items()} | {"image": 0.5},
        {"average": 0.1, "maximum": 1.2, "convolution": 1},
    ],
)
def test_shift_changes_right_numbers(changes):
    assert_passes(checks.shift_changes, change, changes)


def change_of_each_image(before, after):
    differences, sizes = ((x.abs().sum((1, 2, 3))) for x in (after - before, before))
    return (differences / sizes).mean()


def change_of_others(before, after):
    return change(IMAGE, IMAGE.flip(1))


def in_place(before, after):
    after -= before
    return after.abs().sum() / before.abs().sum()


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (lambda b, a: (a - b).sum() / b.abs().sum(), "opposite sign cancel"),
        (lambda b, a: (a - b).sum().abs() / b.abs().sum(), "absolute values first, then sum"),
        (lambda b, a: (a - b).abs().sum() / b.sum(), "before may be negative"),
        (lambda b, a: (a - b).abs().sum() / b.sum().abs(), "before may be negative"),
        (lambda b, a: (a - b).sum() / b.sum(), "above and below"),
        (lambda b, a: ((a - b).sum() / b.sum()).abs(), "above and below"),
        (lambda b, a: (a - b).abs().sum() / a.abs().sum(), "before, not after"),
        (lambda b, a: (a.abs() - b.abs()).abs().sum() / b.abs().sum(), "pixel by pixel"),
        (lambda b, a: (a - b).abs().mean(), "the mean difference"),
        (lambda b, a: (a - b).abs().sum(), "the summed difference"),
        (lambda b, a: (a - b).abs().mean() / b.abs().sum(), "A mean is divided by a sum"),
        (lambda b, a: (a - b).abs().sum() / b.abs().mean(), "A sum is divided by a mean"),
        (lambda b, a: ((a - b) ** 2).sum() / (b**2).sum(), "squared"),
        (lambda b, a: torch.norm(a - b) / torch.norm(b), "squared"),
        (lambda b, a: F.mse_loss(a, b), "squared"),
        (lambda b, a: F.mse_loss(a, b).sqrt(), "squared"),
        (lambda b, a: ((a - b) ** 2).sum() / b.abs().sum(), "squared"),
        (lambda b, a: (a - b).abs().sum() / (a.abs() + b.abs()).sum(), "after is in it, too"),
        (lambda b, a: 2 * (a - b).abs().sum() / (a.abs() + b.abs()).sum(), "after is in it"),
        (lambda b, a: a.abs().sum() / b.abs().sum(), "Sums are compared"),
        (lambda b, a: a.abs().sum() / b.abs().sum() - 1, "Sums are compared"),
        (lambda b, a: abs(a.abs().sum() / b.abs().sum() - 1), "Sums are compared"),
        (lambda b, a: (a - b.abs()).abs().sum() / b.abs().sum(), "in parentheses"),
        (lambda b, a: (a - b.abs()).sum() / b.abs().sum(), "in parentheses"),
        (lambda b, a: (a - b).abs().max() / b.abs().max(), "Largest values are compared"),
        (lambda b, a: (a - b).abs().sum() // b.abs().sum(), "Do not round"),
        (lambda b, a: round(change(b, a).item()), "Do not round"),
        (lambda b, a: round(change(b, a).item(), 2), "nearly it"),
        (change_of_each_image, "sum over all images first"),
        (change_of_others, "the same for other tensors"),
        (lambda b, a: torch.tensor(torch.nan), "divide by something that is 0"),
        (lambda b, a: torch.zeros(3, device="meta"), "on the device meta"),
        (lambda b, a: ((a - b).abs().sum(), b.abs().sum()), "returns a tuple; asked for is one"),
        (lambda b, a: (a - b).abs().sum(0) / b.abs().sum(0), "without a number in the parentheses"),
        (lambda b, a: -change(b, a), "Try it on before = [1, -2]"),
        (lambda b, a: (a - b).abs().max(), "the largest difference"),
        (lambda b, a: ((a - b).abs() / b.abs()).mean(), "a mean of shares"),
        (lambda b, a: ((a - b).abs() / b.abs()).sum(), "divide, once"),
        (lambda b, a: 100 * change(b, a), "not a percentage"),
        (lambda b, a: 1 - change(b, a), "what stays alike"),
        (lambda b, a: 1 / change(b, a), "upside down"),
        (lambda b, a: (a - b).abs() / b.abs().sum(), "asked for is one number"),
        (lambda b, a: (a - b).abs() / b.abs(), "asked for is one number"),
        (lambda b, a: 0.3, "the same for other tensors"),
        (lambda b, a: change(b, a) if b.numel() > 16 else 0.5, "not 0"),
        (lambda b, a: "0.3", "a number was expected"),
        (lambda b, a: Liar(), "a number was expected"),
        (lambda b: b, "raised TypeError on two tensors"),
        (lambda b, a: print(change(b, a)), "prints something"),
        (in_place, "changes the tensors that it is given"),
        (0.3, "a function was expected"),
    ],
)
def test_shift_changes_wrong_function(function, fragment):
    assert_incorrect(checks.shift_changes, fragment, function, CHANGES)


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"convolution": 0.3, "maximum": 0.2}, "the key 'average' is missing"),
        ({"conv": 0.3, "max": 0.2, "avg": 0.1}, "the key 'convolution' is missing"),
        ({}, "no key; the key 'convolution' is missing"),
        ([0.3, 0.2, 0.1], "a dictionary"),
        ({"convolution", "maximum", "average"}, "a dictionary"),
        (Liar(), "a dictionary"),
        (CHANGES | {"maximum": 0.0}, "nothing changed"),
        (CHANGES | {"maximum": -0.2}, "never below 0"),
        (CHANGES | {"average": 17.0}, "not a percentage"),
        (CHANGES | {"average": float("nan")}, "not a finite number"),
        (CHANGES | {"average": float("inf")}, "not a finite number"),
        (CHANGES | {"average": "12%"}, "a number was expected"),
        (CHANGES | {"average": torch.zeros((), device="meta")}, "on the device meta"),
        (CHANGES | {"average": nn.AvgPool2d(2)}, "a number was expected"),
        (CHANGES | {"average": 0.31}, "same number for 'convolution' and 'average'"),
        (CHANGES | {"maximum": 0.31}, "same number for 'convolution' and 'maximum'"),
        (CHANGES | {"average": torch.rand(5, 5)}, "one number was expected"),
        (CHANGES | {"average": 0.17}, "same number for 'maximum' and 'average'"),
        (CHANGES | {"convolution": change}, "a number was expected"),
    ],
)
def test_shift_changes_wrong_numbers(changes, fragment):
    assert_incorrect(checks.shift_changes, fragment, change, changes)


def test_shift_changes_blank():
    assert_blank(checks.shift_changes, ..., CHANGES)
    assert_blank(checks.shift_changes, change, ...)
    assert_blank(checks.shift_changes, lambda before, after: ..., CHANGES)
    assert_blank(checks.shift_changes, change, CHANGES | {"average": ...})
    assert_blank(checks.shift_changes, change, dict.fromkeys(CHANGES))


def test_shift_changes_leaves_no_trace():
    assert_no_trace(checks.shift_changes, change, dict(CHANGES))
    assert_no_trace(checks.shift_changes, in_place, dict(CHANGES))
