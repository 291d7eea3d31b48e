"""A student's path through the lesson in JupyterLab, and what is there of it on another day."""

import re
import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from authoring.facts import ROOT
from tests.browser.lab import Notebook, jupyterlab
from tests.browser.test_stop import interrupt

FIRST, THIRD = "01_convolution_layers.ipynb", "03_full_cnn.ipynb"
LAYER = "nn.Conv2d(1, 8, 5)"
MODEL = "import time\nmodel = nn.Linear(1, 1)\nagain = False"
TRAINING = """with panel.run("learning rate 1e-3", model) as run:
    for epoch in run.epochs():
        time.sleep(0.3 if epoch < 3 or again else 600)  # in place of the two loops
        run.log(2.3 / epoch, 2.4 / epoch, 0.5)
        accuracies.append(0.5)
print(len(accuracies), "accuracies")"""


class Lesson(Notebook):
    """A student notebook; cells are named by their ids."""

    def place(self, cell: str) -> int:
        """Where a cell stands."""
        return self.page.evaluate(
            """id => jupyterapp.shell.currentWidget.content.widgets
                .findIndex(cell => cell.model.id === id)""",
            cell,
        )

    def run(self, cell: str, source: str | None = None):
        """Run a cell, with ``source`` if given; returns it."""
        place = self.place(cell)
        if source is not None:
            self.write(place, source)
        self.choose(place)
        self.run_next()
        return self.shown(place)

    def shown(self, place: int):
        return self.page.locator(".jp-NotebookPanel:visible .jp-Cell").nth(place)

    def answer(self, number: str, source: str, said: str | re.Pattern):
        """Answer a task, and run its check."""
        dashed = number.replace(".", "-")
        self.run(f"answer-{dashed}", source)
        check = self.run(f"check-{dashed}")
        expect(check).to_contain_text(said)
        return check

    def restart(self) -> None:
        """Restart the kernel, without a question."""
        self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )


def test_the_path_of_a_student(page: Page, tmp_path: Path):
    for name in (FIRST, THIRD):
        shutil.copy(ROOT / "notebooks" / name, tmp_path)
    with jupyterlab(tmp_path) as address:
        one = Lesson(page, address, FIRST)
        one.run("imports")
        expect(one.run("check-1-1")).to_contain_text("NameError? Run the cells above, from the top")
        one.answer("1.1", "conv_layer = ...", "○ 1.1 not answered yet")
        one.answer("1.1", "conv_layer = nn.Conv2d(8, 1, 5)", "✗ 1.1 not right yet")
        one.answer("1.1", "conv_layer = nn.Conv2d(1, 8, 5", "before your last change")
        one.answer("1.1", f"conv_layer = {LAYER}", "✓ 1.1 right")
        expect(one.run("progress")).to_contain_text("1 of 7 tasks done")

        one.restart()  # in the middle
        expect(one.run("check-1-1")).to_contain_text("NameError? Run the cells above, from the top")
        one.run("imports")
        expect(one.run("progress")).to_contain_text(re.compile(r"✓ done as of \d\d:\d\d today"))
        one.save()

        three = Lesson(page, address, THIRD)  # closed, and another one opened
        three.run("imports")
        three.run("answer-3-2", MODEL)
        three.run("lists")
        three.write(three.place("answer-3-7"), TRAINING)
        three.choose(three.place("answer-3-7"))
        page.evaluate("() => void jupyterapp.commands.execute('notebook:run-cell-and-select-next')")
        caption = page.locator(".cnn-explorer .cnn-caption").first
        expect(page.locator(".cnn-explorer progress").first).to_have_attribute(
            "aria-valuetext", re.compile("epoch 3 of 10")
        )
        interrupt(page)
        trained = three.shown(three.place("answer-3-7"))
        expect(trained).to_contain_text("Stopped by you after 2 of 10 epochs")
        three.run("answer-3-3", "again = True")
        three.run("answer-3-7")
        expect(caption).to_contain_text("learning rate 1e-3: 10 of 10 epochs")
        expect(caption).not_to_contain_text("(2)")
        expect(trained).to_contain_text("learning rate 1e-3 goes on after 2 epochs. So far:")
        expect(trained).to_contain_text("10 accuracies")
        expect(three.run("progress")).to_contain_text("0 of 9 tasks done")
        three.run("progress", "checks.progress(all=True)")
        every = three.shown(three.place("progress"))
        expect(every).to_contain_text("1 of 33 tasks done")

        again = Lesson(page, address, FIRST)  # opened once more: it is all there
        source = again.page.evaluate(
            """place => jupyterapp.shell.currentWidget.content.widgets[place]
                .model.sharedModel.getSource()""",
            again.place("answer-1-1"),
        )
        assert LAYER in source
        again.run("imports")
        again.run("answer-1-1")
        expect(again.run("check-1-1")).to_contain_text("✓ 1.1 right")
        expect(again.run("progress")).to_contain_text("1 of 7 tasks done")
