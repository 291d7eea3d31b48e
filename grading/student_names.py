"""What a student is called: a name that can be read, and that can be the name of a folder.

Names come from folders, files and archives of any machine: in any encoding, of any length, with
signs that mean something to a shell or a browser. A name that is harmless stays as it is.
"""

import re
import unicodedata

LONGEST_NAME = 80  # characters; with the folders around it a path stays far below every limit
LONGEST_BYTES = 180  # in UTF-8; a name of a folder may have 255
FORBIDDEN = '/\\:*?"<>|'  # on one system or another no part of a name


def readable(raw: str) -> str:
    """A name of a file as a person would write it.

    Bytes that were no UTF-8 are read as Windows or, before it, DOS wrote them, whichever makes
    letters of them.
    """
    try:
        text = raw.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        text = _in_an_older_encoding(raw)
    return unicodedata.normalize("NFC", text)


def _in_an_older_encoding(raw: str) -> str:
    data = raw.encode("utf-8", "surrogateescape" if _only_escapes(raw) else "replace")
    for encoding in ("cp1252", "cp437"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if all(unicodedata.category(sign) in ("Ll", "Lu") for sign in text if ord(sign) > 127):
            return text
    return data.decode("utf-8", "replace")


def _only_escapes(raw: str) -> bool:
    """Whether each surrogate stands for a byte."""
    return all("\udc80" <= sign <= "\udcff" for sign in raw if "\ud800" <= sign <= "\udfff")


def as_folder(raw: str) -> str:
    """A name for a folder: it can be read, hides nothing, leads nowhere, and is not too long."""
    text = "".join("_" if sign in FORBIDDEN else _shown(sign) for sign in readable(raw))
    text = re.sub(r"\s+", " ", text).strip(" .")[:LONGEST_NAME]
    text = text.encode()[:LONGEST_BYTES].decode("utf-8", "ignore").strip(" .")
    return text or "student"


def _shown(sign: str) -> str:
    """``sign``; nothing for what controls a terminal or turns the direction of the text."""
    category = unicodedata.category(sign)
    if category in ("Zs", "Zl", "Zp") or sign in "\t\n\r":
        return " "
    return "" if category in ("Cc", "Cf", "Cs", "Co", "Cn") else sign


def all_different(wanted: list[tuple[str, str]]) -> list[str]:
    """A name for each pair of a name and a mark of the learning platform, which may be empty.

    Where several have one name, the mark tells them apart, or else a number.
    """
    names = [as_folder(raw) for raw, _ in wanted]
    taken: set[str] = set()
    found = []
    for name, (_, mark) in zip(names, wanted, strict=True):
        if mark and names.count(name) > 1:
            name = as_folder(f"{name[: LONGEST_NAME - 20]} {mark}")
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name[: LONGEST_NAME - 6]} ({number})"
        taken.add(free)
        found.append(free)
    return found
