"""The keys that a control of a panel is given are its own: the notebook around it takes none.

Every control of every panel, as the page has them, in JupyterLab and in Notebook 7.
"""

import pytest
from playwright.sync_api import ElementHandle, Page, expect

from helpers import explorers
from tests.browser.lab import (
    BOTH,
    Notebook,
    shared_jupyterlab,
    skip_without,
    write_notebook,
)
from tests.browser.panels import PANELS, SETUP

# What Tab leads to.
CONTROLS = ":is(select, input, button, textarea, summary, a[href], [tabindex='0']):not(:disabled)"
# What the command mode of a notebook does to cells, and what leaves a control in the end.
KEYS = [
    *("ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "j", "k"),
    *("a", "b", "d", "d", "x", "v", "m", "y", "z", "1", "Shift+M", "Shift+L", "Home", "End"),
    *("Space", "Escape", "Space", "Escape"),  # twice: a box that is ticked shows other controls
    *("Enter", "Escape", "Shift+Enter", "Escape"),
]

# The cells, what was run of them, which is chosen, and in which mode.
CELLS = """() => JSON.stringify(jupyterapp.shell.currentWidget.content.widgets.map(
    cell => [cell.model.id, cell.model.type, cell.model.executionCount, cell.outputHidden]))"""
CHOSEN = """() => {
    const notebook = jupyterapp.shell.currentWidget.content;
    return `${notebook.activeCellIndex} ${notebook.mode}`;
}"""
# First, whether the control has the keys; last, what else the keys have made the notebook do.
STATE = f"control => [control === document.activeElement, ({CELLS})(), ({CHOSEN})(), window.done]"
NOTE_COMMANDS = """() => {
    window.done = [];
    jupyterapp.commands.commandExecuted.connect((_, command) => window.done.push(command.id));
}"""


def test_all_panels_are_here():
    assert set(PANELS) == {name for name in explorers.__all__ if name[0].isupper()}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    sources = [SETUP, *(source for source, _, _ in PANELS.values())]
    write_notebook(folder / "keys.ipynb", sources)
    with shared_jupyterlab(folder) as address:
        yield address


@pytest.mark.parametrize("place", BOTH)
def test_a_control_keeps_its_keys(place, lab, page):
    skip_without(place)
    notebook = Notebook(page, lab, "keys.ipynb", place)
    notebook.run_all()
    expect(page.locator(".cnn-explorer .cnn-caption").last).not_to_be_empty(timeout=60_000)
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )
    assert notebook.failures() == []
    page.evaluate(NOTE_COMMANDS)
    lost, pressed = [], 0
    for panel in page.locator(".cnn-explorer:not(.cnn-explorer .cnn-explorer)").all():
        controls = panel.locator(CONTROLS).filter(visible=True).element_handles()
        for control in reversed(controls):  # the first ones may hide what is below them
            name = control.evaluate(
                "c => c.labels?.[0]?.innerText || c.title || c.outerHTML.slice(0, 80)"
            )
            lost += [f"{what} on {name}" for what in taken(page, control)]
            pressed += 1
    assert "; ".join(lost) == ""
    assert pressed > 3 * len(PANELS)


def taken(page: Page, control: ElementHandle) -> list[str]:
    """What the keys did to the notebook, if anything, and how they left the control too early."""
    control.focus()
    before = control.evaluate(STATE)
    for key in KEYS:
        page.keyboard.press(key)
    _, cells, chosen, done = before
    here, *after = control.evaluate(STATE)
    if not here or after != [cells, chosen, done]:
        return after[-1][len(done) :] or ["a key"]
    page.keyboard.press("Tab")
    here, after, *_ = control.evaluate(STATE)
    return [] if not here and after == cells else ["Tab"]
