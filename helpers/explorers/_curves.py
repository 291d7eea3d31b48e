"""What the training panel says and draws of its runs: pure functions of the figures so far."""

import html
import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from helpers.explorers._base import png_of
from helpers.plots.results import COLOURS, MARKERS, STYLES
from helpers.plots.text import DPI, NORMAL, SMALL, count_text, number_text
from helpers.training import History, stopped_text

BOTH, LOSS, ACCURACY = "loss and accuracy", "loss", "accuracy"
SAID = {
    BOTH: "Loss (training: thin lines, test: thick lines) and test accuracy by epoch.",
    LOSS: "Loss by epoch (training: thin lines, test: thick lines).",
    ACCURACY: "Test accuracy by epoch.",
}
WIDTH, HEIGHT, LEGEND_ROW = 10.0, 3.7, 0.26  # inches

# ------------------------------------------------------------------------------------ in words


def loss_text(value: float) -> str:
    """Three decimals; ``nan`` and ``inf`` by these names, and very large losses as powers of 10."""
    if not math.isfinite(value):
        return str(float(value))
    return f"{value:.3e}" if abs(value) >= 1e6 else number_text(value)


def share_text(value: float) -> str:
    """An accuracy, such as "87.5%"."""
    return f"{value:.1%}" if math.isfinite(value) else str(float(value))


def time_text(seconds: float) -> str:
    """A duration that one can grasp: "45 s", "3 min", "1 h 10 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def seconds_left(seconds: Sequence[float], total: int, elapsed: float, fraction: float) -> float:
    """How long the rest will take, from the ``seconds`` of the complete epochs.

    ``elapsed`` is the time since the present epoch began; in the first epoch, where there is
    nothing else to go by, it is scaled with the ``fraction`` of the batches that are done.
    ``inf`` where nothing is known yet.
    """
    if seconds:
        per_epoch = max(sum(seconds) / len(seconds), elapsed)
    elif fraction > 0:
        per_epoch = elapsed / fraction
    else:
        return math.inf
    return max(0.0, per_epoch * (total - len(seconds)) - elapsed)


def run_text(name: str, history: History, total: int) -> str:
    """One run in a line: how far it is, and its figures from the first epoch to the last."""
    done = len(history)
    if not done:
        return f"{name}: no epoch yet. {history.message}".strip()
    figures = ", ".join(
        f"{what} {_from_to(values, text)}"
        for what, values, text in (
            ("training loss", history.train_losses, loss_text),
            ("test loss", history.test_losses, loss_text),
            ("test accuracy", history.accuracies, share_text),
        )
    )
    pace = f"{sum(history.seconds) / done:.1f} s per epoch"
    parts = [f"{name}: {done} of {count_text(total, 'epoch')}, {figures}, {pace}."]
    return " ".join([*parts, *filter(None, [history.message, _not_finite(history)])])


def _from_to(values: Sequence[float], text) -> str:
    if len(values) == 1:
        return text(values[0])
    return f"from {text(values[0])} to {text(values[-1])}"


def _not_finite(history: History) -> str:
    losses = zip(history.train_losses, history.test_losses, strict=True)
    epochs = [i for i, pair in enumerate(losses, start=1) if not all(map(math.isfinite, pair))]
    if not epochs:
        return ""
    return (
        f"In {count_text(len(epochs), 'epoch')}, first in epoch {epochs[0]}, a loss was not a "
        "finite number: the curve has a gap there. Make a new network and train it with a smaller "
        "learning rate."
    )


def step_text(done: int, total: int, number: int, count: int, left: float) -> str:
    """What is going on: epoch, batch ``number`` of ``count`` if known, and the time left."""
    words = [f"epoch {min(done + 1, total)} of {total}"]
    words += [f"batch {number} of {count}"] if count else []
    words += [f"about {time_text(left)} left"] if math.isfinite(left) else []
    return ", ".join(words)


def ending_text(done: int, total: int, error: BaseException | None) -> str:
    """How a run has ended after ``done`` of its epochs; empty if it came to its end."""
    place = f"in epoch {min(done + 1, total)} of {total}"
    kept = f"The losses of {count_text(done, 'complete epoch')} are kept."
    if isinstance(error, KeyboardInterrupt):
        return stopped_text(done, total)
    if error is not None:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return f"Ended {place} by {said}. {kept}"
    if not done:
        return "It ended without one: call run.log(train_loss, test_loss, accuracy) in each epoch."
    return "" if done >= total else f"It ended before epoch {done + 1} of {total}."


def progress_html(value: float, total: int, words: str) -> str:
    """A progress bar with its words beside it; the words are also what a screen reader says."""
    words = html.escape(words)
    return (
        f'<progress aria-label="training progress" aria-valuetext="{words}" max="{total}" '
        f'value="{min(value, total):.2f}" style="width: 16em; height: 1em"></progress> {words}'
    )


# ----------------------------------------------------------------------------------- the curves


def curves_png(runs: Mapping[str, History], show: str, highlighted: str, num_epochs: int) -> bytes:
    """The curves of all ``runs`` as a picture, in the colours and markers of ``plots.curves``.

    A run has one colour, marker and line style in all axes. ``highlighted`` is the name of the
    run that stands out, or empty. ``num_epochs`` is how far the axes reach at least.

    The places of all parts are fixed: a layout that is computed would double the time.
    """
    columns = 1 + min(2, 70 // max([len(_short(name)) + 6 for name in runs], default=70))
    rows = math.ceil(len(runs) / columns)
    below, above = 0.6, 0.42 + LEGEND_ROW * rows
    size = (WIDTH, HEIGHT + LEGEND_ROW * rows)
    figure = Figure(size, dpi=DPI, facecolor="white")
    shown = [LOSS, ACCURACY] if show == BOTH else [show]
    share = 1 / len(shown)
    handles = []
    for place, what in enumerate(shown):
        left = place * share + 0.75 / WIDTH
        box = (left, below / size[1], share - 0.9 / WIDTH, 1 - (below + above) / size[1])
        axes = figure.add_axes(box)
        handles = _draw(axes, what, runs, highlighted)
        _finish(axes, what, max(2, num_epochs, *map(len, runs.values())))
    legend = figure.legend(
        handles, [f"{i}" for i in range(len(handles))], ncols=columns, fontsize=SMALL,
        loc="upper left", bbox_to_anchor=(0.65 / WIDTH, 1 - 0.02), frameon=False,
        borderpad=0, borderaxespad=0, handlelength=3.2,
    )  # fmt: skip
    for text, name in zip(legend.get_texts(), runs, strict=True):
        text.set_parse_math(False)  # a name may hold a dollar sign
        text.set_text(_short(name))
        text.set_fontweight("bold" if name == highlighted else "normal")
    return png_of(figure)


def _draw(axes, what: str, runs: Mapping[str, History], highlighted: str) -> list:
    """All lines of one axes; returns those that stand for their runs in the legend."""
    handles = []
    for index, (name, history) in enumerate(runs.items()):
        style = {
            "color": COLOURS[index % len(COLOURS)],
            "marker": MARKERS[index % len(MARKERS)],
            "linestyle": STYLES[index % len(STYLES)],
            "markevery": max(1, math.ceil(len(history) / 30)),
        }
        if highlighted and name != highlighted:
            style["alpha"] = 0.35
        thick = 3.2 if name == highlighted else 2.0
        if what == LOSS:
            values = _finite(history.train_losses)
            # On top, so that its markers are seen where both losses are the same.
            thin = {"linewidth": 1.0, "markersize": 4, "markerfacecolor": "white", "zorder": 3}
            axes.plot(range(1, len(values) + 1), values, **style, **thin)
        values = _finite(history.test_losses if what == LOSS else history.accuracies)
        handles += axes.plot(range(1, len(values) + 1), values, linewidth=thick, **style)
    return handles


def _finish(axes, what: str, longest: int) -> None:
    axes.set_xlim(0.5, longest + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    if what == ACCURACY:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    title = "test accuracy" if what == ACCURACY else "loss: training (thin), test (thick)"
    # Not as the axes' title and label, for whose places all ticks are measured once more.
    above, below = {"va": "bottom", "fontsize": NORMAL}, {"ha": "center", "fontsize": SMALL}
    axes.text(0.0, 1.03, title, transform=axes.transAxes, **above)
    axes.text(0.5, -0.16, "epoch", transform=axes.transAxes, **below)
    axes.tick_params(labelsize=SMALL)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)


def _finite(values: Sequence[float]) -> np.ndarray:
    """``values`` with a gap where one is infinite, as there is one where it is not a number."""
    array = np.asarray(values, dtype=float)
    return np.where(np.isfinite(array), array, np.nan)


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"
