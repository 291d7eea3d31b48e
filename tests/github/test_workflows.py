"""The workflows: well formed, safe, and run by the script that runs them here."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.github.workflow import ROOT, Unknown, read, run_job, steps_of

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))
HERE = ["lint", "solutions", "browser", "hub"]  # jobs of the CPU workflow that this script can run
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.github-actions": ACTIONS,
    "vendor.dependabot": [ROOT / ".github/dependabot.yml"],
}


def checked(schema: str, paths: list[Path]) -> subprocess.CompletedProcess:
    """What check-jsonschema says; its schemas come with it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *paths]
    return subprocess.run(command, capture_output=True, text=True)


def audited(folder: Path) -> subprocess.CompletedProcess:
    """What zizmor says without a network."""
    program = Path(sysconfig.get_path("scripts")) / "zizmor"
    command = [program, "--offline", "--no-progress", str(folder)]
    return subprocess.run(command, capture_output=True, text=True)


def jobs(path: Path) -> dict[str, dict]:
    return read(path)["jobs"]


def test_there_are_workflows():
    assert {"ci.yml", "gpu.yml", "newest.yml", "site.yml"} <= {path.name for path in WORKFLOWS}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_well_formed(schema):
    done = checked(schema, SCHEMAS[schema])
    assert done.returncode == 0, done.stdout


def test_a_misspelt_key_is_noticed(tmp_path):
    text = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    spoilt = tmp_path / "ci.yml"
    spoilt.write_text(text.replace("runs-on:", "run-on:", 1), encoding="utf-8")
    assert checked("vendor.github-workflows", [spoilt]).returncode == 1


def test_safe():
    done = audited(ROOT / ".github")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_job_is_left_to_itself(path):
    workflow = read(path)
    assert workflow["permissions"] == {}, "each job says what it needs"
    assert "concurrency" in workflow
    assert "pull_request_target" not in workflow[True]  # YAML takes "on" for True
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60, name
        assert job["permissions"], name


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: f"{path.parent.name}")
def test_no_line_has_an_expression_in_it(path):
    """What comes from outside would be run. Variables of the environment are not."""
    read_file = read(path)
    parts = read_file["jobs"].values() if "jobs" in read_file else [read_file["runs"]]
    for step in (step for part in parts for step in part["steps"]):
        assert "${{" not in step.get("run", ""), step["name"]


def test_who_may_write_checks_nothing_out():
    writing = 0
    for path in WORKFLOWS:
        for name, job in jobs(path).items():
            if "write" in job["permissions"].values():
                writing += 1
                assert not [s for s in job["steps"] if "checkout" in s.get("uses", "")], name
    assert writing == 3  # the label of the GPU, the report of the newest, the pages


def test_the_gpu_is_looked_for_before_anything_else():
    job = jobs(ROOT / ".github/workflows/gpu.yml")["solutions"]
    assert "nvidia-smi" in job["steps"][0]["run"]
    assert "vars.GPU_RUNNER != ''" in job["if"]  # a fork without one does not wait for it


# --- the script that runs them -----------------------------------------------------------------


def test_every_line_of_the_jobs_on_linux_is_found():
    for name in HERE:
        lines = [step.run for step in steps_of(ROOT / ".github/workflows/ci.yml", name)]
        assert any("pip install" in line for line in lines), name
        assert any("pytest" in line for line in lines), name
    oldest = steps_of(ROOT / ".github/workflows/ci.yml", "solutions")
    assert any("torch==2.11.*" in step.env.get("PINS", "") for step in oldest)


LINES = """
jobs:
  tiny:
    env: {GREETING: hello}
    strategy: {matrix: {include: [{word: world}, {word: nobody}]}}
    steps:
      - name: first
        env: {WORD: "${{ matrix.word }}"}
        run: echo "$GREETING $WORD" >> "$LOG"
      - if: failure()
        run: echo sorry >> "$LOG"
      - run: |
          false | true
          echo not reached >> "$LOG"
      - run: echo not reached either >> "$LOG"
      - if: failure()
        run: echo kept >> "$LOG"
      - if: always()
        run: echo at last >> "$LOG"
"""


def test_lines_run_as_on_a_runner(tmp_path, monkeypatch):
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    workflow = tmp_path / "tiny.yml"
    workflow.write_text(LINES)
    assert not run_job(workflow, "tiny", without=[])
    assert (tmp_path / "log").read_text().splitlines() == ["hello world", "kept", "at last"]


def test_what_the_script_cannot_do_is_said(tmp_path):
    workflow = tmp_path / "tiny.yml"
    workflow.write_text('jobs: {tiny: {steps: [{run: "echo ${{ github.actor }}"}]}}')
    with pytest.raises(Unknown, match=r"github\.actor.* not known here"):
        run_job(workflow, "tiny", without=[])
    workflow.write_text("jobs: {tiny: {steps: [{uses: somebody/something@v1}]}}")
    with pytest.raises(Unknown, match="somebody/something@v1 cannot be run here"):
        run_job(workflow, "tiny", without=[])
