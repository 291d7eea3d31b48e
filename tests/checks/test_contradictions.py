"""Each check is handed answers to other tasks, right and wrong ones: what it says is true of them.

They are those in the tables of the tests, as far as they are of the kind that the check is made for
(a number, a layer, a network, a function, a figure), so that a sentence which fits the usual
mistakes of a task meets others.
"""

import contextlib
import inspect
import io

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from helpers.checks.core import limits
from helpers.checks.core.outcomes import CheckError
from tests.checks.claims import CLAIMS, Calls, untrue, watched
from tests.checks.harvest import CHECKS, RIGHT, answers_by_kind, kind_of

MOST = 8  # of the answers of a kind, spread over all tasks: all of them take many minutes
PLACES = [(name, place) for name, make in RIGHT.items() for place in range(len(make()))]
BLANKS = (..., None, lambda *_, **__: None, lambda *_, **__: ...)


@pytest.fixture(scope="module")
def by_kind():
    return answers_by_kind()


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    """Some of the functions never end."""
    monkeypatch.setattr(limits, "SECONDS", 0.3)


def said_of(name: str, answers: list) -> tuple[str, list[str]]:
    """What the check says of the answers, and what is untrue of that; ("", []) if they pass."""
    answers, calls = list(answers), []
    for number, answer in enumerate(answers):
        if kind_of(answer) == "function":
            calls.append(Calls())
            answers[number] = watched(answer, calls[-1])
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            CHECKS[name](*answers)
        except CheckError as error:
            assert error.__cause__ is None, f"the check itself stumbles: {error}"
            assert error.message.rstrip()[-1] in ".?!)", error.message
            return error.message, untrue(error.message, answers, calls)
    return "", []


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_what_is_said_of_the_answers_to_other_tasks_is_true(name, place, by_kind):
    right = RIGHT[name]()
    tables = by_kind[kind_of(right[place])]
    foreign = [value for other, values in tables.items() if other != name for value in values]
    for value in foreign[:: max(1, len(foreign) // MOST)]:
        message, wrong = said_of(name, [*right[:place], value, *right[place + 1 :]])
        assert not wrong, f"of {value!r:.80} it says: {message}"


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_what_is_said_of_blanks_is_true(name, place):
    right = RIGHT[name]()
    usual = list(inspect.signature(CHECKS[name]).parameters.values())[place].default
    for blank in BLANKS if kind_of(right[place]) == "function" else BLANKS[:2]:
        if blank is usual:  # then less is measured, and nothing is missing
            continue
        message, wrong = said_of(name, [*right[:place], blank, *right[place + 1 :]])
        assert message and not wrong, f"of {blank!r:.80} it says: {message}"


SILENT = Calls(returned=[2.5])  # a function that returned a number, and nothing else happened
LAYER = nn.Conv2d(1, 8, 5)
LIES = [
    ("put your answer in place of the dots, so that n has a value.", [None], []),
    ("f returns dots (...). Put a value in their place.", [], [SILENT]),
    ("f comes upon dots (...) that wait to be filled in.", [], [SILENT]),
    ("n is None: it has no value yet.", [3], [SILENT]),
    ("f returns nothing yet.", [], [SILENT]),
    ("f prints something, but returns nothing.", [], [Calls(returned=[None])]),
    ("f raised KeyError on a number: 'x'.", [], [Calls("f", raised=[ValueError("x")])]),
    ("f changes the image or the layer that it is given.", [], [SILENT]),
    ("the value is right, but the layer computed it.", [], [SILENT]),
    ("n is a tensor of shape [2, 3].", [torch.zeros(3, 2)], []),
    ("the shape of n is [2, 3]: that is too small.", [torch.zeros(3, 2)], []),
    ("n is [2, 3]: that is too small.", [(2, 4)], []),
    ("n is 3 (of type int); a function was expected.", ["3"], []),
    ("fig is a tuple; expected is the figure alone.", [[1, 2]], []),
    ("n is the class Linear itself, not an instance of it.", [nn.Conv2d], []),
    ("n is the function len itself, not what it returns.", [sum], []),
    ("a number was expected. Leave out the quotes.", [3], []),
    ("n is a tuple with one thing in it.", [(1, 2)], []),
    ("a number was expected. Take away the comma, which makes a tuple of it.", [[1, 2]], []),
    ("num_parameters is 200: these are the weights alone.", [208], []),
    ("dropped is 2.5; a whole number was expected.", [2.75], []),
    ("value_by_hand gives 1.2500, the layer 1.3700.", [], [SILENT]),
    ("relative_change gives nan.", [], [SILENT]),
    ("the figure has 3 axes; asked for are two.", [Figure()], []),
    ("your layer takes 3 channels in.", [LAYER], []),
    ("your layer gives 6 channels out.", [LAYER], []),
    ("your kernel has 3×3 pixels.", [LAYER], []),
    ("your layer has stride=2; asked for is 1.", [LAYER], []),
    ("your layer has dilation=(2, 1); asked for is 1.", [LAYER], []),
    ("your layer has no bias.", [LAYER], []),
    ("the network has 44,426 parameters.", [LAYER], []),
    ("For another row your function gives the same.", [], [Calls(returned=[1.0, 2.0])]),
]


@pytest.mark.parametrize(("message", "answers", "calls"), LIES)
def test_a_lie_is_found(message, answers, calls):
    assert untrue(message, answers, calls)


def test_every_claim_is_found_to_be_a_lie_by_one_of_them():
    found = [why for message, answers, calls in LIES for why in untrue(message, answers, calls)]
    assert all(any(why in one for one in found) for *_, why in CLAIMS)


def test_a_function_is_watched():
    def student(image, layer):
        print("working")
        image *= 2
        return layer(image)

    calls = Calls()
    image = torch.ones(1, 28, 28)
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        watched(student, calls)(image, LAYER)
        with pytest.raises(TypeError):
            watched(student, calls)(image)
    assert shown.getvalue() == "working\n"
    assert calls.printed and calls.changed and calls.called_layer
    assert [type(error) for error in calls.raised] == [TypeError] and len(calls.returned) == 1
