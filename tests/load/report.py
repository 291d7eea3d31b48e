"""What a lesson of simulated students measured, as a table."""

import math
import statistics
from dataclasses import dataclass, field

from tests.load.memory import Memory
from tests.load.students import Times

MB = 1e6


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def row(name: str, values: list[float], unit: str, digits: int) -> str:
    """A line of the table: median, 95th percentile and maximum."""
    if not values:
        return f"| {name} | – | – | – |"
    figures = (statistics.median(values), percentile(values, 0.95), max(values))
    return f"| {name} | " + " | ".join(f"{figure:.{digits}f} {unit}" for figure in figures) + " |"


@dataclass
class Report:
    """The times of the ``students`` who ran cells, memory in bytes, and what failed."""

    cores: int
    memory: int
    students: list[Times] = field(default_factory=list)
    memory_of: list[Memory] = field(default_factory=list)
    hub: int = 0
    taken: int = 0
    failures: list[str] = field(default_factory=list)

    def table(self) -> str:
        """All of it, in Markdown."""
        cells = [seconds for times in self.students for seconds in times.cells]
        lines = [
            f"{len(self.students)} students at once; {self.cores} cores, "
            f"{self.memory / 1e9:.0f} GB; {len(cells)} cells run; {len(self.failures)} failures",
            "",
            "| | median | 95% within | longest or most |",
            "|---|---|---|---|",
            row("log-in until the server answers", [t.start for t in self.students], "s", 1),
            row("notebooks by the link", [t.pull for t in self.students], "s", 1),
            row("start of a kernel", [t.kernel for t in self.students], "s", 1),
            row("a cell", cells, "s", 2),
            row("memory of a server", [m.server / MB for m in self.memory_of], "MB", 0),
            row("memory of its kernel", [m.kernels / MB for m in self.memory_of], "MB", 0),
            row("memory of a student", [m.total / MB for m in self.memory_of], "MB", 0),
            "",
            f"The hub and its proxy: {self.hub / MB:.0f} MB. "
            f"All together took {self.taken / 1e9:.1f} GB of the machine.",
        ]
        return "\n".join([*lines, *(f"FAILED: {failure}" for failure in self.failures)])
