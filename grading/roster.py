"""Who is who: a list of the class, and the points as Moodle and Canvas import them.

    make grade SUBMISSIONS=folder ROSTER=roster.csv

The list is a table with names, ids and e-mails, in any order and with usual headings; what Moodle
(the grading worksheet of an assignment) and Canvas (an export of the gradebook) hand out will do.
A folder belongs to whoever has its name as id, as e-mail, as the part of it before the @, or as
first and last name in either order, whatever the case, accents, blanks and signs between.
"""

import csv
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from grading.assignment import NotGraded
from grading.marks import Result, plain
from grading.tables import table, write_table

TITLE = "Convolutional Neural Networks"
MOODLE = (
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
    "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
    "Feedback comments",
)  # fmt: skip
IMPORTED = "grades_moodle.csv", "grades_canvas.csv"
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# The headings that a column may have, of letters only.
HEADINGS = {
    "name": {"name", "fullname", "student", "studentname", "displayname", "vollstandigername"},
    "first": {"firstname", "givenname", "forename", "vorname"},
    "last": {"lastname", "surname", "familyname", "nachname"},
    "id": {
        "id", "identifier", "idnumber", "studentid", "userid", "matriculationnumber", "number",
        "matrikelnummer", "matrnr", "idnummer",
    },
    "email": {"email", "emailaddress", "mail", "emailadresse"},
    "login": {"sisloginid", "loginid", "login", "username", "user", "benutzername"},
    "sis": {"sisuserid"},
    "section": {"section", "group", "gruppe"},
}  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A row of the list; what it does not say is empty."""

    name: str
    id: str = ""
    email: str = ""
    login: str = ""
    sis: str = ""
    section: str = ""

    def folder_keys(self) -> set[str]:
        """The names that a folder of this person may have, as ``key_of`` makes them."""
        words = [word for word in re.split(r"[\s,]+", self.name) if word]
        turned = [" ".join(words[n:] + words[:n]) for n in range(len(words))]
        parts = [self.id, self.id.split()[-1] if self.id else "", self.login, self.sis]
        parts += [self.email, self.email.partition("@")[0], *turned]
        return {key_of(part) for part in parts} - {""}


def key_of(text: str) -> str:
    """``text`` without case, accents, blanks and signs."""
    plain_text = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    return "".join(sign for sign in plain_text if sign.isalnum())


def read_roster(path: Path) -> list[Person]:
    """The people in the table ``path``. Raises ``NotGraded`` with what is wrong about it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotGraded(
            f"The list of the class cannot be read: {path} ({error.strerror})."
        ) from None
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # as older Excels write it
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows = list(csv.reader(text.splitlines(), delimiter=separator))
    places = _places(rows[0]) if rows else {}
    if not {"name", "last"} & places.keys() or not {"id", "email", "login"} & places.keys():
        raise NotGraded(
            f"{path} has no columns with names and ids or e-mails. Its first row has to say which "
            'is which, such as "name,id,e-mail"; it says: ' + (first.strip()[:200] or "nothing")
        )
    people = [_person(row, places) for row in rows[1:]]
    return [one for one in people if one.name and key_of(one.name) != "pointspossible"]


def _places(header: list[str]) -> dict[str, int]:
    words = [key_of(cell) for cell in header]
    return {
        kind: place
        for kind, headings in HEADINGS.items()
        for place, word in reversed(list(enumerate(words)))
        if word in headings
    }


def _person(row: list[str], places: dict[str, int]) -> Person:
    said = {kind: row[n].strip() for kind, n in places.items() if n < len(row)}
    first, last = said.pop("first", ""), said.pop("last", "")
    name = said.pop("name", "") or f"{first} {last}".strip()
    return Person(name, **said)


def matched(students: dict[str, list[str]], people: list[Person]) -> dict[str, Person]:
    """Who each student is; without those who fit nobody, or several.

    ``students`` has the other names of each, such as a platform's number. A folder as a learning
    platform names it (``Ada Lovelace_12345_…``) is tried part by part.
    """
    by_key: dict[str, list[Person]] = {}
    for person in people:
        for key in person.folder_keys():
            by_key.setdefault(key, []).append(person)
    found = {}
    for student, others in students.items():
        for part in [*others, student, *student.split("_")]:
            fitting = by_key.get(key_of(part), [])
            if len(fitting) == 1:
                found[student] = fitting[0]
                break
    return found


def moodle(results: list[Result], who: dict[str, Person], people: list[Person]) -> list[list]:
    """The rows of a grading worksheet, as an assignment of Moodle takes it back.

    Moodle takes no more than the maximum: voluntary points fill up to it, and the comment has all.
    """
    by_person = {who[r.submission.student]: r for r in results if r.submission.student in who}
    rows: list[list] = [list(MOODLE)]
    most = _most(results)
    for person in people:
        result = by_person.get(person)
        grade = min(result.total, most) if result and not open_marks(result) else ""
        comment = _comment(result) if result else ""
        status = "Submitted for grading" if result else "No submission"
        rows.append(
            [person.id, person.name, person.email, status, grade, most, "Yes", "-", "-", comment]
        )
    return rows


def canvas(results: list[Result], who: dict[str, Person], people: list[Person]) -> list[list]:
    """The rows that the gradebook of Canvas imports; the second says how many points there are."""
    by_person = {who[r.submission.student]: r for r in results if r.submission.student in who}
    rows: list[list] = [
        [*CANVAS, TITLE],
        ["Points Possible", *[""] * (len(CANVAS) - 1), _most(results)],
    ]
    for person in people:
        result = by_person.get(person)
        grade = result.total if result and not open_marks(result) else ""
        login = person.login or person.email
        rows.append([person.name, person.id, person.sis, login, person.section, grade])
    return rows


def write_tables(
    results: list[Result], course: Path, people: list[Person] | None, separator: str
) -> str:
    """Write ``grades.csv``, with a list of the class also those for Moodle and Canvas.

    Returns a sentence on who is in the list alone, or not in it; it is empty if nobody is.
    """
    if people is None:
        write_table(course / "grades.csv", table(results), separator)
        for name in IMPORTED:  # of an earlier run, and with its points
            (course / name).unlink(missing_ok=True)
        return ""
    who = matched({r.submission.student: other_names(r) for r in results}, people)
    known = {student: [one.name, one.id, one.email] for student, one in who.items()}
    write_table(course / "grades.csv", table(results, known), separator)
    for name, rows in zip(IMPORTED, (moodle, canvas), strict=True):
        write_table(course / name, rows(results, who, people))
    strangers = [r.submission.student for r in results if r.submission.student not in who]
    silent = [person.name for person in people if person not in who.values()]
    said = []
    if strangers:
        said.append(f"Not found in the list of the class: {', '.join(strangers)}.")
    if silent:
        said.append(f"In the list, and without a submission: {', '.join(silent)}.")
    return "\n".join(said)


def other_names(result: Result) -> list[str]:
    """What a student is called besides the name of the folder."""
    return [str(name) for name in result.submission.known_as]


def open_marks(result: Result) -> bool:
    """Whether a task is not graded yet; then there is no sum to hand on."""
    return any(mark.undecided for mark in result.all_marks())


def _most(results: list[Result]) -> float:
    return plain(max((result.reachable for result in results), default=0))


def _comment(result: Result) -> str:
    bonus = result.points(True)
    more = f", and {bonus:g} for voluntary tasks" if bonus else ""
    return f"{result.points(False):g} of {result.reachable} points{more}."
