"""Images and their labels in memory, and loaders over them."""

import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
)

from helpers.datasets.catalogue import stood_in_for
from helpers.threads import limit_threads

limit_threads()  # here, because every notebook starts with its data

_ORIGINS = {"official": ", official files", "folder": ", pictures from a folder"}


@dataclass(frozen=True)
class _Batch:
    """Indices that were made here: they need no check, for which a GPU would have to be waited."""

    indices: torch.Tensor  # int64 [B], on the device of the images


class _Batches(Sampler):
    """The indices of ``sampler`` in batches."""

    def __init__(self, sampler: Sampler, batch_size: int, device: torch.device):
        self.sampler, self.batch_size, self._device = sampler, batch_size, device

    def __len__(self) -> int:
        return math.ceil(len(self.sampler) / self.batch_size)

    def __iter__(self) -> Iterator[_Batch]:
        order = torch.from_numpy(np.fromiter(self.sampler, np.int64)).to(self._device)
        yield from map(_Batch, order.split(self.batch_size))


class ImageDataset(Dataset):
    """Images and their labels, in memory.

    ``images`` uint8 ``[N, C, H, W]``; ``labels`` int64 ``[N]``; ``classes`` the names of the
    labels; ``source`` "official", "folder" or "drawn"; ``name`` of the data.

    ``dataset[i]`` is an image, float32 ``[C, H, W]`` from 0 to 1, and its label, an ``int``.
    ``dataset[indices]`` (a list, a range, a 1-D tensor) is a whole batch: float32
    ``[B, C, H, W]`` and int64 ``[B]``. Negative indices count from the end; those beyond raise
    ``IndexError``.
    """

    def __init__(
        self, images: torch.Tensor, labels: torch.Tensor, classes: list[str], source: str, name: str
    ):
        if images.dtype != torch.uint8 or images.dim() != 4:
            raise ValueError("images must be uint8 of shape [N, C, H, W]")
        if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
            raise ValueError("labels must be int64 of shape [N], one for each image")
        self.images, self.labels = images, labels
        self.classes, self.source, self.name = list(classes), source, name

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "ImageDataset":
        """The same images on ``device``; itself if they are there already."""
        if self.images.device == torch.empty(0, device=device).device:
            return self
        images, labels = self.images.to(device), self.labels.to(device)
        return ImageDataset(images, labels, self.classes, self.source, self.name)

    def __getitem__(self, index):
        if isinstance(index, _Batch):
            return self._take(index.indices)
        try:
            # torch would take a tensor that holds one number for that number
            position = operator.index(None if getattr(index, "ndim", 0) else index)
        except TypeError:
            return self._take(self._positions(index))
        if not -len(self) <= position < len(self):
            raise IndexError(f"there is no image {position} among {len(self):,}")
        return self.images[position] / 255, int(self.labels[position])

    def _take(self, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.images.index_select(0, positions) / 255, self.labels.index_select(0, positions)

    def _positions(self, indices) -> torch.Tensor:
        """``indices`` as a tensor of positions from 0 up."""
        if isinstance(indices, slice):
            indices = range(*indices.indices(len(self)))
        chosen = torch.as_tensor(
            indices if isinstance(indices, torch.Tensor | np.ndarray) else list(indices),
            device=self.images.device,
        )
        if chosen.numel() == 0:
            chosen = chosen.to(torch.int64)
        if chosen.dim() != 1 or chosen.dtype.is_floating_point or chosen.dtype == torch.bool:
            raise TypeError(
                "an index is a whole number, or a list, a range or a 1-D tensor of them"
            )
        chosen = chosen.to(torch.int64)
        if chosen.numel() and not -len(self) <= int(chosen.min()) <= int(chosen.max()) < len(self):
            raise IndexError(f"an index is beyond the {len(self):,} images")
        return torch.where(chosen < 0, chosen + len(self), chosen)

    def __repr__(self) -> str:
        missing = stood_in_for(self.name)
        origin = f" (not {missing})" if missing else _ORIGINS.get(self.source, "")
        count, channels, height, width = self.images.shape
        colour = {1: "grey ", 3: "colour "}.get(channels, "")
        classes = "ten" if len(self.classes) == 10 else len(self.classes)
        return (
            f"{self.name}{origin}: {count:,} {colour}images of {height}×{width} "
            f"in {classes} classes"
        )


def subset(dataset: ImageDataset, count: int) -> ImageDataset:
    """The first ``count`` images of ``dataset``, or all of them if there are fewer."""
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    images, labels = dataset.images[:count], dataset.labels[:count]
    return ImageDataset(images, labels, dataset.classes, dataset.source, dataset.name)


def is_in_memory(dataset: Dataset) -> bool:
    """Is ``dataset`` an ``ImageDataset`` that gives its images as they are?"""
    return getattr(type(dataset), "__getitem__", None) is ImageDataset.__getitem__


def loader(
    dataset: Dataset,
    batch_size: int = 64,
    shuffle: bool = False,
    seed: int | None = None,
    device: torch.device | str | None = None,
) -> DataLoader:
    """A ``DataLoader`` that takes whole batches out of ``dataset`` at once.

    The order of a shuffled loader comes from its own generator on the CPU, so that it is the same
    on every device and no other random draw changes it. It starts from ``seed``; without one,
    from torch's global random state. Each pass over the loader has a new order. Passing over a
    loader leaves the global random state as it is.

    ``device`` is where the batches lie: an ``ImageDataset`` is copied there once, so that no batch
    has to be. Without it, they lie where the images of ``dataset`` do, on the CPU as a rule.
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"batch_size must be a whole number of at least 1, not {batch_size!r}")
    if device is not None:
        if not is_in_memory(dataset):
            raise ValueError(
                f"a {type(dataset).__name__} cannot be moved to {device}: leave device out, and "
                "move each batch"
            )
        dataset = dataset.to(device)
    if seed is None:
        seed = int(torch.randint(2**63 - 1, (), device="cpu")) if shuffle else 0
    generator = torch.Generator("cpu").manual_seed(seed)
    sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
    if is_in_memory(dataset):
        batches = _Batches(sampler, batch_size, dataset.images.device)
    else:
        batches = BatchSampler(sampler, batch_size, drop_last=False)
    return DataLoader(dataset, sampler=batches, batch_size=None, generator=generator)
