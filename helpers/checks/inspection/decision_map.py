"""Networks on which task 4.5 is tried, and whether a map finds what decides in them."""

from dataclasses import dataclass

import torch
from torch import nn

from helpers.checks.core.calling import call_student, judge_function, on_cpu
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.figures import alike
from helpers.checks.core.known_mistakes import Advice
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import read_tensor
from helpers.checks.inspection.network_as_it_was import judge_left_behind, parameter_values

# Parts of error messages, and what to try then.
ADVICE: Advice = (
    ("does not require grad", "A gradient needs a copy of the image that records it, "
     "image.clone().requires_grad_(), handed to the network outside of torch.no_grad()."),
    ("appears to not have been used", "Hand the network the very copy of the image that you ask "
     "the gradient of."),
    ("'NoneType' object", "Only the tensor on which requires_grad_() was called has a .grad; "
     "unsqueeze it in the call of the network."),
    ("out of bounds", "The network wants a batch of images, and gives a row of scores for each: "
     "[0, label] is one score."),
    ("cannot be multiplied", "The network wants a batch of images, [1, 1, 28, 28], and gives a "
     "row of scores for each."),
)  # fmt: skip


@dataclass(frozen=True)
class Puzzle:
    """A network, and the two squares on which its scores for two labels hang."""

    model: nn.Module
    image: torch.Tensor  # [1, 28, 28]
    label: int
    predicted: int
    square: tuple[slice, slice]  # decides on label
    other: tuple[slice, slice]  # decides on predicted
    dark: tuple[slice, slice]  # may count against label


def make_puzzle(seed: int, negative: bool = False) -> Puzzle:
    """Scores are linear in two bright squares of 6×6 pixels, and nothing else counts.

    If ``negative``, the label's score falls with the brightness of a third, dark square: the
    gradient is negative there, while covering it with 0 changes nothing.

    The ten probabilities are kept close together, so that the gradient of one of them is large on
    its own square and small on the other. The asked-for label is not the predicted one.
    """
    generator = seeded(seed)
    low, high = 2 + seed % 2, 18 + seed % 3
    places = [(low, high), (high, low)] if seed % 2 else [(high, low), (low, high)]
    corners = places[0], [(low, low), (high, high)][seed % 2]
    corners = *corners, [(high, high), (low, low)][seed % 2]
    square, other, dark = ((slice(r, r + 6), slice(c, c + 6)) for r, c in corners)
    label, predicted = torch.randperm(10, generator=generator)[:2].tolist()
    weight = torch.zeros(10, 28, 28)
    image = torch.rand(1, 28, 28, generator=generator)
    for number, place in ((label, square), (predicted, other)):
        weight[number][place] = (0.8 + 0.4 * torch.rand(6, 6, generator=generator)) / 18
        image[0][place] = 0.8 + 0.2 * torch.rand(6, 6, generator=generator)
    if negative:
        weight[label][dark] = -weight[label][square]
        image[0][dark] = 0
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).eval()
    with torch.no_grad():
        model[1].weight.copy_(weight.reshape(10, 784))
        model[1].bias.fill_(1.8)
        model[1].bias[[label, predicted]] = torch.tensor([0.0, 0.4])
    return Puzzle(model, image, label, predicted, square, other, dark)


def read_importance(found) -> torch.Tensor:
    """What ``decision_map`` returned as [28, 28] in float64 on the CPU; raises ``Incorrect``."""
    if isinstance(found, tuple) and len(found) == 1:
        raise Incorrect(
            "decision_map returned a tuple with one thing in it, as torch.autograd.grad does. Take "
            "it out, with [0]; expected is a tensor of shape [28, 28]."
        )
    values = read_tensor(found)
    if values is None:
        raise Incorrect(
            f"decision_map returned {describe(found)}; expected is a tensor of shape [28, 28]."
        )
    if values.shape != (28, 28):
        raise Incorrect(
            f"decision_map returned the shape {show_shape(values.shape)}; expected is [28, 28], "
            f"one number for each pixel of the image. {_on_shape(values.shape)}".rstrip()
        )
    values = values.double()
    if not values.isfinite().all():
        raise Incorrect(
            "decision_map returned numbers that are not finite (nan or inf). "
            "Look for a division by zero."
        )
    return values


def _on_shape(shape: torch.Size) -> str:
    """What to try if a map has this shape."""
    if shape[-2:] == (28, 28) and shape.numel() == 784:
        return "The dimension of the channels is still there: index it with [0]."
    if shape.numel() == 784:
        return "reshape(28, 28) brings the numbers back into rows."
    if shape[-1:] == (10,):
        return "These are scores. How do they change with each pixel?"
    if len(shape) == 2 and max(shape) < 28:
        return "Each place of a patch stands for all the pixels under it: fill these."
    return ""


def judge_importance(values: torch.Tensor, puzzle: Puzzle) -> None:
    """Raise unless ``values`` [28, 28] stand out on the square that decides on the label."""
    if (values.max() - values.min()).item() == 0:
        raise Incorrect(
            f"the map is {values[0, 0]:.2g} everywhere. Each pixel needs its own value: how much "
            "the score of label changes when this pixel is covered, or its gradient. (If you use "
            "softmax: the classes are dim=1.)"
        )
    if alike(values.numpy(), puzzle.image[0].numpy()):
        raise Incorrect(
            "the map is the image itself. Asked for is how much each pixel matters to the score "
            "of label, whether it is bright or dark."
        )
    square, other = puzzle.square, puzzle.other
    there, far, elsewhere, dark = _levels(values, puzzle, square, other)
    if _stands_out(values, puzzle, square, other):
        if dark < -there / 2:
            raise Incorrect(
                "the map has large negative values where the gradient is negative. There the pixel "
                "matters, too, and larger should mean more: take the absolute value."
            )
        return
    if _stands_out(values, puzzle, other, square):
        raise Incorrect(
            f"asked about label {puzzle.label}, the map shows what matters to class "
            f"{puzzle.predicted}, which this network predicts. Use the score of the given label."
        )
    largest = values.abs().max()
    if values[0, 0].abs() < largest / 20 and values[-1, -1].abs() > largest / 2:
        raise Incorrect(
            "the map goes from nearly 0 in the first corner to a large number in the last: what "
            "was covered once seems to stay covered. Begin each patch with a new image.clone()."
        )
    if _stands_out(-values, puzzle, square, other):
        raise Incorrect(
            "the map is smallest where the decision hangs: its sign is turned round. Importance "
            "is the score before minus the score after covering with 0 (a brighter patch may raise "
            "the score); of a gradient, take the absolute value."
        )
    if _stands_out(values.T, puzzle, square, other):
        raise Incorrect(
            "the map has rows and columns swapped. The first index is the row (from the top), "
            "the second the column."
        )
    if there > 0 and there >= 2 * far and elsewhere > there / 2:
        raise Incorrect(
            f"asked about label {puzzle.label}, the map marks what matters to other classes as "
            "well. Use the score of this label alone, not a sum over classes."
        )
    rows, columns = square
    raise Incorrect(
        "the map does not find what matters. For this label the test network looks only at rows "
        f"{rows.start}–{rows.stop - 1} and columns {columns.start}–{columns.stop - 1}, but there "
        f"the map is {there:.2g} on average, and {far:.2g} far from it."
    )


def _levels(values: torch.Tensor, puzzle: Puzzle, square, other) -> tuple[float, ...]:
    """Mean in ``square``; mean size far from what counts, and in ``other``; mean in the dark.

    Far is more than 8 pixels away from ``square`` and from the dark, so that patches may overlap.
    """
    far = torch.ones(28, 28, dtype=torch.bool)
    for sides in (square, puzzle.dark):
        far[tuple(slice(max(0, side.start - 8), side.stop + 8) for side in sides)] = False
    values = values - values[far].median()
    parts = values[square], values[far].abs(), values[other].abs(), values[puzzle.dark]
    return tuple(part.mean().item() for part in parts)


def _stands_out(values: torch.Tensor, puzzle: Puzzle, square, other) -> bool:
    there, far, elsewhere, _ = _levels(values, puzzle, square, other)
    return there > 0 and there >= 2 * max(far, elsewhere)


@check("4.5", "The map of a decision", hints=(
    "The question is always the same: if this pixel were different, how much would the score of "
    "label change? You may try it (cover the pixel and see) or compute it (the gradient).",
    "The gradient in four steps: x = image.clone().requires_grad_(); the score is one entry of "
    "model(x.unsqueeze(0)), in row 0 and column label; torch.autograd.grad(score, x) gives a "
    "tuple with one tensor of the shape of the image; its absolute values, without the channel, "
    "are the map. Image and model must be on the same device.",
))  # fmt: skip
@on_cpu
def decision_map(decision_map) -> str:
    """Right: large on the pixels that decide on the score of ``label``, however it is computed.

    Judged on networks of which only one bright square of the image counts for ``label``: the mean
    there must stand far above that of all pixels more than 8 away, so that patches may overlap.
    A gradient must have lost its sign: "large, positive or negative: the pixel matters".
    """
    judge_function(decision_map, "decision_map")
    for number, seed in enumerate((1, 4, 9)):
        puzzle = make_puzzle(seed, negative=seed == 9)
        values, image = parameter_values(puzzle.model), puzzle.image.clone()
        with torch.enable_grad():
            found = call_student(
                decision_map, puzzle.model, image, puzzle.label, on="a 28×28 image",
                again=number > 0, advice=ADVICE,
            )  # fmt: skip
        importance = read_importance(found)
        if not torch.equal(image.detach(), puzzle.image):
            raise Incorrect(
                "decision_map changed the image that it was given. Work on image.clone()."
            )
        judge_importance(importance, puzzle)
        if image.requires_grad:
            raise Incorrect(
                "decision_map switched on requires_grad for the image that it was given, and it "
                "stays on. Work on image.clone()."
            )
        judge_left_behind(puzzle.model, values, "decision_map")
    return "the map finds the pixels that the given label hangs on, even if another is predicted"
