"""Which image of a data set a panel looks at: by its number, by its class, or by chance."""

import random
from collections.abc import Callable

import ipywidgets as widgets
import torch
from torch import Tensor, nn
from torch.utils.data import Subset

from helpers import training
from helpers.explorers._base import Explorer, Refused, View, button
from helpers.explorers._image_views import asking, check_network, class_names
from helpers.plots.text import count_text

ANY = -1  # the class of all images: an option whose value is None would be none to ipywidgets
AT_ONCE = 500  # images that the network is asked about until it is wrong about one


class Choosing(Explorer):
    """A panel that looks at one image of ``dataset``, number ``index``, with ``model``.

    ``choosing`` are its controls for that, beside ``controls``. Chance begins the same way in each
    panel, so that a lecture can be rehearsed.
    """

    def __init__(self, model: nn.Module, dataset, index: int, controls: list[widgets.Widget]):
        self._model, self._dataset, self._chance = model, dataset, random.Random(0)
        classes = [(name, number) for number, name in enumerate(class_names(dataset))]
        self.index = widgets.IntText(index, description="image index")
        self.of = widgets.Dropdown(options=[("any class", ANY), *classes], description="images of")
        self.next = button("next", lambda: self._turn_to(self._next))
        self.another = button("another", lambda: self._turn_to(self._another))
        self.wrong = button("a wrong one", lambda: self._turn_to(self._wrong))
        self.choosing = [self.of, self.next, self.another, self.wrong]
        super().__init__([*controls, self.index, *self.choosing])

    def redraw(self, change=None) -> None:
        """Another class: an image of it. Else draw."""
        if change and change["owner"] is self.of:
            self._turn_to(self._first)
        else:
            super().redraw(change)

    def _turn_to(self, choose: Callable[[list[int]], int]) -> None:
        """Show the image that ``choose`` finds among those of the chosen class."""
        with self._lock:
            try:
                with asking():
                    index = choose(self._places())
            except Refused as error:
                self._show(View(str(error)))
                return
            if self.index.value == index:
                self.redraw()
            self.index.value = index

    def _places(self) -> list[int]:
        """The indices of the images of the chosen class."""
        every = list(range(len(self._dataset)))
        if self.of.value != ANY:
            labels = labels_of(self._dataset)
            every = (labels == self.of.value).nonzero()[:, 0].tolist()
        if not every:
            raise Refused("There is no image of this class in the data. Choose another class.")
        return every

    def _first(self, places: list[int]) -> int:
        return self.index.value if self.index.value in places else self._next(places)

    def _next(self, places: list[int]) -> int:
        """The one behind the present one; behind the last, the first."""
        return next((place for place in places if place > self.index.value), places[0])

    def _another(self, places: list[int]) -> int:
        others = [place for place in places if place != self.index.value]
        return self._chance.choice(others or places)

    def _wrong(self, places: list[int]) -> int:
        """One that the network takes for something else; by chance, and not the present one."""
        check_network(self._model)
        others = [place for place in places if place != self.index.value]
        self._chance.shuffle(others)
        labels = labels_of(self._dataset)
        for start in range(0, len(others), AT_ONCE):
            asked = others[start : start + AT_ONCE]
            said = training.predict(self._model, Subset(self._dataset, asked)).argmax(dim=1)
            mistakes = (said.cpu() != labels[asked]).nonzero()[:, 0].tolist()
            if mistakes:
                return asked[mistakes[0]]
        raise Refused(
            f"Of {count_text(len(places), 'image')}, the network is wrong about none that is not "
            "shown already. Choose another class."
        )


def labels_of(dataset) -> Tensor:
    """The label of each image, ``[N]``."""
    labels = getattr(dataset, "labels", None)
    if labels is None:
        labels = [dataset[place][1] for place in range(len(dataset))]
    return torch.as_tensor(labels).cpu()
