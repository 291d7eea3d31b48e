"""Which sandbox is used, how it is called, and that nothing runs without one."""

import subprocess
import sys
from pathlib import Path

import pytest

from authoring.facts import ROOT
from grading import engines as sandbox
from grading import grade
from grading.sandbox import isolation
from grading.sandbox.protocol import Limits
from tests.grading.students import OUTSIDE

HERE = "a-name", Path("/course/grading"), Path("/course/helpers"), Limits()


@pytest.fixture
def machine(monkeypatch):
    """A machine on which only the named programs answer."""
    sandbox.engine.cache_clear()
    monkeypatch.delenv("CNN_COURSE_SANDBOX", raising=False)

    def with_only(*programs: str, system: str = "linux") -> None:
        monkeypatch.setattr(sandbox, "answers", lambda command: command[0] in programs)
        monkeypatch.setattr(sys, "platform", system)

    yield with_only
    sandbox.engine.cache_clear()


@pytest.mark.parametrize(
    ("programs", "used"),
    [
        (("docker", "podman", "unshare"), "docker"),
        (("podman", "unshare"), "podman"),
        (("unshare",), "unshare"),
    ],
)
def test_a_container_engine_is_used_where_there_is_one(programs, used, machine):
    machine(*programs)
    assert sandbox.engine().name == used


def test_one_can_be_insisted_on(machine, monkeypatch):
    machine("docker", "unshare")
    monkeypatch.setenv("CNN_COURSE_SANDBOX", "unshare")
    assert sandbox.engine().name == "unshare"


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_without_a_sandbox_nothing_is_graded_and_it_is_said_why(system, machine, capsys, tmp_path):
    machine(*([] if system == "linux" else ["unshare"]), system=system)
    assert grade.main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Nothing was graded: answers of students are run in a sandbox only")
    assert "on macOS and Windows too, Docker or Podman" in said
    assert "run make grader once" in said


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_a_container_gets_no_network_nothing_to_write_to_and_bounds(name):
    command = sandbox.command(sandbox.Engine(name), *HERE)
    assert command[:2] == [name, "run"]
    assert {
        "--rm",
        "--interactive",
        "--network=none",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
    } <= set(command)
    assert any(word.startswith("--memory=") for word in command)
    assert any(word.startswith("--pids-limit=") for word in command)
    added = {word.removeprefix("--cap-add=") for word in command if word.startswith("--cap-add=")}
    assert not added & {"ALL", "SYS_PTRACE", "SYS_RAWIO", "SYS_MODULE", "DAC_READ_SEARCH", "MKNOD"}
    volumes = [word for word in command if word.startswith("--volume=")]
    assert len(volumes) == 2
    assert all(volume.endswith(":ro") for volume in volumes)
    assert command[-5:] == [sandbox.IMAGE, "python", "-m", "grading.sandbox.judge", "a-name"]


@pytest.mark.parametrize(("root", "of_user"), [(True, False), (False, True)])
def test_unshare_takes_a_world_of_its_own_also_without_root(root, of_user):
    command = sandbox.command(sandbox.Engine("unshare", root), *HERE)
    assert {"--mount", "--net", "--ipc", "--pid", "--kill-child=KILL"} <= set(command)
    assert ("--map-root-user" in command) == of_user


@pytest.mark.parametrize(
    ("uid_map", "user"),
    [
        ("0 0 4294967295", isolation.STUDENTS),  # root of a machine
        ("0 1000 1\n1 100000 65536", 32768),  # root in the container of an ordinary user
        ("0 1000 1", None),  # unshare --map-root-user
    ],
)
def test_an_answer_gets_a_user_of_its_own_where_there_are_users(uid_map, user):
    assert isolation.first_user(0, uid_map) == user
    last = isolation.first_user(4, uid_map)  # there is no judge of a sixth notebook
    assert last is None or user + 1000 <= last < last + 999 < int(uid_map.split()[-1])


def test_what_is_shown_holds_no_solution_and_no_mark():
    shown = isolation.shown()
    hidden = [ROOT / "solutions", ROOT / "build", ROOT / ".git", ROOT / "tests", ROOT / "data"]
    for path in hidden:
        assert not any(path.is_relative_to(seen) or seen == path for seen in shown)


@pytest.mark.parametrize(
    ("release", "submissions", "sentence"),
    [
        ("none", "some", "Run make release first"),
        ("made", "none", "There is no folder"),
        ("made", "empty", "there is nothing of which it is told whose it is"),
    ],
)
def test_what_is_missing_is_said(release, submissions, sentence, course, tmp_path, boxed, capsys):
    made = course if release == "made" else tmp_path / "none"
    for name in ("some", "empty"):
        (tmp_path / name).mkdir()
    assert grade.main([str(tmp_path / submissions), "--course", str(made)]) == 1
    assert sentence in capsys.readouterr().err


def test_outside_the_sandbox_nothing_asks_for_linux():
    """Docker runs on Windows, too, where these modules of Python are missing."""
    code = "import sys; sys.modules |= dict.fromkeys(('fcntl', 'resource')); import grading.grade"
    done = subprocess.run([sys.executable, "-c", code], env=OUTSIDE)
    assert done.returncode == 0


def test_a_lesson_that_fails_its_own_check_stops_everything(course, boxed, monkeypatch):
    lesson = grade.lessons_in(course)[0]
    lesson.tasks = lesson.tasks[:1]
    lesson.tasks[0].steps[-1].source = "conv_layer = nn.Conv2d(3, 8, 5)"
    with pytest.raises(grade.NotGraded, match=r"own answer to task 1\.1 does not pass \(your"):
        list(grade.judged(lesson, [], Limits()))


def test_the_commands_of_make_are_there():
    commands = {"release": "grading.release", "grade": "grading.grade", "grader": "podman build"}
    for target, command in commands.items():
        done = subprocess.run(
            ["make", "-n", target, "SUBMISSIONS=x", "ENGINE=podman"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert command in done.stdout
