"""What the check of task 3.8 asks of a plot of both losses."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import FigureBase

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, close
from helpers.checks.full_cnn.training_run import numbers, same


def axes_of(fig) -> list[Axes]:
    """The axes of what the student calls ``fig`` in which something is drawn."""
    if isinstance(fig, Axes):
        axes = [fig]
    elif isinstance(fig, FigureBase):
        axes = list(fig.axes)
    else:
        several = isinstance(fig, (tuple, list, np.ndarray))
        found = f"several things at once ({type(fig).__name__})" if several else describe(fig)
        raise Incorrect(
            f"fig is {found}; expected is the Matplotlib figure alone. "
            "fig, ax = plt.subplots() gives you both figure and axes, each under its own name."
        )
    drawn = [ax for ax in axes if curves(ax)]
    if not drawn and any(ax.patches for ax in axes):
        raise Incorrect(
            "fig holds bars, but no lines. Draw each list with ax.plot(...), which joins the "
            "values of the epochs."
        )
    if not drawn:
        raise NotAnswered(
            "nothing is drawn in fig yet: plot both losses into it. (If you did: the figure must "
            "be kept in fig before plt.show() starts a new one.)"
        )
    return drawn


def curves(ax: Axes) -> list[tuple[np.ndarray, Artist]]:
    """Each curve in ``ax`` as its points ``[N, 2]``, and its artist; points of a scatter, too."""
    found = []
    for artist in [*ax.lines, *ax.collections]:
        try:
            points = artist.get_xydata() if hasattr(artist, "get_xydata") else artist.get_offsets()
            points = np.ma.filled(np.ma.asarray(points, dtype=float), np.nan)
        except (TypeError, ValueError, RuntimeError):
            continue
        if points.ndim == 2 and len(points) > 1:
            found.append((points, artist))
    return found


def find_curves(axes: list[Axes], losses: dict[str, list[float]]) -> tuple[Axes, dict[str, Artist]]:
    """The axes that hold both curves, and the artist of each."""
    where = {name: _where(axes, values) for name, values in losses.items()}
    missing = [name for name, hits in where.items() if not hits]
    if missing:
        raise Incorrect(_why_missing(axes, losses, missing))
    for ax in axes:
        hits = {name: [hit for hit in hits if hit[0] is ax] for name, hits in where.items()}
        if all(hits.values()):
            for points in (hit[0][1] for hit in hits.values()):
                _judge_epochs(points[:, 0])
            return ax, {name: hit[0][2] for name, hit in hits.items()}
    raise Incorrect(
        "the two losses are in different axes. Draw both into the same one: only on one scale can "
        "they be compared."
    )


def _where(axes, values, column: int = 1) -> list[tuple[Axes, np.ndarray, Artist]]:
    """Each curve whose ``column`` (1: upwards) holds ``values``."""
    return [
        (ax, points, artist)
        for ax in axes
        for points, artist in curves(ax)
        if same(points[:, column], values)
    ]


def _why_missing(axes: list[Axes], losses: dict[str, list[float]], missing: list[str]) -> str:
    if any(_where(axes, losses[name], column=0) for name in missing):
        return (
            "the losses go to the right and the epochs upwards. "
            "The first argument of plot is for the horizontal axis."
        )
    all_curves = [points for ax in axes for points, _ in curves(ax)]
    for name in missing:
        for points in all_curves:
            drawn, listed = len(points), len(losses[name])
            shorter = min(drawn, listed)
            if drawn != listed and same(points[:shorter, 1], losses[name][:shorter]):
                return (
                    f"the curve of {name} has {drawn} points, but the list has {listed} by now. "
                    "Run the cell that draws again."
                )
    if len(missing) == 1:
        other = next(name for name in losses if name not in missing)
        if len(_where(axes, losses[other])) > 1:
            return f"{other} is drawn twice, and {missing[0]} not at all. Draw each list once."
        only = " There is only one curve in your figure." if len(all_curves) == 1 else ""
        return f"{missing[0]} is not in the plot.{only} Draw both losses into the same axes."
    if all(points[:, 1].min() >= 0 and points[:, 1].max() <= 1 for points in all_curves):
        return (
            "the curves hold neither train_losses nor test_losses, but numbers between 0 and 1, "
            "like accuracies. Plot the two losses."
        )
    return (
        "none of the curves holds the numbers of train_losses or test_losses. "
        "Plot the lists as they are, one value per epoch."
    )


def _judge_epochs(x: np.ndarray) -> None:
    if not close(np.diff(x), np.ones(len(x) - 1), 1e-5) or round(x[0], 6) not in (0, 1):
        raise Incorrect(
            f"the curve goes from {x[0]:g} to {x[-1]:g} on the horizontal axis; expected is the "
            "epoch, which starts at 1 (or 0) and grows by 1."
        )


def judge_words(ax: Axes, artists: dict[str, Artist]) -> None:
    """The names of both axes, and which curve is which."""
    figure = ax.figure
    names = {
        "horizontal": (ax.get_xlabel() or figure.get_supxlabel()).strip().lower(),
        "vertical": (ax.get_ylabel() or figure.get_supylabel()).strip().lower(),
    }
    missing = [which for which, name in names.items() if not name]
    if missing:
        calls = {"horizontal": "ax.set_xlabel(...)", "vertical": "ax.set_ylabel(...)"}
        raise Incorrect(
            f"the {' and the '.join(missing)} axis {'has' if len(missing) == 1 else 'have'} no "
            f"name. Give one with {' and '.join(calls[which] for which in missing)}."
        )
    if "loss" in names["horizontal"] and "epoch" in names["vertical"]:
        raise Incorrect(
            "the names of the axes are swapped: the epochs go to the right, the losses upwards."
        )
    if "accura" in names["vertical"] and "loss" not in names["vertical"]:
        raise Incorrect(
            "the vertical axis is called accuracy, but the curves are losses. Give it another name."
        )
    _judge_legend(ax, artists)


def _judge_legend(ax: Axes, artists: dict[str, Artist]) -> None:
    figure = ax.figure
    legends = [legend for legend in [ax.get_legend(), *figure.legends] if legend is not None]
    texts = [t.get_text() for legend in legends for t in legend.get_texts() if t.get_text().strip()]
    written = [t for t in [*ax.texts, *figure.texts] if t.get_text().strip()]
    labels = {name: str(artist.get_label()) for name, artist in artists.items()}
    if len(texts) < 2 and len(written) < 2:
        if not legends and all(label and not label.startswith("_") for label in labels.values()):
            raise Incorrect(
                "your curves have labels, but they are not shown yet. One call more brings the "
                "legend into the picture."
            )
        raise Incorrect(
            "nothing tells the two curves apart. Give each plot a label=..., and call ax.legend()."
        )
    if texts and all(len(text) == 1 for text in texts):
        raise Incorrect(
            f"the legend shows single letters ({', '.join(texts)}). It takes a list of names, one "
            "for each curve."
        )
    if len(texts) >= 2:
        shown = _shown(legends, artists)
        labels = {name: shown.get(name, label) for name, label in labels.items()}
    train, test = (labels[name].lower() for name in ("train_losses", "test_losses"))
    if texts and train == test:
        raise Incorrect(
            f"both curves are called {labels['train_losses']} in the legend. Give them different "
            "names."
        )
    if "test" in train and "train" not in train and "train" in test and "test" not in test:
        raise Incorrect(
            "the labels are swapped: the curve called test shows train_losses, "
            "and the other way round."
        )


def _shown(legends, artists: dict[str, Artist]) -> dict[str, str]:
    """The name in the legend for each curve whose colour tells it apart from the other one."""
    colours = {name: _colour(artist) for name, artist in artists.items()}
    if len(set(colours.values())) < len(colours):
        return {}
    entries = {
        _colour(handle): text.get_text()
        for legend in legends
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True)
    }
    return {name: entries[colour] for name, colour in colours.items() if colour in entries}


def _colour(artist: Artist):
    """The colour of a line or of points, in a form that can be compared."""
    colour = artist.get_color() if hasattr(artist, "get_color") else artist.get_facecolor()
    try:
        return to_hex(np.asarray(colour)[0] if np.ndim(colour) == 2 else colour)
    except (ValueError, IndexError):
        return None


@check("3.8", "The learning curves", hints=(
    "A picture that others can read answers three questions: what goes to the right, what goes "
    "up, and which line is which.",
    "With accuracies it would be: fig, ax = plt.subplots(); ax.plot(range(1, len(accuracies) + "
    '1), accuracies, label="accuracy"); ax.set_xlabel("epoch"); ax.set_ylabel("accuracy"); '
    "ax.legend(). You need two curves, and another name for the axis that goes up.",
))  # fmt: skip
def loss_plot(fig, train_losses, test_losses) -> str:
    """Right: a Matplotlib figure (or axes) with both losses over the epochs in the same axes, both
    axes named, and a legend (or text) that tells the two curves apart."""
    answered(fig=fig, train_losses=train_losses, test_losses=test_losses)
    losses = {
        "train_losses": numbers(train_losses, "train_losses"),
        "test_losses": numbers(test_losses, "test_losses"),
    }
    if not all(losses.values()):
        raise NotAnswered("there are no losses to plot yet: Task 3.7 comes first.")
    axes = axes_of(fig)
    ax, curves = find_curves(axes, losses)
    judge_words(ax, curves)
    return "both curves are means per image, so the gap between them means something"
