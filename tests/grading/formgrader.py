"""nbgrader's formgrader on a course, as a lecturer starts it beside JupyterLab."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.lab import free_port, wait_for


@contextmanager
def formgrader(course: Path, home: Path) -> Iterator[Callable[[str], str]]:
    """A server in the folder ``course``, with settings in ``home``; gives what fetches a page."""
    config = {"ServerApp": {"jpserver_extensions": {"nbgrader.server_extensions.formgrader": True}}}
    (home / "jupyter_server_config.json").write_text(json.dumps(config))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    env = os.environ | {"JUPYTER_CONFIG_DIR": str(home), "HOME": str(home)}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=course)

        def get(page: str) -> str:
            with urllib.request.urlopen(f"{address}/{page}", timeout=60) as answer:
                return answer.read().decode()

        try:
            wait_for(address, server)
            yield get
        finally:
            server.terminate()
            server.wait(60)
