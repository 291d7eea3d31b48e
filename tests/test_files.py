"""A file is written whole or not at all, and nothing is left beside it."""

import errno
import multiprocessing
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.files import STALE, remove_leftovers, replace_file, temporary_beside


def in_place(root: Path) -> dict[str, bytes]:
    """Everything under ``root``, hidden files included."""
    return {path.name: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_file_is_made_with_its_folder_and_replaced(tmp_path):
    target = tmp_path / "new" / "folder" / "a.txt"
    for data in (b"one", b"two, longer", b""):
        replace_file(target, data)
        assert in_place(tmp_path) == {"a.txt": data}


@pytest.mark.parametrize("before", [{}, {"a": b"former"}])
@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_failure_leaves_what_was_there_and_no_trace(tmp_path, monkeypatch, before, step, error):
    for name, data in before.items():
        (tmp_path / name).write_bytes(data)

    def fail(*_):
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(error)):
        replace_file(tmp_path / "a", b"new")
    assert in_place(tmp_path) == before


def test_what_is_moved_into_place_is_on_the_disk_first(tmp_path, monkeypatch):
    steps, move = [], os.replace
    monkeypatch.setattr(os, "fsync", lambda _: steps.append("synchronized"))

    def moved(source, target):
        steps.append(Path(source).read_bytes())
        move(source, target)

    monkeypatch.setattr(os, "replace", moved)
    replace_file(tmp_path / "a", b"data")
    assert steps == ["synchronized", b"data"]


def test_what_killed_processes_left_long_ago_is_removed(tmp_path):
    old, new = tmp_path / ".a.gz.1.part", tmp_path / ".a.gz.2.part"
    other = tmp_path / ".b.gz.1.part"
    for path in (old, new, other):
        path.touch()
    folder = tmp_path / ".a.gz.3.part"
    (folder / "inside").mkdir(parents=True)
    for path in (old, folder, other):
        os.utime(path, (0, 0))
    replace_file(tmp_path / "a.gz", b"data")
    assert in_place(tmp_path) == {"a.gz": b"data", new.name: b"", other.name: b""}
    assert not folder.exists()
    assert STALE >= 600  # nobody writes that long
    remove_leftovers(tmp_path / "a.gz", older_than=0)
    assert in_place(tmp_path) == {"a.gz": b"data", other.name: b""}


@pytest.mark.skipif(os.name == "nt", reason="on Windows os.kill(process, 0) is a signal")
def test_what_a_killed_process_left_is_removed_at_once(tmp_path, monkeypatch):
    code = f"""
import os, signal
from pathlib import Path
from helpers import files
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
files.replace_file(Path({str(tmp_path / "a")!r}), b"half")
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert len(in_place(tmp_path)) == 1
    mine = temporary_beside(tmp_path / "b")
    mine.write_bytes(b"I am still at work")
    replace_file(tmp_path / "b", b"data")
    assert len(in_place(tmp_path)) == 3  # each looks after its own target
    with monkeypatch.context() as patch:  # seen from another machine, the process may be alive
        patch.setattr(platform, "node", lambda: "elsewhere")
        remove_leftovers(tmp_path / "a")
    assert len(in_place(tmp_path)) == 3
    replace_file(tmp_path / "a", b"data")
    assert in_place(tmp_path) == {"a": b"data", "b": b"data", mine.name: b"I am still at work"}


def test_signs_in_a_name_are_no_pattern(tmp_path):
    stranger = tmp_path / ".ab.1.part"
    stranger.touch()
    remove_leftovers(tmp_path / "[a]b", older_than=0)
    remove_leftovers(tmp_path / "*", older_than=0)
    assert stranger.exists()


def test_a_temporary_name_is_hidden_beside_the_file_and_new_each_time(tmp_path):
    one, two = temporary_beside(tmp_path / "a"), temporary_beside(tmp_path / "a")
    assert one != two and one.parent == tmp_path
    assert one.name.startswith(".a.") and one.name.endswith(".part")
    assert not one.exists()


def write_often(target: Path, letter: bytes) -> None:
    for _ in range(50):
        replace_file(target, letter * 100_000)


def test_two_processes_at_once_leave_a_whole_file_at_every_moment(tmp_path):
    target = tmp_path / "a"
    replace_file(target, b"0" * 100_000)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_often, args=(target, x)) for x in (b"1", b"2")]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        data = target.read_bytes()
        assert len(data) == 100_000 and len(set(data)) == 1
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_it_needs_no_torch():
    code = "import sys, helpers.files; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
