"""Task 3.9: right ways, mistakes and their messages, blanks, traces."""

import numpy as np
import pytest
import torch

from helpers.checks import (
    learning_rates,
)
from tests.checks.full_cnn.parts import ACCURACIES, NET, TRAIN, Garments, Reader
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

SLOW = ACCURACIES


MIDDLE = [0.35, 0.6, 0.68, 0.72, 0.74, 0.75, 0.76, 0.77, 0.78, 0.79]


FAST = [0.77, 0.82, 0.84, 0.85, 0.86, 0.865, 0.87, 0.872, 0.878, 0.881]


RUNS = {1e-3: SLOW, 1e-2: MIDDLE, 1e-1: FAST}


class History:
    accuracies = FAST


def test_learning_rates_accepts():
    assert_passes(learning_rates, RUNS, 1e-1)
    assert_passes(learning_rates, RUNS, torch.tensor(0.1))
    assert_passes(learning_rates, {1e-3: SLOW * 2, 0.01: tuple(MIDDLE), 0.1: FAST}, "0.1")
    assert_passes(learning_rates, {np.float64(r): np.array(v) for r, v in RUNS.items()}, 0.1)
    more = {**RUNS, 0.3: [*FAST[:9], 0.884], 1e-5: [0.1] * 10, 1e-6: [0.1] * 10}
    assert_passes(learning_rates, more, 0.3)
    assert_passes(learning_rates, RUNS, np.float32(0.1))
    assert_passes(learning_rates, RUNS, max(RUNS, key=lambda rate: RUNS[rate][-1]))
    assert_passes(learning_rates, {**RUNS, 1e-2: [*MIDDLE[:9], 0.88]}, 1e-2)
    assert_passes(learning_rates, more, 0.1)
    assert_no_trace(learning_rates, RUNS, 1e-1)


CONTINUED = {1e-3: [0.87] * 4 + [0.88] * 6, 1e-2: MIDDLE, 1e-1: FAST}


@pytest.mark.parametrize(
    "runs, best, fragment",
    [
        ([SLOW, MIDDLE, FAST], 0.1, "expected is a dictionary"),
        ({1e-3: SLOW, 1e-1: FAST}, 0.1, "no accuracies for 1e-2"),
        ({1e-3: SLOW, "1e-2": MIDDLE, 1e-1: FAST}, 0.1, "the key '1e-2' of runs is a text"),
        ({1e-3: SLOW, "0.01": MIDDLE, "0.1": FAST}, 0.1, "without quotes, as in runs[1e-2]"),
        ({1e-3: SLOW, 1e-2: MIDDLE, b"0.1": FAST}, 0.1, "the key b'0.1' of runs is a text"),
        ({1e-3: SLOW, 1e-2: MIDDLE, torch.tensor(0.1): FAST}, 0.1, "runs[1e-1] finds nothing"),
        ({1e-3: SLOW, np.float32(0.01): MIDDLE, 0.1: FAST}, 0.1, "runs[1e-2] finds nothing"),
        ({**RUNS, 1e-1: History()}, 0.1, "Keep these alone in runs: its .accuracies."),
        ({"lr=1e-3": SLOW, 1e-2: MIDDLE, 1e-1: FAST}, 0.1, "the key 'lr=1e-3' of runs is a text"),
        ({1e-3: SLOW}, 1e-3, "1e-2 and 1e-1"),
        ({**RUNS, 1e-2: MIDDLE[:3]}, 0.1, "has 3 epochs"),
        ({**RUNS, 1e-2: (torch.nn.Linear(1, 1), MIDDLE)}, 0.1, "Take them apart"),
        ({**RUNS, 1e-2: 0.79}, 0.1, "a list with one number per epoch"),
        ({**RUNS, "fast": FAST}, 0.1, "the key 'fast' of runs is a text"),
        ({**RUNS, -0.1: FAST}, 0.1, "expected is a learning rate"),
        ({**RUNS, 1e-1: [100 * a for a in FAST]}, 0.1, "percent"),
        ({**RUNS, 1e-2: TRAIN}, 0.1, "looks like a loss"),
        ({**RUNS, 1e-2: FAST}, 0.1, "begin with the same numbers"),
        (dict.fromkeys(RUNS, SLOW + MIDDLE + FAST), 0.1, "a new empty list"),
        ({1e-3: SLOW, 1e-2: SLOW + MIDDLE, 1e-1: FAST}, 0.1, "begin with the same numbers"),
        (CONTINUED, 0.1, "trained before? Make a new network"),
        ({**RUNS, 1e-1: [0.1] * 10}, 1e-2, "made anew"),
        ({**RUNS, 1e-1: [0.5, *MIDDLE[1:]]}, 1e-1, "made anew"),
        ({1e-3: FAST, 1e-2: MIDDLE, 1e-1: SLOW}, 0.1, "Are the lists exchanged"),
        ({1e-3: SLOW, 1e-2: FAST, 1e-1: MIDDLE}, 1e-2, "the run of 1e-1 ends at an accuracy of"),
        ({1e-3: SLOW, 1e-2: MIDDLE, 1e-1: FAST[:9]}, 0.1, "the run of 1e-1 has 9 epochs"),
        ({1e-3: SLOW, 1e-2: MIDDLE, 1e-1: []}, 0.1, "the run of 1e-1 has 0 epochs"),
        ({1e-3: SLOW, 1e-2: MIDDLE, 1e-1: FAST[-1]}, 0.1, "a list with one number per epoch"),
        ({1e-3: SLOW, 1e-2: MIDDLE, 1: FAST}, 0.1, "runs has no accuracies for 1e-1"),
        ({1e3: SLOW, 1e2: MIDDLE, 1e1: FAST}, 0.1, "no accuracies for 1e-3 and 1e-2 and 1e-1"),
        ({0: SLOW, 1: MIDDLE, 2: FAST}, 2, "a key of runs is 0"),
        ({**RUNS, None: FAST}, 0.1, "a key of runs is None"),
        ({**RUNS, 1e-2: [-a for a in MIDDLE]}, 0.1, "never negative"),
        ({**RUNS, 1e-2: [10_000 * a for a in MIDDLE]}, 0.1, "divided by the number of images"),
        ({**RUNS, 1e-2: [str(a) for a in MIDDLE]}, 0.1, "the run of 1e-2 holds the text '0.35'"),
        ({**RUNS, 1e-2: [MIDDLE]}, 0.1, "without brackets around it"),
        ({**RUNS, 1e-2: list(zip(MIDDLE, MIDDLE, strict=True))}, 0.1, "take them apart"),
        ({**RUNS, 1e-2: [*MIDDLE[:9], float("nan")]}, 0.1, "the run of 1e-2 holds nan"),
        (list(RUNS.items()), 0.1, "expected is a dictionary"),
        (FAST, 0.1, "expected is a dictionary"),
        (RUNS, "1e-2", "another of your runs ends at 0.881"),
        (RUNS, [0.1], "a number was expected"),
        (RUNS, True, "a number was expected"),
        (RUNS, 0.0, "expected is a learning rate"),
        (RUNS, 1, "which is no key of runs"),
        (RUNS, -0.1, "expected is a learning rate"),
        (RUNS, 0.77, "which is an accuracy"),
        (RUNS, torch.tensor([0.1, 0.2]), "one number was expected"),
        (RUNS, 1e-2, "Compare the last"),
        (RUNS, 1e-3, "ends at an accuracy of 0.660"),
        (RUNS, FAST[-1], "which is an accuracy"),
        (RUNS, 0.4, "Choose one of 1e-3, 1e-2, 1e-1"),
        (RUNS, FAST, "a number was expected"),
        (RUNS, "the largest", "expected is a learning rate"),
    ],
)
def test_learning_rates_explains(runs, best, fragment):
    assert_incorrect(learning_rates, fragment, runs, best)


def test_learning_rates_accepts_the_network_of_the_largest_rate():
    assert_passes(learning_rates, RUNS, 1e-1, Reader(), Garments(0.881))
    assert_passes(learning_rates, RUNS, 1e-1, Reader(), Garments(0.86))
    assert_passes(learning_rates, {**RUNS, 0.3: [*FAST[:9], 0.95]}, 0.3, Reader(), Garments(0.88))
    assert_no_trace(learning_rates, RUNS, 1e-1, Reader(), Garments(0.881))


@pytest.mark.parametrize(
    "model, share, fragment",
    [
        (Reader(), 0.79, "That is what the run of 1e-2 ends with. Keep the network and the list"),
        (Reader(), 0.66, "That is what the run of 1e-3 ends with."),
        (Reader(), 0.1, "gets 0.100 of 1,000 test images right, but the run of 1e-1 ends with"),
        (Reader(), 0.95, "the run of 1e-1 ends with 0.881. Keep the network"),
        (NET, 0.881, "that one call train_anew(1e-1) returns"),
        ((Reader(), FAST), 0.881, "best_model is a tuple with a network in it"),
        ([Reader(), FAST], 0.881, "best_model is a list with a network in it"),
        (FAST, 0.881, "expected is the network that was trained"),
        (1e-1, 0.881, "expected is the network that was trained"),
        (type(NET), 0.881, "the class ConvNet itself, not an instance of it"),
        (NET.state_dict(), 0.881, "expected is the network that was trained"),
        (NET.linear_stack, 0.881, "on 1,000 test images"),
    ],
)
def test_learning_rates_measures_the_network_again(model, share, fragment):
    assert_incorrect(learning_rates, fragment, RUNS, 1e-1, model, Garments(share))


def test_learning_rates_blank():
    assert "best_model is not" in assert_blank(learning_rates, RUNS, 1e-1, None, Garments(0.88))
    assert "the run of 1e-2 is None" in assert_blank(learning_rates, {**RUNS, 1e-2: None}, 1e-1)
    assert_blank(learning_rates, RUNS, ...)
    assert_blank(learning_rates, ..., 1e-1)
    assert_blank(learning_rates, {}, 1e-1)
    assert_blank(learning_rates, dict.fromkeys(RUNS), 1e-1)
    assert_blank(learning_rates, {**RUNS, 1e-2: ...}, 1e-1)
