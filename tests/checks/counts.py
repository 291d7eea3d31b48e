"""A pytest plugin that counts how many right and wrong answers the checks are tried on.

After the tests of the checks it prints a table: for each task, how many right ways pass, how many
wrong answers are refused with the message meant for them, and how many different messages that
are. Where all of these tests were run, too few are a failure.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from authoring.facts import lesson_facts

LEAST_RIGHT = 3  # ways of each task
LEAST_MESSAGES = 8  # of each task
LEAST_WRONG = 220  # answers with a message of their own, of all tasks together


@dataclass
class Counts:
    """The answers of all tests, by task."""

    right: Counter = field(default_factory=Counter)
    wrong: Counter = field(default_factory=Counter)
    messages: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, answers: list[tuple[str, str, str]]) -> None:
        """Count what ``tables.ANSWERS`` holds after a test."""
        for task, kind, message in answers:
            if kind == "right":
                self.right[task] += 1
            elif kind == "wrong":
                self.wrong[task] += 1
                self.messages[task].add(message)

    def tasks(self) -> list[str]:
        """The tasks of the course; the tests of the frame around the checks use 9.x."""
        lessons = {facts.number for facts in lesson_facts().values()}
        tried = self.right | self.wrong
        return sorted(task for task in tried if task.split(".")[0] in lessons)

    def table(self) -> list[str]:
        """The lines to print."""
        lines = ["task   right ways   wrong answers   different messages"]
        rows = [(t, self.right[t], self.wrong[t], len(self.messages[t])) for t in self.tasks()]
        rows.append(("all", *(sum(row[i] for row in rows) for i in (1, 2, 3))))
        return lines + [f"{t:<4}   {a:>10}   {b:>13}   {c:>18}" for t, a, b, c in rows]

    def shortfalls(self) -> list[str]:
        """What is missing, in words."""
        found = [
            f"task {task}: {count} {what}, at least {least} are asked for"
            for counts, what, least in (
                (self.right, "right ways", LEAST_RIGHT),
                ({t: len(m) for t, m in self.messages.items()}, "messages", LEAST_MESSAGES),
            )
            for task in self.tasks()
            if (count := counts.get(task, 0)) < least
        ]
        total = sum(len(self.messages[task]) for task in self.tasks())
        if total < LEAST_WRONG:
            found.append(f"{total} different messages in all, at least {LEAST_WRONG}")
        return found


class AnswerCounter:
    """Collects the counts of one run of pytest, where its reports come together."""

    def __init__(self, config: pytest.Config):
        self.config, self.counts, self.failed = config, Counts(), False

    def pytest_runtest_logreport(self, report):
        """The answers of a test come with its teardown, from whichever worker ran it."""
        if report.when == "teardown":
            for name, answers in report.user_properties:
                if name == "answers":
                    self.counts.add(answers)
        self.failed = self.failed or report.failed

    def pytest_sessionfinish(self, session):
        """Too few answers make the run fail, if all of them were asked for."""
        if self.is_whole() and not self.failed and self.counts.shortfalls():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        """Print the table."""
        if not self.counts.tasks():
            return
        terminalreporter.section("answers that the checks are tried on")
        for line in self.counts.table():
            terminalreporter.write_line(line)
        if self.is_whole():
            for line in self.counts.shortfalls():
                terminalreporter.write_line(f"TOO FEW: {line}", red=True)

    def is_whole(self) -> bool:
        """Whether no test of the checks was left out by the command line."""
        option, here = self.config.option, Path(__file__).parent
        asked_for = [self.config.invocation_params.dir / name for name in self.config.args]
        whole = self.counts.tasks() and any(here.is_relative_to(path) for path in asked_for)
        return bool(whole) and not option.keyword and not option.markexpr


def pytest_configure(config):
    """Count where the reports come together: not in a worker of pytest-xdist."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(AnswerCounter(config), "counts of answers")
