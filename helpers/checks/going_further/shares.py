"""An accuracy that a student has measured, as a share of the images."""

import math

from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import real_number


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
