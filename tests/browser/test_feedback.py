"""The outcomes of checks in JupyterLab, in a real browser: as a student meets them."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.lab import Notebook, jupyterlab, write_notebook

CELLS = {
    "given": "from torch import nn\nfrom helpers import checks",
    "right": "checks.conv_layer(nn.Conv2d(1, 8, 5))",
    "wrong": "checks.conv_layer(nn.Conv2d(8, 1, 5))",
    "open": "checks.conv_layer(...)",
    "hint": 'checks.hint("1.1")',
    "progress": "checks.progress()",
}


@pytest.fixture(params=["light", "dark"])
def outcomes(request, page, tmp_path):
    """A page with all outcomes below each other."""
    write_notebook(tmp_path / "outcomes.ipynb", CELLS.values())
    with jupyterlab(tmp_path, dark=request.param == "dark") as address:
        shown = Notebook(page, address, "outcomes.ipynb")
        for _ in CELLS:
            shown.run_next()
        page.get_by_text("0 of 7 tasks done").wait_for()
        yield shown


def test_outcomes_in_a_browser(outcomes):
    page = outcomes.page
    alerts = page.locator(".jp-OutputArea [role=alert]").all_inner_texts()
    assert [text.split(" ")[0] for text in alerts] == ["✗", "○"]
    assert "The first argument is the number of channels that come in." in alerts[0]
    assert page.get_by_text('Stopped at task 1.1. More help: checks.hint("1.1")').count() == 2
    assert page.get_by_text("Traceback").count() == 0
    assert page.get_by_role("cell", name="○ open").count() == 7
    found = Axe().run(page, context=".jp-RenderedHTML").response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    assert outcomes.errors == []
