"""What the check of task 4.6 asks of a confusion matrix and of the surest mistakes."""

import torch

from helpers.checks._feedback import Incorrect
from helpers.checks._reading import describe, show_shape


def make_answers(wrong: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities [60, 10] and labels [60], of which the first ``wrong`` in random order err."""
    probabilities = (2 * torch.randn(60, 10, generator=generator)).softmax(1)
    predictions = probabilities.argmax(1)
    labels = predictions.clone()
    chosen = torch.randperm(60, generator=generator)[:wrong]
    labels[chosen] = (
        predictions[chosen] + torch.randint(1, 10, (wrong,), generator=generator)
    ) % 10
    return probabilities, labels


def judge_counts(counts, labels, predictions, earlier) -> torch.Tensor:
    """Raise unless ``counts`` is the confusion matrix; return that of this call."""
    right = torch.zeros(10, 10, dtype=torch.float64)
    right.index_put_((labels, predictions), torch.ones(len(labels)).double(), accumulate=True)
    try:
        values = torch.as_tensor(counts).detach().cpu().double()
    except (TypeError, ValueError, RuntimeError):
        raise Incorrect(
            f"confusion_matrix returned {describe(counts)}; expected is a tensor of shape [10, 10]."
        ) from None
    if values.shape != right.shape:
        raise Incorrect(_wrong_matrix_shape(values, labels))
    if torch.equal(values, right):
        return right
    diagonal = torch.diag(right.diag())
    per_row, per_column = right.sum(1, keepdim=True), right.sum(0, keepdim=True)
    fractions = (right / part.clamp(min=1) for part in (per_row, per_column, right.sum()))
    known = [
        (right.T, "rows and columns are swapped: rows are the true classes, columns the predicted "
         "ones. The first index is the label."),
        (right - diagonal, "the right answers are missing: the diagonal counts the images whose "
         "prediction is their label. Count all images."),
        (diagonal, "only the right answers are counted. Also count the wrong ones, at row label "
         "and column prediction."),
        (right.clamp(max=1), "no entry is larger than 1: with tensors as indices, += 1 counts a "
         "pair that comes twice only once. Count in a loop, or use torch.bincount."),
        (right + earlier, "the second call counts on from the first. Start each call with a new "
         "matrix of zeros."),
        *((part, "these are fractions; asked for are counts. Leave out the division.")
          for part in fractions),
    ]  # fmt: skip
    for matrix, text in known:
        if torch.allclose(values, matrix, atol=1e-4):
            raise Incorrect(f"confusion_matrix: {text}")
    row, column = (values != right).nonzero()[0].tolist()
    raise Incorrect(
        f"confusion_matrix has {values[row, column]:g} in row {row}, column {column}; there are "
        f"{right[row, column]:g} images of class {row} that were predicted as {column}. "
        f"(All entries together are {values.sum():g}, for {len(labels)} images.)"
    )


def _wrong_matrix_shape(values: torch.Tensor, labels: torch.Tensor) -> str:
    found = f"confusion_matrix returned the shape {show_shape(values.shape)}; expected is [10, 10]"
    if values.shape[:1] == labels.shape:
        return f"{found}. Yours has a row per image; add up the images of the same two classes."
    if values.dim() == 2 and max(values.shape) < 10:
        return (
            f"{found} even if the last classes do not occur. Set the size to ten, not by the "
            "largest label that is there."
        )
    return f"{found}: a row for each true class and a column for each predicted one."


def judge_indices(indices, probabilities, labels, k: int, on: str) -> None:
    """Raise unless ``indices`` are those of the ``k`` surest mistakes, surest first."""
    found = _positions(indices, on)
    confidence, predictions = probabilities.max(1)
    wrong = (predictions != labels).nonzero().flatten()
    ranked = wrong[confidence[wrong].argsort(descending=True)]
    right = ranked[:k].tolist()
    if found == right:
        return
    if len(found) != len(right):
        many = f"there are {len(wrong)} mistakes and k is {k}"
        raise Incorrect(
            f"confident_mistakes returned {len(found)} "
            f"{'index' if len(found) == 1 else 'indices'} on {on}; expected are {len(right)}, as "
            f"{many}. Return the first k mistakes, or all if there are fewer."
        )
    if found == confidence[wrong].argsort(descending=True)[:k].tolist():
        raise Incorrect(
            "the indices count within the mistakes only; asked for are positions in the whole "
            "data. Look them up in the list of positions where the prediction is wrong."
        )
    not_wrong = [i for i in found if i not in wrong.tolist()]
    if not_wrong:
        raise Incorrect(
            f"index {not_wrong[0]} is among your mistakes, but its prediction is right (or it is "
            "no index of these images). Keep only images whose prediction differs from the label."
        )
    if found in (ranked.flip(0)[:k].tolist(), right[::-1]):
        raise Incorrect(
            "your indices begin with the least confident mistakes. "
            "Sort the other way round: the largest probability first."
        )
    of_label = probabilities[wrong, labels[wrong]].argsort()
    if found in (wrong[of_label][:k].tolist(), wrong[of_label.flip(0)][:k].tolist()):
        raise Incorrect(
            "your indices go by the probability of the true class. Confidence is the probability "
            "of the class that the network predicted: the largest in its row."
        )
    if sorted(found) == sorted(right):
        raise Incorrect("these are the right mistakes in another order: the most confident first.")
    raise Incorrect(
        f"confident_mistakes returned {found} on {on}: all of them mistakes, but not the "
        f"{len(right)} most confident. Sort by the largest probability in each row."
    )


def _positions(indices, on: str) -> list[int]:
    """The student's indices as a list of whole numbers."""
    if isinstance(indices, tuple) and any(getattr(part, "ndim", 0) for part in indices):
        raise Incorrect(
            "confident_mistakes returned several things, as topk and sort do; asked for are the "
            "indices alone."
        )
    try:
        values = torch.as_tensor(indices).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        raise Incorrect(
            f"confident_mistakes returned {describe(indices)} on {on}; expected are indices."
        ) from None
    if values.dtype == torch.bool:
        raise Incorrect(
            "confident_mistakes returned True and False for each image; asked for are the "
            "positions of the most confident mistakes."
        )
    if values.dim() != 1:
        raise Incorrect(
            f"confident_mistakes returned the shape {show_shape(values.shape)} on {on}; expected "
            "is one row of indices, such as [3]. flatten() makes it one."
        )
    if not torch.equal(values.double(), values.double().round()):
        raise Incorrect(
            "confident_mistakes returned numbers with fractions: probabilities, it seems. Asked "
            "for is where they stand: the indices."
        )
    return [int(value) for value in values.tolist()]
