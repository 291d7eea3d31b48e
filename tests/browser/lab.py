"""JupyterLab, and a page of it in Chromium, for the tests in a real browser."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import httpx
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page

from authoring.facts import ROOT
from authoring.kernels import environment, private_data_folder
from authoring.student_notebooks import NOTEBOOK_METADATA

START = 60  # seconds that the server and a page may take to come up
END = 10  # seconds that the server may take to end

# No news from the network, and every cell in the page even if it is scrolled away.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


class Address(NamedTuple):
    """Where notebooks are shown: a server, and the folder below its own in which they are."""

    server: str
    folder: str = "."

    def of(self, place: str, name: str) -> str:
        """The page of a notebook, in JupyterLab or Notebook 7."""
        return f"{self.server}/{place}/{self.folder}/{name}"


@contextmanager
def shared_jupyterlab(folder: Path, dark: bool = False) -> Iterator[Address]:
    """``folder`` in a JupyterLab that many tests use; at the end, its kernels are shut down.

    It takes seconds to start. The tests share its data, too: progress, for example.
    """
    server = _server_on(folder.parent, dark)
    try:
        yield Address(server, folder.name)
    finally:
        with httpx.Client(base_url=server, timeout=START) as client:
            client.get("/lab")  # gives the cookie that a deletion needs
            allowed = {"X-XSRFToken": client.cookies["_xsrf"]}
            for session in client.get("/api/sessions").json():
                gone = client.delete(f"/api/sessions/{session['id']}", headers=allowed)
                gone.raise_for_status()


shared = ExitStack()  # the servers that run; closed at the end of a session


@cache
def _server_on(folder: Path, dark: bool) -> str:
    return shared.enter_context(jupyterlab(folder, dark)).server


@contextmanager
def jupyterlab(folder: Path, dark: bool = False) -> Iterator[Address]:
    """A JupyterLab on ``folder`` of its own, for a test that sets its surroundings."""
    settings = dict(SETTINGS)
    if dark:
        settings["@jupyterlab/apputils-extension/themes"] = {"theme": "JupyterLab Dark"}
    home = folder / (".jupyter-dark" if dark else ".jupyter")
    for name, values in settings.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with private_data_folder() as data, (home / "log").open("wb") as log:
        env = environment(
            CNN_COURSE_DATA=str(data),
            JUPYTER_CONFIG_DIR=str(home / "config"),
            JUPYTER_CONFIG_PATH=str(ROOT / ".jupyter"),  # as make lab does
            JUPYTERLAB_SETTINGS_DIR=str(home / "settings"),
            JUPYTERLAB_WORKSPACES_DIR=str(home / "workspaces"),
        )
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder)
        try:
            wait_for(address, server)
            yield Address(address)
        finally:
            end(server)


def end(server: subprocess.Popen) -> None:
    """Ask the server to end. One that has closed may still wait for a thread of AnyIO, for ever."""
    server.terminate()
    try:
        server.wait(END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(END)


def free_port() -> int:
    """A port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen) -> None:
    """Until the server answers."""
    end = time.monotonic() + START
    while server.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab does not answer at {address}")


COUNTS = """() => jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code')
    .map(cell => cell.model.executionCount)"""

LAB, NOTEBOOK_7 = "lab/tree", "notebooks"  # the same server shows a notebook in either
# Of the same parts as JupyterLab: what holds there seldom fails here.
BOTH = [LAB, pytest.param(NOTEBOOK_7, marks=pytest.mark.slower)]


class Notebook:
    """A notebook in a page of JupyterLab or Notebook 7; ``errors``: what the page complained of."""

    def __init__(self, page: Page, address: Address, name: str, place: str = LAB):
        self.page, self.errors = page, []
        page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        page.on("console", self._note)
        page.goto(f"{address.of(place, name)}?reset")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
            "?.status === 'idle'",
            timeout=1000 * START,
        )

    def _note(self, message) -> None:
        source = message.location["url"]
        # Notebook 7 asks for a font of its own, at any time, which its server does not give out.
        own = "Failed to load resource" in message.text and "/static/notebook/" in source
        if message.type == "error" and not own:
            self.errors.append(f"console: {message.text} ({source})")

    def run_all(self) -> None:
        """Run all cells, until the last has ended or one has failed."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")

    def run_next(self) -> None:
        """Run the chosen cell, whatever comes of it, and choose the next."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-cell-and-select-next')")

    def save(self) -> None:
        """Save the notebook, until it is in its file."""
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")

    def choose(self, place: int) -> None:
        """Choose the cell at ``place``, from 0."""
        self.page.evaluate(
            "place => { jupyterapp.shell.currentWidget.content.activeCellIndex = place }", place
        )

    def write(self, place: int, source: str) -> None:
        """Put ``source`` into the cell at ``place``, without running it."""
        self.page.evaluate(
            """([place, source]) => jupyterapp.shell.currentWidget.content.widgets[place]
                .model.sharedModel.setSource(source)""",
            [place, source],
        )

    def failures(self) -> list[str]:
        """What cells have raised."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.widgets.flatMap(cell =>
                (cell.model.sharedModel.outputs ?? [])
                    .filter(output => output.output_type === 'error')
                    .map(output => `${cell.model.id}: ${output.ename}: ${output.evalue}`))"""
        )

    def counts(self) -> list[int | None]:
        """The execution counts of the code cells.

        A cell that has just ended may have none yet: its outputs and its count come by two ways.
        """
        return self.page.evaluate(COUNTS)

    def wait_for_counts(self, expected: list[int | None]) -> None:
        """Until the execution counts of the code cells are these."""
        self.page.wait_for_function(
            f"expected => JSON.stringify(({COUNTS})()) === expected",
            arg=json.dumps(expected, separators=(",", ":")),
        )


def skip_without(place: str) -> None:
    """Notebook 7 comes with what authors install, not with the course."""
    if place == NOTEBOOK_7:
        pytest.importorskip("notebook", "7", reason="Notebook 7 is not installed here")


def write_notebook(path: Path, sources: Iterable[str]) -> None:
    """A notebook of code cells."""
    cells = [new_code_cell(source) for source in sources]
    nbformat.write(new_notebook(cells=cells, metadata=NOTEBOOK_METADATA), path)
