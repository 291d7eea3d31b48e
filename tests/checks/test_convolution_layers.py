from torch import nn

from helpers.checks import conv_layer
from tests.checks.tables import assert_blank, assert_incorrect, assert_no_trace, assert_passes


def test_conv_layer():
    print(assert_passes(conv_layer, nn.Conv2d(1, 8, 5)))
    assert_incorrect(conv_layer, "grey", nn.Conv2d(3, 8, 5))
    assert_blank(conv_layer, ...)
    assert_no_trace(conv_layer, nn.Conv2d(1, 8, 5))
