"""How much of an image one value inside a network depends on, found by trying.

The network runs on an image of which one row, or one column, is marked; the values that are marked
afterwards depend on it. Tried in two ways on a copy with positive weights, so that nothing cancels:

- pixels that are no numbers (NaN): whatever is computed from them is none either, even if it is
  multiplied by zero. So nothing is overlooked, unless a function drops what is no number.
- pixels that are brighter: what changes depends on them for certain; small changes may get lost.

Where both agree, the number is right, whatever the layers are. Else it is not known.
"""

import copy
import io
import math
import warnings
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

MOST_WORK = 10**11  # multiplications: some ten seconds
MOST_VALUES = 10**8  # of all layers for all marked images: one byte each
_CHUNK = 32  # marked images in one batch
# How much brighter: less shows what only a threshold sees, a little what saturates, much what is
# the largest.
_STEPS = -100.0, 1.0, 100.0

TOO_LARGE = "trying each row and column of so large an image takes too long; a smaller one is quick"
DISAGREE = "two ways of trying it out gave two answers"


class _Trouble(Exception):
    """The network cannot be looked at in this way; says why."""


@dataclass(frozen=True)
class Field:
    """The height and width of what one value sees, in pixels; ``None`` if not known, and why."""

    size: tuple[int, ...] | None
    why: str = ""


def receptive_fields(
    model: nn.Module, input_shape: Sequence[int], names: Sequence[str]
) -> list[Field]:
    """For each call of a layer, ``names`` in their order, how much of the image one value sees.

    That of the value that sees most: the smallest rectangle with all pixels on which it depends.
    ``input_shape`` is that of one image, ``[C, H, W]``; what follows the channels are the axes
    along which pixels are counted. Neither the model nor the random numbers are changed.
    """
    sizes = list(input_shape[1:] or input_shape)
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings(action="ignore"))
        stack.enter_context(torch.random.fork_rng(devices=_cuda_devices(model)))
        stack.enter_context(torch.no_grad())
        stack.enter_context(plain_arithmetic())
        stack.enter_context(redirect_stdout(io.StringIO()))  # forward may print
        try:
            trial, image = _positive_copy(model, input_shape)
            _check_size(trial, names, image, sum(sizes) + 2)
            try:
                fields = _tried(trial, image, sizes, names, _Batches)
                if all(field.size is not None for field in fields):
                    return fields
            except Exception:  # a network that takes single images only, or lets them mix
                pass
            return _tried(trial, image, sizes, names, _OneByOne)
        except _Trouble as trouble:
            return [Field(None, str(trouble))] * len(names)
        except Exception as error:
            why = f"trying it out ended in an error ({type(error).__name__}: {_first_line(error)})"
            return [Field(None, why)] * len(names)


def _check_size(trial: nn.Module, names: Sequence[str], image: Tensor, count: int) -> None:
    """Raises if ``count`` images would take too long, or too much memory."""
    work = values = 0
    for name, output in zip(names, _outputs(trial, names, image[None]), strict=True):
        channels = output.shape[1] if output.dim() > 1 else 1
        weights = sum(p.numel() for p in trial.get_submodule(name).parameters())
        values += output.numel()
        work += output.numel() * (1 + weights // max(1, channels))
    if work * count * len(_STEPS) > MOST_WORK or values * count > MOST_VALUES:
        raise _Trouble(TOO_LARGE)


@contextmanager
def plain_arithmetic():
    """Convolutions that compute each value from its own window alone, and the same values alike.

    Faster ways (Winograd, FFT) compute several values from one larger window, and so spread marks.
    Of several threads, each computes the last values of its share one by one: these are rounded
    in another way, which looks as if something had changed.
    """
    threads = torch.get_num_threads()
    with (
        warnings.catch_warnings(action="ignore"),  # of torch's own, about these very flags
        torch.backends.mkldnn.flags(enabled=False),
        torch.backends.nnpack.flags(enabled=False),
        torch.backends.cudnn.flags(enabled=False),
    ):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _positive_copy(model: nn.Module, input_shape: Sequence[int]) -> tuple[nn.Module, Tensor]:
    """A copy that takes weighted means, so that values stay near 0.5, and an image for it.

    In float64 and on the CPU where the network's ``forward`` agrees with that.
    """
    try:
        trial = copy.deepcopy(model).eval()
    except Exception as error:
        raise _Trouble(f"the network cannot be copied ({_first_line(error)})") from error
    for module in trial.modules():
        module._forward_hooks.clear()  # somebody may collect what the layers make
    first = next(model.parameters(), torch.zeros(()))
    if first.is_meta:
        trial = trial.to_empty(device="cpu")
        for buffer in trial.buffers():
            buffer.zero_()
    device = "cpu" if first.is_meta else first.device
    generator = torch.Generator().manual_seed(0)
    image = 0.5 + 0.1 * torch.rand(tuple(input_shape), generator=generator, dtype=torch.float64)
    why: Exception | None = None
    for place, dtype in dict.fromkeys(product(("cpu", device), (torch.float64, first.dtype))):
        try:
            trial = trial.to(place, dtype)
            _make_positive(trial)
            there = image.to(place, dtype)
            trial(there[None])
            return trial, there
        except Exception as error:
            why = why or error
    raise why


def _make_positive(trial: nn.Module) -> None:
    generator = torch.Generator().manual_seed(1)
    for name, weights in trial.named_parameters():
        if weights.is_floating_point():
            numbers = 0.75 + 0.5 * torch.rand(weights.shape, generator=generator)
            share = weights[0].numel() if weights.dim() > 1 and len(weights) else 1
            share = 100 if name.endswith("bias") else max(1, share)
            weights.copy_(numbers / share)
    for module in trial.modules():
        if hasattr(module, "reset_running_stats"):
            module.reset_running_stats()
    for buffer in trial.buffers():  # such as the vectors of spectral norm
        if buffer.is_floating_point():
            buffer.copy_(buffer.abs().where(buffer.isfinite(), buffer))


class _Batches:
    """Runs many images at once; a first and a last one are left as they were."""

    def __init__(self, model: nn.Module, names: Sequence[str], image: Tensor):
        self.model, self.names, self.image = model, names, image

    def __call__(self, images: list[Tensor]):
        """For some images at a time, what each layer made of them, ``[1 + N + 1, values]``."""
        for start in range(0, len(images), _CHUNK):
            batch = torch.stack([self.image, *images[start : start + _CHUNK], self.image])
            outputs = _outputs(self.model, self.names, batch)
            if any(not x.dim() or len(x) != len(batch) for x in outputs):
                raise _Trouble("the images of a batch do not stay apart")
            yield [x.flatten(1) for x in outputs]


class _OneByOne(_Batches):
    """Runs the images one after another, with the same random numbers for each."""

    def __call__(self, images: list[Tensor]):
        plain = self.run(self.image)
        for image in images:
            marked = self.run(image)
            if any(a.shape != b.shape for a, b in zip(plain, marked, strict=True)):
                raise _Trouble("other images take another way through the network")
            yield [
                torch.stack([a.flatten(), b.flatten(), a.flatten()])
                for a, b in zip(plain, marked, strict=True)
            ]

    def run(self, image: Tensor) -> list[Tensor]:
        torch.default_generator.manual_seed(0)
        return _outputs(self.model, self.names, image[None])


def _outputs(model: nn.Module, names: Sequence[str], images: Tensor) -> list[Tensor]:
    """What the layers give out, in the order in which they end; raises if that is not ``names``."""
    outputs, called, handles = [], [], []

    def keep(name):
        def hook(module, inputs, output):
            output = output[0] if isinstance(output, tuple) and output else output
            if isinstance(output, Tensor):
                called.append(name)
                outputs.append(output.clone())  # the next one may work in place

        return hook

    wanted = set(names)
    try:
        for name, module in model.named_modules():
            if name in wanted:
                handles.append(module.register_forward_hook(keep(name)))
        model(images)
    finally:
        for handle in handles:
            handle.remove()
    if called != list(names):
        raise _Trouble("other images take another way through the network")
    return outputs


def _tried(model, image, sizes, names, way) -> list[Field]:
    """What the marks reach if the images run in the given ``way``."""
    run = way(model, names, image)
    reached = _reached(run(_marked(image, sizes, math.nan)), lambda x: x.isnan())
    if any(marks[0].any() for marks in reached):
        raise _Trouble("what the layers make of an image are no numbers")
    most = [_largest(marks[1:], sizes) for marks in reached]
    agree = [False] * len(most)
    for step in _STEPS:
        changed = _reached(
            run(_marked(image, sizes, step)), lambda x: (x != x[:1]) & (x[:1] == x[-1:])
        )
        for number, (marks, sure) in enumerate(zip(reached, changed, strict=True)):
            if (sure & ~marks).any():  # a function has dropped what is no number
                most[number] = None
            agree[number] |= _largest(sure[1:], sizes) == most[number]
        if all(agree):
            break
    return [
        Field(size) if same and size else Field(None, DISAGREE)
        for size, same in zip(most, agree, strict=True)
    ]


def _marked(image: Tensor, sizes: list[int], mark: float) -> list[Tensor]:
    """The image with each row, then each column, increased by ``mark``."""
    first = image.dim() - len(sizes)
    images = []
    for axis, size in enumerate(sizes, start=first):
        for place in range(size):
            images.append(image.clone())
            images[-1].select(axis, place).add_(mark)
    return images


def _reached(runs, test) -> list[Tensor]:
    """Which values are marked: for each layer ``[1 + N, values]``, first of the plain image."""
    parts = [[test(x) for x in outputs] for outputs in runs]
    plain = [
        torch.stack([p[0] | p[-1] for p in layer]).any(0) for layer in zip(*parts, strict=True)
    ]
    marked = [torch.cat([p[1:-1] for p in layer]) for layer in zip(*parts, strict=True)]
    return [torch.cat([a[None], b]) for a, b in zip(plain, marked, strict=True)]


def _largest(marks: Tensor, sizes: list[int]) -> tuple[int, ...]:
    """The sides of the largest rectangle that one value sees; ``marks`` ``[sum(sizes), n]``."""
    sides = []
    for part in marks.split(sizes):
        place = torch.arange(len(part), device=part.device)[:, None]
        last = torch.where(part, place, -1).amax(0)
        sides.append((last - torch.where(part, place, len(part)).amin(0) + 1).clamp(min=0))
    sides = torch.stack(sides)
    return tuple(sides[:, sides.double().prod(0).argmax()].tolist())


def _cuda_devices(model: nn.Module) -> set[int]:
    return {parameter.device.index for parameter in model.parameters() if parameter.is_cuda}


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:120]
