"""``python -m helpers`` tells what is wrong with a machine, however wrong it is."""

import ast
import collections
import importlib
import os
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import __main__ as ready
from helpers.datasets.catalogue import CATALOGUE, Resource
from tests.notebooks.fixtures import code, notebook, write

REPOSITORY = Path(ready.__file__).resolve().parent.parent
NMS = "operator torchvision::nms does not exist"


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """An empty data folder, small tables of files, and no network."""
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    monkeypatch.delenv("CNN_COURSE_DATASET", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    file = Resource("a.gz", "900150983cd24fb0d6963f7d28e17f72", 3)  # the MD5 sum of b"abc"
    for name, entry in CATALOGUE.items():
        mirrors = ("http://nowhere.invalid/",)
        small = replace(entry, folder=entry.title, files=(file,), mirrors=mirrors)
        monkeypatch.setitem(CATALOGUE, name, small)


def broken_import(monkeypatch, name: str, error: Exception) -> None:
    """From now on ``name`` cannot be imported."""
    plain = importlib.import_module

    def import_module(asked, *args):
        if asked == name:
            raise error
        return plain(asked, *args)

    monkeypatch.setattr(ready.importlib, "import_module", import_module)


def one(lines) -> tuple[bool, str]:
    ((good, _name, text),) = lines
    return good, text


def test_a_machine_that_is_ready(capsys, monkeypatch, tmp_path):
    for entry in CATALOGUE.values():
        (tmp_path / entry.title).mkdir()
        (tmp_path / entry.title / "a.gz").write_bytes(b"abc")
    assert ready.main() == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "✗" not in out
    assert out.endswith("\nReady.\n")
    for item in ("Python", "torch", "torchvision", "jupyterlab", "ipywidgets", "device"):
        assert f"✓ {item}: " in out
    for item in ("processor cores", "data folder", "disk", "images for Fashion-MNIST"):
        assert f"✓ {item}: " in out
    assert out.count(", verified") == len(CATALOGUE) >= 2


def test_an_item_that_fails_is_said_and_the_others_still_come(capsys, monkeypatch):
    def disk():
        raise OSError("no such disk")

    monkeypatch.setattr(ready, "disk", disk)
    assert ready.main() == 1
    out = capsys.readouterr().out
    assert "✗ disk: could not be found out: no such disk" in out
    assert "images for Fashion-MNIST" in out
    assert out.endswith("Not ready yet: see the lines with ✗.\n")


def test_a_python_that_is_too_old_is_all_that_is_said(capsys, monkeypatch):
    monkeypatch.setattr(ready.sys, "version_info", (3, 9, 18))
    assert ready.main() == 1
    out = capsys.readouterr().out
    assert "✗ Python: 3.9.18, but the course needs 3.11 or newer. Do now: install" in out
    assert "torch" not in out


def test_an_old_python_can_read_what_tells_it_that_it_is_old():
    for file in ("__main__.py", "__init__.py"):
        source = (REPOSITORY / "helpers" / file).read_text(encoding="utf-8")
        ast.parse(source, feature_version=(3, 7))


def test_the_oldest_python_is_that_of_pyproject():
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={".".join(map(str, ready.OLDEST_PYTHON))}"' in text


def test_every_line_of_the_requirements_is_understood():
    text = ready.REQUIREMENTS.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and line[0] not in "#-"]
    found = ready.requirements(text)
    assert len(found) == len(lines)
    assert {"torch", "torchvision", "ipywidgets", "jupyterlab"} <= {name for name, *_ in found}


@pytest.mark.parametrize(
    ("found", "good"),
    [
        ("2.11", True),
        ("2.11.0+cpu", True),
        ("2.14.1", True),
        ("2.10.9", False),
        ("2.9", False),
        ("3.0.0", False),
        ("3", False),
    ],
)
def test_versions(found, good, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda _: found)
    result, _, text = ready.package("torch", "2.11", "3")
    assert result is good
    assert text.startswith(found)
    assert ("Do now: python -m helpers.install" in text) is not good


def test_a_package_that_is_missing():
    good, name, text = ready.package("surely-not-installed", "1", "2")
    assert (good, name) == (False, "surely-not-installed")
    assert text.startswith("not installed. Do now: python -m helpers.install")


def test_requirements_that_are_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(ready, "REQUIREMENTS", tmp_path / "requirements.txt")
    good, text = one(ready.packages())
    assert not good
    assert "is missing" in text


def test_torch_missing(monkeypatch):
    broken_import(monkeypatch, "torch", ModuleNotFoundError("No module named 'torch'"))
    good, text = one(ready.torch_pair())
    assert not good
    assert "No module named 'torch'. Do now: " in text
    assert ready.device() == []


def test_torch_with_a_broken_library(monkeypatch):
    broken_import(monkeypatch, "torch", OSError("libcudart.so.13: cannot open\nmore lines"))
    good, text = one(ready.torch_pair())
    assert not good
    assert "libcudart.so.13: cannot open. Do now" in text


def test_torchvision_missing(monkeypatch):
    broken_import(monkeypatch, "torchvision", ModuleNotFoundError("No module named 'torchvision'"))
    good, text = one(ready.torch_pair())
    assert not good
    assert "torchvision cannot be imported" in text


def test_a_pair_that_does_not_fit(monkeypatch):
    broken_import(monkeypatch, "torchvision", RuntimeError(NMS))
    good, text = one(ready.torch_pair())
    assert not good
    assert f"they do not fit together ({NMS})" in text
    assert "python -m pip uninstall -y torch torchvision" in text


def test_a_pair_that_only_fails_when_used(monkeypatch):
    def nms(*_):
        raise RuntimeError(NMS)

    half = types.SimpleNamespace(ops=types.SimpleNamespace(nms=nms))
    plain = importlib.import_module
    monkeypatch.setattr(
        ready.importlib, "import_module", lambda n: half if n == "torchvision" else plain(n)
    )
    assert not one(ready.torch_pair())[0]


def test_the_pair_of_this_machine():
    assert one(ready.torch_pair()) == (True, "they work together")


@pytest.mark.parametrize("fault", ["missing", "mismatched"])
def test_as_a_student_runs_it_on_a_broken_machine(fault, tmp_path):
    """A whole process, in which the real torch is hidden by one that cannot be imported."""
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    if fault == "missing":
        (stubs / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\")")
    else:
        (stubs / "torch.py").write_text(
            "from types import SimpleNamespace as N\n"
            "no = N(is_available=lambda: False)\n"
            "cuda, backends, tensor, ones = no, N(mps=no), list, list\n"
        )
        (stubs / "torchvision.py").write_text(f"raise RuntimeError({NMS!r})")
    result = subprocess.run(
        [sys.executable, "-m", "helpers"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(stubs), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.returncode == 1
    assert result.stderr == ""
    said = "No module named 'torch'" if fault == "missing" else NMS
    assert said in result.stdout
    assert "images for CIFAR-10" in result.stdout  # it went on to the end


@pytest.mark.parametrize("way", ["-m helpers", "path/to/helpers"])
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_in_any_folder_on_any_console(way, encoding, tmp_path):
    """By its path it also runs where the course is not installed."""
    hidden = tmp_path / "torch.py"  # so that something is bad, and quickly
    hidden.write_text("raise ModuleNotFoundError(\"No module named 'torch'\")")
    by_path = ["-S", str(REPOSITORY / "helpers")]  # no packages: this one neither
    done = subprocess.run(
        [sys.executable, *(by_path if way == "path/to/helpers" else way.split())],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=30,
    )
    assert done.stderr == b"" and done.returncode == 1
    out = done.stdout.decode(encoding)
    yes, no = ("✓", "✗") if encoding == "utf-8" else ("ok", "NO")
    assert f"\n{yes} data folder: " in out and f"\n{no} torch and torchvision: torch cannot" in out
    assert f"Do now, in {REPOSITORY}: python -m helpers.install\n" in out
    assert out.rstrip().endswith(f"Not ready yet: see the lines with {no}.")


def test_device(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some Card")
    assert one(ready.device()) == (True, "cuda (Some Card)")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert one(ready.device())[1].startswith("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(ready.shutil, "which", lambda _: None)
    assert one(ready.device()) == (True, "cpu: enough for this lesson")
    monkeypatch.setattr(ready.shutil, "which", lambda _: "/usr/bin/nvidia-smi")
    assert "NVIDIA card that torch does not use" in one(ready.device())[1]


def test_cores():
    good, text = one(ready.cores())
    assert good
    assert 1 <= int(text) <= os.cpu_count()


def test_a_data_folder_that_can_be_made(monkeypatch, tmp_path):
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "new" / "data"))
    assert one(ready.folder())[0]
    assert list(tmp_path.iterdir()) == []  # looking makes nothing


def test_a_data_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "file" / "data"))
    good, text = one(ready.folder())
    assert not good
    assert "cannot be written (Not a directory). Do now: set CNN_COURSE_DATA" in text


def test_a_full_disk(monkeypatch, tmp_path):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(ready.shutil, "disk_usage", lambda _: usage(9e9, 9e9, 1e6))
    good, text = one(ready.disk())
    assert not good
    assert text == "1 MB free, 50 MB needed. Do now: make room there."


def texts() -> dict[str, tuple[bool, str]]:
    return {name: (good, text) for good, name, text in ready.images()}


def test_images_that_would_be_drawn():
    for title in ("Fashion-MNIST", "CIFAR-10"):
        good, text = texts()[f"images for {title}"]
        assert good  # the lesson works
        assert text.startswith(f"drawn garments, which are not {title}")
        assert "connect to the internet" in text
        assert "a.gz" in text


def test_images_within_reach(monkeypatch):
    monkeypatch.setattr(
        "helpers.datasets.downloading.within_reach", lambda mirrors: (list(mirrors), {})
    )
    good, text = texts()["images for Fashion-MNIST"]
    assert good
    assert "will be downloaded" in text


def test_official_images_that_are_missing(monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATASET", "official")
    good, text = texts()["images for Fashion-MNIST"]
    assert not good
    assert "Do now: connect to the internet" in text


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "Fashion-MNIST").mkdir()
    (tmp_path / "Fashion-MNIST/a.gz").write_bytes(b"ab")
    assert "a.gz there is damaged (2 of 3 bytes)" in texts()["images for Fashion-MNIST"][1]


def test_drawn_images_asked_for(monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATASET", "drawn")
    assert texts()["images for Fashion-MNIST"] == (
        True,
        "drawn garments, because CNN_COURSE_DATASET is set to drawn",
    )


@pytest.fixture
def nothing_drawn(monkeypatch):
    """A data set for which nothing stands in."""
    entry = replace(CATALOGUE["fashion_mnist"], name="letters", title="Letters", stand_in="")
    monkeypatch.setitem(CATALOGUE, "letters", entry)


@pytest.fixture
def lessons(monkeypatch, tmp_path):
    """The folder of the notebooks, which load nothing."""
    folder = tmp_path / "notebooks"
    write(folder / "01_one.ipynb", notebook(code("import torch")))
    monkeypatch.setattr(ready, "NOTEBOOKS", folder)
    return folder


@pytest.mark.parametrize("setting", ["auto", "drawn"])
def test_images_that_no_notebook_needs_and_for_which_nothing_stands_in(
    setting, monkeypatch, nothing_drawn, lessons
):
    monkeypatch.setenv("CNN_COURSE_DATASET", setting)
    good, text = texts()["images for Letters"]
    assert good
    assert text.startswith("none: ") and "garments" not in text
    assert "Nothing is drawn in the place of these images, and no notebook needs them" in text
    assert ("unset it" if setting == "drawn" else "connect to the internet") in text


@pytest.mark.parametrize("setting", ["auto", "drawn"])
def test_images_that_a_notebook_needs_and_for_which_nothing_stands_in(
    setting, monkeypatch, nothing_drawn, lessons
):
    monkeypatch.setenv("CNN_COURSE_DATASET", setting)
    write(lessons / "02_two.ipynb", notebook(code("datasets.letters(train=True)")))
    good, text = texts()["images for Letters"]
    assert not good
    assert "Nothing is drawn in the place of these images. Do now: " in text
    assert ("unset it" if setting == "drawn" else "copy a.gz into") in text


def test_the_notebooks_of_the_course_are_looked_at():
    assert len(list(ready.NOTEBOOKS.glob("*.ipynb"))) > 1


def test_a_folder_of_pictures(tmp_path):
    (tmp_path / "cifar10").mkdir()
    assert texts()["images for CIFAR-10"] == (True, "the pictures in the folder cifar10")


def test_a_wrong_setting_is_one_line(monkeypatch):
    monkeypatch.setenv("CNN_COURSE_DATASET", "officially")
    good, text = one(ready.images())
    assert not good
    assert "one of auto, official and drawn" in text
