"""What the check of task 4.6 asks of a confusion matrix and of the surest mistakes."""

from functools import partial

import torch

from helpers.checks.core.calling import call_student, judge_function, on_cpu
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.known_mistakes import Advice, sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered, close, read_tensor

# Parts of error messages, and what to try then.
ADVICE: Advice = (
    ("out of range", "With fewer mistakes than k, return all of them."),
    ("out of bounds", "With fewer mistakes than k, return all of them."),
    ("must match", "There is a row of probabilities for each image: take max(dim=1) of them."),
)  # fmt: skip


def make_labels(count: int, classes: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Labels and predictions of ``count`` images, of which most are of class 3, and right."""
    labels = torch.randint(classes, (count,), generator=generator)
    guesses = torch.randint(classes, (count,), generator=generator)
    predictions = torch.where(torch.rand(count, generator=generator) < 0.6, labels, guesses)
    most = slice(9 * count // 10)
    labels[most] = predictions[most] = 3  # of 300 images, too many to count in 8 bits
    return labels, predictions


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
    values = read_tensor(counts)
    if values is None:
        raise Incorrect(
            f"confusion_matrix returned {describe(counts)}; expected is a tensor of shape [10, 10]."
        )
    if values.shape != right.shape:
        raise Incorrect(_wrong_matrix_shape(values, labels))
    values = values.double()
    if torch.equal(values, right):
        return right
    if not torch.equal(values, values.round()):  # nan is not equal to itself
        raise Incorrect(
            "confusion_matrix: these are fractions or percentages; asked for are counts. Leave out "
            "the division."
        )
    diagonal = torch.diag(right.diag())
    known = [
        (right.T, "rows and columns are swapped: rows are the true classes, columns the predicted "
         "ones. The first index is the label."),
        (right - diagonal, "the right answers are missing: the diagonal counts the images whose "
         "prediction is their label. Count all images."),
        (diagonal, "only the right answers are counted. Also count the wrong ones, at row label "
         "and column prediction."),
        (right.clamp(max=1), "no entry is larger than 1, though pairs come more than once. Go "
         "through the pairs in a loop and add 1 for each. (With whole tensors as indices, += 1 "
         "counts a repeated pair once.)"),
        (right + right.T, "each pair is counted twice, also with rows and columns swapped. Add 1 "
         "at row label and column prediction only."),
        (right + earlier, "the second call counts on from the first. Start each call with a new "
         "matrix of zeros."),
        (torch.zeros(10, 10), "all entries are 0. Go through all pairs of label and prediction, "
         "and add 1 for each."),
        (right.sum(0).expand(10, 10), "all rows are the same. Make ten rows of their own, with "
         "torch.zeros(10, 10)."),
        (right.sum(1, keepdim=True).expand(10, 10), "whole rows are counted up. Add 1 to a single "
         "entry, at row label and column prediction."),
    ]  # fmt: skip
    named = sentence_on(values, known, partial(close, tolerance=0.0))
    if named:
        raise Incorrect(f"confusion_matrix: {named}")
    if values.sum() == 1:
        raise Incorrect(
            "confusion_matrix counts one image only. Does return stand inside the loop? Move it "
            "behind the loop, further to the left."
        )
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
    beyond = [i for i in found if not 0 <= i < len(labels)]
    confidence, predictions = probabilities.max(1)
    wrong = (predictions != labels).nonzero().flatten()
    ranked = wrong[confidence[wrong].argsort(descending=True)]
    right = ranked[:k].tolist()
    if found == right:
        return
    if found == [i for i in confidence.argsort(descending=True)[:k].tolist() if i in wrong]:
        raise Incorrect(
            f"you take the {k} most certain answers, and of these the wrong ones. Choose the wrong "
            "ones first, then the most certain among them."
        )
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
    if found in (predictions[right].tolist(), labels[right].tolist()):
        raise Incorrect(
            "these are classes; asked for is where the images stand in the data: their indices."
        )
    if beyond:
        raise Incorrect(
            f"confident_mistakes returned the index {beyond[0]} on {on}; there, images have the "
            f"numbers 0 to {len(labels) - 1}."
        )
    not_wrong = [i for i in found if i not in wrong]
    if not_wrong:
        raise Incorrect(
            f"index {not_wrong[0]} is among your mistakes, but its prediction is right. "
            "Keep only images whose prediction differs from the label."
        )
    if len(set(found)) < len(found):
        raise Incorrect(
            f"confident_mistakes returned {found} on {on}: the same image more than once. "
            "Sort the mistakes, and take the first k."
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
    values = read_tensor(indices)
    if values is None:
        raise Incorrect(
            f"confident_mistakes returned {describe(indices)} on {on}; expected are indices, in "
            "a tensor or a list."
        )
    if values.dtype == torch.bool:
        raise Incorrect(
            "confident_mistakes returned True and False for each image; asked for are the "
            "positions of the most confident mistakes."
        )
    if values.dim() != 1:
        advice = "flatten() makes it one." if values.dim() == 2 and values.shape[1] == 1 else ""
        raise Incorrect(
            f"confident_mistakes returned the shape {show_shape(values.shape)} on {on}; expected "
            f"is one row of indices, such as [3]. {advice}".rstrip()
        )
    values = values.double()
    if not torch.equal(values, values.round()) or values.isinf().any():
        raise Incorrect(
            "confident_mistakes returned numbers with fractions: probabilities, it seems. Asked "
            "for is where they stand: the indices."
        )
    return [int(value) for value in values.tolist()]


def judge_unchanged(given, original, name: str) -> None:
    """Raise if the student's function has changed one of the two tensors ``given`` to it."""
    for now, before in zip(given, original, strict=True):
        if not torch.equal(now.detach(), before):
            raise Incorrect(
                f"{name} changed the numbers that it was given, which are needed afterwards. Work "
                "on a clone()."
            )


@check("4.6", "Count them, and look at the worst", hints=(
    "The matrix is a tally: for each image, one stroke in the row of its label and the column of "
    "its prediction. For the mistakes, answer three questions: how sure, how predicted, where "
    "wrong?",
    "Matrix: torch.zeros(10, 10, dtype=torch.int64), and a loop over the pairs that adds 1. "
    "Mistakes: max(dim=1) gives confidence and predictions; the places where predictions and "
    "labels differ are (...).nonzero()[:, 0]; argsort(descending=True) of the confidence at "
    "these places gives an order among them; take the places in this order, and the first k.",
))  # fmt: skip
@on_cpu
def mistakes(confusion_matrix, confident_mistakes) -> str:
    """Right: counts with rows true and columns predicted; the surest wrong answers first."""
    answered(confusion_matrix=confusion_matrix, confident_mistakes=confident_mistakes)
    judge_function(confusion_matrix, "confusion_matrix")
    judge_function(confident_mistakes, "confident_mistakes")
    generator = seeded(46)
    earlier = torch.zeros(10, 10, dtype=torch.float64)
    for count, classes in ((300, 10), (60, 8)):
        labels, predictions = make_labels(count, classes, generator)
        given = labels.clone(), predictions.clone()
        counts = call_student(
            confusion_matrix, *given, on=f"{count} labels and predictions", again=count < 300
        )
        judge_unchanged(given, (labels, predictions), "confusion_matrix")
        earlier = judge_counts(counts, labels, predictions, earlier)
    for wrong, k in ((24, None), (24, 3), (4, 10)):
        probabilities, labels = make_answers(wrong, generator)
        given = probabilities.clone(), labels.clone()
        on = f"60 images with {wrong} mistakes and " + (f"k={k}" if k else "no k given")
        arguments = {} if k is None else {"k": k}
        indices = call_student(
            confident_mistakes, *given, on=on, again=k is not None, advice=ADVICE,
            **arguments,
        )  # fmt: skip
        judge_indices(indices, probabilities, labels, k or 10, on)
        judge_unchanged(given, (probabilities, labels), "confident_mistakes")
    return "rows are true classes, columns predicted ones; the diagonal counts the right answers"
