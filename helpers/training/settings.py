"""What ``fit`` is told: put in order, or refused with a sentence, before anything is trained."""

import copy
import inspect
import math
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.utils.data import DataLoader, Dataset

from helpers.network_modes import NO_NUMBERS

LEARNING_RATE = 0.1  # of ``fit``, if neither a learning rate nor an optimizer is given


def checked_optimizer(
    model: nn.Module, optimizer: torch.optim.Optimizer | None, learning_rate: float | None
) -> torch.optim.Optimizer:
    """``optimizer``, or plain SGD. Raises ``ValueError`` if it cannot train ``model``."""
    own = {id(p) for p in model.parameters()}
    if not own:
        raise ValueError("the model has no parameters: there is nothing to train")
    if any(p.is_meta for p in model.parameters()):
        raise ValueError(NO_NUMBERS)
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError(
            "all parameters of the model are frozen (requires_grad is False): there is nothing to "
            "train. Thaw those of a layer: layer.requires_grad_(True)"
        )
    if optimizer is None:
        rate = LEARNING_RATE if learning_rate is None else learning_rate
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < math.inf:
            raise ValueError(f"learning_rate must be a number above 0, not {rate!r}")
        return torch.optim.SGD(model.parameters(), lr=rate)
    if learning_rate is not None:
        raise ValueError(
            "give a learning_rate or an optimizer, not both: the optimizer has its own rate"
        )
    if not all(id(p) in own for group in optimizer.param_groups for p in group["params"]):
        raise ValueError(
            "the optimizer trains parameters that do not belong to this model. "
            "Make it anew from model.parameters(), after the model."
        )
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise ValueError(
            f"{type(optimizer).__name__} computes the loss several times in each step, which fit "
            "does not do: take another optimizer, such as torch.optim.AdamW"
        )
    return optimizer


def check_schedulers(
    optimizer: torch.optim.Optimizer, given: bool, **schedulers: LRScheduler | None
) -> None:
    """Raises ``ValueError`` if a scheduler would change nothing; ``given``: by whoever calls."""
    for name, scheduler in schedulers.items():
        if scheduler is None:
            continue
        if not given:
            raise ValueError(
                f"{name} changes the rate of an optimizer: give fit that optimizer, too"
            )
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(
                f"{name} is a ReduceLROnPlateau, which wants a loss that was measured in each "
                "epoch, on images that are neither trained on nor tested: take another one, such "
                "as OneCycleLR or StepLR"
            )
        if getattr(scheduler, "optimizer", optimizer) is not optimizer:
            raise ValueError(
                f"{name} changes the rate of another optimizer. Make it anew, from the optimizer "
                "that fit gets"
            )


def check_pace(scheduler: LRScheduler, optimizer: torch.optim.Optimizer, num_batches: int) -> None:
    """Raises ``ValueError`` if a step after each batch ends the training in the first epoch.

    It is tried on a copy, with an optimizer that trains nothing.
    """
    rates = [group["lr"] for group in optimizer.param_groups]
    if any(isinstance(rate, torch.Tensor) for rate in rates):
        return
    trial = torch.optim.SGD([torch.zeros(())], lr=rates[0])
    trial.param_groups = [
        {**trial.param_groups[0], **group, "params": []} for group in optimizer.param_groups
    ]
    seen = []
    with warnings.catch_warnings(action="ignore"), suppress(Exception):
        copied = copy.deepcopy(scheduler, {id(optimizer): trial})
        for _ in range(num_batches):
            seen.append(max(group["lr"] for group in trial.param_groups))
            copied.step()
    low = [rate for rate in seen if rate < max(seen) / 1000]
    if len(low) > 0.8 * num_batches:
        raise ValueError(
            f"with a step after each batch, the scheduler brings the learning rate from "
            f"{seen[0]:.3g} to {seen[-1]:.3g} in the first epoch. For a step after each epoch, "
            "give it as epoch_scheduler"
        )


def check_data(**datasets: Dataset) -> None:
    """Raises ``ValueError`` if one of ``datasets`` is none, or is empty."""
    for name, data in datasets.items():
        if isinstance(data, DataLoader):
            raise ValueError(f"{name} is a DataLoader; give the data set, batches are made of it")
        parts = data if isinstance(data, tuple) else (data,)
        if any(isinstance(part, torch.Tensor) for part in parts):
            raise ValueError(
                f"{name} is no data set: torch.utils.data.TensorDataset(images, labels) makes one "
                "of two tensors"
            )
        if not (hasattr(data, "__len__") and hasattr(data, "__getitem__")):
            raise ValueError(
                f"{name} is of type {type(data).__name__}, but a data set must have a length "
                "(__len__) and give each of its images by number (__getitem__)"
            )
        if len(data) == 0:
            raise ValueError(f"{name} is empty: there must be at least one image")


@dataclass(frozen=True)
class Loss:
    """The loss of what ``model`` makes of images; what does not fit is told in a sentence."""

    model: nn.Module
    loss_fn: Callable

    @property
    def judges_classes(self) -> bool:
        """Are labels the numbers of classes?"""
        return isinstance(self.loss_fn, nn.CrossEntropyLoss)

    def of(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss of a batch, one number."""
        try:
            scores = self.model(images)
        except ValueError as error:
            if len(images) > 1:
                raise
            raise ValueError(
                f"a batch holds a single image, and the model does not take it ({error}). Take a "
                "batch_size that leaves no single image over"
            ) from error
        except RuntimeError as error:
            own = next((p.dtype for p in self.model.parameters() if p.is_floating_point()), None)
            if own in (None, images.dtype):
                raise
            way = f"images.to({own}), or train model.to({images.dtype})"
            raise ValueError(
                f"the images are {images.dtype}, but the model computes in {own}: let the data set "
                f"give {way if images.is_floating_point() else 'images.float() / 255'}"
            ) from error
        if not isinstance(scores, torch.Tensor):
            raise ValueError(
                f"the model returns a {type(scores).__name__}, not the tensor of the scores. Train "
                "one whose forward returns the scores alone"
            )
        try:
            loss = self.loss_fn(scores, labels)
        except (RuntimeError, IndexError) as error:  # on CUDA, a label out of range stops the GPU
            said = label_trouble(scores, labels) if self.judges_classes else ""
            if not said:
                raise
            raise ValueError(said) from error
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            kind = list(loss.shape) if isinstance(loss, torch.Tensor) else type(loss).__name__
            raise ValueError(
                f"loss_fn returns {kind}, not one number: the mean over the batch, as "
                "nn.CrossEntropyLoss() does"
            )
        return loss


def label_trouble(scores: torch.Tensor, labels: torch.Tensor) -> str:
    """Why ``labels`` of a batch are no numbers of the classes that ``scores`` are for, or ""."""
    if labels.dim() != 1:
        shape = list(labels.shape[1:])
        return f"a label has the shape {shape}, but it must be one whole number, such as 3"
    if labels.is_floating_point() or labels.dtype == torch.bool:
        return f"the labels are {labels.dtype}, but they must be whole numbers: labels.long()"
    count = scores.shape[1] if scores.dim() == 2 else 0
    low, high = int(labels.min()), int(labels.max())
    if count and not 0 <= low <= high < count:
        return (
            f"the labels run from {low} to {high}, but the model gives scores for {count} classes: "
            f"labels from 0 to {count - 1}"
        )
    return ""
