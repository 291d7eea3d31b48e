"""What is wrong with a map of task 4.5 that does not find what decides."""

import torch

from helpers.checks.core.figures import alike
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.inspection.calls_compared import on_unheeded
from helpers.checks.inspection.puzzles import Puzzle, Square

Tried = list[tuple[torch.Tensor, Puzzle]]  # a map [28, 28] of each puzzle


def stands_out(values: torch.Tensor, puzzle: Puzzle) -> bool:
    """Whether ``values`` [28, 28] stand out on the square that decides on the label."""
    return _stands_out(values, puzzle, puzzle.square, puzzle.other)


def _stands_out(values: torch.Tensor, puzzle: Puzzle, square: Square, other: Square) -> bool:
    there, far, elsewhere, third = _levels(values, puzzle, square, other)
    third = third if puzzle.kind == "gated" else 0.0  # covering it with white may lower the score
    return there > 0 and there >= 2 * max(far, elsewhere, third)


def _levels(values: torch.Tensor, puzzle: Puzzle, square: Square, other: Square) -> list[float]:
    """Mean in ``square``; mean size far from what counts, and in ``other``; mean in the third.

    Far is more than 8 pixels away from ``square`` and the third, so that patches may overlap.
    """
    far = torch.ones(28, 28, dtype=torch.bool)
    for sides in (square, puzzle.third):
        far[tuple(slice(max(0, side.start - 8), side.stop + 8) for side in sides)] = False
    values = values - values[far].median()
    parts = values[square], values[far].abs(), values[other].abs(), values[puzzle.third]
    return [part.mean().item() for part in parts]


def judge_negative(values: torch.Tensor, puzzle: Puzzle) -> None:
    """Raise if the sign of a gradient has been kept, or its negative half thrown away."""
    there, _, _, third = _levels(values, puzzle, puzzle.square, puzzle.other)
    if third < -there / 2:
        raise Incorrect(
            "the map is lowest where the gradient is negative. There the pixel matters, too, and "
            "larger should mean more: of a gradient, take the absolute value."
        )
    half = puzzle.slope.double().clamp(min=0)
    if any(alike(values.numpy(), one.numpy()) for one in (half, half.square())):
        raise Incorrect(
            "the map is the gradient with 0 in place of its negative half. There the pixel "
            "matters, too: a darker one would raise the score. Take the absolute value."
        )


def judge_wrong_map(values: torch.Tensor, puzzle: Puzzle, ignored: list[str]) -> None:
    """Raise for a map that does not depend on all it should: pixels, or arguments ``ignored``."""
    if (values.max() - values.min()).item() == 0:
        raise Incorrect(
            f"the map is {values[0, 0] + 0.0:.2g} everywhere. Each pixel needs its own value: how "
            "much the score of label changes when this pixel is covered, or its gradient. (If you "
            "use softmax: the classes are dim=1.)"
        )
    if alike(values.numpy(), puzzle.image[0].numpy()):
        raise Incorrect(
            "the map is the image itself. Asked for is how much each pixel matters to the score "
            "of label, whether it is bright or dark."
        )
    if _stands_out(values, puzzle, puzzle.other, puzzle.square) and ignored == ["label"]:
        raise Incorrect(
            f"asked about label {puzzle.label}, the map shows what matters to class "
            f"{puzzle.predicted}, which this network predicts. Use the score of the given label."
        )
    if _marks_other_classes(values, puzzle):
        raise Incorrect(
            f"asked about label {puzzle.label}, the map marks what matters to class "
            f"{puzzle.predicted} as well. Use the score of this label alone, not a sum over "
            "classes."
        )
    largest = values.abs().max()
    if values[0, 0].abs() < largest / 20 and values[-1, -1].abs() > largest / 2:
        raise Incorrect(
            "the map goes from nearly 0 in the first corner to a large number in the last. If what "
            "was covered once stays covered: begin each patch with a new image.clone()."
        )
    if stands_out(-values, puzzle):
        raise Incorrect(
            "the map is smallest where the decision hangs: its sign is turned round. Importance "
            "is the score before minus the score after covering with 0 (a brighter patch may raise "
            "the score); of a gradient, take the absolute value."
        )
    if ignored:
        raise Incorrect(on_unheeded("decision_map", ignored))


def on_place(values: torch.Tensor, puzzle: Puzzle, tried: Tried) -> str:
    """A sentence on what a map marks: named if it is the same in all networks that were ``tried``.

    ``values`` are those of the ``puzzle`` that is not solved.
    """
    known = [
        (lambda v, p: _stands_out(v, p, p.other, p.square), f"asked about label {puzzle.label}, "
         f"the map shows what matters to class {puzzle.predicted}, which this network predicts. "
         "Use the score of the given label."),
        (lambda v, p: stands_out(v.T, p), "the map has rows and columns swapped. The first index "
         "is the row (from the top), the second the column."),
        (lambda v, p: stands_out(v.flip(0), p), "the map is upside down. Row 0 is the top one, as "
         "in the image."),
        (lambda v, p: stands_out(v.flip(1), p), "the map is mirrored, left and right. Column 0 is "
         "on the left, as in the image."),
        (lambda v, p: stands_out(v.flip(0, 1), p), "the map is turned by half a turn. Row 0 is "
         "the top one, and column 0 on the left, as in the image."),
    ]  # fmt: skip
    named = next((text for holds, text in known if all(holds(v, p) for v, p in tried)), "")
    if named:
        return named
    rows, columns = puzzle.square
    row, column = divmod(int(values.argmax()), 28)
    return (
        "the map does not find what matters. In this image, the test network's score for this "
        f"label hangs only on rows {rows.start}–{rows.stop - 1} and columns "
        f"{columns.start}–{columns.stop - 1}. There the map is {values[puzzle.square].mean():.2g} "
        f"on average; its largest value, {values.max():.2g}, is in row {row}, column {column}."
    )


def _marks_other_classes(values: torch.Tensor, puzzle: Puzzle) -> bool:
    there, far, elsewhere, _ = _levels(values, puzzle, puzzle.square, puzzle.other)
    return there > 0 and there >= 2 * far and elsewhere > there / 2
