"""Task 3.3: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch

from helpers.checks import quick_test
from tests.checks.full_cnn.parts import NET
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

IMAGES = torch.rand(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))


BATCH = NET(IMAGES)


ONE = NET(IMAGES[0].unsqueeze(0))


def test_quick_test_accepts():
    assert_passes(quick_test, ONE, BATCH)
    assert_passes(quick_test, NET(IMAGES[:1]).detach(), BATCH.detach())
    assert_passes(quick_test, NET.double()(IMAGES[None, 0].double()), 1000 * BATCH)
    NET.float()
    assert_no_trace(quick_test, ONE, BATCH)
    assert_no_trace(quick_test, ONE[0], BATCH)


@pytest.mark.parametrize(
    "one, batch, fragment",
    [
        (ONE[0], BATCH, "dimension that counts the images is missing"),
        (ONE.argmax(1), BATCH, "whole numbers"),
        (ONE, BATCH.argmax(1), "whole numbers"),
        (ONE, BATCH.max(1).values, "One number per image"),
        (ONE > 0, BATCH, "True and False"),
        ((ONE,), BATCH, "leave out the comma"),
        (ONE.max(1), BATCH, "consists of 2 things"),
        (ONE, list(BATCH), "consists of 64 things"),
        (ONE, BATCH[0], "scores of one image; give"),
        (NET.conv_stack(IMAGES[:1]), BATCH, "These are maps"),
        (ONE.relu(), BATCH, "as after ReLU"),
        (ONE, BATCH.softmax(0), "the columns of scores_batch"),
        (ONE, ONE, "whole batch X"),
        (BATCH, BATCH, "the one image only"),
        (BATCH, ONE, "swapped"),
        (ONE, BATCH[:32], "32 images"),
        (ONE, BATCH.T, "one row for each image"),
        (ONE, IMAGES, "These are images"),
        (ONE.softmax(1), BATCH, "as after softmax"),
        (ONE, BATCH.log_softmax(1), "as after log-softmax"),
        (ONE, ONE.expand(64, 10), "one image many times"),
        (ONE, BATCH / 0, "not a number"),
        (NET, BATCH, "Call the network"),
        (ONE.shape, BATCH.shape, "expected is the tensor"),
        (ONE.tolist(), BATCH, "expected is the tensor"),
    ],
)
def test_quick_test_explains(one, batch, fragment):
    assert_incorrect(quick_test, fragment, one, batch)


def test_quick_test_blank():
    assert_blank(quick_test, ..., ...)
    assert_blank(quick_test, ONE, None)
