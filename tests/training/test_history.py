"""What a training has measured."""

from helpers.training import History


def test_the_history_shows_itself_in_a_line():
    assert repr(History()) == "History of 0 epochs"
    assert repr(History([1.0], [1.0], [0.875], [2.0])) == "History of 1 epoch: test accuracy 87.5%"
