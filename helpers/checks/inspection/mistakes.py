"""The check of task 4.6, and what it asks of the surest mistakes."""

from functools import partial

import torch

from helpers.checks.core.calling import call_student, judge_function, on_cpu
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.known_mistakes import Advice
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered, read_tensor
from helpers.checks.inspection.calls_compared import on_unheeded, unheeded
from helpers.checks.inspection.confusion import judge_matrix
from helpers.checks.inspection.network_as_it_was import judge_unchanged

# (mistakes among 60 images, k); None: the k of the function itself.
CASES = ((24, None), (24, 3), (24, 1), (4, 10), (2, 3), (0, None))

# Parts of error messages, and what to try then.
ADVICE: Advice = (
    ("tensor a (10) must match the size of tensor b (60)", "probabilities has a row for each "
     "image: the largest of each row are those of max(dim=1)."),
    ("must match", "Here, probabilities has the shape [60, 10] and labels [60]: use these "
     "arguments, and nothing from outside of the function."),
)  # fmt: skip


def advice_on_few(wrong: int, k: int) -> Advice:
    """What to try after any error where there are fewer mistakes than ``k``."""
    if wrong == 0:
        return (("raised", "There is no mistake among these images: return an empty tensor."),)
    few = f"There are only {wrong} mistakes here, fewer than k: return all of them."
    return (("raised", few),) if wrong < k else ()


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


def judge_indices(indices, probabilities, labels, k: int, on: str, ignored) -> None:
    """Raise unless ``indices`` are those of the ``k`` surest mistakes, surest first.

    ``ignored`` gives the names of the arguments on which the indices do not depend.
    """
    found = read_positions(indices, on)
    confidence, predictions = probabilities.max(1)
    wrong = (predictions != labels).nonzero().flatten()
    ranked = wrong[confidence[wrong].argsort(descending=True)]
    right = ranked[:k].tolist()
    if found == right:
        return
    surest = confidence.argsort(descending=True)[:k].tolist()
    if found and found == [i for i in surest if i in wrong]:
        raise Incorrect(
            f"you take the {k} most certain answers, and of these the wrong ones. Choose the wrong "
            "ones first, then the most certain among them."
        )
    if len(found) != len(right):
        many = f"there are {len(wrong)} mistakes and k is {k}"
        raise Incorrect(
            f"confident_mistakes returned {len(found)} "
            f"{'index' if len(found) == 1 else 'indices'} on {on}; expected "
            f"{'is' if len(right) == 1 else 'are'} {len(right)}, as "
            f"{many}. Return the first k mistakes, or all if there are fewer."
        )
    named = _known_order(found, right, ranked, probabilities, labels) if len(right) > 1 else ""
    if named:
        raise Incorrect(named)
    names = ignored()
    if len(names) == 2:  # with other labels alone, the surest mistakes may happen to be the same
        raise Incorrect(on_unheeded("confident_mistakes", names))
    beyond = [i for i in found if not 0 <= i < len(labels)]
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
    raise Incorrect(
        f"confident_mistakes returned {found} on {on}: all of them mistakes, but not the "
        f"{len(right)} most confident. Sort by the largest probability in each row."
    )


def _known_order(found: list[int], right: list[int], ranked, probabilities, labels) -> str:
    """A sentence on indices, as many as asked for, that are those of a known mistake, else ''."""
    k, wrong = len(right), ranked.sort().values
    confidence, predictions = probabilities.max(1)
    of_label = probabilities[wrong, labels[wrong]].argsort()
    best_two = probabilities.topk(2).values
    margin = (best_two[:, 0] - best_two[:, 1])[wrong].argsort(descending=True)
    by_place = [confidence[wrong].argsort(descending=True)[:k].tolist()]
    known = [
        (by_place, "the indices count within the mistakes only; asked for are positions in the "
         "whole data. Look them up in the list of positions where the prediction is wrong."),
        ([predictions[right].tolist(), labels[right].tolist()], "these are classes; asked for is "
         "where the images stand in the data: their indices."),
        ([ranked.flip(0)[:k].tolist(), right[::-1]], "your indices begin with the least confident "
         "mistakes. Sort the other way round: the largest probability first."),
        ([wrong[order][:k].tolist() for order in (of_label, of_label.flip(0))], "your indices go "
         "by the probability of the true class. Confidence is the probability of the class that "
         "the network predicted: the largest in its row."),
        ([wrong[margin][:k].tolist()], "your indices go by how far the largest probability lies "
         "above the second. Confidence is the largest probability in the row itself."),
        ([[i + 1 for i in right]], "each index is larger by 1 than the right one. Python counts "
         "images from 0."),
    ]  # fmt: skip
    named = next((sentence for orders, sentence in known if found in orders), "")
    if not named and sorted(found) == sorted(right):
        return "these are the right mistakes in another order: the most confident first."
    return named


def read_positions(indices, on: str) -> list[int]:
    """The student's indices as a list of whole numbers."""
    if isinstance(indices, tuple) and len(indices) == 1 and getattr(indices[0], "ndim", 0):
        raise Incorrect(
            "confident_mistakes returned a tuple with one thing in it, as np.where gives it. Take "
            "it out, with [0]."
        )
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
            "confident_mistakes returned True and False; asked for are the positions of the "
            "most confident mistakes."
        )
    if values.dim() != 1:
        advice = "flatten() makes it one." if values.dim() == 2 and values.shape[1] == 1 else ""
        raise Incorrect(
            f"confident_mistakes returned the shape {show_shape(values.shape)} on {on}; expected "
            f"is one row of indices, such as [3]. {advice}".rstrip()
        )
    values = values.double()
    if not values.isfinite().all():
        raise Incorrect("confident_mistakes returned numbers that are not finite (nan or inf).")
    odd = values[values != values.round()]
    if len(odd):
        also = ", as probabilities do" if ((values >= 0) & (values <= 1)).all() else ""
        raise Incorrect(
            f"confident_mistakes returned numbers with fractions, such as {odd[0]:.3g}{also}. "
            "Asked for is where the images stand: their indices."
        )
    return [int(value) for value in values.tolist()]


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
    judge_matrix(confusion_matrix, generator)
    others = make_answers(24, generator)
    for number, (wrong, k) in enumerate(CASES):
        probabilities, labels = make_answers(wrong, generator)
        given = probabilities.clone(), labels.clone()
        many = {0: "no mistake", 1: "1 mistake"}.get(wrong, f"{wrong} mistakes")
        on = f"60 images with {many} and " + (f"k={k}" if k else "no k given")
        arguments = {} if k is None else {"k": k}
        indices = call_student(
            confident_mistakes, *given, on=on, again=number > 0,
            advice=(*ADVICE, *advice_on_few(wrong, k or 10)), **arguments,
        )  # fmt: skip
        names = ("probabilities", "labels")
        ignored = partial(
            unheeded, confident_mistakes, indices,
            dict(zip(names, (probabilities, labels), strict=True)),
            dict(zip(names, others, strict=True)), read_tensor,
        )  # fmt: skip
        judge_indices(indices, probabilities, labels, k or 10, on, ignored)
        judge_unchanged(given, (probabilities, labels), "confident_mistakes")
    return "rows are true classes, columns predicted ones; the diagonal counts the right answers"
