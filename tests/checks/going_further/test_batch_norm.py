"""Task 5.4: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from helpers import checks
from helpers.models import ConvNet
from tests.checks.going_further.parts import (
    BatchNormConvNet,
    conv,
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

HEAD = (
    linear(256, 120), norm(120, 1), nn.ReLU, linear(120, 84), norm(84, 1), nn.ReLU, linear(84, 10),
)  # fmt: skip


NormAfterReLU = sequence(
    conv(1, 6, 5), nn.ReLU, norm(6), pool, conv(6, 16, 5), nn.ReLU, pool, norm(16), nn.Flatten,
    linear(256, 120), nn.ReLU, norm(120, 1), linear(120, 84), nn.ReLU, norm(84, 1), linear(84, 10),
)  # fmt: skip


NormAfterPooling = sequence(
    conv(1, 6, 5), pool, norm(6), nn.ReLU, conv(6, 16, 5), norm(16), pool, nn.ReLU, nn.Flatten,
    *HEAD,
)  # fmt: skip


NormLazy = sequence(
    conv(1, 6, 5, bias=False), nn.LazyBatchNorm2d, nn.ReLU, pool,
    lambda: nn.LazyConv2d(16, 5, bias=False), nn.LazyBatchNorm2d, nn.ReLU, pool, nn.Flatten,
    lambda: nn.LazyLinear(120, bias=False), nn.LazyBatchNorm1d, nn.ReLU,
    linear(120, 84), nn.LazyBatchNorm1d, nn.ReLU, linear(84, 10),
)  # fmt: skip


NormSlow = normed(first=norm(6, momentum=0.01, eps=0.1), second=norm(16, momentum=None))


class NormInserted(ConvNet):
    """Blocks of the student's own in the stacks of notebook 3."""

    class Block(nn.Module):
        def __init__(self, before, after):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(before, after, 5), nn.BatchNorm2d(after)

        def forward(self, x):
            return functional.max_pool2d(torch.relu(self.norm(self.conv(x))), 2)

    def __init__(self):
        super().__init__()
        self.conv_stack = nn.Sequential(self.Block(1, 6), nn.Sequential(self.Block(6, 16)))
        self.linear_stack.insert(1, nn.BatchNorm1d(120))
        self.linear_stack.insert(4, nn.BatchNorm1d(84))


class NormByHand(nn.Module):
    """Everything in forward, in float64."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList([nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)])
        self.hidden = nn.ModuleList([nn.Linear(256, 120), nn.Linear(120, 84)])
        norms = {n: nn.BatchNorm2d(n) for n in (6, 16)} | {n: nn.BatchNorm1d(n) for n in (120, 84)}
        self.norms = nn.ModuleDict({str(n): norm for n, norm in norms.items()})
        self.last = nn.Linear(84, 10)
        self.double()

    def forward(self, x):
        for layer in self.convolutions:
            x = self.norms[str(layer.out_channels)](layer(x))
            x = functional.max_pool2d(functional.relu(x), 2)
        x = x.flatten(1)
        for layer in self.hidden:
            x = functional.relu(self.norms[str(layer.out_features)](layer(x)))
        return self.last(x)


class Norm(nn.Module):
    """A batch normalisation of the student's own; ``apply(x)`` makes mean 0 and spread 1 of it."""

    def __init__(self, count, dims):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(count)), nn.Parameter(torch.zeros(count))
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))
        self.over = (0, 2, 3) if dims == 2 else (0,)
        self.form = (1, -1, 1, 1) if dims == 2 else (1, -1)

    def mean_and_spread(self, x):
        mean, spread = self.mean, self.spread
        if self.training:
            mean, spread = x.mean(self.over), x.var(self.over, unbiased=False)
            with torch.no_grad():
                self.mean.lerp_(mean, 0.1)
                self.spread.lerp_(spread, 0.1)
        return mean, spread

    def forward(self, x):
        mean, spread = (value.view(self.form) for value in self.mean_and_spread(x))
        scale, shift = self.scale.view(self.form), self.shift.view(self.form)
        return (x - mean) / (spread + 1e-5).sqrt() * scale + shift


class WithFunction(Norm):
    def forward(self, x):
        return functional.batch_norm(
            x, self.mean, self.spread, self.scale, self.shift, self.training
        )


class BiasedSpread(Norm):
    def forward(self, x):
        mean, spread = (value.view(self.form) for value in self.mean_and_spread(x))
        return (x - mean) * torch.rsqrt(spread + 1e-5) * self.scale.view(self.form) + (
            self.shift.view(self.form)
        )


def with_norms(kind, **places):
    """The network with four layers of a ``kind`` of normalisation, ``kind(count, dims)``."""
    norms = {"first": (6, 2), "second": (16, 2), "third": (120, 1), "fourth": (84, 1)}
    return normed(**{name: (lambda a=a: kind(*a)) for name, a in norms.items()} | places)


@pytest.mark.parametrize("kind", [Norm, WithFunction, BiasedSpread])
def test_norms_of_the_students_own(kind):
    assert_passes(checks.batch_norm, with_norms(kind))


class OfEachImage(Norm):
    def mean_and_spread(self, x):
        over = tuple(range(1, x.dim()))
        return x.mean(over)[:, None].expand_as(x.flatten(1)[:, :1]), x.var(over)[:, None]

    def forward(self, x):
        mean, spread = (v.view(len(x), *[1] * (x.dim() - 1)) for v in self.mean_and_spread(x))
        scale, shift = self.scale.view(self.form), self.shift.view(self.form)
        return (x - mean) / (spread + 1e-5).sqrt() * scale + shift


class NothingKept(Norm):
    """In eval() mode, too, it goes by the batch."""

    def mean_and_spread(self, x):
        return x.mean(self.over), x.var(self.over, unbiased=False)


class WithoutKeeping(WithFunction):
    def forward(self, x):
        return functional.batch_norm(x, None, None, self.scale, self.shift, training=True)


class NothingToLearn(WithFunction):
    def forward(self, x):
        return functional.batch_norm(x, self.mean, self.spread, training=self.training)


OWN_NORMS = {
    "of each image": (with_norms(OfEachImage), "no batch normalisation happens in forward"),
    "nothing kept": (with_norms(NothingKept), "train() and eval() give the same scores"),
    "without keeping": (with_norms(WithoutKeeping), "layers.1 keeps no mean and no spread"),
    "nothing to learn": (with_norms(NothingToLearn), "layers.1 has no scale and shift to learn"),
    "one missing": (
        with_norms(Norm, second=None),
        "there is no batch normalisation after the second convolution.",
    ),
    "one more": (
        with_norms(Norm, fifth=lambda: Norm(10, 1)),
        "the scores are changed after the last layer: there comes batch normalisation.",
    ),
    "a ReLU forgotten": (
        with_norms(WithFunction, relu1=None),
        "there is no ReLU after the first convolution.",
    ),
}


@pytest.mark.parametrize(("answer", "fragment"), OWN_NORMS.values(), ids=OWN_NORMS)
def test_norms_of_the_students_own_wrong(answer, fragment):
    assert_incorrect(checks.batch_norm, fragment, answer)


@pytest.mark.parametrize(
    "answer",
    [
        BatchNormConvNet,
        NormAfterReLU,
        NormAfterPooling,
        NormInserted,
        NormLazy,
        NormSlow,
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


def without_relu(*places):
    """``BatchNormConvNet`` without the layers at these places, which are ReLUs."""

    class Net(BatchNormConvNet):
        def __init__(self):
            super().__init__()
            assert all(isinstance(self.layers[place], nn.ReLU) for place in places)
            kept = [layer for i, layer in enumerate(self.layers) if i not in places]
            self.layers = nn.Sequential(*kept)

    return Net


class OneInEval(NormByHand):
    """One norm goes by what it has kept, also in training."""

    def forward(self, x):
        self.norms["6"].eval()
        return super().forward(x)


class OneThrownAway(NormByHand):
    def forward(self, x):
        first, second = self.convolutions
        x = first(x)
        self.norms["6"](x)
        x = functional.max_pool2d(functional.relu(x), 2)
        x = functional.max_pool2d(functional.relu(self.norms["16"](second(x))), 2).flatten(1)
        for layer in self.hidden:
            x = functional.relu(self.norms[str(layer.out_features)](layer(x)))
        return self.last(x)


BATCH_NORM_MISTAKES = {
    "one in eval": (
        OneInEval,
        "the batch normalisation after the first convolution does not go by the batch in train()",
    ),
    "one thrown away": (
        OneThrownAway,
        "there is no batch normalisation after the first convolution.",
    ),
    "none": (ConvNet, "no batch normalisation happens in forward"),
    "1d after convolution": (normed(first=norm(6, 1)), "a BatchNorm1d gets [8, 6, 24, 24]"),
    "2d after linear": (normed(third=norm(120)), "a BatchNorm2d gets [8, 120]"),
    "wrong channels": (normed(second=norm(6)), "made for 6 channels, but gets 16"),
    "wrong features": (normed(third=norm(256, 1)), "made for 256 numbers, but gets 120"),
    "3d": (normed(first=lambda: nn.BatchNorm3d(6)), "a BatchNorm3d gets [8, 6, 24, 24]"),
    "no number": (normed(first=lambda: nn.BatchNorm2d()), "how many channels or numbers come in"),
    "momentum 0": (normed(second=norm(16, momentum=0.0)), "eval() knows nothing of the training"),
    "momentum 1": (normed(second=norm(16, momentum=1.0)), "eval() knows only the last batch"),
    "momentum 90": (normed(third=norm(120, 1, momentum=90)), "has momentum=90"),
    "instance norm": (
        normed(first=lambda: nn.InstanceNorm2d(6), second=None, third=None, fourth=None),
        "no batch normalisation happens in forward",
    ),
    "softmax": (normed(fifth=lambda: nn.Softmax(1)), "Leave the softmax out"),
    "made in forward": (NormInForward, "a scale and a shift that the network does not know of"),
    "before the layers": (
        sequence(norm(1), conv(1, 4, 5), nn.Flatten, norm(2304, 1), linear(2304, 10)),
        "the images pass 1 convolution; asked for are 2.",
    ),
    "eval in forward": (NormInEval, "train() and eval() give the same scores"),
    "first missing": (normed(first=None), "no batch normalisation after the first convolution."),
    "second missing": (normed(second=None), "no batch normalisation after the second convolution."),
    "1d missing": (
        normed(third=None),
        "no batch normalisation after the first fully-connected layer.",
    ),
    "after the last": (
        normed(fifth=norm(10, 1)),
        "the scores are changed after the last layer: there comes batch normalisation.",
    ),
    "never called": (NormNeverCalled, "bn2 is defined, but forward never calls it"),
    "shared": (NormShared, "norm is used 2 times"),
    "thrown away": (NormThrownAway, "train() and eval() give the same scores"),
    "no statistics": (
        normed(first=norm(6, track_running_stats=False)),
        "track_running_stats=False",
    ),
    "no convolution": (
        sequence(nn.Flatten, linear(784, 40), norm(40, 1), linear(40, 10)),
        "the images pass 0 convolutions; asked for are 2.",
    ),
    "wrong size": (
        normed(linear1=linear(400, 120)),
        "made for 400 numbers, but gets 256",
    ),
    "no scale to learn": (
        normed(second=norm(16, affine=False)),
        "layers.5 has no scale and shift to learn, as with affine=False.",
    ),
    "no scale to learn in 1d": (
        normed(fourth=norm(84, 1, affine=False)),
        "layers.13 has no scale and",
    ),
    "a ReLU forgotten": (
        without_relu(2),
        "there is no ReLU after the first convolution.",
    ),
    "a ReLU forgotten in linear_stack": (
        without_relu(14),
        "there is no ReLU after the second fully-connected layer.",
    ),
    "norms in place of ReLUs": (
        without_relu(2, 6, 11, 14),
        "there is no ReLU after the first convolution nor after the second convolution nor after",
    ),
    "2d in one place only": (normed(third=None, fourth=None), "first fully-connected layer nor"),
    "1d of the second missing": (
        normed(fourth=None),
        "no batch normalisation after the second fully-connected layer.",
    ),
    "two in a row": (
        normed(first=lambda: nn.Sequential(nn.BatchNorm2d(6), nn.BatchNorm2d(6))),
        "after the first convolution comes batch normalisation more than once",
    ),
    "of the images, too": (
        sequence(norm(1), BatchNormConvNet),
        "before they come to the first convolution: there comes batch normalisation",
    ),
    "of the flattened maps": (
        normed(
            second=None,
            third=lambda: nn.Sequential(nn.BatchNorm1d(120)),
        ),
        "there is no batch normalisation after the second convolution.",
    ),
    "no bias after the norm": (
        normed(
            conv1=conv(1, 6, 5, bias=False),
            first=None,
            relu1=lambda: nn.Sequential(nn.ReLU(), nn.BatchNorm2d(6)),
        ),
        "the first convolution has no bias.",
    ),
    "average pooling": (
        normed(pool1=lambda: nn.AvgPool2d(2)),
        "the pooling after the first convolution takes the average",
    ),
    "another number of maps": (
        normed(conv1=conv(1, 8, 5), first=norm(8), conv2=conv(8, 16, 5)),
        "the first convolution gives 8 channels; asked for are 6.",
    ),
    "dropout, too": (
        normed(relu3=lambda: nn.Sequential(nn.ReLU(), nn.Dropout(0.5))),
        "after the first fully-connected layer comes dropout, which is not asked for.",
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
