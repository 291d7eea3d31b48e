"""What pages and the lesson say of the recorded runs of notebook 3 is what their files say."""

import json
import statistics

import pytest

from helpers.training import recorded_runs
from tests.docs.pages import ROOT, page

OFF_THE_PLATEAU = 2.2  # a loss clearly below ln 10


class Spread:
    """The figures that are told of the runs on one source of images, as they are written."""

    def __init__(self, source: str):
        runs = list(recorded_runs(source).values())
        ends = [run.accuracies[-1] for run in runs]
        self.number = len(runs)
        self.least, self.most = f"{min(ends):.1%}", f"{max(ends):.1%}"
        self.ends = ends
        self.median = f"{statistics.median(ends):.1%}"
        self.under_half = sum(end < 0.5 for end in ends)
        left = [
            next((e for e, loss in enumerate(run.test_losses, 1) if loss < OFF_THE_PLATEAU), 11)
            for run in runs
        ]
        self.left, self.first, self.never = left, min(left), left.count(11)


@pytest.fixture(scope="module")
def lesson() -> str:
    """The texts of notebook 3, each in one line."""
    path = ROOT / "solutions/03_full_cnn.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return "\n".join(" ".join(text.split()) for text in texts)


def test_the_lesson_tells_the_spread(lesson):
    spread = Spread("official")
    assert spread.number == Spread("drawn").number, "the lesson says one number for both"
    assert f"beside {spread.number} others" in lesson
    assert (
        f"those {spread.number} ended between {spread.least} and {spread.most} after ten epochs, "
        f"{spread.under_half} of them under 50%"
    ) in lesson


def test_the_lesson_tells_how_long_the_plateau_is(lesson):
    spread = Spread("official")
    assert (
        f"In the luckiest, the test loss fell below 2.2 in epoch {spread.first}; in "
        f"{spread.never} runs it was still above after the tenth."
    ) in lesson
    assert "The later a run leaves the plateau, the less it has learned" in lesson


@pytest.mark.parametrize("source", ["official", "drawn"])
def test_who_leaves_the_plateau_later_has_learned_less(source):
    spread = Spread(source)
    assert statistics.correlation(spread.left, spread.ends) < -0.8


@pytest.mark.parametrize("source", ["official", "drawn"])
def test_the_measurements_have_a_row_for_each_source(source):
    spread = Spread(source)
    ends = spread.least, spread.median, spread.most
    row = (source, spread.number, *ends, spread.under_half, spread.first, spread.never)
    assert f"| {' | '.join(map(str, row))} |" in page("docs/measurements.md").text


def test_teachers_are_told_the_same():
    spread = Spread("official")
    said = " ".join(page("docs/teaching.md").prose.split())
    assert f"it ends anywhere between {spread.least} and {spread.most}" in said
