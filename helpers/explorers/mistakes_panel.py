"""The panel of the confusion matrix: from a cell to its images, to one decision, to one pixel."""

import math

import ipywidgets as widgets
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers import inspection, training
from helpers.explorers._base import Explorer, Refused, View, png_of
from helpers.explorers._grids import pointable
from helpers.explorers._image_views import (
    asking,
    check_network,
    class_names,
    data_line,
    finite,
    frame,
    percent,
    place_image,
    sheet,
    state_of,
    write,
)
from helpers.explorers._matrix import KEYS, MATRIX, matrix_html, matrix_png
from helpers.explorers._pixel import Pixel, stacked
from helpers.explorers._pointable import Pointed
from helpers.explorers._sheets import sheet_html
from helpers.explorers.why_panel import Why
from helpers.plots.arrays import as_pixels
from helpers.plots.text import count_text

MOST, COLUMNS, SIDE = 12, 3, 0.9  # images behind a cell; their side in inches
IMAGES = "images"  # what can be pointed at, besides the matrix
PICTURES, WHY, VALUE = "matrix and pictures", "why this class?", "one value as a sum"


class Mistakes(Explorer):
    """Which classes the network mixes up: choose a cell of the confusion matrix, see its images.

    In place of matrix and images, the opened one can be shown in a ``Why`` panel, or one value of
    its first feature maps as a sum of products. The network sees all of ``dataset`` once, 10,000
    images in about a second; ``datasets.subset`` makes that less.
    """

    tall = True

    def __init__(self, model: nn.Module, dataset):
        self._model, self._dataset, self._state = model, dataset, None
        self._choosing = False  # while several controls are set at once
        self._chosen: int | None = None  # the index of the image that is opened
        self.why = self.pixel = None  # made as soon as it is known which image they open
        classes = list(enumerate(class_names(dataset)))
        options = [(name, number) for number, name in classes]
        true, predicted = self._worst()
        self.true = widgets.Dropdown(options=options, value=true, description="true class")
        self.predicted = widgets.Dropdown(
            options=options, value=predicted, description="predicted class"
        )
        self.rank = widgets.IntText(1, description="open picture")
        self.show = widgets.Dropdown(options=[PICTURES, WHY, VALUE], description="show")
        super().__init__([self.true, self.predicted, self.rank, self.show])
        self.why = Why(model, dataset, self._chosen or 0)
        for control in self.why.choosing:
            control.layout.display = "none"  # the matrix chooses
        self.pixel = Pixel(model, dataset, self.why.index)
        self.children = [*self.children, self.why, self.pixel]
        self._open()

    # ----------------------------------------------------------------- what the network says

    def _predict(self) -> None:
        """Look at all images, unless that was done and no weight has changed since."""
        check_network(self._model)
        if state_of(self._model) == self._state:
            return
        with asking():
            number = len(class_names(self._dataset))
            probabilities = training.predict(self._model, self._dataset)
            if probabilities.dim() != 2 or probabilities.shape[1] != number:
                raise Refused(
                    f"The network gives out {list(probabilities.shape)}, but there must be "
                    f"{number} scores for each image: [{len(self._dataset)}, {number}]."
                )
            confidence, predictions = finite(probabilities).max(dim=1)
            labels = self._dataset.labels.cpu()
            self._counts = inspection.confusion_matrix(labels, predictions, number)
            self._labels, self._confidence, self._predictions = labels, confidence, predictions
            self._state = state_of(self._model)

    def _worst(self) -> tuple[int, int]:
        """The cell with the most mistakes; the first cell if nothing can be counted."""
        try:
            self._predict()
        except Refused:
            return 0, 0
        wrong = self._counts.clone().fill_diagonal_(0)
        return divmod(int(wrong.argmax()), len(wrong))

    # ------------------------------------------------------------------------------ the view

    def redraw(self, change=None) -> None:
        """Show the chosen cell, from its first image on if it is another one, and open an image."""
        with self._lock:
            if self._choosing:
                return
            if change and change["owner"] in (self.true, self.predicted) and self.rank.value != 1:
                self.rank.value = 1  # draws
                return
            self._chosen = None
            super().redraw(change)
            self._open()

    def _open(self) -> None:
        if self.pixel is None:
            return
        shown = PICTURES if self._chosen is None else self.show.value
        for name, part in ((PICTURES, self.view), (WHY, self.why), (VALUE, self.pixel)):
            part.layout.display = "" if name == shown else "none"
        if shown != PICTURES:  # else it would be computed for nobody, at each step of the pointer
            self.why.index.value = self._chosen

    def point(self, at: Pointed) -> None:
        """A cell of the matrix, or one of the pictures, that is pressed or reached by the keys."""
        if at.kind not in ("press", "key"):
            return
        true, predicted, rank = self.true.value, self.predicted.value, self.rank.value
        if at.name == MATRIX:
            row, column = at.place if at.kind == "press" else (true + at.row, predicted + at.column)
            most = len(self._counts) - 1
            self._choose(min(max(row, 0), most), min(max(column, 0), most), 1)
        elif at.name == IMAGES:
            count = min(MOST, int(self._counts[true, predicted]))
            step = COLUMNS * at.row + at.column
            wanted = rank + step if at.kind == "key" else rank_at(at.x, at.y, self._shape, count)
            self._choose(true, predicted, min(max(wanted, 1), count))

    def _choose(self, true: int, predicted: int, rank: int) -> None:
        self._choosing = True
        self.true.value, self.predicted.value, self.rank.value = true, predicted, rank
        self._choosing = False
        self.redraw()

    def look(self) -> View:
        """The matrix, and the images behind the chosen cell."""
        self._predict()
        true, predicted = self.true.value, self.predicted.value
        indices = behind(self._labels, self._predictions, self._confidence, true, predicted)
        names = class_names(self._dataset)
        pair = f"{names[true]} → {names[predicted]}"
        table = matrix_html(self._counts, names, (true, predicted), KEYS)
        found = f"{pair}: {count_text(len(indices), 'image')} of {int(self._counts[true].sum()):,}"
        caption = "All images by true and predicted class; what is right stands on the diagonal. "
        if not indices:
            self._pictures = None
            caption += "In the chosen cell, there is no image. Choose another one."
            page = f'<div class="cnn-grids">{table}</div>'
            return View(caption + data_line(self._dataset, found), html=page)
        rank = self.rank.value
        shown = indices[:MOST]
        if not 1 <= rank <= len(shown):
            raise Refused(
                f"There is no picture {rank}: in this cell they are numbered from 1 to "
                f"{len(shown)}. Choose one of them."
            )
        self._chosen = shown[rank - 1]
        self._pictures = pictures_figure(self._dataset, shown, self._confidence, rank)
        self._shape = self._dataset[self._chosen][0].shape[-2:]
        words = "the images of the chosen cell"
        pointed = pointable(IMAGES, f"{words}: arrow keys open another")
        caption += (
            f"Beside it, up to {MOST} images of the chosen cell, the surest first, with the "
            f"probability of the predicted class. The framed one is open: show also has {WHY!r}, "
            f"and {VALUE!r}."
        )
        details = (
            found, f"surest {percent(float(self._confidence[shown[0]]))}",
            f"opened: image {self._chosen}, {percent(float(self._confidence[self._chosen]))}",
        )  # fmt: skip
        images = sheet_html(self._pictures, words, pointed)
        return View(
            caption + data_line(self._dataset, *details),
            html=f'<div class="cnn-grids">{table}{images}</div>',
        )

    def still(self) -> bytes | None:
        """Matrix and images, and what is opened below, one under the other."""
        if not self._last.html:
            return None
        matrix = matrix_png(
            self._counts, class_names(self._dataset), self.true.value, self.predicted.value
        )
        parts = [matrix] if self._pictures is None else [matrix, png_of(self._pictures)]
        below = []
        if self._chosen is not None:
            self.why.index.value = self._chosen
            below = [self.why.still(), self.pixel.still()]
        return stacked([self.captioned(stacked(parts)), *filter(None, below)])


def behind(
    labels: Tensor, predictions: Tensor, confidence: Tensor, true: int, predicted: int
) -> list[int]:
    """The indices of the images of one cell, the surest first."""
    indices = ((labels == true) & (predictions == predicted)).nonzero()[:, 0]
    return indices[confidence[indices].argsort(descending=True, stable=True)].tolist()


# ---------------------------------------------------------------------------- the pictures


def pictures_figure(dataset, indices: list[int], confidence: Tensor, rank: int) -> Figure:
    """The images with number and probability above each, number ``rank`` framed: one mosaic."""
    images = [as_pixels(dataset[index][0]) for index in indices]
    across, down, width, height = _steps(images[0].shape, len(images))
    figure = sheet(height, width)
    for number, (image, index) in enumerate(zip(images, indices, strict=True), start=1):
        row, column = divmod(number - 1, COLUMNS)
        left, top = 0.15 + column * across, 0.27 + row * down
        place_image(figure, image, left, top, SIDE)
        text = f"{number}: {percent(float(confidence[index]))}"
        weight = "bold" if number == rank else "normal"
        write(figure, left, top - 0.05, text, va="bottom", weight=weight)
        if number == rank:
            frame(figure, left, top, SIDE, down - 0.3)
    return figure


def _steps(shape: tuple[int, int], count: int) -> tuple[float, float, float, float]:
    """In inches: from one picture to the next, across and down, and the width and height of all."""
    across, down = SIDE + 0.2, SIDE * shape[0] / shape[1] + 0.3
    return across, down, COLUMNS * across + 0.1, math.ceil(count / COLUMNS) * down + 0.1


def rank_at(x: float, y: float, shape: tuple[int, int], count: int) -> int:
    """The number of the picture, from 1, at the shares ``x`` and ``y`` of these pictures."""
    across, down, width, height = _steps(shape, count)
    row, column = int((y * height - 0.02) / down), int((x * width - 0.05) / across)
    return COLUMNS * row + min(column, COLUMNS - 1) + 1
