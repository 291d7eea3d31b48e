"""The experiment of notebook 03: train small networks at the press of a button, and compare."""

import copy
import threading
import weakref
from collections.abc import Callable

import ipywidgets as widgets
from torch import nn

from helpers import datasets
from helpers.explorers import _experiments as experiments
from helpers.explorers import _run_texts
from helpers.explorers._base import View, _row
from helpers.explorers._experiments import Settings
from helpers.explorers._image_views import class_names
from helpers.explorers.training_panel import Training

BUSY = "A run is under way. Wait until it has ended, or press stop."

_made: "weakref.WeakSet[Experiment]" = weakref.WeakSet()


class Experiment(Training):
    """A training panel with settings and a button: each press of *train* trains a new network.

    It is trained on the processor, on the first images of ``training_data`` and of ``test_data``,
    ``ImageDataset``s, in a thread beside the notebook, so that page and cells stay free. The
    button *stop* ends a run, and so does a new Experiment; left alone, it ends after a few epochs.
    ``networks`` has what a network was after each epoch, for ``Learning``.
    """

    stopping = "To stop, press stop."

    def __init__(self, training_data, test_data):
        for name, data in (("training_data", training_data), ("test_data", test_data)):
            if not datasets.is_in_memory(data):
                raise ValueError(
                    f"{name} must be images in memory, as datasets.fashion_mnist() gives them, "
                    f"not a {type(data).__name__}"
                )
        for other in list(_made):
            other._stopped.set()  # of a cell that runs again, nobody sees the former panel
        self.test_data = datasets.subset(test_data, experiments.TESTED)
        self._data = datasets.subset(training_data, experiments.TRAINED), self.test_data
        self.networks: dict[str, list[nn.Module]] = {}
        self._changed: Callable[[str], None] = lambda _name: None
        self._stopped, self._thread, self._note = threading.Event(), None, ""
        rates = [(f"{rate:g}", rate) for rate in (0.001, 0.01, 0.1, 1.0)]
        self.learning_rate = widgets.Dropdown(options=rates, value=0.1, description="learning rate")
        self.batch_size = widgets.Dropdown(
            options=[16, 64, 256], value=64, description="batch size"
        )
        self.pooling = widgets.Dropdown(options=list(experiments.POOLINGS), description="pooling")
        self.width = widgets.Dropdown(options=[2, 4, 8, 16], value=8, description="width")
        self.train = widgets.Button(description="train", button_style="primary")
        self.stop = widgets.Button(description="stop")
        super().__init__(experiments.NUM_EPOCHS)
        chosen = [self.learning_rate, self.batch_size, self.pooling, self.width]
        for control in chosen:
            control.observe(lambda _change: self._tell(), "value")
        self.train.on_click(self._begin)
        self.stop.on_click(lambda _button: self._stopped.set())
        row = _row([*chosen, self.train, self.stop])
        self.children = (self.children[0], row, *self.children[1:])
        _made.add(self)

    @property
    def settings(self) -> Settings:
        """What the controls say now."""
        return Settings(
            self.learning_rate.value, self.batch_size.value, self.pooling.value, self.width.value
        )

    def untrained(self) -> nn.Module:
        """The network of the present settings before its training."""
        shape = self.test_data.images.shape[1:]
        return experiments.new_network(self.settings, shape, len(class_names(self.test_data)))

    def watch(self, changed: Callable[[str], None]) -> None:
        """Call ``changed`` with the name of a run when it begins, and after each of its epochs.

        And nobody else any more: of a cell that runs again, nobody sees the former panel.
        """
        self._changed = changed

    # ------------------------------------------------------------------------------ training

    def _begin(self, _button) -> None:
        with self._lock:
            if self._thread is not None:
                self._note = BUSY
                self._tell()
                return
            self._stopped.clear()
            self._thread = threading.Thread(target=self._train, args=(self.settings,), daemon=True)
            self._thread.start()

    def _train(self, settings: Settings) -> None:
        """A run, in its own thread. What goes wrong is in the caption as soon as the run ends."""
        try:
            with self._new_run(str(settings)) as run:
                network = self.untrained()
                self._keep(run.name, network)
                for trained in experiments.train(network, settings, run, self._data, self._stopped):
                    self._keep(run.name, trained)
        except (KeyboardInterrupt, Exception):
            pass  # said by the run
        finally:
            with self._lock:
                self._thread, self._note = None, ""
                self._tell()

    def _new_run(self, name: str):
        """The run of this name anew: the same seed would give the same curve twice."""
        with self._lock:
            self._runs.pop(name, None)
            self.networks[name] = []
            return self.run(name)

    def _keep(self, name: str, network: nn.Module) -> None:
        self.networks[name] = [*self.networks[name], copy.deepcopy(network).eval()]
        self._changed(name)

    # ------------------------------------------------------------------------------- the view

    def look(self) -> View:
        """The curves; empty axes before the first epoch, so that the page below does not jump."""
        view = super().look()
        if view.png is not None:
            return view
        empty = self._empty()
        return View(view.caption, empty.blank, empty.svg(None))

    def _text(self) -> str:
        trained, tested = map(len, self._data)
        lines = [
            f"Each press of train makes a new network, of the same seed as all: "
            f"{experiments.plan_text(self.settings)}. It sees {trained:,} images in each of "
            f"{self.num_epochs} epochs, and is tested on {tested:,} others."
        ]
        if not self._runs:
            return "\n".join([*lines, "No run yet: choose settings, and press train."])
        lines += [super()._text(), self._compared(), self._note]
        return "\n".join(filter(None, lines))

    def _run_text(self, name: str) -> str:
        text = super()._run_text(name)
        if not (networks := self.networks.get(name)):
            return text
        classes = len(class_names(self.test_data))
        return f"{text} {experiments.result_text(networks[0], self._runs[name].history, classes)}"

    def _compared(self) -> str:
        """Which run is the best so far, if there are several."""
        last = {name: run.accuracies[-1] for name, run in self.runs.items() if run.accuracies}
        if len(last) < 2:
            return ""
        best = max(last, key=last.get)
        return f"Best so far: {best}, {_run_texts.share_text(last[best])}."

    def _epoch_done(self, elapsed: float) -> None:
        self.redraw()  # after each epoch: they are few, and each takes seconds

    def _print(self, line: str) -> None:
        """Nothing: it would stand in whichever cell runs at that time."""
