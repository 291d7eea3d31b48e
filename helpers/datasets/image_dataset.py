"""Images and their labels in memory, and loaders over them."""

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
)

from helpers.arguments import whole_number
from helpers.datasets.catalogue import stood_in_for
from helpers.datasets.stacking import stacked
from helpers.threads import limit_threads

limit_threads()  # here, because every notebook starts with its data

_ORIGINS = {"official": ", official files", "folder": ", pictures from a folder"}


@dataclass(frozen=True)
class _Batch:
    """Indices that were made here: they need no check, for which a GPU would have to be waited."""

    indices: torch.Tensor  # int64 [B], on the device of the images


class _Batches(Sampler):
    """The indices of ``sampler`` in batches."""

    def __init__(
        self, sampler: Iterable[int], batch_size: int, drop_last: bool, device: torch.device
    ):
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last
        self._device = device

    def __len__(self) -> int:
        whole, left = divmod(len(self.sampler), self.batch_size)
        return whole + (left > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[_Batch]:
        order = torch.from_numpy(np.fromiter(self.sampler, np.int64)).to(self._device)
        for indices in order.split(self.batch_size):
            if len(indices) == self.batch_size or (len(indices) and not self.drop_last):
                yield _Batch(indices)


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
    images, labels = dataset.images, dataset.labels
    if count < len(dataset):  # copies: a part of a tensor is stored with the whole tensor
        images, labels = images[:count].clone(), labels[:count].clone()
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
    *,
    sampler: Iterable[int] | None = None,
    num_workers: int = 0,
    drop_last: bool = False,
) -> DataLoader:
    """A ``DataLoader`` over ``dataset``, which takes whole batches out of an ``ImageDataset``.

    Every other data set is asked image by image, so that what it draws for an image, such as a
    flip, it draws for each. ``sampler``, ``num_workers`` and ``drop_last``: as in ``DataLoader``.

    The order of a shuffled loader comes from its own generator on the CPU, so that it is the same
    on every device and no other random draw changes it. It starts from ``seed``; without one,
    from torch's global random state. Each pass over the loader has a new order. Passing over a
    loader leaves the global random state as it is.

    ``device`` is where the batches lie: an ``ImageDataset`` is copied there once, so that no batch
    has to be. Without it, they lie where the images of ``dataset`` do, on the CPU as a rule.
    """
    batch_size = whole_number("batch_size", batch_size)
    if device is not None:
        if not is_in_memory(dataset):
            raise ValueError(
                f"a {type(dataset).__name__} cannot be moved to {device}: leave device out, and "
                "move each batch"
            )
        dataset = dataset.to(device)
    if shuffle and sampler is not None:
        raise ValueError("give shuffle or a sampler, not both: a sampler has its own order")
    if seed is None:
        seed = int(torch.randint(2**63 - 1, (), device="cpu")) if shuffle else 0
    generator = torch.Generator("cpu").manual_seed(seed)
    if shuffle:
        sampler = RandomSampler(dataset, generator=generator)
    elif sampler is None:
        sampler = SequentialSampler(dataset)
    if not is_in_memory(dataset):
        return DataLoader(
            dataset,
            batch_size,
            sampler=sampler,
            num_workers=num_workers,
            drop_last=drop_last,
            generator=generator,
            collate_fn=stacked,
        )
    batches = _Batches(sampler, batch_size, drop_last, dataset.images.device)
    return DataLoader(
        dataset, sampler=batches, batch_size=None, num_workers=num_workers, generator=generator
    )
