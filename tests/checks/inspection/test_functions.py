"""Tests of the checks of notebook 04, functions: right ways, mistakes, blanks, traces, settings."""

import warnings

import numpy as np
import pytest
import torch
from torch.nn import functional

from helpers import checks
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


# ----------------------------------------------------------------------------- 4.4


def get_activations(model, layer, images):
    kept = {}
    handle = layer.register_forward_hook(lambda m, i, output: kept.update(output=output.detach()))
    with torch.no_grad():
        model(images)
    handle.remove()
    return kept["output"]


def by_list(model, layer, images):
    kept = []

    def hook(module, inputs, output):
        kept.append(output)

    handle = layer.register_forward_hook(hook)
    try:
        model(images)
    finally:
        handle.remove()
    return kept[0]


def by_with(model, layer, images):
    was_training = model.training
    model.eval()
    kept = None

    def hook(module, inputs, output):
        nonlocal kept
        kept = output.clone()

    with torch.inference_mode(), layer.register_forward_hook(hook):
        model(images)
    model.train(was_training)
    return kept


class Keeper:
    """A hook that is an object."""

    def __call__(self, module, inputs, output):
        self.output = output.detach().cpu()


def by_class(model, layer, images):
    keeper = Keeper()
    handle = layer.register_forward_hook(keeper)
    model(images)
    handle.remove()
    return keeper.output


def of_all_layers(model, layer, images):
    kept = {}
    handles = [
        part.register_forward_hook(lambda part, inputs, output: kept.update({part: output}))
        for part in model.modules()
    ]
    model(images)
    for handle in handles:
        handle.remove()
    return kept[layer]


def by_images(model, layer, images):
    kept = []
    handle = layer.register_forward_hook(lambda *seen: kept.append(seen[2]))
    for image in images:
        model(image.unsqueeze(0))
    handle.remove()
    return torch.cat(kept)


@pytest.mark.parametrize(
    "answer", [get_activations, by_list, by_with, by_class, of_all_layers, by_images]
)
def test_activations_right(answer):
    assert "hook" in assert_passes(checks.activations, answer)


def hooked(keep, remove=True, pre=False, again=1):
    """A student's function that keeps ``keep(module, inputs, output)`` and returns the first."""

    def get_activations(model, layer, images):
        kept = []
        register = layer.register_forward_pre_hook if pre else layer.register_forward_hook
        handle = register(lambda *seen: kept.append(keep(*seen)))
        for _ in range(again):
            model(images)
        if remove:
            handle.remove()
        return kept[0]

    return get_activations


def output_of(module, inputs, output):
    return output


class OnlyOnce:
    def __init__(self, stale=False):
        self.kept, self.stale = [], stale

    def __call__(self, model, layer, images):
        if self.kept and not self.stale:
            return None
        self.kept.append(get_activations(model, layer, images))
        return self.kept[0]


def spoiled(spoil):
    def get_activations_and_more(model, layer, images):
        kept = get_activations(model, layer, images)
        spoil(model, images)
        return kept

    return get_activations_and_more


def hook_too_late(model, layer, images):
    model(images)
    return hooked(output_of, again=0)(model, layer, images)


def hook_of_two(model, layer, images):
    handle = layer.register_forward_hook(lambda module, output: None)
    model(images)
    handle.remove()


def hook_called(model, layer, images):
    handle = layer.register_forward_hook(print())
    model(images)
    handle.remove()


def lost_name(model, layer, images):
    def hook(module, inputs, output):
        kept = output  # noqa: F841

    handle = layer.register_forward_hook(hook)
    model(images)
    handle.remove()


def key_too_early(model, layer, images):
    return {}["output"]


def with_default(model, layer, images, kept=[]):  # noqa: B006
    handle = layer.register_forward_hook(lambda *seen: kept.append(seen[2]))
    model(images)
    handle.remove()
    return kept[0]


def fixed_layer(model, layer, images):
    return get_activations(model, model.conv_stack[0], images)


def scale_images(model, images):
    images.div_(255)


def double_weights(model, images):
    with torch.no_grad():
        next(model.parameters()).mul_(2)


def raise_error(text):
    raise RuntimeError(text)


def unrolled(model, layer, images):
    for part in model.modules():
        if not list(part.children()):
            images = part(images)
        if part is layer:
            return images
    return images


ACTIVATION_MISTAKES = {
    "scores": (lambda model, layer, images: model(images), "the output of the whole network"),
    "input": (hooked(lambda m, inputs, o: inputs[0]), "the layer's input"),
    "inputs": (hooked(lambda m, inputs, o: inputs), "a tuple"),
    "pre-hook": (hooked(lambda m, inputs: inputs[0], pre=True), "not a pre-hook"),
    "hook left": (hooked(output_of, remove=False), "leaves its hook on the layer"),
    "direct": (lambda model, layer, images: layer(images), "the images directly"),
    "images": (lambda model, layer, images: images, "returned the images"),
    "list": (hooked(lambda m, i, output: [output]), "a list"),
    "dict": (hooked(lambda m, i, output: {"out": output}), "a dict"),
    "array": (hooked(lambda m, i, output: output.detach().numpy()), "Leave out .numpy()"),
    "handle": (
        lambda model, layer, images: layer.register_forward_hook(lambda *seen: None),
        "the handle",
    ),
    "nothing again": (OnlyOnce(), "has answered once, but returns nothing"),
    "stale": (OnlyOnce(stale=True), "what an earlier call had recorded"),
    "empty list": (lambda model, layer, images: [], "an empty list"),
    "too late": (hook_too_late, "Nothing was kept"),
    "key too early": (key_too_early, "Nothing was kept"),
    "hook of two": (hook_of_two, "A forward hook gets three arguments"),
    "hook called": (hook_called, "Hand over the hook by its name alone"),
    "lost name": (lost_name, "runs the network, but returns nothing"),
    "default": (with_default, "what an earlier call had recorded"),
    "fixed layer": (fixed_layer, "use only what it is handed"),
    "two arguments": (lambda model, images: images, "Leave the first line"),
    "images changed": (spoiled(scale_images), "changed the images that it was given"),
    "stacked": (
        hooked(lambda m, i, output: torch.stack([output])),
        "in the shape [1, 4, 4, 6, 6]",
    ),
    "flat": (hooked(lambda m, i, output: output.flatten(1)), "in the shape [4, 144]"),
    "other layer's shape": (
        hooked(lambda m, i, output: torch.zeros_like(output)),
        "with other numbers",
    ),
    "first image": (hooked(lambda m, i, output: output[0]), "first image only"),
    "first image, batch": (hooked(lambda m, i, output: output[:1]), "first image only"),
    "after relu": (hooked(lambda m, i, output: output.relu()), "without its negative numbers"),
    "mean": (hooked(lambda m, i, output: output.mean(1)), "of shape [4, 4, 6, 6]"),
    "weights": (spoiled(double_weights), "changed the network's weights"),
    "mode": (spoiled(lambda model, images: model.train()), "leaves it in train() mode"),
    "gradients": (
        spoiled(lambda model, images: model(images).sum().backward()),
        "leaves gradients in the network's parameters",
    ),
    "unrolled": (unrolled, "a layer inside a part of a network"),
    "raises": (lambda model, layer, images: layer(images, 1, 2), "raised TypeError on the third"),
    "elsewhere": (
        lambda model, layer, images: raise_error("Expected all tensors to be on the same device"),
        "take the device from the network",
    ),
    "not a function": (torch.zeros(3), "expected is a function"),
    "liar": (lambda model, layer, images: Liar(), "expected is the tensor"),
}


@pytest.mark.parametrize(
    ("answer", "fragment"), ACTIVATION_MISTAKES.values(), ids=ACTIVATION_MISTAKES
)
def test_activations_wrong(answer, fragment):
    assert_incorrect(checks.activations, fragment, answer)
    assert_no_trace(checks.activations, answer)


def dots_inside(model, layer, images):
    layer.register_forward_hook(...)
    model(images)


@pytest.mark.parametrize("stub", [..., None, lambda model, layer, images: ..., dots_inside])
def test_activations_blank(stub):
    assert_blank(checks.activations, stub)


def test_activations_leaves_no_trace():
    assert_no_trace(checks.activations, get_activations)


# ----------------------------------------------------------------------------- 4.5


def occlusion(patch=4, stride=1, fill=0.0, softmax=True, sign=1):
    """An occlusion map: the mean fall of the score over all patches that cover a pixel."""

    def decision_map(model, image, label):
        def score(batch):
            scores = model(batch)
            return (scores.softmax(1) if softmax else scores)[:, label]

        total, count = torch.zeros(28, 28), torch.zeros(28, 28)
        with torch.no_grad():
            before = score(image.unsqueeze(0))
            for row in range(0, 28, stride):
                for column in range(0, 28, stride):
                    covered = image.clone()
                    covered[:, row : row + patch, column : column + patch] = fill
                    fall = before - score(covered.unsqueeze(0))
                    total[row : row + patch, column : column + patch] += sign * fall
                    count[row : row + patch, column : column + patch] += 1
        return total / count

    return decision_map


def batched_occlusion(model, image, label):
    """All positions in one batch; a value stands in the middle of its patch; a numpy array."""
    rows = torch.arange(28)
    inside = (rows[:, None] - rows[None]).abs() <= 3
    mask = inside[:, None, :, None] & inside[None, :, None, :]
    covered = torch.where(mask.reshape(784, 1, 28, 28), image.mean(), image)
    with torch.no_grad():
        return (model(image[None])[0, label] - model(covered)[:, label]).reshape(28, 28).numpy()


def gradient(of="score", shape=(28, 28), finish=torch.abs, name="autograd"):
    """A gradient map: of the score, the probability, its logarithm or the loss."""

    def decision_map(model, image, label):
        x = image.clone().unsqueeze(0).requires_grad_(True)
        scores = model(x)
        value = {
            "score": lambda: scores[0, label],
            "probability": lambda: scores.softmax(1)[0, label],
            "log": lambda: scores.log_softmax(1)[0, label],
            "loss": lambda: functional.cross_entropy(scores, torch.tensor([label])),
            "predicted": lambda: scores.max(),
            "sum": lambda: scores.sum(),
            "certain": lambda: scores.softmax(1).sum() * 0,
        }[of]()
        if name == "autograd":
            (slope,) = torch.autograd.grad(value, x)
        else:
            value.backward()
            slope = x.grad
            if name == "zero_grad":
                model.zero_grad()
        return finish(slope.detach()).reshape(shape)

    return decision_map


def not_detached(model, image, label):
    """Occlusion without torch.no_grad()."""
    before = model(image[None])[0, label]
    falls = torch.zeros(28, 28)
    for row in range(0, 28, 4):
        for column in range(0, 28, 4):
            covered = image.clone()
            covered[:, row : row + 4, column : column + 4] = 0
            after = model(covered[None])[0, label]
            falls[row : row + 4, column : column + 4] = before - after
    return falls


def smooth(model, image, label):
    """SmoothGrad: the mean of the gradients at noisy copies."""
    noisy = [image + 0.1 * torch.randn_like(image) for _ in range(10)]
    return sum(gradient()(model, one, label) for one in noisy) / 10


def reaching(model, image, label):
    """Integrated gradients: along the way from a black image to this one, times the image."""
    slopes = [gradient(finish=lambda s: s)(model, image * part / 8, label) for part in range(1, 9)]
    return sum(slopes) / 8 * image[0]


@pytest.mark.parametrize(
    "answer",
    [
        occlusion(),
        occlusion(patch=1),
        occlusion(patch=10, stride=2),
        occlusion(patch=7, stride=1),
        occlusion(patch=7, stride=7, softmax=False),
        occlusion(patch=5, stride=3, fill=0.5),
        batched_occlusion,
        gradient(),
        gradient("probability"),
        gradient("log"),
        gradient("loss"),
        gradient("loss", finish=torch.square),
        lambda m, x, label: gradient()(m, x, label).tolist(),
        lambda m, x, label: list(gradient()(m, x, label)),
        lambda m, x, label: gradient()(m, x, torch.tensor(label)).double(),
        not_detached,
        smooth,
        reaching,
        gradient("probability", finish=torch.relu),
        gradient("score", name="zero_grad"),
        lambda m, x, label: gradient("score", shape=(1, 28, 28))(m, x, label)[0] * x[0],
    ],
)
def test_decision_map_right(answer):
    assert_passes(checks.decision_map, answer)


def in_place(model, image, label):
    with torch.no_grad():
        before = model(image[None])[0, label]
        falls = torch.zeros(28, 28)
        for row in range(28):
            for column in range(28):
                image[:, row, column] = 0
                falls[row, column] = before - model(image[None])[0, label]
    return falls


def switched_on(model, image, label):
    image.requires_grad_(True)
    return torch.autograd.grad(model(image[None])[0, label], image)[0][0].abs()


def always_here(model, image, label):
    result = torch.zeros(28, 28)
    result[10:16, 10:16] = 1
    return result


def remaining(model, image, label):
    falls = occlusion()(model, image, label)
    return model(image[None]).softmax(1)[0, label].item() - falls


def one_clone(model, image, label):
    covered, falls = image.clone(), torch.zeros(28, 28)
    with torch.no_grad():
        before = model(image[None])[0, label]
        for row in range(28):
            for column in range(28):
                covered[:, row, column] = 0
                falls[row, column] = before - model(covered[None])[0, label]
    return falls


def unused_copy(model, image, label):
    copy, other = image.clone().requires_grad_(), image.clone().requires_grad_()
    return torch.autograd.grad(model(other[None])[0, label], copy)


def no_grad_attribute(model, image, label):
    batch = image.clone().requires_grad_()[None]
    model(batch)[0, label].backward()
    with warnings.catch_warnings():  # PyTorch warns of what the message explains
        warnings.simplefilter("ignore")
        return batch.grad[0, 0].abs()


MAP_OF_MISTAKES = {
    "shape": (lambda m, x, label: torch.ones(25, 25), "the shape [25, 25]; expected is [28, 28]"),
    "number": (lambda m, x, label: 0.7, "the shape []"),
    "text": (lambda m, x, label: "map", "expected is a tensor"),
    "constant": (lambda m, x, label: torch.zeros(28, 28), "the map is 0 everywhere"),
    "no slope": (gradient("certain"), "the map is 0 everywhere"),
    "predicted": (gradient("predicted"), "which this network predicts"),
    "predicted, occlusion": (
        lambda m, x, label: occlusion()(m, x, m(x[None]).argmax().item()),
        "which this network predicts",
    ),
    "sum": (gradient("sum"), "a sum over classes"),
    "flipped": (occlusion(sign=-1), "its sign is turned round"),
    "loss": (gradient("loss", finish=lambda slope: slope), "its sign is turned round"),
    "remaining": (remaining, "its sign is turned round"),
    "swapped": (
        lambda m, x, label: occlusion()(m, x, label).T,
        "rows and columns swapped",
    ),
    "image": (lambda m, x, label: x[0], "the image itself"),
    "always here": (always_here, "does not find what matters"),
    "noise": (lambda m, x, label: torch.rand(28, 28), "does not find what matters"),
    "one clone": (one_clone, "Begin each patch with a new image.clone()"),
    "mirrored": (lambda m, x, label: gradient()(m, x, label).flip(1), "does not find what matters"),
    "signed": (gradient(finish=lambda slope: slope), "take the absolute value"),
    "signed, probability": (
        gradient("probability", finish=lambda slope: slope),
        "take the absolute value",
    ),
    "white patches": (occlusion(fill=1.0), "a brighter patch may raise the score"),
    "channel kept": (gradient(shape=(1, 28, 28)), "The dimension of the channels is still there"),
    "flat": (gradient(shape=784), "reshape(28, 28)"),
    "scores": (lambda m, x, label: m(x[None]), "These are scores"),
    "patches": (lambda m, x, label: torch.rand(7, 7), "the pixels under it"),
    "column": (lambda m, x, label: gradient()(m, x, label).sum(0), "the shape [28]; expected"),
    "tuple": (lambda m, x, label: (gradient()(m, x, label),), "a tuple with one thing in it"),
    "softmax over the batch": (
        gradient(finish=lambda slope: slope * 0),
        "If you use softmax: the classes are dim=1",
    ),
    "no copy": (
        lambda m, x, label: torch.autograd.grad(m(x[None])[0, label], x),
        "image.clone().requires_grad_()",
    ),
    "another copy": (unused_copy, "the very copy of the image"),
    "no .grad": (no_grad_attribute, "Only the tensor on which requires_grad_() was called"),
    "wrong batch": (lambda m, x, label: m(torch.cat([x, x])[:, :20]), "a batch of images"),
    "Grad-CAM": (lambda m, x, label: m.conv_stack[3](x), "use only what it is handed"),
    "nan": (lambda m, x, label: torch.full((28, 28), float("nan")), "not finite"),
    "in place": (in_place, "changed the image"),
    "switched on": (switched_on, "switched on requires_grad"),
    "backward": (gradient("score", name="backward"), "leaves gradients in the network's"),
    "train": (
        lambda m, x, label: gradient()(m.train(), x, label),
        "leaves it in train() mode",
    ),
    "raises": (lambda m, x, label: m(x[None])[label], "The network wants a batch of images"),
    "raises otherwise": (lambda m, x, label: 1 / 0, "division by zero."),
    "not a function": (3, "expected is a function"),
    "liar": (lambda m, x, label: Liar(), "expected is a tensor"),
}


@pytest.mark.parametrize(("answer", "fragment"), MAP_OF_MISTAKES.values(), ids=MAP_OF_MISTAKES)
def test_decision_map_wrong(answer, fragment):
    assert_incorrect(checks.decision_map, fragment, answer)


@pytest.mark.parametrize("stub", [..., None, lambda model, image, label: ...])
def test_decision_map_blank(stub):
    assert_blank(checks.decision_map, stub)


@pytest.mark.parametrize("answer", [occlusion(), gradient(), switched_on])
def test_decision_map_leaves_no_trace(answer):
    assert_no_trace(checks.decision_map, answer)


# ----------------------------------------------------------------------------- 4.6


def confusion_matrix(labels, predictions):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label, prediction] += 1
    return matrix


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


def confident_mistakes(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(dim=1)
    wrong = (predictions != labels).nonzero().flatten()
    return wrong[confidence[wrong].argsort(descending=True)][:k]


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


@pytest.mark.parametrize("surest", [confident_mistakes, by_topk, by_sorted, by_argsort, by_walking])
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


MATRIX_MISTAKES = {
    "swapped": (lambda a, b: confusion_matrix(b, a), "rows and columns are swapped"),
    "per row": (per(1), "these are fractions"),
    "per column": (per(0), "these are fractions"),
    "per image": (per(None), "these are fractions"),
    "in percent": (lambda a, b: 100 * per(1)(a, b), "fractions or percentages"),
    "nan": (lambda a, b: by_numpy(a, b) * np.nan, "fractions or percentages"),
    "zeros": (lambda a, b: torch.zeros(10, 10), "all entries are 0"),
    "first pair": (lambda a, b: confusion_matrix(a[:1], b[:1]), "counts one image only"),
    "both ways": (lambda a, b: confusion_matrix(a, b) + confusion_matrix(b, a), "counted twice"),
    "whole rows": (whole_rows, "whole rows are counted up"),
    "one row": (one_row_ten_times, "all rows are the same"),
    "labels changed": (spoiled_labels, "changed the numbers that it was given"),
    "8 bits": (lambda a, b: confusion_matrix(a, b).byte(), "in row 3, column 3; there are"),
    "three dimensions": (lambda a, b: confusion_matrix(a, b)[None], "the shape [1, 10, 10]"),
    "one argument": (lambda a: a, "Leave the first line"),
    "wrong ones": (only(lambda eye: 1 - eye), "the right answers are missing"),
    "right ones": (only(lambda eye: eye), "only the right answers"),
    "assigned": (assigned, "no entry is larger than 1"),
    "one-hot": (lambda a, b: functional.one_hot(b, 10), "a row per image"),
    "flat": (lambda a, b: by_bincount(a, b).flatten(), "the shape [100]"),
    "fitted": (fitted, "the largest label"),
    "shared": (Shared(), "counts on from the first"),
    "off by one": (lambda a, b: confusion_matrix(a, b).roll(1, 0), "confusion_matrix has"),
    "accuracy": (lambda a, b: (a == b).double().mean(), "the shape []"),
    "text": (lambda a, b: "matrix", "expected is a tensor of shape [10, 10]"),
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
        chosen = (predictions != labels) if wrong else torch.ones(len(labels), dtype=torch.bool)
        places = chosen.nonzero().flatten()
        order = key(probabilities[places], labels[places]).argsort(descending=descending)
        order = order[:k] if limit else order
        return places[order] if map_back else order

    return confident_mistakes


def confidence(probabilities, labels):
    return probabilities.amax(1)


def of_label(probabilities, labels):
    return probabilities[range(len(labels)), labels]


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
        "With fewer mistakes than k, return all of them.",
    ),
    "in order of place": (
        lambda p, y, k=10: confident_mistakes(p, y, k).sort().values,
        "in another order",
    ),
    "first found": (lambda p, y, k=10: (p.argmax(1) != y).nonzero().flatten()[:k], "not the 10"),
    "beyond": (lambda p, y, k=10: list(range(100, 100 + k)), "the numbers 0 to 59"),
    "from the end": (lambda p, y, k=10: confident_mistakes(p, y, k) - 60, "the numbers 0 to 59"),
    "classes": (lambda p, y, k=10: p.argmax(1)[confident_mistakes(p, y, k)], "these are classes"),
    "labels": (lambda p, y, k=10: y[confident_mistakes(p, y, k)], "these are classes"),
    "surest of all": (surest_of_all, "you take the 10 most certain answers"),
    "one of them": (lambda p, y, k=10: confident_mistakes(p, y, 1).repeat(k), "more than once"),
    "probabilities of all": (lambda p, y, k=10: p[:k], "the shape [10, 10]"),
    "infinite": (lambda p, y, k=10: [float("inf")] * k, "numbers with fractions"),
    "nan": (lambda p, y, k=10: [float("nan")] * k, "numbers with fractions"),
    "empty": (lambda p, y, k=10: [], "returned 0 indices"),
    "probabilities changed": (spoiled_probabilities, "changed the numbers that it was given"),
    "over the images": (lambda p, y, k=10: p.max(0).indices != y, "take max(dim=1)"),
    "k as list": (lambda p, y, k=10: [[k], [k, k]], "expected are indices"),
    "too far": (lambda p, y, k=10: confident_mistakes(p, y, k)[k - 1], "the shape []"),
    "loop too far": (
        lambda p, y, k=10: [confident_mistakes(p, y, k)[i] for i in range(k)],
        "With fewer mistakes than k",
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


# ------------------------------------------------------------------- settings of the student's

WHOLE = {
    "activations": (checks.activations, get_activations),
    "decision_map": (checks.decision_map, batched_occlusion),
    "mistakes": (checks.mistakes, confusion_matrix, confident_mistakes),
}


@pytest.mark.parametrize("answers", WHOLE.values(), ids=WHOLE)
def test_passes_whatever_the_default_device_and_type(answers):
    torch.set_default_device("meta")  # stands for a GPU: tensors made there do not mix with others
    try:
        assert_passes(*answers)
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)
    torch.set_default_dtype(torch.float64)
    try:
        assert_passes(*answers)
        assert_no_trace(*answers)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("answers", WHOLE.values(), ids=WHOLE)
def test_passes_without_gradients(answers):
    with torch.no_grad():
        assert_passes(*answers)
        assert_passes(checks.decision_map, gradient())
        assert_no_trace(*answers)
