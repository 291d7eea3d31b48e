"""Which values of its inputs each value of an operation hangs on, whatever the operation is.

    dependence = Dependence(operation)
    dependence.below(chosen)  # for each input, which of its values the chosen ones are made of

Found as in ``helpers.layers.receptive_fields``: what is computed from a value that is no number
(NaN) is none either, even if it is multiplied by zero. An operation that adds up its values, each
times a weight, is marked behind, as gradients run; one run does for all chosen values. Of any
other, each axis of an input is marked place by place; a value hangs on the places that reach it on
every axis, as a window does.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.layers.operations import Operation
from helpers.layers.receptive_fields import DISAGREE, TOO_LARGE, plain_arithmetic

SUMS = ("convolution", "transposed convolution", "linear")  # kinds that need not be tried out
MOST_MARKS = 10**8  # of all places on all axes, for all values that are made: one byte each
MOST_PAIRS = 10**9  # of chosen values and values below
_CHUNK = 64  # marked inputs in one batch
_STEPS = -100.0, 1.0, 100.0  # as in receptive_fields: changes that show what drops a NaN


class NotKnown(Exception):
    """It cannot be told what a value hangs on; the message says why."""


class Dependence:
    """Of one recorded operation; ``part`` is the number of the result that is looked at.

    ``is_sum``: whether each value is a sum of values below, each times its weight, and a constant.
    """

    def __init__(self, operation: Operation, part: int = 0):
        if operation.output is None:  # it ended in an error
            raise NotKnown("it cannot be computed again")
        self.given = operation.inputs
        self.inputs = [x.nan_to_num() if x.is_floating_point() else x for x in operation.inputs]
        self._make = lambda inputs: operation.again(*inputs)[part]
        self.is_sum = operation.kind in SUMS or self._adds_up()
        self._marks: list[list[Tensor]] | None = None  # for each input, each axis: [size, values]

    def below(self, chosen: Tensor) -> list[Tensor]:
        """For each input, a mask of its shape; ``chosen`` is a mask of the result's.

        Raises ``NotKnown`` with a reason.
        """
        try:
            with plain_arithmetic(), torch.random.fork_rng(devices=_devices(self.inputs)):
                if self.is_sum:
                    marks = torch.zeros(chosen.shape).masked_fill(chosen, math.nan)
                    return [gradient.isnan() for gradient in self.gradients(self.inputs, marks)]
                if self._marks is None:
                    with torch.no_grad():
                        self._marks = [self._forwards(n) for n in range(len(self.inputs))]
        except NotKnown:
            raise
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0][:120]
            raise NotKnown(
                f"trying it out ended in an error ({type(error).__name__}: {reason})"
            ) from error
        return [
            windows(marks, chosen, x.shape)
            for marks, x in zip(self._marks, self.inputs, strict=True)
        ]

    def gradients(self, inputs: Sequence[Tensor], weights: Tensor) -> list[Tensor]:
        """Of the sum of the values, each times its weight, with respect to the ``inputs``."""
        with torch.inference_mode(False), torch.enable_grad():
            leaves = [x.clone().requires_grad_() for x in inputs]
            made = self._make([x.clone() for x in leaves])  # it may work in place
            found = torch.autograd.grad(made, leaves, weights.to(made), allow_unused=True)
        return [
            torch.zeros(x.shape) if gradient is None else gradient.cpu()
            for x, gradient in zip(inputs, found, strict=True)
        ]

    def weights(self, index: tuple[int, ...], below: Sequence[Tensor]) -> tuple[Tensor, float]:
        """Of the sum at ``index``: the weights of the values below, ``[n]``, and the constant."""
        with plain_arithmetic(), torch.random.fork_rng(devices=_devices(self.inputs)):
            with torch.no_grad():
                nothing = self._run([torch.zeros_like(x) for x in self.inputs])
            only = torch.zeros(nothing.shape)
            only[index] = 1
            found = self.gradients(self.inputs, only)
        weights = [g.double()[mask] for g, mask in zip(found, below, strict=True)]
        return torch.cat(weights), float(nothing[index])

    def _adds_up(self) -> bool:
        """Whether the gradients are the same everywhere, and tell how the values change.

        Tried at random values, and at these turned around: what was the largest is the smallest.
        """
        draw = torch.Generator().manual_seed(0)

        def random(like: Tensor) -> Tensor:
            return torch.randn(like.shape, generator=draw).to(like)

        try:
            with torch.random.fork_rng(devices=_devices(self.inputs)), torch.no_grad():
                at = [random(x) for x in self.inputs]
                there, nowhere = self._run(at), self._run([torch.zeros_like(x) for x in at])
                weights = random(there)
                one = self.gradients(at, weights)
                other = self.gradients([-x for x in at], weights)
                change = float(((there - nowhere) * weights).double().sum())
        except Exception:  # whole numbers, or it has no gradient
            return False
        told = sum(float((x.cpu() * g).double().sum()) for x, g in zip(at, one, strict=True))
        size = sum(float((x.cpu() * g).double().norm()) for x, g in zip(at, one, strict=True))
        same = (torch.allclose(a, b, rtol=1e-4, atol=1e-6) for a, b in zip(one, other, strict=True))
        return abs(told - change) <= 1e-3 * (size + 1e-3) and all(same)

    def _forwards(self, number: int) -> list[Tensor]:
        """For each axis of an input, which place on it reaches which value: ``[size, values]``."""
        given, plain = self.inputs[number], self._run(self.inputs)
        sizes = list(given.shape)
        if sum(sizes) * plain.numel() > MOST_MARKS:
            raise NotKnown(TOO_LARGE)
        if not given.is_floating_point():
            raise NotKnown("its numbers are no floating-point numbers, which cannot be marked")
        if plain.isnan().any():
            raise NotKnown("what it makes are no numbers")
        marked = self._reached(number, plain, math.nan)
        for step in _STEPS:
            if (self._reached(number, plain, step) & ~marked).any():
                raise NotKnown(DISAGREE)
        return list(marked.split(sizes))

    def _reached(self, number: int, plain: Tensor, mark: float) -> Tensor:
        """Which values each place on each axis reaches: ``[places, values]``."""
        given = self.inputs[number]
        slabs, found = _slabs(given), []
        for start in range(0, len(slabs), _CHUNK):
            some = [
                given.masked_fill(slab, mark) if math.isnan(mark) else given + mark * slab
                for slab in slabs[start : start + _CHUNK]
            ]
            reached = self._at_once(number, plain, some, mark)
            if reached is None:
                reached = self._one_by_one(number, plain, some, mark)
            found.append(reached.flatten(1).cpu())
        return torch.cat(found)

    def _at_once(self, number: int, plain: Tensor, some: list[Tensor], mark: float):
        """All in one batch between two plain ones; ``None`` if they do not stay apart in it."""
        if any(not x.dim() or len(x) != 1 for x in (*self.inputs, plain)):
            return None
        count = len(some) + 2
        batch = [x.repeat(count, *[1] * (x.dim() - 1)) for x in self.inputs]
        batch[number] = torch.cat([self.inputs[number], *some, self.inputs[number]])
        try:
            made = self._make(batch)
        except Exception:  # it is written for the batch that it had
            return None
        if made.shape != (count, *plain.shape[1:]) or made[[0, -1]].isnan().any():
            return None
        return _changed(made[1:-1], made[:1], made[-1:], mark)

    def _one_by_one(self, number: int, plain: Tensor, some: list[Tensor], mark: float):
        found = []
        for marked in some:
            inputs = list(self.inputs)
            inputs[number] = marked
            made = self._run(inputs)
            if made.shape != plain.shape:
                raise NotKnown("what it makes of other values has another shape")
            found.append(_changed(made, plain, plain, mark))
        return torch.stack(found)

    def _run(self, inputs: Sequence[Tensor]) -> Tensor:
        torch.default_generator.manual_seed(0)
        return self._make([x.clone() for x in inputs])  # it may work in place


def windows(marks: Sequence[Tensor], chosen: Tensor, shape: Sequence[int]) -> Tensor:
    """The values below, a mask of ``shape``, that reach one of the ``chosen`` on every axis."""
    which = chosen.flatten()
    sides = [axis[:, which].double() for axis in marks]
    if not sides:  # a single number
        return torch.ones(tuple(shape), dtype=torch.bool)
    if int(which.sum()) * math.prod(shape) > MOST_PAIRS:  # for so many, the rectangle of all
        sides = [side.amax(1, keepdim=True) for side in sides]
    letters = "abcdefghijklm"[: len(sides)]
    equation = f"{','.join(f'{letter}z' for letter in letters)}->{letters}"
    return torch.einsum(equation, *sides) > 0


def _slabs(x: Tensor) -> list[Tensor]:
    """A mask for each place on each axis."""
    masks = []
    for axis, size in enumerate(x.shape):
        for place in range(size):
            masks.append(torch.zeros(x.shape, dtype=torch.bool, device=x.device))
            masks[-1].select(axis, place).fill_(True)
    return masks or [torch.ones((), dtype=torch.bool, device=x.device)]


def _changed(made: Tensor, one: Tensor, other: Tensor, mark: float) -> Tensor:
    """Where ``made`` is no number; by other marks, where it differs from two plain runs."""
    return made.isnan() if math.isnan(mark) else (made != one) & (one == other)


def _devices(tensors: Sequence[Tensor]) -> set[int]:
    return {x.device.index for x in tensors if x.is_cuda}
