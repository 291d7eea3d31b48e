"""Every panel of the course is timed, tried in a browser, and has a still in a solution.

Names are compared, so it needs no browser: a panel that nobody tries is noticed on every machine.
"""

import importlib
import pkgutil

from authoring.bench import panels as bench
from helpers import explorers
from helpers.explorers._base import Explorer
from tests.browser import panels as browser
from tests.notebooks import test_stills as stills

ALL = set(explorers.__all__) - {"lecture"}
TO_DO = "A panel is in explorers.__all__ alone, or everywhere but there:"


def test_every_panel_in_the_folder_is_public():
    """So that a file with a panel cannot stand there untried."""
    for module in pkgutil.iter_modules(explorers.__path__):
        importlib.import_module(f"helpers.explorers.{module.name}")
    waiting, found = [Explorer], set()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("helpers.explorers.") and kind.__module__.endswith("_panel"):
            found.add(kind.__name__)
    assert found == ALL, f"{found ^ ALL}: a panel's name belongs into explorers.__all__"


def test_every_panel_is_timed():
    where = "WALKS and panels() in authoring/bench/panels.py"
    assert bench.WALKS.keys() == ALL, f"{TO_DO} add it to {where}"


def test_every_panel_is_tried_in_a_browser():
    assert browser.PANELS.keys() == ALL, f"{TO_DO} add it to PANELS in tests/browser/panels.py"


def test_every_panel_has_a_still():
    assert stills.shown_panels() == ALL, f"{TO_DO} show it in the last line of a solution's cell"
