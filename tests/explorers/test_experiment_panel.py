"""The experiment: settings reach the network, a run can be stopped, and nothing else is touched."""

import random
import threading

import numpy as np
import pytest
import torch
from torch import nn

from helpers import datasets
from helpers.explorers import _experiments as experiments
from helpers.explorers.experiment_panel import BUSY, Experiment

LONG = 60  # seconds within which a run of the tests ends


def images(count: int, side: int = 28) -> datasets.ImageDataset:
    """Noise; the mean brightness of an image tells its class."""
    generator = torch.Generator().manual_seed(count)
    labels = torch.arange(count) % 10
    noise = torch.randint(0, 25, (count, 1, side, side), generator=generator)
    pixels = (noise + 25 * labels.reshape(-1, 1, 1, 1)).to(torch.uint8)
    return datasets.ImageDataset(pixels, labels, datasets.FASHION_CLASSES, "drawn", "noise")


@pytest.fixture
def panel():
    panel = Experiment(images(640), images(100))
    yield panel
    panel.stop.click()
    wait(panel)


def wait(panel: Experiment) -> None:
    """Until the run has ended."""
    if thread := panel._thread:
        thread.join(LONG)
        assert not thread.is_alive()


def train(panel: Experiment, **settings) -> list[nn.Module]:
    """Press *train*; returns the network after each epoch."""
    for name, value in settings.items():
        getattr(panel, name).value = value
    panel.train.click()
    wait(panel)
    return panel.networks[str(panel.settings)]


@pytest.fixture
def held(panel, monkeypatch):
    """A run that waits in its first epoch until the event is set."""
    go, there = threading.Event(), threading.Event()
    loop = experiments.training.train_loop

    def waiting(*arguments):
        there.set()
        assert go.wait(LONG)
        return loop(*arguments)

    monkeypatch.setattr(experiments.training, "train_loop", waiting)
    panel.train.click()
    assert there.wait(LONG)
    yield go
    go.set()


def test_a_run_is_told_and_kept_epoch_by_epoch(panel):
    assert "No run yet: choose settings, and press train." in panel.caption
    assert panel.still().startswith(b"\x89PNG")
    networks = train(panel)
    assert "rate 0.1, batch 64, max pooling, width 8: 5 of 5 epochs" in panel.caption
    assert "640 images in each of 5 epochs, and is tested on 100 others" in panel.caption
    assert "5,994 parameters" in panel.caption
    assert sum(p.numel() for p in networks[0].parameters()) == 5994
    assert len(networks) == 6 and not any(network.training for network in networks)
    test_images, labels = panel.test_data[range(100)]
    accuracies = [
        (network(test_images).argmax(dim=1) == labels).float().mean().item()
        for network in networks[1:]
    ]
    (history,) = panel.runs.values()
    assert history.accuracies == pytest.approx(accuracies)


def test_the_settings_reach_the_network_and_the_training(panel, monkeypatch):
    seen = []
    loop = experiments.training.train_loop

    def noted(batches, network, loss_fn, optimizer):
        batches = list(batches)
        seen.append((len(batches[0][0]), optimizer.param_groups[0]["lr"]))
        return loop(batches, network, loss_fn, optimizer)

    monkeypatch.setattr(experiments.training, "train_loop", noted)
    network = train(panel, learning_rate=0.01, batch_size=16, pooling="average", width=2)[-1]
    assert set(seen) == {(16, 0.01)}
    assert [type(layer) for layer in network] == [
        *(nn.Conv2d, nn.ReLU, nn.AvgPool2d) * 2,
        *(nn.Flatten, nn.Linear),
    ]
    assert [network[0].out_channels, network[3].out_channels] == [2, 4]


@pytest.mark.parametrize("side", [28, 32])
def test_without_pooling_a_stride_leaves_as_many_values(side):
    made = [
        experiments.new_network(experiments.Settings(pooling=pooling), (3, side, side), 10)
        for pooling in experiments.POOLINGS
    ]
    sizes = {sum(p.numel() for p in network.parameters()) for network in made}
    assert len(sizes) == 1
    assert made[-1](torch.rand(2, 3, side, side)).shape == (2, 10)


def test_the_same_settings_give_the_same_run_and_others_begin_with_the_same_weights(panel):
    first = train(panel)
    (before,) = panel.runs.values()
    second = train(panel)
    (after,) = panel.runs.values()
    assert before.train_losses == after.train_losses
    assert all(map(torch.equal, first[-1].parameters(), second[-1].parameters()))
    third = train(panel, learning_rate=0.01)
    assert all(map(torch.equal, first[0].parameters(), third[0].parameters()))
    assert len(panel.runs) == 2 and "Best so far: rate 0." in panel.caption


def test_what_is_outside_stays_as_it_is(panel, capsys):
    torch.manual_seed(1)
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    threads = torch.get_num_threads()
    with torch.no_grad():
        train(panel)
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1] and np.random.get_state()[1].tolist() == states[2]
    assert torch.get_num_threads() == threads
    assert capsys.readouterr().out == ""


def test_the_draws_of_a_new_network_are_those_of_torch():
    network = experiments.new_network(experiments.Settings(width=16), (1, 28, 28), 10)
    usual = nn.Sequential(nn.Conv2d(1, 16, 5), nn.Conv2d(16, 32, 5), nn.Linear(512, 10))
    made = [layer for layer in network if list(layer.parameters())]
    for ours, theirs in zip(made, usual, strict=True):
        assert ours.weight.std().item() == pytest.approx(theirs.weight.std().item(), rel=0.15)
        assert ours.weight.abs().max() <= ours.weight[0].numel() ** -0.5


def test_only_one_run_at_a_time(panel, held):
    thread = panel._thread
    panel.width.value = 2
    panel.train.click()
    assert panel._thread is thread and BUSY in panel.caption
    held.set()
    wait(panel)
    assert BUSY not in panel.caption
    assert list(panel.runs) == ["rate 0.1, batch 64, max pooling, width 8"]


def test_stop_ends_a_run_and_another_can_begin(panel, held):
    panel.stop.click()
    held.set()
    wait(panel)
    assert "Stopped by you after 0 of 5 epochs" in panel.caption
    assert len(train(panel)) == 6
    assert "Stopped" not in panel.caption


def test_a_stop_without_a_run_does_nothing(panel):
    panel.stop.click()
    assert len(train(panel)) == 6


def test_a_new_experiment_ends_the_run_of_the_former(panel, held):
    Experiment(images(20), images(10))
    held.set()
    wait(panel)
    assert "Stopped by you after 0 of 5 epochs" in panel.caption


def test_a_run_that_fails_says_why(panel, monkeypatch):
    def broken(*_):
        raise RuntimeError("no memory\nleft")

    with monkeypatch.context() as patch:
        patch.setattr(experiments, "new_network", broken)
        panel.train.click()
        wait(panel)
    assert "Ended in epoch 1 of 5 by RuntimeError: no memory left." in panel.caption
    assert len(train(panel)) == 6
    assert "RuntimeError" not in panel.caption


def test_a_run_that_diverges_is_a_result(panel):
    panel.learning_rate.options = [1e30]
    networks = train(panel, learning_rate=1e30)
    assert "a loss was not a finite number" in panel.caption
    assert "It diverged: its steps are too large" in panel.caption
    assert len(networks) == 2, "it ends with the epoch in which the loss is lost"
    assert panel.still().startswith(b"\x89PNG")


def test_a_run_that_learns_nothing_is_a_result(panel):
    train(panel, learning_rate=0.001, batch_size=256)
    assert "It is hardly better than guessing, which gives 10%." in panel.caption


def test_a_control_changes_what_is_planned_and_not_what_was_drawn(panel):
    train(panel)
    drawn = panel._last.png
    panel.pooling.value = "none"
    assert "no pooling, but a stride of 2 in both" in panel.caption
    assert panel._last.png is drawn


def test_images_must_be_in_memory():
    loader = datasets.loader(images(20))
    with pytest.raises(ValueError, match=r"training_data must be images in memory.*a DataLoader"):
        Experiment(loader, images(20))
