"""Task 3.9: right ways, mistakes and their messages, blanks, traces."""

import numpy as np
import pytest
import torch

from helpers.checks import (
    learning_rates,
)
from tests.checks.full_cnn.parts import ACCURACIES, TRAIN
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
        (CONTINUED, 0.1, "trained before"),
        ({**RUNS, 1e-1: [0.1] * 10}, 1e-2, "made anew"),
        ({**RUNS, 1e-1: [0.5, *MIDDLE[1:]]}, 1e-1, "made anew"),
        (RUNS, 1e-2, "Compare the last"),
        (RUNS, 1e-3, "ends at an accuracy of 0.66"),
        (RUNS, FAST[-1], "which is an accuracy"),
        (RUNS, 0.4, "Choose one of 1e-3, 1e-2, 1e-1"),
        (RUNS, FAST, "a number was expected"),
        (RUNS, "the largest", "expected is a learning rate"),
    ],
)
def test_learning_rates_explains(runs, best, fragment):
    assert_incorrect(learning_rates, fragment, runs, best)


def test_learning_rates_blank():
    assert_blank(learning_rates, RUNS, ...)
    assert_blank(learning_rates, ..., 1e-1)
    assert_blank(learning_rates, {}, 1e-1)
    assert_blank(learning_rates, dict.fromkeys(RUNS), 1e-1)
    assert_blank(learning_rates, {**RUNS, 1e-2: ...}, 1e-1)
