"""Batches cut out of memory, on the device that trains, without work in Python for each image."""

from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader, Dataset

from helpers.datasets import ImageDataset, is_in_memory, loader


class MemoryBatches:
    """The batches of an ``ImageDataset`` that is copied to ``device``.

    Those of ``datasets.loader``, in the same order for the same ``seed``. Here, the indices of a
    whole pass can be had first, and the images batch by batch.
    """

    def __init__(
        self,
        dataset: ImageDataset,
        batch_size: int,
        device: torch.device,
        shuffle: bool = False,
        seed: int = 0,
    ):
        self._loader = loader(dataset, batch_size, shuffle, seed, device)
        self.images, self.labels = self._loader.dataset.images, self._loader.dataset.labels
        self.batch_size = self._loader.sampler.batch_size
        self._next: list[torch.Tensor] | None = None

    def __len__(self) -> int:
        return len(self._loader)

    def prepare(self) -> None:
        """Draw the order of the next pass: a GPU that is still at work on this one hides it."""
        if self._next is None:
            iter(self._loader)  # draws a number, as every pass over a DataLoader does
            self._next = [batch.indices for batch in self._loader.sampler]

    def order(self) -> list[torch.Tensor]:
        """The indices of each batch of the next pass; the one after it has another order."""
        self.prepare()
        order, self._next = self._next, None
        return order

    def take(self, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images, float32 from 0 to 1, and labels."""
        return self.images.index_select(0, indices) / 255, self.labels.index_select(0, indices)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return map(self.take, self.order())


def batches_of(
    dataset: Dataset, batch_size: int, device: torch.device, shuffle: bool = False, seed: int = 0
) -> MemoryBatches | DataLoader:
    """``MemoryBatches`` where that gives what the data set gives, else a loader."""
    if is_in_memory(dataset):
        return MemoryBatches(dataset, batch_size, device, shuffle, seed)
    return loader(dataset, batch_size, shuffle, seed)


def pass_over(batches: MemoryBatches | DataLoader) -> None:
    """Leave the next pass out, so that the orders go on as if it had been made."""
    if isinstance(batches, MemoryBatches):
        batches.order()
    else:
        for _ in batches:
            pass
