"""The kernels in which notebooks are run without a browser: to store outputs, and by the tests.

Both use ``open_kernel``, so that what is compared is made in the very way of what is stored. It
needs nothing beyond the course's own requirements.
"""

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from authoring.lesson import REPR
from helpers.datasets.catalogue import loaded_by
from helpers.datasets.fetching import data_folder, wanted_source

CELL_TIMEOUT = 900  # seconds
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LIVE = re.compile(r'<\w+ class="cnn-(still|picture)\b')
ALT = re.compile(r'<img alt="([^"]*)"')
ROOT = Path(__file__).resolve().parents[1]

# Fetches, or draws, what of the named data sets is not in the data folder yet, and says which
# images they are. One that cannot be had, and for which nothing stands in, fails in its notebook.
_PREPARE = """
import sys
from helpers import datasets
from helpers.datasets.catalogue import CATALOGUE
sources = []
for name in sys.argv[1:]:
    try:
        sources += [getattr(datasets, name)(train).source for train in (True, False)]
    except datasets.DataError as error:
        if CATALOGUE[name].stand_in:
            raise
        print(f"✗ {error}", file=sys.stderr)
print("drawn" if "drawn" in sources else "official")
"""


class CellFailed(Exception):
    """A cell that raised, hung or took its kernel down; the message names it and says how.

    ``details`` is the traceback, if there is one; ``error`` the name of the exception.
    """

    def __init__(self, message: str, details: str = "", error: str = ""):
        super().__init__(message)
        self.details, self.error = details, error


def prepare_images(notebooks: Iterable[Path] | None = None) -> str:
    """Fill the data folder before any kernel starts; returns "official" or "drawn".

    Only what ``notebooks`` load is fetched; without a word, that is the solutions of this
    repository. A notebook then shows no progress bar of a download, and does not fetch what others
    fetch too. If the official images cannot be had, all notebooks of this run use the drawn ones.
    """
    solutions = (ROOT / "solutions").glob("*.ipynb")
    entries = loaded_by(solutions if notebooks is None else notebooks)
    command = [sys.executable, "-c", _PREPARE, *(entry.name for entry in entries)]
    said = _output_of(command)
    source = said.split()[-1]
    if source == "drawn" and wanted_source() == "auto":
        print(said.strip())
        os.environ["CNN_COURSE_DATASET"] = "drawn"
        _output_of(command)  # where some were official, the others in their place are drawn now
    return source


def _output_of(command: list[str]) -> str:
    return subprocess.run(
        command, env=environment(), stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def environment(**settings: str) -> dict[str, str]:
    """That of this process, ``settings``, and this repository where Python looks for modules first.

    An editable install may be that of another clone.
    """
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, **settings}


@contextmanager
def private_data_folder() -> Iterator[Path]:
    """A folder that shows the images of the data folder, but nothing that is yours there.

    A notebook that trains then leaves your checkpoints alone, and one that loads a checkpoint finds
    the reference weights, whatever ran before; your progress is neither shown nor changed.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        shown = data_folder().glob("*") if data_folder().is_dir() else []
        for entry in shown:
            if entry.name in ("checkpoints", "progress"):
                continue
            target = Path(name) / entry.name
            try:
                target.symlink_to(entry.resolve())
            except OSError:  # Windows, without the right to make links
                (shutil.copytree if entry.is_dir() else shutil.copy2)(entry, target)
        yield Path(name)


@contextmanager
def open_kernel(
    notebook: NotebookNode, folder: Path, timeout: float = CELL_TIMEOUT
) -> Iterator[NotebookClient]:
    """A client for ``notebook`` with a fresh kernel, which is shut down at the end.

    The kernel is the Python that runs this, whatever kernels are installed beside it, and imports
    this repository, whichever is installed. Its working directory is ``folder``; what it logs
    itself is dropped. Outputs are stored in ``notebook``: streams joined per name, displays updated
    and cleared as a browser does, without the states of widgets and without timings.
    """
    manager = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=timeout,
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        store_widget_state=False,
        record_timing=False,
    )
    with private_data_folder() as data:
        env = environment(CNN_COURSE_DATA=str(data))
        with client.setup_kernel(env=env, stderr=subprocess.DEVNULL, cleanup_kc=True):
            yield client


def run_cell(client: NotebookClient, index: int, source: str | None = None) -> list[NotebookNode]:
    """Run code cell ``index`` of the client's notebook, or ``source`` in its place.

    Returns the new outputs. A dead kernel is noticed within seconds. Raises ``CellFailed``.
    """
    cell = client.nb.cells[index]
    where = f"cell {cell.get('id', index)}"
    if source is not None:
        cell.source = source
    try:
        return client.execute_cell(cell, index).outputs
    except CellExecutionError as error:
        message = f"{where} raised {error.ename}: {error.evalue}"
        raise CellFailed(message, error.traceback, error.ename) from None
    except CellTimeoutError:
        raise CellFailed(f"{where} did not end within {client.timeout:g} seconds") from None
    except DeadKernelError:
        status = getattr(getattr(client.km.provisioner, "process", None), "returncode", None)
        raise CellFailed(f"the kernel died in {where} (exit status {status})") from None


def stills(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """What is stored of ``outputs``: of a panel and of a picture, an image and its words.

    Not the link to widgets of a kernel long gone, nor the HTML for a page that lives
    (``helpers.explorers``, ``helpers.plots``): it would hold the image a second time. Its ``alt``
    goes into the metadata of the image, where nbconvert's classic template looks for it. It is
    newer than the words of a panel that went on after its cell.
    """
    kept = []
    for output in outputs:
        data = output.get("data", {})
        words, spoken = data.get("text/plain", ""), None
        if LIVE.match(data.get("text/html", "")):
            spoken = ALT.search(data.pop("text/html"))
        if "image/png" in data and words and not REPR.fullmatch(words):
            alt = html.unescape(spoken[1]) if spoken else words
            output.metadata["image/png"] = NotebookNode(alt=alt)
        linked = data.pop(WIDGET_VIEW, None)
        if data or not linked:
            kept.append(output)
    return kept
