"""``fit`` trains as the plain loop does, however its steps are made."""

import random
import shutil
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR
from torch.utils.data import Subset

from helpers.datasets import ImageDataset, loader
from helpers.training import History, train_loop
from helpers.training.batches import pass_over
from helpers.training.cuda_graph import Stepper
from tests.training.fakes import LOSS, fake_images, needs_gpu, small_net, stopped
from tests.training.plain_training import (
    TRAINING_DATA,
    assert_same,
    conv_net,
    plain_loop,
    quiet_fit,
)

momentum = partial(SGD, momentum=0.9)
on_each_device = pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_gpu)])
BATCHES = 13  # in an epoch: twelve whole ones and a short one


def one_cycle(optimizer, cycle_momentum: bool = False) -> OneCycleLR:
    rate = optimizer.param_groups[0]["lr"]
    return OneCycleLR(optimizer, rate, total_steps=2 * BATCHES + 1, cycle_momentum=cycle_momentum)


# On every device


@pytest.mark.parametrize("kind", [lambda data: data, lambda data: Subset(data, range(len(data)))])
@pytest.mark.parametrize(("optimizer", "rate"), [(SGD, 0.1), (momentum, 0.05), (AdamW, 0.01)])
def test_fit_is_the_plain_loop(optimizer, rate, kind):
    model, plain = conv_net(nn.BatchNorm2d(1)), conv_net(nn.BatchNorm2d(1))
    theirs = plain_loop(plain, optimizer(plain.parameters(), lr=rate), seed=3)
    mine = optimizer(model.parameters(), lr=rate)
    assert_same(quiet_fit(model, mine, data=kind(TRAINING_DATA), seed=3), theirs)
    for name, value in plain.state_dict().items():  # with what batch normalisation has learned
        torch.testing.assert_close(model.state_dict()[name], value, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("cycle", [True, False])
def test_a_scheduler_makes_one_step_per_batch(cycle):
    model, plain = conv_net(), conv_net()
    mine, theirs = momentum(model.parameters(), lr=0.1), momentum(plain.parameters(), lr=0.1)
    schedulers = [one_cycle(optimizer, cycle) for optimizer in (mine, theirs)]
    expected = plain_loop(plain, theirs, schedulers[1])
    assert_same(quiet_fit(model, mine, scheduler=schedulers[0]), expected)
    assert schedulers[0].last_epoch == schedulers[1].last_epoch == 2 * BATCHES
    assert mine.param_groups[0]["lr"] == theirs.param_groups[0]["lr"] < 0.0001
    constant = conv_net()
    with pytest.raises(AssertionError):  # the scheduler makes a difference
        assert_same(quiet_fit(constant, momentum(constant.parameters(), lr=0.1)), expected, 1e-2)


@on_each_device
def test_mixed_precision_trains_to_nearly_the_same(device):
    full, mixed = conv_net(device=device), conv_net(device=device)
    exact = quiet_fit(full, SGD(full.parameters(), lr=0.2))
    rounded = quiet_fit(mixed, SGD(mixed.parameters(), lr=0.2), mixed_precision=True)
    assert rounded.train_losses[1] < 0.98 * rounded.train_losses[0]
    assert rounded.train_losses != pytest.approx(exact.train_losses, rel=1e-6)
    assert rounded.train_losses == pytest.approx(exact.train_losses, rel=0.03)
    assert all(parameter.dtype == torch.float32 for parameter in mixed.parameters())


@pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "c++", "clang"))), reason="torch.compile needs a C++ compiler"
)
def test_a_compiled_model_trains_as_the_plain_one(monkeypatch):
    sizes, compiler = [], torch.compile

    def spy(function):
        compiled = compiler(function)

        def called(*args):
            sizes.append(len(args[0]))
            return compiled(*args)

        return called

    monkeypatch.setattr(torch, "compile", spy)
    model, plain, data = small_net(), small_net(), fake_images(40)
    theirs = plain_loop(plain, SGD(plain.parameters(), lr=0.1), data=data)
    mine = SGD(model.parameters(), lr=0.1)
    assert_same(quiet_fit(model, mine, data=data, compile_model=True), theirs)
    assert sizes == [16, 16] * 2  # whole batches only: another size would be compiled anew


@on_each_device
def test_a_panel_sees_each_batch_and_each_epoch(device):
    class Panel:
        seen, logged = 0, ()

        def batches(self, iterable):
            assert len(iterable) == BATCHES
            for item in iterable:
                self.seen += 1
                yield item

        def log(self, *figures):
            self.logged += figures

    panel, model = Panel(), conv_net(device=device)
    history = quiet_fit(model, SGD(model.parameters(), lr=0.1), progress=panel)
    columns = (history.train_losses, history.test_losses, history.accuracies)
    assert panel.seen == 2 * BATCHES
    assert panel.logged == tuple(column[epoch] for epoch in range(2) for column in columns)


# The optimizer comes back as it was


def settings_of(optimizer) -> list[dict]:
    return optimizer.state_dict()["param_groups"]


@on_each_device
@pytest.mark.parametrize("optimizer", [SGD, momentum, Adam, AdamW])
@pytest.mark.parametrize("stop", ["never", "in the data", "in a step"])
def test_the_settings_of_the_optimizer_are_as_before(optimizer, stop, device):
    class Stopping(ImageDataset):
        def __getitem__(self, index):
            if index == 150:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    def rate(step):
        if stop == "in a step" and step == BATCHES + 7:
            raise KeyboardInterrupt
        return 1.0

    model, data = conv_net(device=device), fake_images(200)
    mine = optimizer(model.parameters(), lr=2**-6)  # float32 has this exactly
    scheduler = LambdaLR(mine, rate)
    if stop == "in the data":
        data.__class__ = Stopping
    before = settings_of(mine)
    if stop == "never":
        quiet_fit(model, mine, data=data, scheduler=scheduler)
    else:
        stopped(quiet_fit, model, mine, data=data, scheduler=scheduler)
    assert settings_of(mine) == before
    assert all(isinstance(group["lr"], float) for group in mine.param_groups)


@on_each_device
@pytest.mark.parametrize("optimizer", [momentum, Adam, partial(Adam, fused=True)])
def test_an_optimizer_can_go_from_the_plain_loop_to_fit_and_back(optimizer, device):
    model, plain = conv_net(device=device), conv_net(device=device)
    theirs = plain_loop(plain, optimizer(plain.parameters(), lr=0.003), num_epochs=3)
    mine, batches = optimizer(model.parameters(), lr=0.003), loader(TRAINING_DATA, 16, True, 0)
    first = train_loop(batches, model, LOSS, mine)
    second = quiet_fit(model, mine, 1, history=History([first], [1.0], [0.1], [1.0]))
    pass_over(batches)
    third = train_loop(batches, model, LOSS, mine)
    rel = 1e-4 if device == "cpu" else 1e-2
    assert [*second.train_losses, third] == pytest.approx(theirs.train_losses, rel=rel)
    steps = [float(state["step"]) for state in mine.state.values() if "step" in state]
    assert steps == [3 * BATCHES] * (0 if optimizer is momentum else 6)


# On CUDA, from a graph or step by step


class Asking(nn.Module):
    """Asks for a value: a graph cannot be captured."""

    def forward(self, x):
        return x if x.sum() > 0 else -x


class Drawing(nn.Module):
    """Takes a random number that is not drawn on the GPU: a graph would repeat it."""

    def __init__(self, draw):
        super().__init__()
        self.draw = draw

    def forward(self, x):
        return x * (0.5 + self.draw())


class Counting(nn.Identity):
    """Has a hook, which counts: a graph would not call it."""

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.register_forward_hook(self.count)

    def count(self, *_):
        self.calls += 1


@pytest.fixture
def captured(monkeypatch) -> list[bool]:
    """Of each ``fit``: whether whole batches were replayed at its end."""
    seen, close = [], Stepper.close

    def spy(stepper):
        seen.append(stepper.captured)
        close(stepper)

    monkeypatch.setattr(Stepper, "close", spy)
    return seen


def assert_fit_is_the_plain_loop(optimizer, rate, *first, cycle=None, kind=lambda data: data):
    """Both on CUDA; returns the network and the optimizer of ``fit``."""
    histories = []
    for train in (plain_loop, quiet_fit):
        model = conv_net(*(layer() for layer in first), device="cuda")
        mine = optimizer(model.parameters(), lr=rate)
        scheduler = None if cycle is None else one_cycle(mine, cycle)
        random.seed(0)
        np.random.seed(0)
        histories.append(train(model, mine, scheduler=scheduler, data=kind(TRAINING_DATA)))
    assert_same(histories[1], histories[0], rel=1e-2)
    return model, mine


@needs_gpu
@pytest.mark.parametrize("first", [(), (partial(nn.BatchNorm2d, 1),)])
@pytest.mark.parametrize(("optimizer", "rate"), [(SGD, 0.2), (momentum, 0.05), (Adam, 0.01)])
def test_steps_replayed_from_a_graph_are_those_of_the_plain_loop(optimizer, rate, first, captured):
    model, _ = assert_fit_is_the_plain_loop(optimizer, rate, *first)
    assert captured == [True]
    if first:
        assert model[0].num_batches_tracked == 2 * BATCHES


@needs_gpu
def test_augmented_batches_are_captured_and_drawn_anew_in_each_step(captured):
    """With one image only and weights that stay, what is drawn alone makes a difference."""
    data = fake_images(192)
    data.images[:], data.labels[:] = data.images[0], data.labels[0]

    def dimmed(images):
        return images * torch.rand(len(images), 1, 1, 1, device=images.device)

    model = conv_net(device="cuda")
    still = quiet_fit(model, SGD(model.parameters(), lr=1e-9), 4, data=data, augment=dimmed)
    assert captured == [True] and len(set(still.train_losses)) == 4


@needs_gpu
@pytest.mark.parametrize(
    ("weighted", "smoothed", "capturable"),
    [
        (True, 0.0, True),
        (False, 0.1, True),
        (True, 0.1, False),  # PyTorch's own function then waits for the GPU
    ],
)
def test_settings_are_the_same_on_a_gpu(weighted, smoothed, capturable, captured):
    found = {}
    for device in ("cuda", "cpu"):
        model = conv_net(device=device)
        weights = torch.arange(1.0, 11.0) if weighted else None
        found[device] = quiet_fit(
            model,
            SGD(model.parameters(), lr=0.2),
            augment=lambda images: images.flip(-1),
            clip_norm=0.1,
            loss_fn=nn.CrossEntropyLoss(weights, label_smoothing=smoothed),
        ).train_losses
    assert captured[0] == capturable and found["cuda"] == pytest.approx(found["cpu"], rel=1e-2)


@needs_gpu
def test_a_graph_follows_the_scheduler(captured):
    _, optimizer = assert_fit_is_the_plain_loop(AdamW, 0.01, cycle=False)
    assert captured == [True]
    assert 0 < optimizer.param_groups[0]["lr"] < 1e-5


@needs_gpu
def test_a_graph_drops_other_units_in_every_step(captured):
    """With one image only and weights that stay, the masks alone make a difference."""
    data = fake_images(192)  # no short batch, which has no part in the graph
    data.images[:], data.labels[:] = data.images[0], data.labels[0]
    model = conv_net(nn.Dropout(0.5), device="cuda")
    still = quiet_fit(model, SGD(model.parameters(), lr=1e-9), 4, data=data)
    assert len(set(still.train_losses)) == 4
    trained = quiet_fit(model, SGD(model.parameters(), lr=0.2), 4)
    assert trained.train_losses[-1] < 0.98 * trained.train_losses[0]
    assert captured == [True, True]


@needs_gpu
@pytest.mark.parametrize(
    ("optimizer", "rate", "first", "others"),
    [
        (SGD, 0.2, Asking, {}),
        (Adam, 0.01, Asking, {}),
        (SGD, 0.2, partial(Drawing, random.random), {}),
        (SGD, 0.2, partial(Drawing, np.random.random), {}),
        (SGD, 0.2, partial(Drawing, lambda: torch.rand(()).item()), {}),
        (SGD, 0.2, Counting, {}),
        (momentum, 0.1, nn.Identity, {"cycle": True}),
        (AdamW, 0.01, nn.Identity, {"cycle": True}),
        (SGD, 0.2, nn.Identity, {"kind": lambda data: Subset(data, range(len(data)))}),
    ],
)
def test_what_cannot_be_captured_goes_step_by_step(optimizer, rate, first, others, captured):
    model, _ = assert_fit_is_the_plain_loop(optimizer, rate, first, **others)
    assert captured == [False]
    if first is Counting:
        assert model[0].calls == 2 * (BATCHES + 1)  # an epoch has one batch of test images


@needs_gpu
def test_after_a_capture_that_failed_there_is_still_dropout(captured):
    model = conv_net(nn.Dropout(0.2), Asking(), device="cuda")
    history = quiet_fit(model, SGD(model.parameters(), lr=0.2), 4)
    assert captured == [False]
    assert history.train_losses[-1] < 0.98 * history.train_losses[0]
    again = conv_net(nn.Dropout(0.2), device="cuda")  # the next network is captured
    quiet_fit(again, SGD(again.parameters(), lr=0.1))
    assert captured == [False, True]
