"""Every panel of the course is timed, tried in a browser, and has a still in a solution.

Names are compared, so it needs no browser: a panel that nobody tries is noticed on every machine.
"""

from authoring.bench import panels as bench
from helpers import explorers
from tests.browser import panels as browser
from tests.notebooks import test_stills as stills

ALL = set(explorers.__all__) - {"lecture"}


def test_every_panel_is_timed():
    assert bench.WALKS.keys() == ALL


def test_every_panel_is_tried_in_a_browser():
    assert browser.PANELS.keys() == ALL


def test_every_panel_has_a_still():
    assert stills.shown_panels() == ALL
