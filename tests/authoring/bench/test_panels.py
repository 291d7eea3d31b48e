"""Every panel of the course is timed, tried in a browser, and has a still in a solution.

Names are compared, so it needs no browser: a panel that nobody tries is noticed on every machine.
"""

from authoring.bench import panels as bench
from helpers import explorers
from tests.browser import panels as browser
from tests.notebooks import test_stills as stills

ALL = set(explorers.__all__) - {"lecture"}
TO_DO = "A panel is in explorers.__all__ alone, or everywhere but there:"


def test_every_panel_is_timed():
    where = "WALKS and panels() in authoring/bench/panels.py"
    assert bench.WALKS.keys() == ALL, f"{TO_DO} add it to {where}"


def test_every_panel_is_tried_in_a_browser():
    assert browser.PANELS.keys() == ALL, f"{TO_DO} add it to PANELS in tests/browser/panels.py"


def test_every_panel_has_a_still():
    assert stills.shown_panels() == ALL, f"{TO_DO} show it in the last line of a solution's cell"
