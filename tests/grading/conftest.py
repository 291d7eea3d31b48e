"""A release, made once; and no grading test where answers cannot be held in a sandbox."""

import os

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
def course(tmp_path_factory):
    """The course folder of a release."""
    folder = tmp_path_factory.mktemp("course")
    release(course=folder)
    return folder
