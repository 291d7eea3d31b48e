"""The script that records the runs of notebook 3, on a few random images."""

import sys

import pytest
import torch
from torch import nn

from authoring import train_lottery
from helpers import training
from helpers.datasets import loader
from helpers.models import ConvNet
from helpers.training import History, recorded
from tests.plots.examples import dataset

DATA, TESTS = dataset(150), dataset(70)


def train(seed: int, num_epochs: int = 2) -> History:
    return train_lottery.train(DATA, TESTS, seed, "cpu", num_epochs)


def test_a_run_is_that_of_the_tasks():
    torch.manual_seed(3)
    model, loss_fn = ConvNet(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    batches = loader(DATA, batch_size=64, shuffle=True, seed=3)
    expected = History()
    for _ in range(2):
        train_loss = training.train_loop(batches, model, loss_fn, optimizer)
        tested = training.test_loop(loader(TESTS, batch_size=64), model, loss_fn)
        expected = expected.with_epoch(train_loss, *tested, 0.0)
    run = train(3)
    assert run.train_losses == pytest.approx(expected.train_losses, rel=1e-5)
    assert run.test_losses == pytest.approx(expected.test_losses, rel=1e-5)
    assert run.accuracies == pytest.approx(expected.accuracies)


def test_a_seed_makes_a_run_of_its_own():
    assert train(0).train_losses == train(0).train_losses != train(1).train_losses


def test_a_run_that_was_stopped_is_not_recorded(monkeypatch):
    stopped = History(interrupted=True, message="Stopped in epoch 1/2")
    monkeypatch.setattr(train_lottery, "fit", lambda *_, **__: stopped)
    with pytest.raises(SystemExit, match="nothing is written"):
        train(0)


def test_what_the_command_writes_can_be_read(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CNN_COURSE_DATASET", "")  # the command sets it
    monkeypatch.setattr(train_lottery, "fashion_mnist", lambda train: DATA if train else TESTS)
    monkeypatch.setattr(train_lottery, "NUM_SEEDS", 2)
    monkeypatch.setattr(recorded, "WEIGHTS_FOLDER", tmp_path)
    words = ["--source", "official", "--device", "cpu", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["train_lottery", *words])
    train_lottery.main()
    runs = training.recorded_runs("official")
    assert list(runs) == [0, 1]
    again = train(1, train_lottery.NUM_EPOCHS)
    for name in train_lottery.COLUMNS:
        assert getattr(runs[1], name) == [round(x, 4) for x in getattr(again, name)]
    assert f"seed 1: {again.accuracies[-1]:.2%}" in capsys.readouterr().out
    lines = (tmp_path / "lottery_official.json").read_text(encoding="utf-8").splitlines()
    assert sum('"accuracies": [' in line and "]" in line for line in lines) == 2, "a line a list"
