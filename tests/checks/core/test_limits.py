"""How a student's code is stopped in time, and kept quiet."""

import contextlib
import sys
import threading
import time

import pytest
from IPython.display import display

from helpers.checks.core import limits
from helpers.checks.core.calling import attempt
from helpers.checks.core.checking import check
from helpers.checks.core.limits import Sink, TimeUp, quiet, time_limit
from tests.checks.tables import assert_incorrect


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.2)
    monkeypatch.setattr(limits, "GRACE", 0.2)


def spin(*_):
    while True:
        pass


def spin_and_catch_all(*_):
    while True:
        try:  # noqa: SIM105 - a student's way to make errors go away
            sum(range(10))
        except:  # noqa: E722
            pass
        sum(range(10))


@pytest.mark.parametrize("function", [spin, spin_and_catch_all])
def test_code_that_never_ends_is_stopped(function):
    begin = time.monotonic()
    with pytest.raises(TimeUp), time_limit():
        function()
    assert time.monotonic() - begin < 5


def test_code_on_another_thread_is_stopped_too():
    stopped = []

    def work():
        try:
            with time_limit():
                spin()
        except TimeUp:
            stopped.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert stopped


def test_nothing_comes_after_the_block():
    with time_limit():
        pass
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        pass
    assert not [t for t in threading.enumerate() if "watch" in t.name]


def test_a_clock_stops_with_its_block_even_if_time_was_up_at_once(monkeypatch):
    """Else it would go on, and end a later thread that gets the number of this one."""
    monkeypatch.setattr(limits, "SECONDS", 0.0)
    before = set(threading.enumerate())
    for _ in range(200):
        with contextlib.suppress(TimeUp), time_limit():
            pass
    monkeypatch.setattr(limits, "SECONDS", 0.2)
    clocks = set(threading.enumerate()) - before
    for clock in clocks:
        clock.join(0.5)
    assert not any(clock.is_alive() for clock in clocks)


def test_tracing_still_works_afterwards():
    """A debugger's or coverage's trace would never end if an exception were left half announced."""
    with time_limit():
        pass
    lines = []

    def local(frame, event, _arg):
        lines.append(event)
        assert len(lines) < 1000
        return local

    def traced():
        for _ in range(3):
            pass

    former = sys.gettrace()
    sys.settrace(lambda frame, *_: local if frame.f_code is traced.__code__ else None)
    try:
        traced()
    finally:
        sys.settrace(former)
    assert 5 < len(lines) < 20


def test_an_exception_of_the_code_comes_through():
    with pytest.raises(KeyError), time_limit():
        raise KeyError
    with pytest.raises(KeyboardInterrupt), time_limit():
        raise KeyboardInterrupt


@check("9.6", "Patient", hints=("A nudge.", "Nearly all."))
def patient(function):
    """Right: a function that ends."""
    attempt(function, 3, on="the number 3")
    return "it ended"


@check("9.5", "Direct", hints=("A nudge.", "Nearly all."))
def direct(function):
    """Right: a function that ends; called without further ado."""
    function(3)
    return "it ended"


def test_the_student_is_told_which_input_it_was():
    message = assert_incorrect(patient, "on the number 3. Is there a loop", spin)
    assert message.startswith("spin does not come to an end: it was stopped after 0.2 seconds")
    assert_incorrect(direct, "your answer does not come to an end", spin)


def test_quiet(capsys):
    with quiet() as sink:
        print("a", end="")
        print("b", file=sys.stderr)
        display("c")
    assert capsys.readouterr() == ("", "")
    assert sink.any_text


def test_a_sink_notes_text_and_keeps_none():
    sink = Sink()
    print("\n  ", file=sink)
    assert not sink.any_text
    print("x", file=sink)
    assert sink.any_text and vars(sink) == {"any_text": True}
