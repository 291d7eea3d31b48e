"""The panel that asks which pixels a decision hangs on, and tests the answer."""

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers import inspection
from helpers.explorers._base import Refused, View, png_of
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
        super().__init__(model, dataset, index, [self.method, self.label])

    def look(self) -> View:
        """The map and the test of it."""
        check_network(self._model)
        index, method, classes = self.index.value, self.method.value, class_names(self._dataset)
        with asking():
            image, true = image_at(self._dataset, index)
            before = probabilities(self._model, image, len(classes))[0]
            predicted = int(before.argmax())
            label = predicted if self.label.value == PREDICTED else self.label.value
            reason = self._reason(image, label)
        name, probability = classes[label], float(before[label])
        figure = picture(image, reason, method, f"{name}: {percent(probability)}", name)
        which = "the predicted class" if self.label.value == PREDICTED else f"class {name}"
        caption = (
            f"{explanation(method, self._model, which)} The test of the map: blank the tenth of "
            "the pixels that it calls most important (of those that are not black), and as many "
            f"at random, {DRAWS} times."
        )
        seen = f"predicted {classes[predicted]} ({percent(float(before[predicted]))})"
        details = (
            image_text(self._dataset, index, true), seen, f"map: {range_text(reason.heat)}",
            f"probability of {name}: {percent(probability)}{deletion_text(reason)}",
        )  # fmt: skip
        return View(caption + data_line(self._dataset, *details), png_of(figure))

    def _reason(self, image: Tensor, label: int) -> Reason:
        state = state_of(self._model)
        if state != self._state or len(self._known) > 1000:
            self._known, self._state = {}, state
        key = (self.index.value, label, self.method.value)
        if key not in self._known:
            heat = decision_map(self._model, image, label, self.method.value)
            self._known[key] = Reason(heat, delete(self._model, image, heat, label))
        return self._known[key]


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
