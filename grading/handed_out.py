"""A lesson as it was handed out: by what a cell of it is known again in somebody's notebook."""

import re
from dataclasses import dataclass, field

from authoring.lesson import BEGIN, HEADING, MARK, STUB, Lesson, Task, check_called
from grading.cell_code import binds, checks_called, meaning
from grading.notebook_files import Cell

HIDDEN = "### BEGIN HIDDEN TESTS"
NUMBERED = re.compile(
    r"^\s{0,3}(?:#{1,6}[^\d\n]{0,40}|<h[1-6][^>]*>[^\d\n]{0,40}|[*_]{0,3}Task\s+)"
    r"(\d{1,3}\.\d{1,3})(?!\.?\d)(?=\s*(?:$|[^\w\s]|\s\w))",
    re.MULTILINE | re.IGNORECASE,
)  # ### Task 2.1 – Title, also with other dashes, of another level, or the number alone
TITLE_NUMBER = re.compile(r"^\s*#\s+(\d+)\s*[·.:–-]")


@dataclass
class Handout:
    """``lesson`` by what tells its cells apart: ids, sources, checks, numbers of tasks."""

    lesson: Lesson
    stubs: dict[str, str] = field(default_factory=dict)  # of the answer cells, by id
    tasks: dict[str, Task] = field(default_factory=dict)  # by number
    task_of: dict[str, str] = field(default_factory=dict)  # the number, by id of blank or check
    checks: dict[str, str] = field(default_factory=dict)  # the number, by the name of the check
    given: set[str] = field(default_factory=set)  # what the given cells mean
    given_ids: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)  # names that given cells bind

    def heading(self, cell: Cell) -> str | None:
        """The number of the task that a cell of text begins."""
        for number, task in self.tasks.items():
            if task.heading in cell.names:
                return number
        found = [n for n in NUMBERED.findall(cell.source) if n in self.tasks]
        return found[-1] if found else None

    def blank(self, cell: Cell) -> str | None:
        """The id of the blank that ``cell`` is by one of its names."""
        return next((name for name in cell.names if name in self.stubs), None)

    def checked(self, cell: Cell) -> list[str]:
        """The numbers of the tasks whose checks a cell calls, or is."""
        by_id = [self.task_of[n] for n in cell.names if n in self.task_of and n not in self.stubs]
        called = [self.checks[name] for name in checks_called(cell.source) if name in self.checks]
        return list(dict.fromkeys([*by_id[:1], *called]))

    def is_given(self, cell: Cell) -> bool:
        """Whether a cell is as it was handed out, and no blank."""
        return meaning(cell.source) in self.given

    def is_untouched(self, source: str, blank: str) -> bool:
        """Whether a blank is as it was handed out."""
        return meaning(source) == meaning(self.stubs[blank])

    def likeness(self, cells: list[Cell]) -> int:
        """By how many signs a notebook is one of this lesson: names of cells, headings, checks."""
        own = set(self.task_of) | {task.heading for task in self.tasks.values()}
        signs = {name for cell in cells for name in cell.names if name in own}
        for cell in cells:
            if cell.kind == "markdown":
                signs |= {f"heading {n}" for n in NUMBERED.findall(cell.source) if n in self.tasks}
            elif cell.kind == "code" and "checks." in cell.source:
                signs |= {f"check {n}" for n in checks_called(cell.source) if n in self.checks}
        number = next((TITLE_NUMBER.match(c.source) for c in cells if c.kind == "markdown"), None)
        titled = number and self.lesson.name.startswith(f"{int(number[1]):02}_")
        return len(signs) + bool(titled)


def handout_of(lesson: Lesson, handed_out: dict[str, str] | None = None) -> Handout:
    """What students got of ``lesson``; ``handed_out``: the text of its cells by id, if known."""
    made, handed_out = Handout(lesson), handed_out or {}
    given = {step.id: step.source for step in lesson.before}
    for task in lesson.tasks:
        made.tasks[task.number] = task
        for step in task.steps:
            if step.answer:
                made.stubs[step.id] = handed_out.get(step.id) or stub_of(step.source)
                made.task_of[step.id] = task.number
            else:
                given[step.id] = step.source
        for step in task.checks:
            shown = step.source.split(HIDDEN)[0]
            given[step.id] = shown
            made.task_of[step.id] = task.number
            made.checks[check_called(shown) or step.id] = task.number
        given |= {step.id: step.source for step in task.after}
    made.given_ids = set(given) - set(made.task_of)  # what stands above a check is an answer
    made.given = {meaning(source) for source in given.values()}
    # Of notebooks that have the same ids (imports), this has only one; each text is known again.
    made.given |= {meaning(text) for id, text in handed_out.items() if id not in made.stubs}
    made.offered = {name for source in given.values() for name in binds(source)}
    return made


def stub_of(source: str) -> str:
    """A cell of the solution as students get it: with a blank in the place of each answer."""
    lines, inside = [], False
    for line in source.split("\n"):
        if MARK.fullmatch(line):
            inside = BEGIN in line
            if inside:
                lines.append(line[: len(line) - len(line.lstrip())] + STUB)
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def named_for(file_name: str, lesson: Lesson) -> bool:
    """Whether a file is called after a lesson, whatever a program or person added to it."""
    name = re.sub(r"[\W_]+", "_", file_name.casefold())
    whole = re.sub(r"[\W_]+", "_", lesson.name.casefold())
    subject = whole.partition("_")[2]
    return whole in name or (len(subject) > 4 and subject in name)


def is_complete_lesson(cells: list[Cell]) -> bool:
    """Whether this is one of the course's own solutions, with their marks around the answers."""
    return any(cell.kind == "code" and f"# {BEGIN}" in cell.source for cell in cells)


def title_in(cells: list[Cell]) -> str:
    """The first heading of a notebook, or ''."""
    texts = (cell.source for cell in cells if cell.kind == "markdown")
    found = next((HEADING.search(text) for text in texts if HEADING.search(text)), None)
    return found[1] if found else ""
