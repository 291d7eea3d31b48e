"""Binder: what repo2docker makes of ``.binder``, and what ``postBuild`` leaves in the image."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from authoring.student_notebooks import ROOT
from helpers.datasets.catalogue import CATALOGUE
from helpers.datasets.fetching import data_folder, find
from tests.loopback import serving

BINDER = ROOT / ".binder"
POST_BUILD = BINDER / "postBuild"


def copy_of(folder: Path, *names: str) -> Path:
    """A copy of these files and folders of the course in ``folder``, as after a fresh clone."""
    folder.mkdir()
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


# --- the files ---------------------------------------------------------------------------------


def test_the_requirements_are_those_of_the_course_on_the_cpu_build_of_torch():
    lines = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    index, included, updates = [line for line in lines if line and not line.startswith("#")]
    assert index == "--extra-index-url https://download.pytorch.org/whl/cpu"
    assert included.startswith("-r ")
    assert (BINDER / included[3:]).resolve() == ROOT / "requirements.txt"  # from that file's folder
    assert updates.startswith("nbgitpuller>=")


def test_its_python_suits_the_course():
    name, version = (BINDER / "runtime.txt").read_text(encoding="utf-8").strip().split("-")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert name == "python"
    assert version in SpecifierSet(project["requires-python"])


def test_repo2docker_takes_python_requirements_and_post_build_from_there(tmp_path):
    command = shutil.which("repo2docker") or shutil.which(
        "repo2docker", path=str(Path(sys.executable).parent)
    )
    if command is None:
        pytest.skip("repo2docker is not installed (pip install jupyter-repo2docker)")
    names = (".binder", "requirements.txt", "environment.yml", "pyproject.toml")
    course = copy_of(tmp_path / "course", *names)
    done = subprocess.run(
        [command, "--no-build", "--debug", "."], cwd=course, capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    version = (BINDER / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert f"Building conda environment for python={version}\n" in said
    assert "environment.yml" not in said  # of conda: it would install the large torch
    # pip after the whole repository is there, since "-e ." needs it; then postBuild
    steps = [
        "COPY --chown=[0-9:]+ src/ ",
        r'RUN \S+/pip install --no-cache-dir -r "\.binder/requirements\.txt"',
        r"RUN \./\.binder/postBuild",
    ]
    places = [[found.start() for found in re.finditer(step, said)] for step in steps]
    assert [len(found) for found in places] == [1, 1, 1], said
    assert places == sorted(places)


# --- postBuild ---------------------------------------------------------------------------------

needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")


def post_build(course: Path, **changes: str) -> subprocess.CompletedProcess:
    """Run the postBuild of a copy of the course; ``python`` is the one that runs the tests.

    Its home is a folder beside the copy; ``changes`` are of the environment.
    """
    environment = {
        **os.environ,
        "HOME": str(course.parent / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CNN_COURSE_DATA": "",
        "CNN_COURSE_DATASET": "auto",
        **changes,
    }
    return subprocess.run(
        ["./.binder/postBuild"], cwd=course, env=environment, capture_output=True, text=True
    )


def only_by(proxy: str) -> dict[str, str]:
    """The environment in which the network can be reached by ``proxy`` only."""
    names = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": ""}
    return names | {name.upper(): value for name, value in names.items()}


@needs_bash
def test_post_build_is_a_script_that_can_be_run():
    subprocess.run(["bash", "-n", POST_BUILD], check=True)
    assert os.access(POST_BUILD, os.X_OK)
    assert POST_BUILD.read_bytes().startswith(b"#!/usr/bin/env bash\n")


@needs_bash
def test_without_a_mirror_post_build_leaves_the_drawn_garments(tmp_path):
    course = copy_of(tmp_path / "course", ".binder", "helpers")
    done = post_build(course, **only_by("http://127.0.0.1:9"))  # nobody listens there
    assert done.returncode == 0, done.stderr
    assert "you get DRAWN GARMENTS" in done.stdout
    parts = sorted(path.name.split("-", 1)[1] for path in (course / "data/drawn").iterdir())
    assert parts == ["grey-test.npz", "grey-train.npz"]
    assert_uploads_are_large(tmp_path / "home")


def assert_uploads_are_large(home: Path) -> None:
    """JupyterLab under this home must take a message as large as the Makefile lets it."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")},
        "HOME": str(home),
    }
    command = [sys.executable, "-m", "jupyterlab", "--show-config-json"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    settings = json.loads(shown.stdout)["ServerApp"]["tornado_settings"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert settings == json.loads(re.search(r"^UPLOADS = (.*)$", makefile, re.M)[1])


@needs_bash
def test_from_a_mirror_post_build_leaves_the_official_images(tmp_path):
    files, _ = find(CATALOGUE["fashion_mnist"], data_folder())
    if len(files) < len(CATALOGUE["fashion_mnist"].files):
        pytest.skip(f"the official files, which a mirror would send, are not in {data_folder()}")
    course = copy_of(tmp_path / "course", ".binder", "helpers")
    with serving(files) as mirror:
        done = post_build(course, **only_by(mirror.address))
    assert done.returncode == 0, done.stderr
    assert "Fashion-MNIST, official files: 60,000 grey images" in done.stdout
    assert find(CATALOGUE["fashion_mnist"], course / "data")[0].keys() == files.keys()
    assert not (course / "data/drawn").exists()


@needs_bash
def test_a_course_that_cannot_be_imported_fails_the_build(tmp_path):
    course = copy_of(tmp_path / "course", ".binder")
    (course / "helpers").mkdir()
    (course / "helpers/__init__.py").write_text("raise ImportError('broken')\n")
    done = post_build(course)
    assert done.returncode != 0
    assert "ImportError: broken" in done.stderr
