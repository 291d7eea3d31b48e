"""What was judged before, so that nothing is judged twice: a store beside the gradebook.

``judged.json`` holds the verdict on each answer, under a hash of all that it hangs on: the text of
the answer and of the earlier ones, the lesson with its cells and hidden checks, the limits, and the
code of the helpers and the grader. ``results.json`` holds the marks of the last whole run, for
those who are kept when one student is graded again.
"""

import functools
import hashlib
import json
import platform
import sys
import time
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


def key_of(base: str, request: dict) -> str:
    """The key of an answer: whoever wrote it, and whatever else its request carries."""
    return fingerprint(base, *(request[name] for name in ("task", "answers", "earlier")))


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

    def get(self, key: str) -> dict | None:
        """The verdict under ``key``, if there is one."""
        self.used.add(key)
        return self.verdicts.get(key)

    def put(self, key: str, result: dict) -> None:
        """Keep a verdict, and now and then save all."""
        if result["outcome"] == "error":
            return
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
