"""What the training panel says of its runs: pure functions of the figures so far."""

import html
import math
from collections.abc import Mapping, Sequence

from helpers.plots.text import count_text, number_text
from helpers.training import History, stopped_text


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


def epoch_text(epoch: int, runs: Mapping[str, History]) -> str:
    """The figures of all ``runs`` after one epoch, in a line."""
    figures = [f"{name}, {_figures(history, epoch)}" for name, history in runs.items()]
    return f"Epoch {epoch}: {'; '.join(figures)}."


def _figures(history: History, epoch: int) -> str:
    if epoch > len(history):
        return f"{count_text(len(history), 'epoch')} only"
    place = epoch - 1
    return (
        f"training loss {loss_text(history.train_losses[place])}, "
        f"test loss {loss_text(history.test_losses[place])}, "
        f"test accuracy {share_text(history.accuracies[place])}"
    )
