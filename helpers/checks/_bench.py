"""A small network, loss, optimizer and loader that note what a student's loop does with them.

For tasks 3.5 and 3.6: the loop runs on these alone, never on the student's own network. The loader
gives four batches, the last one short, so that a mean over images and a mean over batches differ.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, Dataset, SequentialSampler

from helpers.checks._feedback import Incorrect
from helpers.checks._reading import attempt

SIZES = (8, 8, 8, 3)  # images per batch
TOTAL = sum(SIZES)
RIGHT = (5, 3, 6, 1)  # images per batch that the network of a test gets right
LEARNING_RATE = 0.003
MOST_PASSES = 20  # a loop that starts the loader more often will never end


def call(function: Callable, *args, on: str = ""):
    """What the student's function returns, ``None`` and ``...`` included, else as ``attempt``."""

    def boxed(*arguments):
        return [function(*arguments)]

    boxed.__name__ = getattr(function, "__name__", type(function).__name__)
    try:
        return attempt(boxed, *args, on=on)[0]
    except Incorrect as error:
        end = "" if error.message.rstrip()[-1] in ".?!)" else "."
        raise Incorrect(error.message + end) from None


@dataclass
class Record:
    """What happened during one call of a student's loop."""

    passes: int = 0  # how often the loader was started
    sizes: list[int] = field(default_factory=list)  # images per forward pass
    images_moved: list[bool] = field(default_factory=list)
    labels_moved: list[bool] = field(default_factory=list)
    training: list[bool] = field(default_factory=list)  # the mode in each forward pass
    with_gradients: list[bool] = field(default_factory=list)
    modes_set: list[bool] = field(default_factory=list)  # each call of train() or eval()
    softmaxed: bool = False
    backwards: int = 0  # how often gradients were computed
    steps: list[bool] = field(default_factory=list)  # per step: was there a gradient?


class Unmoved(torch.Tensor):
    """A tensor as the loader gives it, until ``.to(device)`` or ``.cuda()`` takes the mark off.

    The move itself is left out, so that the network may stay on the CPU whatever device the
    notebook uses, and a loop that forgets the move is noticed without a GPU.
    """

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        targets = [*args[1:], *kwargs.values()]
        to_device = func is torch.Tensor.cuda or any(
            isinstance(t, (torch.device, str, torch.Tensor)) or type(t) is int for t in targets
        )
        if func in (torch.Tensor.to, torch.Tensor.cuda) and to_device and isinstance(args[0], cls):
            dtypes = [t for t in targets if isinstance(t, torch.dtype)]
            return plain(args[0]).to(*dtypes[:1]) if dtypes else plain(args[0])
        return super().__torch_function__(func, types, args, kwargs)


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """``tensor`` without the mark of ``Unmoved``."""
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.as_subclass(torch.Tensor)


class Images(Dataset):
    """27 images with labels, by index or by a list of indices."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor):
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index], self.labels[index]


class Loader(DataLoader):
    """Batches of 8, 8, 8 and 3 images, marked as not yet moved."""

    def __init__(self, dataset: Images, record: Record):
        self.record = record
        sampler = BatchSampler(SequentialSampler(dataset), SIZES[0], drop_last=False)
        super().__init__(dataset, sampler=sampler, batch_size=None)

    def __iter__(self):
        self.record.passes += 1
        if self.record.passes > MOST_PASSES:
            raise RuntimeError(f"the loader was started more than {MOST_PASSES} times")
        for images, labels in super().__iter__():
            yield images.as_subclass(Unmoved), labels.as_subclass(Unmoved)


class TinyNet(nn.Module):
    """One fully-connected layer from an image to ten scores; notes each call."""

    def __init__(self, weight: torch.Tensor, record: Record):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(torch.zeros(10, device="cpu"))
        self.__dict__["record"] = record
        self.weight.register_hook(self._note_gradient)

    def _note_gradient(self, _gradient) -> None:
        self.record.backwards += 1

    def forward(self, images):
        self.record.images_moved.append(not isinstance(images, Unmoved))
        self.record.sizes.append(len(images))
        self.record.training.append(self.training)
        self.record.with_gradients.append(torch.is_grad_enabled())
        return F.linear(plain(images).flatten(1), self.weight, self.bias)

    def train(self, mode: bool = True):
        self.record.modes_set.append(mode)
        return super().train(mode)

    def to(self, *_args, **_kwargs):
        return self  # see Unmoved: everything stays on the CPU

    def cuda(self, *_args, **_kwargs):
        return self


class NotingLoss(nn.CrossEntropyLoss):
    """Cross-entropy that notes whether the labels were moved and the scores left as they are."""

    def __init__(self, record: Record):
        super().__init__()
        self.__dict__["record"] = record

    def forward(self, scores, labels):
        if not torch.is_floating_point(scores):
            raise Incorrect(
                "loss_fn was given whole numbers where the scores should be. It takes the scores "
                "of the network first, as they come, and then the labels."
            )
        self.record.labels_moved.append(not isinstance(labels, Unmoved))
        with torch.no_grad():
            sums = scores.sum(dim=-1)
            if (scores >= 0).all() and torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
                self.record.softmaxed = True
        return super().forward(plain(scores), plain(labels))


class NotingSGD(torch.optim.SGD):
    """SGD that notes for each step whether there was any gradient to follow."""

    def __init__(self, parameters, record: Record):
        super().__init__(parameters, lr=LEARNING_RATE)
        self.record = record

    def step(self, *args, **kwargs):
        gradients = [p.grad for group in self.param_groups for p in group["params"]]
        self.record.steps.append(any(g is not None and bool(g.any()) for g in gradients))
        return super().step(*args, **kwargs)


@dataclass
class Bench:
    """All that a loop is given, new for each check."""

    loader: Loader
    model: TinyNet
    loss_fn: NotingLoss
    optimizer: NotingSGD
    record: Record

    def batches(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        data = self.loader.dataset
        return list(zip(data.images.split(SIZES), data.labels.split(SIZES), strict=True))


def bench() -> Bench:
    """Images, weights and labels from a fixed seed; ``RIGHT`` of the labels in each batch agree
    with the network's highest score, all others with its third lowest."""
    generator = torch.Generator(device="cpu").manual_seed(35)
    images = torch.randn(TOTAL, 1, 28, 28, generator=generator, device="cpu")
    images += images[:1].clone()  # alike to some degree, so that each step changes the next one
    weight = 0.04 * torch.randn(10, 784, generator=generator, device="cpu")
    scores = F.linear(images.flatten(1), weight)
    labels = torch.cat(
        [
            torch.cat([part[:right].argmax(1), part[right:].kthvalue(3).indices])
            for part, right in zip(scores.split(SIZES), RIGHT, strict=True)
        ]
    )
    record = Record()
    model = TinyNet(weight, record)
    return Bench(
        Loader(Images(images, labels), record),
        model,
        NotingLoss(record),
        NotingSGD(model.parameters(), record),
        record,
    )


def trained(
    batches, weight: torch.Tensor, accumulate: bool = False, sign: int = 1
) -> tuple[torch.Tensor, list[float]]:
    """Weights after one epoch of plain SGD, and the loss of each batch, computed by hand.

    ``accumulate``: gradients are never cleared. ``sign=-1``: steps go up the slope.
    """
    weight = weight.detach().clone()
    bias = torch.zeros(10, device="cpu")
    sums = [torch.zeros_like(weight), torch.zeros_like(bias)]
    losses = []
    for images, labels in batches:
        x = images.flatten(1)
        scores = F.linear(x, weight, bias)
        losses.append(F.cross_entropy(scores, labels).item())
        # The gradient of cross-entropy in the scores: probabilities minus the one-hot label.
        slope = (scores.softmax(1) - F.one_hot(labels, 10)) / len(x)
        gradients = [slope.T @ x, slope.sum(0)]
        if accumulate:
            sums = [a + b for a, b in zip(sums, gradients, strict=True)]
            gradients = sums
        weight = weight - sign * LEARNING_RATE * gradients[0]
        bias = bias - sign * LEARNING_RATE * gradients[1]
    return weight, losses
