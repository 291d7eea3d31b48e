"""What was judged before, so that nothing is judged twice: a store beside the gradebook.

``judged.json`` holds the verdict on each answer, under a hash of all that it hangs on: the text of
the answer and of the earlier ones, the lesson with its cells and hidden checks, the limits, and the
code of the helpers and the grader. What is right without the earlier ones is right in whatever
notebook it stands, and however it is laid out. ``results.json`` holds the marks of the last whole
run, for those who are kept when one student is graded again.
"""

import ast
import functools
import hashlib
import json
import platform
import sys
import time
import warnings
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import helpers
from authoring.lesson import Lesson, Task
from grading.marks import OUTCOMES, Mark, Result
from grading.sandbox.protocol import Limits
from grading.submissions import Submission
from helpers.files import replace_file

EVERY = 10.0  # seconds between two savings, so that an end without warning costs little


def fingerprint(*parts: object) -> str:
    """A hash of ``parts``, which JSON can hold."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def of_the_code() -> str:
    """A hash of all that judges: the helpers, the grader, Python and torch."""
    folders = Path(helpers.__file__).resolve().parent, Path(__file__).resolve().parent
    kinds = ".py", ".toml"
    files = [p for folder in folders for p in sorted(folder.rglob("*")) if p.suffix in kinds]
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    return fingerprint(sums, platform.python_version(), version("torch"))


def base_of(lesson: Lesson, limits: Limits) -> str:
    """A hash of all that the verdicts on answers to ``lesson`` have in common."""
    return fingerprint(asdict(lesson), asdict(limits), of_the_code())


def keys_of(base: str, request: dict) -> tuple[str, str]:
    """Two keys of an answer, whoever wrote it: of what it says alone, and of all that was sent."""
    task, answers = request["task"], request["answers"]
    said = {id: program(source) for id, source in answers.items()}
    return fingerprint(base, task, said), fingerprint(base, task, answers, request["earlier"])


def program(source: str) -> str:
    """What a cell says, without its layout and comments; its text where it is no plain Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a student's text: nothing for the lecturer
            return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"as typed: {source}"


def holds_alone(result: dict) -> bool:
    """Whether a verdict holds for all answers that say the same: right, nothing else to tell."""
    return (
        result["outcome"] == "right" and result.get("alone") is True and not result.get("unusual")
    )


class Store:
    """The verdicts of earlier runs and of this one, in a file that is written whole."""

    def __init__(self, path: Path):
        self.path, self.verdicts, self.used = path, {}, set()
        self.saved, self.pause = time.monotonic(), EVERY
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            self.verdicts = {key: one for key, one in found.items() if is_verdict(one)}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, AttributeError, RecursionError):
            print(
                f"What was judged before is not readable any more ({path}), so all answers are "
                "judged again.",
                file=sys.stderr,
            )

    def get(self, keys: tuple[str, str]) -> dict | None:
        """The verdict under one of the ``keys_of`` an answer, if there is one."""
        self.used.update(keys)
        return self.verdicts.get(keys[0]) or self.verdicts.get(keys[1])

    def put(self, keys: tuple[str, str], result: dict) -> None:
        """Keep a verdict, and now and then save all."""
        if result["outcome"] == "error":
            return
        for key in keys:  # whichever of them a former verdict had
            self.verdicts.pop(key, None)
        key = keys[0] if holds_alone(result) else keys[1]
        kept = {name: value for name, value in result.items() if name not in ("student", "task")}
        self.verdicts[key] = kept
        if time.monotonic() - self.saved > self.pause:
            self.save()

    def save(self, only_used: bool = False) -> None:
        """Write the file; ``only_used``: without what no answer of this run had. ``OSError``."""
        if only_used:
            self.verdicts = {key: one for key, one in self.verdicts.items() if key in self.used}
        begin = time.monotonic()
        replace_file(self.path, json.dumps(self.verdicts).encode())
        self.saved = time.monotonic()
        self.pause = max(EVERY, 20 * (self.saved - begin))


def is_verdict(found: object) -> bool:
    """Whether ``found`` is a verdict as ``put`` keeps it."""
    return (
        isinstance(found, dict)
        and found.get("outcome") in OUTCOMES
        and isinstance(found.get("words"), str)
        and isinstance(found.get("seconds", 0.0), (int, float))
        and isinstance(found.get("unusual", []), list)
    )


def save_results(results: list[Result], path: Path) -> None:
    """Keep the marks of all students. Raises ``OSError``."""
    kept = {
        result.submission.student: {
            "remarks": result.submission.remarks,
            "answers": result.submission.answers,
            "seconds": result.seconds,
            "marks": {
                mark.task.number: [mark.outcome, mark.words, mark.answer, mark.unusual]
                for mark in result.all_marks()
            },
        }
        for result in results
    }
    replace_file(path, json.dumps(kept).encode())


def former_results(path: Path, lessons: list[Lesson]) -> list[Result]:
    """The marks of the last run, for the tasks that there are now; none where they are damaged."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return [_result(student, one, lessons) for student, one in kept.items()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        print(f"The results of the last run are not readable any more ({path}).", file=sys.stderr)
        return []


def _result(student: str, kept: dict, lessons: list[Lesson]) -> Result:
    submission = Submission(student, kept["answers"], kept["remarks"])
    result = Result(submission, seconds=kept["seconds"])
    for lesson in lessons:
        result.marks[lesson.name] = [_mark(task, kept["marks"]) for task in lesson.tasks]
    return result


def _mark(task: Task, marks: dict) -> Mark:
    new = "error", "there was no such task when this was graded.", "", []
    outcome, *rest = marks.get(task.number, new)
    return Mark(task, outcome if outcome in OUTCOMES else "error", *rest)
