"""The training panel of notebooks 03 and 05: watch the losses of your own loop while it runs."""

import time
from dataclasses import replace

import ipywidgets as widgets
from IPython import get_ipython
from torch import nn

from helpers.arguments import whole_number
from helpers.explorers import _curves, _run_texts
from helpers.explorers._base import Explorer, Refused, View
from helpers.explorers._grids import pointable
from helpers.explorers._pointable import Pointed
from helpers.explorers._runs import EVERY, Run
from helpers.training import History

DRAWING = 0.025  # the share of the training time that drawing the curves may take
CURVES = "the curves"  # by this name they can be pointed at
KEYS = "arrow keys left and right choose an epoch, up and down a run, which Enter hides or shows"
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
        self._curves: _curves.Curves | None = None  # as they were drawn last
        self._epoch: int | None = None  # that is pointed at
        self._named, self._hidden = "", frozenset()  # the run that Enter hides, and the hidden ones
        self._told = 0.0  # when the caption was last brought up to date
        self._drawn, self._drawing = 0.08, 0.0  # seconds: of one drawing, and of all in this run
        self.show = widgets.Dropdown(options=list(_curves.SAID), description="show")
        self.highlight = widgets.Dropdown(options=[("all runs", "")], description="highlight")
        self.progress = widgets.HTML(_run_texts.progress_html(0, 1, "not started"))
        super().__init__([self.show, self.highlight])
        # Not a control: each step of a control draws the curves.
        self.children = (self.children[0], self.progress, *self.children[1:])

    @property
    def runs(self) -> dict[str, History]:
        """The complete epochs of every run, by its name: what ``training.fit`` would return."""
        with self._lock:
            return {name: run.history for name, run in self._runs.items()}

    def run(self, name: str = "training", model: nn.Module | None = None) -> Run:
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
            self._hidden -= {run.name}
            self._drawing = 0.0
            chosen = self.highlight.value
            options = [("all runs", ""), *((name, name) for name in self._runs)]
            self.highlight.options = options  # this chooses the first option
            self.highlight.value = chosen
            self._tell()
        self._print(f"{run.name}:")
        return run

    def _run_of(self, name: str, model: nn.Module | None) -> Run | None:
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
        self._curves = _curves.draw_curves(
            started, self.show.value, self.highlight.value, longest, self._hidden
        )
        view = self._view()
        self._drawn = time.perf_counter() - began
        return view

    def _view(self) -> View:
        """The curves as they were drawn, with what is pointed at."""
        page = self._curves.svg(self._epoch, pointable(CURVES, f"{CURVES}: {KEYS}"))
        return View(self._text(), self._curves.blank, page)

    def point(self, at: Pointed) -> None:
        """An epoch is told, with all figures after it; a name hides or shows its curves."""
        if at.kind in ("over", "press", "drag"):
            inside = at.name == CURVES
            self._epoch = self._curves.epoch_at(at.x, at.y) if inside else None
            name = self._curves.name_at(at.x, at.y) if inside and at.kind == "press" else None
            self._named = name or self._named
        elif at.kind == "key":
            if at.column:
                beside = self._epoch or (0 if at.column > 0 else self._curves.epochs + 1)
                self._epoch = min(max(1, beside + at.column), self._curves.epochs)
            if at.row:
                names = list(self._curves.names)
                place = names.index(self._named) + at.row if self._named in names else 0
                self._named = names[min(max(0, place), len(names) - 1)]
            name = None
        else:
            name = self._named
            if not name:
                raise Refused("No run is chosen yet: the arrow keys up and down choose one.")
        if name:
            self._hidden ^= {name}
            self.redraw()
        else:
            self._show(self._view())

    def still(self) -> bytes | None:
        """The curves with the caption below; before the first epoch, where they will grow."""
        if self._last.png is not None and self._curves is not None:
            return self.captioned(self._curves.png(self._epoch))
        return self.captioned(self._empty().blank)

    def _empty(self) -> _curves.Curves:
        """The axes before the first epoch."""
        return _curves.draw_curves({}, self.show.value, "", self.num_epochs)

    def _text(self) -> str:
        if not self._runs:
            return START
        lines = [_curves.SAID[self.show.value]] if any(map(len, self.runs.values())) else []
        lines += map(self._run_text, self._runs)
        if name := self.highlight.value:
            accuracies = map(_run_texts.share_text, self._runs[name].history.accuracies)
            by_epoch = ", ".join(accuracies) or "none yet"
            lines.append(f"Highlighted: {name}. Its test accuracies by epoch: {by_epoch}.")
        if hidden := [name for name in self._runs if name in self._hidden]:
            lines.append(f"Hidden: {', '.join(hidden)}.")
        if self._epoch is not None:
            lines.append(_run_texts.epoch_text(self._epoch, self.runs))
        if self._named in self._runs:
            does = "shows" if self._named in self._hidden else "hides"
            lines.append(f"A click on its name, or Enter, {does} {self._named}.")
        return "\n".join(lines)

    def _run_text(self, name: str) -> str:
        run = self._runs[name]
        return _run_texts.run_text(name, run.history, run.num_epochs)

    def _tell(self) -> None:
        """Bring the words up to date, and leave the picture: costs next to nothing."""
        with self._lock:
            self._show(replace(self._last, caption=self._text()))
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
            self.progress.value = _run_texts.progress_html(value, num_epochs, words)

    # ------------------------------------------------------------------------- shown or printed

    def _repr_mimebundle_(self, **kwargs) -> dict:
        # A kernel is behind a notebook; in a terminal, only the caption is shown, and once.
        self._visible = getattr(get_ipython(), "kernel", None) is not None
        return super()._repr_mimebundle_(**kwargs)

    def _print(self, line: str) -> None:
        if not self._visible:
            print(line, flush=True)
