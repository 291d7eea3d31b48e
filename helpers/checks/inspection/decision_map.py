"""Task 4.5: whether a map finds what decides in networks of which it is known."""

from functools import partial

import torch

from helpers.checks.core.calling import call_student, judge_function, on_cpu
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.known_mistakes import Advice
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import read_tensor
from helpers.checks.inspection.calls_compared import adds_up, unheeded
from helpers.checks.inspection.map_mistakes import (
    judge_negative,
    judge_wrong_map,
    on_place,
    stands_out,
)
from helpers.checks.inspection.network_as_it_was import AsItWas
from helpers.checks.inspection.puzzles import Puzzle, puzzles

# Parts of error messages, and what to try then.
ADVICE: Advice = (
    ("does not require grad", "A gradient needs a copy of the image that records it, "
     "image.clone().requires_grad_(), handed to the network outside of torch.no_grad()."),
    ("appears to not have been used", "Hand the network the very copy of the image that you ask "
     "the gradient of."),
    ("'NoneType' object", "If it is a .grad: only the tensor on which requires_grad_() was called "
     "has one; unsqueeze it in the call of the network."),
    ("out of bounds", "The network wants a batch of images, and gives a row of scores for each: "
     "[0, label] is one score."),
    ("cannot be multiplied", "The network wants a batch of images, [1, 1, 28, 28], and gives a "
     "row of scores for each."),
)  # fmt: skip


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
    values = values.double().clone()  # the student's function may go on to change its own
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
        return "Ten numbers are one for each class. How do they change with each pixel?"
    if len(shape) == 2 and max(shape) < 28:
        return "If it is one number for each place of a patch: fill all the pixels under the patch."
    return ""


def _ignored(function, values: torch.Tensor, puzzle: Puzzle, other: Puzzle) -> list[str]:
    """The names of the arguments that do not count: with those of the ``other``, same values."""
    # Of a network that is not gated, the gradient is the same for each image.
    names = ["image"] if puzzle.kind == "gated" else ["model", "label"]
    given = {name: getattr(puzzle, name) for name in ("model", "image", "label")}
    others = {name: getattr(other, name) for name in names}
    return unheeded(function, values, given, others, read_importance)


def _map_of(function, puzzle: Puzzle, image: torch.Tensor, again: bool) -> torch.Tensor:
    """The map [28, 28] that the student's function makes for the puzzle's network and label."""
    with torch.enable_grad():
        found = call_student(
            function, puzzle.model, image, puzzle.label, on="a 28×28 image", again=again,
            advice=ADVICE,
        )  # fmt: skip
    return read_importance(found)


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
    tried, maps = puzzles(), []
    for number, puzzle in enumerate(tried):
        as_it_was, image = AsItWas(puzzle.model), puzzle.image.clone()
        importance = _map_of(decision_map, puzzle, image, again=number > 0)
        maps.append(importance)
        if not torch.equal(image.detach(), puzzle.image):
            raise Incorrect(
                "decision_map changed the image that it was given. Work on image.clone()."
            )
        once_more = partial(_map_of, decision_map, puzzle, image, again=True)
        if number == 0 and adds_up(once_more, importance):
            raise Incorrect(
                "decision_map adds to what earlier calls have left: called again with the same "
                "network, image and label, it returns the old map and a new one in it. Start each "
                "call with a new copy of the image, and a new map, made inside of the function."
            )
        if not stands_out(importance, puzzle):
            partner = tried[number ^ 1]  # a gated puzzle is compared with the other gated one
            judge_wrong_map(importance, puzzle, _ignored(decision_map, importance, puzzle, partner))
            for one in tried[number + 1 :]:
                maps.append(_map_of(decision_map, one, one.image.clone(), again=True))
            raise Incorrect(on_place(importance, puzzle, list(zip(maps, tried, strict=True))))
        if puzzle.kind == "negative":
            judge_negative(importance, puzzle)
        if image.requires_grad:
            raise Incorrect(
                "decision_map switched on requires_grad for the image that it was given, and it "
                "stays on. Work on image.clone()."
            )
        as_it_was.judge("decision_map")
    return "the map finds the pixels that the given label hangs on, even if another is predicted"
