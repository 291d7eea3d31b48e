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


class PairBatches:
    """The batches of a loader, each of images and labels. Raises ``ValueError`` if one is not."""

    def __init__(self, batches: DataLoader):
        self._batches, self.batch_size = batches, batches.batch_size

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for batch in self._batches:
            images, labels = images_and_labels(batch)
            if not isinstance(labels, torch.Tensor):
                raise ValueError(
                    f"the data set gives {labels[0]!r} as a label, but it must be a whole number: "
                    "the place of its class"
                )
            yield images, labels


def images_and_labels(batch) -> tuple[torch.Tensor, object]:
    """The two parts of a batch. Raises ``ValueError`` if it does not have them."""
    pair = isinstance(batch, (tuple, list)) and len(batch) == 2
    if pair and isinstance(batch[0], torch.Tensor) and batch[0].dim() > 1:
        return batch[0], batch[1]
    if isinstance(batch, dict):
        found = f"a dictionary with {', '.join(map(repr, batch))}"
    elif isinstance(batch, list) and isinstance(batch[0], str):
        found = repr(batch[0])
    elif isinstance(batch, (tuple, list)):
        first = batch[0][0].tolist() if isinstance(batch[0], torch.Tensor) else batch[0][0]
        found = f"a pair that begins with {first!r}" if pair else f"{len(batch)} things"
    else:
        found = "one thing"
    raise ValueError(
        f"for each image, the data set gives {found}, but training takes pairs: the image, as a "
        "tensor, and its label"
    )


def batches_of(
    dataset: Dataset, batch_size: int, device: torch.device, shuffle: bool = False, seed: int = 0
) -> MemoryBatches | PairBatches:
    """``MemoryBatches`` where that gives what the data set gives, else those of a loader."""
    if is_in_memory(dataset):
        return MemoryBatches(dataset, batch_size, device, shuffle, seed)
    return PairBatches(loader(dataset, batch_size, shuffle, seed))


def pass_over(batches: MemoryBatches | PairBatches) -> None:
    """Leave the next pass out, so that the orders go on as if it had been made."""
    if isinstance(batches, MemoryBatches):
        batches.order()
    else:
        for _ in batches:
            pass
