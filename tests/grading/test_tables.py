"""What lecturers take further: tables without formulas, and what Moodle and Canvas import."""

import csv
import io
import re
from types import SimpleNamespace

import pytest

from grading.assignment import NotGraded
from grading.feedback import page
from grading.folders import LONGEST, chosen, folder_name, named
from grading.marks import Mark, Result
from grading.roster import (
    CANVAS,
    MOODLE,
    Person,
    canvas,
    matched,
    moodle,
    read_roster,
    write_tables,
)
from grading.submissions import Submission
from grading.tables import LONGEST_CELL, as_csv, harmless, table, write_table

FORMULA = tuple("=+-@＝＋－＠\t\r\n")


def task(number: str, points: int = 1, bonus: bool = False):
    check = SimpleNamespace(id=f"check-{number}")
    return SimpleNamespace(number=number, title="", points=points, bonus=bonus, check=check)


TASKS = [task("1.1"), task("1.2", 2), task("5.1", bonus=True)]


def result(student: str, *outcomes: str, remarks: tuple[str, ...] = ()) -> Result:
    marks = [Mark(one, outcome, "words") for one, outcome in zip(TASKS, outcomes, strict=True)]
    return Result(Submission(student, remarks=list(remarks)), {"01": marks})


ADA, BOB = result("ada", "right", "right", "right"), result("bob", "right", "wrong", "blank")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "'=1", '"=1"', "＝1", "＋1",
        "－1", "＠1", "\ufeff=1", "\u200b=1", "\xa0=1", "a;=1", "a, =1", "a|=1", "a\n=1", 'a;"=1"',
        "\x00=1", "\x0b=1", "a\u2028=1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula_whoever_opens_it(text, separator):
    written = as_csv([["before", text, "after"]], separator)
    for other in ",;\t|":  # also a program with other settings
        for row in csv.reader(io.StringIO(written), delimiter=other):
            for cell in row:
                shown = cell.strip().strip("\"' ")
                assert not shown.startswith(FORMULA) or "'" in cell[: cell.index(shown)]
    assert len(written.splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["Ada Lovelace", "O'Neill", "Müller-Lüdenscheidt", "3.5 stopped", ""]
)
def test_plain_text_stays_as_it_is(text):
    assert harmless(text) == text


def test_numbers_stay_numbers_and_follow_the_separator():
    assert as_csv([["a", 0.5, -1, 3]]) == "a,0.5,-1,3\r\n"
    assert as_csv([["a", 0.5, -1, 3]], ";") == "a;0,5;-1;3\r\n"


def test_the_file_begins_with_the_mark_that_excel_asks_for(tmp_path):
    write_table(tmp_path / "grades.csv", [["Müller", "\udc81"]])
    data = (tmp_path / "grades.csv").read_bytes()
    assert data == b"\xef\xbb\xbf" + "Müller,\ufffd\r\n".encode()


def test_remarks_are_bounded():
    many = result("eve", "right", "right", "right", remarks=("x" * 10**6, *["y" * 250] * 500))
    cell = table([many])[1][-1]
    assert len(cell) < LONGEST_CELL + 100
    assert cell.startswith("xxx") and "…" in cell and re.search(r"and \d+ more$", cell)


def test_what_is_unusual_is_told_to_the_lecturer_alone():
    odd = result("eve", "right", "right", "right")
    odd.marks["01"][1].unusual = ["line 3 of answer-1-2: it uses ctypes"]
    assert table([odd])[1][-1] == "1.2 unusual: line 3 of answer-1-2: it uses ctypes"
    assert "ctypes" not in page(odd)


def test_what_a_person_entered_counts():
    changed = result("eve", "right", "wrong", "error")
    changed.marks["01"][1].by_hand, changed.marks["01"][0].extra = 1.5, 0.5
    rows = table([changed])
    assert rows[0] == ["student", "1.1", "1.2", "5.1", "points", "bonus", "total", "of", "remarks"]
    assert rows[1][1:8] == [1.5, 1.5, "", 3, 0, 3, 3]
    changed.marks["01"][2].by_hand = 1.0
    assert table([changed])[1][1:8] == [1.5, 1.5, 1, 3, 1, 4, 3]


PEOPLE = [
    Person("Ada Lovelace", "12345", "ada@uni.example"),
    Person("Müller, Jörg", "12346", "jm@uni.example"),
    Person("Bob Ross", "12347", "bob@uni.example"),
]


@pytest.mark.parametrize(
    ("student", "name"),
    [
        ("12345", "Ada Lovelace"),
        ("ada@uni.example", "Ada Lovelace"),
        ("ADA", "Ada Lovelace"),
        ("ada lovelace", "Ada Lovelace"),
        ("lovelaceada", "Ada Lovelace"),
        ("Lovelace, Ada", "Ada Lovelace"),
        ("Ada Lovelace_12345_assignsubmission_file_", "Ada Lovelace"),
        ("Ada Lovelace_999_assignsubmission_file_", "Ada Lovelace"),
        ("lovelaceada_123_456_01_convolution_layers", "Ada Lovelace"),
        ("Jörg Müller", "Müller, Jörg"),
        ("muller-jorg", "Müller, Jörg"),
        ("Mu\u0308ller Jo\u0308rg", "Müller, Jörg"),
        ("Ad", None),
        ("Lovelace", None),
        ("", None),
    ],
)
def test_a_folder_finds_its_person(student, name):
    found = matched({student: []}, PEOPLE)
    assert (found[student].name if student in found else None) == name


def test_two_of_one_name_are_told_apart_by_id_or_not_at_all():
    twins = [Person("Jan Meier", "1"), Person("Jan Meier", "2")]
    assert matched({"Jan Meier": [], "2": [], "Jan Meier_1_file": [], "x": ["1"]}, twins) == {
        "2": twins[1],
        "Jan Meier_1_file": twins[0],
        "x": twins[0],
    }


LISTS = {
    "plain": "name,id,e-mail\nAda Lovelace,12345,ada@uni.example\n",
    "other order and case": "E-Mail,ID,NAME\nada@uni.example,12345,Ada Lovelace\n",
    "semicolons": "Id;Name;E-mail\n12345;Ada Lovelace;ada@uni.example\n",
    "two names": "First name,Last name,ID number,Email address\n"
    "Ada,Lovelace,12345,ada@uni.example\n",
    "German": "Vorname\tNachname\tMatrikelnummer\tE-Mail-Adresse\nAda\tLovelace\t12345\t"
    "ada@uni.example\n",
    "Moodle's worksheet": "Identifier,Full name,Email address,Status,Grade\n"
    "12345,Ada Lovelace,ada@uni.example,,\n",
    "a comma in a name": 'name,id,e-mail\n"Ada Lovelace",12345,ada@uni.example\n\n,,\n',
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_of_the_class_is_read(kind, encoding, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes(LISTS[kind].encode(encoding))
    assert read_roster(path) == [Person("Ada Lovelace", "12345", "ada@uni.example")]


def test_an_export_of_canvas_is_a_list(tmp_path):
    path = tmp_path / "canvas.csv"
    path.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
        '"Lovelace, Ada",77,s1,ada,A\n'
    )
    assert read_roster(path) == [Person("Lovelace, Ada", "77", "", "ada", "s1", "A")]


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "name\nAda\n", "id,e-mail\n1,a@b\n", "\x00\x00"]
)
def test_a_list_that_says_not_what_is_what(text, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(NotGraded, match="no columns with names and ids or e-mails"):
        read_roster(path)


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(NotGraded, match="cannot be read"):
        read_roster(tmp_path / "none.csv")


def rows_of(path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_moodle_and_canvas_find_their_columns(tmp_path):
    said = write_tables([ADA, BOB, result("x", *["blank"] * 3)], tmp_path, PEOPLE, ";")
    assert said == (
        "Not found in the list of the class: x.\nIn the list, and without a submission: "
        "Müller, Jörg."
    )
    there = rows_of(tmp_path / "grades_moodle.csv")
    assert tuple(there[0]) == MOODLE
    # What the import of a grading worksheet insists on.
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(MOODLE)
    short = [(r["Identifier"], r["Full name"], r["Email address"], r["Grade"]) for r in there]
    assert short == [
        ("12345", "Ada Lovelace", "ada@uni.example", "3"),  # no more than the maximum
        ("12346", "Müller, Jörg", "jm@uni.example", ""),
        ("12347", "Bob Ross", "bob@uni.example", "1"),
    ]
    assert {row["Maximum Grade"] for row in there} == {"3"}
    assert there[0]["Feedback comments"] == "3 of 3 points, and 1 for voluntary tasks."
    first, *there = rows_of(tmp_path / "grades_canvas.csv")
    assert tuple(first)[:5] == CANVAS == ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
    (assignment,) = tuple(first)[5:]
    assert (first["Student"], first[assignment]) == ("Points Possible", "3")
    assert [(r["Student"], r["SIS Login ID"], r[assignment]) for r in there] == [
        ("Ada Lovelace", "ada@uni.example", "4"),
        ("Müller, Jörg", "jm@uni.example", ""),
        ("Bob Ross", "bob@uni.example", "1"),
    ]
    text = (tmp_path / "grades.csv").read_text(encoding="utf-8-sig")
    assert text.startswith("student;name;id;e-mail;1.1;")
    assert "ada;Ada Lovelace;12345;ada@uni.example;1;2;1;3;1;4;3;" in text


def test_who_is_not_graded_to_the_end_has_no_sum_to_import():
    open_one = result("ada", "right", "error", "blank")
    who = {"ada": PEOPLE[0]}
    assert moodle([open_one], who, PEOPLE[:1])[1][4] == ""
    assert canvas([open_one], who, PEOPLE[:1])[2][-1] == ""


def test_without_a_list_those_of_an_earlier_run_go(tmp_path):
    write_tables([ADA], tmp_path, PEOPLE, ",")
    assert write_tables([ADA], tmp_path, None, ",") == ""
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "ada", "Ada Lovelace", "Müller", "M\udc81ller", "", ".", "..", "a/b", "a\x00b", "a\nb",
        "x" * 300, "ü" * 200, "=1+1", "\ud83d", "CON:", "  ", "a.",
    ],
)  # fmt: skip
def test_every_name_becomes_one_that_disks_and_tables_take(name, tmp_path):
    fitting = folder_name(name)
    (tmp_path / fitting).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [fitting]
    assert 0 < len(fitting.encode("utf-8")) <= LONGEST
    assert name not in ("ada", "Ada Lovelace", "Müller") or fitting == name


def test_no_two_have_the_same_name_and_whose_was_changed_is_told():
    sent = named([Submission(name) for name in ("ada", "Ada", "M\udc81", "M\udc82", "M\ufffd (2)")])
    names = [submission.student for submission in sent]
    assert names == ["ada", "Ada (2)", "M\ufffd", "M\ufffd (2)", "M\ufffd (2) (2)"]
    assert [bool(submission.remarks) for submission in sent] == [False, True, True, True, True]


def test_those_who_are_named_are_chosen():
    sent = [Submission("ada"), Submission("Bob Ross")]
    assert chosen(sent, []) == sent
    assert chosen(sent, ["bob ross"]) == sent[1:]
    with pytest.raises(NotGraded, match=r"no submission of eve\. There are Bob Ross, ada\."):
        chosen(sent, ["ada", "eve"])
