"""What the check of task 5.6 asks of ``wrap``: after ``backward()``, the mean over all ranks."""

import copy
from collections import Counter
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.core.calling import call_student, judge_arguments, judge_function
from helpers.checks.core.describing import describe, listed
from helpers.checks.core.known_mistakes import Advice
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import close
from helpers.checks.going_further.simulated_ranks import Alone, joined, run_ranks

SIZES = (2, 3)  # numbers of ranks that are tried
STEPS = 2  # of training: what averages once may not do so again
IMAGES = 4  # of each rank in a step
MEAN, SUM = "the mean over all ranks", "the sum over all ranks"

# Parts of error messages, and what to try then.
ADVICE: Advice = (
    ("device_ids", "Leave device_ids out: the network lies on one device, and that is enough."),
    ("process group twice", "The processes are joined before wrap is called: leave that out."),
    ("No backend type", "The check knows all_reduce, all_gather, reduce, broadcast and barrier."),
    ("group cannot be None", "The processes stay joined while they train: leave out what parts "
     "them."),
    ("no second group", "The check has no groups but the one of all ranks: take that one."),
    ("leaf Variable", "Work on the gradients: p.grad after backward(), or what a hook of p gets."),
)  # fmt: skip
Batch = tuple[torch.Tensor, torch.Tensor]


def judge_wrap(wrap, model: nn.Module) -> None:
    """Raise unless ``wrap(model)`` gives each parameter the mean gradient over all ranks.

    ``model`` is a new network on the CPU, which stays as it is.
    """
    judge_function(wrap, "wrap")
    judge_arguments(wrap, "wrap", ("model",))
    batches = [_batch(number) for number in range(STEPS * max(SIZES))]
    with joined(1):
        _judge_alone(wrap, copy.deepcopy(model), batches[0])
    for size in SIZES:
        steps = [batches[step * size : (step + 1) * size] for step in range(STEPS)]
        own = [[_gradients(model, batch) for batch in step] for step in steps]
        outcomes = run_ranks(size, partial(_train, wrap, model, steps))
        errors = [(rank, x) for rank, x in enumerate(outcomes) if isinstance(x, BaseException)]
        for rank, error in sorted(errors, key=lambda item: isinstance(item[1], Alone)):
            _raise(error, f"rank {rank} of {size}")
        for step in range(STEPS):
            found = [gradients[step] for gradients in outcomes]
            if said := _difference(found, own[step], list(dict(model.named_parameters()))):
                time = "after a second backward(), " if step else "after backward(), "
                raise Incorrect(f"{time}with {size} ranks: {said}")


def _batch(number: int) -> Batch:
    """Images, and labels."""
    generator = seeded(570 + number)
    images = torch.rand(IMAGES, 1, 28, 28, generator=generator, device="cpu")
    return images, torch.randint(10, (IMAGES,), generator=generator, device="cpu")


def _gradients(model: nn.Module, batch: Batch) -> list[torch.Tensor]:
    """Those of one process alone."""
    loss = F.cross_entropy(model(batch[0]), batch[1])
    return list(torch.autograd.grad(loss, list(model.parameters())))


def _judge_alone(wrap, model: nn.Module, batch: Batch) -> None:
    """Raise unless wrapping leaves the network what it is, for one rank alone."""
    images, _ = batch
    scores, right = model(images).detach(), _gradients(model, batch)
    names, given = zip(*model.named_parameters(), strict=True)
    values = [p.detach().clone() for p in given]
    wrapped = call_student(wrap, model, on="a network", advice=ADVICE)
    if isinstance(wrapped, nn.DataParallel):
        raise Incorrect(
            "wrap returned nn.DataParallel, which shares a batch out to GPUs within one process "
            "and knows nothing of other ranks. Take DistributedDataParallel."
        )
    if not isinstance(wrapped, nn.Module):
        raise Incorrect(
            f"wrap returned {describe(wrapped)}; expected is a network that is called as model is, "
            "such as DistributedDataParallel(model)."
        )
    if {id(p) for p in wrapped.parameters()} != {id(p) for p in given}:
        raise Incorrect(
            "what wrap returned has not the same parameters as the network that it was given, so "
            "that training would leave some out, or learn others. Wrap model itself, no new "
            "network and no copy."
        )
    if not all(torch.equal(p, value) for p, value in zip(given, values, strict=True)):
        raise Incorrect("wrap changed the network's weights. Only wrap it; training comes later.")
    found = call_student(wrapped, images, on="a batch of images")
    if not close(found, scores):
        raise Incorrect(
            "the wrapped network gives other scores than the network itself. Wrap it as it is, "
            "without further layers."
        )
    frozen = [name for name, p in zip(names, given, strict=True) if not p.requires_grad]
    if frozen:
        raise Incorrect(
            f"wrap sets requires_grad to False for {frozen[0]}, which is trained no more then. "
            "Leave requires_grad as it is."
        )
    call_student(_named(partial(_step, wrapped, batch), "backward()"), on="rank 0 of 1")
    if said := _difference([[p.grad for p in given]], [right], list(names)):
        raise Incorrect(f"after backward(), with one rank alone: {said}")


def _train(wrap, model: nn.Module, steps: list[list[Batch]], rank: int) -> list:
    """The gradients after each step of ``rank``, which has a network of its own."""
    own = copy.deepcopy(model)
    wrapped, found = wrap(own), []
    for step in steps:
        _step(wrapped, step[rank])
        found.append([None if p.grad is None else p.grad.clone() for p in own.parameters()])
        own.zero_grad()
    return found


def _step(wrapped: nn.Module, batch: Batch) -> str:
    F.cross_entropy(wrapped(batch[0]), batch[1]).backward()
    return "done"


def _named(function, name: str):
    def called():
        return function()

    called.__name__ = name
    return called


def _raise(error: BaseException, on: str) -> None:
    """The ``error`` of a rank as a sentence."""
    if isinstance(error, Alone):
        raise Incorrect(
            f"{error}. In each step, every rank has to make the same calls, in the same order."
        )

    def fail():
        raise error

    call_student(_named(fail, "training with the wrapped network"), on=on, advice=ADVICE)


def _difference(found: list[list], own: list[list], names: list[str]) -> str:
    """What to say if the gradients ``found``, by rank, are not the mean of each rank's ``own``."""
    words = {
        (rank, name): _word(rank, found[rank][place], [gradients[place] for gradients in own])
        for place, name in enumerate(names)
        for rank in range(len(own))
    }
    kinds = Counter(words.values())
    if set(kinds) == {MEAN}:
        return ""
    if len(kinds) == 1:
        (word,) = kinds
        return f"each rank has, for every parameter, {word}; expected is {MEAN}.{_advice(word)}"
    name = next(name for (_, name), word in words.items() if word != MEAN)
    here = [words[rank, name] for rank in range(len(own))]
    having = [f"rank {rank} has {word}" for rank, word in enumerate(here)]
    if len(set(here)) == 1:
        having = [f"each rank has {here[0]}"]
    return (
        f"for {name}, {listed(having)}; expected is {MEAN}. Of {len(words)} gradients, one for "
        f"each parameter on each rank, {kinds[MEAN]} {'is' if kinds[MEAN] == 1 else 'are'} right."
        + _advice(next(word for word in here if word != MEAN))
    )


def _word(rank: int, gradient: torch.Tensor | None, own: list[torch.Tensor]) -> str:
    """What ``gradient`` is, by comparing it with those that each rank has of its ``own`` images."""
    mean = sum(own) / len(own)
    if gradient is None:
        return "no gradient"
    if not gradient.any():
        return "a gradient of zeros"
    known = {MEAN: mean, "the gradient of its own images alone": own[rank]}
    known |= {f"the gradient of rank {other}'s images alone": x for other, x in enumerate(own)}
    for word, value in known.items():
        factor = _factor(gradient, value)
        if factor and abs(factor - 1) < 1e-3:
            return word
        if factor and word == MEAN and abs(factor - len(own)) < 1e-3:
            return SUM
        if factor:
            return f"{factor:.3g} times {word}"
    return "neither the mean over all ranks nor what the images of one rank give"


def _factor(found: torch.Tensor, value: torch.Tensor) -> float:
    """By how much ``found`` is a multiple of ``value``, which is not zero; else 0."""
    if found.shape != value.shape:
        return 0.0
    a, b = found.detach().cpu().double(), value.double()
    factor = ((a * b).sum() / b.square().sum()).item()
    expected = factor * b
    return factor if close(a, expected, 1e-3, floor=expected.abs().max().item()) else 0.0


def _advice(word: str) -> str:
    if word == SUM:
        return " Divide the sum by the number of ranks, distributed.get_world_size()."
    if "images alone" in word:
        return " DistributedDataParallel(model) averages the gradients of all parameters."
    return ""
