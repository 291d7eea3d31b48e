"""What a run of the training panel is handed: data loaders, and figures, read or refused."""

from collections.abc import Callable, Iterable, Iterator

import torch


class Batches:
    """A data loader that moves the progress bar of a run; all else is that of the loader."""

    def __init__(self, dataloader: Iterable, done: Callable[[int, int], None]):
        self._dataloader, self._done = dataloader, done

    def __iter__(self) -> Iterator:
        count = len(self._dataloader) if hasattr(self._dataloader, "__len__") else 0
        for number, batch in enumerate(self._dataloader, start=1):
            yield batch  # comes back when the loop has trained on it
            self._done(number, count)

    def __len__(self) -> int:
        return len(self._dataloader)

    def __getattr__(self, name: str):
        if name.startswith("_"):  # copies ask for such before there is a loader
            raise AttributeError(name)
        return getattr(self._dataloader, name)


def figure(name: str, value: float) -> float:
    """``value`` as a number of Python; else ``ValueError`` with what is wrong and what to do."""
    if isinstance(value, torch.Tensor) and value.requires_grad:
        raise ValueError(
            f"{name} must be a number, but it is a tensor with its computation graph, which would "
            "keep every batch in memory: return loss_sum.item() / num_images"
        )
    try:
        if not isinstance(value, bool | str):
            return float(value)
    except (TypeError, ValueError, RuntimeError):
        pass
    raise ValueError(f"{name} must be a number, not {called(value)}")


def called(value) -> str:
    """What a wrong value is, and where it often comes from."""
    if value is None:
        return "None: does your loop return its result?"
    if isinstance(value, tuple | list):
        return (
            f"a {type(value).__name__} of {len(value)} values: test_loop returns two, "
            "test_loss, accuracy = test_loop(...)"
        )
    if isinstance(value, torch.Tensor):
        return f"a tensor of the shape {list(value.shape)}"
    return f"{type(value).__name__} {str(value)[:40]!r}"
