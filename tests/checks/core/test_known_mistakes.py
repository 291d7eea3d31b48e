"""Known mistakes and advice are looked up in the order in which they stand."""

from functools import partial
from operator import eq

import torch

from helpers.checks.core.known_mistakes import advice_on, sentence_on
from helpers.checks.core.values import close


def test_the_first_advice_that_fits_is_given():
    first = (("out of range", "Count from 0."), ("range", "Look at the range."))
    assert advice_on("index out of range", first) == "Count from 0."
    assert advice_on("a range", (), first) == "Look at the range."
    assert advice_on("nothing of it", first) == ""


def test_the_first_mistake_that_is_the_same_is_named():
    known = ((1.0, "one."), (torch.tensor([1.0, 2.0]), "two numbers."), (1.00001, "later."))
    assert sentence_on(1.00001, known) == "one."
    assert sentence_on(torch.tensor([1.0, 2.0]), known) == "two numbers."
    assert sentence_on(1.00001, known, partial(close, tolerance=0)) == "later."
    assert sentence_on((8, 1), {(8, 1): "turned."}.items(), eq) == "turned."
    assert sentence_on(7.0, known) == ""


def test_mistakes_are_not_computed_before_they_are_asked_for():
    def known():
        yield 3.0, "three."
        raise AssertionError("the rest was not needed")

    assert sentence_on(3.0, known()) == "three."


def test_the_floor_is_the_least_unit_of_closeness():
    assert close(0.00005, 0.0) and not close(0.00005, 0.0, floor=1e-3)
    assert not close(0.0011, 0.001, 1e-3, floor=0.0)
    assert close([1.0, 2.0], (1.0, 2.00001)) and not close([1.0, 2.0], [1.0])
