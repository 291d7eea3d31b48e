"""Task 2.1: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import checks
from tests.checks.pooling.parts import IMAGE, POOLED
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


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
        ((8, 1, 5, 5), "shape of the weights"),
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
        (nn.MaxPool2d(5, stride=1)(IMAGE), "that move by 1 pixel only make 24"),
        (nn.MaxPool2d(5, ceil_mode=True)(IMAGE), "leave out ceil_mode"),
        (nn.MaxPool2d(5, padding=2)(IMAGE), "leave out ceil_mode and padding"),
        (nn.MaxPool2d(2)(IMAGE), "pooling by 2"),
        (nn.MaxPool2d(3)(IMAGE), "Look again at the numbers of the layer"),
        (nn.MaxPool2d(4, stride=5)(IMAGE), "windows of 4 pixels"),
        (nn.MaxPool2d(7, stride=5)(IMAGE), "windows of 7 pixels"),
        (nn.AdaptiveMaxPool2d(5)(IMAGE), "the windows overlap"),
        (nn.MaxPool2d(5)(IMAGE.expand(64, 1, 28, 28)), "for 64 images"),
        (IMAGE.amax((1, 2), keepdim=True), "that is a single number"),
        (IMAGE.max(), "that is a single number"),
        (nn.MaxPool2d(5, return_indices=True)(IMAGE)[1], "which gives places, not values"),
        ((5 * POOLED).int(), "they are of type torch.int32, those of the image of torch.float32"),
        (POOLED > 0.5, "they are of type torch.bool"),
        (torch.zeros(1, 24, 24), "that move by 1 pixel only make 24"),
        ((5, 5), "the tensor that comes out"),
        (IMAGE[:, :5, :5], "a corner of the image"),
        (POOLED * torch.nan, "makes something else"),
        ((POOLED,), "comma"),
        (POOLED.numpy(), "an array of shape [1, 5, 5]"),
        (POOLED.to("meta"), "on the device meta"),
        (
            nn.MaxPool1d(5)(IMAGE[0]).unsqueeze(0),
            "28 rows are left. nn.MaxPool2d pools in both directions",
        ),
        (nn.Conv2d(1, 8, 5)(IMAGE), "so many channels come out of a convolution"),
        (nn.MaxPool2d(5)(nn.Conv2d(1, 8, 5)(IMAGE)), "so many channels come out of a convolution"),
        (-nn.MaxPool2d(5)(-IMAGE), "the smallest values"),
        (IMAGE[:, ::5, ::5][:, :5, :5], "every fifth pixel"),
        (F.interpolate(IMAGE[None], size=(5, 5), mode="area")[0], "made smaller by taking means"),
        (nn.MaxPool2d(5)(1 - IMAGE), "run your cell again"),
        (nn.MaxPool2d(5, return_indices=True)(IMAGE), "a pair"),
        (POOLED[0], "the channel got lost"),
        (IMAGE, "the shape of an image still"),
        (IMAGE[None], "the shape of an image still"),
        (IMAGE[0], "the shape of an image still"),
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
