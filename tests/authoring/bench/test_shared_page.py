"""The benchmark of a page measures what it says, and fails beyond what is allowed."""

from authoring.bench import shared_page as bench
from helpers import sharing
from helpers.models import ConvNet
from tests.sharing.test_html_page import data_of

QUICK = dict.fromkeys(bench.ALLOWED, 0.01)


def test_a_page_is_measured(chromium, tmp_path):
    path = sharing.page(ConvNet(), tmp_path / "net.html", data_of()).path
    taken, states = bench.measure(chromium, path.as_uri(), rate=1)
    assert taken.keys() == bench.ALLOWED.keys()
    assert all(0 < seconds < 60 for seconds in taken.values())
    assert states >= bench.FEWEST_STEPS
    assert chromium.contexts == []


def test_each_figure_is_printed_and_may_be_the_one_that_is_too_slow(capsys):
    assert bench.report([(QUICK, 20)])
    shown = capsys.readouterr().out
    assert all(what in shown for what in bench.ALLOWED)
    for what, allowed in bench.ALLOWED.items():
        slow = QUICK | {what: 1.01 * allowed}
        assert not bench.report([(slow, 20)])
        assert bench.report([(slow, 20), (QUICK, 20), (QUICK, 20)]), "the median counts"


def test_a_progress_that_stands_still_is_too_little():
    assert not bench.report([(QUICK, 20), (QUICK, bench.FEWEST_STEPS - 1)])


def test_without_a_browser_nothing_is_said_to_be_quick(monkeypatch, capsys):
    monkeypatch.setattr(bench, "CHROMIUM", None)
    assert bench.main() == 1
    assert "is not timed: no Chromium was found" in capsys.readouterr().out
