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
    assert_passes(quick_test, NET(IMAGES[3:4]), BATCH)
    assert_passes(quick_test, torch.cat([ONE]), torch.cat([BATCH[:32], BATCH[32:]]))
    assert_passes(quick_test, NET.forward(IMAGES[:1]), NET.forward(IMAGES))
    assert_passes(quick_test, ONE.half(), BATCH.bfloat16())
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
        (ONE, BATCH[0], "One image has ten scores; give"),
        (NET.conv_stack(IMAGES[:1]), BATCH, "Maps have such a shape"),
        (ONE.relu(), BATCH, "as after ReLU"),
        (ONE, BATCH.softmax(0), "the columns of scores_batch"),
        (ONE, ONE, "whole batch X"),
        (BATCH, BATCH, "the one image only"),
        (BATCH, ONE, "swapped"),
        (ONE, BATCH[:32], "That is for 32 images"),
        (ONE, BATCH.T, "Rows and columns are swapped"),
        (ONE.T, BATCH, "Rows and columns are swapped"),
        (ONE, NET.flatten(NET.conv_stack(IMAGES)), "one row for each image"),
        (ONE, BATCH.flatten(), "has the shape [640]; expected is [64, 10]: one row"),
        (NET.flatten(NET.conv_stack(IMAGES[:1]))[0], BATCH, "has the shape [256]"),
        (ONE, BATCH[:1].squeeze(), "One image has ten scores"),
        (ONE, BATCH.mean(0), "One image has ten scores"),
        (ONE, BATCH.sum(1), "One number per image"),
        (ONE, BATCH.argmax(1).float(), "One number per image"),
        (torch.zeros(1, 10), BATCH, "all numbers in scores_one are the same, 0."),
        (ONE, torch.ones(64, 10), "all numbers in scores_batch are the same, 1."),
        (ONE.round(), BATCH, "all numbers in scores_one are the same, "),
        ((100 * ONE).round(), BATCH, "scores_one have only 0 digits after the point"),
        (ONE.round(decimals=2), BATCH, "only 2 digits after the point, as if rounded"),
        (ONE, BATCH.round(decimals=3), "scores_batch have only 3 digits"),
        (ONE, torch.tensor([[0.1, -0.3, 0.2, 0, 0, 0, 0.5, 0, 0, 1]] * 64), "only 1 digit after"),
        (ONE, BATCH.log(), "not a number"),
        (ONE, BATCH.relu(), "as after ReLU"),
        (ONE, BATCH.softmax(1), "the rows of scores_batch are probabilities"),
        (ONE.log_softmax(1), BATCH, "the rows of scores_one"),
        ([ONE], BATCH, "a list with one thing in it"),
        (ONE.detach().numpy(), BATCH, "expected is the tensor"),
        (NET.forward, BATCH, "expected is the tensor"),
        (ONE, IMAGES, "That is the shape of images"),
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
