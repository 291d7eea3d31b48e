"""What the checks of tasks 5.1 and 5.5 ask of numbers that a student has measured."""

import math

from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.values import answered, describe, is_blank, real_number, whole_number
from helpers.checks.going_further.student_networks import listed


def judge_results(results) -> None:
    """Raise unless ``results`` are rows of at least three variants, each measured by itself."""
    if isinstance(results, dict) or not isinstance(results, (list, tuple)):
        raise Incorrect(
            f"results is {describe(results)}; expected is a list with one dictionary per variant."
        )
    if not results:
        raise NotAnswered("results is still empty. Add one dictionary per variant that you train.")
    rows = [_row(number, result) for number, result in enumerate(results)]
    if len(rows) < 3:
        raise Incorrect(
            f"results has {len(rows)} row{'s' * (len(rows) > 1)}; expected are at least 3, so "
            "that there is something to compare. Train another variant."
        )
    for number, row in enumerate(rows):
        for earlier in range(number):
            if row[1:] == rows[earlier][1:]:
                raise Incorrect(
                    f"rows {earlier} and {number} of results have the same numbers. Make a new "
                    "network for each variant, train it, and write down what you measured then."
                )
            if row[0] == rows[earlier][0]:
                raise Incorrect(
                    f"rows {earlier} and {number} of results have the same variant, "
                    f"{' '.join(row[0].split())[:40]}. Give each a name that tells them apart."
                )


def _row(number: int, result) -> tuple[str, int, float, float]:
    """One row of results as variant, parameters, seconds, accuracy; or what is wrong with it."""
    answered(**{f"row {number} of results": result})
    keys = ("variant", "parameters", "seconds", "accuracy")
    if not isinstance(result, dict):
        raise Incorrect(
            f"row {number} of results is {describe(result)}; expected is a dictionary with the "
            f"keys {listed(keys)}."
        )
    missing = [key for key in keys if key not in result]
    if len(missing) == len(keys):
        raise Incorrect(
            f"row {number} of results has other keys than expected: each row needs {listed(keys)}, "
            "in just these words."
        )
    if missing:
        raise Incorrect(
            f"row {number} of results lacks {listed(missing)}; each row needs {listed(keys)}."
        )
    names = [f'"{key}" in row {number} of results' for key in keys]
    for name, key in zip(names, keys, strict=True):
        if is_blank(result[key]):
            raise NotAnswered(f"put what you measured in place of the dots for {name}.")
    parameters = whole_number(result["parameters"], names[1])
    seconds = real_number(result["seconds"], names[2])
    if parameters <= 0:
        raise Incorrect(
            f"{names[1]} is {parameters:,}; a network with convolutions has more. Add up p.numel() "
            "over model.parameters()."
        )
    if 0 < parameters < 100:
        raise Incorrect(
            f"{names[1]} is {parameters}: so many tensors, perhaps, but there are many numbers in "
            "each. Add up p.numel() over model.parameters(), as count_parameters does."
        )
    if 1e6 < seconds < math.inf:
        raise Incorrect(
            f"{names[2]} is {seconds:.3g}: the clock itself, it seems. Subtract the clock before "
            "training from the clock after it."
        )
    if not 0 < seconds < math.inf:
        raise Incorrect(
            f"{names[2]} is {seconds:g}; expected is a time above 0. "
            "Subtract the clock before training from the clock after it."
        )
    return str(result["variant"]), parameters, seconds, read_share(result["accuracy"], names[3])


def read_share(value, name: str) -> float:
    """An accuracy as a number between 0 and 1."""
    if isinstance(value, (list, tuple)):
        raise Incorrect(
            f"{name} is a {type(value).__name__} of {len(value)} thing{'s' * (len(value) != 1)}; "
            "expected is one number. Take the last, after training."
        )
    if isinstance(getattr(value, "accuracies", None), list):
        raise Incorrect(
            f"{name} is all that training.fit returns; expected is one number. Take the last of "
            "its accuracies: .accuracies[-1]."
        )
    share = real_number(value, name)
    if math.isnan(share):
        raise Incorrect(f"{name} is nan, not a number: was it divided by 0 images? Measure again.")
    if 1 < share < 10:
        raise Incorrect(
            f"{name} is {share:g}; expected is the share of right answers, between 0 and 1. "
            "Is this a loss, or a percentage?"
        )
    if 10 <= share <= 100:
        raise Incorrect(
            f"{name} is {share:g}: a percentage, it seems. Expected is the share of right answers "
            "between 0 and 1; divide by 100."
        )
    if not 0 <= share <= 1:
        raise Incorrect(
            f"{name} is {share:g}; expected is the share of right answers, between 0 and 1. "
            "Divide the number of right answers by the number of images."
        )
    return share
