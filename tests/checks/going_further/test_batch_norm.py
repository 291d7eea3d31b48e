"""Task 5.4: right ways, mistakes and their messages, blanks, traces."""

import pytest
from torch import nn
from torch.nn import functional

from helpers import checks
from helpers.models import ConvNet
from tests.checks.going_further.parts import (
    BatchNormConvNet,
    conv,
    drop,
    linear,
    norm,
    normed,
    pool,
    sequence,
)
from tests.checks.tables import (
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

NormAfterReLU = sequence(
    conv(1, 4, 5), nn.ReLU, pool, norm(4), nn.Flatten, linear(576, 20), nn.ReLU, norm(20, 1),
    linear(20, 10),
)  # fmt: skip


NormLazy = sequence(
    conv(1, 4, 5, bias=False), nn.LazyBatchNorm2d, nn.Flatten, linear(2304, 20, False),
    nn.LazyBatchNorm1d, nn.ReLU, linear(20, 10),
)  # fmt: skip


NormOneLinear = sequence(conv(1, 4, 5), norm(4), nn.ReLU, nn.Flatten, linear(2304, 10))


NormSlow = normed(first=norm(6, momentum=0.01), second=norm(16, momentum=None, affine=False))


NormAndDropout = sequence(
    conv(1, 4, 5), norm(4), nn.ReLU, nn.Flatten, linear(2304, 20), norm(20, 1), nn.ReLU, drop(),
    linear(20, 10),
)  # fmt: skip


class NormByHand(nn.Module):
    """Everything in forward, in float64."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4)
        self.hidden, self.norm2, self.last = (
            nn.Linear(576, 20),
            nn.BatchNorm1d(20),
            nn.Linear(20, 10),
        )
        self.double()

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.norm(self.convolution(x))), 2).flatten(1)
        return self.last(functional.relu(self.norm2(self.hidden(x))))


@pytest.mark.parametrize(
    "answer",
    [
        BatchNormConvNet,
        NormAfterReLU,
        NormLazy,
        NormOneLinear,
        NormSlow,
        NormAndDropout,
        NormByHand,
    ],
)
def test_batch_norm_right(answer):
    assert_passes(checks.batch_norm, answer)


class NormNeverCalled(ConvNet):
    def __init__(self):
        super().__init__()
        self.bn2 = nn.BatchNorm2d(16)


class NormShared(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.last = nn.BatchNorm2d(4), nn.Linear(4, 10)
        self.one, self.two = nn.Conv2d(1, 4, 5), nn.Conv2d(4, 4, 5)

    def forward(self, x):
        return self.last(self.norm(self.two(self.norm(self.one(x)).relu())).mean((2, 3)))


class NormInForward(ConvNet):
    def forward(self, x):
        return self.linear_stack(self.flatten(nn.BatchNorm2d(16)(self.conv_stack(x))))


class NormInEval(BatchNormConvNet):
    def forward(self, x):
        self.eval()
        return super().forward(x)


class NormThrownAway(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution, self.norm, self.last = (
            nn.Conv2d(1, 4, 5),
            nn.BatchNorm2d(4),
            nn.Linear(4, 10),
        )

    def forward(self, x):
        x = self.convolution(x)
        self.norm(x)
        return self.last(x.mean((2, 3)))


BATCH_NORM_MISTAKES = {
    "none": (ConvNet, "no batch normalisation found"),
    "1d after convolution": (normed(first=norm(6, 1)), "a BatchNorm1d gets [8, 6, 24, 24]"),
    "2d after linear": (normed(third=norm(40)), "a BatchNorm2d gets [8, 40]"),
    "wrong channels": (normed(second=norm(6)), "made for 6 channels, but gets 16"),
    "wrong features": (normed(third=norm(256, 1)), "made for 256 numbers, but gets 40"),
    "3d": (normed(first=lambda: nn.BatchNorm3d(6)), "a BatchNorm3d gets [8, 6, 24, 24]"),
    "no number": (normed(first=lambda: nn.BatchNorm2d()), "how many channels or numbers come in"),
    "momentum 0": (normed(second=norm(16, momentum=0.0)), "eval() knows nothing of the training"),
    "momentum 1": (normed(second=norm(16, momentum=1.0)), "eval() knows only the last batch"),
    "momentum 90": (normed(third=norm(40, 1, momentum=90)), "has momentum=90"),
    "instance norm": (
        normed(first=lambda: nn.InstanceNorm2d(6), second=None, third=None),
        "no batch normalisation found",
    ),
    "softmax": (normed(fourth=lambda: nn.Softmax(1)), "Leave the softmax out"),
    "made in forward": (NormInForward, "as layers made in __init__"),
    "before the layers": (
        sequence(norm(1), conv(1, 4, 5), nn.Flatten, norm(2304, 1), linear(2304, 10)),
        "convolution number 1 has no BatchNorm2d after it",
    ),
    "eval in forward": (NormInEval, "train() and eval() give the same scores"),
    "first missing": (normed(first=None), "convolution number 1 has no BatchNorm2d"),
    "second missing": (normed(second=None), "convolution number 2 has no BatchNorm2d"),
    "1d missing": (normed(third=None), "linear layer number 1 has no BatchNorm1d"),
    "after the last": (normed(fourth=norm(10, 1)), "after the last linear layer"),
    "never called": (NormNeverCalled, "bn2 is defined, but forward never calls it"),
    "shared": (NormShared, "norm is used 2 times"),
    "thrown away": (NormThrownAway, "train() and eval() give the same scores"),
    "no statistics": (
        normed(first=norm(6, track_running_stats=False)),
        "track_running_stats=False",
    ),
    "no convolution": (
        sequence(nn.Flatten, linear(784, 40), norm(40, 1), linear(40, 10)),
        "has no nn.Conv2d",
    ),
    "wrong size": (
        sequence(conv(1, 4, 5), norm(4), nn.Flatten, linear(400, 10)),
        "made for 400 numbers, but gets 2304",
    ),
}


@pytest.mark.parametrize(
    ("answer", "fragment"), BATCH_NORM_MISTAKES.values(), ids=BATCH_NORM_MISTAKES
)
def test_batch_norm_wrong(answer, fragment):
    assert_incorrect(checks.batch_norm, fragment, answer)


def test_batch_norm_leaves_no_trace():
    assert_no_trace(checks.batch_norm, BatchNormConvNet)
    assert_no_trace(checks.batch_norm, normed(first=norm(6, 1)))
