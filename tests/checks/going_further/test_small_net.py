"""Task 5.5: right ways, mistakes and their messages, blanks, traces."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import TensorDataset

from helpers import checks
from helpers.checks.going_further import measured
from helpers.layers import count_parameters
from helpers.models import ConvNet
from helpers.training import History
from tests.checks.going_further.parts import (
    BatchNormConvNet,
    DotsAsPart,
    ListNet,
    NoForward,
    labelled,
    make_conv_net,
    no_backend,
    with_lazy_layers,
)
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

FEW = labelled(ConvNet(), count=20)


def judged(network, accuracy, share=0.9, in_training=0.95):
    """The check's arguments, for a network that gets this ``share`` of the test images right."""
    plain = getattr(network, "_orig_mod", network)
    data = [labelled(plain, s, seed=n) for n, s in enumerate((in_training, share))]
    return network, accuracy, *data


def lazy():
    network = with_lazy_layers()
    network(torch.rand(1, 1, 28, 28))
    return network


class Normalised(ConvNet):
    """What is done to the images is done in forward."""

    def forward(self, x):
        return super().forward((x - 0.286) / 0.353)


RIGHT = {
    "plain": (ConvNet(), 0.9, 0.9),
    "rounded": (ConvNet(), 0.93, 0.925),
    "double": (ConvNet().double(), torch.tensor(0.5), 0.5),
    "norms": (BatchNormConvNet(), np.float32(0.9), 0.9),
    "lazy": (lazy(), 1, 1.0),
    "half": (nn.Sequential(ConvNet()).half(), Fraction(9, 10), 0.9),
    "none right": (nn.DataParallel(ConvNet()), 0.0, 0.0),
    "averaged": (AveragedModel(ConvNet()), 0.9, 0.9),
    "guessing": (ConvNet(), 0.1, 0.1),
    "as good in training": (ConvNet(), 0.95, 0.95),
    "normalised": (Normalised(), 0.915, 0.915),
}


@pytest.mark.parametrize(("net", "accuracy", "share"), RIGHT.values(), ids=RIGHT)
def test_small_net_right(net, accuracy, share):
    line = assert_passes(checks.small_net, *judged(net, accuracy, share))
    assert "92.5%" in line and "931" not in line


def test_of_many_images_a_thousand_are_looked_at():
    net = ConvNet()
    test_data = labelled(net, 0.9, count=1500)  # the first 150 are wrong, so 85% of 1,000
    for accuracy in (0.83, 0.87):
        assert_passes(checks.small_net, net, accuracy, FEW, test_data)
    message = assert_incorrect(checks.small_net, "gets 850 of 1,000", net, 0.79, FEW, test_data)
    assert "85.0%" in message
    assert_incorrect(checks.small_net, "gets 850 of 1,000", net, 0.91, FEW, test_data)


def test_fewer_images_leave_more_to_chance(monkeypatch):
    net = ConvNet()
    test_data = labelled(net, 0.9, count=1500)
    monkeypatch.setattr(measured, "FEWEST", 300)
    assert_passes(checks.small_net, net, 0.91, FEW, test_data)
    assert_incorrect(checks.small_net, "gets 850 of 1,000", net, 0.96, FEW, test_data)


def test_small_net_is_not_compiled():
    compiled = torch.compile(ConvNet(), backend=no_backend)
    assert_passes(checks.small_net, *judged(compiled, 0.9))
    in_place = ConvNet()
    data = judged(in_place, 0.9)[1:]
    in_place.compile(backend=no_backend)
    assert_passes(checks.small_net, in_place, *data)
    assert in_place._compiled_call_impl is not None
    large = torch.compile(Large(), backend=no_backend)
    message = "are in linear_stack.0 (Linear): begin there"
    assert_incorrect(checks.small_net, message, large, 0.9, FEW, FEW)


class Large(ConvNet):
    def __init__(self):
        super().__init__()
        self.linear_stack[0] = nn.Linear(256, 400)
        self.linear_stack[2] = nn.Linear(400, 84)


def test_small_net_counts_parameters():
    total, most = count_parameters(Large()), count_parameters(Large().linear_stack[0])
    message = assert_incorrect(
        checks.small_net, f"has {total:,} parameters", Large(), 0.9, FEW, FEW
    )
    assert f"{total - 100_000:,} more than 100,000" in message
    assert f"{most:,}, are in linear_stack.0 (Linear)" in message
    own = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    own.register_parameter("more", nn.Parameter(torch.zeros(100_000)))
    assert_incorrect(
        checks.small_net, "100,000, are in Sequential: begin there", own, 0.9, FEW, FEW
    )
    frozen = Large().requires_grad_(False)
    assert_incorrect(checks.small_net, f"has {total:,} parameters", frozen, 0.9, FEW, FEW)
    exact = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Linear(10, 10))
    room = 100_000 - count_parameters(exact)
    exact.register_parameter("more", nn.Parameter(torch.zeros(room)))
    assert_passes(checks.small_net, *judged(exact, 0.9))
    exact.register_parameter("one_more", nn.Parameter(torch.zeros(1)))
    assert_incorrect(checks.small_net, "has 100,001 parameters, 1 more", exact, 0.9, FEW, FEW)


def unlearned():
    net = ConvNet()
    nn.init.zeros_(net.linear_stack[4].weight)
    return net


def diverged():
    net = ConvNet()
    nn.init.constant_(net.conv_stack[0].weight, float("inf"))
    return net


SMALL_NET_MISTAKES = {
    "class": (ConvNet, 0.9, "the class ConvNet itself"),
    "path": ("small_net.pt", 0.9, "the network that you have trained"),
    "weights": (ConvNet().state_dict(), 0.9, "the network that you have trained"),
    "colour": (ConvNet(3), 0.9, "takes 3 channels in; grey images have 1"),
    "ten images": (nn.Sequential(nn.Flatten(0), nn.Linear(3136, 10)), 0.9, "the shape [10]"),
    "26 classes": (
        nn.Sequential(nn.Flatten(), nn.Linear(784, 26)),
        0.9,
        "[4, 26] on 4 images; expected is [4, 10]: for each",
    ),
    "no parameters": (nn.Sequential(nn.AdaptiveAvgPool2d((2, 5)), nn.Flatten()), 0.9, "no param"),
    "diverged": (diverged(), 0.9, "training has diverged"),
    "one for all": (unlearned(), 0.9, "gives all images the same scores"),
    "never called": (with_lazy_layers(), 0.9, "lazy layers that have not seen an image"),
    "layers in a list": (ListNet(), 0.9, "layers is a list with layers in it"),
    "function": (make_conv_net, 0.9, "the function make_conv_net itself"),
    "history": (ConvNet(), History(accuracies=[0.7, 0.9]), "all that training.fit returns"),
    "loss": (ConvNet(), 1.7, "Is this a loss"),
    "percent": (ConvNet(), 93.1, "93.1: a percentage"),
    "count": (ConvNet(), 9310, "Divide the number of right answers"),
    "negative": (ConvNet(), -0.5, "between 0 and 1"),
    "nan": (ConvNet(), float("nan"), "divided by 0 images"),
    "list": (ConvNet(), [0.8, 0.9], "accuracy is a list of 2 things"),
    "loss and accuracy": (ConvNet(), (0.3, 0.9), "accuracy is a tuple of 2 things"),
    "text": (ConvNet(), "93%", "a number was expected"),
    "tensor": (ConvNet(), torch.ones(3), "one number was expected"),
    "liar": (Liar(), 0.9, "the network that you have trained"),
    "lying accuracy": (ConvNet(), Liar(), "a number was expected"),
}


@pytest.mark.parametrize(
    ("net", "accuracy", "fragment"), SMALL_NET_MISTAKES.values(), ids=SMALL_NET_MISTAKES
)
def test_small_net_wrong(net, accuracy, fragment):
    assert_incorrect(checks.small_net, fragment, net, accuracy, FEW, FEW)


class InTraining(ConvNet):
    """In train() mode it says something else."""

    def forward(self, x):
        scores = super().forward(x)
        return scores.roll(1, 1) if self.training else scores


def seen_in_training():
    """Of the test images, 60% are right in eval() mode, and 25% in train() mode."""
    net = InTraining()
    data = labelled(net)
    images, labels = (x.clone() for x in data.tensors)
    labels[:50] += 1
    labels[50:80] += 2
    return net, 0.25, data, TensorDataset(images, labels % 10)


def new_network():
    net = ConvNet()
    return net, 0.931, labelled(net, 0.1), labelled(net, 0.1)


MEASURED = {
    "typed in": (
        judged(ConvNet(), 0.931, 0.85),
        "accuracy is 0.931, but small_net gets 170 of 200",
    ),
    "one too good": (judged(ConvNet(), 0.95, 0.92), "gets 184 of 200 test images right, 92.0%."),
    "one too bad": (judged(ConvNet(), 0.7, 0.92), "Measure it on test_data, in eval() mode, after"),
    "another network": (judged(BatchNormConvNet(), 0.94, 0.8), "gets 160 of 200 test images right"),
    "of the training images": (
        judged(ConvNet(), 0.95, 0.85),
        "Of the training images it gets 190 of 200 right, which fits. Asked for is the accuracy on",
    ),
    "of the training images, all right": (
        judged(ConvNet(), 1.0, 0.85, 1.0),
        "Of the training images it gets 200 of 200 right, which fits.",
    ),
    "share of the wrong ones": (judged(ConvNet(), 0.15, 0.85), "1 - accuracy would fit"),
    "untrained": (new_network(), "So many are right by guessing, as before any training."),
    "untrained, and as many right as others are wrong": (
        judged(ConvNet(), 0.9, 0.1),
        "So many are right by guessing, as before any training.",
    ),
    "in train mode": (seen_in_training(), "In train() mode it gets 50 of 200 right, which fits."),
    "zero": (judged(ConvNet(), 0, 0.85), "accuracy is 0, but small_net gets 170 of 200"),
    "no test data": ((ConvNet(), 0.9, FEW, 3), "test_data is 3 (of type int); expected are grey"),
    "no training data": ((ConvNet(), 0.9, None, FEW), "training_data is None"),
    "empty": ((ConvNet(), 0.9, FEW, []), "test_data is [] (of type list); expected are grey"),
    "colour": (
        (ConvNet(), 0.9, FEW, [(torch.rand(3, 32, 32), 1)]),
        "expected are grey images of 28×28 pixels and their labels.",
    ),
    "without labels": ((ConvNet(), 0.9, FEW, torch.rand(9, 28, 28)), "expected are grey images"),
}


@pytest.mark.parametrize(("answers", "fragment"), MEASURED.values(), ids=MEASURED)
def test_small_net_measured(answers, fragment):
    assert_incorrect(checks.small_net, fragment, *answers)


def test_small_net_blank_and_trace():
    assert_blank(checks.small_net, ..., 0.9, FEW, FEW)
    assert_blank(checks.small_net, ConvNet(), None, FEW, FEW)
    assert_blank(checks.small_net, DotsAsPart(), 0.9, FEW, FEW)
    assert_blank(checks.small_net, NoForward(), 0.9, FEW, FEW)
    assert_no_trace(checks.small_net, ConvNet(), 0.9, FEW, FEW)
    assert_no_trace(checks.small_net, BatchNormConvNet(), 0.3, FEW, FEW)
    assert_no_trace(checks.small_net, *seen_in_training())
    assert_no_trace(checks.small_net, Large(), 0.9, FEW, FEW)
