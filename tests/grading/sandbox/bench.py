"""Many answers, each to one task, judged in one judge for each lesson."""

from pathlib import Path

from grading import engines as sandbox
from grading.assignment import lessons_in, stubs_in
from grading.grade import request_for
from grading.sandbox.protocol import Limits
from grading.submissions import Submission
from tests.grading.students import right_sources

LIMITS = Limits(cpu_seconds=20, wall_seconds=60.0)


def verdicts_on(answers: dict[str, tuple[str, dict[str, str]]], course: Path) -> dict[str, dict]:
    """By name, what is said of a task's cells; all other cells are right."""
    stubs, usual, found = stubs_in(course), right_sources(), {}
    for lesson in lessons_in(course):
        requests = []
        for task in lesson.tasks:
            for name, (number, cells) in answers.items():
                if number == task.number:
                    sent = Submission(name, {lesson.name: usual | cells})
                    requests.append(request_for(lesson, task, sent, stubs))
        if requests:
            with sandbox.judge(lesson, requests, LIMITS) as results:
                found |= {result["student"]: result for result in results if result["student"]}
    return found
