"""Inside a network: kernels, feature maps, and what a decision rests on."""

import math

import numpy as np

from helpers.plots.arrays import as_array, as_pixels, as_plane, colour_scale
from helpers.plots.drawing import colour_bar, draw_image, draw_mosaic, heading, tick_labels
from helpers.plots.picture import Picture
from helpers.plots.text import SMALL, count_text, number_text


def kernels(weights, *, title: str = "") -> Picture:
    """All kernels of a convolution layer, ``[K, C, h, w]``, on one symmetric colour scale.

    Kernels of one channel stand each in axes of their own; of several channels, in one mosaic
    with a column for each kernel and a row for each of its channels.
    """
    weights = as_array(weights)
    if weights.ndim != 4:
        raise ValueError(
            f"weights must have the shape [kernels, channels, height, width], as the weight of an "
            f"nn.Conv2d has, not {list(weights.shape)}"
        )
    count, channels, tall, wide = weights.shape
    scale = colour_scale("signed", [weights])
    caption = (
        f"{count_text(count, 'kernel')} of {channels}×{tall}×{wide}, weights from "
        f"{number_text(weights.min())} to {number_text(weights.max())}, on one scale of "
        f"±{number_text(scale['vmax'])}: red above zero, blue below."
    )
    if channels == 1:
        columns = min(count, 8 if count > 6 else 6)
        rows = math.ceil(count / columns)
        width = max(5.0, 1.15 * columns + 1.2)
        picture = Picture(min(9.0, width), 2.0 * rows + 0.4 * bool(title), caption)
        axes = picture.subplots(rows, columns, squeeze=False)
        for index, axis in enumerate(axes.flat):
            if index < count:
                drawn = draw_image(axis, weights[index, 0], str(index), scale)
            else:
                axis.set_axis_off()
    else:
        picture = Picture(9.0, 7.0, caption)
        axes = picture.subplots()
        tiles = weights.transpose(1, 0, 2, 3).reshape(-1, tall, wide)
        drawn = draw_mosaic(axes, tiles, count, scale, above=1)
        every = math.ceil(count / 16)
        axes.set_xticks(*tick_labels(count, wide + 1, wide / 2 - 0.5, every))
        axes.set_yticks(*tick_labels(channels, tall + 1, tall / 2 + 0.5, every))
        axes.tick_params(labelsize=SMALL)
        axes.set_xlabel("kernel", fontsize=SMALL)
        axes.set_ylabel("channel", fontsize=SMALL)
    colour_bar(picture, drawn, axes)
    heading(picture, title)
    return picture


def feature_maps(
    maps, image=None, *, title: str = "", signed: bool | None = None, data=None
) -> Picture:
    """All feature maps of one image, ``[K, h, w]`` or ``[1, K, h, w]``, on one scale, numbered.

    With ``image``, the image stands beside them. ``signed`` draws them in red and blue around
    zero, as fits maps before ReLU; if not given, this is done if any value is below zero.
    """
    maps = as_array(maps)
    if maps.ndim == 4 and len(maps) == 1:
        maps = maps[0]
    if maps.ndim != 3 or not maps.size:
        raise ValueError(
            f"the feature maps of one image have the shape [K, h, w] or [1, K, h, w], "
            f"not {list(maps.shape)}"
        )
    signed = bool(maps.min() < 0) if signed is None else signed
    count, tall, wide = maps.shape
    columns = math.ceil(count / max(1, round(math.sqrt(count * tall / wide / 2))))
    rows = math.ceil(count / columns)
    above = math.ceil(0.08 * tall * rows)  # room for the number above each map
    aspect = (columns * (wide + 1) - 1) / (rows * (tall + above))
    caption = (
        f"{count_text(count, 'feature map')} of {tall}×{wide}, values from "
        f"{number_text(maps.min())} to {number_text(maps.max())}"
        + (": red above zero, blue below." if signed else ".")
    )
    picture = Picture(9.0 if image is not None or aspect > 1.5 else 6.0, 6.0, caption, data)
    if image is None:
        axes = picture.subplots()
    else:
        beside, axes = picture.subplots(1, 2, width_ratios=(1, aspect))
        draw_image(beside, image, "image")
    scale = colour_scale("signed" if signed else "activations", [maps])
    drawn = draw_mosaic(axes, maps, columns, scale, above, numbered=True)
    axes.set_axis_off()
    colour_bar(picture, drawn, [axes])
    heading(picture, title)
    return picture


def heat(
    image, heat_map, *, title: str = "", label: str = "heat map", signed: bool | None = None,
    data=None,
) -> Picture:  # fmt: skip
    """An image, a map of the same size ``[H, W]``, and the map laid over the image.

    For what ``helpers.inspection`` returns: saliency, occlusion, Grad-CAM. ``label`` names the
    quantity beside the colour bar, ``title`` stands above. ``signed`` as in ``feature_maps``.
    """
    pixels, heat_map = as_pixels(image), as_plane(heat_map, "heat map")
    if pixels.shape[:2] != heat_map.shape:
        raise ValueError(
            f"the image has {pixels.shape[0]}×{pixels.shape[1]} pixels, but the heat map "
            f"{heat_map.shape[0]}×{heat_map.shape[1]}: they must be equal"
        )
    signed = bool(heat_map.min() < 0) if signed is None else signed
    scale = colour_scale("signed" if signed else "activations", [heat_map])
    top = np.unravel_index(np.argmax(heat_map), heat_map.shape)
    caption = (
        f"{label[:1].upper()}{label[1:]} of an image of {pixels.shape[0]}×{pixels.shape[1]}: "
        f"values from {number_text(heat_map.min())} to {number_text(heat_map.max())}."
    )
    details = f"largest at row {top[0]}, column {top[1]}; {title}".rstrip("; ")
    picture = Picture(9.0, 5.0, caption, data, details)
    axes = picture.subplots(1, 3)
    draw_image(axes[0], pixels, "image")
    drawn = draw_image(axes[1], heat_map, label, scale)
    draw_image(axes[2], pixels, "both")
    strength = np.abs(heat_map) / max(abs(scale["vmin"]), scale["vmax"])
    axes[2].imshow(heat_map, interpolation="nearest", alpha=0.85 * strength, **scale)
    colour_bar(picture, drawn, axes)
    heading(picture, title)
    return picture
