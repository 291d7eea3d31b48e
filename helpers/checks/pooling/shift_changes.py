"""The check of task 2.4: how much of the values moved, as a function and as measured."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import product

import torch
import torch.nn.functional as F

from helpers.checks.core.calling import attempt
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered, close, real_number

KEYS = ("convolution", "maximum", "average")
_SHAPES = ((2, 1, 28, 28), (3, 8, 12, 12), (1, 1, 5, 5))  # of batches, as the notebook has them
_SQUARED = "Differences are squared; take their absolute values."
_BEFORE = "Divide by what was there before alone; after is in it, too."
_SUMS = "Sums are compared here; subtract pixel by pixel first, then take absolute values and sum."
_PARENTHESES = "abs() takes in before alone; put after - before in parentheses."
# What is often measured instead, and what is then said; d is after - before.
_MISTAKES = (
    (lambda b, a, d: d.sum() / b.abs().sum(), "Differences of opposite sign cancel: sum their "
     "absolute values."),
    (lambda b, a, d: d.sum().abs() / b.abs().sum(), "Differences of opposite sign cancel: take "
     "absolute values first, then sum."),
    (lambda b, a, d: d.abs().sum() / b.sum(), "Values before may be negative: take their "
     "absolute values first, then sum."),
    (lambda b, a, d: d.sum() / b.sum(), "Values of opposite sign cancel, above and below: sum "
     "their absolute values."),
    (lambda b, a, d: (d.sum() / b.sum()).abs(), "Values of opposite sign cancel, above and "
     "below: take absolute values first, then sum."),
    (lambda b, a, d: d.abs().sum() / a.abs().sum(), "Divide by what was there before, not after."),
    (lambda b, a, d: (a.abs() - b.abs()).abs().sum() / b.abs().sum(),
     "Sizes are compared here; compare the values pixel by pixel."),
    (lambda b, a, d: d.abs().mean(), "It is the mean difference; divide by the sizes before."),
    (lambda b, a, d: d.abs().sum(), "It is the summed difference; divide by the sizes before."),
    (lambda b, a, d: d.abs().mean() / b.abs().sum(), "A mean is divided by a sum; take sums in "
     "both places."),
    (lambda b, a, d: d.abs().sum() / b.abs().mean(), "A sum is divided by a mean; take sums in "
     "both places."),
    (lambda b, a, d: d.square().sum() / b.square().sum(), _SQUARED),
    (lambda b, a, d: d.norm() / b.norm(), _SQUARED),
    (lambda b, a, d: d.square().sum() / b.abs().sum(), _SQUARED),
    (lambda b, a, d: d.square().mean(), _SQUARED),
    (lambda b, a, d: d.square().mean().sqrt(), _SQUARED),
    (lambda b, a, d: d.abs().sum() / (b.abs().sum() + a.abs().sum()), _BEFORE),
    (lambda b, a, d: 2 * d.abs().sum() / (b.abs().sum() + a.abs().sum()), _BEFORE),
    (lambda b, a, d: (a.abs().sum() - b.abs().sum()) / b.abs().sum(), _SUMS),
    (lambda b, a, d: (a.abs().sum() - b.abs().sum()).abs() / b.abs().sum(), _SUMS),
    (lambda b, a, d: a.abs().sum() / b.abs().sum(), _SUMS),
    (lambda b, a, d: (a - b.abs()).abs().sum() / b.abs().sum(), _PARENTHESES),
    (lambda b, a, d: (a - b.abs()).sum() / b.abs().sum(), _PARENTHESES),
    (lambda b, a, d: (d.abs().sum((1, 2, 3)) / b.abs().sum((1, 2, 3))).mean(),
     "It is the mean over the images of their changes; sum over all images first, then divide."),
    (lambda b, a, d: d.abs().max(), "That is the largest difference; sum them all."),
    (lambda b, a, d: d.abs().max() / b.abs().max(), "Largest values are compared here; sum them "
     "all."),
    (lambda b, a, d: d.abs().sum() // b.abs().sum(), "Do not round: // gives whole numbers, and "
     "int() and round() do."),
    (lambda b, a, d: (d.abs() / b.abs()).mean(), "Sum first, then divide; a mean of shares gives "
     "dark pixels too much weight."),
    (lambda b, a, d: (d.abs() / b.abs()).sum(), "Sum first, then divide, once."),
    (lambda b, a, d: 100 * d.abs().sum() / b.abs().sum(), "Give a share, not a percentage: leave "
     "out the 100."),
    (lambda b, a, d: 1 - d.abs().sum() / b.abs().sum(), "That is what stays alike; asked for is "
     "what changes."),
    (lambda b, a, d: b.abs().sum() / d.abs().sum(), "The fraction is upside down."),
)  # fmt: skip


_agree = partial(close, floor=1e-3)


def _change(before: torch.Tensor, after: torch.Tensor) -> float:
    return ((after - before).abs().sum() / before.abs().sum()).item()


def judge_change(function) -> None:
    """Raise unless ``function(before, after)`` is sum|after − before| / sum|before|."""
    generator = seeded(24)
    for shape in _SHAPES:
        before, after = (
            torch.randn(shape, generator=generator, dtype=torch.float32, device="cpu") + mean
            for mean in (0.3, -0.2)  # the sums differ in sign, so that abs() in any place shows
        )
        on = f"two tensors of shape {list(shape)}"
        copies = before.clone(), after.clone()
        value = attempt(function, *copies, on=on)
        if not (torch.equal(copies[0], before) and torch.equal(copies[1], after)):
            raise Incorrect(
                "relative_change changes the tensors that it is given (as -= does). Put the "
                "difference into a new variable."
            )
        if isinstance(value, (tuple, list)):
            raise Incorrect(
                f"relative_change returns a {type(value).__name__}; asked for is one number, the "
                "first sum divided by the second."
            )
        if isinstance(value, torch.Tensor) and value.numel() > 1:
            raise Incorrect(
                f"relative_change returns {describe(value)} on {on}; asked for is one number for "
                "the whole. .sum() without a number in the parentheses sums all values."
            )
        found = real_number(value, "the value that relative_change returns")
        if not _agree(found, _change(before.double(), after.double())):
            raise Incorrect(_message(function, found, before, after, on))
    same = torch.ones(1, 1, 4, 4)
    unmoved = real_number(
        attempt(function, same, same.clone(), on="the same image twice"), "relative_change"
    )
    if abs(unmoved) > 1e-6:
        raise Incorrect(f"for the same image twice relative_change gives {unmoved:.4g}, not 0.")


def _message(function, found: float, before: torch.Tensor, after: torch.Tensor, on: str) -> str:
    if not math.isfinite(found):
        return f"on {on} relative_change gives {found}. Do you divide by something that is 0?"
    b, a = before.double(), after.double()
    expected = _change(b, a)
    told = f"on {on} relative_change gives {found:.5g}; expected is {expected:.5g}."
    named = sentence_on(
        found, ((formula(b, a, a - b), text) for formula, text in _MISTAKES), _agree
    )
    if named:
        return f"{told} {named}"
    if abs(found - expected) < 0.01:
        return f"{told} That is nearly it: do not round, and stay with torch.float32."
    if found == real_number(attempt(function, 3 * after, before - 1, on=on), "the value"):
        return f"{told} It is the same for other tensors: use before and after as they are given."
    return f"{told} Try it on before = [1, -2] and after = [2, -2]: there it is 1/3."


def judge_keys(changes) -> None:
    """Raise unless ``changes`` is a dictionary with the three keys."""
    if not isinstance(changes, dict):
        raise Incorrect(
            f"changes is {describe(changes)}; expected is a dictionary with the keys "
            f"{', '.join(map(repr, KEYS))}."
        )
    missing = [key for key in KEYS if key not in changes]
    if missing:
        there = ", ".join(repr(key) for key in changes) or "no key"
        raise Incorrect(f"changes has {there}; the key {missing[0]!r} is missing.")


def judge_changes(changes: dict, measured: "Measured") -> None:
    """Raise unless all numbers are those that ``measured`` has, each with its own pooling."""
    answered(**{f"changes[{key!r}]": changes[key] for key in KEYS})
    numbers = {key: real_number(changes[key], f"changes[{key!r}]") for key in KEYS}
    for key, number in numbers.items():
        expected = measured.change(*POOLED[key])
        if abs(number - expected) <= _ROUNDED:
            continue
        begin = f"changes[{key!r}] is {number:.4g}; measured here it is {expected:.4g}."
        if not math.isfinite(number):
            raise Incorrect(f"{begin} Is there a division by 0?")
        if number == 0:
            raise Incorrect(f"{begin} With 0 nothing changed: compare before with after.")
        if number < 0:
            raise Incorrect(f"{begin} A change is never below 0.")
        if abs(number - 100 * expected) <= 100 * _ROUNDED:
            raise Incorrect(f"{begin} Give a share, not a percentage: leave out the 100.")
        other = next((text for value, text in measured.others() if _nearly(number, value)), "")
        raise Incorrect(
            f"{begin} {number:.4g} is {other}."
            if other
            else f"{begin} Call relative_change with the feature maps before and after, "
            f"{'as they are' if key == KEYS[0] else 'both sent through ' + LAYERS[key]}."
        )


# What each number is measured after: the kind of pooling, and by how many pixels.
POOLED = {"convolution": ("", 1), "maximum": ("max", 2), "average": ("average", 2)}
LAYERS = {"maximum": "nn.MaxPool2d(2)", "average": "nn.AvgPool2d(2)"}
_POOLINGS = {"": lambda x, size: x, "max": F.max_pool2d, "average": F.avg_pool2d}
_SIZES = (2, 3, 4, 5, 6)  # by which somebody may pool
_ROUNDED = 6e-4  # a number may be rounded to three digits, as the table below the task has them
_nearly = partial(close, tolerance=1e-4, floor=1e-3)


def _are_feature_maps(value) -> bool:
    """Whether ``value`` is [N, C, H, W], large enough to be pooled by all ``_SIZES``."""
    return (
        isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and value.dim() == 4
        and min(value.shape[-2:]) >= max(_SIZES)
    )


class Measured:
    """The changes of the notebook's images by a shift, measured in every way that is often taken.

    ``layer`` takes ``images`` and ``shifted``, batches [N, 1, H, W]. Raises ``Incorrect`` if they
    are not those of the notebook any more.
    """

    def __init__(self, layer, images, shifted):
        given = isinstance(images, torch.Tensor) and isinstance(shifted, torch.Tensor)
        if not (given and images.dim() == 4 and torch.equal(shifted, torch.roll(images, 1, -1))):
            raise Incorrect(
                "images and shifted are not what the cell above this task makes. Run that cell "
                "again, and give tensors of your own other names."
            )
        self.layer = layer
        maps = self._through(images, shifted)
        self.pairs = {"of the feature maps": maps, "of the images": (images, shifted)}

    def _through(self, before, after) -> tuple[torch.Tensor, torch.Tensor]:
        fault = f"is {describe(self.layer)}"
        try:
            with torch.no_grad():
                maps = self.layer(before), self.layer(after)
            if not all(_are_feature_maps(x) for x in maps):
                fault = f"gives {describe(maps[0])} on the images"
            elif not math.isfinite(_change(*maps)):
                fault = "gives nothing but zeros on the images, or nan"
            else:
                return maps
        except (Exception, SystemExit) as error:  # whatever stands under this name now
            if callable(self.layer):
                fault = f"raised {type(error).__name__} on the images"
        raise Incorrect(
            f"conv_layer {fault}. Run the cell that makes it again, and give layers of your own "
            "other names."
        )

    def change(
        self, kind: str, size: int, what: str = "of the feature maps", turned=False
    ) -> float:
        """The change after pooling; ``turned``: with before and after in each other's place."""
        before, after = (_POOLINGS[kind](x, size) for x in self.pairs[what])
        return _change(after, before) if turned else _change(before, after)

    def others(self) -> Iterator[tuple[float, str]]:
        """What else is measured, and what that is, in words; the usual mistakes first."""
        poolings = [("", 1), *product(("max", "average"), _SIZES)]
        images, shifted = self.pairs["of the images"]
        for kind, size in poolings:
            words = f"after {kind} pooling by {size}" if kind else "without pooling"
            for what in self.pairs:
                yield self.change(kind, size, what), f"the change {what} {words}"
                yield (
                    self.change(kind, size, what, turned=True),
                    f"the change {what} {words}, with before and after in each other's place",
                )
        for kind, size in poolings[1:]:
            pooled = (_POOLINGS[kind](x, size) for x in (images, shifted))
            try:
                before, after = self._through(*pooled)
            except Incorrect:  # too small for the layer
                continue
            yield (
                _change(before, after),
                f"what the layer makes of images after {kind} pooling by {size}",
            )


@check("2.4", "Measure the change", hints=(
    "Work it out by hand for before = [1, -2] and after = [2, -2]: the change is 1, what was "
    "there is 1 + 2 = 3, so the answer is 1/3. Which functions of tensors did you use?",
    "Three steps: the difference of the two; the sum of its absolute values, .abs().sum(); "
    "divided by the same sum for before. Then send before and after through nn.MaxPool2d(2), or "
    "nn.AvgPool2d(2), and compare what comes out.",
))  # fmt: skip
def shift_changes(relative_change, changes, layer, images, shifted) -> str:
    """Right: sum|after − before| / sum|before|, and its values, measured on what ``layer`` makes of
    ``images`` and of ``shifted``, [N, 1, H, W]: as it is, after max and after average pooling by 2.
    """
    answered(relative_change=relative_change, changes=changes)
    judge_keys(changes)
    judge_change(relative_change)
    judge_changes(changes, Measured(layer, images, shifted))
    return "0 is no change; 2 is an image as bright that shares no bright pixel with the old one"
