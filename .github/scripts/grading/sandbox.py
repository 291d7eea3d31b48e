"""Outside the sandbox: which one this machine has, and how a judge is started in it.

``unshare`` (util-linux) gives a process a world of its own: no network, no other processes, and of
the disk only those folders that it is shown. It works for root, and for everyone on a Linux that
lets ordinary users make namespaces. Where Docker or Podman answers and has the course's image, that
is used. Where there is neither, nothing is graded.
"""

import contextlib
import functools
import os
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import helpers
from grading.isolation import SCRATCH, Limits
from grading.judge import message, receive
from grading.lesson import Lesson

IMAGE = os.environ.get("CNN_COURSE_GRADER_IMAGE", "cnn-course-grader")
PACKAGE = Path(__file__).resolve().parent
STUDENT = 1_900_000_000  # from here on there are numbers of users that nobody has
SPACES = ["--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child=KILL"]


class NoSandbox(Exception):
    """Nothing on this machine can hold an answer; the message says what was tried."""


@dataclass(frozen=True)
class Engine:
    """A way to start a judge: "unshare" as root or not, or a container."""

    name: str
    root: bool = False

    @property
    def container(self) -> bool:
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
        f"namespaces; or Docker or Podman with an image {IMAGE!r} that has the course's "
        "requirements. On macOS and Windows, grade in a Linux container or virtual machine."
    )


def _of_user(root: bool) -> list[str]:
    return [] if root else ["--user", "--map-root-user"]


def command(engine: Engine, package: Path, helpers_folder: Path, limits: Limits) -> list[str]:
    """The command line that starts a judge.

    In a container there is one student at a time: no network, a disk to read only but for a small
    scratch folder, an ordinary user without any rights, and bounds for memory and processes.
    """
    if not engine.container:
        judge = [sys.executable, "-m", "grading.judge"]
        return ["unshare", *_of_user(engine.root), *SPACES, "--", *judge]
    return [
        engine.name, "run", "--rm", "--interactive", "--network=none", "--read-only",
        f"--tmpfs={SCRATCH}:size={limits.disk},mode=1777,nosuid,nodev",
        f"--user={STUDENT}:{STUDENT}",
        "--cap-drop=ALL", "--security-opt=no-new-privileges", "--pids-limit=64",
        f"--memory={3 * limits.memory}", f"--memory-swap={3 * limits.memory}",
        f"--volume={package}:/course/grading:ro", f"--volume={helpers_folder}:/course/helpers:ro",
        "--env=PYTHONPATH=/course", IMAGE, "python", "-m", "grading.judge",
    ]  # fmt: skip


def shown() -> list[Path]:
    """What a judge sees of this machine: Python, torch, the helpers. No solution, no mark."""
    system = [Path("/") / name for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64")]
    system += [Path("/etc/ld.so.cache"), Path("/etc/alternatives"), Path("/etc/localtime")]
    python = [Path(sys.prefix), Path(sys.base_prefix), Path(sysconfig.get_paths()["purelib"])]
    ours = [PACKAGE, Path(helpers.__file__).resolve().parent]
    kept: list[Path] = []
    for path in [*system, *python, *ours]:
        inside = any(path != other and path.is_relative_to(other) for other in kept)
        if not inside and path not in kept and (path.exists() or path.is_symlink()):
            kept.append(path)
    return kept


@contextlib.contextmanager
def judge(
    lesson: Lesson,
    requests: list[dict],
    limits: Limits,
    at_once: int = 1,
    slot: int = 0,
    reading: bool = True,
) -> Iterator[Iterator[dict]]:
    """The results of a judge for ``lesson``, as they come; ``requests`` are in its order of tasks.

    Without ``reading``, answers run whatever stands in them: so that tests see what the other
    layers hold by themselves. Whatever happens, the judge and all in it are gone at the end.
    """
    used = engine()
    counts: dict[str, int] = {}
    for request in requests:
        counts[request["task"]] = counts.get(request["task"], 0) + 1
    ordered = [r for task in lesson.tasks for r in requests if r["task"] == task.number]
    with tempfile.TemporaryDirectory(prefix="cnn-course-sandbox-") as root:
        settings = {
            "lesson": lesson.as_json(),
            "counts": counts,
            "limits": asdict(limits),
            "at_once": at_once,
            "root": root,
            "shown": [str(path) for path in shown()],
            "user": STUDENT + 1000 * slot if used.root else None,
            "bare": used.container,
            "reading": reading,
        }
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
        if used.container:
            environment = dict(os.environ)  # the engine's own settings; none reaches the judge
        else:
            environment["PYTHONPATH"] = f"{PACKAGE.parent}{os.pathsep}{_parent_of_helpers()}"
        process = subprocess.Popen(
            command(used, PACKAGE, Path(helpers.__file__).parent, limits),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        errors: list[bytes] = []
        threads = [
            threading.Thread(target=_feed, args=(process.stdin, [settings, *ordered]), daemon=True),
            threading.Thread(target=lambda: errors.append(process.stderr.read()), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            yield _results(process, len(ordered) + len(lesson.tasks), errors, threads[1])
        finally:
            process.kill()
            process.wait()
            for thread in threads:
                thread.join(timeout=5)
            for pipe in (process.stdout, process.stderr):
                pipe.close()


def _parent_of_helpers() -> Path:
    return Path(helpers.__file__).resolve().parents[1]


def _feed(stdin, messages: list[dict]) -> None:
    with contextlib.suppress(OSError, ValueError):  # a judge that has ended takes no more
        for data in messages:
            stdin.write(message(data))
            stdin.flush()
    with contextlib.suppress(OSError, ValueError):
        stdin.close()


def _results(process, count: int, errors: list[bytes], reader: threading.Thread) -> Iterator[dict]:
    for _ in range(count):
        try:
            yield receive(process.stdout.fileno())
        except EOFError:
            reader.join(timeout=5)
            said = b"".join(errors).decode(errors="replace").strip()[-1500:]
            status = process.wait(timeout=5)
            raise RuntimeError(
                f"the sandbox of the grader ended early, with exit status {status}. It said: {said}"
            ) from None
