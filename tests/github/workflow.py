"""Runs the ``run:`` lines of a workflow here, in order, in a fresh clone.

    python -m tests.github.workflow .github/workflows/ci.yml lint solutions browser

What a runner does is read from the workflow itself, with the actions of this repository that it
uses. In the place of ``actions/checkout`` stands a clone of the last commit, in that of
``actions/setup-python`` a virtual environment of the Python that runs this; caches and uploads are
left out. Of a matrix, the first entry is run. ``--without NAME`` leaves out a variable of the
environment, such as the address of an index that cannot be reached from here.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
NOT_HERE = ("actions/cache@", "actions/upload-artifact@", "actions/upload-pages-artifact@")


class Unknown(ValueError):
    """Something in a workflow that this cannot do as a runner does it."""


@dataclass
class Step:
    """One step: ``run`` or ``uses``, and the variables that it sees."""

    name: str
    run: str = ""
    uses: str = ""
    condition: str = ""
    env: dict[str, str] = field(default_factory=dict)


def read(path: Path) -> dict:
    """The workflow or action in ``path``. YAML takes its key ``on`` for ``True``."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps_of(workflow: Path, job: str) -> list[Step]:
    """The steps of ``job``, with those of our own actions in their places."""
    read_workflow = read(workflow)
    read_job = read_workflow["jobs"][job]
    matrix = read_job.get("strategy", {}).get("matrix", {})
    first = (matrix.get("include") or [{}])[0] | {
        name: values[0] for name, values in matrix.items() if name != "include"
    }
    known = {f"matrix.{name}": value for name, value in first.items()}
    env = {**(read_workflow.get("env") or {}), **(read_job.get("env") or {})}
    return list(_steps(read_job["steps"], known, env))


def _steps(steps: list[dict], known: dict, env: dict) -> Iterator[Step]:
    for step in steps:
        uses = step.get("uses", "")
        if uses.startswith("$/"):
            inputs = {name: filled(value, known) for name, value in step.get("with", {}).items()}
            action = read(ROOT / uses.removeprefix("$/") / "action.yml")
            defaults = {name: i.get("default", "") for name, i in action["inputs"].items()}
            given = {f"inputs.{name}": value for name, value in (defaults | inputs).items()}
            yield from _steps(action["runs"]["steps"], given, env)
            continue
        # What stands around a variable is of no use to a step that does not run here.
        own = step.get("env", {}) if "run" in step else {}
        values = {name: filled(value, known) for name, value in {**env, **own}.items()}
        run = filled(step.get("run", ""), known)
        condition = str(step.get("if", ""))
        yield Step(step.get("name", uses), run, uses, condition, values)


def filled(text, known: dict) -> str:
    """``text`` with its expressions replaced by what is ``known``. Raises ``Unknown``."""

    def value(found: re.Match) -> str:
        if found[1] not in known:
            raise Unknown(f"the value of {found[0]} is not known here")
        return str(known[found[1]])

    return EXPRESSION.sub(value, str(text))


def run_step(step: Step, folder: Path, env: dict[str, str], **options) -> int:
    """Run the lines of ``step`` in ``folder`` as a runner does; returns the exit status."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.run]
    return subprocess.run(command, cwd=folder, env=env | step.env, **options).returncode


def _wanted(condition: str, green: bool) -> bool:
    """Does a step with this condition run, in a job that has been green so far, or not?"""
    return {"always()": True, "failure()": not green}.get(condition, green)


def run_job(workflow: Path, job: str, without: list[str]) -> bool:
    """Run all steps of ``job``; returns whether it is green."""
    green = True
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder, env = Path(name) / "course", {**os.environ, "CI": "true"}
        env.pop("VIRTUAL_ENV", None)
        for step in steps_of(workflow, job):
            if step.uses.startswith("actions/checkout@"):
                subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
            elif step.uses.startswith("actions/setup-python@"):
                venv.create(Path(name) / "python", with_pip=True)
                env["PATH"] = f"{Path(name) / 'python' / 'bin'}{os.pathsep}{env['PATH']}"
            elif step.run and _wanted(step.condition, green):
                for variable in without:
                    step.env.pop(variable, None)
                print(f"\n::: {job}: {step.name}\n{step.run}", flush=True)
                start = time.monotonic()
                status = run_step(step, folder if folder.exists() else Path(name), env)
                print(f"::: exit status {status}, {time.monotonic() - start:.0f} s", flush=True)
                green = green and status == 0
            elif step.uses and not step.uses.startswith(NOT_HERE):
                raise Unknown(f"{step.uses} cannot be run here")
    return green


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workflow", type=Path)
    parser.add_argument("jobs", nargs="+")
    parser.add_argument("--without", action="append", default=[], metavar="NAME")
    options = parser.parse_args()
    green = {job: run_job(options.workflow, job, options.without) for job in options.jobs}
    print("\n" + "\n".join(f"{'✓' if good else '✗'} {job}" for job, good in green.items()))
    return 0 if all(green.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
