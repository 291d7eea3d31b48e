"""Is an accuracy that a student has measured that of the network at hand, on the test images?"""

import math
from typing import NamedTuple

import torch
from torch import nn

from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import read_tensor
from helpers.checks.going_further.student_networks import run

COUNT = 1000  # images that are looked at, the first: enough to tell, and quick on one core
BATCH = 250
FEWEST = 10_000  # images on which an accuracy was measured; the grader's loaders take fewer
ROUNDED = 0.005  # as in 0.93
SPREADS = 4  # of the chance in which images are looked at: once in 16,000 it is farther off
GUESSED = 0.1  # of ten classes


class Sample(NamedTuple):
    """The first images of a data set of ``total``: ``[N, 1, 28, 28]``, and their labels."""

    images: torch.Tensor
    labels: torch.Tensor
    total: int


class Measured(NamedTuple):
    """How many of the images of a sample a network gets right."""

    right: int
    count: int
    total: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.right / self.count

    def fits(self, share: float) -> bool:
        """Can ``share`` be that of all ``total`` images, of which these were looked at?"""
        fewer, more = sorted((self.count, min(self.total, FEWEST)))
        spread = math.sqrt(max(self.share * (1 - self.share), 0.01) * (1 / fewer - 1 / more))
        return abs(share - self.share) <= ROUNDED + 2 / self.count + SPREADS * spread

    def __str__(self) -> str:
        return f"{self.right} of {self.count:,}"


def sample(data, name: str) -> Sample:
    """The first ``COUNT`` images of ``data``, or all of them if there are fewer."""
    try:
        total = len(data)
        pairs = [data[place] for place in range(min(total, COUNT))]
        images = torch.stack([read_tensor(pair[0]) for pair in pairs]).float()
        labels = torch.tensor([int(pair[1]) for pair in pairs])
        return Sample(images.reshape(len(pairs), 1, 28, 28), labels, total)
    except Exception:
        raise Incorrect(
            f"{name} is {describe(data)}; expected are grey images of 28×28 pixels and their "
            "labels. Run the cell that loads them again."
        ) from None


def measure(model: nn.Module, seen: Sample) -> Measured:
    """How many images ``model``, in its mode, gets right."""
    first = next(model.parameters())
    right = 0
    for images, labels in zip(seen.images.split(BATCH), seen.labels.split(BATCH), strict=True):
        scores = run(model, images.to(first.device, first.dtype))
        right += int((scores.argmax(1).cpu() == labels).sum())
    return Measured(right, len(seen.labels), seen.total)


def judge_measured(accuracy: float, model: nn.Module, training: Sample, test: Sample) -> None:
    """Raise unless ``accuracy`` is that of ``model``, in eval() mode, on the test images."""
    model.eval()
    found = measure(model, test)
    if found.fits(accuracy):
        return
    said = (
        f"accuracy is {accuracy:.4g}, but small_net gets {found} test images right, "
        f"{found.share:.1%}."
    )
    if found.fits(GUESSED):
        raise Incorrect(
            f"{said} So many are right by guessing, as before any training. If the cell that makes "
            "small_net has run again, train it again, and measure then."
        )
    if found.fits(1 - accuracy):
        raise Incorrect(f"{said} 1 - accuracy would fit: asked for is the share of right answers.")
    trained = measure(model, training)
    if trained.fits(accuracy):
        raise Incorrect(
            f"{said} Of the training images it gets {trained} right, which fits. Asked for is the "
            "accuracy on the test images."
        )
    model.train()
    in_training = measure(model, test)
    if in_training.fits(accuracy):
        raise Incorrect(
            f"{said} In train() mode it gets {in_training} right, which fits. Call eval() first."
        )
    raise Incorrect(
        f"{said} Measure it on test_data, in eval() mode, after the last step of training: the "
        "number belongs to the network as it is now."
    )
