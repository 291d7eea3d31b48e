"""Task 3.7: right ways, mistakes and their messages, blanks, traces."""

import math

import numpy as np
import pytest
import torch

from helpers.checks import (
    training_run,
)
from tests.checks.full_cnn.parts import (
    ACCURACIES,
    NET,
    TEST,
    TRAIN,
    Garments,
    Reader,
    loss_of_reader,
)
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
    assert_passes(training_run, np.float32(TRAIN), torch.tensor(TEST), tuple(ACCURACIES))
    assert_passes(training_run, [*map(np.float64, TRAIN)], TEST, [*map(torch.tensor, ACCURACIES)])
    assert_passes(training_run, [torch.tensor([t]) for t in TRAIN], TEST, ACCURACIES)
    assert_passes(training_run, TRAIN, [*TEST[:9], 1.4], [*ACCURACIES[:9], 0.4])  # not every time
    assert_passes(training_run, [1.2, 0.8, *[0.5] * 8], [0.9, 0.7, *[0.5] * 8], [0.7] * 9 + [0.82])
    assert_passes(training_run, [*TRAIN[:9], 1.0], TEST, [0.1] * 9 + [0.0])
    assert_passes(training_run, TRAIN, TEST, [0.5] * 9 + [1.0])
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
        (TRAIN, TEST, [-a for a in ACCURACIES], "never negative"),
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
        ([2.0] * 9 + [2.1], TEST, ACCURACIES, "was 2.0000 in the first epoch and is 2.1000"),
        ("2.3, 2.1", TEST, ACCURACIES, "a list with one number per epoch"),
        (iter(TRAIN), TEST, ACCURACIES, "a list with one number per epoch"),
        (TRAIN, TEST, sum(ACCURACIES), "a list with one number per epoch"),
        (TRAIN, set(TEST), ACCURACIES, "a list with one number per epoch"),
        (np.array([TRAIN]), TEST, ACCURACIES, "a list with one number per epoch"),
        (TRAIN, [[t, a] for t, a in zip(TEST, ACCURACIES, strict=True)], ACCURACIES, "take them"),
        (TRAIN, TEST, [(a,) for a in ACCURACIES], "without brackets around it"),
        (TRAIN, TEST, [*ACCURACIES[:9], None], "accuracies holds None"),
        (TRAIN, [*TEST[:9], math.inf], ACCURACIES, "test_losses holds inf"),
        (TRAIN, TEST, [True] * 10, "a number was expected"),
        (TRAIN, TEST, [*ACCURACIES[:9], "0.66"], "accuracies holds the text '0.66'"),
        (TRAIN, [], ACCURACIES, "test_losses is still empty, while another list has 10"),
        ([], TEST, ACCURACIES, "train_losses is still empty"),
        (TRAIN, TEST, ACCURACIES * 2, "20 (accuracies)"),
        (TRAIN * 2, TEST, ACCURACIES, "20 (train_losses)"),
        (TRAIN[:9], TEST[:9], ACCURACIES[:9], "there are 9 epochs so far"),
        (TRAIN, TEST, [64 * a for a in ACCURACIES], "looks like percent"),
        (TRAIN, TEST, [*ACCURACIES[:9], 1.2], "looks like a loss"),
        (TRAIN, TEST, TEST, "accuracies and test_losses hold the same numbers"),
        (TRAIN, [t / 10_000 for t in TEST], ACCURACIES, "test_losses begins with"),
        (TRAIN, [-t for t in TEST], ACCURACIES, "this loss is never negative"),
        ([2.3] * 10, TEST, ACCURACIES, "in the last, no lower"),
        (TRAIN[::-1], TEST, ACCURACIES, "run the loop again"),
        ([Liar()] * 10, TEST, ACCURACIES, "a number was expected"),
    ],
)
def test_training_run_explains(train, test, accuracies, fragment):
    assert_incorrect(training_run, fragment, train, test, accuracies)


END = [*TEST[:9], loss_of_reader(0.66)]


def test_training_run_accepts_what_the_network_reaches():
    assert_passes(training_run, TRAIN, END, ACCURACIES, Reader(), Garments(0.66))
    assert_passes(training_run, TRAIN, END, ACCURACIES, Reader().eval(), Garments(0.645))
    assert_no_trace(training_run, TRAIN, END, ACCURACIES, Reader().train(), Garments(0.66))
    few = Few()
    assert_passes(
        training_run, TRAIN, [*TEST[:9], loss_of_reader(1.0)], [*ACCURACIES[:9], 1.0], Reader(), few
    )


class Few(Garments):
    """Six images: all there are."""

    def __init__(self):
        super().__init__(1.0)

    def __len__(self):
        return 6


@pytest.mark.parametrize(
    "test, accuracies, model, fragment",
    [
        (TEST, [0.1] * 10, Reader(), "accuracies ends with 0.100, but model gets 0.660 of 1,000"),
        (TEST, [0.9] * 10, Reader(), "accuracies ends with 0.900, but model gets 0.660"),
        (END, [*ACCURACIES[:9], 0.73], Reader(), "not of this network as it is now"),
        (END, [*ACCURACIES[:9], 0.59], Reader(), "run the cell with the epochs again"),
        (END, [*ACCURACIES[:9], 1.0], Reader(), "accuracies ends with 1.000"),
        (END, [*ACCURACIES[:9], 0.0], Reader(), "accuracies ends with 0.000"),
        ([*TEST[:9], 0.6], ACCURACIES, Reader(), "test_losses ends with 0.600, but on 1,000 test"),
        ([*TEST[:9], 2.3], ACCURACIES, Reader(), "the loss of model is 1.390"),
        (END, ACCURACIES, NET, "but model gets 0."),
        (END, ACCURACIES, NET.conv_stack, "expected are ten scores for each"),
        (END, ACCURACIES, torch.nn.Flatten(), "expected is the network that was trained"),
        (END, ACCURACIES, "model", "expected is the network that was trained"),
        (END, ACCURACIES, (NET, [0.1]), "model is a tuple with a network in it"),
        (END, ACCURACIES, torch.nn.Linear(3, 3), "raised RuntimeError on 1,000 test images"),
    ],
)
def test_training_run_measures_the_network_again(test, accuracies, model, fragment):
    data = Garments(0.66)
    assert_incorrect(training_run, fragment, TRAIN, test, accuracies, model, data)


@pytest.mark.parametrize("data", [[], [1, 2], Reader(), "test_data", torch.zeros(3), [(1, 2)]])
def test_training_run_asks_for_test_data(data):
    assert_incorrect(training_run, "test_data is", TRAIN, END, ACCURACIES, Reader(), data)


def test_training_run_blank_without_a_network():
    said = assert_blank(training_run, TRAIN, END, ACCURACIES, None, Garments(0.66))
    assert "model is not there yet" in said
    assert_blank(training_run, TRAIN, END, ACCURACIES, ..., Garments(0.66))


@pytest.mark.parametrize(
    "lists", [([], [], []), (..., TEST, ACCURACIES), (TRAIN, TEST, None), ([...], TEST, ACCURACIES)]
)
def test_training_run_blank(lists):
    assert_blank(training_run, *lists)
