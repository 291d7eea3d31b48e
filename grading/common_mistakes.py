"""The commonest mistakes of a class, by name: messages that are the same sentence but for values.

A check says what it found, so its messages differ from student to student in numbers, shapes, names
and quotes. With these left out, the same mistake has the same words, and they are its name.
"""

import io
import re
import tokenize
from dataclasses import dataclass

from authoring.lesson import Task
from grading.marks import Mark, Result

MISTAKES = ("wrong", "stopped")  # what is no mistake of the subject is not shown to a class
LINES, WIDTH, SENTENCE = 14, 88, 220  # of an example, and of a name, in lines and characters
LONGEST = 20_000  # characters of an answer that are looked at
GAP = "…"
# What is no text: it would break the file, or turn the letters after it around.
UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\ud800-\udfff]"
)
AGAIN = re.compile(r"^on other inputs than those of the notebook:\s*", re.I)
VALUES = re.compile(
    r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`"  # quotes
    r"|\[[^][]*\]|\((?=[^()]*\d)[^()]*\)"  # shapes
    r"|(?<![A-Za-z])[-+−]?\d[\d.,]*(?:e[-+]?\d+)?%?(?:[×x]\d+)*"  # numbers and sizes
    r"|\b[A-Z]\w*[A-Z]\w*|(?<=\ba )[A-Z]\w+|(?<=\ban )[A-Z]\w+"  # classes
    r"|\b\w*_\w*\b"  # names of variables and functions
)
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass
class Mistake:
    """A mistake at ``task``, in words, with the answer of one of the ``students`` who made it."""

    task: Task
    name: str
    students: list[str]
    example: str


def shown_as_text(text: str, most: int = 2000) -> str:
    """``text`` as a page can hold it: no odd characters, and not endless."""
    text = str(text).replace("\r\n", "\n").replace("\r", "\n")
    shown = UNREADABLE.sub("�", text[:most])
    return shown + GAP if len(text) > most else shown


def skeleton(words: str) -> str:
    """A message without what differs from student to student."""
    return re.sub(r"(?:…[\s,;×]*)+", f"{GAP} ", VALUES.sub(GAP, AGAIN.sub("", words))).lower()


def sentences(words: str) -> list[str]:
    """The sentences of a message; a point within a name or a number ends none."""
    return re.split(r"(?<=[.?!])\s+(?=[A-Z\"'`])", words.strip())


def common_words(messages: list[str]) -> str:
    """What all messages of one mistake say, with a gap in place of what differs."""
    parts = [re.split(r"(\s+)", message) for message in messages]
    if len({len(words) for words in parts}) == 1:
        columns = list(zip(*parts, strict=True))
        said = "".join(words[0] if len(set(words)) == 1 else _gap(words[0]) for words in columns)
    else:
        said = VALUES.sub(GAP, messages[0])
    return re.sub(r"…(?:[\s,×]*…)+", GAP, said)


def _gap(word: str) -> str:
    """A gap, with the punctuation that stood behind the word."""
    return GAP + re.search(r"[.,;:?!]*$", word)[0]


def without_person(text: str, student: str) -> str:
    """``text`` without the name under which it was handed in, and without addresses."""
    text = MAIL.sub(GAP, text)
    words = [word for word in re.split(r"[\W_]+", student) if len(word) > 2]
    if words:
        own = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        text = re.sub(rf"(?<![^\W_])(?:{own})(?![^\W_])", GAP, text, flags=re.I)
    return text


def without_comments(source: str) -> str:
    """Code without its comments, where a name may stand; as it is if it is no Python."""
    lines = source.splitlines()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column].rstrip() or "\0"
    except (tokenize.TokenError, SyntaxError, IndexError, ValueError):
        lines = [re.sub(r"(^|\s)#.*$", "", line) for line in source.splitlines()]
    return "\n".join(line for line in lines if line != "\0")


def example_of(mark: Mark, student: str) -> str:
    """An answer as the class may see it: without comments and names, and bounded."""
    code = without_comments(shown_as_text(mark.answer, LONGEST))
    code = re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", without_person(code, student))
    lines = [line.rstrip() for line in code.strip("\n").split("\n")]
    shown = [line if len(line) <= WIDTH else line[: WIDTH - 1] + GAP for line in lines[:LINES]]
    left = len(lines) - len(shown)
    if left:
        shown.append(f"{GAP} and {left} more line{'s' * (left > 1)}")
    return "\n".join(shown)


def common_mistakes(results: list[Result], most: int = 12) -> list[Mistake]:
    """The ``most`` commonest mistakes, those of most students first."""
    groups: dict[tuple[str, str], list[tuple[str, Mark]]] = {}
    for result in results:
        for mark in result.all_marks():
            words = shown_as_text(mark.words)
            if mark.outcome in MISTAKES and words.strip():
                key = mark.task.number, skeleton(words)
                groups.setdefault(key, []).append((result.submission.student, mark))
    largest = sorted(groups.values(), key=len, reverse=True)[:most]
    return _named(largest)


def _named(groups: list[list[tuple[str, Mark]]]) -> list[Mistake]:
    """The mistakes of these groups. A name is the first sentence, or more if two share it."""
    said = [_sentences_of(group) for group in groups]
    numbers = [group[0][1].task.number for group in groups]
    found = []
    for number, own, group in zip(numbers, said, groups, strict=True):
        count = 1
        rivals = [other for n, other in zip(numbers, said, strict=True) if n == number]
        while count < len(own) and sum(r[:count] == own[:count] for r in rivals) > 1:
            count += 1
        name = " ".join(own[:count])
        name = name[: SENTENCE - 1] + GAP if len(name) > SENTENCE else name
        student, mark = min(group, key=lambda entry: len(entry[1].answer))
        students = [shown_as_text(student, 60) for student, _ in group]
        found.append(Mistake(mark.task, _begun(name), students, example_of(mark, student)))
    return found


def _begun(sentence: str) -> str:
    """With a capital letter, unless it begins with a name from a program."""
    return sentence if re.match(r"\w*[_.\[(]", sentence) else sentence[:1].upper() + sentence[1:]


def _sentences_of(group: list[tuple[str, Mark]]) -> list[str]:
    messages = [
        AGAIN.sub("", without_person(shown_as_text(m.words), student)) for student, m in group
    ]
    return sentences(common_words(messages))
