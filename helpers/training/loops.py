"""One pass over the data, one test of the network: the loops of tasks 3.5 and 3.6."""

from collections.abc import Callable, Iterable

import torch
from torch import nn


def best_device() -> torch.device:
    """The GPU if there is one (``cuda``, else Apple's ``mps``), else the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def train_loop(
    dataloader: Iterable, model: nn.Module, loss_fn: Callable, optimizer: torch.optim.Optimizer
) -> float:
    """Train ``model`` on every batch once; return the mean loss per image.

    ``loss_fn`` must return the mean over its batch, as ``nn.CrossEntropyLoss()`` does. It counts
    as often as the batch has images, so that a short last batch does not count too much. The loss
    of a batch is that before its own step. Leaves the model in training mode.

    Raises ``ValueError`` if there is no batch.
    """
    device = device_of(model)
    model.train()
    total_loss, num_images = torch.zeros((), device=device), 0
    for images, labels in dataloader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        # Stays a tensor on the device: .item() would make the GPU wait for Python in every step.
        total_loss += loss.detach() * len(images)
        num_images += len(images)
    if num_images == 0:
        raise ValueError("the loader gave no images to train on")
    return total_loss.item() / num_images


@torch.no_grad()
def test_loop(dataloader: Iterable, model: nn.Module, loss_fn: Callable) -> tuple[float, float]:
    """Test ``model`` on every batch; return the mean loss per image and the accuracy (0 to 1).

    No gradients are computed, dropout is off, and batch normalisation uses what it learned in
    training. ``loss_fn`` must return the mean over its batch. Leaves the model in evaluation mode.

    Raises ``ValueError`` if there is no batch.
    """
    device = device_of(model)
    model.eval()
    total_loss, num_images = torch.zeros((), device=device), 0
    num_right = torch.zeros((), dtype=torch.int64, device=device)
    for images, labels in dataloader:
        images, labels = images.to(device), labels.to(device)
        scores = model(images)
        total_loss += loss_fn(scores, labels) * len(images)
        num_right += (scores.argmax(dim=1) == labels).sum()
        num_images += len(images)
    if num_images == 0:
        raise ValueError("the loader gave no images to test on")
    return total_loss.item() / num_images, num_right.item() / num_images


test_loop.__test__ = False  # pytest takes a function of this name for a test


def device_of(model: nn.Module) -> torch.device:
    """Where the parameters of ``model`` are; the processor if it has none."""
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device
