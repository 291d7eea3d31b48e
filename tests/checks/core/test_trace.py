"""The promise of every check that it leaves no trace."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from helpers.checks.core.checking import check
from helpers.checks.core.trace import no_trace
from tests.checks.tables import assert_no_trace


def network():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout())
    model[2].eval()
    model(torch.rand(4, 1, 8, 8)).sum().backward()
    model[0].register_forward_hook(lambda *_: None)
    model[0].bias.requires_grad_(False)
    return model


def train_a_step(model):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.rand(4, 1, 8, 8)).sum().backward()
    optimizer.step()


DAMAGE = {
    "python's random numbers": lambda model: random.random(),
    "numpy's random numbers": lambda model: np.random.rand(),
    "torch's random numbers": lambda model: torch.rand(1),
    "seed": lambda model: torch.manual_seed(77),
    "default type": lambda model: torch.set_default_dtype(torch.float64),
    "default device": lambda model: torch.set_default_device("meta"),
    "default device, the same": lambda model: torch.set_default_device("cpu"),
    "gradients off": lambda model: torch.set_grad_enabled(False),
    "mode": lambda model: model.eval(),
    "training": train_a_step,
    "running means": lambda model: model(torch.rand(4, 1, 8, 8)),
    "gradients gone": lambda model: model.zero_grad(),
    "gradients scaled": lambda model: model[0].weight.grad.mul_(2),
    "frozen": lambda model: model.requires_grad_(False),
    "new hook": lambda model: model[1].register_forward_hook(lambda *_: None),
    "hook gone": lambda model: model[0]._forward_hooks.clear(),
    "weights of zero": lambda model: nn.init.zeros_(model[0].weight),
    "other type": lambda model: model.double(),
    "other weights": lambda model: setattr(
        model[0], "weight", nn.Parameter(torch.ones(2, 1, 3, 3))
    ),
    "other data": lambda model: setattr(model[0].weight, "data", torch.ones(1)),
    "layer gone": lambda model: model.pop(0),
    "layer more": lambda model: model.append(nn.ReLU()),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_no_trace(what):
    @check("9.7", "Careless", hints=("A nudge.", "Nearly all."))
    def careless(model):
        """Right: anything."""
        DAMAGE[what](model)
        return "did something"

    model = network()
    names = [name for name, _ in model.named_parameters()]
    kept = dict(model.named_parameters())
    try:
        assert_no_trace(careless, model)
    finally:
        for put_back in (
            lambda: torch.set_default_dtype(torch.float32),
            lambda: torch.set_default_device(None),
            lambda: torch.set_grad_enabled(True),
        ):
            put_back()
    assert [name for name, _ in model.named_parameters()] == names
    assert all(kept[name] is parameter for name, parameter in model.named_parameters())


@pytest.mark.parametrize("what", DAMAGE)
def test_assert_no_trace_notices(what):
    def careless(model):
        DAMAGE[what](model)

    try:
        with pytest.raises(AssertionError):
            assert_no_trace(careless, network())
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.set_grad_enabled(True)


def test_no_trace_after_an_exception():
    model = network()
    weight = model[0].weight.detach().clone()
    with pytest.raises(ValueError), no_trace(model):
        train_a_step(model)
        raise ValueError
    assert torch.equal(model[0].weight, weight)
    assert not model[2].training and model[0].training


def test_no_trace_in_lists_and_dictionaries():
    tensor, other = torch.ones(3), torch.ones(3)
    with no_trace([tensor, 1], {"other": (other,)}):
        tensor.zero_()
        other.zero_()
    assert tensor.sum() == other.sum() == 3


def test_no_trace_reads_results_without_a_warning(recwarn):
    weight = torch.ones(2, requires_grad=True)
    result = weight * 2
    with no_trace(result, nn.LazyLinear(3)):
        pass
    assert result.requires_grad and not recwarn.list


def test_hook_can_still_be_removed_afterwards():
    layer = nn.ReLU()
    handle = layer.register_forward_hook(lambda *_: None)
    with no_trace(layer):
        layer.register_forward_hook(lambda *_: None)
    assert len(layer._forward_hooks) == 1
    handle.remove()
    assert not layer._forward_hooks
