"""Watch it learn, in notebook 03: what a network of the experiment was after each epoch."""

import html
from weakref import WeakKeyDictionary

import ipywidgets as widgets
from torch import Tensor, nn

from helpers import datasets
from helpers.explorers._base import Explorer, Refused, View
from helpers.explorers._experiments import Settings
from helpers.explorers._image_views import asking, data_line, image_at, image_text, percent
from helpers.explorers._learning import (
    Learned,
    Seen,
    change_texts,
    counts_of,
    kernels_of,
    maps_of,
    mistake_text,
    scales_of,
)
from helpers.explorers.experiment_panel import Experiment
from helpers.explorers.feature_maps_panel import SIGNS
from helpers.plots.text import count_text

IMAGES = 500  # of the test data, in the matrix
NONE = "no run yet"

# The handle of the slider has no name for a screen reader, and may come later than this.
NAMING = """
let tries = 0;
const name = () => {
  const handle = this.closest('.cnn-explorer')?.querySelector('.noUi-handle');
  if (handle) handle.setAttribute('aria-label', 'epoch');
  else if (tries++ < 600) requestAnimationFrame(name);
};
name();
"""


class Learning(Explorer):
    """A network of ``experiment`` after each of its epochs, from the untrained one (0) on.

    Its first kernels, what they make of one image, and the confusion matrix of some test images.
    While the experiment trains, the newest panel of this kind follows.
    """

    tall = True

    def __init__(self, experiment: Experiment, index: int = 0):
        if not isinstance(experiment, Experiment):
            raise ValueError(
                "Learning shows the runs of an Experiment, not "
                f"a {type(experiment).__name__}: explorers.Learning(experiment)"
            )
        self._experiment = experiment
        self._counts: WeakKeyDictionary[nn.Module, Tensor] = WeakKeyDictionary()
        self._untrained: dict[Settings, nn.Module] = {}
        self._dataset = datasets.subset(experiment.test_data, IMAGES)
        self.run = widgets.Dropdown(options=[(NONE, "")], description="run")
        self.epoch = widgets.IntSlider(
            0, 0, experiment.num_epochs, description="epoch", readout=False
        )
        self.index = widgets.IntText(index, description="image index")
        naming = widgets.HTML(f'<style onload="{html.escape(NAMING)}"></style>')
        naming.layout.width = "0"
        super().__init__([self.run, self.epoch, self.index])
        self.epoch.layout.width = "20em"  # else it has no track
        self.children = (*self.children, naming)
        with self._lock:  # a run that is under way waits with its next epoch
            experiment.watch(self._changed)
            if experiment.networks:
                self._show_last(list(experiment.networks)[-1])

    def _changed(self, name: str) -> None:
        """A run has begun, or has one epoch more; called by the thread that trains."""
        with self._lock:
            done = len(self._experiment.networks[name]) - 1
            if done == 0:
                self._show_last(name)
                self.redraw()
            elif self.run.value == name and self.epoch.value == done - 1:
                self.epoch.value = done  # draws

    def _show_last(self, name: str) -> None:
        """Choose a run, and its last epoch so far."""
        self.run.options = list(self._experiment.networks)
        self.run.value = name
        self.epoch.value = max(0, len(self._experiment.networks[name]) - 1)

    def look(self) -> View:
        """The network after the chosen epoch."""
        name, epoch = self.run.value, self.epoch.value
        networks = self._experiment.networks.get(name) or [self._before_any_run()]
        done = len(networks) - 1
        if epoch > done:
            raise Refused(
                f"There is no epoch {epoch} here: this network was trained for "
                f"{count_text(done, 'epoch')}. Press train in the experiment."
            )
        image, label = image_at(self._dataset, self.index.value)
        classes = self._dataset.classes
        with asking():
            now = self._seen(networks[epoch], image)
            before = self._seen(networks[max(0, epoch - 1)], image)
            scales = scales_of(networks, image)
        when = f"after epoch {epoch}" if epoch else "untrained"
        caption = (
            f"{name or self._experiment.settings}, {when}: the kernels of its first layer "
            f"({SIGNS}), what they make of an image (dark is zero), and how {len(self._dataset)} "
            "test images are classified, the most frequent mistake framed. The colours mean the "
            "same in all epochs of a run."
        )
        right = f"{percent(now.right)} right"
        if epoch:
            right += f", {percent(before.right)} one epoch before"
        about = image_text(self._dataset, self.index.value, label)
        changes = change_texts(before, now, classes) if epoch else []
        details = [about, right, *changes, mistake_text(now, classes)]
        self._learned = Learned(now, scales, image, classes, when)
        return View(caption + data_line(self._dataset, *details), html=self._learned.html())

    def still(self) -> bytes | None:
        """Kernels, maps and matrix as one picture."""
        return self.captioned(self._learned.png()) if self._last.html else None

    def _before_any_run(self) -> nn.Module:
        """The network that the controls of the experiment would train, made once."""
        settings = self._experiment.settings
        if settings not in self._untrained:
            self._untrained = {settings: self._experiment.untrained()}
        return self._untrained[settings]

    def _seen(self, network: nn.Module, image: Tensor) -> Seen:
        if network not in self._counts:  # the images are the same for ever, and so is the network
            self._counts[network] = counts_of(network, self._dataset)
        return Seen(kernels_of(network), maps_of(network, image), self._counts[network])
