"""Training: one pass over the data, one test of the network, and ``fit``, which does both.

``train_loop`` and ``test_loop`` are those of tasks 3.5 and 3.6. ``fit`` runs them for some epochs,
prints one line for each, and can be stopped at any time without losing what was learned.
"""

from helpers.training.fitting import fit, last_history, predict
from helpers.training.history import History, Stopped, epoch_line, stopped_text
from helpers.training.loops import best_device, test_loop, train_loop
from helpers.training.recorded import recorded_runs, runs_path
from helpers.training.settings import LEARNING_RATE

__all__ = [
    "LEARNING_RATE",
    "History",
    "Stopped",
    "best_device",
    "epoch_line",
    "fit",
    "last_history",
    "predict",
    "recorded_runs",
    "runs_path",
    "stopped_text",
    "test_loop",
    "train_loop",
]
