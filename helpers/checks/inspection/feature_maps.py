"""What the check of task 4.3 asks of feature maps, and of their pictures."""

import operator

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from helpers.checks.core.calling import on_cpu
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape, show_size
from helpers.checks.core.figures import UPSIDE_DOWN, alike, pictures_of
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import answered, close, read_tensor
from helpers.checks.inspection.tasks import judge_convolution


def read_index(index) -> int:
    """``index`` as a whole number; a tensor or array of one whole number will do."""
    try:
        if isinstance(index, np.ndarray) and index.size == 1:
            index = index.item()
        if isinstance(index, bool):
            raise TypeError
        return operator.index(index)
    except Exception:
        raise Incorrect(
            f"index is {describe(index)}; expected is a whole number. "
            "torch.randint draws one, and .item() takes it out of its tensor."
        ) from None


def drawn_image(position: int, training_data) -> torch.Tensor:
    """The image [1, 1, H, W] at ``position``; raises ``Incorrect`` if the data has none there."""
    again = "Run the cell that loads training_data again."
    try:
        length = len(training_data)
        if 0 <= position < length:
            image = read_tensor(training_data[position][0])
    except Exception:
        raise Incorrect(
            f"training_data is {describe(training_data)}; expected are images and labels. {again}"
        ) from None
    shown = f"{position:,}" if abs(position) < 10**12 else "a huge number"
    if position < 0:
        raise Incorrect(f"index is {shown}; the first image has the number 0.")
    if position >= length:
        raise Incorrect(
            f"index is {shown}, but with {length:,} images the last one is number "
            f"{length - 1:,}. Mind whether the upper end of your draw is included."
        )
    if image is None or image.numel() != 28 * 28:
        raise Incorrect(f"training_data[{position}][0] is no grey image of 28×28 pixels. {again}")
    return image.reshape(1, 1, 28, 28)


def _convolve(layer: nn.Conv2d, image: torch.Tensor) -> torch.Tensor:
    """What ``layer`` makes of ``image``, in float64 on the CPU, without its hooks."""
    weight, bias = (
        None if p is None else p.detach().cpu().double() for p in (layer.weight, layer.bias)
    )
    return functional.conv2d(
        image.cpu().double(), weight, bias, layer.stride, layer.padding, layer.dilation
    )


def judge_maps(feature_maps, layer: nn.Conv2d, image: torch.Tensor, index: int) -> torch.Tensor:
    """Raise unless ``feature_maps`` are what ``layer`` makes of ``image`` [1, 1, H, W]; return it.

    Maps are [C, H, W], or with a batch of one; those returned are in float64 on the CPU.
    """
    maps = read_tensor(feature_maps)
    if maps is None:
        raise Incorrect(
            f"feature_maps is {describe(feature_maps)}; expected is the tensor that first_layer "
            "returns for the image."
        )
    right = _convolve(layer, image)[0]
    if maps.shape not in (right.shape, (1, *right.shape)):
        raise Incorrect(_wrong_maps_shape(maps, right.shape, image, layer))
    maps = maps.double().reshape(right.shape)
    # Convolutions on recent GPUs keep about three digits (TF32).
    if not close(maps, right, 5e-3):
        raise Incorrect(_wrong_maps(maps, right, layer, index))
    return right


def _wrong_maps_shape(maps: torch.Tensor, right, image: torch.Tensor, layer: nn.Conv2d) -> str:
    shape = maps.shape
    found = f"feature_maps has the shape {show_shape(shape)}; expected is {show_shape(right)}, "
    if maps.numel() == image.numel() and close(maps.flatten(), image.flatten()):
        return (
            found
            + "since kernels do not reach over the border. This is the image: call first_layer."
        )
    if close(maps, layer.weight):
        return found + "the maps that the kernels make. These are the kernels: call first_layer."
    if len(shape) == 4 and shape[1:] == right:
        return found + f"because one image is asked for. These are the maps of {shape[0]} images."
    if shape == right[1:]:
        return found + "one map per kernel. This is a single map: keep all of them."
    if shape[-1:] == (10,) and len(shape) <= 2:
        return (
            found + "the maps of first_layer. Ten numbers are what the whole network gives: call "
            "first_layer, not model."
        )
    return found + "as first_layer gives it for one image. Call first_layer and no other layer."


def _wrong_maps(maps: torch.Tensor, right: torch.Tensor, layer: nn.Conv2d, index: int) -> str:
    if not maps.isfinite().all():
        return (
            "feature_maps has numbers that are not finite (nan or inf). Run the cells above again."
        )
    if maps.max() == maps.min():
        return f"feature_maps is {maps[0, 0, 0]:.2g} everywhere. Call first_layer with the image."
    if close(maps, right.relu(), 5e-3):
        return (
            "feature_maps has no negative numbers: these are the maps after ReLU. "
            "Call first_layer alone, without the layers that follow it."
        )
    if maps.equal(maps.round()):
        return (
            "feature_maps has whole numbers only. Keep what first_layer returns as it is, without "
            "rounding or converting it."
        )
    if alike(maps.numpy(), right.numpy()):
        return (
            "feature_maps are the right maps, but stretched or shifted. Keep what first_layer "
            "returns as it is; vmin and vmax set the scale of the pictures."
        )
    if layer.bias is not None:
        bias = layer.bias.detach().cpu().double()[:, None, None]
        if close(maps + bias, right, 5e-3):
            return "the bias is missing in feature_maps. Call first_layer itself on the image."
    turned = [maps.mT, maps.flip(1), maps.flip(2), maps.flip(1, 2), maps.rot90(1, (1, 2))]
    if any(close(other, right, 5e-3) for other in (*turned, maps.rot90(-1, (1, 2)))):
        return (
            "feature_maps are the right maps, but turned, mirrored or with rows and columns "
            "swapped. Keep what first_layer returns as it is."
        )
    if all(any(close(one, other, 5e-3) for one in maps) for other in right):
        return (
            "feature_maps are the right maps in another order. Keep what first_layer returns as "
            "it is."
        )
    if _made_by(layer, maps):
        return (
            f"feature_maps belongs to first_layer, but not to training_data[{index}][0] as it is: "
            "another image was drawn, or its values were changed on the way. Draw index once, "
            "then use it for the image and the maps."
        )
    if maps.min() >= 0 > right.min():
        return (
            "feature_maps has no negative numbers, but first_layer makes some of this image. "
            "Leave out whatever takes their sign away, such as abs() or a ReLU."
        )
    return (
        "feature_maps has the right shape, but first_layer does not give these numbers. "
        "Were they made by another layer, or by another network?"
    )


def _made_by(layer: nn.Conv2d, maps: torch.Tensor) -> bool:
    """Whether some image gives these maps: a part of them leaves no remainder in least squares."""
    if layer.stride != (1, 1) or layer.dilation != (1, 1):
        return False
    side = 8
    top = (maps.shape[-1] - side) // 2
    part = maps[:, top : top + side, top : top + side]
    reach = side + layer.kernel_size[0] - 1
    pixels = torch.eye(reach * reach, dtype=torch.float64).reshape(-1, 1, reach, reach)
    weight = layer.weight.detach().cpu().double()
    matrix = functional.conv2d(pixels, weight).flatten(1).T
    if layer.bias is not None:
        part = part - layer.bias.detach().cpu().double()[:, None, None]
    target = part.reshape(-1, 1)
    rest = matrix @ torch.linalg.lstsq(matrix, target).solution - target
    return bool(rest.norm() < 5e-3 * target.norm().clamp(min=1e-6))


def judge_drawn_maps(fig, maps: torch.Tensor, image: torch.Tensor) -> None:
    """Raise unless ``fig`` shows ``image`` [1, 1, H, W] and each of its ``maps`` [C, H, W]."""
    wanted = f"the image and its {len(maps)} feature maps"
    pictures = pictures_of(fig, len(maps) + 1, wanted)
    right = [image[0, 0].cpu().double().numpy(), *maps.numpy()]
    names = ["the image", *(f"feature map {number}" for number in range(len(maps)))]
    shown = [picture.values for picture in pictures]
    places = [[n for n, values in enumerate(shown) if alike(values, one)] for one in right]
    missing = [number for number, found in enumerate(places) if not found]
    if missing:
        number = missing[0]
        changed = _shown_otherwise(shown, right[number], is_image=number == 0)
        raise Incorrect(
            f"{names[number]} is shown {changed}"
            if changed
            else _on_missing(number, names, places, shown)
        )
    seen = pictures[places[0][0]]
    low, high = seen.limits
    if np.ptp(seen.values) < abs(high - low) / 50:
        raise Incorrect(
            f"the image looks the same everywhere: its pixels go from {seen.values.min():.2g} to "
            f"{seen.values.max():.2g}, and its colour scale from {low:.3g} to {high:.3g}. Leave "
            "out vmin and vmax, or take the range of the pixels."
        )


def _shown_otherwise(shown: list[np.ndarray], one: np.ndarray, is_image: bool) -> str:
    """How ``one`` is ``shown``, if not as it is, and what to do; '' if it is not there at all."""
    signs = "with all signs turned round. Show it as it is, without a minus."
    if is_image:
        signs = "with bright and dark exchanged. Show its pixels as they are."
    unsigned = "without its negative numbers. Show it as it is, with a diverging colour map."
    known = [
        (one.T, "with rows and columns swapped. Leave out the transposition."),
        (one[::-1], UPSIDE_DOWN),
        (one[:, ::-1], "mirrored, left and right. Show it as it is."),
        *((np.rot90(one, n), "turned. Show it as it is.") for n in (1, 2, 3)),
        (one[::-1].T[::-1], "turned and mirrored. Show it as it is."),
        (-one, signs),
        (abs(one), unsigned),
        (one.clip(min=0), unsigned),
    ]
    return next(
        (text for other, text in known if any(alike(values, other) for values in shown)), ""
    )


def _on_missing(number: int, names: list[str], places: list[list[int]], shown) -> str:
    """The message on a picture that is not there, with what is there in its place."""
    if number == 0:
        return (
            "none of the pictures in fig shows the image itself. Draw training_data[index][0] "
            "beside its feature maps. (If index was drawn anew since, run both cells again.)"
        )
    often = next((name for name, found in zip(names, places, strict=True) if len(found) > 1), "")
    if often:
        return (
            f"{names[number]} is not among the pictures in fig, and {often} is there more than "
            "once. Let the loop's variable choose both the axes and the map."
        )
    strange = next(n for n in range(len(shown)) if not any(n in found for found in places))
    return (
        f"{names[number]} is not among the pictures in fig: picture {strange}, of "
        f"{show_size(shown[strange].shape)}, is neither the image nor one of its feature maps. "
        "(If feature_maps was made anew since, run the cell that draws again.)"
    )


@check("4.3", "What they make of an image", hints=(
    "Three things one after the other: a number, an image, its maps. The image is found with the "
    "number, the maps are made from the image.",
    "For a die it would be torch.randint(6, (1,)).item(), a number from 0 to 5: put the number "
    "of images in place of the 6. The image is the first part of training_data[index]; call "
    "first_layer with it. Then seven axes: the image on the first, and a loop for the maps.",
))  # fmt: skip
@on_cpu
def feature_maps(index, feature_maps, fig, first_layer, training_data) -> str:
    """Right: ``first_layer(training_data[index][0])`` for a drawn index, beside the image."""
    answered(index=index, feature_maps=feature_maps, fig=fig, training_data=training_data)
    layer = judge_convolution(first_layer)
    position = read_index(index)
    image = drawn_image(position, training_data)
    right = judge_maps(feature_maps, layer, image, position)
    judge_drawn_maps(fig, right, image)
    return f"{len(right)} kernels make {len(right)} feature maps of {show_size(right.shape[1:])}"
