"""Images and their pixels, and one step of a convolution."""

from collections.abc import Sequence

import numpy as np
import torch

from helpers.plots.arrays import PIXELS, as_array, as_grey, as_pixels, as_plane, colour_scale
from helpers.plots.drawing import colour_bar, draw_image, draw_numbers, outline
from helpers.plots.picture import Picture
from helpers.plots.text import (
    DPI,
    NORMAL,
    SMALL,
    class_name,
    count_text,
    long_minus,
    number_text,
    wrap,
)


def plot_grid(dataset, seed: int | None = None) -> Picture:
    """Nine images of ``dataset``, picked at random, each with its label as title.

    ``dataset`` gives (image, label) and may have ``classes``. The same ``seed`` picks the same
    images; without one, torch's global random state decides.
    """
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(dataset), generator=generator)[:9].tolist()
    if not chosen:
        raise ValueError("the data set has no images to show")
    pairs = [dataset[index] for index in chosen]
    names = [class_name(dataset, label) for _, label in pairs]
    height, width = as_pixels(pairs[0][0]).shape[:2]
    picture = Picture(
        5.4,
        7.0,
        f"{count_text(len(chosen), 'image')}, picked at random: {height}×{width} pixels each, "
        "with the label above.",
        dataset,
        f"of {len(dataset):,} images, row by row " + ", ".join(names),
    )
    axes = picture.subplots(3, 3).flat
    for axis, (image, _), name in zip(axes, pairs, names, strict=False):
        draw_image(axis, image, name)
    for axis in list(axes)[len(chosen) :]:
        axis.set_axis_off()
    return picture


def show_image(image, title: str = "", *, caption: str | None = None, data=None) -> Picture:
    """One image of pixels, ``[H, W]``, ``[1, H, W]`` or ``[3, H, W]``, values from 0 to 1."""
    return images_row([image], [title], caption=caption, data=data)


def images_row(
    images: Sequence,
    titles: Sequence[str],
    *,
    kinds: str | Sequence[str] = "pixels",
    caption: str | None = None,
    data=None,
) -> Picture:
    """Images of any sizes side by side, each equally large, so that its pixels can be counted.

    ``kinds`` says what the values are, once for all or for each image: ``"pixels"`` (grey from
    0 to 1), ``"activations"`` (viridis from 0 up) or ``"signed"`` (red above zero, blue below).
    Images of one kind share one scale.
    """
    kinds = [kinds] * len(images) if isinstance(kinds, str) else list(kinds)
    if not len(images) == len(titles) == len(kinds) or not len(images):
        raise ValueError(
            f"each image needs one title and one kind, but there are {len(images)} images, "
            f"{len(titles)} titles and {len(kinds)} kinds"
        )
    arrays = [as_pixels(image) for image in images]
    sizes = ["×".join(map(str, array.shape[:2])) for array in arrays]
    if caption is None:
        caption = "; ".join(
            f"{title or 'image'}: {size} values from {number_text(array.min())} "
            f"to {number_text(array.max())}"
            for title, size, array in zip(titles, sizes, arrays, strict=True)
        )
        caption = caption[0].upper() + caption[1:] + "."
    bars = set(kinds) - {"pixels"}
    width = min(9.0, 3.0 * len(images) + 0.9 * len(bars) + (1.0 if len(images) == 1 else 0.2))
    picture = Picture(width, 5.0, caption, data)
    share = (width - 0.9 * len(bars)) / len(images) - 0.1
    axes = picture.subplots(1, len(images), squeeze=False)[0]
    for kind in dict.fromkeys(kinds):
        mine = [i for i, other in enumerate(kinds) if other == kind]
        scale = colour_scale(kind, [arrays[i] for i in mine])
        for i in mine:
            title = "\n".join(wrap(titles[i], share * DPI, NORMAL))
            drawn = draw_image(axes[i], arrays[i], title, scale)
            axes[i].set_xlabel(sizes[i], fontsize=SMALL)
        if kind != "pixels":
            colour_bar(picture, drawn, [axes[i] for i in mine])
    return picture


def pixel_values(
    image,
    row: int = 0,
    column: int = 0,
    size: int = 7,
    *,
    kernel=None,
    window: tuple[int, int] | None = None,
    data=None,
) -> Picture:
    """The numbers of a square piece of a grey image, and what a kernel makes of one window.

    The piece has ``size`` × ``size`` pixels from ``row`` and ``column`` on. With a ``kernel``
    ``[h, w]``, the window at ``window`` (row and column in the image; the piece's own corner if
    not given) is outlined, and beside it stand the kernel and the products, number by number.
    """
    pixels = as_grey(image)
    height, width = pixels.shape
    if not (0 <= row <= height - size and 0 <= column <= width - size and size >= 1):
        raise ValueError(
            f"a piece of {size}×{size} pixels from row {row}, column {column} does not lie within "
            f"the image of {height}×{width}"
        )
    piece = pixels[row : row + size, column : column + size]
    caption = (
        f"Rows {row} to {row + size - 1} and columns {column} to {column + size - 1} of an image "
        f"of {height}×{width}: brightness from {number_text(piece.min())} "
        f"to {number_text(piece.max())}."
    )
    if kernel is None:
        picture = Picture(max(3.6, 0.52 * size + 0.7), 0.52 * size + 0.8, caption, data)
        panels = [picture.subplots()]
    else:
        kernel = as_plane(kernel, "kernel")
        top, left = window or (row, column)
        tall, wide = kernel.shape
        if not (row <= top <= row + size - tall and column <= left <= column + size - wide):
            raise ValueError(
                f"the window of {tall}×{wide} pixels at row {top}, column {left} does not lie "
                f"within the piece of {size}×{size} from row {row}, column {column}"
            )
        products = pixels[top : top + tall, left : left + wide] * kernel
        total = number_text(products.sum())
        caption += f" The outlined window times the kernel, summed: {total}."
        cell = min(0.52, 8.3 / (size + 2 * wide))
        picture = Picture(cell * (size + 2 * wide) + 0.7, 6.0, caption, data)
        panels = picture.subplots(1, 3, width_ratios=(size, wide, wide))
        signed = colour_scale("signed", [kernel, products])
        draw_numbers(panels[1], kernel, f"kernel {tall}×{wide}", signed)
        draw_numbers(panels[2], products, "products", signed)
        panels[2].set_xlabel(long_minus(f"sum {total}"), fontsize=NORMAL)
        outline(panels[0], top, left, tall, wide)
    draw_numbers(panels[0], piece, "pixels", PIXELS, (row, column))
    return picture


def convolution_step(
    image, kernel, row: int, column: int, *, bias: float = 0.0, data=None
) -> Picture:
    """One step of a convolution: the window in the image, the kernel, the pixel that comes out.

    ``image`` is grey, ``kernel`` ``[h, w]``; stride 1, no padding. ``row`` and ``column`` name
    the pixel of the output, and so the upper left corner of the window.
    """
    pixels, kernel, bias = as_grey(image), as_plane(kernel, "kernel"), float(as_array(bias))
    if kernel.shape[0] > pixels.shape[0] or kernel.shape[1] > pixels.shape[1]:
        raise ValueError(
            f"the kernel of {kernel.shape[0]}×{kernel.shape[1]} does not fit into the image of "
            f"{pixels.shape[0]}×{pixels.shape[1]}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(pixels, kernel.shape)
    output = np.einsum("rcij,ij->rc", windows, kernel) + bias
    if not (0 <= row < output.shape[0] and 0 <= column < output.shape[1]):
        raise ValueError(
            f"the output has {output.shape[0]}×{output.shape[1]} pixels, "
            f"so there is none at row {row}, column {column}"
        )
    (tall, wide), value = kernel.shape, number_text(output[row, column])
    picture = Picture(
        9.0,
        5.0,
        f"The window of {tall}×{wide} at row {row}, column {column} of the image, times the "
        f"kernel, summed, plus the bias {number_text(bias)}, is the output's pixel at row {row}, "
        f"column {column}: {value}.",
        data,
    )
    axes = picture.subplots(1, 3, width_ratios=(1, kernel.shape[1] / kernel.shape[0], 1))
    draw_image(axes[0], pixels, f"image {pixels.shape[0]}×{pixels.shape[1]}")
    outline(axes[0], row, column, tall, wide)
    scale = colour_scale("signed", [kernel])
    if max(kernel.shape) <= 5:
        draw_numbers(axes[1], kernel, f"kernel {tall}×{wide}", scale)
    else:
        draw_image(axes[1], kernel, f"kernel {tall}×{wide}", scale)
    title = long_minus(f"output {output.shape[0]}×{output.shape[1]}, here {value}")
    drawn = draw_image(axes[2], output, title, colour_scale("signed", [output]))
    outline(axes[2], row, column, 1, 1)
    colour_bar(picture, drawn, [axes[2]])
    return picture
