"""The check of task 3.9: a run for each learning rate, and which rate is best."""

import itertools
import math
from collections.abc import Mapping, Sequence

from torch import nn

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, close, is_blank, real_number
from helpers.checks.full_cnn.measured_again import Measured, measure
from helpers.checks.full_cnn.training_run import EPOCHS, judge_shares, numbers, same

RATES = (1e-3, 1e-2, 1e-1)
REACHED = 0.80  # what the largest of the three rates reaches in ten epochs, with margin
NEARLY = 0.005  # two runs that end this close together are equally good


@check("3.9", "The learning rate", hints=(
    "What does a training need to start from nothing? If something of the last one is used "
    "again, the comparison is not fair.",
    "In the function: a new network on the device, a new SGD for its parameters with "
    "lr=learning_rate, an empty list, the loop of Task 3.7 with the accuracy appended, and at "
    "the end return the network and the list. Call it once for each of the two new rates, and "
    "compare the last numbers of the three lists.",
))  # fmt: skip
def learning_rates(runs, best_learning_rate, best_model=None, test_data=None) -> str:
    """Right: a dictionary of the accuracies per epoch for 1e-3, 1e-2 and 1e-1, ten epochs or more
    each with a new network, of which 1e-1 reaches 0.80; and the rate whose run ends highest. With
    ``test_data`` the network of 1e-1 is measured again: it reaches what its run ends with."""
    answered(runs=runs, best_learning_rate=best_learning_rate)
    if not isinstance(runs, Mapping):
        raise Incorrect(
            f"runs is {describe(runs)}; expected is a dictionary with the learning rates as keys "
            "and the lists of accuracies as values."
        )
    accuracies = runs_by_rate(runs)
    best = rate_of(best_learning_rate, "best_learning_rate", accuracies)
    judge_fresh_starts(accuracies)
    judge_best(best, accuracies)
    if test_data is not None:
        judge_model(measure(best_model, "best_model", test_data), accuracies)
    return "a step 100 times as long crosses the plateau within the first epoch"


def runs_by_rate(runs: Mapping) -> dict[float, list[float]]:
    """The accuracies for each learning rate; at least those of the three rates asked for."""
    if not runs:
        raise NotAnswered("runs is still empty: train once for each learning rate.")
    found = {}
    for key, values in runs.items():
        if isinstance(key, (str, bytes)):
            raise Incorrect(
                f"the key {key!r} of runs is a text. Use the number itself, without quotes, as in "
                "runs[1e-2]: the cells below calculate with it."
            )
        rate = rate_of(key, "a key of runs")
        if values is None:
            raise NotAnswered(
                f"the run of {_say(rate)} is None: what was called for it returns nothing yet. Let "
                "train_anew end with return and two things, the network and the list."
            )
        if is_blank(values):
            raise NotAnswered(f"put the accuracies in place of the dots for {_say(rate)} in runs.")
        if hasattr(values, "accuracies"):
            raise Incorrect(
                f"the run of {_say(rate)} is {describe(values)}, which has more than the "
                "accuracies. Keep these alone in runs: its .accuracies."
            )
        if isinstance(values, (tuple, list)) and any(isinstance(v, nn.Module) for v in values):
            raise Incorrect(
                f"the run of {_say(rate)} holds a network besides the accuracies: train_anew "
                "returns both. Take them apart, and keep only the list of accuracies in runs."
            )
        found[rate] = numbers(values, f"the run of {_say(rate)}")
    missing = [rate for rate in RATES if not any(_is_rate(rate, key) for key in found)]
    if missing:
        raise Incorrect(
            f"runs has no accuracies for {' and '.join(f'{_say(rate)}' for rate in missing)}. "
            "Train a new network with this learning rate, and store its list under this key."
        )
    hidden = next((rate for rate in RATES if rate not in runs), None)
    if hidden:  # as by a key in float32
        raise Incorrect(
            f"runs[{_say(hidden)}] finds nothing, although there is a key of nearly this number. "
            "Use the number as Python writes it as the key: the cells below look it up."
        )
    for rate, values in found.items():
        if len(values) < EPOCHS:
            raise Incorrect(
                f"the run of {_say(rate)} has {len(values)} "
                f"epoch{'' if len(values) == 1 else 's'}; asked for are {EPOCHS}, to compare."
            )
        judge_shares(values, f"the run of {_say(rate)}")
    return dict(sorted(found.items()))


def rate_of(value, name: str, known: Mapping[float, Sequence[float]] | None = None) -> float:
    """``value``, a number or a text such as "1e-1", as a learning rate, one of ``known``."""
    try:
        rate = float(value) if isinstance(value, str) else real_number(value, name)
    except ValueError:
        rate = math.nan
    if not rate > 0:
        raise Incorrect(f"{name} is {describe(value)}; expected is a learning rate such as 1e-2.")
    if known is None:
        return rate
    for key in known:
        if _is_rate(rate, key):
            return key
    if any(_is_rate(rate, accuracy) for values in known.values() for accuracy in values):
        raise Incorrect(
            f"{name} is {_say(rate)}, which is an accuracy. Asked for is the learning rate that "
            "reached it: the key in runs."
        )
    raise Incorrect(
        f"{name} is {_say(rate)}, which is no key of runs. "
        f"Choose one of {', '.join(f'{_say(key)}' for key in known)}."
    )


def _say(rate: float) -> str:
    """``rate`` as the notebook writes it: 1e-2."""
    exponent = round(math.log10(rate))
    return f"1e{exponent}" if exponent < 0 and _is_rate(rate, 10.0**exponent) else f"{rate:g}"


def _is_rate(one: float, other: float) -> bool:
    return close(one, other, 1e-6, floor=0.0)  # float32 is exact enough


def judge_fresh_starts(runs: dict[float, list[float]]) -> None:
    """Each run is a list of its own, begun with a new network."""
    for (one, a), (other, b) in itertools.combinations(runs.items(), 2):
        shorter = min(len(a), len(b))
        flat = max(a) - min(a) < 0.02  # runs that never leave the plateau may well agree
        if same(a[:shorter], b[:shorter]) and not flat:
            raise Incorrect(
                f"the runs of {_say(one)} and {_say(other)} begin with the same numbers. Each "
                "learning rate needs a new network, a new optimizer for it, and a new empty list."
            )
    slow, fast = (
        next(values for key, values in runs.items() if _is_rate(key, rate))
        for rate in (RATES[0], RATES[-1])
    )
    if slow[0] > 0.6 and slow[0] > fast[0]:
        raise Incorrect(
            f"the run of 1e-3 begins at {slow[0]:.2f}, higher than the run of 1e-1, although its "
            "steps are the smallest. Are the lists exchanged, or did it go on with a network that "
            "was trained before? Make a new network for each learning rate."
        )
    if fast[-1] < REACHED:
        raise Incorrect(
            f"the run of 1e-1 ends at an accuracy of {fast[-1]:.2f}; with a new network it comes "
            f"above {REACHED:.2f}. Were model and optimizer made anew, and does the optimizer "
            "have this learning rate and the parameters of this model?"
        )


def judge_best(best: float, runs: dict[float, list[float]]) -> None:
    """The rate chosen is the one whose run ends highest, or as good as that."""
    last = {rate: values[-1] for rate, values in runs.items()}
    top = max(last, key=last.get)
    if last[best] < last[top] - NEARLY:
        raise Incorrect(
            f"best_learning_rate is {_say(best)}, whose run ends at an accuracy of "
            f"{last[best]:.3f}; another of your runs ends at {last[top]:.3f}. Compare the last "
            "entries."
        )


def judge_model(measured: Measured, runs: dict[float, list[float]]) -> None:
    """The network is the one that was trained with 1e-1."""
    last = {_say(rate): values[-1] for rate, values in runs.items()}
    name = _say(RATES[-1])
    if measured.has_accuracy(last[name]):
        return
    others = [other for other, value in last.items() if measured.has_accuracy(value)]
    like = f" That is what the run of {others[0]} ends with." if others else ""
    raise Incorrect(
        f"best_model gets {measured.accuracy:.3f} of {measured.images:,} test images right, but "
        f"the run of {name} ends with {last[name]:.3f}.{like} Keep the network and the list that "
        f"one call train_anew({name}) returns."
    )
