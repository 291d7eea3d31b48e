"""The recorded runs of notebook 3: their files, and what reads them."""

import json
import math

import pytest

from authoring import train_lottery
from helpers import training
from helpers.datasets import drawn

SOURCES = ("official", "drawn")
LIMIT = 20_000  # bytes of a file


@pytest.mark.parametrize("source", SOURCES)
def test_there_are_runs_enough_and_each_is_whole(source):
    runs = training.recorded_runs(source)
    assert len(runs) >= 28
    assert list(runs) == list(range(len(runs))), "no seed is left out, good or bad"
    for run in runs.values():
        for figures in (run.train_losses, run.test_losses, run.accuracies):
            assert len(figures) == train_lottery.NUM_EPOCHS
        assert all(0 < loss < 3 for loss in run.train_losses + run.test_losses)
        assert all(0 < share < 1 for share in run.accuracies)
        assert run.train_losses[0] == pytest.approx(math.log(10), abs=0.05), "first, a plateau"
    whole = {json.dumps(run.accuracies) for run in runs.values()}
    assert len(whole) == len(runs), "two seeds, two runs"


@pytest.mark.parametrize("source", SOURCES)
def test_the_file_is_small_and_says_how_it_was_made(source):
    path = training.runs_path(source)
    assert path.stat().st_size <= LIMIT
    said = json.loads(path.read_text(encoding="utf-8"))
    assert set(said) == {"data", "recipe", "torch", "device", "command", "runs"}
    assert said["recipe"] == train_lottery.RECIPE
    assert said["command"] == f"python -m authoring.train_lottery --source {source}"
    of = {"official": "Fashion-MNIST", "drawn": f"drawn garments, version {drawn.VERSION}"}
    assert said["data"] == of[source], f"run again: {said['command']}"


@pytest.mark.parametrize("source", ["folder", "", "../official"])
def test_other_images_have_no_recorded_runs(source):
    with pytest.raises(ValueError, match="no recorded runs on images of the source"):
        training.recorded_runs(source)
