"""Is this machine ready for the lesson?  ``python -m helpers``

One line per item: ✓ or ✗, what was found, and what to do now. The exit code is 0 if all is well,
else 1. Nothing is imported at the top that may be missing: what is broken is to be told, not to
break this. So this file also runs on a Python that is too old for the course.
"""

import importlib
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"
NOTEBOOKS = REQUIREMENTS.parent / "notebooks"
OLDEST_PYTHON = (3, 11)
SPARE = 50_000_000  # bytes to leave free beside the data


def main():
    """Print the items; the exit code."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # × in a text, on a console that has none
    if str(REQUIREMENTS.parent) not in sys.path:  # python path/to/helpers, without an installation
        sys.path.insert(0, str(REQUIREMENTS.parent))
    yes, no = marks(sys.stdout.encoding)
    print("Is this machine ready for the lesson?\n")
    ready = True
    for item in (python, packages, torch_pair, device, cores, folder, disk, images):
        try:
            lines = item()
        except Exception as error:  # whatever it is, the other items are still worth knowing
            lines = [(False, item.__name__, f"could not be found out: {first_line(error)}")]
        for good, name, text in lines:
            print(f"{yes if good else no} {name}: {text}")
            ready = ready and good
        if item is python and not ready:
            break
    print("\n" + ("Ready." if ready else "Not ready yet: see the lines with " + no + "."))
    return 0 if ready else 1


def marks(encoding):
    """What good and bad lines begin with, on a console of this encoding."""
    try:
        "✓✗".encode(encoding or "ascii")
    except UnicodeEncodeError:
        return "ok", "NO"
    return "✓", "✗"


def python():
    """The version of Python, and where it is, since a machine may have several."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST_PYTHON:
        return [(True, "Python", f"{found} ({sys.executable})")]
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return [
        (
            False,
            "Python",
            f"{found}, but the course needs {oldest} or newer. Do now: install a newer Python, "
            "make a new environment with it, and run this again there.",
        )
    ]


def packages():
    """Every line of requirements.txt: installed, not too old, not too new."""
    if not REQUIREMENTS.is_file():
        return [
            (
                False,
                "packages",
                f"{REQUIREMENTS} is missing, so their versions are not known. Do now: get the "
                "course again, whole, and install it with: python -m pip install -e .",
            )
        ]
    return [package(*line) for line in requirements(REQUIREMENTS.read_text(encoding="utf-8"))]


def requirements(text):
    """(name, lower bound, upper bound) of the lines such as ``torch>=2.11,<3``."""
    pattern = r"^([A-Za-z0-9._-]+)\s*>=\s*([\d.]+)\s*,\s*<\s*([\d.]+)"
    return [match.groups() for match in re.finditer(pattern, text, re.MULTILINE)]


def package(name, lowest, below):
    """Whether one package is installed in a version from ``lowest`` to under ``below``."""
    from importlib import metadata

    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return (False, name, f"not installed. {install()}")
    if not numbers(lowest) <= numbers(found) < numbers(below):
        bounds = f"the course needs {lowest} or newer, and older than {below}"
        return (False, name, f"{found}, but {bounds}. {install()}")
    return (True, name, found)


def install():
    """What installs the packages that are missing; in the folder of the course it always runs."""
    folder = REQUIREMENTS.parent
    where = "" if Path.cwd() == folder else f", in {folder}"
    return f"Do now{where}: python -m helpers.install"


def numbers(version):
    """``2.11.0+cpu`` as ``(2, 11)``: what can be compared."""
    found = [int(part) for part in re.match(r"\d+(\.\d+)*", version).group().split(".")]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def torch_pair():
    """Whether torch and torchvision can be imported, and were built for each other."""
    name = "torch and torchvision"
    try:
        torch = importlib.import_module("torch")
    except Exception as error:
        return [(False, name, f"torch cannot be imported: {first_line(error)}. {install()}")]
    try:
        boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
        importlib.import_module("torchvision").ops.nms(boxes, torch.ones(1), 0.5)
    except ModuleNotFoundError as error:
        return [(False, name, f"torchvision cannot be imported: {first_line(error)}. {install()}")]
    except Exception as error:
        return [
            (
                False,
                name,
                f"they do not fit together ({first_line(error)}). Often one is for the CPU only "
                "and the other for CUDA. Do now: python -m pip uninstall -y torch torchvision, "
                "then both are installed at once by: python -m helpers.install",
            )
        ]
    return [(True, name, "they work together")]


def device():
    """What the networks will be trained on."""
    try:
        torch = importlib.import_module("torch")
    except Exception:
        return []  # said above
    if torch.cuda.is_available():
        return [(True, "device", f"cuda ({torch.cuda.get_device_name()})")]
    if torch.backends.mps.is_available():
        return [(True, "device", "mps (the graphics processor of this Mac)")]
    text = "cpu: enough for this lesson"
    if shutil.which("nvidia-smi"):
        text += (
            ". There seems to be an NVIDIA card that torch does not use: its driver may be too "
            "old, or torch may be the build for the CPU only"
        )
    return [(True, "device", text)]


def cores():
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return [(True, "processor cores", str(len(os.sched_getaffinity(0))))]
    return [(True, "processor cores", str(os.cpu_count() or "unknown"))]


def folder():
    """Whether the data folder can be written."""
    from helpers.datasets.fetching import data_folder

    place = data_folder()
    try:
        with tempfile.TemporaryFile(dir=existing(place)):
            return [(True, "data folder", f"{place} can be written")]
    except OSError as error:
        return [
            (
                False,
                "data folder",
                f"{place} cannot be written ({error.strerror}). Do now: set CNN_COURSE_DATA to a "
                "folder that you can write to, or ask for the right to write to this one.",
            )
        ]


def disk():
    """Whether there is room for the images that are not there yet."""
    from helpers.datasets import fetching
    from helpers.datasets.catalogue import CATALOGUE

    place, main = fetching.data_folder(), CATALOGUE["fashion_mnist"]  # that of every lesson
    good, _ = fetching.find(main, place)
    missing = sum(file.size for file in main.files if file.name not in good)
    free, needed = shutil.disk_usage(existing(place)).free, missing + SPARE
    if free < needed:
        text = f"{free / 1e6:,.0f} MB free, {needed / 1e6:,.0f} MB needed. Do now: make room there."
        return [(False, "disk", text)]
    return [(True, "disk", f"{free / 1e6:,.0f} MB free")]


def existing(place):
    """The folder ``place``, or the nearest above it that exists."""
    return next(path for path in (place, *place.parents) if path.exists())


def images():
    """Which images the notebooks will use, for each data set that the course knows."""
    from helpers.datasets import fetching
    from helpers.datasets.catalogue import CATALOGUE

    try:
        source = fetching.wanted_source()
    except fetching.DataError as error:
        return [(False, "images", str(error))]
    return [images_of(entry, source) for entry in CATALOGUE.values()]


def images_of(entry, source):
    """What will be used for one data set of the catalogue."""
    from helpers.datasets import downloading, fetching

    root = fetching.data_folder()
    name, where = f"images for {entry.title}", root / entry.folder
    if source == "drawn":
        if not entry.stand_in:
            return without_images(entry, "CNN_COURSE_DATASET is set to drawn", "unset it.")
        return (True, name, "drawn garments, because CNN_COURSE_DATASET is set to drawn")
    found = found_unpacked(entry, source, root)
    good, damaged = fetching.find(entry, root)
    missing = [file for file in entry.files if file.name not in good]
    if not missing:
        return (True, name, f"the official files in {where}, verified")
    notes = "".join(f" {file} there is damaged ({why})." for file, why in damaged.items())
    if found:
        return (True, name, found + "." * bool(notes) + notes)
    size = f"{sum(file.size for file in missing) / 1e6:,.1f} MB"
    if downloading.within_reach(entry.mirrors)[0]:
        text = f"the official files; {size} will be downloaded when a notebook first asks for them"
        return (True, name, text + "." * bool(notes) + notes)
    copy = ", ".join(file.name for file in missing)
    do = f"connect to the internet and run this again, or copy {copy} into {where}."
    lacking = "the official files are not all there, nor is the internet"
    if source == "official":
        return (False, name, f"{lacking}.{notes} Do now: {do}")
    if not entry.stand_in:
        return without_images(entry, f"{lacking}.{notes}", do)
    text = (
        f"drawn garments, which are not {entry.title}: {lacking}.{notes} The lesson works with "
        f"them. To have the official files: {do}"
    )
    return (True, name, text)


def found_unpacked(entry, source, root):
    """What there is in the data folder ``root`` besides the files of ``entry``; or ``None``."""
    if entry.unpacked and (root / entry.unpacked).is_dir():
        return f"the official files in {entry.unpacked}, verified whenever they are read"
    places = (root / entry.pictures, root / entry.sample) if entry.pictures else ()
    if source == "auto" and any(place.exists() for place in places):
        return f"the pictures in the folder {entry.pictures}"
    return None


def without_images(entry, why, do):
    """Nothing can stand in for them: that is bad if a notebook of the course loads them."""
    from helpers.datasets.catalogue import loaded_by

    needed = entry in loaded_by(NOTEBOOKS.glob("*.ipynb"))
    text = f"none: {why.rstrip('.')}. Nothing is drawn in the place of these images"
    text += f". Do now: {do}" if needed else f", and no notebook needs them. To have them: {do}"
    return (not needed, f"images for {entry.title}", text)


def first_line(error):
    """What an exception says, in one line."""
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
