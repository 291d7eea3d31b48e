"""The curves of task 3.8: which numbers a student's figure holds, and what these are of the losses.

Nothing is asked of how they were drawn: each line is read as the points that it holds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from helpers.checks.core.describing import counted, listed
from helpers.checks.core.figures import judge_figure
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import close
from helpers.checks.full_cnn.training_run import same

Losses = Mapping[str, Sequence[float]]  # by the names of the lists

# What may be drawn in place of a list of losses, and how it is called.
_MADE_OF_IT: tuple[tuple[str, Callable], ...] = (
    ("the logarithms of {}", np.log),
    ("{} from the last epoch to the first", lambda y: y[::-1]),
    ("{} in order of size", np.sort),
    ("{} in order of size, the largest first", lambda y: np.sort(y)[::-1]),
    ("the sums of {} up to each epoch", np.cumsum),
    ("the means of {} up to each epoch", lambda y: np.cumsum(y) / np.arange(1, len(y) + 1)),
    ("the lowest value of {} up to each epoch", np.minimum.accumulate),
    ("the changes of {} from epoch to epoch", np.diff),
    ("{} with the opposite sign", np.negative),
    ("{} divided by its first value", lambda y: y / y[0]),
    ("{} divided by its largest value", lambda y: y / y.max()),
    ("{} in percent", lambda y: 100 * y),
    ("{} divided by the number of epochs", lambda y: y / len(y)),
    ("1 minus {}", lambda y: 1 - y),
)
_MADE_OF_BOTH: tuple[tuple[str, Callable], ...] = (
    ("both lists, one behind the other", lambda a, b: np.concatenate([a, b])),
    ("both lists, one behind the other", lambda a, b: np.concatenate([b, a])),
    ("both lists in turn", lambda a, b: np.stack([a, b], axis=1).ravel()),
    ("both lists in turn", lambda a, b: np.stack([b, a], axis=1).ravel()),
    ("the difference of the two losses", np.subtract),
    ("the difference of the two losses", lambda a, b: b - a),
    ("the mean of the two losses", lambda a, b: (a + b) / 2),
    ("the sum of the two losses", np.add),
    ("the quotient of the two losses", np.divide),
    ("the quotient of the two losses", lambda a, b: b / a),
)


class Curve(NamedTuple):
    """A line in the figure: where it is, its points ``[N, 2]``, and its artist."""

    axes: Axes
    points: np.ndarray
    artist: Artist

    def holds(self, values, column: int = 1) -> bool:
        """Whether its ``column`` (0: to the right, 1: upwards) is ``values``."""
        return same(self.points[:, column], values)

    def by_epoch(self) -> np.ndarray:
        """Its values upwards, from left to right."""
        return self.points[np.argsort(self.points[:, 0], kind="stable"), 1]


def curves_of(fig) -> list[Curve]:
    """All curves that can be seen in ``fig``; points of a scatter are one, too."""
    judge_figure(fig)
    axes = [ax for ax in fig.axes if ax.get_visible()]
    found = [curve for ax in axes for curve in _curves_in(ax)]
    if not found and any(ax.patches for ax in axes):
        raise Incorrect(
            "fig holds bars or other shapes, but no lines. Draw each list with ax.plot(...), which "
            "joins the values of the epochs."
        )
    if not found and any(ax.has_data() for ax in axes):
        raise Incorrect(
            "fig holds no line with two points or more. Give ax.plot(...) each list as a whole."
        )
    if not found:
        raise NotAnswered(
            "nothing is drawn in fig yet: plot both losses into it. (If you did: the figure must "
            "be kept in fig before plt.show() starts a new one.)"
        )
    return found


def _curves_in(ax: Axes) -> list[Curve]:
    found = []
    for artist in [*ax.lines, *ax.collections]:
        try:
            points = artist.get_xydata() if hasattr(artist, "get_xydata") else artist.get_offsets()
            points = np.ma.filled(np.ma.asarray(points, dtype=float), np.nan)
        except (TypeError, ValueError, RuntimeError):
            continue
        if points.ndim == 2 and len(points) > 1 and artist.get_visible():
            found.append(Curve(ax, points, artist))
    return found


def find_curves(fig: FigureBase, losses: Losses) -> tuple[Axes, dict[str, Artist]]:
    """The axes of ``fig`` that hold both curves, and the artist of each."""
    curves = curves_of(fig)
    epochs = {name: [c for c in curves if _is_list(c, values)] for name, values in losses.items()}
    if not all(epochs.values()):
        raise Incorrect(_why_missing(curves, losses, [n for n, hits in epochs.items() if not hits]))
    for ax in dict.fromkeys(curve.axes for curve in curves):
        hits = {name: [c for c in found if c.axes is ax] for name, found in epochs.items()}
        if all(hits.values()):
            shown = {name: found[0] for name, found in hits.items()}
            _judge_epochs(shown, losses)
            return ax, {name: curve.artist for name, curve in shown.items()}
    raise Incorrect(
        "the two losses are in different axes. Draw both into the same one: only on one scale can "
        "they be compared."
    )


def _is_list(curve: Curve, values: Sequence[float]) -> bool:
    return curve.holds(values) or (
        _are_epochs(curve.points[:, 0]) and same(curve.by_epoch(), values)
    )


def _are_epochs(x: np.ndarray) -> bool:
    x = np.sort(x)
    return close(np.diff(x), np.ones(len(x) - 1), 1e-5) and round(x[0], 6) in (0, 1)


def _judge_epochs(shown: Mapping[str, Curve], losses: Losses) -> None:
    for name, curve in shown.items():
        x = curve.points[:, 0]
        if not _are_epochs(x) or not same(curve.by_epoch(), losses[name]):
            raise Incorrect(
                f"the values of {name} stand at {_some(x)} on the horizontal axis; expected is the "
                "epoch, which starts at 1 (or 0) and grows by 1."
            )
    starts = {name: round(curve.points[:, 0].min()) for name, curve in shown.items()}
    if len(set(starts.values())) > 1:
        begin = " and ".join(f"{name} begins at {start}" for name, start in starts.items())
        raise Incorrect(
            f"on the horizontal axis {begin}: the same epoch stands at two places. Give both "
            "curves the same epochs."
        )


def _some(values: np.ndarray) -> str:
    """The first few of them and the last."""
    shown = [f"{value:.4g}" for value in values]
    return listed(shown) if len(shown) < 5 else f"{', '.join(shown[:3])}, … {shown[-1]}"


def _why_missing(curves: list[Curve], losses: Losses, missing: list[str]) -> str:
    pairs = list(zip(*losses.values(), strict=False))
    if len(curves) == len(pairs) > 1 and all(
        curve.holds(pair) for curve, pair in zip(curves, pairs, strict=True)
    ):
        return (
            f"fig holds {len(curves)} lines of two points each: the two losses of one epoch. plot "
            "takes one list of numbers at a time: call it once for each list."
        )
    if len(curves) > 1 and len(missing) == 1:
        other = next(name for name in losses if name not in missing)
        if sum(_is_list(curve, losses[other]) for curve in curves) > 1:
            return f"{other} is drawn twice, and {missing[0]} not at all. Draw each list once."
    found = [what for curve in curves if (what := _what_it_holds(curve, losses, missing))]
    if found:
        return found[0]
    count = "one curve" if len(curves) == 1 else f"{len(curves)} curves"
    said = f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} not in the plot"
    others = [curve for curve in curves if not any(_is_list(curve, y) for y in losses.values())]
    between = bool(others) and all(
        curve.points[:, 1].min() >= 0 and curve.points[:, 1].max() <= 1 for curve in others
    )
    hint = " A curve holds numbers between 0 and 1: are they accuracies?" if between else ""
    return (
        f"{said}, which has {count}.{hint} Draw both losses into the same axes, one value per "
        "epoch, as they stand in the lists."
    )


def _what_it_holds(curve: Curve, losses: Losses, missing: list[str]) -> str:
    """A sentence on a curve that holds something made of the losses, but no list; or ``""``."""
    across = next((name for name, y in losses.items() if curve.holds(y, column=0)), "")
    upwards = next((name for name, y in losses.items() if curve.holds(y)), "")
    if across and upwards:
        return (
            f"one line goes to the right by {across} and upwards by {upwards}. plot takes the "
            "horizontal values first, here the epochs, and then one list: call it once for each."
        )
    if across in missing:
        axis = "the epochs upwards" if _are_epochs(curve.points[:, 1]) else "other numbers upwards"
        return (
            f"the values of {across} go to the right, and {axis}. The first argument of plot is "
            "for the horizontal axis: there the epochs belong."
        )
    if upwards:
        return ""
    with np.errstate(all="ignore"):  # a logarithm of 0 is none of the curves
        return _made_of(curve.points[:, 1], losses, missing)


def _made_of(y: np.ndarray, losses: Losses, missing: list[str]) -> str:
    one, other = (np.asarray(values) for values in losses.values())
    for words, made in _MADE_OF_BOTH if len(one) == len(other) else ():
        if same(y, made(one, other)):
            return f"one line shows {words}. Call plot once for each list, as it is."
    for name in missing:
        if part := _part_of(y, np.asarray(losses[name]), name):
            return part
        for words, made in _MADE_OF_IT:
            if same(y, made(np.asarray(losses[name]))):
                return (
                    f"a curve shows {words.format(name)}. Plot the list as it is, one value per "
                    "epoch."
                )
    return ""


def _part_of(y: np.ndarray, values: np.ndarray, name: str) -> str:
    """Whether ``y`` are some of the ``values``, or these and more, as a sentence; else ``""``."""
    drawn, listed_ = len(y), len(values)
    shorter = min(drawn, listed_)
    if drawn > listed_ and same(y[:shorter], values):
        return (
            f"a curve of {drawn} points begins with the {listed_} numbers of {name} and goes on "
            "with others. If the list was emptied since, run the cell that draws again; if not, "
            "draw this list alone."
        )
    if drawn < listed_ and same(y, values[:shorter]):
        return (
            f"a curve shows the first {drawn} of the {listed_} numbers of {name}. Draw the whole "
            "list. (If it has grown since, run the cell that draws again.)"
        )
    if drawn < listed_ and same(y, values[-shorter:]):
        return (
            f"a curve shows the last {drawn} of the {listed_} numbers of {name}. Draw the whole "
            "list."
        )
    steps = [n for n in range(2, listed_) for start in range(n) if same(y, values[start::n])]
    if steps:
        return f"a curve shows {drawn} of the {listed_} numbers of {name}. Draw the whole list."
    digits = next((n for n in range(4) if same(y, np.round(values, n))), None)
    if digits is not None and not same(y, values):
        return (
            f"a curve shows the numbers of {name} rounded to {counted(digits, 'digit')} after the "
            "point. Plot the list as it is."
        )
    return ""
