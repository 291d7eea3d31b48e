"""The check of task 3.3: the scores of one image and of a batch."""

import torch
from torch import nn

from helpers.checks.core.checking import check
from helpers.checks.core.describing import counted, describe, show_shape
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import judge_wrapping
from helpers.checks.core.values import answered, are_probabilities

BATCH_SIZE = 64
NUM_CLASSES = 10


@check("3.3", "Test it before you train it", hints=(
    "Print image.shape, image.unsqueeze(0).shape and X.shape. Which two have four entries? Those "
    "are batches.",
    "A layer is called like a function, layer(batch), and so is a network. X is a batch; of the "
    "single image unsqueeze(0) makes one.",
))  # fmt: skip
def quick_test(scores_one, scores_batch) -> str:
    """Right: the scores for one image, ``[1, 10]``, and for a batch, ``[64, 10]``, as they come
    out of the network, without softmax or argmax."""
    answered(scores_one=scores_one, scores_batch=scores_batch)
    both = {"scores_one": scores_one, "scores_batch": scores_batch}
    for name, scores in both.items():
        _judge_kind(scores, name)
    if (scores_one.shape, scores_batch.shape) == ((BATCH_SIZE, 10), (1, 10)):
        raise Incorrect("the two are swapped: scores_one is for one image, scores_batch for X.")
    if scores_one.shape != (1, NUM_CLASSES):
        raise Incorrect(_wrong_shape(scores_one, "scores_one", 1))
    if scores_batch.shape != (BATCH_SIZE, NUM_CLASSES):
        raise Incorrect(_wrong_shape(scores_batch, "scores_batch", BATCH_SIZE))
    for name, scores in both.items():
        _judge_raw(scores.detach().to("cpu", torch.float32), name)
    return "ten scores per image: [1, 10] for one, [64, 10] for a batch; the batch comes first"


def _judge_kind(scores, name: str) -> None:
    judge_wrapping(scores, name)
    if isinstance(scores, (list, tuple)) and any(isinstance(s, torch.Tensor) for s in scores):
        raise Incorrect(
            f"{name} consists of {len(scores)} things, not of one; expected is one tensor, "
            "as the network returns it for all its images at once."
        )
    if not isinstance(scores, torch.Tensor):
        hint = " Call the network with the images." if isinstance(scores, nn.Module) else ""
        raise Incorrect(
            f"{name} is {describe(scores)}; expected is the tensor that the network returns.{hint}"
        )
    if scores.dtype == torch.bool:
        raise Incorrect(
            f"{name} holds True and False, as after a comparison; asked for are the ten scores per "
            "image, as the network returns them."
        )
    if not scores.is_floating_point():
        raise Incorrect(
            f"{name} holds whole numbers, like classes after argmax, or labels; asked for are the "
            "ten scores per image, as the network returns them."
        )


def _wrong_shape(scores: torch.Tensor, name: str, count: int) -> str:
    shape = tuple(scores.shape)
    found = f"{name} has the shape {show_shape(shape)}; expected is [{count}, {NUM_CLASSES}]"
    if shape == (NUM_CLASSES,) and count > 1:
        return f"{found}. One image has ten scores; give the network the whole batch X."
    if shape == (NUM_CLASSES,):
        return (
            f"{found}. The dimension that counts the images is missing: keep it in the result "
            "also where there is only one image."
        )
    if shape[-2:] == (28, 28):
        return f"{found}. That is the shape of images; pass them through the network."
    if len(shape) == 4:
        return f"{found}. Maps have such a shape; call the whole network, model(...), not a part."
    if shape == (count,):
        return (
            f"{found}. One number per image is left, as after max; "
            "asked for are all ten scores of each."
        )
    if len(shape) == 2 and shape[1] == NUM_CLASSES and count == 1:
        return f"{found}. Give the network the one image only, with a batch dimension in front."
    if shape == (1, NUM_CLASSES):
        return f"{found}. This is for one image; give the network the whole batch X."
    if len(shape) == 2 and shape[1] == NUM_CLASSES:
        return (
            f"{found}. That is for {shape[0]} images; give the network the whole batch X, as the "
            f"training loader gives it, {BATCH_SIZE} at a time."
        )
    if shape == (NUM_CLASSES, count):
        return f"{found}. Rows and columns are swapped: each image has a row. Leave out .T."
    return f"{found}: one row for each image, with one score for each class."


def _judge_raw(scores: torch.Tensor, name: str) -> None:
    if not torch.isfinite(scores).all():
        raise Incorrect(
            f"{name} holds values that are infinite or not a number (nan). Make model anew (Task "
            "3.2), and give it images with values between 0 and 1."
        )
    if bool((scores == scores.flatten()[0]).all()):
        raise Incorrect(
            f"all numbers in {name} are the same, {scores.flatten()[0]:.4g}. The scores of a "
            "network differ: take those that model returns."
        )
    digits = next((n for n in range(4) if torch.equal(scores.round(decimals=n), scores)), None)
    if digits is not None:
        raise Incorrect(
            f"the numbers in {name} have only {counted(digits, 'digit')} after the point, as if "
            "rounded. Asked for are the scores as the network returns them; round what you print."
        )
    for values, kind in ((scores, "softmax"), (scores.exp(), "log-softmax")):
        for dim, lines in ((1, "rows"), (0, "columns"))[: len(scores)]:  # one row has no columns
            if are_probabilities(values, dim):
                raise Incorrect(
                    f"the {lines} of {name} are probabilities that add up to 1, as after {kind}. "
                    "Asked for are the scores themselves, as the last layer gives them."
                )
    if len(scores) > 1 and bool((scores == scores[0]).all()):
        raise Incorrect(
            f"all rows of {name} are the same, as if it were one image many times. "
            "Give the network the batch X."
        )
    if (scores >= 0).all() and (scores == 0).any() and (scores > 0).any():
        raise Incorrect(
            f"no value in {name} is negative, and some are exactly 0, as after ReLU. "
            "Asked for are the scores themselves; they may have any sign."
        )
