"""Pictures for the notebooks: images, kernels, feature maps, curves, maps of a decision, mistakes.

Every function returns a ``Picture``: a matplotlib figure with a caption that says in words and
numbers what it shows. Grey is for pixels (0 black, 1 white), viridis for activations, and red to
blue around zero for whatever has a sign. Images and maps may be tensors on any device, or arrays.

``data=`` names the data set in the caption's last line, which starts with "Data: ", as does all
in a caption that depends on which images were picked.
"""

import io
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from IPython import get_ipython
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, PercentFormatter
from matplotlib.transforms import Bbox
from PIL import Image

DPI = 100
SMALL, NORMAL = 11, 13  # points
GREY, MARK = "0.35", "#d95f02"
PIXELS = {"cmap": "gray", "vmin": 0.0, "vmax": 1.0}
STYLES, MARKERS = ("-", "--", "-.", ":"), ("o", "s", "^", "D", "v", "P", "X")
COLOURS = ("#1f77b4", "#d95f02", "#2e7d32", "#7b3294", "#555555")


class Picture(Figure):
    """A figure of ``width`` × ``height`` inches, with its caption in small grey text below.

    ``caption`` is the whole text: a sentence, and a line "Data: ..." where a data set was named
    or there are ``details`` that depend on the images picked. It is what ``repr`` gives, and what
    stands beside the image in a notebook. Under the picture, the details are left out.

    The height is the most that is given to axes of images; what they do not need is cut off.
    """

    def __init__(self, width: float, height: float, caption: str, data=None, details: str = ""):
        source = _source(data)
        notes = "; ".join(filter(None, [source, details]))
        self.caption = caption + (f"\nData: {notes}" if notes else "")
        below = [caption, f"Data: {source}"] if source else [caption]
        lines = [line for text in below for line in _wrap(_minus(text), (width - 0.3) * DPI)]
        self._room = 0.2 * len(lines) + 0.2
        # Said, so that a dark style sheet changes nothing.
        super().__init__((width, height + self._room), dpi=DPI, facecolor="white")
        FigureCanvasAgg(self)
        self.text(
            0.15, 0.12, "\n".join(lines), fontsize=SMALL, color=GREY, linespacing=1.15,
            va="bottom", transform=self.dpi_scale_trans, parse_math=False,
        ).set_in_layout(False)  # fmt: skip
        self._set_layout()

    def _set_layout(self) -> None:
        width, height = self.get_size_inches()
        box = (
            0.08 / width,
            self._room / height,
            1 - 0.16 / width,
            1 - (self._room + 0.05) / height,
        )
        self.set_layout_engine("constrained", rect=box, w_pad=0.06, h_pad=0.07)

    def _cut_blank_height(self) -> None:
        """Take away the height that axes of a fixed aspect leave blank, row by row."""
        self.draw_without_rendering()
        height = self.get_size_inches()[1] * DPI
        blank = {}
        for axes in self.axes:
            if axes.get_images() and axes.get_aspect() != "auto":
                row = axes.get_subplotspec().rowspan.start
                used = axes.get_tightbbox()
                given = Bbox.union(
                    [used, axes.get_position(original=True).transformed(self.transFigure)]
                )
                blank[row] = min(blank.get(row, height), used.y0 - given.y0)
        if sum(blank.values()) > 1:
            self.set_size_inches(self.get_size_inches() - (0, sum(blank.values()) / DPI))
            self._set_layout()

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file of at most 256 colours, the same on every run."""
        if isinstance(self.get_layout_engine(), ConstrainedLayoutEngine):
            self._cut_blank_height()
            self.canvas.draw()
            self.set_layout_engine("none")  # a second layout would differ by parts of a pixel
        self.canvas.draw()
        drawn = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")
        buffer = io.BytesIO()
        # Every re-run stores the notebooks' pictures in git once more: a third of the bytes.
        palette = {"method": Image.Quantize.MAXCOVERAGE, "kmeans": 2, "dither": Image.Dither.NONE}
        drawn.quantize(256, **palette).save(buffer, "png", optimize=True)
        return buffer.getvalue()

    def __repr__(self) -> str:
        return self.caption

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"image/png": self.png(), "text/plain": self.caption}


if (_shell := get_ipython()) is not None:
    # Matplotlib's notebook backend draws every figure its own way, and would crop these.
    _shell.display_formatter.formatters["image/png"].for_type(Picture, Picture.png)


# ---------------------------------------------------------------------------- images and pixels


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
    names = [_class_name(dataset, label) for _, label in pairs]
    height, width = _pixels(pairs[0][0]).shape[:2]
    picture = Picture(
        5.4,
        7.0,
        f"{_count(len(chosen), 'image')}, picked at random: {height}×{width} pixels each, with the "
        "label above.",
        dataset,
        f"of {len(dataset):,} images, row by row " + ", ".join(names),
    )
    axes = picture.subplots(3, 3).flat
    for axis, (image, _), name in zip(axes, pairs, names, strict=False):
        _draw_image(axis, image, name)
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
    arrays = [_pixels(image) for image in images]
    sizes = ["×".join(map(str, array.shape[:2])) for array in arrays]
    if caption is None:
        caption = "; ".join(
            f"{title or 'image'}: {size} values from {_number(array.min())} "
            f"to {_number(array.max())}"
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
        scale = _scale(kind, [arrays[i] for i in mine])
        for i in mine:
            title = "\n".join(_wrap(titles[i], share * DPI, NORMAL))
            drawn = _draw_image(axes[i], arrays[i], title, scale)
            axes[i].set_xlabel(sizes[i], fontsize=SMALL)
        if kind != "pixels":
            _colour_bar(picture, drawn, [axes[i] for i in mine])
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
    pixels = _grey(image)
    height, width = pixels.shape
    if not (0 <= row <= height - size and 0 <= column <= width - size and size >= 1):
        raise ValueError(
            f"a piece of {size}×{size} pixels from row {row}, column {column} does not lie within "
            f"the image of {height}×{width}"
        )
    piece = pixels[row : row + size, column : column + size]
    caption = (
        f"Rows {row} to {row + size - 1} and columns {column} to {column + size - 1} of an image "
        f"of {height}×{width}: brightness from {_number(piece.min())} to {_number(piece.max())}."
    )
    if kernel is None:
        picture = Picture(max(3.6, 0.52 * size + 0.7), 0.52 * size + 0.8, caption, data)
        panels = [picture.subplots()]
    else:
        kernel = _plane(kernel, "kernel")
        top, left = window or (row, column)
        tall, wide = kernel.shape
        if not (row <= top <= row + size - tall and column <= left <= column + size - wide):
            raise ValueError(
                f"the window of {tall}×{wide} pixels at row {top}, column {left} does not lie "
                f"within the piece of {size}×{size} from row {row}, column {column}"
            )
        products = pixels[top : top + tall, left : left + wide] * kernel
        total = _number(products.sum())
        caption += f" The outlined window times the kernel, summed: {total}."
        cell = min(0.52, 8.3 / (size + 2 * wide))
        picture = Picture(cell * (size + 2 * wide) + 0.7, 6.0, caption, data)
        panels = picture.subplots(1, 3, width_ratios=(size, wide, wide))
        signed = _scale("signed", [kernel, products])
        _draw_numbers(panels[1], kernel, f"kernel {tall}×{wide}", signed)
        _draw_numbers(panels[2], products, "products", signed)
        panels[2].set_xlabel(_minus(f"sum {total}"), fontsize=NORMAL)
        _outline(panels[0], top, left, tall, wide)
    _draw_numbers(panels[0], piece, "pixels", PIXELS, (row, column))
    return picture


def convolution_step(
    image, kernel, row: int, column: int, *, bias: float = 0.0, data=None
) -> Picture:
    """One step of a convolution: the window in the image, the kernel, the pixel that comes out.

    ``image`` is grey, ``kernel`` ``[h, w]``; stride 1, no padding. ``row`` and ``column`` name
    the pixel of the output, and so the upper left corner of the window.
    """
    pixels, kernel, bias = _grey(image), _plane(kernel, "kernel"), float(_array(bias))
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
    (tall, wide), value = kernel.shape, _number(output[row, column])
    picture = Picture(
        9.0,
        5.0,
        f"The window of {tall}×{wide} at row {row}, column {column} of the image, times the "
        f"kernel, summed, plus the bias {_number(bias)}, is the output's pixel at row {row}, "
        f"column {column}: {value}.",
        data,
    )
    axes = picture.subplots(1, 3, width_ratios=(1, kernel.shape[1] / kernel.shape[0], 1))
    _draw_image(axes[0], pixels, f"image {pixels.shape[0]}×{pixels.shape[1]}")
    _outline(axes[0], row, column, tall, wide)
    scale = _scale("signed", [kernel])
    if max(kernel.shape) <= 5:
        _draw_numbers(axes[1], kernel, f"kernel {tall}×{wide}", scale)
    else:
        _draw_image(axes[1], kernel, f"kernel {tall}×{wide}", scale)
    title = _minus(f"output {output.shape[0]}×{output.shape[1]}, here {value}")
    drawn = _draw_image(axes[2], output, title, _scale("signed", [output]))
    _outline(axes[2], row, column, 1, 1)
    _colour_bar(picture, drawn, [axes[2]])
    return picture


# -------------------------------------------------------------------------- inside a network


def kernels(weights, *, title: str = "") -> Picture:
    """All kernels of a convolution layer, ``[K, C, h, w]``, on one symmetric colour scale.

    Kernels of one channel stand each in axes of their own; of several channels, in one mosaic
    with a column for each kernel and a row for each of its channels.
    """
    weights = _array(weights)
    if weights.ndim != 4:
        raise ValueError(
            f"weights must have the shape [kernels, channels, height, width], as the weight of an "
            f"nn.Conv2d has, not {list(weights.shape)}"
        )
    count, channels, tall, wide = weights.shape
    scale = _scale("signed", [weights])
    caption = (
        f"{_count(count, 'kernel')} of {channels}×{tall}×{wide}, weights from "
        f"{_number(weights.min())} to {_number(weights.max())}, on one scale of "
        f"±{_number(scale['vmax'])}: red above zero, blue below."
    )
    if channels == 1:
        columns = min(count, 8 if count > 6 else 6)
        rows = math.ceil(count / columns)
        width = max(5.0, 1.15 * columns + 1.2)
        picture = Picture(min(9.0, width), 2.0 * rows + 0.4 * bool(title), caption)
        axes = picture.subplots(rows, columns, squeeze=False)
        for index, axis in enumerate(axes.flat):
            if index < count:
                drawn = _draw_image(axis, weights[index, 0], str(index), scale)
            else:
                axis.set_axis_off()
    else:
        picture = Picture(9.0, 7.0, caption)
        axes = picture.subplots()
        tiles = weights.transpose(1, 0, 2, 3).reshape(-1, tall, wide)
        drawn = _draw_mosaic(axes, tiles, count, scale, above=1)
        every = math.ceil(count / 16)
        axes.set_xticks(*_tick_labels(count, wide + 1, wide / 2 - 0.5, every))
        axes.set_yticks(*_tick_labels(channels, tall + 1, tall / 2 + 0.5, every))
        axes.tick_params(labelsize=SMALL)
        axes.set_xlabel("kernel", fontsize=SMALL)
        axes.set_ylabel("channel", fontsize=SMALL)
    _colour_bar(picture, drawn, axes)
    _heading(picture, title)
    return picture


def feature_maps(
    maps, image=None, *, title: str = "", signed: bool | None = None, data=None
) -> Picture:
    """All feature maps of one image, ``[K, h, w]`` or ``[1, K, h, w]``, on one scale, numbered.

    With ``image``, the image stands beside them. ``signed`` draws them in red and blue around
    zero, as fits maps before ReLU; if not given, this is done if any value is below zero.
    """
    maps = _array(maps)
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
        f"{_count(count, 'feature map')} of {tall}×{wide}, values from {_number(maps.min())} to "
        f"{_number(maps.max())}" + (": red above zero, blue below." if signed else ".")
    )
    picture = Picture(9.0 if image is not None or aspect > 1.5 else 6.0, 6.0, caption, data)
    if image is None:
        axes = picture.subplots()
    else:
        beside, axes = picture.subplots(1, 2, width_ratios=(1, aspect))
        _draw_image(beside, image, "image")
    scale = _scale("signed" if signed else "activations", [maps])
    drawn = _draw_mosaic(axes, maps, columns, scale, above, numbered=True)
    axes.set_axis_off()
    _colour_bar(picture, drawn, [axes])
    _heading(picture, title)
    return picture


def heat(
    image, heat_map, *, title: str = "", label: str = "heat map", signed: bool | None = None,
    data=None,
) -> Picture:  # fmt: skip
    """An image, a map of the same size ``[H, W]``, and the map laid over the image.

    For what ``helpers.inspection`` returns: saliency, occlusion, Grad-CAM. ``label`` names the
    quantity beside the colour bar, ``title`` stands above. ``signed`` as in ``feature_maps``.
    """
    pixels, heat_map = _pixels(image), _plane(heat_map, "heat map")
    if pixels.shape[:2] != heat_map.shape:
        raise ValueError(
            f"the image has {pixels.shape[0]}×{pixels.shape[1]} pixels, but the heat map "
            f"{heat_map.shape[0]}×{heat_map.shape[1]}: they must be equal"
        )
    signed = bool(heat_map.min() < 0) if signed is None else signed
    scale = _scale("signed" if signed else "activations", [heat_map])
    top = np.unravel_index(np.argmax(heat_map), heat_map.shape)
    caption = (
        f"{label[:1].upper()}{label[1:]} of an image of {pixels.shape[0]}×{pixels.shape[1]}: "
        f"values from {_number(heat_map.min())} to {_number(heat_map.max())}."
    )
    details = f"largest at row {top[0]}, column {top[1]}; {title}".rstrip("; ")
    picture = Picture(9.0, 5.0, caption, data, details)
    axes = picture.subplots(1, 3)
    _draw_image(axes[0], pixels, "image")
    drawn = _draw_image(axes[1], heat_map, label, scale)
    _draw_image(axes[2], pixels, "both")
    strength = np.abs(heat_map) / max(abs(scale["vmin"]), scale["vmax"])
    axes[2].imshow(heat_map, interpolation="nearest", alpha=0.85 * strength, **scale)
    _colour_bar(picture, drawn, axes)
    _heading(picture, title)
    return picture


# ------------------------------------------------------------------------ training and results


def curves(
    series: Mapping[str, Sequence[float]],
    *,
    ylabel: str = "loss",
    title: str = "",
    percent: bool = False,
    reference: tuple[float, str] | None = None,
    data=None,
) -> Picture:
    """One line per entry of ``series``, by epoch, counted from 1; differing also without colour.

    ``percent`` shows shares from 0 to 1 as percentages. ``reference`` is a level and what it
    means, such as ``(math.log(10), "guessing: ln 10")``, drawn as a dotted line.
    """
    values = {name: _array(line).reshape(-1) for name, line in series.items()}
    if not values or not all(len(line) for line in values.values()):
        raise ValueError("there is nothing to draw: each line needs at least one value")
    show = (lambda value: f"{100 * value:.1f}%") if percent else _number
    epochs = max(map(len, values.values()))
    caption = f"{ylabel[:1].upper()}{ylabel[1:]} over {_count(epochs, 'epoch')}: " + "; ".join(
        f"{name} from {show(line[0])} to {show(line[-1])}" for name, line in values.items()
    )
    if reference is not None:
        caption += f". The dotted line: {reference[1]}, {show(reference[0])}"
    picture = Picture(7.6 if len(values) <= 4 else 9.0, 4.2, caption + ".", data)
    axes = picture.subplots()
    for index, (name, line) in enumerate(values.items()):
        axes.plot(
            range(1, len(line) + 1),
            line,
            linestyle=STYLES[index % len(STYLES)],
            marker=MARKERS[index % len(MARKERS)],
            markevery=math.ceil(len(line) / 30),
            color=COLOURS[index % len(COLOURS)],
            label=f"{name}, at last {show(line[-1])}",
        )
    if reference is not None:
        label = f"{reference[1]}: {show(reference[0])}"
        axes.axhline(reference[0], color=GREY, linestyle=":", linewidth=1.5, label=label)
    axes.set_xlim(0.5, max(epochs, 2) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if percent:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("epoch", fontsize=SMALL)
    axes.set_ylabel(ylabel, fontsize=SMALL)
    axes.tick_params(labelsize=SMALL)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    if len(values) <= 4:
        axes.legend(fontsize=SMALL, framealpha=0.9)
    else:  # would cover the lines
        picture.legend(fontsize=SMALL, loc="outside right upper")
    if title:
        axes.set_title(title, fontsize=NORMAL, parse_math=False)
    return picture


def confusion(matrix, classes: Sequence[str], *, title: str = "", data=None) -> Picture:
    """How many images of each class (rows) were taken for which (columns), as numbers in cells.

    ``matrix`` holds counts ``[classes, classes]``. The shade is the share of the row.
    """
    matrix = _array(matrix)
    if matrix.shape != (len(classes), len(classes)):
        raise ValueError(
            f"for {len(classes)} classes the matrix must be {len(classes)}×{len(classes)}, "
            f"not {list(matrix.shape)}"
        )
    total = matrix.sum()
    wrong = matrix - np.diag(np.diag(matrix))
    worst = np.unravel_index(np.argmax(wrong), wrong.shape)
    details = (
        f"most often, {classes[worst[0]]} was taken for {classes[worst[1]]}, "
        f"{int(wrong[worst])} times"
    )
    picture = Picture(
        8.2,
        7.0 + 0.4 * bool(title),
        f"{int(total):,} images by true class (rows) and predicted class (columns). On the "
        f"diagonal, {100 * np.trace(matrix) / max(total, 1):.1f}% were recognised.",
        data,
        details if wrong.any() else "no mistakes",
    )
    axes = picture.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if shares[row, column] > 0.5 else "black" if count else "0.6"
        axes.text(
            column, row, f"{int(count)}",
            ha="center", va="center", fontsize=SMALL, color=colour,
        )  # fmt: skip
    places = range(len(classes))
    axes.set_xticks(places, classes, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, classes)
    axes.tick_params(labelsize=SMALL, length=0)
    axes.set_xlabel("predicted class", fontsize=NORMAL)
    axes.set_ylabel("true class", fontsize=NORMAL)
    _heading(picture, title)
    return picture


def mistakes(dataset, indices, probabilities) -> Picture:
    """The images of ``dataset`` at ``indices``, each with "true → predicted, probability".

    ``probabilities`` is ``[N, classes]`` for the whole data set, in its order;
    ``helpers.inspection.most_confident_mistakes`` gives the indices.
    """
    indices = [int(index) for index in indices]
    probabilities = _array(probabilities)
    if len(probabilities) != len(dataset):
        raise ValueError(
            f"the data set has {len(dataset):,} images, but there are probabilities for "
            f"{len(probabilities):,}: they must be those of the same images"
        )
    if not indices:
        return Picture(5.0, 0.1, "There is no mistake to show.", dataset)
    pairs = [dataset[index] for index in indices]
    chosen = probabilities[indices]
    titles = [
        f"{_class_name(dataset, label)} →\n{_class_name(dataset, row.argmax())}, "
        f"{100 * row.max():.1f}%"
        for (_, label), row in zip(pairs, chosen, strict=True)
    ]
    columns = min(5, len(indices))
    rows = math.ceil(len(indices) / columns)
    surest = chosen.max(axis=1)
    picture = Picture(
        max(5.0, 1.8 * columns),
        3.0 * rows,
        f"{_count(len(indices), 'image')} with true class → predicted class and its probability, "
        f"from {100 * surest.max():.1f}% to {100 * surest.min():.1f}%.",
        dataset,
        ", ".join(title.replace("\n", " ") for title in titles),
    )
    axes = picture.subplots(rows, columns, squeeze=False).flat
    for axis, (image, _), title in zip(axes, pairs, titles, strict=False):
        _draw_image(axis, image, "")
        axis.set_title(title, fontsize=SMALL, loc="center", parse_math=False)
    for axis in list(axes)[len(indices) :]:
        axis.set_axis_off()
    return picture


def bars(
    probabilities, classes: Sequence[str], *, label: int | None = None, title: str = "", data=None
) -> Picture:
    """The probabilities of one image, ``[classes]`` or ``[1, classes]``, as bars with numbers.

    ``label`` is the number of the true class, if known: it is marked.
    """
    values = _array(probabilities).reshape(-1)
    if len(values) != len(classes):
        raise ValueError(
            f"there are {len(classes)} classes, but {len(values)} probabilities; "
            "one is needed for each class, of one image"
        )
    best = int(values.argmax())
    caption = f"Probabilities of {len(classes)} classes; the largest is {100 * values[best]:.1f}%"
    details = f"predicted {classes[best]}"
    if label is not None:
        caption += f", that of the true class {100 * values[label]:.1f}%"
        details += f", true {classes[label]}"
    picture = Picture(6.4, 0.32 * len(classes) + 0.4 + 0.4 * bool(title), caption + ".", data,
                      details)  # fmt: skip
    axes = picture.subplots()
    places = range(len(classes))
    colours = [MARK if place == best else "0.65" for place in places]
    axes.barh(places, values, color=colours)
    for place, value in enumerate(values):
        axes.text(value + 0.01, place, f"{100 * value:.1f}%", va="center", fontsize=SMALL)
    names = [name + (" (true)" if place == label else "") for place, name in enumerate(classes)]
    axes.set_yticks(places, names)
    axes.set_ylim(len(classes) - 0.5, -0.6)
    axes.set_xlim(0, 1.15)
    axes.set_xticks([])
    axes.tick_params(labelsize=SMALL, length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    _heading(picture, title)
    return picture


# ------------------------------------------------------------------------------- what all share


def _draw_image(axis, image, title: str = "", scale: Mapping = PIXELS):
    """``image`` pixel by pixel, without ticks; returns what a colour bar needs."""
    drawn = axis.imshow(_pixels(image), interpolation="nearest", **scale)
    axis.set(xticks=[], yticks=[], anchor="N")
    if title:
        axis.set_title(title, fontsize=NORMAL, parse_math=False)
    return drawn


def _draw_numbers(axis, values, title: str, scale: Mapping, corner=None) -> None:
    """``values`` as shades with their numbers; counted from ``corner``, or not at all."""
    height, width = values.shape
    row, column = corner or (0, 0)
    edges = (column - 0.5, column + width - 0.5, row + height - 0.5, row - 0.5)
    drawn = _draw_image(axis, values, title, {**scale, "extent": edges})
    for (i, j), value in np.ndenumerate(values):
        red, green, blue, _ = drawn.cmap(drawn.norm(value))
        bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        axis.text(
            column + j, row + i, "0" if value == 0 else f"{value:.2f}",
            ha="center", va="center", fontsize=SMALL, color="black" if bright else "white",
        )  # fmt: skip
    if corner is not None:
        axis.set_xticks(range(column, column + width))
        axis.set_yticks(range(row, row + height))
        axis.tick_params(labelsize=SMALL, length=0)


def _draw_mosaic(axis, tiles, columns: int, scale: Mapping, above: int, numbered: bool = False):
    """``tiles`` ``[K, h, w]``, ``columns`` in a row: one image is drawn much faster than K axes.

    ``above`` each tile are that many blank pixels, and one between neighbours.
    """
    count, tall, wide = tiles.shape
    rows = math.ceil(count / columns)
    mosaic = np.full((rows * (tall + above), columns * (wide + 1)), np.nan)
    for index, tile in enumerate(tiles):
        top = index // columns * (tall + above) + above
        left = index % columns * (wide + 1)
        mosaic[top : top + tall, left : left + wide] = tile
        if numbered:
            axis.text(left - 0.5, top - 0.5, str(index), fontsize=SMALL, va="bottom")
    drawn = axis.imshow(mosaic[:, :-1], interpolation="nearest", **scale)
    axis.set_anchor("N")
    return drawn


def _tick_labels(count: int, step: int, first: float, every: int) -> tuple[list, list]:
    numbers = list(range(0, count, every))
    return [first + number * step for number in numbers], numbers


def _outline(axis, row: int, column: int, height: int, width: int) -> None:
    grow = 0.5 if height == width == 1 else 0.0  # around a single pixel, not on it
    frame = Rectangle(
        (column - 0.5 - grow, row - 0.5 - grow), width + 2 * grow, height + 2 * grow,
        fill=False, linewidth=2.5, edgecolor=MARK, clip_on=False,
        path_effects=[withStroke(linewidth=4.5, foreground="white")],
    )  # fmt: skip
    axis.add_patch(frame)


def _colour_bar(picture: Picture, drawn, axes) -> None:
    """A bar with the two ends of the scale and the middle as numbers."""
    low, high = drawn.get_clim()
    bar = picture.colorbar(drawn, ax=axes, aspect=16, pad=0.02, panchor=False)
    ticks = [low, (low + high) / 2, high]
    bar.set_ticks(ticks, labels=[_minus(f"{tick:.3g}") for tick in ticks])
    bar.ax.tick_params(labelsize=SMALL)
    bar.outline.set_visible(False)


def _heading(picture: Picture, title: str) -> None:
    if title:
        picture.suptitle(title, fontsize=NORMAL, parse_math=False)


def _scale(kind: str, arrays: Sequence[np.ndarray]) -> dict:
    """Colour map and limits that fit all ``arrays``; symmetric around zero if ``"signed"``."""
    if kind == "pixels":
        return PIXELS
    sizes = np.abs(np.concatenate([array.reshape(-1) for array in arrays]))
    highest = float(sizes[np.isfinite(sizes)].max(initial=0.0)) or 1.0
    if kind == "signed":
        return {"cmap": "RdBu_r", "vmin": -highest, "vmax": highest}
    if kind == "activations":
        return {"cmap": "viridis", "vmin": 0.0, "vmax": highest}
    raise ValueError(f"the kind is {kind!r}, but it must be 'pixels', 'activations' or 'signed'")


def _array(values) -> np.ndarray:
    """A tensor from any device, with or without gradient, or an array, as floating point."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = values.to(torch.float32) if values.dtype == torch.bfloat16 else values
    array = np.asarray(values)
    return array / 255.0 if array.dtype == np.uint8 else array.astype(float)


def _pixels(image) -> np.ndarray:
    """An image as ``[H, W]``, or ``[H, W, 3]`` if it is a colour image ``[3, H, W]``."""
    array = _array(image)
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    elif array.ndim == 3 and len(array) == 3:
        array = array.transpose(1, 2, 0).clip(0, 1)
    elif array.ndim == 3 and array.shape[2] == 3:
        return array
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise ValueError(
            f"an image has the shape [H, W], [1, H, W] or [3, H, W], not {list(array.shape)}"
        )
    return array


def _plane(values, name: str) -> np.ndarray:
    """``values`` as ``[h, w]``; leading dimensions of one are dropped."""
    array = _array(values)
    while array.ndim > 2 and len(array) == 1:
        array = array[0]
    if array.ndim != 2 or not array.size:
        raise ValueError(f"the {name} must have two dimensions [h, w], not {list(array.shape)}")
    return array


def _grey(image) -> np.ndarray:
    return _plane(image, "grey image")


def _class_name(dataset, label) -> str:
    classes = getattr(dataset, "classes", None)
    return str(classes[int(label)] if classes else int(label))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _number(value: float) -> str:
    """Three decimals, or three digits of a value too small for that; never "-0.000"."""
    value, decimals = float(value), 3
    if not math.isfinite(value):
        return "not a finite number"
    if 0 < abs(value) < 0.0005:
        decimals = min(12, 2 - math.floor(math.log10(abs(value))))
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def _minus(text: str) -> str:
    """``text`` with the sign of a number drawn as long as a plus sign."""
    return re.sub(r"(?<!\w)-(?=\d)", "−", text)


def _source(data) -> str:
    """Which data these are; drawn garments are never called by the name of the real ones."""
    if data is None:
        return ""
    name = getattr(data, "name", type(data).__name__)
    source = getattr(data, "source", "")
    if source == "drawn":
        return f"{name}, not {'CIFAR-10' if 'colour' in name else 'Fashion-MNIST'}"
    notes = {"official": ", official files", "folder": ", pictures from a folder"}
    return name + notes.get(source, "")


def _wrap(text: str, width: float, size: int = SMALL) -> list[str]:
    """``text`` in lines of at most ``width`` pixels, at ``size`` points."""
    measure = FigureCanvasAgg(Figure(dpi=DPI)).get_renderer().get_text_width_height_descent
    font = FontProperties(size=size)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and measure(longer, font, ismath=False)[0] > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
