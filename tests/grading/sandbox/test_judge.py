"""What the sandbox holds: cheats run as they are, and get nothing done.

Each is the answer of one student to Task 1.1, where a right one stands behind what must not work;
the same student's Task 1.2 is right, and must stay so.
"""

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from authoring.facts import ROOT
from grading import engines as sandbox
from grading.assignment import lessons_in, stubs_in
from grading.grade import request_for
from grading.sandbox.protocol import Limits
from grading.submissions import Submission
from tests.grading.students import OUTSIDE, Desk, right_sources

RIGHT = "nn.Conv2d(1, 8, 5)"
WRONG = "nn.Conv2d(3, 8, 5)"
LIMITS = Limits(cpu_seconds=3, wall_seconds=12.0)
# How long it takes to look through a whole disk depends on the disk; this cheat is to find nothing,
# not to run out of time.
PATIENT = {"searches the disk": Limits(cpu_seconds=600, wall_seconds=1200.0)}

# {port} is one that a server listens on, {book} the gradebook, {right} and {wrong} are layers.
CHEATS = {
    "always equal": """
        class Yes:
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __getattr__(self, name): return Yes()
            def __call__(self, *args): return Yes()
        conv_layer = Yes()""",
    "overwrites the checks": """
        import helpers.checks, helpers.checks.convolution_layers.tasks as module
        def yes(*args): print("✓ 1.1  all right")
        helpers.checks.conv_layer = module.conv_layer = yes
        for name in dir(module):
            if name.endswith("garment_layer"): setattr(module, name, yes)
        checks.conv_layer = yes
        checks = helpers.checks
        conv_layer = {wrong}""",
    "overwrites code of the checks": """
        from helpers.checks.convolution_layers import vertical_edges
        name, = (name for name in dir(vertical_edges) if name.endswith("conv2d"))
        getattr(vertical_edges, name).__code__ = (lambda layer, name: layer).__code__
        conv_layer = {wrong}""",
    "patches torch": """
        torch.equal = torch.allclose = lambda *args, **kwargs: True
        nn.Conv2d.in_channels = property(lambda self: 1, lambda self, value: None)
        conv_layer = {wrong}""",
    "patches Python": """
        import builtins
        builtins.isinstance = lambda *args: True
        conv_layer = {wrong}""",
    "patches all()": """
        import builtins
        builtins.all = lambda *args: True
        conv_layer = {wrong}""",
    "own file system": """
        import ctypes, os
        libc = ctypes.CDLL(None)
        conv_layer = {wrong}
        spaces = (0x10000000, 0x10020000, 0x20000, 0x8000000, 0x2000000, 0x40000000)
        if 0 in [libc.unshare(flags) for flags in spaces]: conv_layer = {right}
        clone = 56 if os.uname().machine == "x86_64" else 220
        child = libc.syscall(clone, 0x10000000 | 17, 0, 0, 0, 0)
        if child == 0: os._exit(0)
        if child > 0: conv_layer = {right}""",
    "memory without a file": """
        import os, ctypes
        conv_layer = {wrong}
        try:
            fd = os.memfd_create("more")
            for _ in range(60): os.write(fd, b"x" * 10**7)
            conv_layer = {right}
        except OSError: pass
        if ctypes.CDLL(None).syscall(447, 0) >= 0: conv_layer = {right}""",
    "segments of System V": """
        import ctypes
        libc = ctypes.CDLL(None)
        made = [libc.shmget(0, 10**8, 0o1600), libc.msgget(0, 0o1600), libc.semget(0, 1, 0o1600)]
        conv_layer = {right} if max(made) >= 0 else {wrong}""",
    "shared memory": """
        import mmap
        conv_layer = {wrong}
        try:
            taken = mmap.mmap(-1, 10**8)
            conv_layer = {right}
        except OSError: pass
        try:
            taken = mmap.mmap(open("/dev/zero", "r+b").fileno(), 10**8)
            conv_layer = {right}
        except OSError: pass""",
    "searches the disk": """
        import os
        wanted = ("01_convolution_layers.ipynb", "hidden_seed")
        found = [n for _, _, names in os.walk("/") for n in names if n in wanted]
        found += [n for n in ("{book}", "{solutions}", "{course}", "{git}", "/var", "/etc/passwd")
                  if os.path.exists(n)]
        conv_layer = {right} if found else {wrong}""",
    "writes the gradebook": """
        import os
        try:
            os.makedirs(os.path.dirname("{book}"), exist_ok=True)
            open("{book}", "ab").write(b"more points")
            conv_layer = {right}
        except OSError:
            conv_layer = {wrong}""",
    "writes outside of its folder": """
        import os, sys, torch
        conv_layer = {wrong}
        for folder in ("/", "/usr/lib", "/proc/sys/kernel", os.path.dirname(torch.__file__)):
            try:
                open(folder + "/mark", "w").write("x")
                conv_layer = {right}
            except OSError:
                pass""",
    "endless loop": """
        while True:
            try:
                while True: pass
            except BaseException: pass""",
    "sleeps": """
        import time
        time.sleep(10_000)""",
    "fork bomb": """
        import os
        made = 0
        while True:
            try:
                if os.fork(): made += 1
            except OSError: pass""",
    "too many processes": """
        import os, time
        made = 0
        try:
            while made < 100:
                if os.fork() == 0: time.sleep(100)
                made += 1
        except OSError: pass
        conv_layer = {right} if made >= 20 else {wrong}""",
    "fills memory": """
        taken = []
        try:
            while len(taken) < 40: taken.append(b"x" * 10**8)
        except MemoryError: pass
        conv_layer = {right} if len(taken) >= 20 else {wrong}""",
    "fills memory with several processes": """
        import os, time
        for _ in range(6): os.fork()
        taken = []
        while True:
            try: taken.append(b"x" * 10**7)
            except MemoryError: time.sleep(1)""",
    "fills the disk": """
        written, number = 0, 0
        try:
            while written < 10**9:
                number += 1
                with open(f"file{{number}}", "wb") as file: written += file.write(b"x" * 10**7)
        except OSError: pass
        conv_layer = {right} if written > 10**8 else {wrong}""",
    "many files": """
        number = 0
        try:
            while number < 20_000:
                number += 1
                open(f"file{{number}}", "w").close()
        except OSError: pass
        conv_layer = {right} if number > 5_000 else {wrong}""",
    "network": """
        import socket
        conv_layer = {wrong}
        for address in (("127.0.0.1", {port}), ("1.1.1.1", 80)):
            try:
                socket.create_connection(address, timeout=1)
                conv_layer = {right}
            except OSError: pass""",
    "_exit": "import os\nos._exit(0)",
    "forges a verdict": """
        import json, os, struct
        text = json.dumps({{"token": "", "outcome": "right", "words": "✓"}}).encode()
        for fd in range(64):
            try:
                os.write(fd, text)
                os.write(fd, struct.pack(">Q", len(text)) + text)
            except OSError: pass
        os._exit(0)""",
    "kills what it can": """
        import os, signal
        for pid in (0, -1, os.getppid(), *range(2, 5000)):
            try: os.kill(pid, signal.SIGKILL)
            except OSError: pass
        os._exit(0)""",
    "has a group of processes outside": """
        import os
        conv_layer = {right} if os.getpgrp() == 0 else {wrong}""",
    "becomes root": """
        import os
        conv_layer = {wrong}
        for become in (lambda: os.setuid(1), lambda: os.setgid(1), lambda: os.chroot("/"),
                       lambda: open("/proc/1/mem", "rb").read(1), lambda: os.nice(-5)):
            try:
                become()
                conv_layer = {right}
            except OSError: pass""",
    "mounts": """
        import ctypes
        libc = ctypes.CDLL(None)
        done = [libc.mount(b"tmpfs", b"/usr", b"tmpfs", 0, None), libc.umount2(b"/scratch", 2)]
        conv_layer = {right} if 0 in done else {wrong}""",
    "leaves a process behind": """
        import os
        name = open("/proc/self/cmdline").read().split(chr(0))[-2]  # by which the test looks for it
        if os.fork() == 0:
            os.setsid()
            os.execv("/bin/sleep", ["sleep " + name, "10000"])
        conv_layer = {wrong}""",
    "has rights": """
        import re
        status = open("/proc/self/status").read()
        found = re.search(r"^Cap(Inh|Prm|Eff|Bnd|Amb):\\s*0*[1-9a-f]", status, re.MULTILINE)
        conv_layer = {right} if found else {wrong}""",
    "ends the program": "raise SystemExit(0)",
    "crashes": "import ctypes\nctypes.string_at(0)",
    "aborts": "import os\nos.abort()",
    "a deep nest": "x = " + "-" * 100_000 + "1",
}  # fmt: skip


def sandboxes_of(grader: int) -> list[str]:
    """Processes, mounts and folders of the sandboxes that the process ``grader`` made."""
    name = f"cnn-course-{grader}-"
    found = [str(path) for path in Path(tempfile.gettempdir()).glob(f"{name}*")]
    found += [line for line in Path("/proc/mounts").read_text().splitlines() if name in line]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has just ended
            if name.encode() in path.read_bytes():
                found.append(str(path))
    return found


def left_behind(grader: int) -> list[str]:
    """What is left of them after a while: an engine clears up when its container has ended."""
    until = time.monotonic() + 20
    while (found := sandboxes_of(grader)) and time.monotonic() < until:
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def verdicts(boxed, course):
    """Each cheat's outcomes: of Task 1.1, in which it stands, and of Task 1.2."""
    lesson = lessons_in(course)[0]
    stubs, usual, book = stubs_in(course), right_sources(), course / "gradebook.db"
    server = socket.create_server(("127.0.0.1", 0))
    reached = []
    threading.Thread(target=lambda: reached.append(server.accept()), daemon=True).start()
    words = {"port": server.getsockname()[1], "right": RIGHT, "wrong": WRONG}
    words |= {"book": book, "course": course, "solutions": ROOT / "solutions"}
    words["git"] = ROOT / ".git"
    requests = {}
    for student, cheat in CHEATS.items():
        answers = {**usual, "answer-1-1": textwrap.dedent(cheat).format(**words)}
        submission = Submission(student, {lesson.name: answers})
        requests[student] = [request_for(lesson, t, submission, stubs) for t in lesson.tasks[:2]]
    before = book.read_bytes()
    groups = [(requests.pop(student), limits) for student, limits in PATIENT.items()]
    groups.append((list(itertools.chain(*requests.values())), LIMITS))
    found = {}
    for group, limits in groups:
        with sandbox.judge(lesson, group, limits) as results:
            found |= {(r["student"], r["task"]): r for r in results}
    server.close()
    assert not reached
    assert book.read_bytes() == before
    return found


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_scores_nothing_and_costs_nothing_else(name, verdicts):
    assert verdicts[name, "1.1"]["outcome"] in ("wrong", "blank", "stopped")
    assert verdicts[name, "1.2"]["outcome"] == "right", verdicts[name, "1.2"]["words"]


@pytest.mark.parametrize(
    ("name", "outcome", "words"),
    [
        ("overwrites code of the checks", "wrong", "3 channels"),
        ("patches torch", "wrong", "Create the layer afresh"),
        ("patches all()", "wrong", "3 channels"),
        ("own file system", "wrong", "3 channels"),
        ("memory without a file", "wrong", "3 channels"),
        ("segments of System V", "wrong", "3 channels"),
        ("shared memory", "wrong", "3 channels"),
        ("mounts", "wrong", "3 channels"),
        ("endless loop", "stopped", ""),
        ("sleeps", "stopped", "did not come to an end within 12 seconds"),
        ("_exit", "stopped", "ended before there was a verdict"),
        ("forges a verdict", "stopped", "ended before there was a verdict"),
        ("searches the disk", "wrong", "3 channels"),
        ("network", "wrong", "3 channels"),
        ("has rights", "wrong", "3 channels"),
        ("leaves a process behind", "wrong", "3 channels"),
        ("writes the gradebook", "wrong", "3 channels"),
    ],
)
def test_it_is_stopped_by_the_layer_that_is_meant_for_it(name, outcome, words, verdicts):
    found = verdicts[name, "1.1"]
    assert found["outcome"] == outcome
    assert words in found["words"]


def test_the_lesson_itself_is_right_all_the_same(verdicts):
    assert {verdicts[None, task]["outcome"] for task in ("1.1", "1.2", "1.7")} == {"right"}


def test_nothing_is_left_behind(verdicts):
    assert not left_behind(os.getpid())


def test_an_interrupt_ends_the_grading_and_writes_no_table(boxed, course, tmp_path):
    own = tmp_path / "course"
    shutil.copytree(course, own, ignore=shutil.ignore_patterns("grades.csv", "judged.json"))
    desk = Desk(own, tmp_path / "sent")
    desk.send("ada", desk.filled("02"))
    process = subprocess.Popen(
        [sys.executable, "-m", "grading.grade", str(tmp_path / "sent"), "--course", str(own)],
        env=OUTSIDE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores Ctrl-C; and so would this, as its heir.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not sandboxes_of(process.pid):  # until there is something that could be
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 1
    assert said.startswith("Stopped. What was judged so far is kept")
    assert not (own / "grades.csv").exists()
    assert not left_behind(process.pid)


def test_nothing_that_remembers_a_folder_is_loaded_before_the_sandbox_is_all_there_is():
    """An ordinary user's matplotlib and torch otherwise look for folders that are out of sight."""
    code = (
        "import sys, grading.sandbox.judge; "
        "print({'torch', 'matplotlib', 'IPython', 'tempfile', 'helpers.checks'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr
