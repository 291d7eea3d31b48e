"""Task 1.2: right ways, mistakes and their messages, blanks, traces."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers import checks
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


@pytest.mark.parametrize(
    "answer",
    [
        (nn.Conv2d(1, 8, 5).weight.shape, nn.Conv2d(1, 8, 5).bias.shape, 208),
        ([8, 1, 5, 5], [8], 208.0),
        ((8, 1, 5, 5), (8,), torch.tensor(208)),
        (np.array([8, 1, 5, 5]), torch.tensor([8]), np.int64(208)),
    ],
)
def test_conv_parameters_right(answer):
    assert "208" in assert_passes(checks.conv_parameters, *answer)


WEIGHTS, BIASES = (8, 1, 5, 5), (8,)


@pytest.mark.parametrize(
    ("answer", "fragment"),
    [
        (((1, 8, 5, 5), BIASES, 208), "come out stand first"),
        (((8, 5, 5), BIASES, 208), "come in are missing"),
        (((5, 5), BIASES, 208), "one kernel of the layer"),
        (((5, 5, 1, 8), BIASES, 208), "channels first"),
        (((5, 5, 8, 1), BIASES, 208), "channels first"),
        (((8, 5, 5, 1), BIASES, 208), "channels first"),
        (((1, 5, 5), BIASES, 208), "one kernel of the layer"),
        (((8, 3, 5, 5), BIASES, 208), "in colour"),
        (((8, 1, 28, 28), BIASES, 208), "how wide is a kernel"),
        ((BIASES, WEIGHTS, 208), "shape of the bias"),
        (((8, 24, 24), BIASES, 208), "the output"),
        (((1, 28, 28), BIASES, 208), "an image"),
        (
            ((8, 1, 3, 3), BIASES, 208),
            "every tensor has a .shape; look at that of conv_layer.weight",
        ),
        ((nn.Conv2d(1, 8, 5).weight, BIASES, 208), "asked for is the shape itself"),
        ((nn.Conv2d(1, 8, 5).weight.size, BIASES, 208), "not what it returns"),
        (("8, 1, 5, 5", BIASES, 208), "a shape is a list"),
        ((WEIGHTS, (1,), 208), "more than one bias"),
        ((WEIGHTS, (8, 1), 208), "one entry is enough"),
        ((WEIGHTS, (1, 8), 208), "one entry is enough"),
        ((WEIGHTS, (8, 24, 24), 208), "the same everywhere"),
        ((WEIGHTS, (8, 1, 5, 5), 208), "shape of the weights"),
        ((WEIGHTS, (5,), 208), "look at that of conv_layer.bias"),
        ((WEIGHTS, 8, 208), "written with a comma, (8,)"),
        ((WEIGHTS, np.int64(8), 208), "written with a comma, (8,)"),
        ((WEIGHTS, nn.Conv2d(1, 8, 5).bias, 208), "a shape is a list"),
        ((WEIGHTS, BIASES, 200), "weights alone"),
        ((WEIGHTS, BIASES, 8), "biases alone"),
        ((WEIGHTS, BIASES, 25), "one kernel"),
        ((WEIGHTS, BIASES, 26), "with its bias"),
        ((WEIGHTS, BIASES, 33), "with all the biases"),
        ((WEIGHTS, BIASES, 48), "5 rows of 5 weights"),
        ((WEIGHTS, BIASES, 1600), "they do not multiply it"),
        ((WEIGHTS, BIASES, 201), "bias of its own"),
        ((WEIGHTS, BIASES, 2), "numel()"),
        ((WEIGHTS, BIASES, 784), "do not depend on the image"),
        ((WEIGHTS, BIASES, 4608), "size of the output"),
        ((WEIGHTS, BIASES, 209), "add the biases"),
        ((WEIGHTS, BIASES, 208.5), "a whole number"),
        ((WEIGHTS, BIASES, nn.Conv2d(1, 8, 5).parameters()), "of type generator; asked for is one"),
        ((WEIGHTS, BIASES, [200, 8]), "sum(...) adds up several"),
        ((WEIGHTS, BIASES, nn.Conv2d(1, 8, 5).weight.numel), "not what it returns"),
        ((WEIGHTS, BIASES, "208"), "a whole number"),
        ((Liar(), BIASES, 208), "a shape is a list"),
        ((WEIGHTS, BIASES, Liar()), "a whole number"),
    ],
)
def test_conv_parameters_wrong(answer, fragment):
    assert_incorrect(checks.conv_parameters, fragment, *answer)


@pytest.mark.parametrize(
    "answer",
    [
        (..., ..., ...),
        (WEIGHTS, None, 208),
        (WEIGHTS, BIASES, ...),
        ((8, ..., 5, 5), BIASES, 208),
    ],
)
def test_conv_parameters_blank(answer):
    assert_blank(checks.conv_parameters, *answer)


def test_conv_parameters_leaves_no_trace():
    assert_no_trace(checks.conv_parameters, nn.Conv2d(1, 8, 5).weight, [8], 208)
