"""The check of task 2.3: two pictures in a figure, and two titles."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure, SubFigure

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import answered, close


@check("2.3", "Show both", hints=(
    "plt.subplots(1, 2) gives you a figure and two axes; everything else is said to one of the "
    "axes, not to plt: what to show, and the title.",
    'For the first: axes[0].imshow(image[0], cmap="gray") and axes[0].set_title("image"). Two '
    "more lines of this kind are missing, for the other axes. fig is the first thing that "
    "plt.subplots gives.",
))  # fmt: skip
def side_by_side(fig, image, pooled) -> str:
    """Right: a figure with ``image`` and ``pooled`` beside each other, each under its own title."""
    answered(fig=fig, image=image, pooled=pooled)
    _judge_figure(fig)
    wanted = {"image": _numbers(image, "image"), "pooled": _numbers(pooled, "pooled")}
    if wanted["image"].shape == wanted["pooled"].shape:
        raise Incorrect("pooled is as large as the image. Run your cell of Task 2.1 again.")
    axes = [(ax, _pictures(ax)) for ax in fig.axes if ax.get_visible() and not _is_colorbar(ax)]
    drawn = [(ax, pictures) for ax, pictures in axes if pictures]
    if not drawn:
        raise Incorrect(
            "there is no picture in the figure yet. Draw one with imshow on each of the two axes."
        )
    if len(drawn) == 1:
        raise Incorrect(_one_axes_message(len(axes), len(drawn[0][1])))
    top = [(ax, pictures[-1]) for ax, pictures in drawn]  # it hides those under it
    places = {
        name: [ax for ax, picture in top if _shows(picture, numbers)]
        for name, numbers in wanted.items()
    }
    if len(places["image"]) > 1 and not places["pooled"]:
        raise Incorrect("both axes show the image. Draw pooled on the second: axes[1].imshow(...).")
    if len(places["pooled"]) > 1 and not places["image"]:
        raise Incorrect("both axes show the pooled image. Draw the image itself on the first.")
    for name, numbers in wanted.items():
        if not places[name]:
            hidden = [picture for _, pictures in drawn for picture in pictures[:-1]]
            raise Incorrect(_missing_message(name, numbers, [p for _, p in top], hidden))
    first, second = places["image"][0], places["pooled"][0]
    _judge_beside(first, second)
    _judge_titles(first, second)
    old, new = ("×".join(map(str, numbers.shape)) for numbers in wanted.values())
    return f"two pictures, two titles: {old} pixels beside {new}"


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


def _pictures(ax: Axes) -> list[np.ndarray]:
    """The number grids that are drawn on ``ax``, each as height × width; the topmost is last."""
    artists = [*ax.get_images(), *(c for c in ax.collections if isinstance(c, QuadMesh))]
    artists = sorted((a for a in artists if a.get_visible()), key=lambda a: a.get_zorder())
    grids = [artist.get_array() for artist in artists]
    grids = [np.ma.filled(np.ma.asarray(grid, dtype=float), 0.0) for grid in grids]
    grids = [grid[..., 0] if grid.ndim == 3 else grid for grid in grids]
    return [grid for grid in grids if grid.ndim == 2]


def _is_colorbar(ax: Axes) -> bool:
    return ax.get_label() == "<colorbar>" or getattr(ax, "_colorbar", None) is not None


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
    return "one axes is still empty. Draw the image on axes[0] and the pooled image on axes[1]."


def _missing_message(
    name: str, wanted: np.ndarray, drawn: list[np.ndarray], hidden: list[np.ndarray]
) -> str:
    called = {"image": "the image", "pooled": "the pooled image"}[name]
    sizes = " and ".join("×".join(map(str, grid.shape)) for grid in drawn)
    if any(_shows(grid, wanted) for grid in hidden):
        return f"{called} is hidden under another picture. Draw each on axes of its own."
    if any(_shows(grid.T, wanted) for grid in drawn):
        return f"{called} is shown with rows and columns swapped. Take {name}[0] as it is."
    if any(_shows(turned, wanted) for grid in drawn for turned in (grid[::-1], grid[:, ::-1])):
        return f"{called} is shown as in a mirror. Take {name}[0] as it is."
    if any(grid.shape == wanted.shape for grid in drawn):
        return (
            f"a picture of the right size is there, but it is not {called}. Show {name}[0], and "
            "run the cell again if you took another image in the meantime."
        )
    return (
        f"{called}, {'×'.join(map(str, wanted.shape))} pixels, is not shown; the pictures there "
        f"have {sizes}. Show {name}[0]."
    )


def _judge_beside(first: Axes, second: Axes) -> None:
    one, other = first.bbox, second.bbox  # in pixels, also where a figure has parts of its own
    apart = abs((one.x0 + one.x1) / 2 - (other.x0 + other.x1) / 2)
    if apart < min(one.width, other.width) / 2:
        raise Incorrect(
            "the pictures stand one above the other. Side by side is one row, two columns: "
            "plt.subplots(1, 2)."
        )


def _judge_titles(first: Axes, second: Axes) -> None:
    titles = [_title(first), _title(second)]
    if not any(titles):
        raise Incorrect(
            "neither picture has a title yet. Give each its own, with set_title on its axes."
        )
    for title, which in zip(titles, ("the image", "the pooled image"), strict=True):
        if not title:
            raise Incorrect(
                f"{which} has no title. set_title belongs to one axes: what is set twice on the "
                "same axes shows only the second time. Call it once for each."
            )
    if titles[0] == titles[1]:
        raise Incorrect(f"both titles read {titles[0]!r}. Let each say what its own picture shows.")


def _title(ax: Axes) -> str:
    return " ".join(ax.get_title(loc=loc).strip() for loc in ("left", "center", "right")).strip()
