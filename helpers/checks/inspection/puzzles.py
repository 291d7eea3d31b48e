"""Networks on which task 4.5 is tried: of each it is known which pixels decide."""

from dataclasses import dataclass, replace

import torch
from torch import nn

from helpers.checks.core.seeds import seeded

Square = tuple[slice, slice]  # rows and columns


@dataclass(frozen=True)
class Puzzle:
    """A network, and the two squares on which its scores for two labels hang."""

    model: nn.Module
    image: torch.Tensor  # [1, 28, 28]
    label: int
    predicted: int
    square: Square  # decides on label
    other: Square  # decides on predicted
    third: Square  # nothing, or what the kind of the puzzle says
    kind: str = ""  # "negative" or "gated"

    @property
    def slope(self) -> torch.Tensor:
        """The gradient [28, 28] of the score of label, unless the puzzle is gated."""
        return self.model[-1].weight[self.label].detach().reshape(28, 28)


# Where the squares of 6×6 pixels are. A map that is turned, mirrored or of another class
# marks a place where something else is in one of these networks, but not in all of them.
TOP, LEFT, BOTTOM, RIGHT = 3, 2, 18, 19
PLACES = {
    "": ((TOP, RIGHT), (BOTTOM, LEFT), (TOP, LEFT), (BOTTOM, RIGHT)),
    "negative": ((BOTTOM, LEFT), (TOP, LEFT), (BOTTOM, RIGHT), (TOP, RIGHT)),
    "gated": ((TOP, LEFT), (BOTTOM, RIGHT), (TOP, RIGHT), (BOTTOM, LEFT)),
}


def make_puzzle(seed: int, kind: str = "") -> Puzzle:
    """Scores are linear in squares of 6×6 pixels: one for the label, and one for the prediction.

    The scores of the other classes hang a little on a last square.

    If "negative", the label's score falls with the brightness of a third, dark square: the
    gradient is negative there, while covering it with 0 changes nothing. If "gated", the label's
    score rises with the brightness of the third square as well, but only above 0.7, where none of
    its pixels is: it would count in another image.

    The ten probabilities are kept close together, so that the gradient of one of them is large on
    its own square and small on the other. The asked-for label is not the predicted one.
    """
    generator = seeded(seed)
    square, other, third, last = ((slice(r, r + 6), slice(c, c + 6)) for r, c in PLACES[kind])
    label, predicted = torch.randperm(10, generator=generator)[:2].tolist()
    weight = torch.zeros(10, 28, 28)
    weight[(slice(None), *last)] = 0.1 / 18
    weight[[label, predicted]] = 0
    image = torch.rand(1, 28, 28, generator=generator)
    for number, place in ((label, square), (predicted, other)):
        weight[number][place] = (0.8 + 0.4 * torch.rand(6, 6, generator=generator)) / 18
        image[0][place] = 0.8 + 0.2 * torch.rand(6, 6, generator=generator)
    layers = [nn.Flatten(), nn.Linear(784, 10)]
    if kind == "negative":
        weight[label][third] = -weight[label][square]
        image[0][third] = 0
        # So uneven that the fall of the score, pixel by pixel, is unlike its gradient.
        image[0][square] = 0.5 + 0.5 * torch.rand(6, 6, generator=generator)
    if kind == "gated":
        weight[label][third] = weight[label][square]
        image[0][third] = 0.4 * torch.rand(6, 6, generator=generator)
        layers.insert(1, nn.Threshold(0.7, 0.0))
    model = nn.Sequential(*layers).eval()
    with torch.no_grad():
        model[-1].weight.copy_(weight.reshape(10, 784))
        model[-1].bias.fill_(1.8)
        model[-1].bias[[label, predicted]] = torch.tensor([0.0, 0.4])
    return Puzzle(model, image, label, predicted, square, other, third, kind)


def with_third_bright(puzzle: Puzzle) -> Puzzle:
    """The same gated network with an image in which the third square decides, not the first."""
    image = puzzle.image.clone()
    image[0][puzzle.third] = puzzle.image[0][puzzle.square]
    image[0][puzzle.square] = puzzle.image[0][puzzle.third]
    return replace(puzzle, image=image, square=puzzle.third, third=puzzle.square)


def puzzles() -> list[Puzzle]:
    """All of them, in the order in which they are put to a student's function."""
    gated = make_puzzle(16, "gated")
    return [make_puzzle(1), make_puzzle(9, "negative"), with_third_bright(gated), gated]
