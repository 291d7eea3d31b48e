"""What the check of task 4.2 asks of pictures of kernels: their numbers and colour scales."""

from functools import partial

import numpy as np
import torch
from matplotlib.colors import Colormap

from helpers.checks.core.checking import check
from helpers.checks.core.describing import show_size
from helpers.checks.core.figures import UPSIDE_DOWN, Picture, alike, pictures_of
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import close
from helpers.checks.inspection.tasks import judge_convolution


def judge_kernels(shown: list[np.ndarray], kernels: np.ndarray, bias) -> None:
    """Raise unless ``shown`` are all ``kernels`` [N, H, W], one picture each, in any order."""
    if bias is not None and all(_drawn_from(values, bias) for values in shown):
        raise Incorrect(
            "the pictures show first_layer.bias, one number per kernel. "
            "The kernels are in first_layer.weight."
        )
    for number, values in enumerate(shown):
        if values.shape != kernels[0].shape:
            raise Incorrect(
                f"picture {number} has {show_size(values.shape)} pixels; a kernel has "
                f"{show_size(kernels[0].shape)}. Give imshow the first_layer.weight of one kernel, "
                "without its channel dimension."
            )
        if not np.isfinite(values).all():
            raise Incorrect(
                f"picture {number} has numbers that are not finite (nan or inf), which have no "
                "colour. Look at first_layer.weight: is it like that, too?"
            )
    # The same factor on all kernels leaves their pictures as they are.
    stacked = np.stack(shown)
    factor = np.abs(kernels).max() / (np.abs(stacked).max() or 1.0)
    matches = _matches(stacked, kernels)
    if None in matches and None not in (scaled := _matches(stacked * factor, kernels)):
        matches = scaled
    if None in matches:
        number = matches.index(None)
        raise Incorrect(f"picture {number} {_wrong_kernel(shown[number], kernels)}")
    missing = sorted(set(range(len(kernels))) - set(matches))
    if len(set(matches)) == 1 < len(kernels):
        raise Incorrect(
            f"all pictures show the same kernel, number {matches[0]}. Use your loop's variable "
            "as the first index of first_layer.weight."
        )
    if missing:
        raise Incorrect(
            f"kernel {missing[0]} is not shown, and another one more than once. "
            "Let the loop's variable choose both the axes and the kernel."
        )


def _drawn_from(values: np.ndarray, bias: torch.Tensor) -> bool:
    numbers = bias.detach().cpu().double().numpy()
    return all(np.isclose(numbers, value, atol=1e-6).any() for value in values.ravel())


def _matches(shown: np.ndarray, kernels: np.ndarray) -> list[int | None]:
    """Which kernel each picture shows: one that no earlier picture shows, where possible."""
    matches: list[int | None] = []
    same = partial(close, tolerance=1e-3, floor=np.abs(kernels).max())
    for values in shown:
        fits = [i for i, kernel in enumerate(kernels) if same(values, kernel)]
        unused = [i for i in fits if i not in matches]
        matches.append((unused or fits or [None])[0])
    return matches


def _mistakes(kernel: np.ndarray) -> list[tuple[np.ndarray, str]]:
    """What else may be shown of a square ``kernel``, and what to say of it."""
    turned = [kernel[::-1].T[::-1], *(np.rot90(kernel, n) for n in (1, 2, 3))]
    return [
        (np.abs(kernel), "without its signs. A negative weight is not a positive one: show the "
         "weights as they are."),
        (-kernel, "with all signs turned round. Show the weights as they are, without a minus."),
        (kernel.clip(min=0), "without its negative weights. Show all weights as they are."),
        (kernel.T, "with rows and columns swapped. Leave out the transposition."),
        (kernel[::-1], UPSIDE_DOWN),
        (kernel[:, ::-1], "mirrored, left and right. Show it as it stands in first_layer.weight."),
        *((other, "turned. Show it as it stands in first_layer.weight.") for other in turned),
    ]  # fmt: skip


def _wrong_kernel(values: np.ndarray, kernels: np.ndarray) -> str:
    same = partial(close, tolerance=1e-3, floor=np.abs(kernels).max())
    if np.ptp(values) == 0:
        return (
            f"has the same number, {values.flat[0]:.2g}, everywhere. Weights differ: show "
            "first_layer.weight as it is."
        )
    for number, kernel in enumerate(kernels):
        named = sentence_on(values, _mistakes(kernel), same)
        if named:
            return f"shows kernel {number} {named}"
        if alike(values, kernel):
            return (
                f"shows kernel {number} stretched or shifted: these are not its weights, so that "
                "it cannot be compared with the others. Show the weights as they are; vmin and "
                "vmax set the scale."
            )
    return (
        "shows numbers that are no kernel of first_layer. The kernels are in first_layer.weight; "
        "detach() and cpu() make them ready to draw."
    )


def judge_scales(pictures: list[Picture]) -> None:
    """Raise unless all pictures share one diverging colour scale with 0 in its middle."""
    low, high = pictures[0].limits
    span = max(abs(high - low), 1e-12)
    differences = [np.abs(np.subtract(picture.limits, (low, high))).max() for picture in pictures]
    number = int(np.argmax(differences))
    if differences[number] > 1e-3 * span:
        others = pictures[number].limits
        raise Incorrect(
            f"each picture has its own colour scale: picture 0 goes from {low:.3g} to "
            f"{high:.3g}, picture {number} from {others[0]:.3g} to {others[1]:.3g}, so that one "
            "colour means different weights. Give every imshow the same vmin and vmax."
        )
    if low > high:
        raise Incorrect(
            f"your colour scale begins at {low:.3g} and ends at {high:.3g}: vmin is the lower end, "
            "vmax the upper one. Swap them."
        )
    if abs(low + high) > 2e-3 * span:
        raise Incorrect(
            f"your colour scale goes from {low:.3g} to {high:.3g}, not as far down as up, so that "
            "colours of equal strength are not weights of equal strength. Take the largest "
            "absolute value of all weights as the limit on both sides."
        )
    largest = max(float(np.abs(picture.values).max()) for picture in pictures)
    if not largest / 2 <= high <= 10 * largest:
        raise Incorrect(
            f"your colour scale ends at ±{high:.3g}, while the largest weight is {largest:.2g}: "
            f"{'all beyond share the end colours' if high < largest else 'all look pale'}. "
            "Take the largest absolute value of all weights as the limit."
        )
    for picture in pictures:
        if not is_diverging(picture.colours):
            raise Incorrect(
                f"the colour map {picture.colours.name} has no neutral middle for 0, so signs "
                "cannot be seen. Weights have a sign: choose with cmap= one of the maps that "
                'Matplotlib calls diverging, such as "RdBu_r".'
            )
        if not _same_colours(picture.colours, pictures[0].colours):
            raise Incorrect(
                f"the pictures have different colour maps, {pictures[0].colours.name} and "
                f"{picture.colours.name}, so that one colour means different weights. Give every "
                "imshow the same cmap."
            )


def _same_colours(one: Colormap, other: Colormap) -> bool:
    places = np.linspace(0, 1, 9)
    return close(one(places), other(places), 0.02)


def is_diverging(colours: Colormap) -> bool:
    """Whether lightness turns once, in a nearly grey middle, between two ends of other colours.

    Lightness is L* of CIE 1976 (0 to 1). Of Matplotlib's maps this picks those that its
    documentation lists as diverging, and it judges maps of other packages too.
    """
    rgb = colours(np.linspace(0, 1, 9))[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    dark = luminance <= 0.008856
    lightness = np.where(dark, 9.033 * luminance, 1.16 * np.cbrt(luminance) - 0.16)
    rise = np.sign(lightness[4] - lightness[0]) * np.diff(lightness)
    turns_once = rise[:4].min() > -0.03 and rise[4:].max() < 0.03
    deep = min(rise[:4].sum(), -rise[4:].sum()) > 0.15
    neutral = np.ptp(rgb[4]) < 0.3
    return bool(turns_once and deep and neutral and np.abs(rgb[0] - rgb[8]).max() > 0.2)


@check("4.2", "Its kernels", hints=(
    "Print the smallest and the largest weight. The scale has to reach from minus something to "
    "plus the same, for all six pictures.",
    "Three steps: kernels is first_layer.weight with .detach().cpu(); limit is the largest of "
    "their absolute values, kernels.abs().max().item(), taken once, over all six; then, for each "
    "number and its axes, imshow of kernels[number, 0] with a diverging cmap, vmin=-limit and "
    "vmax=limit.",
))  # fmt: skip
def kernel_pictures(fig, first_layer) -> str:
    """Right: one picture per kernel, all on one diverging colour scale with 0 in its middle."""
    layer = judge_convolution(first_layer)
    kernels = layer.weight.detach().cpu().double().numpy()[:, 0]
    pictures = pictures_of(fig, len(kernels), f"the {len(kernels)} kernels of first_layer")
    judge_kernels([picture.values for picture in pictures], kernels, layer.bias)
    judge_scales(pictures)
    return "one scale for all kernels: the middle colour is 0, and equal colours are equal weights"
