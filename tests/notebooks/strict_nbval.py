"""A pytest plugin that makes nbval strict where it is not.

nbval collects the cells, sanitizes what may differ and compares; that stays. Mended is the rest:

- Cells run with the same ``runner`` that stored their outputs (nbval's own does not keep a
  history, so that a closing ``;`` hides nothing; it does not know displays that are updated or
  cleared either).
- A kernel that dies is noticed within seconds (nbval waits for the end of the cell's time).
- After a cell that fails, the later ones of its notebook are skipped with the reason.
- A code cell that was never run is a failure (nbval runs it and compares nothing).
- What is written to stderr is shown with the report, not compared: a progress bar and a warning
  of a newer library are no change of the lesson. The stored outputs hold none, by another test.
- A picture that is no longer drawn is a failure, though pictures themselves are not compared.
- The summary says for each notebook how many of its cells were run and compared.
"""

from collections import Counter
from contextlib import ExitStack
from copy import deepcopy

import pytest
from execute_solutions import CellFailed, run_cell, runner
from nbval.plugin import IPyNbCell, IPyNbFile, bcolors, nocolors

PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


class StrictNotebook(IPyNbFile):
    """A notebook whose cells run in one kernel, in the notebook's folder."""

    broken_by: str | None = None  # the first cell that failed: the later ones do not run

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.skip_compare += ("stderr", "image/svg+xml")
        self.stack = ExitStack()

    def setup(self):
        self.setup_sanitize_files()
        timeout = self.config.option.nbval_cell_timeout
        self.client = runner(deepcopy(self.nb), self.path.parent, timeout)
        self.stack.enter_context(self.client.setup_kernel())

    def teardown(self):
        self.stack.close()

    def collect(self):
        for item in super().collect():
            yield StrictCell.from_parent(
                self, name=item.name, cell_num=item.cell_num, cell=item.cell, options=item.options
            )


class StrictCell(IPyNbCell):
    """One code cell: run, and compared with what is stored."""

    def setup(self):
        if self.parent.broken_by:
            pytest.skip(f"not run, since {self.parent.broken_by} of this notebook failed")

    def runtest(self):
        try:
            self.run_and_compare()
        except Exception:
            self.parent.broken_by = f"{self.name} (id {self.cell.get('id')})"
            raise

    def run_and_compare(self):
        if self.options["skip"]:
            pytest.skip("tagged nbval-skip")
        if self.cell.execution_count is None:
            self.raise_cell_error("This cell was never run: nothing is stored to compare with")
        client = self.parent.client
        index = next(i for i, cell in enumerate(client.nb.cells) if cell.id == self.cell.id)
        try:
            outputs = run_cell(client, client.nb.cells[index], index).outputs
        except CellFailed as error:
            self.raise_cell_error(str(error))
        self.test_outputs = outputs
        for output in outputs:
            if output.output_type == "stream" and output.name == "stderr":
                self.add_report_section("call", "stderr of the cell", output.text)
        if self.options["check"]:
            self.compare(outputs)

    def compare(self, outputs):
        stored = deepcopy(self.cell.outputs)
        drawn = pictures(outputs)
        if drawn != pictures(stored):
            self.raise_cell_error(f"It draws {drawn} pictures; stored are {pictures(stored)}")
        if not self.compare_outputs(deepcopy(outputs), stored):
            self.raise_cell_error("Cell outputs differ", "\n".join(self.comparison_traceback))
        self.user_properties.append(("compared", self.parent.path.name))


def pictures(outputs) -> int:
    """How many of the outputs hold a picture."""
    return sum(any(kind in output.get("data", {}) for kind in PICTURES) for output in outputs)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    collectors = yield
    return [
        StrictNotebook.from_parent(parent, path=file_path) if type(c) is IPyNbFile else c
        for c in collectors
    ]


def pytest_terminal_summary(terminalreporter):
    compared, collected = Counter(), Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if ".ipynb::" in getattr(report, "nodeid", "") and hasattr(report, "user_properties"):
                ...
