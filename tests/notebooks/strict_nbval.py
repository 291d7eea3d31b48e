"""A pytest plugin that makes nbval strict where it is not.

nbval collects the cells, sanitizes what may differ and compares; that stays. Mended is the rest:

- Cells run in the kernel that also stored their outputs (``kernels.py``). nbval's own keeps no
  history, so that a closing ``;`` hides nothing, and knows no displays that are updated or cleared.
- A kernel that dies is noticed within seconds (nbval waits until the cell's time is over), and a
  cell has 900 seconds (nbval: 2000).
- After a cell that fails, the later ones of its notebook are skipped, with the reason.
- A code cell that was never run is a failure (nbval runs it and compares nothing).
- What is written to stderr is shown with a failure, not compared: a progress bar or the warning
  of a newer library changes no lesson. That none is stored is held by another test.
- Of a panel and of a picture, the image and the words are compared, as they are stored.
- A picture that is no longer drawn is a failure, though pictures themselves are not compared.
- A notebook that fails is kept as it ran, in ``build/executed/``.
- The summary says for each notebook how many of its cells were run, and how many compared.
"""

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from authoring.kernels import (
    CELL_TIMEOUT,
    CellFailed,
    open_kernel,
    prepare_images,
    run_cell,
    stills,
)

NBVAL_TIMEOUT = 2000  # nbval's default: nobody asked for another one
RULES = "authoring/nbval_sanitize.cfg"
EXECUTED = "build/executed"
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


class StrictNotebook(IPyNbFile):
    """A notebook whose cells run in one kernel, in the notebook's folder."""

    broken_by: str | None = None  # the cell that failed: the later ones do not run

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.skip_compare += ("stderr", "image/svg+xml")
        self.opened = ExitStack()

    def setup(self):
        """Start the kernel."""
        self.setup_sanitize_files()
        timeout = self.config.option.nbval_cell_timeout
        kernel = open_kernel(deepcopy(self.nb), self.path.parent, timeout)
        self.client = self.opened.enter_context(kernel)

    def teardown(self):
        """Shut the kernel down; keep what ran if it failed."""
        self.opened.close()
        if self.broken_by:
            folder = self.config.rootpath / EXECUTED
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(self.client.nb, folder / self.path.name)

    def collect(self):
        """The code cells."""
        for cell in super().collect():
            yield StrictCell.from_parent(
                self, name=cell.name, cell_num=cell.cell_num, cell=cell.cell, options=cell.options
            )


class StrictCell(IPyNbCell):
    """One code cell: run, and its outputs compared with the stored ones."""

    def setup(self):
        """Skip the cells after one that failed."""
        if self.parent.broken_by:
            pytest.skip(f"not run, because {self.parent.broken_by} failed before it")

    def runtest(self):
        """Run the cell and compare; raises nbval's ``NbCellError``."""
        try:
            self._run_and_compare()
        except Exception:
            self.parent.broken_by = f"{self.name} ({self.cell.get('id')})"
            raise

    def _run_and_compare(self):
        if self.options["skip"]:
            pytest.skip("tagged nbval-skip")
        if self.cell.execution_count is None:
            self.raise_cell_error("This cell was never run: nothing is stored to compare with")
        try:
            outputs = run_cell(self.parent.client, self.index())
        except CellFailed as failure:
            self.raise_cell_error(str(failure), failure.details)
        for output in outputs:
            if output.output_type == "stream" and output.name == "stderr":
                self.add_report_section("call", "stderr of the cell", output.text)
        self.compare(outputs)

    def index(self) -> int:
        """Where the cell stands in its notebook, from 0."""
        return next(i for i, cell in enumerate(self.parent.nb.cells) if cell is self.cell)

    def compare(self, outputs: list[NotebookNode]) -> None:
        """Compare with what is stored, unless the cell says not to; raises nbval's
        ``NbCellError``."""
        if self.options["check"]:
            self._compare(stills(deepcopy(outputs)), deepcopy(self.cell.outputs))

    def _compare(self, outputs, stored):
        if count_pictures(outputs) != count_pictures(stored):
            self.raise_cell_error(
                f"Cell outputs differ: {count_pictures(outputs)} pictures are drawn, "
                f"{count_pictures(stored)} are stored"
            )
        if not self.compare_outputs(deepcopy(outputs), stored):
            self.raise_cell_error("Cell outputs differ", "\n".join(self.comparison_traceback))
        self.user_properties.append(("compared", True))


def differences(session: pytest.Session, stored: Path, played: Path) -> list[str]:
    """In which cells the outputs of ``played`` are not those of ``stored``, and how.

    ``played`` is the same notebook, run and saved elsewhere, such as in a browser. The comparison
    is that of ``--nbval``. Raises ``ValueError`` if the two do not have the same cells.
    """
    notebook = StrictNotebook.from_parent(session, path=stored)
    notebook.setup_sanitize_files()
    cells, saved = list(notebook.collect()), nbformat.read(played, as_version=4).cells
    if [cell.get("id") for cell in saved] != [cell.get("id") for cell in notebook.nb.cells]:
        raise ValueError(f"{played} does not have the cells of {stored}")
    found = []
    for cell in cells:
        try:
            cell.compare(saved[cell.index()].outputs)
        except NbCellError as error:
            found.append(f"{cell.cell.get('id')}: {error} {error.inner_traceback or ''}".rstrip())
    return found


def count_pictures(outputs) -> int:
    """How many of the outputs hold a picture."""
    return sum(any(kind in output.get("data", {}) for kind in PICTURES) for output in outputs)


def pytest_configure(config):
    """Set nbval's options where the command line did not, and have the images ready."""
    option = config.option
    rules = config.rootpath / RULES
    if option.nbval_sanitize_with is None and rules.exists():
        option.nbval_sanitize_with = str(rules)
    if not option.nbval:
        return
    if option.nbval_cell_timeout == NBVAL_TIMEOUT:
        option.nbval_cell_timeout = CELL_TIMEOUT
    if not hasattr(config, "workerinput") and not option.collectonly:
        config.course_images = prepare_images(notebooks_in(map(Path, config.args)))


def notebooks_in(paths: Iterable[Path]) -> list[Path]:
    """The notebooks that the command line names, by themselves or by their folders."""
    files = (sorted(path.rglob("*.ipynb")) if path.is_dir() else [path] for path in paths)
    return [file for found in files for file in found if file.suffix == ".ipynb"]


def pytest_report_header(config):
    """Say which images the notebooks run on."""
    source = getattr(config, "course_images", None)
    return f"notebooks run on: {source} images" if source else None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Put the strict classes in the place of nbval's."""
    collectors = yield
    return [
        StrictNotebook.from_parent(parent, path=file_path) if type(found) is IPyNbFile else found
        for found in collectors
    ]


def pytest_terminal_summary(terminalreporter):
    """One line for each notebook: how many cells were run and compared."""
    run, compared = Counter(), Counter()
    reports = [report for found in terminalreporter.stats.values() for report in found]
    for report in reports:
        cell = re.fullmatch(r"(.+\.ipynb)::Cell \d+", getattr(report, "nodeid", ""))
        if cell and getattr(report, "when", "") == "call" and not report.skipped:
            run[cell[1]] += 1
            compared[cell[1]] += ("compared", True) in map(tuple, report.user_properties)
    if run:
        terminalreporter.section("notebooks compared with their stored outputs")
    for name in sorted(run):
        terminalreporter.line(f"{name}: {run[name]} cells run, {compared[name]} agree")
