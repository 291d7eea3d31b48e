"""The marks around answers in a lesson, and the headings of its tasks, for all who read one."""

import re

MARK = re.compile(r"\s*#+ ?(BEGIN SOLUTION|END SOLUTION)\s*")  # alone on its line
TASK = re.compile(r"^###\s+Task\s+(\d+\.\d+)\s+–\s+(\S.*)$", re.MULTILINE)


def without_marks(source: str) -> str:
    """The source of a cell as a student would write it: with the answer, without marks."""
    return "\n".join(line for line in source.split("\n") if not MARK.fullmatch(line))
