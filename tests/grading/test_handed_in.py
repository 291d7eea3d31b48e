"""Folders and zips as people and platforms leave them: whose is what, and nothing disappears."""

import io
import os
import stat
import zipfile
from functools import lru_cache

import pytest

from grading import submissions
from grading.submissions import read_all
from tests.grading.formats import code, stored, with_source, zipped
from tests.grading.students import ROOT, Desk
from tests.grading.test_submissions import FIRST, NAMES, assignment, right_of, same

__all__ = ["assignment"]  # a fixture
SECOND = NAMES[1]


@pytest.fixture
def desk(course, tmp_path):
    return Desk(course, tmp_path / "My Submissions äöü %?#")


@pytest.fixture
def one(desk):
    return stored(desk.filled("01"))


@pytest.fixture
def two(desk):
    return stored(desk.filled("02"))


@pytest.fixture
def hand_in(desk, assignment):
    def write_and_read(files: dict[str, bytes]):
        for path, data in files.items():
            target = desk.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return read_all(desk.folder, *assignment)

    return write_and_read


def by_name(found) -> dict:
    assert len({sent.student for sent in found}) == len(found)
    return {sent.student: sent for sent in found}


def assert_whole(sent, desk, *numbers: str) -> None:
    """All answers of some lessons are there."""
    for number in numbers:
        assert not same(sent.answers[NAMES[int(number) - 1]], right_of(desk, number))


# Names of files and folders of one student, with two notebooks.
LAYOUTS = [
    (f"{FIRST}.ipynb", f"{SECOND}.ipynb"),
    (f"{FIRST} (1).ipynb", f"{SECOND}(2).ipynb"),
    (f"Kopie von {FIRST}.ipynb", f"Copy of {SECOND}.ipynb"),
    (f"{FIRST}-Copy1.ipynb", f"{SECOND}_copy.ipynb"),
    (f"{FIRST}-ada.ipynb", f"ada_{SECOND}.ipynb"),
    (f"{FIRST}.IPYNB", f"{SECOND}.Ipynb"),
    (f"{FIRST}.ipynb.txt", f"{SECOND}.ipynb.json"),
    (f"{FIRST}.json", f"{SECOND}"),
    ("Untitled.ipynb", "Untitled1.ipynb"),
    (f"{SECOND}.ipynb", f"{FIRST}.ipynb"),  # each under the other's name
    (f"cnn/{FIRST}.ipynb", f"cnn/{SECOND}.ipynb"),
    (f"a/b c/d/{FIRST}.ipynb", f"e/{SECOND}.ipynb"),
    (f"{FIRST}/{FIRST}.ipynb", f"{SECOND}/{SECOND}.ipynb"),
    ("Übung 1/Lösung %20 #1?.ipynb", f"Übung 2/{SECOND}.ipynb"),
]  # fmt: skip


@pytest.mark.parametrize("names", LAYOUTS, ids=lambda names: names[0])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_notebooks_are_known_by_what_is_in_them(names, packed, one, two, desk, hand_in):
    files = dict(zip(names, (one, two), strict=True))
    if packed:
        found = hand_in({"ada.zip": zipped(files)})
    else:
        found = hand_in({f"ada/{name}": data for name, data in files.items()})
    (sent,) = found
    assert sent.student == "ada"
    assert_whole(sent, desk, "1", "2")
    assert not [remark for remark in sent.remarks if "no such file" not in remark]
    assert not found.unread


RUBBISH = {
    f"__MACOSX/._{FIRST}.ipynb": b"\x00\x05\x16\x07",
    f"__MACOSX/ada/._{FIRST}.ipynb": b"\x00\x05\x16\x07",
    f"._{FIRST}.ipynb": b"\x00\x05\x16\x07",
    ".DS_Store": b"\x00",
    f".ipynb_checkpoints/{FIRST}-checkpoint.ipynb": b"{}",
    "Thumbs.db": b"x",
    "timestamp.txt": b"2026-01-01 00:00:00 UTC",
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_what_programs_leave_beside_it_is_passed_over(packed, one, desk, hand_in, assignment):
    files = RUBBISH | {f"{FIRST}.ipynb": one}
    if packed:
        found = hand_in({"ada.zip": zipped(files)})
    else:
        found = hand_in({f"ada/{name}": data for name, data in files.items()})
        (desk.folder / "ada" / "cnn").mkdir()  # empty, beside the notebooks
        found = read_all(desk.folder, *assignment)
    assert_whole(found[0], desk, "1")
    assert not [remark for remark in found[0].remarks if "no such file" not in remark]
    assert not found.unread


# Platforms: the paths in a download of a whole class, and the names that students get.
PLATFORMS = {
    "Moodle": (
        ["{} {}_{}_assignsubmission_file_/" + FIRST + ".ipynb"],
        ["Ada Lovelace", "Grace Hopper", "Max Müller"],
    ),
    "Moodle without the last underscore": (
        ["{} {}_{}_assignsubmission_file/" + FIRST + ".ipynb"],
        ["Ada Lovelace", "Grace Hopper", "Max Müller"],
    ),
    "Moodle without folders": (
        ["{} {}_{}_assignsubmission_file_" + FIRST + ".ipynb"],
        ["Ada Lovelace", "Grace Hopper", "Max Müller"],
    ),
    "Canvas": (["{1}{0}_{2}_456_" + FIRST + ".ipynb"], ["HopperGrace", "LovelaceAda", "MüllerMax"]),
    "Canvas, late": (
        ["{1}{0}_LATE_{2}_456_" + FIRST + "-1.ipynb"],
        ["HopperGrace", "LovelaceAda", "MüllerMax"],
    ),
    "ILIAS": (
        ["Uebung 1/Abgaben/{1}_{0}_{0}_{2}/" + FIRST + ".ipynb"],
        ["Hopper_Grace_Grace_123", "Lovelace_Ada_Ada_122", "Müller_Max_Max_124"],
    ),
    "own folders": (["{0}/" + FIRST + ".ipynb"], ["Ada", "Grace", "Max"]),
    "a folder around it": (["class of 2026/{0}/x/" + FIRST + ".ipynb"], ["Ada", "Grace", "Max"]),
}
PEOPLE = [("Ada", "Lovelace", 122), ("Grace", "Hopper", 123), ("Max", "Müller", 124)]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("how", ["folder", "zip", "zips in it"])
def test_the_download_of_a_platform_is_read_as_it_comes(platform, how, one, desk, hand_in):
    (pattern,), names = PLATFORMS[platform]
    files = {pattern.format(*person): one for person in PEOPLE}
    if how == "zips in it":
        files = {
            path.removesuffix(".ipynb") + ".zip": zipped({f"work/{FIRST}.ipynb": one})
            for path in files
        }
    found = hand_in(files if how == "folder" else {"all.zip": zipped(files)})
    assert sorted(by_name(found)) == sorted(names)
    for sent in found:
        assert_whole(sent, desk, "1")
    assert not found.unread


def test_two_of_one_name_are_told_apart_and_parts_of_one_come_together(one, two, desk, hand_in):
    found = by_name(
        hand_in(
            {
                f"Ada Lovelace_1_assignsubmission_file_/{FIRST}.ipynb": one,
                f"Ada Lovelace_2_assignsubmission_file_/{SECOND}.ipynb": two,
                f"Grace Hopper_3_assignsubmission_file_/{FIRST}.ipynb": one,
                "Grace Hopper_3_assignsubmission_onlinetext_/onlinetext.html": b"<p>Hello</p>",
                f"hoppergrace_77_88_{FIRST}.ipynb": one,
                f"hoppergrace_77_99_{SECOND}-1.ipynb": two,
            }
        )
    )
    assert sorted(found) == ["Ada Lovelace 1", "Ada Lovelace 2", "Grace Hopper", "hoppergrace"]
    assert found["Ada Lovelace 1"].known_as == ["1"]
    assert_whole(found["Ada Lovelace 1"], desk, "1")
    assert_whole(found["Ada Lovelace 2"], desk, "2")
    assert_whole(found["hoppergrace"], desk, "1", "2")
    assert found["Grace Hopper"].not_read == ["onlinetext.html: this is no notebook."]


def test_empty_folders_of_students_stay_students(desk, hand_in, one, assignment):
    hand_in({f"ada/{FIRST}.ipynb": one})
    for name in ("bob", "Carl Gauss_5_assignsubmission_file_", "dora/cnn"):
        (desk.folder / name).mkdir(parents=True)
    found = by_name(read_all(desk.folder, *assignment))
    assert sorted(found) == ["Carl Gauss", "ada", "bob", "dora"]
    assert any("no such file" in remark for remark in found["bob"].remarks)


def test_a_notebook_alone_is_of_whom_its_name_says(one, two, desk, hand_in):
    found = hand_in(
        {
            f"{FIRST}-ada.ipynb": one,
            f"ada {SECOND} (1).ipynb": two,
            f"{FIRST}.ipynb": one,
            "list.xlsx": b"PK",
        }
    )
    assert_whole(by_name(found)["ada"], desk, "1", "2")
    assert len(found) == 1
    assert [line.split(":")[0] for line in found.unread] == [f"{FIRST}.ipynb", "list.xlsx"]


# Two for one lesson.
def test_the_better_filled_of_two_notebooks_is_graded(desk, one, hand_in):
    half = stored(desk.filled("01", {"answer-1-1": desk.right["answer-1-1"]}, rest=False))
    found = by_name(
        hand_in(
            {
                f"ada/{FIRST}.ipynb": half,
                f"ada/{FIRST} (1).ipynb": one,
                f"bob/old/{FIRST}.ipynb": one,
                f"bob/new/{FIRST}.ipynb": half,
                f"carl/a/{FIRST}.ipynb": one,
                f"carl/b/{FIRST}.ipynb": one,
            }
        )
    )
    for sent in found.values():
        assert_whole(sent, desk, "1")
    said = f"{FIRST}.ipynb: {FIRST} (1).ipynb has more answers, and was graded in place of this"
    assert any(said in remark for remark in found["ada"].remarks)
    assert any("old/" in remark and "new/" in remark for remark in found["bob"].remarks)
    assert not any("graded in place" in remark for remark in found["carl"].remarks)


def test_of_two_that_are_filled_alike_the_newer_is_graded(desk, one, hand_in, assignment):
    notebook = desk.filled("01", {"answer-1-1": "conv_layer = 7"})
    hand_in({"ada/a.ipynb": one, "ada/b.ipynb": stored(notebook)})
    os.utime(desk.folder / "ada" / "a.ipynb", (10**9, 10**9))
    (sent,) = read_all(desk.folder, *assignment)
    assert sent.answers[FIRST]["answer-1-1"] == "conv_layer = 7"
    assert any("a.ipynb: b.ipynb is newer" in remark for remark in sent.remarks)


def test_a_clone_of_the_course_is_no_set_of_answers(desk, hand_in):
    solution = (ROOT / "solutions" / f"{FIRST}.ipynb").read_bytes()
    found = hand_in(
        {
            f"ada/solutions/{FIRST}.ipynb": solution,
            f"ada/notebooks/{FIRST}.ipynb": stored(desk.released("01")),
            f"bob/{FIRST}.ipynb": solution,
        }
    )
    for sent in found:
        assert same(sent.answers[FIRST], right_of(desk, "1"))
        assert any("the course's own solution" in remark for remark in sent.remarks)


def test_all_lessons_in_one_notebook_are_read(desk, hand_in):
    whole = desk.filled("01")
    whole["cells"] += desk.filled("02")["cells"]
    found = hand_in({"ada/all.ipynb": stored(whole)})
    assert_whole(found[0], desk, "1", "2")


def test_another_notebook_is_named(desk, one, hand_in):
    other = {"cells": [{"cell_type": "markdown", "source": "# My thesis"}, code("x = 1")]}
    found = hand_in({f"ada/{FIRST}.ipynb": one, "ada/thesis.ipynb": stored(other)})
    assert_whole(found[0], desk, "1")
    assert any("none of the notebooks of the assignment" in r for r in found[0].remarks)
    assert any(line.startswith("ada/thesis.ipynb") and "My thesis" in line for line in found.unread)


def test_what_is_no_notebook_is_listed_and_named_if_it_is_meant_as_one(one, desk, hand_in):
    files = {f"{FIRST}.py": b"conv_layer = 1", "notes.pdf": b"%PDF", "02.rar": b"Rar!", "x": b"{1"}
    found = hand_in({f"ada/{name}": data for name, data in files.items()})
    assert len(found.unread) == 4
    assert any(f"{FIRST}.py: this is no notebook" in remark for remark in found[0].remarks)
    assert any("02.rar: such an archive is not read" in remark for remark in found[0].remarks)
    assert not any("notes.pdf" in remark for remark in found[0].remarks)


# No platform of these has a pattern in the grader: where files of one name lie tells it all.
SIDE_BY_SIDE = [
    "Exercise 1_{}_attempt_2026-11-25-10-00-00_" + f"{FIRST}.ipynb",
    "{} - " + f"{FIRST}.ipynb",
    f"{FIRST} - " + "{}.ipynb",
    "cnn-{}/notebooks/" + f"{FIRST}.ipynb",
    "12345-678 - {} - Nov 25, 2026 1030 AM/" + f"{FIRST}.ipynb",
    "Submitted files/{}/Exercise 1/Version 1/" + f"{FIRST}.ipynb",
    "Aufgabe_1/{}/2_dropbox/" + f"{FIRST}.ipynb",
]


@pytest.mark.parametrize("path", SIDE_BY_SIDE)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_any_platform_that_keeps_students_apart_is_understood(path, packed, one, desk, hand_in):
    files = {path.format(name): one for name in ("ada", "bob", "eve")}
    found = by_name(hand_in({"all.zip": zipped(files)} if packed else files))
    assert len(found) == 3
    for name in ("ada", "bob", "eve"):
        (whose,) = (student for student in found if name in student)
        assert_whole(found[whose], desk, "1")
    assert not hand_in({}).unread


def test_two_versions_in_one_zip_are_one_students(one, desk, hand_in):
    files = {f"{FIRST}.ipynb": one, f"{FIRST} old.ipynb": one, f"{FIRST} new.ipynb": one}
    (sent,) = hand_in({"ada.zip": zipped(files)})
    assert sent.student == "ada"
    assert_whole(sent, desk, "1")


# Names.
BYTES = [(b"M\x81ller", "Müller"), (b"M\xfcller", "Müller"), (b"\xff\xfe", "ÿþ")]


@pytest.mark.parametrize(("raw", "name"), BYTES)
def test_a_name_that_is_no_utf_8_can_be_read(raw, name, one, desk, assignment):
    folder = os.fsencode(desk.folder) + b"/" + raw
    os.makedirs(folder)  # noqa: PTH103 (pathlib takes no bytes)
    with open(folder + f"/{FIRST}.ipynb".encode(), "wb") as file:  # noqa: PTH123
        file.write(one)
    (sent,) = read_all(desk.folder, *assignment)
    assert sent.student == name
    assert_whole(sent, desk, "1")
    assert any("the name of the folder" in remark and name in remark for remark in sent.remarks)
    "".join(sent.remarks).encode()


ODD = [
    "...",
    "..x",
    "a\nb",
    "=cmd",
    "a" * 250,
    "ü" * 120,
    "\u202eadA",
    "a  b ",
    "<b>",
    "a:b",
    "\x1b[1m",
]


def test_every_name_becomes_one_of_a_folder_and_all_differ(one, desk, hand_in):
    found = hand_in({f"{name}/{FIRST}.ipynb": one for name in [*ODD, "a" * 251, "a b"]})
    names = set(by_name(found))
    assert len(names) == len(ODD) + 2
    for name in names:
        assert name.isprintable() and "/" not in name and not name.startswith(".")
        assert 0 < len(name) <= 90 and len(name.encode()) <= 200
        (desk.course / "names" / name).mkdir(parents=True)
    for sent in found:
        assert_whole(sent, desk, "1")


def test_a_zip_of_old_windows_has_readable_names(one, desk, hand_in):
    data = zipped({f"Mxller/{FIRST}.ipynb": one, f"Ada/{FIRST}.ipynb": one})
    data = data.replace(b"Mxller", b"M\x81ller")
    assert sorted(by_name(hand_in({"class.zip": data}))) == ["Ada", "Müller"]


# What may not be read, and what is built to harm.
def test_a_folder_that_may_not_be_read_is_a_remark(one, desk, hand_in, assignment, monkeypatch):
    hand_in({f"ada/{FIRST}.ipynb": one, f"bob/{FIRST}.ipynb": one, f"bob/x/{SECOND}.ipynb": one})
    real = os.scandir

    def refusing(path):
        if os.fspath(path).endswith(("ada", "x")):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = read_all(desk.folder, *assignment)
    assert any("may not be read (Permission denied)" in r for r in by_name(found)["ada"].remarks)
    assert any("x: this may not be read" in r for r in by_name(found)["bob"].remarks)
    assert_whole(by_name(found)["bob"], desk, "1")
    assert len(found.unread) == 2


def test_trouble_that_nobody_thought_of_stays_with_its_student(one, desk, hand_in, monkeypatch):
    real = submissions.place

    def failing(cells, handout):
        if any("unlucky" in cell.source for cell in cells):
            raise ZeroDivisionError("\udcff")
        return real(cells, handout)

    monkeypatch.setattr(submissions, "place", failing)
    unlucky = stored(desk.filled("01", {"answer-1-1": "unlucky = 1"}))
    found = by_name(hand_in({f"ada/{FIRST}.ipynb": unlucky, f"bob/{FIRST}.ipynb": one}))
    assert any("ZeroDivisionError" in remark for remark in found["ada"].remarks)
    assert found["ada"].answers[FIRST] == {}
    assert_whole(found["bob"], desk, "1")


def test_links_and_pipes_are_no_notebooks(one, desk, hand_in, assignment, tmp_path):
    hand_in({f"bob/{FIRST}.ipynb": one})
    for name in ("ada", "carl"):
        (desk.folder / name).mkdir()
    (desk.folder / "ada" / f"{FIRST}.ipynb").symlink_to(f"../bob/{FIRST}.ipynb")
    (desk.folder / "dora").symlink_to("bob")
    os.mkfifo(desk.folder / "carl" / f"{FIRST}.ipynb")
    found = by_name(read_all(desk.folder, *assignment))
    for name in ("ada", "carl", "dora"):
        assert not found[name].answers[FIRST]
        assert any("this is a link or something else" in r for r in found[name].remarks)


def test_a_large_file_is_not_read(one, desk, hand_in, assignment):
    hand_in({f"bob/{FIRST}.ipynb": one, f"ada/{FIRST}.ipynb": b"{"})
    with (desk.folder / "ada" / f"{FIRST}.ipynb").open("r+b") as file:
        file.truncate(500 * 2**20)
    found = by_name(read_all(desk.folder, *assignment))
    assert any("500 MB; more than 20 MB" in remark for remark in found["ada"].remarks)


@lru_cache(maxsize=2)
def harmful(one: bytes) -> dict[str, tuple[bytes, str]]:
    """Zips that are built to harm, with what is said of each; each has the first notebook, too."""
    good = {f"{FIRST}.ipynb": one}
    held = io.BytesIO(zipped(good))
    with zipfile.ZipFile(held, "a") as archive:
        link = zipfile.ZipInfo("link.ipynb")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    outside = zipped(good | {"../../evil.ipynb": one, "/etc/x.txt": b"x"})
    nested = zipped(good)
    for _ in range(5):
        nested = zipped(good | {"deeper.zip": nested})
    locked = bytearray(zipped(good | {"locked.ipynb": b"{}"}))
    place = locked.rindex(b"PK\x01\x02")
    locked[place + 8] |= 1
    broken = bytearray(zipped({"broken.ipynb": b"[" + os.urandom(2000) + b"]"} | good))
    broken[200:220] = bytes(20)
    return {
        "outside": (outside, "leads out of the zip"),
        "bomb": (zipped(good | {"bomb.ipynb": b" " * 50 * 2**20}), "50 MB; more than 20 MB"),
        "bomb in a zip": (
            zipped(good | {"b.zip": zipped({"x.ipynb": b" " * 150 * 2**20})}),
            "more than 20 MB",
        ),
        "large zip in a zip": (
            zipped(good | {"b.zip": bytes(150 * 2**20)}),
            "this zip was not read: there are too many",
        ),
        "nested": (nested, "this zip was not read: there are too many"),
        "many zips": (
            zipped(good | {f"{n}.zip": zipped({"a.txt": b""}) for n in range(30)}),
            "this zip was not read: there are too many",
        ),
        "many files": (
            zipped(good | {f"{n}.txt": b"" for n in range(21_000)}),
            "more than 20,000 files",
        ),
        "link": (held.getvalue(), "this is a link"),
        "locked": (bytes(locked), "this has a password"),
        "broken": (bytes(broken), "damaged"),
        "long name": (
            zipped(good | {"x" * 60_000 + ".ipynb": b"{}"}),
            "a path in the zip is too long",
        ),
        "cut zip in a zip": (zipped(good | {"b.zip": zipped(good)[:-9]}), "this zip is damaged"),
    }


NAMES_OF_HARM = [
    "outside",
    "bomb",
    "bomb in a zip",
    "large zip in a zip",
    "nested",
    "many zips",
    "many files",
    "locked",
    "broken",
    "long name",
    "link",
    "cut zip in a zip",
]


def test_the_list_of_harm_is_whole():
    assert sorted(NAMES_OF_HARM) == sorted(harmful(b"{}"))


@pytest.mark.parametrize("name", NAMES_OF_HARM)
def test_a_zip_that_is_built_to_harm_costs_what_is_wrong_in_it_alone(name, one, desk, hand_in):
    data, said = harmful(one)[name]
    found = hand_in({"ada.zip": data, f"bob/{FIRST}.ipynb": one})
    sent = by_name(found)["ada"]
    assert any(said in remark for remark in sent.remarks)
    assert_whole(sent, desk, "1")
    assert_whole(by_name(found)["bob"], desk, "1")
    assert not (desk.folder.parent / "evil.ipynb").exists()


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 100, b"Rar!\x1a\x07\x00"])
def test_what_is_only_called_a_zip_is_named(data, hand_in):
    found = hand_in({"ada.zip": data})
    assert found[0].student == "ada"
    assert any("this zip is damaged" in line for line in found.unread)


def test_a_hundred_students_beside_each_other_are_each_read(one, two, desk, hand_in):
    files = {
        f"s{n}/{name}.ipynb": data
        for n in range(100)
        for name, data in ((FIRST, one), (SECOND, two))
    }
    wrong = stored(with_source(desk.filled("01"), "answer-1-1", "conv_layer = 1"))
    found = hand_in(files | {f"s3/{FIRST}.ipynb": wrong})
    assert len(found) == 100
    assert sum(bool(same(sent.answers[FIRST], right_of(desk, "1"))) for sent in found) == 1
