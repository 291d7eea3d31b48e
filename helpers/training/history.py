"""What a training has measured, how it is said in a line, and what a stop leaves of it."""

from dataclasses import dataclass, field, replace

_COLUMNS = ("train_losses", "test_losses", "accuracies", "seconds")


@dataclass(repr=False)
class History:
    """What a training run has measured: one entry per complete epoch in each list.

    ``train_losses`` and ``test_losses`` are means per image; those of training are taken while
    the weights still change, those of the test after the epoch. ``accuracies`` (0 to 1) are on
    the test data. ``seconds`` is the time of an epoch with its test. ``interrupted``: somebody
    stopped the run. ``message``: why it ended early, empty if it did not.

    ``validation_losses`` has an entry for each epoch with images held back, their mean loss after
    it. ``best_epoch``, counted from 1, is the one whose weights the network was left with; 0 if
    no images were held back: then it is the last one.
    """

    train_losses: list[float] = field(default_factory=list)
    test_losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    interrupted: bool = False
    message: str = ""
    validation_losses: list[float] = field(default_factory=list)
    best_epoch: int = 0

    def __len__(self) -> int:
        return len(self.accuracies)

    def __repr__(self) -> str:
        if not self.accuracies:
            return "History of 0 epochs"
        text = f"History of {count_epochs(len(self))}: test accuracy "
        if self.best_epoch:
            kept = self.accuracies[self.best_epoch - 1]
            return f"{text}{kept:.1%} after epoch {self.best_epoch}, whose weights are kept"
        return f"{text}{self.accuracies[-1]:.1%}"

    def with_epoch(self, *figures: float) -> "History":
        """A new history with one epoch more: an interrupt finds the whole epoch or none of it."""
        return replace(
            self,
            **{c: [*getattr(self, c), x] for c, x in zip(_COLUMNS, figures, strict=True)},
        )

    def up_to(self, number: int) -> "History":
        """The first ``number`` epochs, as they were said."""
        shorter = {c: getattr(self, c)[:number] for c in (*_COLUMNS, "validation_losses")}
        best = self.best_epoch if self.best_epoch <= number else 0
        return replace(self, best_epoch=best, **shorter)


class Stopped(KeyboardInterrupt):
    """A training that was stopped: ends the cell and all that wait behind it, as any interrupt.

    ``history`` is what was measured until then. IPython shows the message in place of a traceback.
    """

    def __init__(self, history: History, message: str):
        super().__init__(message)
        self.history, self.message = history, message

    def _render_traceback_(self) -> list[str]:
        return [self.message]


def stopped_text(complete: int, total: int, best_epoch: int = 0) -> str:
    """What a stop is called in captions, tracebacks and histories."""
    has = "keeps what it has learned so far"
    if best_epoch:
        has = f"has the weights of epoch {best_epoch}, the best on the images held back"
    return f"Stopped by you after {complete} of {count_epochs(total)}: the network {has}."


def epoch_line(history: History, total: int) -> str:
    """The last epoch of ``history``, of ``total``, in one line."""
    held_back = ""
    if history.best_epoch:
        held_back = f"   validation loss {history.validation_losses[-1]:.3f}"
    return (
        f"epoch {len(history):>{len(str(total))}}/{total}"
        f"   training loss {history.train_losses[-1]:.3f}{held_back}"
        f"   test loss {history.test_losses[-1]:.3f}"
        f"   test accuracy {history.accuracies[-1]:.1%}"
        f"   {history.seconds[-1]:.1f} s"
    )


def count_epochs(count: int) -> str:
    """``1 epoch`` or ``3 epochs``."""
    return "1 epoch" if count == 1 else f"{count} epochs"
