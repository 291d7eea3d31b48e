"""Do the numbers of tasks 3.7 and 3.9 belong to the network? It is measured once more."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.core.calling import attempt
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.network_modes import evaluation_mode

IMAGES = 1000  # enough to tell networks apart, and measured at once
DEVIATIONS = 4  # a true number lies further off in one of 16,000 cases


class Measured(NamedTuple):
    """What a network reaches on ``images`` images: mean loss with its error, and accuracy."""

    images: int
    loss: float
    loss_error: float
    accuracy: float

    def has_accuracy(self, given: float) -> bool:
        """Whether the accuracy on all images may well be ``given``."""
        share = (given * self.images + 2) / (self.images + 4)  # so that 0 and 1 have an error, too
        error = (share * (1 - share) / self.images) ** 0.5
        return abs(self.accuracy - given) <= DEVIATIONS * error

    def has_loss(self, given: float) -> bool:
        """Whether the mean loss on all images may well be ``given``."""
        return abs(self.loss - given) <= DEVIATIONS * self.loss_error + 1e-3


def measure(model, name: str, test_data) -> Measured:
    """The network ``model``, which the student calls ``name``, on the first of ``test_data``."""
    if model is None or model is Ellipsis:
        raise NotAnswered(f"{name} is not there yet: keep the network that was trained as {name}.")
    if isinstance(model, (tuple, list)) and any(isinstance(part, nn.Module) for part in model):
        raise Incorrect(
            f"{name} is a {type(model).__name__} with a network in it. Take it apart, and keep "
            f"only the network as {name}."
        )
    if not isinstance(model, nn.Module) or next(model.parameters(), None) is None:
        raise Incorrect(f"{name} is {describe(model)}; expected is the network that was trained.")
    device = next(model.parameters()).device
    images, labels = (values.to(device) for values in _first(test_data))
    count = len(images)
    with evaluation_mode(model), torch.no_grad():
        scores = attempt(model, images, on=f"{count:,} test images")
    if not isinstance(scores, torch.Tensor) or scores.shape != (count, 10):
        raise Incorrect(
            f"{name} makes {describe(scores)} of {count:,} test images; expected are ten scores "
            "for each. Keep a trained ConvNet, whole."
        )
    losses = F.cross_entropy(scores.float(), labels, reduction="none")
    accuracy = (scores.argmax(1) == labels).float().mean().item()
    error = losses.std(correction=0).item() / count**0.5
    return Measured(count, losses.mean().item(), error, accuracy)


def _first(test_data) -> tuple[torch.Tensor, torch.Tensor]:
    """Images ``[N, 1, 28, 28]`` and labels ``[N]`` of the first ``IMAGES``, on the CPU."""
    try:
        pairs = [test_data[number] for number in range(min(IMAGES, len(test_data)))]
        images = torch.stack([image for image, _ in pairs]).cpu()
        labels = torch.tensor([int(label) for _, label in pairs], device="cpu")
    except Exception:
        raise Incorrect(
            f"test_data is {describe(test_data)}; expected are the test images with their labels. "
            "Run the cell at the top again that loads the data."
        ) from None
    return images, labels
