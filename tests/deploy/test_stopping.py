"""Nothing stays behind: of make hub when it is stopped, of a server that nobody uses.

SIGTERM is how ``class_server`` ends every hub of the tests; it looks for what is left, too.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from deploy import try_hub
from tests.deploy.conftest import needs_hub
from tests.load.lesson import LECTURER, enrol, password
from tests.load.memory import Memory, command_line
from tests.load.server import ROOT, ClassServer, class_server
from tests.load.students import Student


@pytest.fixture(autouse=True)
def hub_at_hand():
    needs_hub()


def wait_for(condition, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.2)
    return condition()


def running(server: ClassServer, words: str) -> list[psutil.Process]:
    """Those that were started for it with these words in their command line."""
    return [process for process in server.processes() if words in command_line(process)]


def left_of(server: ClassServer, started: list[psutil.Process]) -> list[psutil.Process]:
    """What still runs, by its mark or because it ran before."""
    return try_hub.alive([*server.processes(), *started])


async def start_with_kernel(server: ClassServer, name: str) -> Student:
    """A student whose server runs a kernel and a terminal."""
    (student,) = await enrol(server, [name])
    await student.log_in()
    await student.start_server()
    await student.api("POST", "kernels", json={"name": "python3"})
    await student.api("POST", "terminals", json={})
    await student.close()
    return student


def test_a_closed_terminal_stops_the_proxy_the_servers_and_the_kernels(tmp_path):
    with class_server(tmp_path) as server:
        asyncio.run(start_with_kernel(server, "ada"))
        started = server.processes()
        wanted = ["jupyterhub -f", "configurable-http-proxy", "jupyterhub_idle_culler"]
        wanted += ["jupyterhub.singleuser", "ipykernel_launcher", "/bin/bash"]
        assert [words for words in wanted if not running(server, words)] == []
        server.process.send_signal(signal.SIGHUP)
        assert server.process.wait(60) == 0
        assert left_of(server, started) == []
        assert "Nothing of it runs any more." in server.log.read_text()


async def come_too_late(server: ClassServer, name: str) -> str:
    """A student for whom there is no seat; returns what the page says."""
    student = Student(server.address, name, password(name))
    lecturer = Student(server.address, LECTURER, password(LECTURER))
    await student.sign_up()
    await lecturer.log_in()
    await lecturer.let_in(name)
    await student.log_in()
    page = await student.browser.get(f"/hub/spawn/{name}")
    for person in (student, lecturer):
        await person.close()
    return page.text


def test_a_full_hub_says_so_and_one_that_crashes_leaves_nothing(tmp_path):
    with class_server(tmp_path, HUB_SEATS="1") as server:
        asyncio.run(start_with_kernel(server, "ada"))
        assert "Active user limit exceeded" in asyncio.run(come_too_late(server, "bob"))
        started = server.processes()
        (hub,) = running(server, "try_config")
        hub.kill()
        assert server.process.wait(60) == 1
        assert left_of(server, started) == []
        assert "The hub ended by itself." in server.log.read_text()


def test_servers_that_nobody_uses_are_stopped_and_then_ctrl_c_stops_the_hub(tmp_path):
    with class_server(tmp_path, HUB_IDLE="2", HUB_CULL_EVERY="1") as server:

        def servers() -> list[psutil.Process]:
            return [p for p in server.processes() if Memory.owner(p)]

        assert wait_for(lambda: running(server, "idle_culler"))
        (culler,) = running(server, "idle_culler")
        culler.suspend()  # a server that is not yet used is stopped, too: within a second
        asyncio.run(start_with_kernel(server, "ada"))
        assert running(server, "ipykernel_launcher") and running(server, "/bin/bash")
        culler.resume()
        assert wait_for(lambda: not servers()), servers()
        assert server.process.poll() is None  # the hub runs on
        started = server.processes()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0
        assert left_of(server, started) == []


def test_what_a_killed_run_left_is_stopped_by_the_next(tmp_path, monkeypatch):
    state = (tmp_path / "hub").resolve()
    mark = {**os.environ, "HUB_STATE": str(state)}
    command = [sys.executable, "-c", "print('runs', flush=True); input()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=mark, **pipes) as old:
        assert old.stdout.readline() == b"runs\n"
        monkeypatch.setattr(try_hub, "run", lambda *_: 0)
        monkeypatch.setattr(sys, "argv", ["try_hub.py", "--port=0", f"--state={state}"])
        assert try_hub.main() == 0
        assert old.wait(10) != 0


def run_try_hub(*options: str, **changes: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "deploy/try_hub.py"), *options]
    return subprocess.run(
        command, env={**os.environ, **changes}, capture_output=True, text=True, timeout=60
    )


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run_try_hub(f"--port={port}", f"--state={tmp_path}")
    assert done.returncode == 1
    assert f"Another program listens at port {port}" in done.stderr


def test_without_the_proxy_node_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(try_hub, "PROXY", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["try_hub.py", f"--state={tmp_path}"])
    assert try_hub.main() == 1
    assert "Install node and npm" in capsys.readouterr().err
