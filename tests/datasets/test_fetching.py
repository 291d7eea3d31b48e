"""Files are fetched whole or not at all, whatever the network and the disk do."""

import errno
import gzip
import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.datasets import DataError, downloading, fetching
from helpers.datasets.catalogue import CATALOGUE, Entry, Resource
from helpers.datasets.saying import say
from tests.datasets.fakes import NOWHERE, resources
from tests.loopback import serving

FILES = {
    "images.gz": gzip.compress(bytes(range(256)) * 40, mtime=0) + b"tail" * 500,
    "labels.gz": gzip.compress(b"0123456789" * 30, mtime=0),
}


def collection(*mirrors: str) -> Entry:
    """Two tiny files, which ``mirrors`` should have."""
    small = {"title": "Tiny", "folder": "tiny/raw", "files": resources(FILES), "mirrors": mirrors}
    return replace(CATALOGUE["fashion_mnist"], **small)


def in_place(root: Path) -> dict[str, bytes]:
    """Everything under ``root``, hidden files included."""
    return {path.name: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def put(root: Path, name: str, data: bytes) -> Path:
    path = root / "tiny/raw" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture(autouse=True)
def impatient(monkeypatch, offline):
    """Short patience, and no network."""
    monkeypatch.setattr(downloading, "ANSWER_LIMIT", 0.6)


FAULTS = {
    "404": "404 Not Found",
    "never answers": "no answer for 0.6 seconds",
    "headers byte by byte": "no answer for 0.6 seconds",
    "web page": "web page instead of the file",
    "half, length of all": "it sent only",
    "half, length of half": "it sent only",
    "half, no length": "it sent only",
    "half, then silence": "no answer for 0.6 seconds",
    "wrong sum": "not the official file (a wrong checksum)",
    "longer": "longer than the official file",
    "byte by byte": "too slow",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_mirror_is_given_up_for_the_next(fault, tmp_path):
    with serving(FILES, fault) as bad, serving(FILES) as good:
        started = time.monotonic()
        found = fetching.fetch(collection(bad.address, good.address), tmp_path)
        assert time.monotonic() - started < 4
        assert bad.asked[0] == "images.gz"
        assert good.asked == ["images.gz", "labels.gz"]
    assert found == FILES
    assert in_place(tmp_path) == FILES


@pytest.mark.parametrize(("fault", "said"), FAULTS.items())
def test_without_a_good_mirror_the_sentence_says_why_and_nothing_is_left(fault, said, tmp_path):
    with serving(FILES, fault) as bad, pytest.raises(DataError) as caught:
        fetching.fetch(collection(bad.address), tmp_path)
    assert said in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert "What to do: connect to the internet" in str(caught.value)
    assert in_place(tmp_path) == {}


def test_a_host_that_refuses(tmp_path):
    with serving(FILES) as gone:
        pass
    with serving(FILES) as good:
        assert fetching.fetch(collection(gone.address, good.address), tmp_path) == FILES
    with pytest.raises(DataError, match="refused"):
        fetching.fetch(collection(gone.address), tmp_path / "other")


def test_a_host_that_never_answers_is_waited_for_once(tmp_path):
    with serving(FILES, "never answers") as dead, serving(FILES) as good:
        fetching.fetch(collection(dead.address, good.address), tmp_path)
        assert dead.asked == ["images.gz"]


def test_a_host_that_would_need_too_long_is_given_up(tmp_path, monkeypatch):
    """Ten bytes a second would do here, but the file would take minutes."""
    monkeypatch.setattr(downloading, "SLOWEST", 1.0)
    monkeypatch.setattr(downloading, "PATIENCE", 100.0)
    with serving(FILES, "byte by byte") as slow, pytest.raises(DataError, match="too slow"):
        fetching.fetch(collection(slow.address), tmp_path)


def test_without_a_network_it_is_over_at_once(tmp_path, capsys):
    started = time.monotonic()
    with pytest.raises(DataError, match="address cannot be found"):
        fetching.fetch(collection(NOWHERE, NOWHERE + "b/"), tmp_path)
    assert time.monotonic() - started < 3
    assert capsys.readouterr() == ("", "")  # no progress bar of nothing


def test_a_name_lookup_that_hangs_is_given_up(tmp_path, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(downloading, "LOOKUP_LIMIT", 0.3)
    monkeypatch.setattr(downloading.socket, "getaddrinfo", lambda *_: answered.wait(30))
    started = time.monotonic()
    with pytest.raises(DataError, match="address cannot be found"):
        fetching.fetch(collection(NOWHERE, "http://other.invalid/"), tmp_path)
    assert time.monotonic() - started < 10
    answered.set()


def test_a_failure_is_remembered_for_a_while(tmp_path, monkeypatch):
    with serving(FILES, "404") as bad:
        with pytest.raises(DataError) as first:
            fetching.fetch(collection(bad.address), tmp_path)
        assert len(bad.asked) == 1
        with pytest.raises(DataError) as second:
            fetching.fetch(collection(bad.address), tmp_path)
        assert len(bad.asked) == 1
        assert (first.value.again, second.value.again) == (False, True)
        bad.fault = "none"
        monkeypatch.setattr(fetching, "REMEMBERED", 0.0)
        assert fetching.fetch(collection(bad.address), tmp_path) == FILES


def test_files_in_place_are_used_without_a_network_and_without_a_word(tmp_path, capsys):
    for name, data in FILES.items():
        put(tmp_path, name, data)
    assert fetching.fetch(collection(NOWHERE), tmp_path) == FILES
    assert capsys.readouterr() == ("", "")


def test_what_is_verified_is_neither_fetched_nor_touched(tmp_path):
    before = put(tmp_path, "images.gz", FILES["images.gz"]).stat()
    with serving(FILES) as good:
        assert fetching.fetch(collection(good.address), tmp_path) == FILES
        assert good.asked == ["labels.gz"]
    after = (tmp_path / "tiny/raw/images.gz").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: b"x" + d[1:]])
def test_a_damaged_file_is_replaced_once_a_good_one_is_there(damage, tmp_path, capsys):
    bad = damage(FILES["images.gz"])
    put(tmp_path, "images.gz", bad)
    put(tmp_path, "labels.gz", FILES["labels.gz"])
    with pytest.raises(DataError, match=r"images\.gz there is damaged"):
        fetching.fetch(collection(NOWHERE), tmp_path)
    assert in_place(tmp_path) == {**FILES, "images.gz": bad}  # left as it was
    with serving(FILES) as good:
        assert fetching.fetch(collection(good.address), tmp_path) == FILES
        assert good.asked == ["images.gz"]
    assert in_place(tmp_path) == FILES
    assert "was damaged" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_means_memory(tmp_path, capsys):
    (tmp_path / "file").touch()
    root = tmp_path / "file" / "data"
    with serving(FILES) as good:
        assert fetching.fetch(collection(good.address), root) == FILES
        said = capsys.readouterr().out
        assert "cannot be written (not a directory)" in said
        assert "CNN_COURSE_DATA" in said
        assert fetching.fetch(collection(good.address), root) == FILES
        assert len(good.asked) == 2  # the second time from memory, and
        assert capsys.readouterr().out == ""  # without saying it again


def no_room_after_half(monkeypatch):
    """Temporary files take half of what is written and are then out of space."""
    plain = Path.open

    class Full(io.FileIO):
        def write(self, data):
            super().write(bytes(data)[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(path, mode="r", *args, **kwargs):
        if path.name.endswith(".part"):
            return Full(path, mode.replace("b", ""))
        return plain(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", opened)


def test_a_full_disk_means_memory_and_nothing_half_written(tmp_path, monkeypatch, capsys):
    put(tmp_path, "images.gz", b"damaged")
    no_room_after_half(monkeypatch)
    with serving(FILES) as good:
        assert fetching.fetch(collection(good.address), tmp_path) == FILES
    monkeypatch.undo()
    assert in_place(tmp_path) == {"images.gz": b"damaged"}
    assert "no space left on device" in capsys.readouterr().out


def test_a_file_that_another_kernel_has_put_there_meanwhile_will_do(tmp_path, monkeypatch, capsys):
    def held_open(_source, target):  # as Windows does it
        Path(target).write_bytes(FILES[Path(target).name])
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", held_open)
    with serving(FILES) as good:
        assert fetching.fetch(collection(good.address), tmp_path) == FILES
    assert in_place(tmp_path) == FILES
    assert capsys.readouterr().out == ""


KERNEL = """
import sys
from pathlib import Path
sys.path.insert(0, {repository!r})
from tests.datasets.test_fetching import FILES, collection, fetching
print("ready", flush=True)
sys.stdin.readline()
assert fetching.fetch(collection({address!r}), Path({root!r})) == FILES
print("right")
"""


def kernel(address: str, root: Path) -> subprocess.Popen:
    """Another process that waits for a line and then fetches."""
    repository = str(Path(__file__).resolve().parents[2])
    code = KERNEL.format(repository=repository, address=address, root=str(root))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def test_two_kernels_at_once_both_end_right(tmp_path):
    with serving(FILES) as good:
        kernels = [kernel(good.address, tmp_path) for _ in range(2)]
        for each in kernels:
            each.stdin.write("go\n")
            each.stdin.flush()
        for each in kernels:
            out, err = each.communicate(timeout=20)
            assert (out, each.returncode) == ("right\n", 0), err
    assert in_place(tmp_path) == FILES


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_kernel_killed_half_way_leaves_nothing_that_hinders_the_next(tmp_path):
    with serving(FILES, "half, then silence") as stuck:
        killed = kernel(stuck.address, tmp_path)
        killed.stdin.write("go\n")
        killed.stdin.flush()
        until = time.monotonic() + 10
        while not stuck.asked and time.monotonic() < until:
            time.sleep(0.02)
        assert stuck.asked == ["images.gz"]
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=10)
    assert in_place(tmp_path) == {}
    with serving(FILES) as good:
        assert fetching.fetch(collection(good.address), tmp_path) == FILES


def test_a_bar_shows_while_something_is_downloaded(tmp_path, capsys):
    with serving(FILES) as good:
        fetching.fetch(collection(good.address), tmp_path)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Tiny" in err


def archive(**members: bytes) -> io.BytesIO:
    """A tar.gz of files; ``__`` in a name stands for a slash."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file


def test_unpacked_is_there_whole_and_then_gone(tmp_path):
    with fetching.unpacked(archive(folder__a=b"1", folder__b=b"2"), "folder", tmp_path) as place:
        assert in_place(place / "folder") == {"a": b"1", "b": b"2"}
        fetching.settle(place / "folder", tmp_path / "folder", replace=False)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_archive_cannot_write_elsewhere(tmp_path):
    root = tmp_path / "root"
    evil = archive(**{"folder__a": b"1", "..__..__escaped": b"2"})
    with pytest.raises(DataError, match="damaged"), fetching.unpacked(evil, "folder", root):
        pass
    assert in_place(tmp_path) == {}


@pytest.mark.parametrize("end", [40, -5000])
def test_an_archive_cut_short_leaves_nothing(end, tmp_path):
    whole = archive(folder__a=os.urandom(20_000))
    cut = io.BytesIO(whole.getvalue()[:end])
    with pytest.raises(DataError, match="damaged"), fetching.unpacked(cut, "folder", tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_settle_replaces_only_when_told_to(tmp_path):
    new, old = tmp_path / "temporary" / "folder", tmp_path / "folder"
    for folder, text in ((new, "new"), (old, "old")):
        folder.mkdir(parents=True)
        (folder / "a").write_text(text)
    fetching.settle(new, old, replace=False)
    assert (old / "a").read_text() == "old"
    fetching.settle(new, old, replace=True)
    assert (old / "a").read_text() == "new"


def test_settle_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    new, old = tmp_path / "temporary" / "folder", tmp_path / "folder"
    for folder, text in ((new, "new"), (old, "old")):
        folder.mkdir(parents=True)
        (folder / "a").write_text(text)
    plain = Path.rename

    def rename(path, target):
        if path == new:
            raise PermissionError(errno.EACCES, "Permission denied")
        return plain(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    fetching.settle(new, old, replace=True)
    assert (old / "a").read_text() == "old"


def test_data_folder(monkeypatch, tmp_path):
    repository = Path(fetching.__file__).resolve().parents[2]
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CNN_COURSE_DATA", raising=False)
    assert fetching.data_folder() == repository / "data"
    monkeypatch.setenv("CNN_COURSE_DATA", "elsewhere")
    assert fetching.data_folder() == repository / "elsewhere"
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    assert fetching.data_folder() == tmp_path


@pytest.mark.parametrize(
    "written",
    [
        "{}", " {} ", '"{}"', "'{}'", ' " {} " ', "file://{}", "FILE://{}", "'file://{}'", "$PLACE",
        "${{PLACE}}", '"$PLACE"', "~", "~/../{name}",
    ],
)  # fmt: skip
def test_a_data_folder_however_it_is_written(monkeypatch, tmp_path, written):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLACE", str(tmp_path))
    monkeypatch.setenv("CNN_COURSE_DATA", written.format(tmp_path, name=tmp_path.name))
    assert fetching.data_folder().resolve() == tmp_path.resolve()


def test_blanks_in_a_data_folder(monkeypatch, tmp_path):
    for written in (tmp_path / "a b", f'"{tmp_path}/a b"', f"file://{tmp_path}/a%20b"):
        monkeypatch.setenv("CNN_COURSE_DATA", str(written))
        assert fetching.data_folder() == tmp_path / "a b"
    for written in ("", " ", '""'):
        monkeypatch.setenv("CNN_COURSE_DATA", written)
        assert fetching.data_folder().name == "data"


@pytest.mark.parametrize(
    "written", ["~nobody-of-this-name/data", "$NOWHERE", "/tmp/${NOWHERE}/data"]
)
def test_a_data_folder_that_stands_for_nothing(monkeypatch, written):
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.setenv("CNN_COURSE_DATA", written)
    with pytest.raises(DataError, match=r"stands for nothing here\. Set it to a folder"):
        fetching.data_folder()


def test_official_files_are_found_in_the_data_folder_itself_and_unpacked(monkeypatch, tmp_path):
    files = {name: gzip.compress(name.encode()) for name in ("a.gz", "b.gz", "c.gz", "d.gz")}
    holds = {name.removesuffix(".gz"): name.encode() for name in files}
    entry = replace(
        CATALOGUE["fashion_mnist"],
        mirrors=(),
        files=tuple(
            Resource(name, md5(data), len(data), md5(name.encode())) for name, data in files.items()
        ),
    )
    folder = tmp_path / entry.folder
    folder.mkdir(parents=True)
    (folder / "a.gz").write_bytes(files["a.gz"])
    (tmp_path / "b.gz").write_bytes(files["b.gz"])
    (tmp_path / "c").write_bytes(holds["c"])
    (folder / "d").write_bytes(holds["d"])
    good, damaged = fetching.find(entry, tmp_path)
    assert damaged == {}
    assert good == {
        "a.gz": files["a.gz"], "b.gz": files["b.gz"], "c.gz": holds["c"], "d.gz": holds["d"]
    }  # fmt: skip
    (tmp_path / "b.gz").write_bytes(files["b.gz"][:-1])
    (tmp_path / "c").write_bytes(holds["c"] + b"!")
    (folder / "a.gz").write_bytes(b"damaged")
    good, damaged = fetching.find(entry, tmp_path)
    assert set(good) == {"d.gz"} and set(damaged) == {"a.gz"}


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def test_the_sums_of_unpacked_files_are_those_of_the_official_files():
    raw = fetching.data_folder() / CATALOGUE["fashion_mnist"].folder
    for file in CATALOGUE["fashion_mnist"].files:
        assert file.unpacked == file.name.removesuffix(".gz") and len(file.unpacked_md5) == 32
        if (raw / file.name).is_file():
            assert file.is_unpacked(gzip.decompress((raw / file.name).read_bytes()))


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_a_sign_that_a_console_has_not_ends_nothing(monkeypatch, encoding):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    say("✗ 28×28 pixels")
    sys.stdout.flush()
    shown = {"cp1252": "? 28×28 pixels", "ascii": "? 28?28 pixels", "utf-8": "✗ 28×28 pixels"}
    assert written.getvalue().decode(encoding).strip() == shown[encoding]


def test_wanted_source(monkeypatch):
    monkeypatch.delenv("CNN_COURSE_DATASET", raising=False)
    assert fetching.wanted_source() == "auto"
    for value in ("auto", "official", "drawn", " Drawn "):
        monkeypatch.setenv("CNN_COURSE_DATASET", value)
        assert fetching.wanted_source() == value.strip().lower()
    monkeypatch.setenv("CNN_COURSE_DATASET", "officially")
    with pytest.raises(
        DataError, match=r"'officially', which is not one of auto, official and drawn"
    ):
        fetching.wanted_source()


def test_a_data_error_is_shown_without_a_traceback():
    assert DataError("no\nnetwork")._render_traceback_() == ["✗ no", "network"]
