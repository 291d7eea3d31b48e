"""Install the course into the Python that runs this: ``python -m helpers.install``

What ``make lab`` does first. On Linux, the PyTorch of PyPI brings the libraries for NVIDIA's GPUs
along, several gigabytes that a machine without such a GPU has no use for. There, the build for the
CPU is taken, from PyTorch's own index. If that does not answer at once, PyPI's will do as well: it
is larger, not worse. And where the folder ``wheels/`` is, with all packages in it, no network is
needed at all.

Nothing is installed yet when this runs, so it imports the standard library only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from importlib import metadata

from helpers.__main__ import REQUIREMENTS, numbers, python, requirements

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
WHEELS = "wheels"  # in the folder of the course: its packages, for machines without a network
PAIR = ("torch", "torchvision")  # of one build: else "operator torchvision::nms does not exist"
SMALL = "+cpu"  # ends the versions of the builds for the CPU
PATIENCE = 3  # seconds that the index may be silent while it is asked what it has
LONGEST = 8  # seconds for all of that, if it answers drop by drop
FROM_INDEX = ["--timeout", "10", "--retries", "1", "--extra-index-url"]
AS_LARGE = (
    "So pip takes the PyTorch that it finds by itself: on PyPI the large build, with GPU "
    "libraries, which works without a GPU, too."
)


def main(arguments: list[str] | None = None) -> int:
    """Install, or collect what is installed; the exit code, 0 if all is well."""
    parser = argparse.ArgumentParser(prog="python -m helpers.install", description=__doc__)
    parser.add_argument(
        "--torch",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="the build of PyTorch; auto: that for the CPU if there is no NVIDIA GPU",
    )
    parser.add_argument("--dev", action="store_true", help="what authors need, too")
    parser.add_argument(
        "--collect", action="store_true", help=f"install nothing: put all packages into {WHEELS}/"
    )
    given = parser.parse_args(arguments)
    ((good, _, found),) = python()
    if not good:
        say(f"Python {found}")
        return 1
    if given.collect:
        return collect(given.torch)
    if given.torch == "auto" and not given.dev and install_from_folder():
        return 0
    choose_build(given.torch)
    extras = ["-e", ".[dev,compare]"] if given.dev else []
    return pip("install", "-r", str(REQUIREMENTS), *extras)


def collect(choice: str) -> int:
    """Put wheels of all packages into the folder, for machines like this one; pip's exit code."""
    import tomllib  # here, because a Python that is too old for the course is told so

    text = REQUIREMENTS.read_text(encoding="utf-8")
    needed = [f"{name}>={low},<{below}" for name, low, below in requirements(text)]
    building = tomllib.loads((REQUIREMENTS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    needed += building["build-system"]["requires"]  # the course itself is built, where it is
    command = ["wheel", "--wheel-dir", WHEELS]
    if wants_small(choice):
        found, why = newest_small_torchvision()
        if found and pip(*command, *FROM_INDEX, CPU_INDEX, *needed, f"{PAIR[1]}=={found}") == 0:
            return 0
        say(f"{CPU_INDEX} {why or 'did not give everything'}. {AS_LARGE}")
    return pip(*command, *needed)


def install_from_folder() -> bool:
    """Install from the folder of wheels, if there is one and it has all that this machine needs."""
    if not any((REQUIREMENTS.parent / WHEELS).glob("*.whl")):
        return False
    say(f"The packages come from the folder {WHEELS}, without a network.")
    if pip("install", "--no-index", "--find-links", WHEELS, "-r", str(REQUIREMENTS)) == 0:
        return True
    say(
        f"The folder {WHEELS} does not have all that this machine needs: it was made for another "
        "Python, another system or another state of the course. So it is left aside."
    )
    return False


def choose_build(choice: str) -> None:
    """See to it that torch and torchvision are of the build that is wanted, or are not there yet.

    What is installed already stays, unless somebody decided otherwise (``choice`` is not "auto"),
    it is too old or too new, or its halves are of two builds.
    """
    if not sys.platform.startswith("linux"):
        return
    small = wants_small(choice)
    if installed_pair_fits() and (choice == "auto" or is_small(PAIR[0]) == small):
        return
    anew = ["--force-reinstall"] if any(map(version, PAIR)) else []
    if small:
        get_small_pair(anew)
    elif anew:
        say("PyTorch is installed anew, in the build that pip finds by itself.")
        pip("install", *anew, *(f"{name}>={low},<{below}" for name, low, below in bounds_of_pair()))


def wants_small(choice: str) -> bool:
    """Is the build for the CPU to be had from another place than PyPI?"""
    if not sys.platform.startswith("linux"):
        return False  # PyPI has no other one
    return choice == "cpu" or (choice == "auto" and not has_gpu())


def has_gpu() -> bool:
    """Is there an NVIDIA GPU with a driver? Without one, torch could not use it either."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        done = subprocess.run([program, "--list-gpus"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"GPU" in done.stdout


def get_small_pair(anew: list[str]) -> None:
    """Install torch and torchvision for the CPU; where that fails, say so and leave it to PyPI."""
    found, why = newest_small_torchvision()
    if not found:
        say(f"{CPU_INDEX} {why}. {instead()}")
        return
    say(f"PyTorch for the CPU, the small build, comes from {CPU_INDEX}")
    # torchvision says which torch it belongs to. Of 2.11.0 and 2.11.0+cpu, pip takes the latter.
    if pip("install", *anew, *FROM_INDEX, CPU_INDEX, PAIR[0], f"{PAIR[1]}=={found}"):
        say(f"That did not work. {instead()}")
    elif not all(map(is_small, PAIR)):
        say(f"That gave halves of two builds. {instead()}")
        pip("uninstall", "--yes", "--quiet", *PAIR)


def instead() -> str:
    """What comes in place of the small build."""
    if installed_pair_fits():
        return "So the PyTorch that is installed stays."
    return AS_LARGE


def newest_small_torchvision() -> tuple[str, str]:
    """The newest torchvision for the CPU that this Python can use; or '', and why."""
    ask = ["index", "versions", PAIR[1], "--index-url", CPU_INDEX]
    ask += ["--timeout", str(PATIENCE), "--retries", "0"]
    aloud = {**os.environ, "PIP_QUIET": "0"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", *ask],
            env=aloud,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return "", f"does not answer within {LONGEST} seconds"
    said = next((x for x in done.stdout.splitlines() if x.startswith("Available versions:")), "")
    versions = [word.strip() for word in said.partition(":")[2].split(",")]
    fit = [v for v in versions if v.endswith(SMALL) and in_bounds(PAIR[1], v)]
    if not fit:
        return "", "does not answer, or has no build for this Python"
    return max(fit, key=numbers), ""


# ------------------------------------------------------------------------------- what there is


def installed_pair_fits() -> bool:
    """Are torch and torchvision there, in versions that the course takes, and of one build?"""
    there = all(version(name) and in_bounds(name, version(name)) for name in PAIR)
    return there and is_small(PAIR[0]) == is_small(PAIR[1])


def version(name: str) -> str:
    """The version that is installed, or ''."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def is_small(name: str) -> bool:
    """Is the build for the CPU installed?"""
    return version(name).endswith(SMALL)


def bounds_of_pair() -> list[tuple[str, str, str]]:
    """What requirements.txt asks for: name, the lowest version, and that which is too new."""
    text = REQUIREMENTS.read_text(encoding="utf-8")
    return [line for line in requirements(text) if line[0] in PAIR]


def in_bounds(name: str, found: str) -> bool:
    """Does the course take this version of torch, or of torchvision?"""
    ((low, below),) = (ends for asked, *ends in bounds_of_pair() if asked == name)
    return numbers(low) <= numbers(found) < numbers(below)


def pip(*words: str) -> int:
    """Run pip of this Python in the folder of the course; its exit code."""
    command = [sys.executable, "-m", "pip", *words]
    return subprocess.run(command, cwd=REQUIREMENTS.parent).returncode


def say(sentence: str) -> None:
    """Print it before what pip prints next."""
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
