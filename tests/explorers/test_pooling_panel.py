"""The pooling panel: right numbers, a sentence for every bad input, never dead afterwards."""

import base64
import io
import itertools
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from helpers.explorers._sliding import show
from helpers.explorers.pooling_panel import BOOT, Pooling, winners

POOLS = {"maximum": nn.MaxPool2d, "average": nn.AvgPool2d}


@pytest.fixture
def panel() -> Pooling:
    return Pooling()


def boot() -> torch.Tensor:
    return torch.tensor(BOOT, dtype=torch.float64)[None]


def test_the_output_is_that_of_torch():
    images = (boot(), torch.rand(1, 7, 5, generator=torch.Generator().manual_seed(0)) - 0.5)
    for image, kind, size, stride in itertools.product(images, POOLS, (1, 2, 3, 5), (1, 2, 3, 6)):
        panel = Pooling(image)
        panel.kind.value, panel.kernel_size.value, panel.stride.value = kind, size, stride
        expected = POOLS[kind](size, stride)(image.double())[0]
        rows = [[show(value) for value in row] for row in expected.tolist()]
        assert panel._grids[1].rows == rows
        assert f"makes {len(rows)}×{len(rows[0])}." in panel.caption


def test_the_arithmetic_of_one_value(panel):
    assert "row 0, column 0 (all counted from 0): largest of 1, 7, 1, 7 is 7." in panel.caption
    panel.place.value = 1
    assert "row 0, column 1 (all counted from 0): largest of 8, 6, 9, 6 is 9." in panel.caption
    panel.kind.value = "average"
    assert "mean of 8, 6, 9, 6: 29 / 4 = 7.25." in panel.caption
    panel.kernel_size.value, panel.place.value = 3, 2
    assert "mean of 0, 8, 9, 2, 8, 9, 9, 9, 9: 63 / 9 = 7." in panel.caption
    panel.place.value = 0
    assert "50 / 9 ≈ 5.56." in panel.caption


def test_winners_and_windows_are_marked(panel):
    grid = panel._grids[0]
    assert grid.marked == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert len(grid.won) == 9 and (0, 1) in grid.won and (1, 2) in grid.won
    assert len(re.findall('class="[a-z ]*won"', panel.view.value)) == 9
    panel.kind.value = "average"
    assert not panel._grids[0].won and len(panel._grids[0].marked) == 4
    tied = torch.zeros(4, 4)
    assert winners(tied, 2, 2) == {(0, 0), (0, 2), (2, 0), (2, 2)}


def test_what_no_window_reaches_is_grey(panel):
    panel.kernel_size.value = 4
    assert "No window reaches rows and columns 4, 5 (grey" in panel.caption
    assert len(panel._grids[0].dropped) == 20
    wide = Pooling(torch.zeros(4, 7))
    assert "No window reaches column 6" in wide.caption
    wide.kernel_size.value = 3
    assert "No window reaches row 3 and column 6" in wide.caption


def test_the_stride_is_the_kernel_size_until_one_is_typed(panel):
    panel.kernel_size.value = 3
    assert panel.stride.value == 3 and panel.same.value
    panel.stride.value = 1
    assert not panel.same.value and "makes 4×4" in panel.caption
    panel.kernel_size.value = 2
    assert panel.stride.value == 1
    panel.same.value = True
    assert panel.stride.value == 2 and "makes 3×3" in panel.caption


def test_the_shift_is_counted_for_the_image_and_both_poolings(panel):
    before = panel._grids[0].rows
    panel.shift.value = True
    after = boot().roll(1, -1)
    expected = [int((boot() != after).sum())]
    expected += [int((pool(2)(boot()) != pool(2)(after)).sum()) for pool in POOLS.values()]
    assert (
        f"{expected[0]} of 36 pixels change, {expected[1]} of 9 values after maximum pooling, "
        f"{expected[2]} of 9 after average pooling."
    ) in panel.caption
    assert expected == [26, 4, 9]
    panel.shift.value = False
    assert panel._grids[0].rows == before and "shifted" not in panel.caption


def test_stepping_goes_round(panel):
    panel.back.click()
    assert panel.place.value == 8
    panel.step.click()
    assert panel.place.value == 0
    panel.clock.value = 8
    panel.kernel_size.value = 3
    assert (panel.place.value, panel.clock.max) == (0, 3)


@pytest.mark.parametrize(
    ("control", "value", "sentence"),
    [
        ("stride", 0, "With a stride of 0 the window would never move on."),
        ("stride", -3, "The stride is -3"),
        ("stride", 10**9, "The stride is 1000000000"),
        ("kernel_size", 0, "With a stride of 0"),
        ("kernel_size", -1, "The kernel size is -1"),
        ("kernel_size", 7, "A window of 7×7 does not fit into an image of 6×6"),
        ("kernel_size", 10**9, "does not fit into an image of 6×6"),
        ("place", 9, "There is no output value 9: they are counted from 0 to 8"),
        ("place", -1, "There is no output value -1"),
    ],
)
def test_bad_settings_are_told_and_the_panel_goes_on(panel, control, value, sentence):
    good = getattr(panel, control).value
    getattr(panel, control).value = value
    assert sentence in panel.caption and "cnn-former" in panel.view.value and panel.still() is None
    panel.step.click()
    panel.back.click()
    panel.shift.value = True
    getattr(panel, control).value = good
    assert "table" in panel.view.value and "Output value" in panel.caption


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (torch.zeros(1, 28, 28), "The image is 1×28×28; this panel shows the numbers of at most"),
        (torch.zeros(3, 8, 8), "The image needs shape [1, H, W] or [H, W], not 3×8×8."),
        (torch.zeros(0, 4), "not 0×4"),
        (torch.tensor(3.0), "not a single number"),
        (torch.full((4, 4), float("nan")), "no numbers (nan)"),
        (torch.full((4, 4), 1e9), "too large"),
        (torch.zeros(4, 4, dtype=torch.complex64), "of type Tensor"),
        ("boot", "This is no image, but of type str."),
        (..., "of type ellipsis"),
        ([[1, 2], [3]], "of type list"),
    ],
)
def test_bad_images_are_told(image, sentence):
    panel = Pooling(image)
    assert sentence in panel.caption
    panel.step.click()
    panel.kernel_size.value = 3
    panel.shift.value = True
    assert sentence in panel.caption


@pytest.mark.parametrize(
    "image",
    [
        torch.arange(36, dtype=torch.uint8).view(6, 6),
        torch.rand(1, 6, 6).requires_grad_(),
        np.eye(6),
        [[1, 2], [3, 4]],
        torch.ones(2, 3, dtype=torch.bool),
    ],
)
def test_images_of_other_kinds_are_shown(image):
    assert "Output value 0, row 0" in Pooling(image).caption


def test_the_image_is_left_as_it_is():
    image = torch.rand(1, 6, 6)
    before = image.clone()
    Pooling(image).shift.value = True
    assert torch.equal(image, before)


def test_the_bundle_holds_the_caption_and_a_picture(panel):
    panel.shift.value = True
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == panel.caption
    assert Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).format == "PNG"
    again = Pooling()
    again.shift.value = True
    assert again.caption == panel.caption
