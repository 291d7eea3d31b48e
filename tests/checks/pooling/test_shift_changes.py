"""Task 2.4: right ways, mistakes and their messages, blanks, traces."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers import checks
from tests.checks.pooling.parts import GIVEN, IMAGE, change, changes_of
from tests.checks.tables import Liar, assert_blank, assert_incorrect, assert_no_trace, assert_passes

LAYER, IMAGES, SHIFTED = GIVEN
with torch.no_grad():
    BEFORE, AFTER = LAYER(IMAGES), LAYER(SHIFTED)
MAXIMUM, AVERAGE = nn.MaxPool2d(2), nn.AvgPool2d(2)
CHANGES = changes_of(BEFORE, AFTER)


def number(change_, before, after, *layers):
    """A change after ``layers``, as a number."""
    for layer in layers:
        before, after = layer(before), layer(after)
    return change_(before, after).item()


def change_as_float(before, after):
    return float(torch.sum(torch.abs(before - after)) / torch.sum(torch.abs(before)))


def change_by_means(before, after):
    return ((after - before).abs().mean() / before.abs().mean()).item()


def change_by_norms(before, after):
    return F.l1_loss(after, before, reduction="sum") / torch.linalg.vector_norm(before, ord=1)


def change_by_numpy(before, after):
    before, after = before.numpy(), after.numpy()
    return np.abs(after - before).sum() / np.abs(before).sum()


def change_by_loop(before, after):
    differences = sum((b - a).abs().sum() for b, a in zip(before, after, strict=True))
    return differences / sum(b.abs().sum() for b in before)


def change_over_all_dimensions(before, after):
    every = (0, 1, 2, 3)
    return abs(after - before).sum(every).detach() / abs(before).sum(every)


@pytest.mark.parametrize(
    "function",
    [
        change,
        change_as_float,
        change_by_means,
        change_by_norms,
        change_by_numpy,
        change_by_loop,
        change_over_all_dimensions,
        lambda b, a: change(b.double(), a.double()).reshape(1),
    ],
)
def test_shift_changes_right(function):
    assert "0 is no change" in assert_passes(checks.shift_changes, function, CHANGES, *GIVEN)


@pytest.mark.parametrize(
    "changes",
    [
        {key: torch.tensor(value) for key, value in CHANGES.items()},
        {key: np.float32(value) for key, value in CHANGES.items()} | {"image": 0.5},
        dict(reversed(CHANGES.items())),
        {key: round(value, 3) for key, value in CHANGES.items()},
        changes_of(BEFORE.double(), AFTER.double()),
        {key: torch.tensor([value]) for key, value in CHANGES.items()},
    ],
)
def test_shift_changes_right_numbers(changes):
    assert_passes(checks.shift_changes, change, changes, *GIVEN)


def change_of_each_image(before, after):
    differences, sizes = ((x.abs().sum((1, 2, 3))) for x in (after - before, before))
    return (differences / sizes).mean()


def change_of_others(before, after):
    return change(IMAGE, IMAGE.flip(1))


def in_place(before, after):
    after -= before
    return after.abs().sum() / before.abs().sum()


@pytest.mark.parametrize(
    ("function", "fragment"),
    [
        (lambda b, a: (a - b).sum() / b.abs().sum(), "opposite sign cancel"),
        (lambda b, a: (a - b).sum().abs() / b.abs().sum(), "absolute values first, then sum"),
        (lambda b, a: (a - b).abs().sum() / b.sum(), "before may be negative"),
        (lambda b, a: (a - b).abs().sum() / b.sum().abs(), "before may be negative"),
        (lambda b, a: (a - b).sum() / b.sum(), "above and below"),
        (lambda b, a: ((a - b).sum() / b.sum()).abs(), "above and below"),
        (lambda b, a: (a - b).abs().sum() / a.abs().sum(), "before, not after"),
        (lambda b, a: (a.abs() - b.abs()).abs().sum() / b.abs().sum(), "pixel by pixel"),
        (lambda b, a: (a - b).abs().mean(), "the mean difference"),
        (lambda b, a: (a - b).abs().sum(), "the summed difference"),
        (lambda b, a: (a - b).abs().mean() / b.abs().sum(), "A mean is divided by a sum"),
        (lambda b, a: (a - b).abs().sum() / b.abs().mean(), "A sum is divided by a mean"),
        (lambda b, a: ((a - b) ** 2).sum() / (b**2).sum(), "squared"),
        (lambda b, a: torch.norm(a - b) / torch.norm(b), "squared"),
        (lambda b, a: F.mse_loss(a, b), "squared"),
        (lambda b, a: F.mse_loss(a, b).sqrt(), "squared"),
        (lambda b, a: ((a - b) ** 2).sum() / b.abs().sum(), "squared"),
        (lambda b, a: (a - b).abs().sum() / (a.abs() + b.abs()).sum(), "after is in it, too"),
        (lambda b, a: 2 * (a - b).abs().sum() / (a.abs() + b.abs()).sum(), "after is in it"),
        (lambda b, a: a.abs().sum() / b.abs().sum(), "Sums are compared"),
        (lambda b, a: a.abs().sum() / b.abs().sum() - 1, "Sums are compared"),
        (lambda b, a: abs(a.abs().sum() / b.abs().sum() - 1), "Sums are compared"),
        (lambda b, a: (a - b.abs()).abs().sum() / b.abs().sum(), "in parentheses"),
        (lambda b, a: (a - b.abs()).sum() / b.abs().sum(), "in parentheses"),
        (lambda b, a: (a - b).abs().max() / b.abs().max(), "Largest values are compared"),
        (lambda b, a: (a - b).abs().sum() // b.abs().sum(), "Do not round"),
        (lambda b, a: round(change(b, a).item()), "Do not round"),
        (lambda b, a: round(change(b, a).item(), 2), "nearly it"),
        (change_of_each_image, "sum over all images first"),
        (change_of_others, "the same for other tensors"),
        (lambda b, a: torch.tensor(torch.nan), "divide by something that is 0"),
        (lambda b, a: torch.zeros(3, device="meta"), "on the device meta"),
        (lambda b, a: ((a - b).abs().sum(), b.abs().sum()), "returns a tuple; asked for is one"),
        (lambda b, a: (a - b).abs().sum(0) / b.abs().sum(0), "without a number in the parentheses"),
        (lambda b, a: -change(b, a), "Try it on before = [1, -2]"),
        (lambda b, a: (a - b).abs().max(), "the largest difference"),
        (lambda b, a: ((a - b).abs() / b.abs()).mean(), "a mean of shares"),
        (lambda b, a: ((a - b).abs() / b.abs()).sum(), "divide, once"),
        (lambda b, a: 100 * change(b, a), "not a percentage"),
        (lambda b, a: 1 - change(b, a), "what stays alike"),
        (lambda b, a: 1 / change(b, a), "upside down"),
        (lambda b, a: (a - b).abs() / b.abs().sum(), "asked for is one number"),
        (lambda b, a: (a - b).abs() / b.abs(), "asked for is one number"),
        (lambda b, a: 0.3, "the same for other tensors"),
        (lambda b, a: change(b, a) if b.numel() > 16 else 0.5, "not 0"),
        (lambda b, a: "0.3", "a number was expected"),
        (lambda b, a: Liar(), "a number was expected"),
        (lambda b: b, "raised TypeError on two tensors"),
        (lambda b, a: print(change(b, a)), "prints something"),
        (in_place, "changes the tensors that it is given"),
        (0.3, "a function was expected"),
    ],
)
def test_shift_changes_wrong_function(function, fragment):
    assert_incorrect(checks.shift_changes, fragment, function, CHANGES, *GIVEN)


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"convolution": 0.3, "maximum": 0.2}, "the key 'average' is missing"),
        ({"conv": 0.3, "max": 0.2, "avg": 0.1}, "the key 'convolution' is missing"),
        ({}, "no key; the key 'convolution' is missing"),
        ([0.3, 0.2, 0.1], "a dictionary"),
        ({"convolution", "maximum", "average"}, "a dictionary"),
        (Liar(), "a dictionary"),
        (CHANGES | {"maximum": 0.0}, "nothing changed"),
        (CHANGES | {"maximum": -0.2}, "never below 0"),
        ({key: 100 * value for key, value in CHANGES.items()}, "not a percentage"),
        (CHANGES | {"average": float("nan")}, "Is there a division by 0?"),
        (CHANGES | {"average": float("inf")}, "Is there a division by 0?"),
        (CHANGES | {"average": 7.0}, "both sent through nn.AvgPool2d(2)"),
        (CHANGES | {"maximum": 6.0}, "both sent through nn.MaxPool2d(2)"),
        (CHANGES | {"convolution": 5.0}, "the feature maps before and after, as they are"),
        (CHANGES | {"average": "12%"}, "a number was expected"),
        (CHANGES | {"average": torch.zeros((), device="meta")}, "on the device meta"),
        (CHANGES | {"average": nn.AvgPool2d(2)}, "a number was expected"),
        (
            CHANGES | {"average": CHANGES["convolution"]},
            "is the change of the feature maps without pooling",
        ),
        (
            CHANGES | {"maximum": CHANGES["convolution"]},
            "is the change of the feature maps without pooling",
        ),
        (CHANGES | {"average": torch.rand(5, 5)}, "one number was expected"),
        (
            CHANGES | {"average": CHANGES["maximum"]},
            "is the change of the feature maps after max pooling by 2",
        ),
        (
            CHANGES | {"maximum": CHANGES["average"], "average": CHANGES["maximum"]},
            "is the change of the feature maps after average pooling by 2",
        ),
        (changes_of(BEFORE, AFTER, 4), "of the feature maps after max pooling by 4"),
        (changes_of(BEFORE, AFTER, 3), "of the feature maps after max pooling by 3"),
        (changes_of(IMAGES, SHIFTED), "is the change of the images without pooling"),
        (
            CHANGES | {"average": number(change, IMAGES, SHIFTED, AVERAGE)},
            "is the change of the images after average pooling by 2",
        ),
        (changes_of(AFTER, BEFORE), "with before and after in each other's place"),
        (
            CHANGES | {"maximum": number(change, AFTER, BEFORE, MAXIMUM)},
            "after max pooling by 2, with before and after in each other's place",
        ),
        (
            CHANGES | {"maximum": number(change, IMAGES, SHIFTED, MAXIMUM, LAYER)},
            "what the layer makes of images after max pooling by 2",
        ),
        (
            CHANGES | {"average": number(change, IMAGES, SHIFTED, AVERAGE, LAYER)},
            "what the layer makes of images after average pooling by 2",
        ),
        (CHANGES | {"convolution": change}, "a number was expected"),
    ],
)
def test_shift_changes_wrong_numbers(changes, fragment):
    assert_incorrect(checks.shift_changes, fragment, change, changes, *GIVEN)


def test_shift_changes_blank():
    assert_blank(checks.shift_changes, ..., CHANGES, *GIVEN)
    assert_blank(checks.shift_changes, change, ..., *GIVEN)
    assert_blank(checks.shift_changes, lambda before, after: ..., CHANGES, *GIVEN)
    assert_blank(checks.shift_changes, change, CHANGES | {"average": ...}, *GIVEN)
    assert_blank(checks.shift_changes, change, dict.fromkeys(CHANGES), *GIVEN)


def without_return(before, after):
    (after - before).abs().sum() / before.abs().sum()


def test_shift_changes_without_return():
    """Then the numbers that the notebook computes with it are None, too."""
    message = assert_blank(checks.shift_changes, without_return, dict.fromkeys(CHANGES), *GIVEN)
    assert message.startswith("without_return returns nothing yet")
    message = assert_blank(checks.shift_changes, change, dict.fromkeys(CHANGES), *GIVEN)
    assert message.startswith("changes['convolution'] is None") and "dots" not in message


def test_shift_changes_leaves_no_trace():
    assert_no_trace(checks.shift_changes, change, dict(CHANGES), *GIVEN)
    assert_no_trace(checks.shift_changes, in_place, dict(CHANGES), *GIVEN)


@pytest.mark.parametrize(
    "given",
    [
        (LAYER, IMAGES, IMAGES),
        (LAYER, IMAGES, torch.roll(IMAGES, 2, -1)),
        (LAYER, BEFORE[0, 0, 0], SHIFTED),
        (LAYER, "images", SHIFTED),
        (LAYER, SHIFTED, IMAGES),
    ],
)
def test_images_that_were_overwritten_are_named(given):
    assert_incorrect(checks.shift_changes, "Run that cell again", change, CHANGES, *given)


def test_a_layer_that_was_overwritten_is_named():
    given = nn.Conv2d(3, 8, 5), IMAGES, SHIFTED
    fragment = "conv_layer raised RuntimeError on the images"
    assert_incorrect(checks.shift_changes, fragment, change, CHANGES, *given)


@pytest.mark.parametrize(
    ("layer", "fragment"),
    [
        (lambda images: None, "conv_layer gives None (of type NoneType) on"),
        (..., "conv_layer is Ellipsis (of type ellipsis). Run the cell that makes it again"),
        (3, "conv_layer is 3 (of type int)"),
        (lambda images: 0 * images, "conv_layer gives nothing but zeros on the images, or nan"),
        (lambda images: images / 0 - images / 0, "gives nothing but zeros on the images, or nan"),
        (nn.Flatten(), "conv_layer gives a tensor of shape [40, 784]"),
        (nn.MaxPool2d(7), "conv_layer gives a tensor of shape [40, 1, 4, 4]"),
        (lambda images: images.long(), "conv_layer gives a tensor"),
    ],
)
def test_what_is_no_layer_of_feature_maps_is_named(layer, fragment):
    given = layer, IMAGES, SHIFTED
    assert_incorrect(checks.shift_changes, fragment, change, CHANGES, *given)
