"""A class server for tests: that of ``make hub``, with a folder and ports of its own."""

import os
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy import try_hub

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90  # seconds for a start and for an end, on a busy machine


def missing() -> str:
    """Why no class server can be started here, or nothing."""
    if sys.platform == "win32":
        return "JupyterHub does not run on Windows"
    if try_hub.find_proxy() is None:
        return "there is no configurable-http-proxy (with node and npm: make build/proxy/done)"
    return ""


@dataclass
class ClassServer:
    """A running hub: its ``address``, its folder ``state``, and the ``process`` that holds it."""

    address: str
    state: Path
    process: subprocess.Popen
    log: Path

    def processes(self) -> list[psutil.Process]:
        """All that was started for it, without the process that holds it."""
        return [p for p in try_hub.marked(self.state) if p.pid != self.process.pid]

    def link(self, repository: str, branch: str, open_path: str) -> str:
        """The nbgitpuller link to hand to students."""
        query = {"repo": repository, "branch": branch, "urlpath": f"lab/tree/{open_path}"}
        return f"{self.address}/hub/user-redirect/git-pull?{urllib.parse.urlencode(query)}"

    def end(self) -> int:
        """Stop it as a service manager does; returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE)


@contextmanager
def class_server(folder: Path, **changes: str) -> Iterator[ClassServer]:
    """A ``make hub`` that has started; ``changes`` are of its environment."""
    state, log = folder / "hub", folder / "make-hub.log"
    port = try_hub.free_ports(1)[0]
    command = [sys.executable, str(ROOT / "deploy/try_hub.py"), f"--port={port}"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, f"--state={state}"],
            env={**os.environ, "HUB_ADMINS": "lecturer", **changes},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    server = ClassServer(f"http://127.0.0.1:{port}", state.resolve(), process, log)
    try:
        if not try_hub.wait_until_ready(process, port):
            raise RuntimeError(f"the hub did not start:\n{log.read_text()}")
        yield server
    finally:
        status, left = server.end(), try_hub.alive(server.processes())
        try_hub.end(left)
        if status == 0 and left:
            raise RuntimeError(f"make hub has stopped, but these still ran: {left}")


def repository_of(folder: Path) -> str:
    """Make a repository of the course, named cnn-course, in ``folder``; returns its address."""
    course = folder / "cnn-course"
    for name in ("notebooks", "solutions", "helpers", ".github"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, course / name, ignore=ignored)
    git = ["git", "-C", course, "-c", "user.name=course", "-c", "user.email=course@example.org"]
    for command in (["init", "-b", "term"], ["add", "-A"], ["commit", "-m", "the course"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    return course.as_uri()
