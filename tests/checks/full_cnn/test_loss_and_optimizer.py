"""Task 3.4: right ways, mistakes and their messages, blanks, traces."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import models
from helpers.checks import loss_and_optimizer
from tests.checks.full_cnn.parts import NET, SGD, sgd
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

LOSS = nn.CrossEntropyLoss()


def test_loss_and_optimizer_accepts():
    right = SGD(NET.parameters(), lr=1e-3)
    assert_passes(loss_and_optimizer, LOSS, right, NET)
    assert_passes(loss_and_optimizer, F.cross_entropy, SGD(list(NET.parameters()), 0.001), NET)
    groups = [{"params": part.parameters()} for part in NET.children()]
    assert_passes(
        loss_and_optimizer,
        nn.CrossEntropyLoss(reduction="mean"),
        SGD(groups, lr=1e-3, momentum=0),
        NET,
    )
    assert_passes(loss_and_optimizer, nn.CrossEntropyLoss(None), SGD(NET.parameters(), 1e-3), NET)
    assert_passes(loss_and_optimizer, LOSS, sgd(lr=torch.tensor(1e-3)), NET)
    assert_passes(
        loss_and_optimizer, lambda s, y: F.nll_loss(F.log_softmax(s, 1), y), sgd(foreach=True), NET
    )
    assert_passes(loss_and_optimizer, lambda scores, y: F.cross_entropy(scores, y), right, NET)
    assert_no_trace(loss_and_optimizer, LOSS, right, NET)


@pytest.mark.parametrize(
    "loss_fn, optimizer, fragment",
    [
        (nn.NLLLoss(), sgd(), "log-probabilities"),
        (nn.MSELoss(), sgd(), "distances"),
        (nn.BCEWithLogitsLoss(), sgd(), "ten classes"),
        (nn.L1Loss(), sgd(), "distances"),
        (nn.BCELoss(), sgd(), "ten classes"),
        (nn.Softmax(1), sgd(), "measures no loss"),
        (nn.LogSoftmax(1), sgd(), "logarithms of probabilities"),
        (nn.MultiMarginLoss(), sgd(), "is MultiMarginLoss. Asked for"),
        (NET, sgd(), "loss_fn is a network"),
        ((LOSS,), sgd(), "leave out the comma"),
        (lambda s, y: F.cross_entropy(s, y).item(), sgd(), "no gradients can be computed"),
        (lambda s, y: -F.cross_entropy(s, y), sgd(), "is negative"),
        (lambda s, y: F.cross_entropy(s.softmax(1), y), sgd(), "applies softmax first"),
        (lambda s, y: F.cross_entropy(s, y, reduction="sum"), sgd(), "the sum over the batch"),
        (nn.CrossEntropyLoss, sgd(), "with parentheses"),
        (nn.CrossEntropyLoss(reduction="sum"), sgd(), "reduction='sum'"),
        (nn.CrossEntropyLoss(label_smoothing=0.1), sgd(), "label_smoothing"),
        (nn.CrossEntropyLoss(weight=torch.ones(10)), sgd(), "a factor for each class"),
        (nn.CrossEntropyLoss(ignore_index=3), sgd(), "without further settings"),
        (lambda s, y: F.cross_entropy(s, y).round(decimals=1), sgd(), "as if rounded"),
        (lambda s, y: round(F.cross_entropy(s, y).item(), 2), sgd(), "as if rounded"),
        (lambda s, y: F.cross_entropy(s, y) / 2, sgd(), "where cross-entropy gives"),
        (lambda s, y: 64 * F.cross_entropy(s, y), sgd(), "where cross-entropy gives"),
        (lambda s, y: 2.3, sgd(), "where cross-entropy gives"),
        (lambda s, y: F.cross_entropy(s, y, reduction="none"), sgd(), "one number was expected"),
        (lambda s, y: F.cross_entropy(s.log_softmax(1).exp(), y), sgd(), "softmax first"),
        (lambda s, y: F.cross_entropy(s, y).detach(), sgd(), "no gradients can be computed"),
        (lambda s, y: (F.cross_entropy(s, y),), sgd(), "a value in brackets"),
        (lambda s, y: str(F.cross_entropy(s, y)), sgd(), "a number was expected"),
        (lambda y, s: F.cross_entropy(s, y), sgd(), "raised"),
        (nn.CrossEntropyLoss(reduction="none"), sgd(), "reduction='none'"),
        (nn.CrossEntropyLoss(torch.arange(1.0, 11)), sgd(), "a factor for each class"),
        (nn.KLDivLoss(), sgd(), "is KLDivLoss. Asked for is the cross-entropy"),
        (nn.Linear(1, 1), sgd(), "is Linear. Asked for is the cross-entropy"),
        ("CrossEntropyLoss", sgd(), "expected is the cross-entropy loss"),
        ([LOSS], sgd(), "a list with one thing in it"),
        (LOSS, (sgd(),), "leave out the comma"),
        (LOSS, NET.parameters(), "asked for is plain SGD"),
        (LOSS, sgd(lr=0.0), "the learning rate is 0; asked for"),
        (LOSS, sgd(lr=1), "the learning rate is 1; asked for is 1e-3."),
        (LOSS, sgd(nesterov=True, momentum=0.9), "momentum=0.9"),
        (LOSS, torch.optim.AdamW(NET.parameters(), lr=1e-3), "AdamW"),
        (LOSS, torch.optim.RMSprop(NET.parameters(), lr=1e-3), "RMSprop"),
        (LOSS, SGD([torch.zeros(3, requires_grad=True)], lr=1e-3), "none of the parameters"),
        (LOSS, SGD(list(NET.parameters())[:1], lr=1e-3), "conv_stack.0.bias is missing"),
        (F.nll_loss, sgd(), "expects log-probabilities"),
        (lambda scores: scores, sgd(), "TypeError"),
        (2.3, sgd(), "expected is the cross-entropy"),
        (sgd(), LOSS, "swapped"),
        (LOSS, SGD, "Call the class"),
        (LOSS, torch.optim.Adam(NET.parameters(), lr=1e-3), "Adam"),
        (LOSS, "SGD", "plain SGD"),
        (LOSS, sgd(lr=1e-2), "Task 3.9"),
        (LOSS, sgd(lr=1e-1), "Task 3.9"),
        (LOSS, sgd(lr=1e-4), "0.0001; asked for is 1e-3."),
        (LOSS, sgd(lr=1e3), "a minus missing"),
        (LOSS, sgd(maximize=True), "maximize=True"),
        (LOSS, sgd(dampening=0.1), "dampening=0.1"),
        (LOSS, sgd(momentum=0.9), "momentum=0.9"),
        (LOSS, sgd(weight_decay=1e-4), "weight_decay"),
        (LOSS, SGD(models.ConvNet().parameters(), lr=1e-3), "none of the parameters"),
        (LOSS, SGD(NET.linear_stack.parameters(), lr=1e-3), "only a part"),
        (
            LOSS,
            SGD([*NET.parameters(), *models.ConvNet().parameters()], lr=1e-3),
            "the optimizer holds others",
        ),
    ],
)
def test_loss_and_optimizer_explains(loss_fn, optimizer, fragment):
    assert_incorrect(loss_and_optimizer, fragment, loss_fn, optimizer, NET)


def test_loss_and_optimizer_blank():
    assert_blank(loss_and_optimizer, ..., sgd(), NET)
    assert_blank(loss_and_optimizer, LOSS, None, NET)
    assert_incorrect(loss_and_optimizer, "model is an optimizer", LOSS, NET, sgd())
    assert_incorrect(loss_and_optimizer, "Task 3.2", LOSS, sgd(), models.ConvNet.forward)
