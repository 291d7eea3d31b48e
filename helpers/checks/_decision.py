"""Networks on which task 4.5 is tried, and whether a map finds what decides in them."""

from dataclasses import dataclass

import torch
from torch import nn

from helpers.checks._feedback import Incorrect
from helpers.checks._pictures import alike
from helpers.checks._reading import describe, show_shape


@dataclass(frozen=True)
class Puzzle:
    """A network, and the two squares on which its scores for two labels hang."""

    model: nn.Module
    image: torch.Tensor  # [1, 28, 28]
    label: int
    predicted: int
    square: tuple[slice, slice]  # decides on label
    other: tuple[slice, slice]  # decides on predicted


def make_puzzle(seed: int) -> Puzzle:
    """Scores are linear in two bright squares of 6×6 pixels, and nothing else counts.

    The ten probabilities are kept close together, so that the gradient of one of them is large
    on its own square and small on the other. The asked-for label is not the predicted one.
    """
    generator = torch.Generator().manual_seed(seed)
    low, high = 2 + seed % 2, 18 + seed % 3
    places = [(low, high), (high, low)] if seed % 2 else [(high, low), (low, high)]
    corners = places[0], [(low, low), (high, high)][seed % 2]
    square, other = ((slice(r, r + 6), slice(c, c + 6)) for r, c in corners)
    label, predicted = torch.randperm(10, generator=generator)[:2].tolist()
    weight = torch.zeros(10, 28, 28)
    image = torch.rand(1, 28, 28, generator=generator)
    for number, place in ((label, square), (predicted, other)):
        weight[number][place] = (0.8 + 0.4 * torch.rand(6, 6, generator=generator)) / 18
        image[0][place] = 0.8 + 0.2 * torch.rand(6, 6, generator=generator)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).eval()
    with torch.no_grad():
        model[1].weight.copy_(weight.reshape(10, 784))
        model[1].bias.fill_(1.8)
        model[1].bias[[label, predicted]] = torch.tensor([0.0, 0.4])
    return Puzzle(model, image, label, predicted, square, other)


def read_importance(found) -> torch.Tensor:
    """What ``decision_map`` returned as [28, 28] in float64 on the CPU; raises ``Incorrect``."""
    if isinstance(found, torch.Tensor) and found.requires_grad:
        raise Incorrect(
            "decision_map returned a tensor that still hangs on the network's graph, so it cannot "
            "be drawn. End with detach(), or compute occlusion under torch.no_grad()."
        )
    try:
        values = torch.as_tensor(found).detach().cpu().double()
    except (TypeError, ValueError, RuntimeError):
        raise Incorrect(
            f"decision_map returned {describe(found)}; expected is a tensor of shape [28, 28]."
        ) from None
    if values.dim() > 2 and values.shape[-2:] == (28, 28) and values.numel() == 784:
        values = values.reshape(28, 28)
    if values.shape != (28, 28):
        raise Incorrect(
            f"decision_map returned the shape {show_shape(values.shape)}; expected is [28, 28], "
            "one number for each pixel of the image."
        )
    if not values.isfinite().all():
        raise Incorrect(
            "decision_map returned numbers that are not finite (nan or inf). "
            "Look for a division by zero."
        )
    return values


def judge_importance(values: torch.Tensor, puzzle: Puzzle) -> None:
    """Raise unless ``values`` [28, 28] stand out on the square that decides on the label."""
    if (values.max() - values.min()).item() == 0:
        raise Incorrect(
            f"the map is {values[0, 0]:.2g} everywhere. Each pixel needs its own value: how much "
            "the score of label changes when this pixel is covered, or its gradient."
        )
    if alike(values.numpy(), puzzle.image[0].numpy()):
        raise Incorrect(
            "the map is the image itself. Asked for is how much each pixel matters to the score "
            "of label, whether it is bright or dark."
        )
    if _stands_out(values, puzzle.square, puzzle.other):
        return
    if _stands_out(values, puzzle.other, puzzle.square):
        raise Incorrect(
            f"asked about label {puzzle.label}, the map shows what matters to class "
            f"{puzzle.predicted}, which this network predicts. Use the score of the given label."
        )
    if _stands_out(-values, puzzle.square, puzzle.other):
        raise Incorrect(
            "the map is smallest where the decision hangs: its sign is turned round. Importance "
            "is the score before minus the score after covering; of a gradient of the loss, "
            "take the absolute value."
        )
    if _stands_out(values.T, puzzle.square, puzzle.other):
        raise Incorrect(
            "the map has rows and columns swapped. The first index is the row (from the top), "
            "the second the column."
        )
    rows, columns = puzzle.square
    there, far, elsewhere = _levels(values, puzzle.square, puzzle.other)
    if there > 0 and elsewhere > there / 2:
        raise Incorrect(
            f"asked about label {puzzle.label}, the map marks what matters to other classes as "
            "well. Use the score of this label alone, not a sum over classes."
        )
    raise Incorrect(
        "the map does not find what matters. For this label the test network looks only at rows "
        f"{rows.start}–{rows.stop - 1} and columns {columns.start}–{columns.stop - 1}, but there "
        f"the map is {there:.2g} on average, and {far:.2g} far from it."
    )


def _levels(values: torch.Tensor, square, other) -> tuple[float, float, float]:
    """Mean in ``square``, and mean size farther than 8 pixels from it and in ``other``."""
    far = torch.ones(28, 28, dtype=torch.bool)
    far[tuple(slice(max(0, side.start - 8), side.stop + 8) for side in square)] = False
    values = values - values[far].median()
    return tuple(
        part.mean().item() for part in (values[square], values[far].abs(), values[other].abs())
    )


def _stands_out(values: torch.Tensor, square, other) -> bool:
    there, far, elsewhere = _levels(values, square, other)
    return there > 0 and there >= 2 * max(far, elsewhere)
