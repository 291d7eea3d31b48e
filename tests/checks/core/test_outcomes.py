"""What every check promises: how it speaks, what it takes for a blank, and no trace."""

import inspect
import re
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

from helpers import checks
from helpers.checks.core.checking import check
from helpers.checks.core.outcomes import (
    AMBER,
    BLUE,
    GREEN,
    RED,
    Block,
    CheckError,
    Incorrect,
    NotAnswered,
    Passed,
)
from helpers.checks.core.values import answered
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_passes

ROOT = Path(__file__).resolve().parents[3]
EVERY = [found for found in map(vars(checks).get, checks.__all__) if hasattr(found, "task")]


@check("9.9", "Small", hints=("A nudge.", "Nearly all."))
def small(number, function=None):
    """Right: 3."""
    answered(number=number)
    if number != 3:
        raise Incorrect("it is <3>.\nTry 3.")
    return "1 < 2 & so on"


@check("9.8", "Broken", hints=("A nudge.", "Nearly all."))
def broken(answer):
    """Right: nothing; the check itself stumbles."""
    raise ZeroDivisionError("division by zero")


# ------------------------------------------------------------------------------ all checks


def test_every_task_has_its_check():
    asked = [
        number
        for path in sorted((ROOT / "solutions").glob("*.ipynb"))
        for cell in nbformat.read(path, as_version=4).cells
        for number in re.findall(r"^### Task (\S+) – ", cell.source, re.MULTILINE)
    ]
    assert len(asked) > 30
    assert sorted(check.task for check in EVERY) == sorted(asked)
    assert checks.__all__ == sorted(checks.__all__)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_every_check_says_what_is_right(check):
    assert check.__doc__ and "Right: " in check.__doc__


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_every_check_takes_dots_and_none_for_blanks(check):
    count = len(inspect.signature(check).parameters)
    assert_blank(check, *[...] * count)
    assert_blank(check, *[None] * count)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_no_check_believes_a_liar(check):
    count = len(inspect.signature(check).parameters)
    with pytest.raises(Incorrect):
        check(*[Liar() for _ in range(count)])


# ------------------------------------------------------------------------- what is displayed


def test_right_answer_is_one_line(capsys):
    assert small(3) is None
    assert capsys.readouterr().out.strip() == "✓ 9.9  1 < 2 & so on"


@pytest.fixture
def shell():
    """A real IPython; the singleton is taken down again for the other tests."""
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("cell", "kind", "shown"),
    [
        ("small(4)", Incorrect, "✗ 9.9 not right yet: it is <3>.\nTry 3."),
        (
            "small(...)",
            NotAnswered,
            "○ 9.9 not answered yet: put your answer in place of the dots, so that number has a "
            "value.",
        ),
        (
            "broken(1)",
            Incorrect,
            "✗ 9.8 not right yet: the check could not work with this answer (ZeroDivisionError: "
            "division by zero). Compare its form with what the task asks for.",
        ),
        (
            "small()",
            Incorrect,
            "✗ 9.9 not right yet: this check is called as checks.small(number, ",
        ),
    ],
)
def test_wrong_answer_in_ipython_is_a_block_without_traceback(shell, capsys, cell, kind, shown):
    shell.user_ns.update(small=small, broken=broken)
    result = shell.run_cell(cell)
    assert isinstance(result.error_in_exec, kind)
    out = capsys.readouterr()
    assert out.out.strip().startswith(shown)
    assert "Traceback" not in out.out + out.err
    *block, last = out.out.strip().splitlines()
    task = result.error_in_exec.task
    assert last == f'Stopped at task {task}. More help: checks.hint("{task}")'
    assert len(block) <= 2


def test_right_answer_in_ipython(shell, capsys):
    shell.user_ns.update(small=small)
    result = shell.run_cell("small(3)")
    assert result.success and result.result is None
    assert capsys.readouterr().out.strip() == "✓ 9.9  1 < 2 & so on"


def test_the_cause_of_a_stumbling_check_is_kept():
    with pytest.raises(Incorrect) as caught:
        broken(1)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_check_shows_its_signature_and_docstring():
    assert list(inspect.signature(small).parameters) == ["number", "function"]
    assert small.__doc__ == "Right: 3." and small.task == "9.9"


def test_tables_tell_the_three_outcomes_apart():
    assert assert_passes(small, 3) == "✓ 9.9  1 < 2 & so on"
    assert assert_incorrect(small, "it is", 4)
    assert assert_blank(small, ...)
    for assertion, args in (
        (assert_incorrect, ("it is not", 4)),
        (assert_incorrect, ("", ...)),
        (assert_blank, (4,)),
    ):
        with pytest.raises(AssertionError):
            assertion(small, *args)
    with pytest.raises(pytest.fail.Exception):
        assert_incorrect(small, "", 3)
    with pytest.raises(Incorrect):
        assert_passes(small, 4)
    with pytest.raises(AssertionError):
        assert_incorrect(broken, "", 1)  # an error of the check is no message for the student


# ------------------------------------------------------------------------------ in a browser

OUTCOMES = [Passed("a < b"), NotAnswered("a < b"), Incorrect("a < b"), Block("?", "a < b", BLUE)]


def html_of(outcome) -> str:
    """What a browser gets of an outcome."""
    return (outcome.block() if isinstance(outcome, CheckError) else outcome)._repr_html_()


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``, as WCAG 2.2 defines it."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(w * s for w, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("ground, letters", [GREEN, AMBER, RED, BLUE])
def test_labels_can_be_read_on_any_page(ground, letters):
    dark, light = sorted(map(luminance, (ground, letters)))
    assert (light + 0.05) / (dark + 0.05) > 7


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: type(outcome).__name__)
def test_a_block_follows_the_page(outcome):
    html = html_of(outcome)
    assert "a &lt; b" in html
    assert len(re.findall(r"[ ;\"]color:", html)) == 1, "only the label has a colour of its own"
    assert not re.search(r"\d(px|pt)\b", html), "sizes follow the zoom and the presentation mode"


def test_outcomes_differ_in_sign_and_word_not_in_colour_alone():
    kinds = (Passed, NotAnswered, Incorrect)
    assert len({k.sign for k in kinds}) == len({k.word for k in kinds}) == 3
    for outcome in OUTCOMES[:3]:
        assert outcome.sign in html_of(outcome) and outcome.word in html_of(outcome)


def test_screen_readers_are_told_at_once_of_what_stops_the_notebook():
    roles = [re.search(r'role="(\w+)"', html_of(outcome))[1] for outcome in OUTCOMES]
    assert roles == ["status", "alert", "alert", "status"]
