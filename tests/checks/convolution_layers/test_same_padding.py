"""Task 1.6: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
from torch import nn

from helpers import checks
from tests.checks.convolution_layers.parts import image, used_layer
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes


@pytest.mark.parametrize(
    "answer",
    [
        (nn.Conv2d(1, 8, 5, padding="same"), (8, 28, 28)),
        (nn.Conv2d(1, 8, 5, padding=2), [8, 28, 28]),
        (nn.Conv2d(1, 8, (5, 5), padding=(2, 2)), torch.Size([8, 28, 28])),
        (torch.compile(nn.Conv2d(1, 8, 5, 1, 2), backend="eager"), torch.tensor([8, 28, 28])),
    ],
)
def test_same_padding_right(answer):
    assert "2 pixels of zeros" in assert_passes(checks.same_padding, *answer)


@pytest.mark.parametrize(
    ("mode", "filled"),
    [("reflect", "2 mirrored pixels"), ("replicate", "2 pixels"), ("circular", "2 pixels")],
)
@pytest.mark.parametrize("padding", [2, "same"])
def test_same_padding_with_other_things_than_zeros(mode, filled, padding):
    layer = nn.Conv2d(1, 8, 5, padding=padding, padding_mode=mode)
    line = assert_passes(checks.same_padding, layer, (8, 28, 28))
    assert line.endswith(f"= {filled} on each side")


class Doubled(nn.Conv2d):
    def forward(self, images):
        return 2 * super().forward(images)


SAME = nn.Conv2d(1, 8, 5, padding="same")


@pytest.mark.parametrize(
    ("layer", "shape", "fragment"),
    [
        (nn.Conv2d(1, 8, 5), (8, 28, 28), "adds no padding"),
        (nn.Conv2d(1, 8, 5, "same"), (8, 28, 28), "the word stands where the stride belongs"),
        (nn.Conv2d(1, 8, 5, padding="valid"), (8, 28, 28), "adds no padding"),
        (nn.Conv2d(1, 8, 5, padding=5), (8, 28, 28), "an image of 28×28 becomes 34×34"),
        (nn.Conv2d(1, 8, 5, padding=4), (8, 28, 28), "an image of 28×28 becomes 32×32"),
        (nn.Conv2d(1, 8, 5, padding=1), (8, 28, 28), "an image of 28×28 becomes 26×26"),
        (nn.Conv2d(1, 8, 5, padding=(1, 3)), (8, 26, 30), "with padding=(1, 3) an image of 28×28"),
        (nn.Conv2d(1, 8, 5, padding=1, padding_mode="circular"), (8, 28, 28), "becomes 26×26"),
        (Doubled(1, 8, 5, padding=2), (8, 28, 28), "something else than the convolution"),
        (
            Doubled(1, 8, 5, padding="same", padding_mode="reflect"),
            (8, 28, 28),
            "something else than the convolution",
        ),
        (nn.Conv2d(1, 8, 5, padding=(2, 0)), (8, 28, 24), "keeps only one of height and width"),
        (
            nn.Conv2d(1, 8, 5, stride=2, padding=2),
            (8, 28, 28),
            "stride=2; asked for is a kernel that moves by 1",
        ),
        (nn.Conv2d(1, 8, 3, padding="same"), (8, 28, 28), "3×3 pixels"),
        (nn.Conv2d(1, 6, 5, padding="same"), (8, 28, 28), "gives 6 channels"),
        (nn.Conv2d(3, 8, 5, padding="same"), (8, 28, 28), "grey"),
        (nn.Conv2d, (8, 28, 28), "the class Conv2d itself"),
        ("same", (8, 28, 28), "expected is a convolution layer"),
        (SAME, (8, 24, 24), "without padding"),
        (SAME, (1, 28, 28), "8 channels"),
        (SAME, (28, 28), "the channels are missing"),
        (SAME, (28, 28, 8), "channels first"),
        (SAME, (1, 8, 28, 28), "batch dimension"),
        (SAME, (8, 32, 32), "takes some away again"),
        (SAME, (8, 26, 26), "as wide as the image"),
        (SAME, (8, 1, 28, 28), "each kernel makes one map"),
        (SAME, (64, 28, 28), "size of a batch"),
        (SAME, (8, 1, 5, 5), "the shape of the weights"),
        (SAME, (8, 784), "three entries, not 2"),
        (SAME, (8, 30, 30), "30 is too large"),
        (SAME, image(), "asked for is the shape itself"),
        (SAME, Liar(), "a shape is a list"),
    ],
)
def test_same_padding_wrong(layer, shape, fragment):
    assert_incorrect(checks.same_padding, fragment, layer, shape)


def test_same_padding_blank():
    assert_blank(checks.same_padding, ..., (8, 28, 28))
    assert_blank(checks.same_padding, SAME, ...)
    assert_blank(checks.same_padding, SAME, (8, None, None))


def test_same_padding_leaves_no_trace():
    assert_no_trace(checks.same_padding, used_layer(padding="same"), (8, 28, 28))
