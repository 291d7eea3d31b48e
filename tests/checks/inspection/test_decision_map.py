"""Task 4.5: right ways, mistakes and their messages, blanks, traces."""

import warnings

import pytest
import torch

from helpers import checks
from tests.checks.inspection.parts import batched_occlusion, gradient
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


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
