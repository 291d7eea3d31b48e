"""What the check of task 3.8 asks of a plot of both losses."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from helpers.checks.core.checking import check
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered
from helpers.checks.full_cnn.loss_curves import find_curves
from helpers.checks.full_cnn.training_run import numbers


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
    others = {"horizontal": ("loss", "accura"), "vertical": ("epoch", "accura")}
    for (which, name), own in zip(names.items(), ("epoch", "loss"), strict=True):
        if own not in name and any(other in name for other in others[which]):
            raise Incorrect(
                f"the {which} axis is called {name!r}, but what it shows "
                f"{'is the epoch' if own == 'epoch' else 'are losses'}. Give it another name."
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
            f"the legend shows single letters ({', '.join(texts)}), which do not tell which curve "
            'is which. Names come from label="..." in each plot, or from a list of names in '
            "legend([...])."
        )
    if len(texts) >= 2:
        shown = _shown(legends, artists)
        lacking = [name for name in artists if shown and name not in shown]
        if lacking and len(written) < 2:
            raise Incorrect(
                f"the legend names other curves, but has no entry for {' or '.join(lacking)}. Give "
                "the plot of each loss a label=..., and call ax.legend() after it."
            )
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
    """Right: a Matplotlib figure with both losses over the epochs in the same axes, both
    axes named, and a legend (or text) that tells the two curves apart."""
    if fig is None:
        raise NotAnswered(
            "fig is None, as a call gives that returns nothing, such as plt.show(). Keep the "
            "figure in fig, as plt.subplots() or plt.figure() gives it, and draw into it."
        )
    answered(fig=fig, train_losses=train_losses, test_losses=test_losses)
    losses = {
        "train_losses": numbers(train_losses, "train_losses"),
        "test_losses": numbers(test_losses, "test_losses"),
    }
    if not all(losses.values()):
        raise NotAnswered("there are no losses to plot yet: Task 3.7 comes first.")
    ax, curves = find_curves(fig, losses)
    judge_words(ax, curves)
    return "both curves are means per image, so the gap between them means something"
