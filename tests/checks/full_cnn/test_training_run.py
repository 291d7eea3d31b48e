"""Task 3.7: right ways, mistakes and their messages, blanks, traces."""

import math

import numpy as np
import pytest
import torch

from helpers.checks import (
    training_run,
)
from tests.checks.full_cnn.parts import ACCURACIES, TEST, TRAIN
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

PLATEAU = [2.3040 - 0.0001 * i for i in range(10)]


def test_training_run_accepts():
    line = assert_passes(training_run, TRAIN, TEST, ACCURACIES)
    assert assert_passes(training_run, PLATEAU, TEST, [0.1] * 10) == line
    longer = [*TRAIN, *TRAIN[::-1], 0.8], [*TEST, *TEST, 0.8], [*ACCURACIES, *ACCURACIES, 0.7]
    assert_passes(training_run, *longer)
    assert_passes(
        training_run,
        tuple(TRAIN),
        np.array(TEST),
        [torch.tensor(value) for value in ACCURACIES],
    )
    assert_no_trace(training_run, TRAIN, TEST, ACCURACIES)


NEEDS_GRADIENT = torch.tensor(2.3, requires_grad=True)


@pytest.mark.parametrize(
    "train, test, accuracies, fragment",
    [
        (TRAIN, TEST, [], "accuracies is still empty"),
        (TRAIN, TEST[:9], ACCURACIES, "9 (test_losses)"),
        (TRAIN[:4], TEST[:4], ACCURACIES[:4], "4 epochs so far"),
        (TRAIN[:1], TEST[:1], ACCURACIES[:1], "is 1 epoch so far"),
        ([*TRAIN[:9], NEEDS_GRADIENT], TEST, ACCURACIES, ".item()"),
        (NEEDS_GRADIENT.expand(10), TEST, ACCURACIES, ".item()"),
        ([*TRAIN[:9], math.nan], TEST, ACCURACIES, "the training has failed"),
        ([None] * 10, TEST, ACCURACIES, "function without return"),
        (TRAIN, list(zip(TEST, ACCURACIES, strict=True)), ACCURACIES, "take them apart"),
        (TRAIN, TEST, [f"{a:.1%}" for a in ACCURACIES], "are for printing"),
        ([[t] for t in TRAIN], TEST, ACCURACIES, "without brackets around it"),
        ([TRAIN], TEST, ACCURACIES, "without brackets around it"),
        (TRAIN, [2.3026] * 10, ACCURACIES, "the test loss is the same in every epoch"),
        (TRAIN, TEST, [-a for a in ACCURACIES], "from 0 to 1"),
        (0.9, TEST, ACCURACIES, "a list with one number per epoch"),
        ({"epoch": 1}, TEST, ACCURACIES, "a list with one number per epoch"),
        (TRAIN, TEST, [100 * a for a in ACCURACIES], "percent"),
        (TRAIN, TEST, [10000 * a for a in ACCURACIES], "from 0 to 1"),
        (TRAIN, ACCURACIES, TEST, "swapped"),
        (TRAIN, TEST, TRAIN, "looks like a loss"),
        (TRAIN, ACCURACIES, ACCURACIES, "accuracies and test_losses hold the same"),
        (TRAIN, TRAIN, ACCURACIES, "train_losses and test_losses hold the same"),
        (ACCURACIES, TEST, ACCURACIES, "train_losses and accuracies hold the same"),
        ([938 * t for t in TRAIN], TEST, ACCURACIES, "a sum in place of a mean"),
        (TRAIN, [157 * t for t in TEST], ACCURACIES, "a sum in place of a mean"),
        ([t / 64 for t in TRAIN], TEST, ACCURACIES, "divided twice"),
        ([-t for t in TRAIN], TEST, ACCURACIES, "never negative"),
        ([2.3] * 10, TEST, ACCURACIES, "does not learn"),
        (TRAIN[::-1], TEST, ACCURACIES, "run the loop again"),
        ([Liar()] * 10, TEST, ACCURACIES, "a number was expected"),
    ],
)
def test_training_run_explains(train, test, accuracies, fragment):
    assert_incorrect(training_run, fragment, train, test, accuracies)


@pytest.mark.parametrize(
    "lists", [([], [], []), (..., TEST, ACCURACIES), (TRAIN, TEST, None), ([...], TEST, ACCURACIES)]
)
def test_training_run_blank(lists):
    assert_blank(training_run, *lists)
