"""Outside the sandbox: which one this machine has, and how a judge is started in it.

``unshare`` (util-linux) gives a process a world of its own: no network, no other processes, and of
the disk only those folders that it is shown. It works for root, and for everyone on a Linux that
lets ordinary users make namespaces. Where Docker or Podman answers and has the image of
``make grader``, the judge runs in a container, and makes the same worlds there. Where there is
neither, nothing is graded.
"""

import contextlib
import functools
import json
import os
import secrets
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import helpers
from authoring.lesson import Lesson
from grading import controls
from grading.sandbox.protocol import AT_ONCE, MB, Limits, message

IMAGE = "cnn-course-grader"
PACKAGE = Path(__file__).resolve().parent / "sandbox"  # all of the grader that a judge needs
# What a judge in a container may do: make namespaces and mounts, be another user, end processes.
RIGHTS = ["SYS_ADMIN", "NET_ADMIN", "SETUID", "SETGID", "SETPCAP", "KILL"]
# A container's own filters forbid every mount, also those that hide all the rest from an answer.
FILTERS = ["seccomp", "apparmor", "systempaths"]
AHEAD = AT_ONCE + 4  # answers on their way to a judge: it never waits, and the last come late
SETTING_UP = 300.0  # seconds that a judge may be silent beyond the time of the answers in it
SPACES = ["--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child=KILL"]


class NoSandbox(Exception):
    """Nothing on this machine can hold an answer; the message says what was tried."""


class JudgeEnded(RuntimeError):
    """A judge ended before its time, or said what is no verdict; the message says which."""


@dataclass(frozen=True)
class Engine:
    """A way to start a judge: "unshare" as root or not, or a container."""

    name: str
    root: bool = False

    @property
    def container(self) -> bool:
        """Whether the judge runs in a container, and not as a process of this machine."""
        return self.name in ("docker", "podman")


def answers(command: list[str]) -> bool:
    """Whether ``command`` is there and ends well."""
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@functools.cache
def engine() -> Engine:
    """The sandbox of this machine; ``CNN_COURSE_SANDBOX`` insists on one. Raises ``NoSandbox``."""
    wanted = os.environ.get("CNN_COURSE_SANDBOX", "")
    for name in ("docker", "podman"):
        if wanted in ("", name) and answers([name, "image", "inspect", IMAGE]):
            return Engine(name)
    if wanted in ("", "unshare") and sys.platform == "linux":
        root = os.geteuid() == 0
        if answers(["unshare", *_of_user(root), *SPACES, "true"]):
            return Engine("unshare", root)
    raise NoSandbox(
        "Nothing was graded: answers of students are run in a sandbox only, and none was found"
        + (f" that is called {wanted!r} (CNN_COURSE_SANDBOX). " if wanted else ". ")
        + "Needed is Linux with the command unshare, as root or where ordinary users may make "
        f"namespaces; or, on macOS and Windows too, Docker or Podman with the image {IMAGE}: start "
        "it, and run make grader once."
    )


def _of_user(root: bool) -> list[str]:
    return [] if root else ["--user", "--map-root-user"]


def command(
    engine: Engine, name: str, package: Path, helpers_folder: Path, limits: Limits
) -> list[str]:
    """The command line that starts a judge, and shows its ``name`` to whoever lists processes.

    In a container the judge does the same as without one, so it keeps the rights to make smaller
    worlds; an answer has none of them. Around it all there is no network, nothing to write to,
    and bounds for memory and processes.
    """
    if not engine.container:
        judge = [sys.executable, "-m", "grading.sandbox.judge", name]
        return ["unshare", *_of_user(engine.root), *SPACES, "--", *judge]
    memory = (2 * AT_ONCE + 1) * limits.memory
    return [
        engine.name, "run", "--rm", "--interactive", f"--name={name}",
        "--network=none", "--read-only", f"--memory={memory}", f"--memory-swap={memory}",
        f"--pids-limit={AT_ONCE * (limits.processes + 16) + 64}",
        "--cap-drop=ALL", *(f"--cap-add={right}" for right in RIGHTS),
        "--security-opt=no-new-privileges", "--security-opt=label=disable",
        *(f"--security-opt={part}=unconfined" for part in FILTERS),
        f"--volume={package}:/course/grading/sandbox:ro",
        f"--volume={helpers_folder}:/course/helpers:ro",
        "--env=PYTHONPATH=/course", "--env=OMP_NUM_THREADS=1",
        IMAGE, "python", "-m", "grading.sandbox.judge", name,
    ]  # fmt: skip


@contextlib.contextmanager
def judge(
    lesson: Lesson,
    requests: list[dict],
    limits: Limits,
    slot: int = 0,
    stop: threading.Event | None = None,
    prepare: Callable[[dict], dict] | None = None,
) -> Iterator[Iterator[dict]]:
    """The results of a judge for ``lesson``, as they come; ``requests`` are in its order of tasks.

    Once ``stop`` is set, the judge is ended, and there are no more results. ``prepare`` makes of a
    request what is sent, at the time when it is sent. Whatever happens, the judge and all in it are
    gone at the end.
    """
    used, name = engine(), f"cnn-course-{os.getpid()}-{secrets.token_hex(4)}"
    counts: dict[str, int] = {}
    for request in requests:
        counts[request["task"]] = counts.get(request["task"], 0) + 1
    ordered = controls.messages(lesson, requests)
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as root:
        settings = {
            "lesson": controls.without_answers(lesson),
            "counts": counts,
            "limits": asdict(limits),
            "root": "/mnt" if used.container else root,
            "slot": slot,
        }
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
        if used.container:
            environment = dict(os.environ)  # the engine's own settings; none reaches the judge
        else:
            environment["PYTHONPATH"] = f"{PACKAGE.parents[1]}{os.pathsep}{_parent_of_helpers()}"
        process = subprocess.Popen(
            command(used, name, PACKAGE, Path(helpers.__file__).resolve().parent, limits),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        errors: list[bytes] = []
        talk = Talk(process, 4 * limits.wall_seconds + SETTING_UP)
        threads = [
            threading.Thread(target=talk.feed, args=(settings, ordered, prepare), daemon=True),
            threading.Thread(target=lambda: errors.append(process.stderr.read()), daemon=True),
        ]

        def end() -> None:
            if used.container and process.poll() is None:  # it would outlive its command
                subprocess.run([used.name, "kill", name], capture_output=True)
            process.kill()

        def end_when_stopped() -> None:
            stopped = stop or threading.Event()
            while process.poll() is None:
                if stopped.wait(0.2) or talk.silent():
                    end()

        threads.append(threading.Thread(target=end_when_stopped, daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield talk.results(len(requests) + len(lesson.tasks), errors, threads[1])
        finally:
            end()
            process.wait()
            for thread in threads:
                thread.join(timeout=5)
            for pipe in (process.stdout, process.stderr):
                pipe.close()


def _parent_of_helpers() -> Path:
    return Path(helpers.__file__).resolve().parents[1]


class Talk:
    """What goes to a judge and what comes from it; not much is under way at a time."""

    def __init__(self, process: subprocess.Popen, patience: float):
        self.process, self.patience = process, patience
        self.heard = time.monotonic()
        self.room = threading.Semaphore(AHEAD)

    def silent(self) -> bool:
        """Whether there was no word for longer than any answer may take."""
        return time.monotonic() - self.heard > self.patience

    def feed(self, settings: dict, requests: list[dict], prepare: Callable | None) -> None:
        """Send ``settings``, and each request once there is room for it."""
        with contextlib.suppress(OSError, ValueError):  # a judge that has ended takes no more
            self._send(settings)
            for request in requests:
                if "student" not in request:  # of the lesson itself: never waited for
                    self._send(request)
                    continue
                self.room.acquire(timeout=self.patience)
                self._send(prepare(request) if prepare else request)
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.close()

    def _send(self, data: dict) -> None:
        self.process.stdin.write(message(data))
        self.process.stdin.flush()

    def results(self, count: int, errors: list[bytes], reader: threading.Thread) -> Iterator[dict]:
        """As many results as are expected. Raises ``JudgeEnded``."""
        for _ in range(count):
            try:
                result = received(self.process.stdout)
            except EOFError:
                self.process.kill()
                reader.join(timeout=5)
                said = b"".join(errors).decode(errors="replace").strip()[-1500:]
                status = self.process.wait(timeout=5)
                raise JudgeEnded(
                    "the sandbox of the grader ended early, with exit status "
                    f"{status}. It said: {said}"
                ) from None
            self.heard = time.monotonic()
            if result["student"] is not None:
                self.room.release()
            yield result


def received(pipe) -> dict:
    """One result from ``pipe``, of the kind and size that a judge sends. Raises ``JudgeEnded``."""
    length = struct.unpack(">Q", _exactly(pipe, 8))[0]
    if length > MB:
        raise JudgeEnded("the sandbox of the grader sent something that is no message.")
    try:
        result = json.loads(_exactly(pipe, length))
        texts = [result["task"], result["outcome"], result["words"]]
        seconds = result.get("seconds", 0.0)
        known = result["student"] is None or isinstance(result["student"], str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known = False
    if not known or not all(isinstance(text, str) for text in texts):
        raise JudgeEnded("the sandbox of the grader sent a message that is no result.")
    odd = result.get("unusual", [])
    if not isinstance(odd, list) or not all(isinstance(line, str) for line in odd):
        result["unusual"] = []
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e6:
        result["seconds"] = 0.0
    return result


def _exactly(pipe, count: int) -> bytes:
    data = pipe.read(count)
    if len(data) < count:
        raise EOFError("the judge has gone")
    return data
