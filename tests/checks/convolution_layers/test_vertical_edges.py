"""Task 1.7: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
from torch import nn

from helpers import checks
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


def edge_layer(weights, bias=None, **settings):
    """A layer from 1 to 1 channel with these weights."""
    weights = torch.tensor(weights, dtype=torch.float32)
    layer = nn.Conv2d(1, 1, tuple(weights.shape), bias=bias is not None, **settings)
    with torch.no_grad():
        layer.weight[0, 0] = weights
        if bias is not None:
            layer.bias.fill_(bias)
    return layer


SOBEL = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]


@pytest.mark.parametrize(
    "layer",
    [
        edge_layer(SOBEL),
        edge_layer([[-1, 0, 1]] * 3),
        edge_layer([[0, 0, 0], [1, 0, -1], [0, 0, 0]]),
        edge_layer([[0, 0, 0], [0, -1, 1], [0, 0, 0]], padding=1),
        edge_layer([[0.125, 0, -0.125], [0.25, 0, -0.25], [0.125, 0, -0.125]], bias=0.0),
        edge_layer([[-1, -2, 0, 2, 1]] * 5, padding="same"),
        edge_layer([[-1, 2, -1]] * 3),
        torch.compile(edge_layer(SOBEL), backend="eager"),
        edge_layer([[3, 0, -3], [10, 0, -10], [3.1, 0, -3.1]]),
    ],
)
def test_vertical_edges_right(layer):
    assert "flat areas give 0" in assert_passes(checks.vertical_edges, layer)


def test_vertical_edges_says_how_strong():
    line = assert_passes(checks.vertical_edges, edge_layer(SOBEL))
    assert "gives 4 at a vertical edge, 0 at a horizontal one" in line
    negative = [[-w for w in row] for row in SOBEL]
    assert assert_passes(checks.vertical_edges, edge_layer(negative)) == line


def replaced(weights):
    layer = nn.Conv2d(1, 1, 3, bias=False)
    layer.weight = nn.Parameter(weights)
    return layer


@pytest.mark.parametrize(
    ("layer", "fragment"),
    [
        (edge_layer([[1, 2, 1], [0, 0, 0], [-1, -2, -1]]), "finds horizontal edges"),
        (edge_layer([[1 / 9] * 3] * 3), "That blurs"),
        (edge_layer([[1, 2, 1], [2, 4, 2], [1, 2, 1]]), "the same sign"),
        (edge_layer([[0] * 3] * 3), "all weights are 0"),
        (edge_layer([[1, 0, -1], [2, 0, -1], [1, 0, -1]]), "add up to 1"),
        (edge_layer([[-1, 5, -1]] * 3), "add up to 9"),
        (
            edge_layer([[0.11, -0.12, 0.3], [0.14, -0.15, 0.16], [0.17, -0.18, 0.19]]),
            "Choose weights whose positive and negative parts cancel",
        ),
        (edge_layer(SOBEL, bias=0.5), "the bias is not 0"),
        (edge_layer([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]), "the second should be 0"),
        (edge_layer([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]), "the second should be 0"),
        (edge_layer([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]), "and on horizontal ones"),
        (edge_layer([[1, 0, -1]]), "1×3 pixels"),
        (edge_layer([[1, -1], [1, -1]]), "odd size"),
        (edge_layer([[2]]), "one pixel cannot see"),
        (edge_layer([[float("nan")] * 3] * 3), "nan or inf"),
        (edge_layer([[1, 0, 1]] * 3), "All weights have the same sign, or are 0"),
        (nn.Conv2d(1, 1, 3, device="meta"), "on the device meta"),
        (replaced(torch.tensor(SOBEL, dtype=torch.float32)), "have the shape [3, 3]"),
        (replaced(torch.tensor([[SOBEL]], dtype=torch.float64)), "torch.float64"),
        (nn.Conv2d(1, 8, 3), "1 in and 8 out"),
        (nn.Conv2d(3, 1, 3, bias=False), "3 in and 1 out"),
        (torch.tensor(SOBEL), "expected is a convolution layer"),
        (nn.Sequential(edge_layer(SOBEL), nn.ReLU()), "without nn.Sequential"),
        (nn.Conv1d(1, 1, 3), "one direction"),
        (nn.Conv2d, "the class Conv2d itself"),
        (Liar(), "expected is a convolution layer"),
    ],
)
def test_vertical_edges_wrong(layer, fragment):
    assert_incorrect(checks.vertical_edges, fragment, layer)


@pytest.mark.parametrize("seed", range(5))
def test_vertical_edges_weights_untouched(seed):
    torch.manual_seed(seed)
    assert_incorrect(checks.vertical_edges, "random numbers", nn.Conv2d(1, 1, 3, bias=False))
    assert_incorrect(checks.vertical_edges, "random numbers", nn.Conv2d(1, 1, 5))


def test_vertical_edges_that_cancel_in_the_columns():
    weights = [[1, 0, -1], [-1.9, 0, 1.9], [1, 0, -1]]
    assert_incorrect(checks.vertical_edges, "cancel within the columns", edge_layer(weights))


def test_vertical_edges_of_a_layer_that_does_more():
    layer = edge_layer(SOBEL)
    layer.register_forward_hook(lambda layer, inputs, output: output.abs())
    assert_incorrect(checks.vertical_edges, "something else than the convolution", layer)


def test_vertical_edges_blank():
    assert_blank(checks.vertical_edges, ...)
    assert_blank(checks.vertical_edges, None)


def test_vertical_edges_leaves_no_trace():
    assert_no_trace(checks.vertical_edges, edge_layer(SOBEL).eval())
    assert_no_trace(checks.vertical_edges, nn.Conv2d(1, 1, 3))
