"""The image of each student: one definition, in ``.binder``, and what its start script does."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.load.server import ROOT

START = ROOT / ".binder/start"
HOME_OF_STUDENTS = "/home/jovyan"
needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")


def started(home: Path, course: Path, **changes: str) -> str:
    """Run the start script for a student with this home; returns CNN_COURSE_DATA as it is then."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "REPO_DIR": str(course), **changes}
    command = [START, "bash", "-c", 'printf %s "${CNN_COURSE_DATA-}"']
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def places(tmp_path) -> tuple[Path, Path]:
    """An empty home, and a course whose image has data that nobody can change."""
    home, course = tmp_path / "home", tmp_path / "course"
    home.mkdir()
    (course / "data/FashionMNIST/raw").mkdir(parents=True)
    (course / "data/FashionMNIST/raw/images.gz").write_bytes(b"images")
    (course / "data/checkpoints").mkdir()
    (course / "data/checkpoints/of-somebody-else").touch()
    return home, course


@needs_bash
def test_the_images_are_there_and_what_a_student_saves_stays_in_the_home(places):
    home, course = places
    data = Path(started(home, course))
    assert data.is_relative_to(home)
    assert (data / "FashionMNIST/raw/images.gz").read_bytes() == b"images"
    assert not (data / "checkpoints").exists()
    (data / "checkpoints").mkdir()
    (data / "checkpoints/mine").write_text("trained for an hour")
    shutil.rmtree(course / "data")  # a newer image has its data elsewhere
    newer = course.with_name("newer")
    (newer / "data/FashionMNIST").mkdir(parents=True)
    assert Path(started(home, newer)) == data
    assert (data / "FashionMNIST").resolve() == newer / "data/FashionMNIST"
    assert (data / "checkpoints/mine").read_text() == "trained for an hour"


@needs_bash
def test_data_that_a_student_fetched_are_not_replaced(places):
    home, course = places
    own = home / "cnn-course-data/FashionMNIST"
    own.mkdir(parents=True)
    (own / "mine").touch()
    started(home, course)
    assert (own / "mine").exists()
    assert not own.is_symlink()


@needs_bash
def test_on_binder_where_the_course_is_the_home_nothing_happens(places):
    home, _ = places
    assert started(home, home) == ""
    assert list(home.iterdir()) == []


def test_the_image_is_made_from_binder_beside_the_home(tmp_path):
    program = Path(sys.executable).with_name("repo2docker")
    if not program.exists() or not shutil.which("make"):
        pytest.skip("repo2docker or make is not installed")
    said = subprocess.run(
        ["make", "-n", "-o", ".venv/dev", "image"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    line = next(line for line in said.splitlines() if "repo2docker" in line)
    options = line.split()[1:-1]
    course = tmp_path / "course"
    course.mkdir()
    for name in (".binder", "requirements.txt", "environment.yml", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, course / name)
    done = subprocess.run(
        [program, "--no-build", "--debug", *options, "."],
        cwd=course,
        capture_output=True,
        text=True,
    )
    recipe = done.stdout + done.stderr
    assert done.returncode == 0, recipe
    folder = options[options.index("--target-repo-dir") + 1]
    assert not folder.startswith(HOME_OF_STUDENTS)  # a student's volume would hide it
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/.binder/start"' in recipe
    assert re.search(r'pip install --no-cache-dir -r "\.binder/requirements\.txt"', recipe)
    assert (
        "git clone -q . build/image" in said
    )  # what is committed; not .venv, not a student's data
