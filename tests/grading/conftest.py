"""A release, made once; and no grading test where answers cannot be held in a sandbox."""

import os
import shutil

import pytest

from grading import engines as sandbox
from grading.release import release


@pytest.fixture(scope="session")
def boxed():
    """The sandbox of this machine. Without one the tests are skipped, or fail where required."""
    sandbox.engine.cache_clear()
    try:
        return sandbox.engine()
    except sandbox.NoSandbox as error:
        required = os.environ.get("CNN_COURSE_GRADING") == "required"
        (pytest.fail if required else pytest.skip)(str(error))


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """The course folder of a release, which nobody changes."""
    folder = tmp_path_factory.mktemp("released")
    release(course=folder)
    return folder


@pytest.fixture(scope="module")
def course(released, tmp_path_factory):
    """A copy of it for the tests of one file: what is graded there, no other test finds."""
    return shutil.copytree(released, tmp_path_factory.mktemp("copied") / "course")
