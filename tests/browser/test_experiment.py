"""An experiment in JupyterLab, from the keyboard: train, watch the epochs, and train another."""

from playwright.sync_api import expect

from tests.browser.lab import Notebook, shared_jupyterlab, write_notebook
from tests.browser.panels import SETUP
from tests.browser.test_panels import press

CELLS = [
    SETUP + "experiment = explorers.Experiment(few, few)\nexperiment",
    "explorers.Learning(experiment)",
    "print('cells run, too')",
]
LONG = 60_000  # milliseconds: two cores of a busy machine


def test_a_run_and_its_epochs(page, tmp_path):
    write_notebook(tmp_path / "experiment.ipynb", CELLS)
    with shared_jupyterlab(tmp_path) as address:
        notebook = Notebook(page, address, "experiment.ipynb")
        notebook.run_all()
        experiment, learning = (page.locator(".cnn-explorer").nth(place) for place in (0, 1))
        said = experiment.locator(".cnn-caption")
        shown = learning.locator(".cnn-caption")
        expect(said).to_contain_text("No run yet")
        press(experiment, "combobox", "width", "4")
        expect(said).to_contain_text(
            "4 and 8 kernels"
        )  # the list is closed: the next key is no more its
        press(experiment, "button", "train", "Enter")
        notebook.choose(2)
        notebook.run_next()
        expect(page.get_by_text("cells run, too", exact=True)).to_be_visible()
        expect(said).to_contain_text("width 4: 5 of 5 epochs", timeout=LONG)
        expect(experiment.locator("svg.cnn-scene")).to_be_visible()

        expect(shown).to_contain_text("width 4, after epoch 5")
        slider = learning.get_by_role("slider", name="epoch")
        slider.focus()
        page.keyboard.press("ArrowLeft")
        expect(shown).to_contain_text("width 4, after epoch 4")
        page.keyboard.press("Home")
        expect(shown).to_contain_text("width 4, untrained")

        press(experiment, "combobox", "pooling", "none")
        expect(said).to_contain_text("no pooling, but a stride")
        press(experiment, "button", "train", "Enter")
        expect(said).to_contain_text("no pooling, width 4: 5 of 5 epochs", timeout=LONG)
        expect(said).to_contain_text("Best so far")
        expect(shown).to_contain_text("no pooling, width 4, after epoch 5")
        assert notebook.failures() == []
        assert notebook.errors == []
