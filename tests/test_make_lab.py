"""``make lab`` begins in any folder, and leaves a student's own settings."""

import os
import shutil
import subprocess

import pytest

from authoring.facts import ROOT

# In place of Python: says what it is told.
TELLS = '#!/bin/sh\necho "$JUPYTER_CONFIG_PATH"\n'


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
@pytest.mark.parametrize("name", ["course", "My Course", "it's 50% done, #1"])
@pytest.mark.parametrize("own", ["", "/my own/settings"])
def test_the_settings_of_the_course_and_those_of_the_student(name, own, tmp_path):
    folder = tmp_path / name
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(TELLS)
    python.chmod(0o755)
    for needed in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / needed, folder)
    (folder / ".venv/lab").touch()
    told = os.environ | {"JUPYTER_CONFIG_PATH": own}
    done = subprocess.run(
        ["make", "-s", "-o", ".venv/lab", "lab"],
        cwd=folder,
        env=told,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{folder}/.jupyter" + (f":{own}" if own else "")
