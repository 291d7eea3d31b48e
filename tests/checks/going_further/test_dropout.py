"""Task 5.3: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from helpers import checks
from helpers.models import ConvNet
from tests.checks.going_further.parts import conv, drop, linear, pool, sequence
from tests.checks.tables import (
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

FIRST = (conv(1, 6, 5), nn.ReLU, pool, nn.Flatten, linear(864, 40), nn.ReLU)


DropoutConvNet = sequence(*FIRST, drop(), linear(40, 10))


AlphaNet = sequence(*FIRST, nn.AlphaDropout, linear(40, 10))


DropoutEarly = sequence(conv(1, 6, 5), lambda: nn.Dropout2d(0.2), nn.Flatten, linear(3456, 10))


class Functional(nn.Module):
    """``F.dropout`` in forward; ``training`` says how it is called."""

    training_argument = "listens"

    def __init__(self):
        super().__init__()
        self.hidden, self.last = nn.Linear(784, 40), nn.Linear(40, 10)

    def forward(self, x):
        x = self.hidden(x.flatten(1)).relu()
        if self.training_argument == "listens":
            x = functional.dropout(x, 0.3, training=self.training)
        else:
            x = functional.dropout(x, 0.3)
        return self.last(x)


class AlwaysOn(Functional):
    training_argument = "forgotten"


class NeverCalled(ConvNet):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)


class Inserted(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack.insert(2, nn.Dropout(0.5))
        self.linear_stack.insert(5, nn.Dropout(0.2, inplace=True))


class InsertedOnce(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack.insert(2, nn.Dropout(0.5))


class BySelf(ConvNet):
    """A mask of its own, and one dropout layer that is called in front of all linear layers."""

    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        x = self.dropout(self.flatten(self.conv_stack(x)))
        if self.training:
            x = 2 * x * (torch.rand_like(x) > 0.5)
        return self.linear_stack(x)


NoLinear = sequence(
    conv(1, 6, 5), nn.ReLU, drop(), conv(6, 10, 1), lambda: nn.AdaptiveAvgPool2d(1), nn.Flatten
)


@pytest.mark.parametrize(
    "answer",
    [DropoutConvNet, AlphaNet, DropoutEarly, Functional, Inserted, InsertedOnce, BySelf, NoLinear],
)
def test_dropout_right(answer):
    assert_passes(checks.dropout, answer)


class ScoresDropped(ConvNet):
    def forward(self, x):
        return functional.dropout(super().forward(x), 0.5, self.training)


class MadeInForward(ConvNet):
    def forward(self, x):
        return self.linear_stack(nn.Dropout(0.5)(self.flatten(self.conv_stack(x))))


class AlwaysTraining(DropoutConvNet):
    def forward(self, x):
        self.train()
        return super().forward(x)


class NeverTraining(DropoutConvNet):
    def forward(self, x):
        self.eval()
        return super().forward(x)


class SilentEval(DropoutConvNet):
    def eval(self):
        """Returns nothing, and does nothing."""


DROPOUT_MISTAKES = {
    "none": (ConvNet, "no dropout found"),
    "always on": (AlwaysOn, "training=self.training"),
    "p = 0": (sequence(*FIRST, drop(0), linear(40, 10)), "p=0, so it drops nothing"),
    "p = 1": (sequence(*FIRST, drop(1), linear(40, 10)), "p=1, so it drops all"),
    "percent": (sequence(*FIRST, drop(50), linear(40, 10)), "0.5, for example"),
    "after the last": (sequence(*FIRST, linear(40, 10), drop()), "after the last layer"),
    "never called": (NeverCalled, "dropout is defined, but forward never calls it"),
    "scores dropped": (ScoresDropped, "after the last layer"),
    "alpha after the last": (
        sequence(nn.Flatten, linear(784, 10), nn.AlphaDropout),
        "after the last layer",
    ),
    "after both": (sequence(*FIRST, drop(), linear(40, 10), drop()), "after the last layer"),
    "made in forward": (MadeInForward, "if it is made in __init__"),
    "train in forward": (AlwaysTraining, "goes back to train() mode"),
    "eval in forward": (NeverTraining, "your dropout drops nothing"),
    "eval does nothing": (SilentEval, "goes back to train() mode"),
    "not called": (sequence(*FIRST, lambda: nn.Dropout, linear(40, 10)), "made by calling its"),
    "softmax": (sequence(*FIRST, drop(), linear(40, 10), lambda: nn.Softmax(1)), "Leave the soft"),
    "wrong size": (sequence(*FIRST, drop(), linear(84, 10)), "made for 84 numbers, but gets 40"),
    "three classes": (sequence(*FIRST, drop(), linear(40, 3)), "The last layer gives 3"),
}


@pytest.mark.parametrize(("answer", "fragment"), DROPOUT_MISTAKES.values(), ids=DROPOUT_MISTAKES)
def test_dropout_wrong(answer, fragment):
    assert_incorrect(checks.dropout, fragment, answer)


def test_dropout_leaves_no_trace():
    assert_no_trace(checks.dropout, DropoutConvNet)
    assert_no_trace(checks.dropout, AlwaysOn)
