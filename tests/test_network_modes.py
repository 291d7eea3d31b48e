"""What a network is for a while: each way back is complete, and nobody notices the way there."""

import random
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

from helpers.network_modes import channels_last, evaluation_mode, uncompiled, unwrapped
from helpers.training import fit
from tests.training.fakes import Recorder, fake_images, interrupt_at
from tests.training.plain_training import assert_same, conv_net, plain_loop, quiet_fit
from tests.wrapped import data_parallel

BATCH = fake_images(4)[range(4)]
SOME_IMAGES = BATCH[0]


class Viewing(nn.Module):
    """Its ``view`` needs an output of the convolutions with the channels first in memory."""

    def __init__(self):
        super().__init__()
        self.layers = conv_net()

    def forward(self, x):
        x = self.layers[:4](x)
        return self.layers[5:](x.view(len(x), -1))


def layout(model: nn.Module) -> list[tuple[int, ...]]:
    return [parameter.stride() for parameter in model.parameters()]


def is_contiguous(model: nn.Module) -> bool:
    return all(value.is_contiguous() for value in model.state_dict().values())


def is_channels_last(model: nn.Module) -> bool:
    """Of the second convolution: with one channel only, the first is both at once."""
    weight = model[-4].weight
    return weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()


# Evaluation mode


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_evaluation_mode_ends_with_the_modes_as_they_were(error):
    model = conv_net(nn.Sequential(nn.Dropout(0.5), nn.BatchNorm2d(1)))
    model.train()
    model[0].eval()  # as of somebody who trains a part only
    model[0][0].train()
    before = [module.training for module in model.modules()]
    assert len(set(before)) == 2
    try:
        with evaluation_mode(model):
            assert not any(module.training for module in model.modules())
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt) as raised:
        assert type(raised) is error
    assert [module.training for module in model.modules()] == before


# Channels last


def test_weights_have_their_channels_last_for_a_while():
    model = conv_net()
    parameters = list(model.parameters())
    values = [parameter.detach().clone() for parameter in parameters]
    scores = model(SOME_IMAGES)
    with channels_last(model, [BATCH]):
        assert is_channels_last(model)
        torch.testing.assert_close(model(SOME_IMAGES), scores)
    assert is_contiguous(model)
    # The optimizer trains these objects.
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(parameters, values, strict=True))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_layout_comes_back_after_an_error(error):
    model = conv_net()
    with pytest.raises(error), channels_last(model, [BATCH]):
        raise error
    assert is_contiguous(model)


class Noisy(nn.Module):
    """Draws random numbers of all three kinds."""

    def forward(self, x):
        return x + 0.1 * torch.randn_like(x) + 0 * (random.random() + np.random.rand())


def test_the_trial_leaves_no_trace():
    recorder = Recorder()
    model = conv_net(nn.BatchNorm2d(1), recorder, Noisy())
    model[0].eval()
    modes = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    draws = torch.get_rng_state(), random.getstate(), np.random.get_state()[2]
    with channels_last(model, [BATCH]):
        assert is_channels_last(model)
        assert recorder.seen == set()
        assert [module.training for module in model.modules()] == modes
    assert torch.equal(draws[0], torch.get_rng_state())
    assert draws[1:] == (random.getstate(), np.random.get_state()[2])
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_network_that_views_only_in_training_keeps_its_layout():
    class Partly(Viewing):
        def forward(self, x):
            return super().forward(x) if self.training else self.layers(x)

    model = Partly()
    with channels_last(model, [BATCH]):
        assert is_contiguous(model)


@pytest.mark.parametrize(
    ("layer", "taken"),
    [
        (nn.Identity(), True),
        (nn.Dropout2d(0.5), True),  # one draw for each map
        (nn.Dropout(0.5), False),
        (nn.BatchNorm2d(6), False),
    ],
)
def test_a_network_that_would_be_another_one_keeps_its_layout(layer, taken):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.Sequential(layer, nn.ReLU(), nn.MaxPool2d(2)),
        nn.Conv2d(6, 8, 5),
        nn.Flatten(),
        nn.Linear(512, 10),
        nn.Identity(),
    )
    images = torch.rand(64, 1, 28, 28, generator=torch.Generator().manual_seed(1)) + 3
    with channels_last(model, [(images, None)]):
        assert is_channels_last(model) == taken
    assert is_contiguous(model)


def test_other_parameters_than_those_of_convolutions_stay():
    model = conv_net()
    model.register_buffer("grid", torch.zeros(1, 1, 1, 1, 1))
    with channels_last(model, [BATCH]):
        assert is_channels_last(model)


def test_nothing_is_loaded_to_try_where_nothing_could_be_gained():
    def batches():
        raise AssertionError("loaded")
        yield

    with channels_last(nn.Linear(2, 2), batches()):
        pass


def test_a_network_that_views_keeps_its_layout_and_trains():
    model, plain = Viewing(), conv_net()
    with channels_last(plain, [BATCH]), pytest.raises(RuntimeError, match="view"):
        plain[:4](SOME_IMAGES).view(4, -1)  # what must not happen in training
    before = layout(model)
    with channels_last(model, [BATCH]):
        assert layout(model) == before and is_contiguous(model)
    ours = quiet_fit(model, torch.optim.SGD(model.parameters(), lr=0.1))
    assert_same(ours, plain_loop(plain, torch.optim.SGD(plain.parameters(), lr=0.1)))


@pytest.mark.parametrize(
    "register",
    ["register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"],
)
def test_a_network_with_hooks_is_left_alone(register):
    model, calls = conv_net(), []
    getattr(model[3], register)(lambda *_: calls.append(1))
    before = layout(model)
    with channels_last(model, [BATCH]):
        assert layout(model) == before
    assert not calls
    quiet_fit(model, torch.optim.SGD(model.parameters(), lr=0.1), 1)
    steps, tests = 13, 0 if "backward" in register else 1
    assert len(calls) == steps + tests


def test_a_network_with_its_channels_last_already_keeps_them():
    recorder = Recorder()
    model = conv_net(recorder).to(memory_format=torch.channels_last)
    before = layout(model)
    with channels_last(model, [BATCH]):
        assert layout(model) == before and not recorder.seen
    quiet_fit(model, torch.optim.SGD(model.parameters(), lr=0.1), 1)
    assert layout(model) == before and is_channels_last(model)


def test_a_network_without_convolutions_is_not_tried():
    model = nn.Sequential(recorder := Recorder(), nn.Flatten(), nn.Linear(36, 10))
    with channels_last(model, [BATCH]):
        assert not recorder.seen


@pytest.mark.parametrize("end", ["complete", "interrupted", "failed"])
def test_the_weights_after_fit_are_contiguous(end):
    class Failing(nn.Module):
        def forward(self, x):
            if self.training:
                raise RuntimeError("in training only")
            return x

    extra = {"complete": nn.Identity(), "interrupted": interrupt_at(5), "failed": Failing()}[end]
    model, data = conv_net(extra), fake_images(64)
    error = {"interrupted": KeyboardInterrupt, "failed": RuntimeError}.get(end)
    with pytest.raises(error) if error else nullcontext():
        fit(model, data, data, 1, batch_size=16, verbose=False)
    assert is_contiguous(model)


def test_a_wrapped_network_is_unwrapped_and_runs_as_it_was_written():
    model = conv_net()
    compiled, runs = torch.compile(model, backend=lambda graph, _: runs.append(1) or graph), []
    for wrapped in (model, compiled, data_parallel(model), data_parallel(compiled)):
        assert unwrapped(wrapped) is model
    with uncompiled():
        compiled(SOME_IMAGES)
    assert runs == []
    compiled(SOME_IMAGES)
    assert runs == [1]
