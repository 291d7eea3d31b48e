"""What the check of task 4.6 asks of a confusion matrix."""

from functools import partial

import torch

from helpers.checks.core.calling import call_student
from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import CheckError, Incorrect
from helpers.checks.core.values import close, read_tensor
from helpers.checks.inspection.calls_compared import adds_up, on_unheeded, unheeded
from helpers.checks.inspection.network_as_it_was import judge_unchanged


def make_labels(count: int, classes: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Labels and predictions of ``count`` images, of which most are of class 3, and right."""
    labels = torch.randint(classes, (count,), generator=generator)
    guesses = torch.randint(classes, (count,), generator=generator)
    predictions = torch.where(torch.rand(count, generator=generator) < 0.6, labels, guesses)
    most = slice(9 * count // 10)
    labels[most] = predictions[most] = 3  # of 300 images, too many to count in 8 bits
    return labels, predictions


def count_pairs(labels: torch.Tensor, predictions: torch.Tensor) -> torch.Tensor:
    """The confusion matrix [10, 10] in float64."""
    matrix = torch.zeros(10, 10, dtype=torch.float64)
    ones = torch.ones(len(labels), dtype=torch.float64)
    return matrix.index_put((labels, predictions), ones, accumulate=True)


def judge_matrix(confusion_matrix, generator: torch.Generator) -> None:
    """Raise unless the student's function counts, on every call anew, what it is handed."""
    earlier = torch.zeros(10, 10, dtype=torch.float64)
    for count, classes in ((300, 10), (60, 8)):
        pairs = make_labels(count, classes, generator)
        given = dict(zip(("labels", "predictions"), pairs, strict=True))
        right = count_pairs(*pairs)
        read = partial(read_counts, **given)
        call = partial(_call, confusion_matrix, given)
        counts = read(call(again=count < 300))
        if not torch.equal(counts, right):
            replaced = {name: (values + 1) % 10 for name, values in given.items()}
            raise Incorrect(
                _wrong_counts(counts, right, earlier)
                or _on_repeated(lambda read=read, call=call: read(call(again=True)), counts)
                or on_unheeded(
                    "confusion_matrix", unheeded(confusion_matrix, counts, given, replaced, read)
                )
                or _first_difference(counts, right)
            )
        earlier = right


def _call(confusion_matrix, given: dict[str, torch.Tensor], again: bool):
    """What the student's function makes of copies of what is ``given``."""
    copies = [values.clone() for values in given.values()]
    on = f"{len(copies[0])} labels and predictions"
    counts = call_student(confusion_matrix, *copies, on=on, again=again)
    judge_unchanged(copies, given.values(), "confusion_matrix")
    return counts


def read_counts(counts, labels: torch.Tensor, predictions: torch.Tensor) -> torch.Tensor:
    """What the student's function returned as [10, 10] in float64; raises ``Incorrect``."""
    values = read_tensor(counts)
    if values is None:
        raise Incorrect(
            f"confusion_matrix returned {describe(counts)}; expected is a tensor of shape [10, 10]."
        )
    if values.shape != (10, 10):
        raise Incorrect(_wrong_matrix_shape(values.shape, labels, predictions))
    return values.double().clone()  # the student's function may go on to change its own


def _wrong_matrix_shape(shape: torch.Size, labels, predictions) -> str:
    found = f"confusion_matrix returned the shape {show_shape(shape)}; expected is [10, 10]"
    if shape[:1] == labels.shape:
        return (
            f"{found}. Yours has {'an entry' if len(shape) == 1 else 'a row'} for each of the "
            f"{len(labels)} images; add up the images of the same two classes."
        )
    there = torch.cat([labels, predictions])
    if shape in ((int(there.max()) + 1,) * 2, (len(there.unique()),) * 2):
        return (
            f"{found} even if the last classes do not occur. Set the size to ten, whichever "
            "classes are there."
        )
    return f"{found}: a row for each true class and a column for each predicted one."


def _wrong_counts(values: torch.Tensor, right: torch.Tensor, earlier: torch.Tensor) -> str:
    """A sentence if ``values`` are those of a known mistake, else ''."""
    fractions = _on_fractions(values, right)
    if fractions:
        return fractions
    diagonal, ones = torch.diag(right.diag()), torch.ones(10, 10)
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
        (right.sum(0).expand(10, 10), "all rows are the same, as if the label did not count. Add "
         "1 to the single entry at row label and column prediction, in a matrix from "
         "torch.zeros(10, 10). ([[0] * 10] * 10 is ten times the same row.)"),
        (right.sum(1, keepdim=True).expand(10, 10), "all columns are the same, as if the "
         "prediction did not count. Add 1 to the single entry at row label and column prediction."),
        (right % 256, "what is above 255 begins again at 0, as with whole numbers of 8 bits. Use "
         "dtype=torch.int64."),
        (right + torch.eye(10), "each entry of the diagonal is larger by 1 than there are images. "
         "Start with zeros, torch.zeros(10, 10)."),
        *((right.T + step * ones, "rows and columns are swapped, and each entry is larger by "
           f"{step} than there are images. Start with zeros; the first index is the label.")
          for step in _steps(values, right.T)),
        *((right + step * ones, f"each entry is {'larger' if step > 0 else 'smaller'} by "
           f"{abs(step)} than there are images. Start with zeros, torch.zeros(10, 10).")
          for step in _steps(values, right)),
        *((factor * right, f"each entry is {factor} times as large as there are images. Add 1 "
           "for each image, once.") for factor in (2, 3, 10)),
    ]  # fmt: skip
    named = sentence_on(values, known, partial(close, tolerance=0.0))
    if named:
        return f"confusion_matrix: {named}"
    if values.sum() == 1:
        return (
            f"all entries of confusion_matrix together are 1, for {right.sum():.0f} images. If "
            "return stands inside of the loop, move it behind, further to the left."
        )
    return ""


def _steps(values: torch.Tensor, right: torch.Tensor) -> list[int]:
    """By how much the first entry is off, if that is a whole number, as a list of one."""
    step = (values - right)[0, 0].item()
    return [int(step)] if step else []


def _on_fractions(values: torch.Tensor, right: torch.Tensor) -> str:
    """A sentence if ``values`` are shares, or no whole numbers, else ''."""
    sums = [right.sum(1, keepdim=True), right.sum(0, keepdim=True), right.sum()]
    shares = [scale * (right / total).nan_to_num() for total in sums for scale in (1, 100)]
    shares += [share.T for share in shares]
    if any(close(values.nan_to_num(), share, 6e-3) for share in shares):  # or rounded to hundredths
        return (
            "confusion_matrix: these are fractions or percentages; asked for are counts. Leave out "
            "the division."
        )
    if not values.isfinite().all():
        return (
            "confusion_matrix has numbers that are not finite (nan or inf). Start with zeros, and "
            "add 1 for each image."
        )
    odd = values[values != values.round()]
    if len(odd):
        return (
            f"confusion_matrix has numbers with fractions, such as {odd[0]:.4g}; counts are whole. "
            "Start with zeros, torch.zeros(10, 10), and add 1 for each image."
        )
    return ""


def _on_repeated(call, first: torch.Tensor) -> str:
    try:
        if not adds_up(call, first):
            return ""
    except CheckError:
        return ""
    return (
        "confusion_matrix counts on from earlier calls: called again with the same labels and "
        "predictions, it returns other numbers. Start each call with a new matrix of zeros, made "
        "inside of the function."
    )


def _first_difference(values: torch.Tensor, right: torch.Tensor) -> str:
    row, column = (values != right).nonzero()[0].tolist()
    return (
        f"confusion_matrix has {values[row, column]:g} in row {row}, column {column}; of the "
        f"images of class {row}, {right[row, column]:g} were predicted as {column}. "
        f"(All entries together are {values.sum():g}, for {right.sum():g} images.)"
    )
