"""What is wrong with a command on a page, found without running it.

``make -n`` says what a target would run; of a module of ours, the options are read from its source.
"""

import ast
import itertools
import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

from tests.docs.pages import ROOT, Page
from tests.docs.paths import exists, looks_like_ours

OURS = {"helpers", "grading", "authoring", "tests"}
MODULES = {"codespell_lib", "jupyterlab", "pip", "pytest", "ruff", "venv"}  # of others
PROGRAMS = {
    ".venv/bin/pip", ".venv/bin/python", "apt", "cd", "conda", "cp", "date", "docker", "echo",
    "chmod", "export", "git", "helm", "jupyter", "make", "md5sum", "pip", "pre-commit", "python",
    "python3", "source", "ssh", "systemctl", "tar", "useradd", "uv", "wc", "xargs",
}  # fmt: skip
KEYWORDS = {"do", "done", "for"}
SEPARATORS = re.compile(r"[;&|(]+")
PYTEST_VALUES = {
    "-n",
    "--dist",
    "-k",
    "-m",
    "-p",
    "-c",
    "--rootdir",
}  # options that take the next word
POWERSHELL = re.compile(
    r"""\$env:[A-Z_]+\ =\ "[^"]*"          # a variable of the environment
    | \.venv\\Scripts\\Activate\.ps1
    | (?:py|python|pip|jupyter)\ [^&;$"']+  # a program and its words""",
    re.VERBOSE,
)


def commands(script: str) -> list[list[str]]:
    """The commands of a shell script, each as its words; pipes and lists are taken apart."""
    found: list[list[str]] = []
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(re.sub(r"(^|\s)#.*$", "", line), posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, ""
        for separator, words in itertools.groupby(lexer, SEPARATORS.fullmatch):
            if not separator:
                found.append(list(words))
    return found


def faults(page: Page) -> list[str]:
    """What is wrong with the commands of a page: a sentence for each."""
    found = []
    for block in page.blocks:
        if block.language == "console":
            said = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
            if said.returncode:
                found.append(f"bash cannot read it: {said.stderr.strip()}")
                continue
            for words in commands(block.text):
                found += command_faults(words, page)
        elif block.language == "powershell":
            found += powershell_faults(block.text, page)
    for code in page.codes:
        if re.match(r"(make|python -m|\.venv/bin/python -m) .", code):
            found += command_faults(shlex.split(code), page)
    return found


def command_faults(words: list[str], page: Page) -> list[str]:
    """What is wrong with one command."""
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if not words or words[0] in KEYWORDS or words[0].startswith("http"):
        return []
    line = " ".join(words)
    if words[0] not in PROGRAMS:
        return [f"{line}: is {words[0]} a program?"]
    if words[0] == "make":
        return make_faults(words[1:], page)
    if words[1:2] == ["-m"]:
        return module_faults(words[2], words[3:], page)
    paths = [word for word in words[1:] if looks_like_ours(word)]
    return [f"{line}: there is no {path}" for path in paths if not exists(path, page)]


@cache
def dry_run(words: tuple[str, ...]) -> tuple[int, str, str]:
    """The exit status of ``make -n``, what it would run, and what it complains of.

    The set-up counts as done, and no Python is looked for: this takes a tenth of the time.
    """
    env = {n: v for n, v in os.environ.items() if n not in ("MAKEFLAGS", "MFLAGS")}
    env["LC_ALL"] = "C"
    command = ["make", "-n", "-o", ".venv/dev", "-o", ".venv/lab", "PYTHON=python3", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout.replace("\\\n", " "), done.stderr.strip()


def make_faults(words: list[str], page: Page) -> list[str]:
    """What is wrong with the words after ``make``."""
    line = shlex.join(["make", *words])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    variables = [word.split("=")[0] for word in words if re.match(r"[A-Z_]+=", word)]
    found = [f"{line}: the Makefile has no {v}" for v in variables if f"$({v})" not in makefile]
    status, output, complaint = dry_run(tuple(words))
    if status or "Nothing to be done" in output:  # it takes a folder of that name for done
        return [*found, f"{line}: {complaint or output}"]
    for command in re.findall(r"^(?:@?exec )?\.venv/bin/python .+$", output, re.MULTILINE):
        ran = shlex.split(command.removeprefix("@").removeprefix("exec "))
        if ran[1] == "-m":
            found += [f"{line}: {fault}" for fault in module_faults(ran[2], ran[3:], page)]
        else:
            found += [f"{line}: {fault}" for fault in option_faults(ROOT / ran[1], ran[2:])]
    return found


def module_faults(module: str, words: list[str], page: Page) -> list[str]:
    """What is wrong with ``python -m module words``."""
    if module == "pytest":
        return pytest_faults(words, page)
    if module.split(".")[0] not in OURS:
        return [] if module in MODULES else [f"python -m {module}: what module is that?"]
    path = ROOT.joinpath(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__main__.py"
    if not source.is_file():
        return [f"python -m {module}: there is no such module"]
    if module == "authoring.execute":
        lessons = [p.name for p in (ROOT / "solutions").glob("*.ipynb")]
        lessons += [Path(path).name for path in page.promised]
        wrong = [w for w in words if not any(name.startswith(w) for name in lessons)]
        return [f"python -m {module} {word}: no lesson begins so" for word in wrong]
    if module == "tests.checks.mutants":
        known = [p.stem for p in (ROOT / "helpers/checks").rglob("*") if p.name != "__pycache__"]
        known += [Path(path).parent.name for path in page.promised]
        return [f"python -m {module} {word}: no such checks" for word in words if word not in known]
    return option_faults(source, words)


def pytest_faults(words: list[str], page: Page) -> list[str]:
    """What is wrong with the words after ``pytest``: files and folders must be there."""
    found, words = [], list(words)
    while words:
        word = words.pop(0)
        if word in PYTEST_VALUES:
            words.pop(0)
        elif not word.startswith("-") and not exists(word.split("::")[0], page):
            found.append(f"pytest {word}: there is no such file or folder")
    return found


def option_faults(source: Path, words: list[str]) -> list[str]:
    """What the parser of ``source`` would not take of ``words``."""
    if not source.is_file():
        return [f"there is no {source.relative_to(ROOT)}"]
    options, most = parser_of(source)
    name, words, given = source.relative_to(ROOT), list(words), 0
    while words:
        word = words.pop(0)
        if word == "--help" and options:
            continue
        if not word.startswith("-"):
            given += 1
            continue
        option, _, value = word.partition("=")
        if option not in options:
            return [f"{name} has no option {option}"]
        takes, choices, numbers = options[option]
        if takes and not value:
            value = words.pop(0) if words else ""
        if takes and (not value or (choices and value not in choices)):
            return [f"{name} does not take {value!r} for {option}"]
        if numbers and not re.fullmatch(r"[\d.]+", value):
            return [f"{name} takes a number for {option}, not {value!r}"]
    return [f"{name} does not take so many words"] if given > most else []


@cache
def parser_of(source: Path) -> tuple[dict[str, tuple[bool, list[str], bool]], float]:
    """The options that ``source`` adds to its parser, and how many other words it takes.

    Of each option: does it take a value, which ones (all if empty), is it a number?
    """
    options, most = {}, 0.0
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith(".add_argument"):
            continue
        names = [ast.literal_eval(name) for name in node.args]
        said = {keyword.arg: keyword.value for keyword in node.keywords}
        if names[0].startswith("-"):
            action = ast.literal_eval(said["action"]) if "action" in said else "store"
            choices = list(ast.literal_eval(said["choices"])) if "choices" in said else []
            number = "type" in said and ast.unparse(said["type"]) in ("int", "float")
            options |= dict.fromkeys(names, (action in ("store", "append"), choices, number))
        elif "nargs" in said:
            most = float("inf")
        else:
            most += 1
    return options, most


def powershell_faults(script: str, page: Page) -> list[str]:
    """What is wrong with lines for PowerShell, as far as one can see without one."""
    found = []
    for line in script.splitlines():
        if not POWERSHELL.fullmatch(line):
            found.append(f"{line}: PowerShell would not take that")
        paths = [word for word in line.split() if looks_like_ours(word)]
        found += [f"{line}: there is no {path}" for path in paths if not exists(path, page)]
    return found
