"""The panel that asks which pixels a decision hangs on, and tests the answer."""

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers import inspection
from helpers.explorers._bars import bars_html
from helpers.explorers._base import Refused, View
from helpers.explorers._choosing import Choosing
from helpers.explorers._image_views import (
    asking,
    check_network,
    class_names,
    coloured,
    convolutions,
    data_line,
    image_at,
    image_text,
    percent,
    place_bar,
    place_image,
    probabilities,
    range_text,
    sheet,
    state_of,
)
from helpers.explorers._painting import Painting
from helpers.explorers._sheets import sheet_html
from helpers.plots.arrays import as_array, as_pixels, colour_scale

OCCLUSION, GRADIENT, GRAD_CAM = "occlusion", "gradient", "Grad-CAM"
PREDICTED = "predicted"
DRAWS = 10  # one draw of random pixels would be too much a matter of luck


@dataclass(frozen=True)
class Deletion:
    """The probability of a class after ``count`` pixels were blanked."""

    count: int
    important: float
    random: float  # mean of ``DRAWS`` draws
    blanked: Tensor  # the image without the important pixels


@dataclass(frozen=True)
class Reason:
    """The map of a decision, and the test of it; ``None`` where there is nothing to rank."""

    heat: Tensor
    deletion: Deletion | None


class Why(Choosing):
    """Which pixels of an image speak for a class: a map, and what happens without those pixels.

    ``dataset`` holds the images. The tenth of the pixels that the map calls most important is
    blanked, and as many at random: if the map is right, the first must cost more probability.
    Whoever does not believe it paints over the image, and sees what the network says then.
    """

    def __init__(self, model: nn.Module, dataset, index: int = 0):
        self._known: dict[tuple, Reason] = {}  # by image, class and method
        self._state = ()
        classes = class_names(dataset)
        options = [(PREDICTED, PREDICTED), *((name, number) for number, name in enumerate(classes))]
        self.method = widgets.Dropdown(
            options=[OCCLUSION, GRADIENT, GRAD_CAM], description="method"
        )
        self.label = widgets.Dropdown(options=options, description="class")
        self.paint = widgets.Checkbox(description="paint over the image", indent=False)
        self.field = Painting("image, to paint on", self.redraw)
        super().__init__(model, dataset, index, [self.method, self.label, self.paint])
        place = self.children.index(self.view)
        self.children = [*self.children[:place], self.field, *self.children[place:]]

    def look(self) -> View:
        """The map and the test of it."""
        check_network(self._model)
        index, method, classes = self.index.value, self.method.value, class_names(self._dataset)
        self.field.layout.display = "" if self.paint.value else "none"
        (self.add_class if self.paint.value else self.remove_class)("cnn-painting")
        with asking():
            original, true = image_at(self._dataset, index)
            image, before, was = self._painted(original, classes)
            chosen = self.label.value
            label = int(before.argmax()) if chosen == PREDICTED else chosen
            reason = self._reason(image, label)
        name, probability = classes[label], float(before[label])
        figure = picture(image, reason, method, f"{name}: {percent(probability)}", name)
        which = "the predicted class" if self.label.value == PREDICTED else f"class {name}"
        caption = (
            f"{explanation(method, self._model, which)} The test of the map: blank the tenth of "
            "the pixels that it calls most important (of those that are not black), and as many "
            f"at random, {DRAWS} times.{self._painting_text(original)}"
        )
        seen = f"predicted {best_text(before, classes)}"
        if was is not None:
            seen += f", before you painted {best_text(was, classes)}"
        details = (
            image_text(self._dataset, index, true), seen, f"map: {range_text(reason.heat)}",
            f"probability of {name}: {percent(probability)}{deletion_text(reason)}",
        )  # fmt: skip
        page = sheet_html(figure, "image, map and test of the map")
        return View(caption + data_line(self._dataset, *details), html=page, figure=figure)

    def _painted(
        self, original: Tensor, classes: list[str]
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """The image as it is painted over, what the network says of it, and what it said before.

        This stands beside the field before the map is there, which takes longer.
        """
        if not self.paint.value:
            return original, probabilities(self._model, original, len(classes))[0], None
        self.field.begin(original)
        image = self.field.over(original)
        try:
            after, before = probabilities(self._model, torch.stack([image, original]), len(classes))
        except Exception:
            self.field.beside = ""  # what stands there was said of another image
            raise
        was = before if self.field.changed else None
        self.field.beside = bars_html(classes, after, was)
        return image, after, was

    def _painting_text(self, image: Tensor) -> str:
        if not self.paint.value:
            return ""
        if not self.field.changed:
            return " Paint on the image: erase a part of it, or add one."
        return f" You painted over {self.field.changed:,} of its {image[0].numel():,} pixels."

    def _reason(self, image: Tensor, label: int) -> Reason:
        if self.paint.value and self.field.changed:  # seldom twice the same
            return self._reason_of(image, label)
        state = state_of(self._model)
        if state != self._state or len(self._known) > 1000:
            self._known, self._state = {}, state
        key = (self.index.value, label, self.method.value)
        if key not in self._known:
            self._known[key] = self._reason_of(image, label)
        return self._known[key]

    def _reason_of(self, image: Tensor, label: int) -> Reason:
        heat = decision_map(self._model, image, label, self.method.value)
        return Reason(heat, delete(self._model, image, heat, label))


def decision_map(model: nn.Module, image: Tensor, label: int, method: str) -> Tensor:
    """``[H, W]``: how much each pixel speaks for class ``label``, by one of the three methods."""
    if method == GRADIENT:
        return inspection.saliency(model, image, label).float()
    if method == GRAD_CAM:
        layer = convolutions(model)[last_convolution(model)]
        return inspection.grad_cam(model, layer, image, label).float()
    patch_size, stride = patch_of(image)
    return inspection.occlusion_map(model, image, label, patch_size, stride)


def patch_of(image: Tensor) -> tuple[int, int]:
    """Side of the patch and its step: coarse enough for an answer at once, on any image."""
    side = min(image.shape[-2:])
    patch_size = min(side, max(4, round(side / 7)))
    return patch_size, max(1, patch_size // 2)


def last_convolution(model: nn.Module) -> str:
    """The name of the layer for Grad-CAM: the last convolution has seen most of the image."""
    names = list(convolutions(model))
    if not names:
        raise Refused(
            "Grad-CAM needs the feature maps of a convolution, but this network has no Conv2d. "
            f"Choose {OCCLUSION} or {GRADIENT}."
        )
    return names[-1]


def delete(model: nn.Module, image: Tensor, heat: Tensor, label: int) -> Deletion | None:
    """Blank the most important pixels, and random ones; ``None`` if the map prefers none."""
    shown = (image != 0).any(dim=0).flatten().nonzero()[:, 0]
    values = heat.flatten()[shown]
    count = len(shown) // 10
    if not count or not bool(values.isfinite().all()) or bool((values == values[0]).all()):
        return None
    generator = torch.Generator().manual_seed(0)
    chosen = [values.argsort(descending=True, stable=True)[:count]]
    chosen += [torch.randperm(len(shown), generator=generator)[:count] for _ in range(DRAWS)]
    blanked = image.flatten(1).repeat(len(chosen), 1, 1)
    for one, places in zip(blanked, chosen, strict=True):
        one[:, shown[places]] = 0
    blanked = blanked.reshape(-1, *image.shape)
    # Before the softmax was checked for one image: the number of classes is right.
    after = inspection.activations(model, model, blanked).float().softmax(dim=1)[:, label]
    return Deletion(count, float(after[0]), float(after[1:].mean()), blanked[0])


def best_text(shares: Tensor, classes: list[str]) -> str:
    """The class with the largest share, and how large that is."""
    best = int(shares.argmax())
    return f"{classes[best]} ({percent(float(shares[best]))})"


def deletion_text(reason: Reason) -> str:
    """What the test of the map says, to stand behind the probability before it."""
    deletion = reason.deletion
    if deletion is None:
        return ", but the map is the same everywhere, so there is nothing to blank"
    pixels = "1 pixel" if deletion.count == 1 else f"{deletion.count:,} pixels"
    return (
        f"; without the {pixels} most important to the map {percent(deletion.important)}; "
        f"without as many at random {percent(deletion.random)}"
    )


def explanation(method: str, model: nn.Module, which: str) -> str:
    """What the map shows, in a sentence or two."""
    if method == GRADIENT:
        return f"Gradient: how strongly the score of {which} reacts to each pixel."
    if method == GRAD_CAM:
        return f"Grad-CAM: where {last_convolution(model)} found what speaks for {which}."
    return (
        f"Occlusion: how much the probability of {which} falls when a patch over the pixel is "
        "covered; red where it falls, blue where it rises."
    )


def picture(image: Tensor, reason: Reason, method: str, before: str, name: str) -> Figure:
    """Image, map, both, and the image without the most important pixels, side by side."""
    side, top = 2.08, 0.55
    figure = sheet(top + side * image.shape[-2] / image.shape[-1] + 0.1)
    heat = as_array(reason.heat)
    scale = colour_scale("signed" if method == OCCLUSION else "activations", [heat])
    height = place_image(figure, image, 0.1, top, side, f"image\n{before}")
    place_image(figure, heat, 2.28, top, side, f"map\n{method}", scale)
    place_bar(figure, scale, 4.5, top, height)
    place_image(figure, laid_over(image, heat, scale), 5.6, top, side, "both")
    deletion = reason.deletion
    if deletion is not None:
        title = f"{deletion.count} blanked\n{name}: {percent(deletion.important)}"
        place_image(figure, deletion.blanked, 7.78, top, side, title)
    return figure


def laid_over(image: Tensor, heat: np.ndarray, scale) -> np.ndarray:
    """The image with the map over it, ``[H, W, 3]``, the more of the map the larger its value."""
    below = coloured(as_pixels(image))[..., :3] / 255
    above = coloured(heat, scale)[..., :3] / 255
    strength = 0.85 * (np.abs(np.nan_to_num(heat)) / scale["vmax"]).clip(0, 1)[..., None]
    return strength * above + (1 - strength) * below
