"""A plain training, which ``fit`` must equal however it makes its steps."""

import pytest
import torch
from torch import nn

from helpers.datasets import loader
from helpers.training import History, fit, test_loop, train_loop
from tests.training.fakes import LOSS, fake_images

TRAINING_DATA, TEST_DATA = fake_images(200), fake_images(100, seed=1)


def conv_net(*first: nn.Module, device: str = "cpu") -> nn.Module:
    torch.manual_seed(0)
    convolutions = [nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 3), nn.ReLU()]
    return nn.Sequential(*first, *convolutions, nn.Flatten(), nn.Linear(32, 10)).to(device)


def stepping(batches, scheduler):
    for batch in batches:
        yield batch  # comes back when the optimizer has made its step
        if scheduler is not None:
            scheduler.step()


def plain_loop(model, optimizer, scheduler=None, num_epochs=2, data=TRAINING_DATA, seed=0):
    """What ``fit`` must equal."""
    history, batches = History(), loader(data, 16, shuffle=True, seed=seed)
    for _ in range(num_epochs):
        train_loss = train_loop(stepping(batches, scheduler), model, LOSS, optimizer)
        figures = test_loop(loader(TEST_DATA, 1000), model, LOSS)
        history = history.with_epoch(train_loss, *figures, 0.0)
    return history


def quiet_fit(model, optimizer, num_epochs=2, data=TRAINING_DATA, **settings) -> History:
    settings = {"optimizer": optimizer, "batch_size": 16, "verbose": False} | settings
    return fit(model, data, TEST_DATA, num_epochs, **settings)


def assert_same(ours: History, theirs: History, rel: float = 1e-4):
    assert ours.train_losses == pytest.approx(theirs.train_losses, rel=rel)
    assert ours.test_losses == pytest.approx(theirs.test_losses, rel=rel)
    assert ours.accuracies == pytest.approx(theirs.accuracies, abs=3 * rel)
    assert theirs.train_losses[-1] < (1 - 2 * rel) * theirs.train_losses[0]  # else nothing is shown
