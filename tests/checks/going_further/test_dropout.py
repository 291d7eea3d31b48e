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

STACK = (conv(1, 6, 5), nn.ReLU, pool, conv(6, 16, 5), nn.ReLU, pool, nn.Flatten)


HALF = drop()


def dropping(*first, second=(nn.ReLU, HALF), end=(), stack=STACK):
    """A class of networks: what comes after the first linear layer, the second, and the last."""
    head = (linear(256, 120), *first, linear(120, 84), *second, linear(84, 10), *end)
    return sequence(*stack, *head)


DropoutFirst = dropping(drop(), nn.ReLU, second=(drop(), nn.ReLU))


class Blocks(nn.Module):
    """Sequentials in a Sequential, subclasses of layers, ReLU twice, one dropout for two places."""

    class Half(nn.Dropout):
        pass

    def __init__(self):
        super().__init__()
        half = self.Half()
        blocks = [nn.Sequential(nn.LazyLinear(n), nn.ReLU(), nn.ReLU(), half) for n in (120, 84)]
        self.all = nn.Sequential(*(layer() for layer in STACK), *blocks, nn.Linear(84, 10))

    def forward(self, x):
        return self.all(x)


class Functional(ConvNet):
    """``F.dropout`` in forward; ``training`` says how it is called."""

    listens = True

    def drop(self, x):
        if self.listens:
            return functional.dropout(x, training=self.training)
        return functional.dropout(x)

    def forward(self, x):
        x = self.flatten(self.conv_stack(x))
        first, bend, second, _, last = self.linear_stack
        return last(self.drop(bend(second(self.drop(first(x).clamp(min=0))))))


class AlwaysOn(Functional):
    listens = False


class ByHand(Functional):
    """A mask of its own."""

    share = 0.5
    factor = 2

    def mask(self, x):
        return torch.rand_like(x) >= self.share

    def drop(self, x):
        return x * self.mask(x) * self.factor if self.training else x


class ByOneLayer(Functional):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout()

    def drop(self, x):
        return self.dropout(x)


class NeverCalled(ConvNet):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)


class Inserted(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack.insert(2, nn.Dropout(0.5))
        self.linear_stack.insert(5, nn.Dropout(0.5, inplace=True))


DropoutConvNet = dropping(nn.ReLU, drop())


@pytest.mark.parametrize(
    "answer",
    [
        DropoutConvNet,
        DropoutFirst,
        Blocks,
        Functional,
        ByHand,
        ByOneLayer,
        Inserted,
        lambda: Inserted().double(),
    ],
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


def dropped_by_hand(**members):
    return type("ByHand", (ByHand,), members)


def functional_at(place):
    """``F.dropout`` at one place of the network of notebook 3, beside the right ones."""

    class Net(Inserted):
        def forward(self, x):
            def drop(x, where):
                return functional.dropout(x, training=self.training) if where == place else x

            x = self.conv_stack[:3](drop(x, "images"))
            x = self.flatten(self.conv_stack[3:](drop(x, "first")))
            return drop(self.linear_stack(drop(x, "entry")), "scores")

    return Net


class OtherLayersInTraining(Inserted):
    def forward(self, x):
        x = super().forward(x)
        return functional.linear(x, torch.eye(10)) if self.training else x


MISSING = "nothing is dropped after the ReLU behind the"
NOWHERE = "than in eval() mode. Dropout is asked for after the two ReLUs in linear_stack, and now"
DROPOUT_MISTAKES = {
    "none": (ConvNet, "Put nn.Dropout(0.5) among the linear layers."),
    "always on": (AlwaysOn, "training=self.training"),
    "p = 0": (dropping(nn.ReLU, drop(0)), "p=0, so it drops nothing"),
    "p = 1": (dropping(nn.ReLU, drop(1)), "p=1, so it drops all"),
    "percent": (dropping(nn.ReLU, drop(50)), "0.5, for example"),
    "p = 0.2": (
        dropping(nn.ReLU, drop(0.2)),
        "of the numbers after the first fully-connected layer are dropped; asked for is one half",
    ),
    "p = 0.2 in the second place": (
        dropping(nn.ReLU, drop(), second=(nn.ReLU, drop(0.2))),
        "of the numbers after the second fully-connected layer are dropped",
    ),
    "p = 0.45": (dropping(nn.ReLU, drop(0.45)), "is multiplied by 1.82"),
    "p = 0.75": (dropping(nn.ReLU, drop(0.75)), "are dropped; asked for is one half"),
    "twice at one place": (dropping(nn.ReLU, drop(), drop()), "are dropped; asked for is one half"),
    "only the first": (
        dropping(nn.ReLU, drop(), second=(nn.ReLU,)),
        f"{MISSING} second fully-connected layer",
    ),
    "only the second": (dropping(nn.ReLU), f"{MISSING} first fully-connected layer"),
    "in place of the ReLUs": (
        dropping(drop(), second=(drop(),)),
        "there is no ReLU after the first fully-connected layer nor after the second fully",
    ),
    "in place of one ReLU": (
        dropping(nn.ReLU, drop(), second=(drop(),)),
        "there is no ReLU after the second fully-connected layer.",
    ),
    "in the convolutions only": (
        dropping(nn.ReLU, second=(nn.ReLU,), stack=(*STACK[:3], drop(), *STACK[3:])),
        f"after the first convolution {NOWHERE}",
    ),
    "in the convolutions, too": (
        dropping(nn.ReLU, drop(), stack=(*STACK[:3], lambda: nn.Dropout2d(0.5), *STACK[3:])),
        f"after the first convolution {NOWHERE}",
    ),
    "before the linear layers": (
        dropping(nn.ReLU, drop(), stack=(*STACK, drop())),
        f"after the second convolution {NOWHERE}",
    ),
    "of the images": (functional_at("images"), f"before the first convolution {NOWHERE}"),
    "in forward, after the first": (functional_at("first"), f"first convolution {NOWHERE}"),
    "in forward, at the entry": (functional_at("entry"), f"second convolution {NOWHERE}"),
    "in forward, of the scores": (
        functional_at("scores"),
        "the scores are changed after the last layer",
    ),
    "alpha": (
        dropping(nn.ReLU, nn.AlphaDropout),
        "after the first fully-connected layer in train() mode is not what nn.Dropout(0.5) does",
    ),
    "whole images": (dropping(nn.ReLU, nn.Dropout1d), "are dropped together: all of an image"),
    "the same of all images": (
        dropped_by_hand(mask=lambda self, x: torch.rand(x.shape[1]) > 0.5),
        "are dropped together: all of an image, or the same of all images",
    ),
    "not doubled": (dropped_by_hand(factor=1), "is multiplied by 1."),
    "all dropped": (dropped_by_hand(share=1, factor=1), "in train() mode, two calls"),
    "p = 0.1 by hand": (
        dropped_by_hand(share=0.1),
        "of the numbers after the first fully-connected layer are dropped",
    ),
    "p = 0.3 by hand": (
        dropped_by_hand(share=0.3),
        "of the numbers after the first fully-connected layer are dropped",
    ),
    "noise": (
        dropped_by_hand(mask=lambda self, x: torch.rand_like(x)),
        "is not what nn.Dropout(0.5) does: some numbers are set to 0, and all others are doubled",
    ),
    "other layers in training": (
        OtherLayersInTraining,
        "in train() mode, your network does not use the same layers as in eval() mode",
    ),
    "after the last": (
        dropping(nn.ReLU, drop(), end=(drop(),)),
        "in train() mode, the scores are changed after the last layer",
    ),
    "never called": (NeverCalled, "dropout is defined, but forward never calls it"),
    "scores dropped": (ScoresDropped, "the scores are changed after the last layer"),
    "alpha after the last": (
        dropping(nn.ReLU, drop(), end=(nn.AlphaDropout,)),
        "after the last layer",
    ),
    "made in forward": (MadeInForward, "if it is made in __init__"),
    "train in forward": (
        AlwaysTraining,
        "after eval() and one call, your network is in train() mode.",
    ),
    "eval in forward": (
        NeverTraining,
        "nothing is dropped at random: in train() mode, two calls with the same images give",
    ),
    "eval does nothing": (
        SilentEval,
        "after eval() and one call, your network is in train() mode.",
    ),
    "not called": (dropping(nn.ReLU, lambda: nn.Dropout), "made by calling its"),
    "softmax": (dropping(nn.ReLU, drop(), end=(lambda: nn.Softmax(1),)), "Leave the soft"),
    "wrong size": (
        sequence(*STACK, linear(400, 120), nn.ReLU, drop()),
        "made for 400 numbers, but gets 256",
    ),
    "three classes": (
        dropping(nn.ReLU, drop(), end=(nn.ReLU, linear(10, 3))),
        "the images pass 4 fully-connected layers; asked for are 3.",
    ),
    "another network": (
        sequence(*STACK[:3], nn.Flatten, linear(864, 120), nn.ReLU, drop(), linear(120, 10)),
        "the images pass 1 convolution; asked for are 2.",
    ),
    "average pooling": (
        dropping(nn.ReLU, drop(), stack=(*STACK[:5], lambda: nn.AvgPool2d(2), nn.Flatten)),
        "the pooling after the second convolution takes the average of each window",
    ),
}


@pytest.mark.parametrize(("answer", "fragment"), DROPOUT_MISTAKES.values(), ids=DROPOUT_MISTAKES)
def test_dropout_wrong(answer, fragment):
    assert_incorrect(checks.dropout, fragment, answer)


def test_dropout_leaves_no_trace():
    assert_no_trace(checks.dropout, DropoutConvNet)
    assert_no_trace(checks.dropout, AlwaysOn)
