"""Tasks 5.2 to 5.4: what holds for each class of networks."""

import pytest
from torch import nn

from helpers import checks
from helpers.models import ConvNet
from tests.checks.going_further.parts import DotsAsPart, NoForward
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
)


class NoneAsPart(DotsAsPart):
    def __init__(self):
        super().__init__()
        self.conv_stack = None


class DotsInSequential(DotsAsPart):
    def __init__(self):
        super().__init__()
        self.conv_stack = nn.Sequential(...)


class DotsReturned(NoForward):
    def forward(self, x):
        return ...


class OnlyHalf(DotsAsPart):
    """One of two stacks is filled in."""

    def __init__(self):
        super().__init__()
        self.linear_stack = nn.Linear(784, 10)

    def forward(self, x):
        return self.linear_stack(self.conv_stack(x).flatten(1))


class OldStack(ConvNet):
    """The dots stand in place of a stack that the class has from ConvNet."""

    def __init__(self):
        super().__init__()
        self.linear_stack = ...


CLASS_CHECKS = [checks.rgb_net, checks.dropout, checks.batch_norm]


@pytest.mark.parametrize("check", CLASS_CHECKS)
@pytest.mark.parametrize(
    "stub",
    [
        ...,
        None,
        NoForward,
        DotsAsPart,
        NoneAsPart,
        DotsInSequential,
        DotsReturned,
        OnlyHalf,
        OldStack,
    ],
)
def test_classes_blank(check, stub):
    assert_blank(check, stub)


class NoInit(nn.Module):
    def __init__(self):
        self.conv_stack = nn.Conv2d(1, 6, 5)


class OnlyANumber(nn.Module):
    def __init__(self):
        self.linear_entry_dim = 4


class NotAModule:
    pass


class HidingNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = {"one": nn.Conv2d(1, 6, 5)}


class Unfinished(nn.Module):
    pass


CLASS_MISTAKES = {
    "instance": (ConvNet(), "is an instance of your class"),
    "number": (3, "expected is a class"),
    "not a module": (NotAModule, "Let the class inherit from nn.Module"),
    "arguments": (nn.Linear, "a call without arguments"),
    "no parentheses": (lambda: nn.Sequential(nn.ReLU), "made by calling its class"),
    "list of layers": (lambda: HidingNet(), "a dict with layers in it"),
    "no super": (NoInit, "Begin __init__ with super().__init__()"),
    "no super, only a number": (OnlyANumber, "Begin __init__ with super().__init__()"),
    "no forward": (Unfinished, "Write def forward(self, x) in the class"),
    "object": (NotAModule, "makes an object of type NotAModule"),
    "liar": (Liar(), "expected is a class"),
}


@pytest.mark.parametrize("check", CLASS_CHECKS)
@pytest.mark.parametrize(("answer", "fragment"), CLASS_MISTAKES.values(), ids=CLASS_MISTAKES)
def test_classes_wrong(check, answer, fragment):
    assert_incorrect(check, fragment, answer)
