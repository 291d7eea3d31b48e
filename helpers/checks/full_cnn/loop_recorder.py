"""A small network, loss, optimizer and loader that note what a student's loop does with them.

For tasks 3.5 and 3.6: the loop runs on these alone, never on the student's own network. The loader
gives four batches, the last one short, so that a mean over images and a mean over batches differ.
"""

from dataclasses import dataclass, field
from itertools import cycle

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, Dataset

from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import are_probabilities

SIZES = (8, 8, 8, 3)  # images per batch
TOTAL = sum(SIZES)
RIGHT = (7, 4, 6, 2)  # images per batch that the network of a test gets right
COUNTS = tuple(zip(SIZES, RIGHT, strict=True))
LEARNING_RATE = 0.003
MOST_PASSES = 20  # a loop that starts the loader more often will never end
MOST_CALLS = 100  # nor one that calls the network more often


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
    images_changed: bool = False
    outputs: list[torch.Tensor] = field(default_factory=list)  # the scores of each forward pass
    softmaxed: bool = False
    scores_changed: bool = False
    backwards: int = 0  # how often gradients were computed
    steps: list[bool] = field(default_factory=list)  # per step: was there a gradient?
    stepped_first: bool = False  # a step came before any gradients were computed
    first_gradient: torch.Tensor | None = None  # that of the weights at the first step that has one


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


class Moves(TorchFunctionMode):
    """In this context torch.as_tensor(X, device=...) and its like take the mark off, too.

    PyTorch does not ask ``Unmoved`` about these functions, but it asks this context.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        makes_tensor = func in (torch.as_tensor, torch.asarray, torch.tensor)
        if not (makes_tensor and args and isinstance(args[0], Unmoved)):
            return func(*args, **kwargs)
        moved = kwargs.pop("device", None) is not None
        value = plain(func(*args, **kwargs))
        return value if moved else value.as_subclass(Unmoved)


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """``tensor`` without the mark of ``Unmoved``."""
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.as_subclass(torch.Tensor)


class Images(Dataset):
    """27 images with labels."""

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
        super().__init__(dataset, batch_size=SIZES[0])

    def __iter__(self):
        self.record.passes += 1
        if self.record.passes > MOST_PASSES:
            raise RuntimeError(f"the loader was started more than {MOST_PASSES} times")
        for images, labels in super().__iter__():
            yield images.as_subclass(Unmoved), labels.as_subclass(Unmoved)


class TinyNet(nn.Module):
    """One fully-connected layer from an image to ten scores; notes each call."""

    def __init__(self, weight: torch.Tensor, images: torch.Tensor, record: Record):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(torch.zeros(10, device="cpu"))
        self.__dict__.update(record=record, known=images.flatten(1))
        self.weight.register_hook(self._note_gradient)

    def _note_gradient(self, _gradient) -> None:
        self.record.backwards += 1

    def forward(self, images, *more):
        """Ten scores for each of ``images`` [N, 1, 28, 28]; what else is given is refused."""
        if more:
            raise Incorrect(
                "model was given more than the images. It takes X alone; the labels y go into "
                "loss_fn, after the scores."
            )
        if not isinstance(images, torch.Tensor):
            found = "the whole loader" if isinstance(images, DataLoader) else describe(images)
            raise Incorrect(
                f"model was given {found}. It takes the images of one batch, the X of "
                "for X, y in dataloader."
            )
        if images.shape[1:] != (1, 28, 28):
            raise Incorrect(
                f"model was given a tensor of shape {show_shape(images.shape)}; a batch of images "
                f"has the shape [{SIZES[0]}, 1, 28, 28]. Give it X whole, as it comes out of "
                "dataloader."
            )
        astray = not self.record.passes and sum(self.record.sizes) > 10 * TOTAL  # other data
        if astray or len(self.record.sizes) >= MOST_CALLS:
            raise RuntimeError(f"the network was called more than {MOST_CALLS} times")
        flat = plain(images).flatten(1)
        if not (flat[:, None] == self.known).all(-1).any(1).all():
            self.record.images_changed = True
        self.record.images_moved.append(not isinstance(images, Unmoved))
        self.record.sizes.append(len(images))
        self.record.training.append(self.training)
        self.record.with_gradients.append(torch.is_grad_enabled())
        with torch.autocast("cpu", enabled=False):  # half precision is no mistake, but less exact
            scores = F.linear(flat, self.weight, self.bias)
        self.record.outputs.append(scores.detach().clone())
        return scores

    def train(self, mode: bool = True):
        """Note the mode that is set."""
        self.record.modes_set.append(mode)
        return super().train(mode)

    def to(self, *_args, **_kwargs):
        """Itself: everything stays on the CPU, see ``Unmoved``."""
        return self

    def cuda(self, *_args, **_kwargs):
        """Itself, as ``to``."""
        return self


class NotingLoss(nn.CrossEntropyLoss):
    """Cross-entropy that notes whether the labels were moved and the scores left as they are."""

    def __init__(self, record: Record):
        super().__init__()
        self.__dict__["record"] = record

    def forward(self, input, target):  # PyTorch's own names for scores and labels
        """The mean over the batch, of scores [N, 10] as they came out of the network."""
        _judge_scores(input)
        if isinstance(target, torch.Tensor) and target.dim() > 1 and not target.is_floating_point():
            raise Incorrect(
                f"loss_fn was given labels of shape {show_shape(target.shape)}. It takes one "
                "number per image: y as it comes out of dataloader."
            )
        self.record.labels_moved.append(not isinstance(target, Unmoved))
        self._note(plain(input).detach().float())
        return super().forward(plain(input), plain(target))

    def _note(self, scores: torch.Tensor) -> None:
        self.record.softmaxed = self.record.softmaxed or are_probabilities(scores)
        # log_softmax takes out what the loss cannot tell: the same number added to all ten.
        found = scores.log_softmax(-1)
        outputs = [s.log_softmax(-1) for s in self.record.outputs if s.shape == scores.shape]
        if outputs and not any(torch.allclose(found, output, atol=1e-2) for output in outputs):
            self.record.scores_changed = True


def _judge_scores(scores) -> None:
    """Is what the loss is given ten scores for each image?"""
    if isinstance(scores, nn.Module) or not isinstance(scores, torch.Tensor):
        found = "the network itself" if isinstance(scores, nn.Module) else describe(scores)
        raise Incorrect(
            f"loss_fn was given {found} where the scores should be. Call the network, model(X), "
            "and give loss_fn what it returns."
        )
    if not scores.is_floating_point():
        raise Incorrect(
            "loss_fn was given whole numbers where the scores should be. It takes the scores "
            "of the network first, as they come, and then the labels."
        )
    if scores.shape[-1:] != (10,):
        raise Incorrect(
            f"loss_fn was given a tensor of shape {show_shape(scores.shape)} where ten scores per "
            "image should be. Give it what model(X) returns, as it comes, and then the labels y."
        )


class NotingSGD(torch.optim.SGD):
    """SGD that notes for each step whether there was any gradient to follow, and the first one."""

    def __init__(self, parameters, record: Record):
        super().__init__(parameters, lr=LEARNING_RATE)
        self.record = record

    def step(self, *args, **kwargs):
        """A step as SGD makes it, noted."""
        record = self.record
        gradients = [p.grad for group in self.param_groups for p in group["params"]]
        record.steps.append(any(g is not None and bool(g.any()) for g in gradients))
        record.stepped_first = record.stepped_first or not record.backwards
        if record.steps[-1] and record.first_gradient is None and gradients[0] is not None:
            record.first_gradient = gradients[0].clone()
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
        """What the loader gives: images and labels, batch by batch."""
        data = self.loader.dataset
        return list(zip(data.images.split(SIZES), data.labels.split(SIZES), strict=True))


def bench() -> Bench:
    """Images, weights and labels from a fixed seed; ``RIGHT`` of the labels in each batch agree
    with the network's highest score, the others with its second, third, ... eighth highest."""
    generator = seeded(35)
    images = torch.randn(TOTAL, 1, 28, 28, generator=generator, device="cpu")
    images += images[:1].clone()  # alike to some degree, so that each step changes the next one
    weight = 0.04 * torch.randn(10, 784, generator=generator, device="cpu")
    scores = F.linear(images.flatten(1), weight)
    lower = cycle(range(1, 8))
    places = [0 if n < right else next(lower) for s, right in COUNTS for n in range(s)]
    best_first = scores.argsort(1, descending=True)
    labels = best_first[torch.arange(TOTAL), torch.tensor(places)]
    record = Record()
    model = TinyNet(weight, images, record)
    return Bench(
        Loader(Images(images, labels), record),
        model,
        NotingLoss(record),
        NotingSGD(model.parameters(), record),
        record,
    )
