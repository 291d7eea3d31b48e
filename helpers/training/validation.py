"""Images held back from training: the weights that are best on them are kept."""

import copy
import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset

from helpers.datasets import ImageDataset, is_in_memory
from helpers.training.batches import MemoryBatches
from helpers.training.history import History
from helpers.training.loops import test_loop


def hold_back(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, Dataset]:
    """The images to train on, and ``share`` of ``dataset``, drawn by ``seed``, held back.

    What lies in memory stays there. Raises ``ValueError`` if ``share`` is not between 0 and 1, or
    leaves no image on one of the sides.
    """
    number = isinstance(share, int | float) and not isinstance(share, bool)
    if not number or not 0 < share < 1:
        raise ValueError(
            "validation is the share of the training images that is held back, a number between 0 "
            f"and 1 such as 0.1, not {share!r}"
        )
    count = round(share * len(dataset))
    if not 0 < count < len(dataset):
        raise ValueError(
            f"validation={share} holds back {count} of {len(dataset)} training images: at least "
            "one must be held back, and one be left to train on"
        )
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))
    return _part(dataset, order[count:]), _part(dataset, order[:count])


def _part(dataset: Dataset, indices: torch.Tensor) -> Dataset:
    """The images at ``indices``, int64 ``[n]``."""
    if not is_in_memory(dataset):
        return Subset(dataset, indices.tolist())
    here = indices.to(dataset.images.device)
    images, labels = dataset.images[here], dataset.labels[here]
    return ImageDataset(images, labels, dataset.classes, dataset.source, dataset.name)


class Best:
    """The weights of ``model`` with the lowest loss on ``batches``, the images held back.

    ``history`` is that of a former run: then the weights that the model has may be the best.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: MemoryBatches | DataLoader,
        loss_fn: Callable,
        history: History,
    ):
        self._model, self._batches, self._loss_fn = model, batches, loss_fn
        self._best = (math.inf, 0, {})
        if len(history):
            self._see(history.best_epoch or len(history))

    @property
    def epoch(self) -> int:
        """The epoch of the best weights; 0 as long as there are none."""
        return self._best[1]

    def measured(self, history: History) -> History:
        """``history`` with the loss on the images held back after its last epoch."""
        loss = self._see(len(history))
        losses = [*history.validation_losses, loss]
        return replace(history, validation_losses=losses, best_epoch=self.epoch)

    def restore(self) -> None:
        """Give the model its best weights, and the buffers that belong to them."""
        if self.epoch:
            self._model.load_state_dict(self._best[2])

    def _see(self, epoch: int) -> float:
        loss, _ = test_loop(self._batches, self._model, self._loss_fn)
        if loss < self._best[0]:
            self._best = (loss, epoch, copy.deepcopy(self._model.state_dict()))  # whole or not
        return loss
