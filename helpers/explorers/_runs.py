"""A training run, while it goes on and afterwards: what the loop of a student talks to."""

import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace

from torch import nn

from helpers.arguments import whole_number
from helpers.explorers import _run_texts
from helpers.explorers._run_inputs import Batches, called, figure
from helpers.plots.text import count_text
from helpers.training import History, Stopped, epoch_line

EVERY = 0.5  # seconds between two updates of the progress bar


class Run:
    """One training run while it goes on; ``Training.run`` makes it.

    ``history`` has its complete epochs. ``training.fit`` needs no more than the three methods.
    """

    def __init__(self, panel, asked: str, name: str, model: nn.Module | None):
        self.asked, self.name = asked, name  # without a number, and with it
        self.num_epochs, self.history = panel.num_epochs, History()
        self._panel = panel
        # Weak: a run must not keep a network in memory that nobody needs any more.
        self._model = weakref.ref(model) if isinstance(model, nn.Module) else lambda: None
        self._began = self._epoch_began = time.perf_counter()
        self._next_step = 0.0

    def trains(self, model: nn.Module | None) -> bool:
        """Whether it is known that this is the network of the run."""
        return model is not None and self._model() is model

    def __enter__(self) -> "Run":
        """Begin, or go on: the lines of the epochs so far, which a cell that runs again clears."""
        self._began = self._epoch_began = time.perf_counter()
        self.history = replace(self.history, interrupted=False, message="")
        if done := len(self.history):
            if done >= self.num_epochs:
                self.num_epochs += self._panel.num_epochs
            print(f"{self.name} goes on after {count_text(done, 'epoch')}. So far:")
            for number in range(1, done + 1):
                print(epoch_line(self.history.up_to(number), self.num_epochs), flush=True)
        return self

    def __exit__(self, kind, error, traceback) -> None:
        """Keep what is there, and say how it ended. An interrupt ends the cell, in one line."""
        stopped = isinstance(error, KeyboardInterrupt)
        message = _run_texts.ending_text(len(self.history), self.num_epochs, error)
        self.history = replace(self.history, interrupted=stopped, message=message)
        self._panel.redraw()
        done = f"{len(self.history)} of {count_text(self.num_epochs, 'epoch')}"
        self._panel._step(len(self.history), self.num_epochs, f"{self.name}: ended, {done}")
        self._panel.renew_stills()
        if stopped:
            raise Stopped(self.history, f"{self.name}: {message} {self._kept()}") from None
        if message:
            self._panel._print(f"{self.name}: {message}")

    def _kept(self) -> str:
        """What can be done after a stop."""
        if self._model() is not None:
            next_one = len(self.history) + 1
            return f"Trained again, it goes on with epoch {next_one}; a new network begins anew."
        return f'The panel keeps the figures in its runs["{self.name}"].'

    def __repr__(self) -> str:
        return f"{self.name}: {self.history!r}"

    def epochs(self, num_epochs: int | None = None) -> Iterator[int]:
        """The numbers of the epochs, from 1: ``range`` for your loop, with a progress bar.

        Without ``num_epochs``, as many as are missing, or as the panel was told.
        """
        first = len(self.history) + 1
        if num_epochs is not None:
            self.num_epochs = first - 1 + whole_number("num_epochs", num_epochs)
        elif first > self.num_epochs:
            self.num_epochs = first - 1 + self._panel.num_epochs
        return self._each(range(first, self.num_epochs + 1))

    def _each(self, numbers: Iterable[int]) -> Iterator[int]:
        for number in numbers:
            self._epoch_began = time.perf_counter()
            self._show_step()
            yield number

    def batches(self, dataloader: Iterable) -> "Batches":
        """``dataloader``, with progress within the epoch: give it to your loop instead."""
        if not hasattr(dataloader, "__iter__"):
            raise ValueError(
                f"run.batches takes a data loader, not {called(dataloader)}: "
                "run.batches(train_dataloader)"
            )
        return Batches(dataloader, self._batch_done)

    def log(self, train_loss: float, test_loss: float, accuracy: float) -> None:
        """Add the figures of a complete epoch: two losses, and the accuracy from 0 to 1.

        Raises ``ValueError`` if one of them is not a number.
        """
        now = time.perf_counter()
        figures = [
            figure("train_loss", train_loss),
            figure("test_loss", test_loss),
            figure("accuracy", accuracy),
        ]
        if figures[2] < 0 or figures[2] > 1:
            raise ValueError(
                f"accuracy must be a share between 0 and 1, not {accuracy!r}: divide the number of "
                "images that were recognised by the number of all images"
            )
        self.history = self.history.with_epoch(*figures, now - self._epoch_began)
        self.num_epochs = max(self.num_epochs, len(self.history))
        self._panel._print(epoch_line(self.history, self.num_epochs))
        self._panel._epoch_done(now - self._began)
        self._epoch_began = time.perf_counter()  # the next one, also without ``epochs``

    # ----------------------------------------------------------------------------- how far it is

    def _batch_done(self, number: int, count: int) -> None:
        """Move the bar if it is time to; asks nothing of the device, which would have to wait."""
        if time.perf_counter() >= self._next_step:
            self._show_step(number, count)

    def _show_step(self, number: int = 0, count: int = 0) -> None:
        now = time.perf_counter()
        if not number and now < self._next_step and len(self.history):
            return  # epochs that are shorter than the time between two updates
        self._next_step = now + EVERY
        fraction = min(1.0, number / count) if count else 0.0
        left = _run_texts.seconds_left(
            self.history.seconds, self.num_epochs, now - self._epoch_began, fraction
        )
        done, total = len(self.history), self.num_epochs
        step = _run_texts.step_text(done, total, number, count, left)
        self._panel._step(done + fraction, total, f"{self.name}: {step}. {self._panel.stopping}")
