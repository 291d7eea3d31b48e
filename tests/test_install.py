"""Which PyTorch ``make lab`` installs: tried with pip itself, on indexes of tiny wheels."""

import ast
import os
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

from helpers import install
from tests.loopback import serving

REQUIREMENTS = "torch>=2.11,<3            # the subject\ntorchvision>=0.26,<1\nplain>=1,<2\n"


def wheel(index: Path, name: str, version: str, *needed: str) -> None:
    """A wheel of nothing, but with a name, a version and requirements."""
    info = f"{name}-{version}.dist-info"
    about = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "\n".join(about + [f"Requires-Dist: {one}" for one in needed]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    folder = index / name
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def pair(index: Path, torch: str, torchvision: str, label: str = "") -> None:
    """Wheels of torch, and of the torchvision that belongs to it."""
    wheel(index, "torch", torch + label)
    wheel(index, "torchvision", torchvision + label, f"torch=={torch}")


@contextmanager
def folder_served(folder: Path):
    """The address of ``folder``: the pages that list what is in it are an index for pip."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Machine:
    """A Python without packages, a "PyPI", and an index of builds for the CPU, both with files."""

    def __init__(self, tmp_path: Path):
        self.pypi, self.small = tmp_path / "pypi", tmp_path / "small"
        self.small.mkdir()
        self.python = tmp_path / "venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.python.parents[1]])
        (self.site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
        (tmp_path / "tools").mkdir()
        (tmp_path / "tools/pip").symlink_to(
            Path(find_spec("pip").origin).parent
        )  # quicker than an own one
        (self.site / "tools.pth").write_text(str(tmp_path / "tools"))
        pair(self.pypi, "2.12.0", "0.27.0")
        wheel(self.pypi, "plain", "1.5")
        self.said: list[str] = []

    def version(self, name: str) -> str:
        """What is installed there."""
        found = metadata.distributions(name=name, path=[str(self.site)])
        return next((one.version for one in found), "")

    def has(self, torch: str, torchvision: str) -> None:
        """These are installed already."""
        for name, version in (("torch", torch), ("torchvision", torchvision)):
            index = self.small if version.endswith("+cpu") else self.pypi
            with zipfile.ZipFile(index / name / f"{name}-{version}-py3-none-any.whl") as archive:
                archive.extractall(self.site)

    def pair(self) -> tuple[str, str]:
        return self.version("torch"), self.version("torchvision")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Linux machine without a GPU, on which pip sees the indexes of the test and no others."""
    machine = Machine(tmp_path)
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["builder>=77"]\n')
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_QUIET", "1")
    monkeypatch.setattr(sys, "executable", str(machine.python))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(install, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr(install, "has_gpu", lambda: False)
    monkeypatch.setattr(install, "version", machine.version)
    monkeypatch.setattr(install, "say", machine.said.append)
    with folder_served(machine.pypi) as pypi, folder_served(machine.small) as small:
        monkeypatch.setenv("PIP_INDEX_URL", pypi)
        monkeypatch.setattr(install, "CPU_INDEX", small)
        yield machine


LARGE, SMALL = ("2.12.0", "0.27.0"), ("2.12.0+cpu", "0.27.0+cpu")


def test_without_a_gpu_the_small_build(machine):
    pair(machine.small, "2.12.0", "0.27.0", "+cpu")
    assert install.main([]) == 0
    assert machine.pair() == SMALL and machine.version("plain") == "1.5"
    assert machine.said == [f"PyTorch for the CPU, the small build, comes from {install.CPU_INDEX}"]


@pytest.mark.parametrize("ahead", ["PyPI", "the index of small builds", "its torch alone"])
def test_both_are_of_one_build_whichever_index_is_ahead(ahead, machine):
    pair(machine.small, "2.12.0", "0.27.0", "+cpu")
    if ahead == "PyPI":
        pair(machine.pypi, "2.13.0", "0.28.0")
    elif ahead == "its torch alone":
        wheel(machine.small, "torch", "2.13.0+cpu")
    else:
        pair(machine.small, "2.13.0", "0.28.0", "+cpu")
        pair(machine.small, "3.0.0", "1.0.0", "+cpu")  # too new for the course
    assert install.main([]) == 0
    newer = ahead == "the index of small builds"
    assert machine.pair() == (("2.13.0+cpu", "0.28.0+cpu") if newer else SMALL)


def test_an_index_without_the_small_build(machine):
    assert install.main([]) == 0  # it answers 404
    assert machine.pair() == LARGE and machine.version("plain") == "1.5"
    (said,) = machine.said
    assert said.startswith(f"{install.CPU_INDEX} does not answer, or has no build for this Python.")
    assert "on PyPI the large build" in said


@pytest.mark.parametrize("fault", ["never answers", "headers byte by byte", "web page"])
def test_an_index_that_hangs_holds_nothing_up(fault, machine, monkeypatch):
    with serving({"": b"some text"}, fault) as mirror:
        monkeypatch.setattr(install, "CPU_INDEX", mirror.address.rstrip("/"))
        monkeypatch.setattr(install, "LONGEST", 5)
        start = time.monotonic()
        install.choose_build("auto")
        assert time.monotonic() - start < 7
        assert len(mirror.asked) >= 1
    assert "does not answer" in machine.said[0] and machine.pair() == ("", "")


def test_an_index_that_breaks_off(machine):
    """It lists files and then has none: pip goes on with what it finds by itself."""
    pair(machine.small, "2.12.0", "0.27.0", "+cpu")
    for file in machine.small.rglob("*.whl"):
        file.write_bytes(b"no wheel")
    assert install.main([]) == 0
    assert machine.pair() == LARGE
    assert machine.said[1].startswith("That did not work. So pip takes the PyTorch")


def test_halves_of_two_builds_do_not_stay(machine):
    wheel(machine.small, "torchvision", "0.27.0+cpu", "torch==2.12.0")
    assert install.main([]) == 0
    assert machine.pair() == LARGE
    assert machine.said[1].startswith("That gave halves of two builds. So pip takes")


def test_with_a_gpu_what_pip_finds_by_itself(machine, monkeypatch):
    pair(machine.small, "2.12.0", "0.27.0", "+cpu")
    monkeypatch.setattr(install, "has_gpu", lambda: True)
    assert install.main([]) == 0
    assert machine.pair() == LARGE and machine.said == []


def test_who_says_which_build_decides_also_later(machine):
    pair(machine.small, "2.12.0", "0.27.0", "+cpu")
    machine.has(*LARGE)
    for choice, expected in [
        ("cuda", LARGE), ("auto", LARGE), ("cpu", SMALL), ("auto", SMALL), ("cuda", LARGE)
    ]:  # fmt: skip
        install.choose_build(choice)
        assert (choice, machine.pair()) == (choice, expected)
    assert len(machine.said) == 2  # where it changed


def test_what_is_installed_stays_where_there_is_no_other(machine):
    machine.has(*LARGE)
    assert install.main(["--torch=cpu"]) == 0
    assert machine.pair() == LARGE
    assert machine.said[-1].endswith("So the PyTorch that is installed stays.")


@pytest.mark.parametrize("gpu", [False, True])
def test_a_pair_that_was_mixed_is_mended(gpu, machine, monkeypatch):
    pair(machine.small, "2.12.0", "0.27.0", "+cpu")
    monkeypatch.setattr(install, "has_gpu", lambda: gpu)
    machine.has("2.12.0+cpu", "0.27.0")
    assert machine.pair() == ("2.12.0+cpu", "0.27.0")
    install.choose_build("auto")
    assert machine.pair() == (LARGE if gpu else SMALL)


def test_elsewhere_there_is_one_build(machine, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(install, "CPU_INDEX", "http://127.0.0.1:9")  # would be said, if asked
    assert install.main(["--torch=cpu"]) == 0
    assert machine.pair() == LARGE and machine.said == []


def test_what_cannot_be_installed_is_a_failure(machine):
    (machine.pypi / "plain/plain-1.5-py3-none-any.whl").unlink()
    assert install.main(["--torch=cuda"]) != 0


# The GPU


@pytest.mark.parametrize(
    ("script", "there"),
    [
        ("echo 'GPU 0: NVIDIA A100 (UUID: GPU-1)'", True),
        ("echo 'No devices were found'", False),
        ("echo 'GPU access blocked by the operating system'; exit 6", False),
        (None, False),
    ],
)
def test_a_gpu_is_one_whose_driver_answers(script, there, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep if script else None)
    if script:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    assert install.has_gpu() is there


# Without a network


@pytest.fixture
def collected(machine, monkeypatch):
    """The same machine with a folder of wheels; from then on, no index answers."""
    pair(machine.small, "2.12.0", "0.27.0", "+cpu")
    wheel(machine.pypi, "builder", "77.0")
    assert install.main(["--collect"]) == 0
    folder = install.REQUIREMENTS.parent / "wheels"
    assert machine.pair() == ("", "") and len(list(folder.iterdir())) == 4
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setattr(install, "CPU_INDEX", "http://127.0.0.1:9")
    machine.said.clear()
    return folder


def test_a_folder_of_wheels_needs_no_network(machine, collected):
    assert {path.name.split("-")[0] for path in collected.iterdir()} == {
        "torch", "torchvision", "plain", "builder"
    }  # fmt: skip
    assert install.main([]) == 0
    assert machine.pair() == SMALL and machine.version("plain") == "1.5"
    assert machine.said == ["The packages come from the folder wheels, without a network."]


def test_a_folder_that_does_not_fit_is_left_aside(machine, collected, monkeypatch):
    next(collected.glob("plain*")).unlink()
    assert install.main([]) != 0  # and there is no network either
    assert "does not have all that this machine needs" in machine.said[1]
    with folder_served(machine.pypi) as pypi:
        monkeypatch.setenv("PIP_INDEX_URL", pypi)
        assert install.main([]) == 0
    assert machine.pair() == LARGE and machine.version("plain") == "1.5"


def test_the_folder_is_collected_without_the_small_build_where_that_is_not_to_be_had(machine):
    wheel(machine.pypi, "builder", "77.0")
    assert install.main(["--collect"]) == 0
    names = [path.name for path in (install.REQUIREMENTS.parent / "wheels").glob("torch*")]
    assert sorted(names) == ["torch-2.12.0-py3-none-any.whl", "torchvision-0.27.0-py3-none-any.whl"]
    assert "does not answer, or has no build" in machine.said[0]


def test_a_python_that_is_too_old_is_told_so(machine, monkeypatch):
    monkeypatch.setattr("helpers.__main__.OLDEST_PYTHON", (4, 0))
    assert install.main([]) == 1
    assert "but the course needs 4.0 or newer" in machine.said[0] and machine.pair() == ("", "")
    source = Path(install.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    assert "from __future__ import annotations" in source  # "list[str] | None" is not computed
