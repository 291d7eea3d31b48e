"""Every command on a page: its targets, modules, options, variables and files are there."""

import re

import pytest

from tests.docs import commands
from tests.docs.pages import ROOT, pages, written

VARIABLE = re.compile(r"CNN_COURSE_[A-Z]+")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_commands_of_a_page(page):
    assert commands.faults(page) == []


def test_there_are_commands_to_try():
    scripts = [b.text for page in pages() for b in page.blocks if b.language == "console"]
    found = [words for script in scripts for words in commands.commands(script)]
    assert sum(words[0] == "make" for words in found) > 30
    assert {block.language for page in pages() for block in page.blocks} == {
        "console", "markdown", "powershell", "python", "text", "toml",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("make tset", "No rule to make target 'tset'"),
        ("make tests", "Nothing to be done for 'tests'"),
        ("make lab SNAKE=python3", "the Makefile has no SNAKE"),
        ('make bench BENCH="--devise cuda"', "authoring/bench/epochs.py has no option --devise"),
        ('make load LOAD="--students many"', "takes a number for --students, not 'many'"),
        ('make hub HUB="--part 8010"', "deploy/try_hub.py has no option --part"),
        ("make test TESTS=tests/cheques", "there is no such file or folder"),
        ("make execute ONLY=17", "no lesson begins so"),
        ("make mutants ONLY=poling", "no such checks"),
        ("python -m authoring.execution", "there is no such module"),
        ("python -m authoring.fetch_data --mirror", "has no option --mirror"),
        ("python -m authoring.train_reference --source real", "does not take 'real' for --source"),
        ("python -m authoring.train_small_net 80", "does not take so many words"),
        ("python -m helpers --all", "has no option --all"),
        ("python -m pytets", "what module is that?"),
        ("python -m pytest tests/test_modells.py", "there is no such file or folder"),
        ("CNN_COURSE_GPU=required python -m pytest --nbval solution", "there is no such file"),
        ("pip install -r requirement.txt", "there is no requirement.txt"),
        ("jupyter lab notebooks/00_start.ipynb", "there is no notebooks/00_start.ipynb"),
        ("git status | gerp solutions", "is gerp a program?"),
        ("git status && cmake test", "is cmake a program?"),
        ("cp solutions/01.ipynb \\\n  build", "there is no solutions/01.ipynb"),
        ('echo "unfinished', "bash cannot read it"),
        ("for a in b; do echo", "bash cannot read it"),
    ],
)
def test_a_faulty_command_is_found(command, fault):
    found = commands.faults(written(f"Type this:\n\n```console\n{command}\n```\n"))
    assert fault in " ".join(found)


def test_a_faulty_command_in_a_line_is_found():
    assert commands.faults(written("Then `make tset` once.")) != []
    assert commands.faults(written("Then `python -m authoring.nothing` once.")) != []


@pytest.mark.parametrize(
    "line",
    [
        "source .venv/bin/activate",
        "export CNN_COURSE_DATA=data",
        "$env:CNN_COURSE_DATA = data",
        '$env:CNN_COURSE_DATA = "data',
        "pip install -r requirement.txt",
        "py -m venv .venv && pip list",
    ],
)
def test_a_line_that_is_not_for_powershell_is_found(line):
    assert commands.faults(written(f"```powershell\n{line}\n```\n")) != []


def sources() -> dict[str, str]:
    """What reads variables of the environment: the code, beside tests of these pages."""
    names = ("*.py", "Makefile", "run", "start", "*.yml")
    roots = ("helpers", "grading", "authoring", "tests", ".github", ".ci", ".binder")
    paths = [p for root in roots for name in names for p in (ROOT / root).rglob(name)]
    paths += [ROOT / "conftest.py"]
    own = ROOT / "tests/docs"
    return {str(p): p.read_text(encoding="utf-8") for p in paths if own not in p.parents}


def test_the_variables_of_the_environment_are_those_of_the_code():
    in_code = {name for text in sources().values() for name in VARIABLE.findall(text)}
    named = {name for page in pages() for name in VARIABLE.findall(page.text)}
    assert len(named) > 5
    assert named == in_code, "a variable is on no page, or in no code"


def test_the_environment_of_conda_has_the_name_that_is_activated():
    (page,) = (page for page in pages() if page.name == "docs/install.md")
    (activated,) = re.findall(r"^conda activate (\S+)$", page.text, re.MULTILINE)
    assert f"\nname: {activated}\n" in "\n" + (ROOT / "environment.yml").read_text(encoding="utf-8")
