"""The check of task 2.3: two pictures in a figure, and two titles."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.text import Text

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape, show_size
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import answered, close
from helpers.checks.pooling.seen import Seen, is_seen, pictures_on


@check("2.3", "Show both", hints=(
    "plt.subplots(1, 2) gives you a figure and two axes; everything else is said to one of the "
    "axes, not to plt: what to show, and the title.",
    'For the first: axes[0].imshow(image[0], cmap="gray") and axes[0].set_title("image"). Two '
    "more lines of this kind are missing, for the other axes. fig is the first thing that "
    "plt.subplots gives.",
))  # fmt: skip
def side_by_side(fig, image, pooled) -> str:
    """Right: a figure with two axes, ``image`` on one and ``pooled`` on the other, as they are.

    Each has a title of its own. They may stand side by side or one above the other.
    """
    answered(fig=fig, image=image, pooled=pooled)
    _judge_figure(fig)
    wanted = {"image": _numbers(image, "image"), "pooled": _numbers(pooled, "pooled")}
    if wanted["image"].shape == wanted["pooled"].shape:
        raise Incorrect("pooled is as large as the image. Run your cell of Task 2.1 again.")
    axes = [(ax, pictures_on(ax)) for ax in fig.axes if is_seen(ax)]
    drawn = [(ax, pictures) for ax, pictures in axes if pictures]
    if not drawn:
        raise Incorrect(
            "there is no picture in the figure yet. Draw one with imshow on each of the two axes."
        )
    if len(drawn) == 1:
        raise Incorrect(_one_axes_message(len(axes), len(drawn[0][1])))
    top = [(ax, pictures[-1]) for ax, pictures in drawn]  # it hides those under it
    places = {
        name: [ax for ax, picture in top if _shows(picture.numbers, numbers)]
        for name, numbers in wanted.items()
    }
    if len(places["image"]) > 1 and not places["pooled"]:
        raise Incorrect("both axes show the image. Draw pooled on the second: axes[1].imshow(...).")
    if len(places["pooled"]) > 1 and not places["image"]:
        raise Incorrect("both axes show the pooled image. Draw the image itself on the first.")
    for name, numbers in wanted.items():
        if not places[name]:
            hidden = [picture.numbers for _, pictures in drawn for picture in pictures[:-1]]
            raise Incorrect(_missing_message(name, numbers, [p for _, p in top], hidden))
    both = places["image"][0], places["pooled"][0]
    for ax, picture in top:
        if ax in both and not picture.is_whole:
            raise Incorrect(
                f"only a part of {_CALLED['image' if ax is both[0] else 'pooled']} is in view. "
                "Leave out what sets the limits of its axes, such as set_xlim, or sharex and "
                "sharey, with which one picture sets those of the other."
            )
    _judge_number(len(axes), sum(not ax.has_data() for ax, _ in axes))
    _judge_apart(*both)
    _judge_titles(*both)
    old, new = (show_size(numbers.shape) for numbers in wanted.values())
    return f"two pictures, two titles: {old} pixels beside {new}"


_CALLED = {"image": "the image", "pooled": "the pooled image"}


def _judge_figure(fig) -> None:
    if isinstance(fig, (tuple, list)):
        if sum(isinstance(part, Figure) for part in fig) > 1:
            raise Incorrect(
                f"fig holds {len(fig)} figures; asked for is one with two axes: "
                "fig, axes = plt.subplots(1, 2)."
            )
        raise Incorrect(
            f"fig is a {type(fig).__name__}; expected is the figure alone. plt.subplots gives a "
            "figure and its axes: take them apart with fig, axes = plt.subplots(1, 2)."
        )
    if isinstance(fig, (Axes, np.ndarray)):
        raise Incorrect(
            "fig holds axes; expected is the figure they are on. plt.subplots gives both: "
            "fig, axes = plt.subplots(1, 2)."
        )
    if not isinstance(fig, (Figure, SubFigure)):
        raise Incorrect(f"fig is {describe(fig)}; expected is the figure of plt.subplots(1, 2).")


def _numbers(picture, name: str) -> np.ndarray:
    """Height and width of a picture without its channel, as numbers."""
    if not isinstance(picture, (torch.Tensor, np.ndarray)):
        raise Incorrect(f"{name} is {describe(picture)}; expected is the tensor that you show.")
    if isinstance(picture, torch.Tensor):
        picture = picture.detach().cpu().double().numpy()
    if picture.ndim < 2 or picture.size != picture.shape[-1] * picture.shape[-2]:
        raise Incorrect(
            f"{name} has the shape {show_shape(picture.shape)}; expected is one grey image, such "
            "as [1, 28, 28]."
        )
    return picture.reshape(picture.shape[-2:]).astype(float)


def _shows(drawn: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether the picture is ``wanted``, in whatever units of brightness."""
    scale = max(np.abs(drawn).max(), 1e-12), max(np.abs(wanted).max(), 1e-12)
    return close(drawn / scale[0], wanted / scale[1], 5e-3)


def _one_axes_message(num_axes: int, num_pictures: int) -> str:
    if num_pictures > 1:
        return (
            "both pictures are drawn on the same axes, where the second hides the first. Draw one "
            "with axes[0].imshow(...), the other with axes[1].imshow(...)."
        )
    if num_axes == 1:
        return "the figure has one axes only. Make two side by side with plt.subplots(1, 2)."
    return (
        f"the figure has {num_axes} axes, and a picture on one of them only. Draw the image on "
        "axes[0] and the pooled image on axes[1]."
    )


def _missing_message(
    name: str, wanted: np.ndarray, drawn: list[Seen], hidden: list[np.ndarray]
) -> str:
    called, grids = _CALLED[name], [picture.numbers for picture in drawn]
    sizes = " and ".join(show_size(grid.shape) for grid in grids)
    if any(_shows(grid, wanted) for grid in hidden):
        return f"{called} is hidden under another picture. Draw each on axes of its own."
    turned = (
        (lambda grid: grid[::-1], "upside down"),
        (lambda grid: grid[:, ::-1], "as in a mirror"),
        (lambda grid: grid[::-1, ::-1], "turned by half a turn"),
        (lambda grid: grid.T, "with rows and columns swapped"),
    )
    for turn, how in turned:
        if any(_shows(turn(grid), wanted) for grid in grids):
            return (
                f"{called} is shown {how}. Give {name}[0] to imshow as it is, and leave the axes "
                "as imshow makes them: with the first row at the top and the first column on the "
                "left."
            )
    if any(grid.shape == wanted.shape for grid in grids):
        return (
            f"a picture of the right size is there, but it is not {called}. Show {name}[0], and "
            "run the cell again if you took another image in the meantime."
        )
    return (
        f"{called}, {show_size(wanted.shape)} pixels, is not shown; the pictures there have "
        f"{sizes}. Show {name}[0]."
    )


def _judge_number(count: int, empty: int) -> None:
    if count > 2:
        which = {0: "", 1: ", one of them empty"}.get(empty, f", {empty} of them empty")
        raise Incorrect(
            f"the figure has {count} axes{which}; asked for are two, one for each picture: "
            "plt.subplots(1, 2)."
        )


def _judge_apart(first: Axes, second: Axes) -> None:
    one, other = first.bbox, second.bbox  # in pixels, also where a figure has parts of its own
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    smaller = min(one.width * one.height, other.width * other.height)
    if min(width, height) > 0 and width * height > 0.1 * smaller:
        raise Incorrect(
            "the axes of the two pictures lie one over the other. plt.subplots(1, 2) gives two "
            "that stand side by side."
        )


def _judge_titles(first: Axes, second: Axes) -> None:
    for ax in (first, second):
        _judge_words(ax)
    titles = [_title(first), _title(second)]
    if not any(titles):
        raise Incorrect(
            "neither picture has a title yet. Give each its own, with set_title on its axes."
        )
    for title, which in zip(titles, _CALLED.values(), strict=True):
        if not title:
            raise Incorrect(
                f"{which} has no title. set_title belongs to one axes: what is set twice on the "
                "same axes shows only the second time. Call it once for each."
            )
    if titles[0] == titles[1]:
        raise Incorrect(f"both titles read {titles[0]!r}. Let each say what its own picture shows.")


def _judge_words(ax: Axes) -> None:
    """Raise if something else was put in the place of the title, or of the method that sets it."""
    if not isinstance(ax.title, Text):
        raise Incorrect(
            f"{describe(ax.title)} was put in the place of an axes' title, where Matplotlib keeps "
            'an object of its own. Call axes[0].set_title("...") instead, and run the cell again.'
        )
    if "set_title" in vars(ax):
        raise Incorrect(
            f"{describe(ax.set_title)} was put in the place of set_title. Do not set it with =, "
            'but call it: axes[0].set_title("..."); then run the cell again.'
        )


def _title(ax: Axes) -> str:
    return " ".join(ax.get_title(loc=loc).strip() for loc in ("left", "center", "right")).strip()
