"""What each operation of a network's run did to the numbers, in a student's words."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F

from helpers.checks.core.describing import listed, show_size
from helpers.checks.core.values import close
from helpers.layers import Operation

RELU, POOL, NORM = "ReLU", "2×2 max pooling", "batch normalisation"
MIXED, REORDERED = "a mixture of images", "another order of the numbers"

# How functions are called in sentences, where that is not the name of the function itself.
WORDS = {
    "batch_norm": NORM,
    "hardtanh": "hardtanh or ReLU6",
    "leaky_relu": "leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "log_softmax": "log-softmax",
    "add": "an addition",
    "sub": "a subtraction",
    "mul": "a multiplication",
    "div": "a division",
    "truediv": "a division",
    "getitem": "a selection with [...]",
    "setitem": "an assignment to [...]",
    "pad": "padding",
}
NAMED_FIRST = {"softmax", "normalisation", "dropout"}  # whatever they do to the numbers


class Effect(NamedTuple):
    """What an operation did: a word for it (``RELU``, ``POOL``, ``MIXED``, ...), and which it is.

    ``MIXED`` is for what lets the images of a batch reach one another, ``REORDERED`` for what puts
    the numbers of each image into another order.
    """

    word: str
    operation: Operation


def effects(operations: Iterable[Operation]) -> list[Effect]:
    """What ``operations`` did, without those that left the numbers as they were."""
    found = [Effect(_word(op), op) for op in operations]
    return [effect for effect in found if effect.word]


def word_for(op: Operation) -> str:
    """How the function is called in a sentence."""
    return WORDS.get(op.name, op.name)


def _word(op: Operation) -> str:
    given, made = op.inputs[0], op.output
    called = word_for(op)
    if op.kind in ("max pooling", "average pooling"):
        return _pooling(op)
    if made is None:  # it raised an error, which says more
        return ""
    if op.kind in NAMED_FIRST and op.settings.get("training", True):
        return f"{called} over the batch" if op.kind == "softmax" and op.across_batch else called
    if op.across_batch:
        return MIXED
    if op.name == "relu":  # also where no number happens to be negative
        return RELU
    if made.dtype == torch.bool or _same(made, given):
        return ""
    if _same(made, F.relu(given)):
        return RELU
    if _same_in_another_order(made, given):
        return REORDERED
    return called


def _pooling(op: Operation) -> str:
    kind = op.kind.removesuffix("imum pooling").removesuffix(" pooling")
    size = op.settings.get("kernel_size")
    if op.name not in ("max_pool2d", "avg_pool2d") or size is None:
        return op.name
    size, stride = pair(size), pair(op.settings.get("stride") or size)
    moves = "" if stride == size else f" that moves by {show_size(stride)}"
    usual = {"padding": 0, "dilation": 1, "ceil_mode": False}
    others = [name for name, one in usual.items() if set(pair(op.settings.get(name, one))) != {one}]
    more = f" with {listed(others)}" if others else ""
    return f"{show_size(size)} {kind} pooling{moves}{more}"


def pair(value) -> tuple[int, ...]:
    """``2`` as ``(2, 2)``, as PyTorch reads it."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.numel() == b.numel() and close(a.flatten(), b.flatten(), 1e-6)


def _same_in_another_order(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.numel() != b.numel() or len(a) != len(b):
        return False
    return close(a.flatten(1).sort().values, b.flatten(1).sort().values, 1e-6)
