"""Jobs that install no torch call these: they must start where it cannot be imported."""

import subprocess
import sys

import pytest

from tests.github.workflow import ROOT

WITHOUT = "import sys; sys.modules['torch'] = None; import runpy; "


@pytest.mark.parametrize(
    ("module", "arguments", "said"),
    [
        ("authoring.student_notebooks", ["--check"], "The student notebooks are up to date."),
        ("authoring.fetch_data", ["--help"], "--mirrors"),
        ("authoring.website.build", ["--help"], "--repository"),
    ],
)
def test_it_starts_without_torch(module, arguments, said):
    script = f"{WITHOUT}runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
