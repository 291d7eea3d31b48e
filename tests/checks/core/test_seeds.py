"""The inputs of the checks can be drawn from other seeds: for the hidden checks of a grader."""

import contextlib
import io

import pytest
import torch

from helpers import checks
from helpers.checks.core import seeds
from tests.checks import answers

RIGHT = answers.right_answers()


def test_within_the_block_other_numbers_are_drawn_and_afterwards_the_usual_ones():
    usual = torch.rand(5, generator=seeds.seeded(3))
    with checks.other_inputs(4711):
        assert not torch.equal(torch.rand(5, generator=seeds.seeded(3)), usual)
    assert torch.equal(torch.rand(5, generator=seeds.seeded(3)), usual)


@pytest.mark.parametrize("shift", [1, 123_456_789, 10**9])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_is_right_on_other_inputs(name, shift):
    with checks.other_inputs(shift), contextlib.redirect_stdout(io.StringIO()):
        getattr(checks, name)(*RIGHT[name]())


def test_an_answer_that_knows_the_usual_inputs_by_heart_shows_on_others(capsys):
    known = {}

    def learn(before, after):
        known[before.sum().item()] = answers.relative_change(before, after)
        return known[before.sum().item()]

    def by_heart(before, after):
        return known.get(before.sum().item(), 0.0)

    _, *measured = RIGHT["shift_changes"]()
    for answer in (learn, by_heart):
        checks.shift_changes(answer, *measured)
    with checks.other_inputs(99), pytest.raises(checks.Incorrect):
        checks.shift_changes(by_heart, *measured)
