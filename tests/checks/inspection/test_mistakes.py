"""Task 4.6: right ways, mistakes and their messages, blanks, traces."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch.nn import functional

from helpers import checks, inspection
from tests.checks.inspection.parts import confidence, confident_mistakes, confusion_matrix
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def by_bincount(labels, predictions):
    return torch.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)


def by_numpy(labels, predictions):
    matrix = np.zeros((10, 10))
    np.add.at(matrix, (labels.numpy(), predictions.numpy()), 1)
    return matrix


def by_counting(labels, predictions):
    return [
        [((labels == i) & (predictions == j)).sum().item() for j in range(10)] for i in range(10)
    ]


def by_topk(probabilities, labels, k=10):
    wrong = probabilities.argmax(1) != labels
    confidence = torch.where(wrong, probabilities.amax(1), -1.0)
    return confidence.topk(min(k, int(wrong.sum()))).indices


def by_sorted(probabilities, labels, k=10):
    wrong = [i for i, row in enumerate(probabilities) if row.argmax() != labels[i]]
    return sorted(wrong, key=lambda i: -probabilities[i].max().item())[:k]


def by_scattering(labels, predictions):
    ones = torch.ones_like(labels)
    return (
        torch.zeros(100, dtype=torch.int64)
        .scatter_add(0, 10 * labels + predictions, ones)
        .view(10, 10)
    )


def by_histogram(labels, predictions):
    pairs = torch.stack([labels, predictions], 1).double()
    return torch.histogramdd(pairs, bins=[10, 10], range=[-0.5, 9.5, -0.5, 9.5]).hist


def by_rows(labels, predictions):
    return [torch.bincount(predictions[labels == number], minlength=10) for number in range(10)]


def by_product(labels, predictions):
    return functional.one_hot(labels, 10).T @ functional.one_hot(predictions, 10)


def by_masks(labels, predictions):
    matrix = torch.zeros(10, 10, dtype=torch.int32)
    for row in range(10):
        for column in range(10):
            matrix[row, column] = ((labels == row) * (predictions == column)).sum()
    return matrix


def by_counter(labels, predictions):
    counted = Counter(zip(labels.tolist(), predictions.tolist(), strict=True))
    return torch.tensor([[counted[row, column] for column in range(10)] for row in range(10)])


@pytest.mark.parametrize(
    "matrix",
    [
        confusion_matrix,
        by_bincount,
        by_numpy,
        by_counting,
        by_scattering,
        by_histogram,
        by_rows,
        by_product,
        by_masks,
        by_counter,
        inspection.confusion_matrix,
    ],
)
def test_mistakes_right_matrix(matrix):
    assert_passes(checks.mistakes, matrix, confident_mistakes)


def by_argsort(probabilities, labels, k=10):
    probabilities, labels = probabilities.numpy(), labels.numpy()
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    return wrong[np.argsort(-probabilities.max(1)[wrong])][:k]


def by_walking(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(1)
    found = [i for i in confidence.argsort(descending=True) if predictions[i] != labels[i]]
    return found[:k]


def by_short_topk(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(1)
    wrong = torch.where(predictions != labels)[0]
    return wrong[confidence[wrong].topk(min(k, len(wrong))).indices]


def by_mask(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(1)
    places = torch.arange(len(labels))[predictions != labels]
    return torch.tensor(sorted(places, key=lambda i: confidence[i], reverse=True)[:k])


def by_pairs(probabilities, labels, k=10):
    pairs = []
    for number, (row, label) in enumerate(zip(probabilities, labels, strict=True)):
        if row.argmax() != label:
            pairs.append((row.max().item(), number))
    return [number for _, number in sorted(pairs, reverse=True)][:k]


def by_zeroing(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(1)
    sure = torch.where(predictions == labels, 0, confidence)
    order = sure.sort(descending=True).indices
    return order[sure[order] > 0][:k].int()


def by_numpy_frame(probabilities, labels, k=10):
    table = np.column_stack([probabilities.amax(1), probabilities.argmax(1) != labels])
    order = np.lexsort((-table[:, 0], 1 - table[:, 1]))
    return order[: min(k, int(table[:, 1].sum()))].tolist()


def or_empty(probabilities, labels, k=10):
    if (probabilities.argmax(1) == labels).all():
        return torch.tensor([])
    return by_short_topk(probabilities, labels, k)


@pytest.mark.parametrize(
    "surest",
    [
        confident_mistakes,
        by_topk,
        by_sorted,
        by_argsort,
        by_walking,
        by_short_topk,
        by_mask,
        by_pairs,
        by_zeroing,
        by_numpy_frame,
        or_empty,
        inspection.most_confident_mistakes,
    ],
)
def test_mistakes_right_indices(surest):
    assert_passes(checks.mistakes, confusion_matrix, surest)


def assigned(labels, predictions):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    matrix[labels, predictions] += 1
    return matrix


def fitted(labels, predictions):
    size = int(labels.max()) + 1
    return torch.bincount(size * labels + predictions, minlength=size * size).reshape(size, size)


class Shared:
    def __init__(self):
        self.matrix = torch.zeros(10, 10)

    def __call__(self, labels, predictions):
        self.matrix += confusion_matrix(labels, predictions)
        return self.matrix.clone()


def only(keep):
    return lambda labels, predictions: confusion_matrix(labels, predictions) * keep(torch.eye(10))


def per(dim):
    def fractions(labels, predictions):
        counts = confusion_matrix(labels, predictions).double()
        return counts / (counts.sum() if dim is None else counts.sum(dim, keepdim=True)).clamp(1)

    return fractions


def whole_rows(labels, predictions):
    matrix = torch.zeros(10, 10)
    for label in labels:
        matrix[label] += 1
    return matrix


def one_row_ten_times(labels, predictions):
    matrix = [[0] * 10] * 10
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label][prediction] += 1
    return matrix


def spoiled_labels(labels, predictions):
    matrix = confusion_matrix(labels, predictions)
    labels.zero_()
    return matrix


class SharedTransposed(Shared):
    def __call__(self, labels, predictions):
        return super().__call__(labels, predictions).T


def left_over():
    """As ``Shared``, but it was called before the check."""
    shared = Shared()
    shared(torch.arange(10), torch.arange(10).flip(0))
    return shared


def only_from(first):
    def skipping(labels, predictions):
        matrix = confusion_matrix(labels, predictions)
        matrix[:first] = 0
        return matrix

    return skipping


PAIRS = torch.arange(900) % 10, torch.arange(900) // 7 % 10  # stand for variables of the notebook

MATRIX_MISTAKES = {
    "swapped": (lambda a, b: confusion_matrix(b, a), "rows and columns are swapped"),
    "per row": (per(1), "these are fractions"),
    "per column": (per(0), "these are fractions"),
    "per image": (per(None), "these are fractions"),
    "in percent": (lambda a, b: 100 * per(1)(a, b), "fractions or percentages"),
    "nan": (lambda a, b: by_numpy(a, b) * np.nan, "not finite"),
    "zeros": (lambda a, b: torch.zeros(10, 10), "all entries are 0"),
    "first pair": (lambda a, b: confusion_matrix(a[:1], b[:1]), "together are 1, for 300 images"),
    "both ways": (lambda a, b: confusion_matrix(a, b) + confusion_matrix(b, a), "counted twice"),
    "whole rows": (whole_rows, "all columns are the same"),
    "one row": (one_row_ten_times, "all rows are the same"),
    "labels changed": (spoiled_labels, "changed the numbers that it was given"),
    "8 bits": (lambda a, b: confusion_matrix(a, b).byte(), "above 255 begins again at 0"),
    "three dimensions": (lambda a, b: confusion_matrix(a, b)[None], "the shape [1, 10, 10]"),
    "one argument": (lambda a: a, "Leave the first line"),
    "wrong ones": (only(lambda eye: 1 - eye), "the right answers are missing"),
    "right ones": (only(lambda eye: eye), "only the right answers"),
    "assigned": (assigned, "no entry is larger than 1"),
    "one-hot": (lambda a, b: functional.one_hot(b, 10), "a row for each of the 300"),
    "flat": (lambda a, b: by_bincount(a, b).flatten(), "the shape [100]"),
    "fitted": (fitted, "Set the size to ten"),
    "shared": (Shared(), "counts on from the first"),
    "off by one": (lambda a, b: confusion_matrix(a, b).roll(1, 0), "confusion_matrix has"),
    "accuracy": (lambda a, b: (a == b).double().mean(), "the shape []"),
    "text": (lambda a, b: "matrix", "expected is a tensor of shape [10, 10]"),
    "8 bits with a sign": (lambda a, b: confusion_matrix(a, b).char(), "above 255 begins again"),
    "from ones": (lambda a, b: confusion_matrix(a, b) + 1, "larger by 1 than there are images"),
    "from tens": (lambda a, b: confusion_matrix(a, b) + 10, "larger by 10 than there are images"),
    "less one": (lambda a, b: confusion_matrix(a, b) - 1, "smaller by 1 than there are images"),
    "from eye": (lambda a, b: confusion_matrix(a, b) + torch.eye(10), "entry of the diagonal"),
    "from ones, swapped": (
        lambda a, b: confusion_matrix(b, a) + 1,
        "rows and columns are swapped, and each entry is larger by 1",
    ),
    "from noise": (lambda a, b: confusion_matrix(a, b) + torch.rand(10, 10), "counts are whole"),
    "halves": (lambda a, b: confusion_matrix(a, b) / 2, "numbers with fractions, such as"),
    "per row, swapped": (lambda a, b: per(1)(a, b).T, "these are fractions"),
    "per row, rounded": (lambda a, b: per(1)(a, b).round(decimals=2), "these are fractions"),
    "whole percents": (lambda a, b: (100 * per(1)(a, b)).round(), "fractions or percentages"),
    "twice": (lambda a, b: 2 * confusion_matrix(a, b), "2 times as large"),
    "tenfold": (lambda a, b: 10 * confusion_matrix(a, b), "10 times as large"),
    "swapped and added up": (SharedTransposed(), "rows and columns are swapped"),
    "left over": (left_over(), "counts on from earlier calls"),
    "global pairs": (lambda a, b: confusion_matrix(*PAIRS), "other values of labels and pred"),
    "global labels": (lambda a, b: confusion_matrix(PAIRS[0][: len(a)], b), "values of labels:"),
    "labels twice": (lambda a, b: confusion_matrix(a, a), "values of predictions:"),
    "size two": (lambda a, b: torch.zeros(2, 2), "a row for each true class and a column"),
    "hits": (lambda a, b: a == b, "an entry for each of the 300 images"),
    "columns swapped": (lambda a, b: confusion_matrix(a, b).flip(1), "confusion_matrix has"),
    "upside down": (lambda a, b: confusion_matrix(a, b).flip(0), "confusion_matrix has"),
    "last left out": (lambda a, b: confusion_matrix(a[:-1], b[:-1]), "are 299, for 300 images"),
    "without class 0": (only_from(1), "confusion_matrix has 0 in row 0"),
    "first ten": (lambda a, b: functional.one_hot(b, 10)[:10], "of labels: what it is handed"),
    "raises": (lambda a, b: confusion_matrix(a.tolist(), b)[10], "raised IndexError on 300"),
    "not a function": (torch.zeros(10, 10), "expected is a function"),
    "liar": (lambda a, b: Liar(), "expected is a tensor of shape [10, 10]"),
}


@pytest.mark.parametrize(("answer", "fragment"), MATRIX_MISTAKES.values(), ids=MATRIX_MISTAKES)
def test_mistakes_wrong_matrix(answer, fragment):
    assert_incorrect(checks.mistakes, fragment, answer, confident_mistakes)


def surest(key, wrong=True, descending=True, limit=True, map_back=True):
    def confident_mistakes(probabilities, labels, k=10):
        predictions = probabilities.argmax(1)
        chosen = {True: predictions != labels, None: predictions == labels}.get(wrong)
        chosen = torch.ones(len(labels), dtype=torch.bool) if chosen is None else chosen
        places = chosen.nonzero().flatten()
        order = key(probabilities[places], labels[places]).argsort(descending=descending)
        order = order[:k] if limit else order
        return places[order] if map_back else order

    return confident_mistakes


def of_label(probabilities, labels):
    return probabilities[range(len(labels)), labels]


def margin(probabilities, labels):
    best = probabilities.topk(2).values
    return best[:, 0] - best[:, 1]


def topk_of_mistakes(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(1)
    wrong = (predictions != labels).nonzero().flatten()
    return wrong[confidence[wrong].topk(k).indices]


OTHERS = torch.rand(900, 10).softmax(1), torch.arange(900) % 10  # stand for those of the notebook


def surest_of_all(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(1)
    first = confidence.topk(k).indices
    return first[predictions[first] != labels[first]]


def spoiled_probabilities(probabilities, labels, k=10):
    wrong = probabilities.argmax(1) != labels
    probabilities[~wrong] = 0
    return probabilities.amax(1).topk(min(k, int(wrong.sum()))).indices


INDEX_LIST_MISTAKES = {
    "right ones too": (surest(confidence, wrong=False), "its prediction is right"),
    "least first": (surest(confidence, descending=False), "the least confident mistakes"),
    "reversed": (lambda p, y, k=10: confident_mistakes(p, y, k).flip(0), "the least confident"),
    "true class": (surest(of_label, descending=False), "the probability of the true class"),
    "true class, up": (surest(of_label), "the probability of the true class"),
    "all": (surest(confidence, limit=False), "returned 24 indices"),
    "always ten": (lambda p, y, k=10: confident_mistakes(p, y), "with 24 mistakes and k=3"),
    "within": (surest(confidence, map_back=False), "count within the mistakes only"),
    "probabilities": (
        lambda p, y, k=10: p[confident_mistakes(p, y, k)].amax(1),
        "numbers with fractions",
    ),
    "both": (lambda p, y, k=10: p.amax(1).topk(k), "returned several things"),
    "mask": (lambda p, y, k=10: p.argmax(1) != y, "True and False"),
    "column": (lambda p, y, k=10: confident_mistakes(p, y, k)[:, None], "the shape [10, 1]"),
    "too few": (
        lambda p, y, k=10: torch.where(p.argmax(1) != y, p.amax(1), -1).topk(k).indices,
        "expected are 4",
    ),
    "topk fails": (
        lambda p, y, k=10: confident_mistakes(p, y, 60)[
            p.amax(1)[confident_mistakes(p, y, 60)].topk(k).indices
        ],
        "only 4 mistakes here, fewer than k: return all of them.",
    ),
    "in order of place": (
        lambda p, y, k=10: confident_mistakes(p, y, k).sort().values,
        "in another order",
    ),
    "first found": (lambda p, y, k=10: (p.argmax(1) != y).nonzero().flatten()[:k], "not the 10"),
    "typed in": (lambda p, y, k=10: list(range(k)), "the same for other values of prob"),
    "from the end": (lambda p, y, k=10: confident_mistakes(p, y, k) - 60, "the numbers 0 to 59"),
    "classes": (lambda p, y, k=10: p.argmax(1)[confident_mistakes(p, y, k)], "these are classes"),
    "labels": (lambda p, y, k=10: y[confident_mistakes(p, y, k)], "these are classes"),
    "surest of all": (surest_of_all, "you take the 10 most certain answers"),
    "one of them": (lambda p, y, k=10: confident_mistakes(p, y, 1).repeat(k), "more than once"),
    "probabilities of all": (lambda p, y, k=10: p[:k], "the shape [10, 10]"),
    "infinite": (lambda p, y, k=10: [float("inf")] * k, "not finite"),
    "nan": (lambda p, y, k=10: [float("nan")] * k, "not finite"),
    "empty": (lambda p, y, k=10: [], "returned 0 indices"),
    "probabilities changed": (spoiled_probabilities, "changed the numbers that it was given"),
    "over the images": (
        lambda p, y, k=10: p.max(0).indices != y,
        "the largest of each row are those of max(dim=1)",
    ),
    "topk of the mistakes": (topk_of_mistakes, "fewer than k: return all of them."),
    "topk of two": (
        lambda p, y, k=10: (
            topk_of_mistakes(p, y, k=min(k, 4)) if k != 1 else topk_of_mistakes(p, y, k)
        ),
        "returned 4 indices on 60 images with 24 mistakes and no k given; expected are 10",
    ),
    "fails with two": (
        lambda p, y, k=10: topk_of_mistakes(p, y, k=4 if (p.argmax(1) != y).sum() == 4 else k),
        "There are only 2 mistakes here, fewer than k",
    ),
    "topk fails with none": (
        lambda p, y, k=10: confident_mistakes(p, y, k) if (p.argmax(1) != y).any() else 1 / 0,
        "There is no mistake among these images: return an empty tensor.",
    ),
    "one where none is": (
        lambda p, y, k=10: confident_mistakes(p, y, k) if (p.argmax(1) != y).any() else [0],
        "returned 1 index on 60 images with no mistake and no k given; expected are 0",
    ),
    "padded": (
        lambda p, y, k=10: [*confident_mistakes(p, y, k).tolist(), *[0] * k][:k],
        "returned 10 indices on 60 images with 4 mistakes and k=10; expected are 4",
    ),
    "a mistake of its own": (
        lambda p, y, k=10: [[], []][2] if k == 10 else confident_mistakes(p, y, k),
        "with 24 mistakes and no k given: list index out of range.",
    ),
    "one alone": (
        lambda p, y, k=10: (
            confident_mistakes(p, y, k)[0] if k == 1 else confident_mistakes(p, y, k)
        ),
        "the shape [] on 60 images with 24 mistakes and k=1",
    ),
    "second best": (
        lambda p, y, k=10: (
            confident_mistakes(p, y, 2)[1:] if k == 1 else confident_mistakes(p, y, k)
        ),
        "all of them mistakes, but not the 1 most confident",
    ),
    "in a tuple": (
        lambda p, y, k=10: np.nonzero((p.argmax(1) != y).numpy()),
        "a tuple with one thing in it",
    ),
    "margin": (surest(margin), "lies above the second"),
    "from one": (lambda p, y, k=10: confident_mistakes(p, y, k) + 1, "larger by 1 than the right"),
    "global images": (lambda p, y, k=10: confident_mistakes(*OTHERS, k), "of probabilities and la"),
    "global predictions": (
        lambda p, y, k=10: (OTHERS[0].argmax(1) != y).nonzero()[:, 0],
        "Here, probabilities has the shape [60, 10] and labels [60]",
    ),
    "far beyond": (lambda p, y, k=10: confident_mistakes(p, y, k) + 100, "the numbers 0 to 59"),
    "the right ones": (surest(confidence, wrong=None), "its prediction is right"),
    "k as list": (lambda p, y, k=10: [[k], [k, k]], "expected are indices"),
    "too far": (lambda p, y, k=10: confident_mistakes(p, y, k)[k - 1], "the shape []"),
    "loop too far": (
        lambda p, y, k=10: [confident_mistakes(p, y, k)[i] for i in range(k)],
        "only 4 mistakes here, fewer than k",
    ),
    "no k": (lambda p, y: confident_mistakes(p, y), "Leave the first line"),
    "text": (lambda p, y, k=10: "ten", "expected are indices"),
    "nothing again": (
        lambda p, y, k=None: confident_mistakes(p, y) if k is None else None,
        "has answered once",
    ),
    "not a function": (torch.zeros(10), "expected is a function"),
    "liar": (lambda p, y, k=10: Liar(), "expected are indices"),
}


@pytest.mark.parametrize(
    ("answer", "fragment"), INDEX_LIST_MISTAKES.values(), ids=INDEX_LIST_MISTAKES
)
def test_mistakes_wrong_indices(answer, fragment):
    assert_incorrect(checks.mistakes, fragment, confusion_matrix, answer)


def test_mistakes_blank_and_trace():
    assert_blank(checks.mistakes, ..., confident_mistakes)
    assert_blank(checks.mistakes, confusion_matrix, ...)
    assert_blank(checks.mistakes, lambda labels, predictions: ..., confident_mistakes)
    assert_blank(checks.mistakes, confusion_matrix, lambda probabilities, labels, k=10: None)
    assert_no_trace(checks.mistakes, confusion_matrix, confident_mistakes)
