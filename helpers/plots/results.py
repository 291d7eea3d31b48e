"""Training and results: curves, confusion of classes, mistakes, probabilities."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from helpers.plots.arrays import as_array
from helpers.plots.drawing import MARK, draw_image, heading
from helpers.plots.picture import GREY, Picture
from helpers.plots.text import NORMAL, SMALL, class_name, count_text, number_text

STYLES, MARKERS = ("-", "--", "-.", ":"), ("o", "s", "^", "D", "v", "P", "X")
COLOURS = ("#1f77b4", "#d95f02", "#2e7d32", "#7b3294", "#555555")


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
    values = {name: as_array(line).reshape(-1) for name, line in series.items()}
    if not values or not all(len(line) for line in values.values()):
        raise ValueError("there is nothing to draw: each line needs at least one value")
    show = (lambda value: f"{100 * value:.1f}%") if percent else number_text
    epochs = max(map(len, values.values()))
    caption = f"{ylabel[:1].upper()}{ylabel[1:]} over {count_text(epochs, 'epoch')}: " + "; ".join(
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
    _by_epoch(axes, epochs, ylabel, percent)
    if len(values) <= 4:
        axes.legend(fontsize=SMALL, framealpha=0.9)
    else:  # would cover the lines
        picture.legend(fontsize=SMALL, loc="outside right upper")
    if title:
        axes.set_title(title, fontsize=NORMAL, parse_math=False)
    return picture


def among(
    own: Sequence[float],
    others: Sequence[Sequence[float]],
    *,
    ylabel: str = "test accuracy",
    title: str = "",
    data=None,
) -> Picture:
    """A run of one's own as a thick line with dots, among those of ``others``, thin lines.

    Each run is a share from 0 to 1 by epoch, counted from 1; the others are of one length. The
    runs are compared after the last epoch that all of them have.
    """
    own, others = as_array(own).reshape(-1), as_array(others)
    if not own.size or not others.size:
        raise ValueError("there is nothing to draw: each line needs at least one value")
    last = min(len(own), others.shape[1])
    end, ends = own[last - 1], others[:, last - 1]
    runs = count_text(len(others), "recorded run")
    caption = (
        f"{ylabel[:1].upper()}{ylabel[1:]} by epoch. Thin lines: {runs}, after epoch {last} "
        f"between {ends.min():.1%} and {ends.max():.1%}, the median at {np.median(ends):.1%}. "
        f"Thick line with dots: your run, after epoch {last} at {end:.1%}, above "
        f"{np.mean(ends < end - 1e-6):.0%} of them."  # a share in float32 is not above itself
    )
    picture = Picture(7.6, 4.2, caption, data)
    axes = picture.subplots()
    for number, line in enumerate(others):
        label = None if number else runs
        axes.plot(range(1, len(line) + 1), line, color="0.55", linewidth=0.8, label=label)
    label = f"your run, after epoch {last} at {end:.1%}"
    axes.plot(
        range(1, len(own) + 1), own, color=MARK, linewidth=3.5, marker="o", markersize=7,
        label=label,
    )  # fmt: skip
    _by_epoch(axes, max(len(own), others.shape[1]), ylabel, percent=True)
    axes.set_ylim(0, 1)
    axes.legend(fontsize=SMALL, framealpha=0.9, loc="upper left")
    if title:
        axes.set_title(title, fontsize=NORMAL, parse_math=False)
    return picture


def confusion(matrix, classes: Sequence[str], *, title: str = "", data=None) -> Picture:
    """How many images of each class (rows) were taken for which (columns), as numbers in cells.

    ``matrix`` holds counts ``[classes, classes]``. The shade is the share of the row.
    """
    matrix = as_array(matrix)
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
    heading(picture, title)
    return picture


def mistakes(dataset, indices, probabilities) -> Picture:
    """The images of ``dataset`` at ``indices``, each with "true → predicted, probability".

    ``probabilities`` is ``[N, classes]`` for the whole data set, in its order;
    ``helpers.inspection.most_confident_mistakes`` gives the indices.
    """
    indices = [int(index) for index in indices]
    probabilities = as_array(probabilities)
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
        f"{class_name(dataset, label)} →\n{class_name(dataset, row.argmax())}, "
        f"{100 * row.max():.1f}%"
        for (_, label), row in zip(pairs, chosen, strict=True)
    ]
    columns = min(5, len(indices))
    rows = math.ceil(len(indices) / columns)
    surest = chosen.max(axis=1)
    picture = Picture(
        max(5.0, 1.8 * columns),
        3.0 * rows,
        f"{count_text(len(indices), 'image')} with true class → predicted class and its "
        f"probability, from {100 * surest.max():.1f}% to {100 * surest.min():.1f}%.",
        dataset,
        ", ".join(title.replace("\n", " ") for title in titles),
    )
    axes = picture.subplots(rows, columns, squeeze=False).flat
    for axis, (image, _), title in zip(axes, pairs, titles, strict=False):
        draw_image(axis, image, "")
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
    values = as_array(probabilities).reshape(-1)
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
    heading(picture, title)
    return picture


def _by_epoch(axes, epochs: int, ylabel: str, percent: bool) -> None:
    """Names and scales of axes whose lines go from epoch to epoch."""
    axes.set_xlim(0.5, max(epochs, 2) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if percent:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("epoch", fontsize=SMALL)
    axes.set_ylabel(ylabel, fontsize=SMALL)
    axes.tick_params(labelsize=SMALL)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
