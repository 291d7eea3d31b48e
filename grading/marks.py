"""The marks of a student: how each task ended, and what that comes to."""

from dataclasses import dataclass, field

from authoring.lesson import Task
from grading.submissions import Submission

# The sign and the words of each outcome, as a student reads them.
OUTCOMES = {
    "right": ("✓", "right"),
    "wrong": ("✗", "not right yet"),
    "blank": ("○", "not answered"),
    "stopped": ("✗", "stopped"),
    "error": ("?", "not graded"),
}
ADVICE = {
    "stopped": " A right answer takes a few seconds here. Is there a loop whose condition stays "
    "true, or something that grows and grows? Restart your kernel and run all cells up to this "
    "task.",
}


def plain(points: float) -> float:
    """``points`` as a whole number, where it is one."""
    return int(points) if points == int(points) else round(points, 4)


@dataclass
class Mark:
    """How one task of one student ended; ``by_hand`` and ``extra`` a person has entered."""

    task: Task
    outcome: str
    words: str
    answer: str = ""
    unusual: list[str] = field(default_factory=list)  # for the lecturer alone
    by_hand: float | None = None
    extra: float = 0.0

    @property
    def points(self) -> float:
        """What a person has given, or else all points of the task, or none."""
        judged = self.task.points if self.outcome == "right" else 0
        return plain((judged if self.by_hand is None else self.by_hand) + self.extra)

    @property
    def undecided(self) -> bool:
        """Whether nobody, no check and no person, has said what it is worth."""
        return self.outcome == "error" and self.by_hand is None

    @property
    def changed(self) -> bool:
        """Whether a person has entered points."""
        return self.by_hand is not None or bool(self.extra)

    @property
    def sentence(self) -> str:
        """The words with a capital letter, and what to do if it is no usual mistake."""
        words = self.words[:1].upper() + self.words[1:]
        return words + ADVICE.get(self.outcome, "")

    sign = property(lambda self: OUTCOMES[self.outcome][0])
    state = property(lambda self: OUTCOMES[self.outcome][1])


@dataclass
class Result:
    """All marks of a student, in the order of the lessons, and how long judging them took."""

    submission: Submission
    marks: dict[str, list[Mark]] = field(default_factory=dict)  # by lesson
    seconds: float = 0.0

    def all_marks(self) -> list[Mark]:
        """The marks of all lessons in one list."""
        return [mark for marks in self.marks.values() for mark in marks]

    def points(self, bonus: bool) -> float:
        """The sum over the voluntary tasks (``bonus``), or over the others."""
        return plain(sum(mark.points for mark in self.all_marks() if mark.task.bonus == bonus))

    @property
    def reachable(self) -> int:
        """The most points that the tasks come to, without the voluntary ones."""
        return sum(mark.task.points for mark in self.all_marks() if not mark.task.bonus)

    @property
    def total(self) -> float:
        """All points, those of voluntary tasks on top."""
        return plain(self.points(bonus=False) + self.points(bonus=True))

    def remarks(self) -> list[str]:
        """For the lecturer: what was odd, and which answers came to no verdict."""
        said = list(self.submission.remarks)
        for mark in self.all_marks():
            if mark.outcome in ("stopped", "error"):
                said.append(f"{mark.task.number} {mark.state}: {mark.words}")
            if mark.unusual:
                said.append(f"{mark.task.number} unusual: {'; '.join(mark.unusual)}")
        return said
