"""The training panel of notebooks 03 and 05: watch the losses of your own loop while it runs."""

import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace

import ipywidgets as widgets
from IPython import get_ipython
from torch import nn

from helpers.arguments import whole_number
from helpers.explorers import _curves
from helpers.explorers._base import Explorer, View
from helpers.explorers._run_inputs import Batches, called, figure
from helpers.plots.text import count_text
from helpers.training import History, Stopped, epoch_line

EVERY = 0.5  # seconds between two updates of the progress bar
DRAWING = 0.025  # the share of the training time that drawing the curves may take
START = "No epoch yet: the curves of loss and accuracy grow here while a network is trained."


class Training(Explorer):
    """Progress, losses and accuracies of training runs, live and side by side.

    Show the panel (``panel`` as the last line of a cell), then train in the next cell::

        with panel.run("learning rate 0.1", model) as run:
            for epoch in run.epochs():
                train_loss = train_loop(run.batches(train_dataloader), model, loss_fn, optimizer)
                test_loss, accuracy = test_loop(test_dataloader, model, loss_fn)
                run.log(train_loss, test_loss, accuracy)

    The kernel's interrupt ends the run and the cell, as everywhere: the complete epochs stay in
    ``runs``. The same cell run again then goes on in the same run. Where the panel is not shown,
    and outside of notebooks, each epoch prints a line instead.
    """

    stopping = "To stop, press ■ in the toolbar: what is there is kept."

    def __init__(self, num_epochs: int = 10):
        self.num_epochs = whole_number("num_epochs", num_epochs)
        self._runs: dict[str, Run] = {}
        self._visible = False
        self._told = 0.0  # when the caption was last brought up to date
        self._drawn, self._drawing = 0.08, 0.0  # seconds: of one drawing, and of all in this run
        self.show = widgets.Dropdown(options=list(_curves.SAID), description="show")
        self.highlight = widgets.Dropdown(options=[("all runs", "")], description="highlight")
        self.progress = widgets.HTML(_curves.progress_html(0, 1, "not started"))
        super().__init__([self.show, self.highlight])
        # Not a control: each step of a control draws the curves.
        self.children = (self.children[0], self.progress, *self.children[1:])

    @property
    def runs(self) -> dict[str, History]:
        """The complete epochs of every run, by its name: what ``training.fit`` would return."""
        with self._lock:
            return {name: run.history for name, run in self._runs.items()}

    def run(self, name: str = "training", model: nn.Module | None = None) -> "Run":
        """A run, for a ``with`` block: the last one of this ``name`` if it had the same network.

        Of another network, or of one that is not told, it is a new run; a name that is there
        already then gets a number.
        """
        if not isinstance(name, str):
            raise ValueError(
                f'the name of a run must be a text, such as "learning rate 0.1", not {name!r}'
            )
        with self._lock:
            name = " ".join(name.split()) or "training"
            if run := self._run_of(name, model):
                return run
            run = Run(self, name, self._free_name(name), model)
            self._runs[run.name] = run
            self._drawing = 0.0
            chosen = self.highlight.value
            options = [("all runs", ""), *((name, name) for name in self._runs)]
            self.highlight.options = options  # this chooses the first option
            self.highlight.value = chosen
            self._tell()
        self._print(f"{run.name}:")
        return run

    def _run_of(self, name: str, model: nn.Module | None) -> "Run | None":
        same = [run for run in self._runs.values() if run.asked == name]
        return same[-1] if same and same[-1].trains(model) else None

    def _free_name(self, name: str) -> str:
        free, number = name, 1
        while free in self._runs:
            number += 1
            free = f"{name} ({number})"
        return free

    # ------------------------------------------------------------------------------ the view

    def look(self) -> View:
        """The curves of all runs that have an epoch, and what they say."""
        started = {name: history for name, history in self.runs.items() if len(history)}
        if not started:
            return View(self._text())
        longest = max(run.num_epochs for run in self._runs.values())
        began = time.perf_counter()
        png = _curves.curves_png(started, self.show.value, self.highlight.value, longest)
        self._drawn = time.perf_counter() - began
        return View(self._text(), png=png)

    def still(self) -> bytes | None:
        """The curves with the caption below; before the first epoch, where they will grow."""
        if self._last.png is not None:
            return super().still()
        empty = _curves.curves_png({}, self.show.value, "", self.num_epochs)
        return self.captioned(empty)

    def _text(self) -> str:
        if not self._runs:
            return START
        lines = [_curves.SAID[self.show.value]] if any(map(len, self.runs.values())) else []
        lines += map(self._run_text, self._runs)
        if name := self.highlight.value:
            accuracies = map(_curves.share_text, self._runs[name].history.accuracies)
            by_epoch = ", ".join(accuracies) or "none yet"
            lines.append(f"Highlighted: {name}. Its test accuracies by epoch: {by_epoch}.")
        return "\n".join(lines)

    def _run_text(self, name: str) -> str:
        run = self._runs[name]
        return _curves.run_text(name, run.history, run.num_epochs)

    def _tell(self) -> None:
        """Bring the words up to date, and leave the picture: costs next to nothing."""
        with self._lock:
            self._show(View(self._text(), png=self._last.png))
            self._told = time.perf_counter()

    def _epoch_done(self, elapsed: float) -> None:
        """``elapsed`` seconds after the run began: draw, or only tell, if there is time to."""
        with self._lock:
            # Twice: the curves are drawn once more at the end.
            if self._drawing + 2 * self._drawn <= DRAWING * elapsed:
                self.redraw()
                self._drawing += self._drawn
            elif time.perf_counter() - self._told > EVERY:
                self._tell()

    def _step(self, value: float, num_epochs: int, words: str) -> None:
        with self._lock:
            self.progress.value = _curves.progress_html(value, num_epochs, words)

    # ------------------------------------------------------------------------- shown or printed

    def _repr_mimebundle_(self, **kwargs) -> dict:
        # A kernel is behind a notebook; in a terminal, only the caption is shown, and once.
        self._visible = getattr(get_ipython(), "kernel", None) is not None
        return super()._repr_mimebundle_(**kwargs)

    def _print(self, line: str) -> None:
        if not self._visible:
            print(line, flush=True)


class Run:
    """One training run while it goes on; ``Training.run`` makes it.

    ``history`` has its complete epochs. ``training.fit`` needs no more than the three methods.
    """

    def __init__(self, panel: Training, asked: str, name: str, model: nn.Module | None):
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
        message = _curves.ending_text(len(self.history), self.num_epochs, error)
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
        left = _curves.seconds_left(
            self.history.seconds, self.num_epochs, now - self._epoch_began, fraction
        )
        done, total = len(self.history), self.num_epochs
        step = _curves.step_text(done, total, number, count, left)
        self._panel._step(done + fraction, total, f"{self.name}: {step}. {self._panel.stopping}")
