"""Tasks 5.2 to 5.4: wrong answers to one, handed in for another: what is said of them is so."""

import pytest
import torch

from helpers import checks
from helpers.layers import recorded
from tests.checks.going_further.test_batch_norm import BATCH_NORM_MISTAKES, OWN_NORMS
from tests.checks.going_further.test_dropout import DROPOUT_MISTAKES
from tests.checks.going_further.test_rgb_net import RGB_MISTAKES
from tests.checks.tables import assert_incorrect

NORMS = BATCH_NORM_MISTAKES | OWN_NORMS
PAIRS = {
    "norms for dropout": (checks.dropout, NORMS, 1),
    "colours for dropout": (checks.dropout, RGB_MISTAKES, 1),
    "dropout for norms": (checks.batch_norm, DROPOUT_MISTAKES, 1),
    "colours for norms": (checks.batch_norm, RGB_MISTAKES, 1),
    "dropout for colours": (checks.rgb_net, DROPOUT_MISTAKES, 3),
    "norms for colours": (checks.rgb_net, NORMS, 3),
}
# What a message says, and which kind of operation then happens; or does not, or not four times.
THERE = {
    "comes dropout": "dropout",
    "takes the average": "average pooling",
    "average pooling;": "average pooling",
    "comes softmax": "softmax",
}
NOT_THERE = {"no batch normalisation happens": "normalisation", "there is no 2×2": "max pooling"}


def kinds(answer, channels: int) -> list[str] | None:
    """The kinds of the operations of a run in train() mode, as far as it gets."""
    try:
        model = answer().train()
    except Exception:
        return None
    size = 28 if channels == 1 else 32
    with recorded(model) as recording:
        try:
            model(torch.rand(8, channels, size, size))
        except Exception:
            return None
    names = {"batch_norm": "normalisation", "instance_norm": "instance normalisation"}
    return [names.get(op.name, op.kind) for op in recording.operations]


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_said_of_them_is_so(pair):
    check, answers, channels = PAIRS[pair]
    for name, (answer, _) in answers.items():
        message = assert_incorrect(check, "", answer)
        happened = kinds(answer, channels)
        if happened is None:
            continue
        for words, kind in THERE.items():
            assert words not in message or kind in happened, f"{name}: {message}"
        for words, kind in NOT_THERE.items():
            least = 2 if kind == "max pooling" else 1
            assert words not in message or happened.count(kind) < least, f"{name}: {message}"
        if "there is no ReLU" in message:
            assert happened.count("activation") < 4, f"{name}: {message}"
