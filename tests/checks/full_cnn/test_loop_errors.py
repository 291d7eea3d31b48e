"""Errors in a student's loop: each has a sentence, and each sentence a mistake that is told it."""

import contextlib
import io

import pytest

from helpers.checks import CheckError
from helpers.checks import test_loop as check_test_loop
from helpers.checks import train_loop as check_train_loop
from helpers.checks.full_cnn import loop_errors
from tests.checks.full_cnn.test_test_loop import TEST_LOOPS
from tests.checks.full_cnn.test_train_loop import TRAIN_LOOPS


def test_each_error_is_met_by_a_mistake():
    messages = {_message(check_train_loop, answer) for answer, _ in TRAIN_LOOPS.values()}
    messages |= {_message(check_test_loop, answer) for answer, _ in TEST_LOOPS.values()}
    assert {advice for _, advice in loop_errors.ADVICE} <= messages


def _message(check, answer) -> str:
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(CheckError) as caught:
        check(answer)
    return caught.value.message
