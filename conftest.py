"""What every test run needs: the strict comparison of notebooks, and the cores shared out."""

import os
import re

import pytest

from authoring.facts import longest_first
from helpers.threads import available_cores

pytest_plugins = ["tests.notebooks.strict_nbval", "tests.checks.counts"]

LONGEST = longest_first()  # these notebooks first, so that no core waits for them at the end
# What takes long and fails seldom (``make slower``), besides what is marked so where it stands.
SLOWER = (
    "tests/browser/test_pointing_times.py",
    "tests/browser/test_solutions.py",
    *(f"tests/authoring/website/test_{name}.py" for name in ("panels", "refusals", "slides")),
    "tests/deploy/",
    "tests/distributed/test_launching.py",
    "tests/elsewhere/",
    "tests/github/test_broken.py",
    *(f"tests/grading/test_{name}.py" for name in ("day", "engines", "grade")),
    "tests/grading/sandbox/",
    "tests/load/",
)
LONG_FILES = ("deploy/test_stopping.py", "load/test_load.py")  # then these: each starts servers


# Kernels that each take all cores are slower than kernels that share them. Set before torch.
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _workers > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, available_cores() // _workers)))


def pytest_sessionstart(session):
    """With ``CNN_COURSE_GPU=required``, nothing runs unless torch finds an NVIDIA GPU."""
    if os.environ.get("CNN_COURSE_GPU") != "required" or _workers > 1:
        return
    import torch

    if not torch.cuda.is_available():
        pytest.exit(
            f"CNN_COURSE_GPU=required, but torch {torch.__version__} finds no NVIDIA GPU here: "
            "nothing was tested.",
            returncode=1,
        )
    print(f"GPU in use: {torch.cuda.get_device_name()}, torch {torch.__version__}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """``-n auto``: one worker for each core, at most one for each run of a notebook."""
    return min(available_cores(), 10)


def unit_of(nodeid: str) -> str:
    """What stays together on one worker: a file, or in the walks through notebooks each of them."""
    if "tests/grading/" in nodeid:  # they look for what a sandbox leaves behind: one at a time
        return "grading"
    walk = re.search(r"test_walk\.py::\w+\[(\w+)", nodeid)
    in_browser = re.search(r"browser/test_solutions\.py::\w+\[(\w+)", nodeid)
    if walk or in_browser:
        return f"walk of {walk[1]}" if walk else f"browser on {in_browser[1]}"
    return nodeid.split("::", 1)[0]


def rank(nodeid: str) -> int:
    """Where a test comes in the queue: grading, notebooks, other units, the longest first."""
    unit = unit_of(nodeid)
    if unit == "grading":  # first of all: the longest unit, and it leaves cores idle for others
        return -1
    if "notebooks/" not in unit and not unit.startswith(("walk of", "browser on", "solutions/")):
        return len(LONGEST) + (1 if unit.endswith(LONG_FILES) else 2)
    found = [place for place, name in enumerate(LONGEST) if name in unit]
    return found[0] if found else len(LONGEST)


@pytest.hookimpl(tryfirst=True)  # before pytest looks for marks
def pytest_collection_modifyitems(items):
    """What is slower is marked so; the longest first."""
    for item in items:
        if item.nodeid.startswith(SLOWER):
            item.add_marker("slower")
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Under ``--dist loadfile``, the student walk is not one unit but one for each notebook."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class LoadNotebookScheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    return LoadNotebookScheduling(config, log)
