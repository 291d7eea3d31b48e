"""``make hub``: start a class server on this machine, and stop every part of it again.

    python deploy/try_hub.py [--port 8000] [--state build/hub]

JupyterHub stops what it started when it is asked to. When it is not asked (a closed terminal, a
crash), what is left is found by a mark in its environment, and stopped here.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
PROXY = ROOT / "build/proxy/node_modules/.bin/configurable-http-proxy"
STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
PATIENCE = 60  # seconds for a start, and for an orderly end


def find_proxy() -> str | None:
    """The command configurable-http-proxy, as ``make hub`` installs it or on the PATH."""
    return str(PROXY) if PROXY.exists() else shutil.which("configurable-http-proxy")


def is_free(port: int) -> bool:
    """Can a server listen at this port of the loopback address?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address at which nobody listens now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def marked(state: Path) -> list[psutil.Process]:
    """Every process that a hub with this folder started, directly or not, without this one."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get("HUB_STATE") == str(state):
                found.append(process)
    return found


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie does not, it only waits for its parent to take note."""
    found = []
    for process in processes:
        with suppress(psutil.Error):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end(processes: list[psutil.Process]) -> None:
    """Ask these processes to stop, and make them."""
    for ask in (psutil.Process.terminate, psutil.Process.kill):
        for process in processes:
            with suppress(psutil.Error):
                ask(process)
        until = time.monotonic() + 5
        while (processes := alive(processes)) and time.monotonic() < until:
            time.sleep(0.05)


def environment(state: Path, port: int, proxy: str) -> dict[str, str]:
    """What ``try_config.py`` reads. Without the settings of a Jupyter around this one."""
    own_port, proxy_port = free_ports(2)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
    return kept | {
        "HUB_STATE": str(state),
        "HUB_PORT": str(port),
        "HUB_OWN_PORT": str(own_port),
        "HUB_PROXY_PORT": str(proxy_port),
        "HUB_PROXY": proxy,
        "PYTHONUNBUFFERED": "1",
    }


def answers(port: int) -> bool:
    """Is the hub ready?"""
    address = f"http://127.0.0.1:{port}/hub/health"
    try:
        return urllib.request.urlopen(address, timeout=5).status == 200
    except (OSError, urllib.error.URLError):
        return False


def wait_until_ready(hub: subprocess.Popen, port: int) -> bool:
    """Wait for the first answer; false if the hub ended, or says nothing for a minute."""
    until = time.monotonic() + PATIENCE
    while hub.poll() is None and time.monotonic() < until:
        if answers(port):
            return True
        time.sleep(0.1)
    return False


def welcome(port: int, state: Path) -> str:
    """What to do now, in a few sentences."""
    admins = " or ".join(sorted(os.environ.get("HUB_ADMINS", "lecturer").split()))
    address = f"http://127.0.0.1:{port}"
    return f"""The class server runs at {address}, for this machine only. Ctrl-C stops all of it.
 1. Sign up as {admins} at {address}/hub/signup, with a password that you choose now.
 2. Students sign up there, too; let them in at {address}/hub/authorize.
This is for trying: the servers share your account, and limits are not enforced. What it writes is
in {state}; its log is {state / "hub.log"}."""


class Stopped(Exception):
    """A signal asked for the end."""


def _stop(number, _frame):
    raise Stopped(signal.Signals(number).name)


def run(port: int, state: Path, proxy: str) -> int:
    """Run the hub until a signal comes or it ends; returns the exit status."""
    command = [sys.executable, "-m", "jupyterhub", "-f", str(ROOT / "deploy/try_config.py")]
    for number in STOPS:
        signal.signal(number, _stop)
    hub, status = None, 0
    try:
        with (state / "hub.log").open("wb") as log:
            hub = subprocess.Popen(
                command,
                cwd=state,
                env=environment(state, port, proxy),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal reaches this process only
            )
        if wait_until_ready(hub, port):
            print(welcome(port, state), flush=True)
            hub.wait()
        status = 1
        last = (state / "hub.log").read_text(errors="replace").splitlines()[-15:]
        print("The hub ended by itself. Its last words:", *last, sep="\n", file=sys.stderr)
    except Stopped as stopped:
        with suppress(OSError):  # a closed terminal
            print(f"{stopped}: stopping the hub and every server ...", flush=True)
    finally:
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)  # the end itself is not interrupted
        if hub is not None and hub.poll() is None:
            hub.terminate()
            with suppress(subprocess.TimeoutExpired):
                hub.wait(PATIENCE)
        end(marked(state))
        if hub is not None:
            hub.wait()
    with suppress(OSError):
        print("Nothing of it runs any more.", flush=True)
    return status


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--state", type=Path, default=ROOT / "build/hub")
    options = parser.parse_args()
    proxy = find_proxy()
    if proxy is None:
        print(
            "The proxy of JupyterHub, a program of node, was not found. Install node and npm (on "
            "Debian and Ubuntu: apt install nodejs npm), then run make hub again.",
            file=sys.stderr,
        )
        return 1
    if not is_free(options.port):
        print(
            f"Another program listens at port {options.port} of this machine, perhaps another "
            "make hub. Stop it, or choose another port: make hub HUB='--port 8010'.",
            file=sys.stderr,
        )
        return 1
    state = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)  # passwords (hashed) and the secret of the cookies
    end(marked(state))  # of a run that was killed
    return run(options.port, state, proxy)


if __name__ == "__main__":
    sys.exit(main())
