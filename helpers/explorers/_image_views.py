"""What the panels that look into a network share: its layers, an image, its scores, a layout."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D, Transform
from torch import Tensor, nn

from helpers import inspection
from helpers.explorers._base import Refused
from helpers.explorers._lettering import Pixels, text_pixels
from helpers.network_modes import checked_network
from helpers.plots.arrays import PIXELS, as_pixels
from helpers.plots.drawing import MARK
from helpers.plots.text import DPI, NORMAL, SMALL, class_name, long_minus, number_text, source_of

WIDTH, TITLE = 10.0, 0.3  # inches: of every figure here, and the room for a line above an image
BESIDE = 2.2  # inches: the side of the image beside what a layer makes of it


# --------------------------------------------------------------------- the network and its data


@contextmanager
def asking() -> Iterator[None]:
    """Whatever goes wrong inside while the network is asked becomes a sentence for the caption."""
    try:
        yield
    except Refused:
        raise
    except ValueError as error:  # those of helpers.inspection are sentences already
        raise Refused(f"This cannot be shown: {_first_line(error)}.") from error
    except Exception as error:
        reason = f"{type(error).__name__}: {_first_line(error)}"
        raise Refused(
            f"The network fails on this, so there is nothing to show ({reason})."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(". ")[:300]


def leaf_layers(model) -> dict[str, nn.Module]:
    """Each layer that has no layers of its own, by a name such as ``conv_stack.0 Conv2d``."""
    try:
        checked_network(model)
    except ValueError:  # which the panel says by ``check_network``
        return {}
    return {
        f"{name} {type(layer).__name__}".strip(): layer
        for name, layer in model.named_modules()
        if next(layer.children(), None) is None
    }


def convolutions(model) -> dict[str, nn.Conv2d]:
    """The layers of ``leaf_layers`` that are convolutions."""
    return {k: v for k, v in leaf_layers(model).items() if isinstance(v, nn.Conv2d)}


def check_network(model) -> None:
    """Refuse what is not a network."""
    try:
        checked_network(model)
    except ValueError as error:
        raise Refused(as_sentence(error)) from None


def as_sentence(error: ValueError) -> str:
    """What an error of the helpers says, as a sentence of a caption."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def image_at(dataset, index: int) -> tuple[Tensor, int]:
    """Image ``index`` of ``dataset``, ``[C, H, W]``, and its label."""
    if not 0 <= index < len(dataset):
        raise Refused(
            f"There is no image {index:,}: the index must be a number from 0 to "
            f"{len(dataset) - 1:,}."
        )
    return dataset[index]


def class_names(dataset) -> list[str]:
    """The names of the classes, or ten numbers if ``dataset`` does not say."""
    return list(getattr(dataset, "classes", None) or map(str, range(10)))


def probabilities(model: nn.Module, images: Tensor, num_classes: int) -> Tensor:
    """The softmax of the scores, ``[N, classes]``, for a batch or one image; checked."""
    scores = inspection.activations(model, model, images).float()
    if scores.dim() != 2 or scores.shape[1] != num_classes:
        raise Refused(
            f"The network gives out {list(scores.shape)}, but there must be {num_classes} scores "
            f"for each image: [{len(scores) if scores.dim() else 1}, {num_classes}]."
        )
    return finite(scores.softmax(dim=1))


def finite(values: Tensor) -> Tensor:
    """``values`` if they are all finite numbers."""
    if not bool(values.isfinite().all()):
        raise Refused(
            "The network's scores are not finite numbers (nan or inf), so they mean nothing. Did "
            "the training diverge? Load or train it again."
        )
    return values


def state_of(model: nn.Module) -> tuple:
    """Differs after each change of a weight, so that no result of former weights is shown."""
    tensors = [*model.parameters(), *model.buffers()]
    return tuple((id(t), 0 if t.is_inference() else t._version) for t in tensors)


# ------------------------------------------------------------------------------ words


def data_line(dataset, *details: str) -> str:
    """The last line of a caption: what depends on the images and the network that were loaded."""
    return "\nData: " + "; ".join(filter(None, [source_of(dataset), *details])) + "."


def image_text(dataset, index: int, label: int) -> str:
    """Such as "image 7, a Shirt"."""
    return f"image {index}, {class_name(dataset, label)}"


def percent(share: float) -> str:
    """A share from 0 to 1 as text."""
    return f"{100 * share:.1f}%"


def range_text(values: Tensor) -> str:
    """The smallest and the largest value in words, and how many are not finite."""
    good = values[values.isfinite()]
    broken = values.numel() - good.numel()
    if not good.numel():
        return "no value is a finite number: the network is broken"
    text = f"values from {number_text(good.min())} to {number_text(good.max())}"
    return text + (f", {broken:,} are not finite numbers" if broken else "")


# ---------------------------------------------------------------------------- the layout


def sheet(height: float, width: float = WIDTH) -> Figure:
    """A blank figure, on which the functions below draw at inches from its upper left corner.

    It has no axes: they would take most of the time of a redraw.
    """
    return Figure((width, height), dpi=DPI, facecolor="white")


def inches(figure: Figure) -> Transform:
    """From inches right of and below the upper left corner to what matplotlib counts."""
    upwards = Affine2D().scale(1, -1).translate(0, figure.get_figheight())
    return upwards + figure.dpi_scale_trans


def place_image(
    figure: Figure, image, left: float, top: float, width: float, title: str = "", scale=PIXELS
) -> float:
    """Draw ``image`` with ``width`` inches and ``title`` above it; return its height."""
    pixels = as_pixels(image)
    height = width * pixels.shape[0] / pixels.shape[1]
    place_colours(figure, coloured(pixels, scale), left, top, width, height)
    if title:
        write(figure, left + width / 2, top - 0.07, title, NORMAL, ha="center", va="bottom")
    return height


def place_colours(figure: Figure, colours: np.ndarray, *box: float) -> None:
    """Draw ``colours`` ``[h, w, 3 or 4]`` in a box of inches: left, top, width, height."""
    left, top, wide, tall = (round(inches * DPI) for inches in box)
    rows = np.arange(tall) * len(colours) // tall  # each pixel of the figure: the one it lies in
    columns = np.arange(wide) * colours.shape[1] // wide
    bottom = round(figure.get_figheight() * DPI) - top - tall
    pixels = colours[rows][:, columns]
    if pixels.dtype != np.uint8:
        pixels = (255 * pixels).round().astype(np.uint8)
    if pixels.shape[2] == 3:
        pixels = np.pad(pixels, ((0, 0), (0, 0), (0, 1)), constant_values=255)
    figure.add_artist(Pixels(pixels, left, bottom, small=colours))


def coloured(pixels: np.ndarray, scale=PIXELS) -> np.ndarray:
    """Numbers as colours, 0 to 255; white where there is no number."""
    if pixels.ndim == 3:
        return (255 * pixels).round().astype(np.uint8)
    shares = (pixels - scale["vmin"]) / (scale["vmax"] - scale["vmin"])
    return colormaps[scale["cmap"]](np.ma.masked_invalid(shares), bytes=True)


def place_bar(figure: Figure, scale, left: float, top: float, height: float) -> None:
    """A colour bar, with the ends and the middle of the scale as numbers."""
    low, high = scale["vmin"], scale["vmax"]
    colours = coloured(np.linspace(high, low, 256)[:, None], scale)
    place_colours(figure, colours, left, top, 0.16, height)
    for place, value in ((0.06, high), (height / 2, (low + high) / 2), (height - 0.06, low)):
        text = long_minus(f"{value:z.3g}")
        write(figure, left + 0.22, top + place, text, va="center")


def place_box(
    figure: Figure, left: float, top: float, width: float, height: float, **style
) -> None:
    """A rectangle; ``style`` as in ``matplotlib.patches.Rectangle``."""
    box = Rectangle((left, top), width, height, transform=inches(figure), **style)
    figure.add_artist(box)


def place_cells(
    figure: Figure, colours: np.ndarray, left: float, top: float, width: float, height: float
) -> None:
    """A table of coloured cells ``[rows, columns, 3 or 4]`` from 0 to 1, with lines around each."""
    place_colours(figure, colours, left, top, width, height)
    right, bottom = left + width, top + height
    rows, columns = (count + 1 for count in colours.shape[:2])
    lines = [[(left, y), (right, y)] for y in np.linspace(top, bottom, rows)]
    lines += [[(x, top), (x, bottom)] for x in np.linspace(left, right, columns)]
    style = {"colors": "0.8", "linewidths": 1, "transform": inches(figure)}
    figure.add_artist(LineCollection(lines, **style))


def frame(
    figure: Figure, left: float, top: float, width: float, height: float, line: float = 2.5
) -> None:
    """A frame that is seen on any ground; its ``line`` in points."""
    around = [withStroke(linewidth=line + 2, foreground="white")]
    style = {"fill": False, "linewidth": line, "edgecolor": MARK, "path_effects": around}
    place_box(figure, left, top, width, height, **style)


def write(figure: Figure, left: float, top: float, text: str, size: float = SMALL, **style) -> None:
    """A line of text; ``style`` as in ``text_pixels``."""
    place = DPI * left, DPI * (figure.get_figheight() - top)
    figure.add_artist(text_pixels(*place, text, size, **style))


def row_figure(values: Tensor, names: list[str] | None, image) -> Figure:
    """A row of numbers as bars beside ``image``; with names, if each number has one."""
    height = TITLE + BESIDE + (1.0 if names else 0.65)
    figure = sheet(height)
    place_image(figure, image, 0.1, TITLE, BESIDE, "image")
    left = BESIDE + 1.2
    axes = figure.add_axes(
        (left / WIDTH, 1 - (TITLE + BESIDE) / height, 1 - (left + 0.3) / WIDTH, BESIDE / height)
    )
    shown = values.nan_to_num(0, 0, 0).tolist()
    edges = [place - 0.5 for place in range(len(shown) + 1)]
    if len(shown) <= 16:
        bars = axes.bar(range(len(shown)), shown, color="#1f77b4")
        axes.bar_label(
            bars, [long_minus(f"{value:z.1f}") for value in values], fontsize=SMALL, padding=3
        )
        axes.margins(y=0.15)
    else:
        axes.stairs(shown, edges, fill=True, color="#1f77b4")  # one patch, however many numbers
    axes.axhline(0, color="0.3", linewidth=1)
    axes.set_xlim(edges[0], edges[-1])
    if names:
        axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    else:
        axes.set_xlabel("number of the unit", fontsize=SMALL)
    axes.tick_params(labelsize=SMALL)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
