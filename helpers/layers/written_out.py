"""Layers that a network writes out in operations of its own, found by what these compute together.

``x @ weight.T + bias`` is a linear layer, windows that are unfolded and multiplied by the weights
of kernels are a convolution, ``(x - mean) / spread * scale + shift`` is a batch normalisation,
whatever functions do it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

LONGEST = 1000  # operations: in more of them, nothing is looked for
STRIDES, PADDINGS = (1, 2, 3), range(4)  # of convolutions, the usual ones first


def with_layers(operations: list, parameters: dict[str, nn.Parameter]) -> list:
    """``operations`` with one (``linear``, ``conv2d``, ``batch_norm``) in place of a layer's.

    ``sources`` count within the list, before and after. ``parameters`` are the network's.
    """
    start = 0
    while start < len(operations) <= LONGEST:
        if any(map(_is_written_out, operations[start:])):
            operations = _with_layer_from(operations, start, parameters)
        start += 1
    return operations


def _is_written_out(op) -> bool:
    """Whether ``op`` works with parameters, and is not a layer of PyTorch's own."""
    if op.name == "linear" or op.kind == "convolution":  # with parts of parameters
        return bool(op.parameters) and any(not isinstance(x, nn.Parameter) for x in op.constants)
    return bool(op.parameters) and op.kind not in ("normalisation", "activation")


def _with_layer_from(operations: list, start: int, parameters: dict[str, nn.Parameter]) -> list:
    """``operations``, in which a layer that begins at ``start`` is one operation."""
    first = operations[start]
    ends = [end for end in _ends(operations, start, parameters) if _changes(operations[end])]
    if not _changes(first):
        return operations
    for end in reversed(ends):
        part = operations[start : end + 1]
        names = tuple(dict.fromkeys(name for op in part for name in op.parameters))
        given, made = first.inputs[0], part[-1].output
        own = [parameters[name] for name in names]
        read = _read_layer(given, made, own) or _read_norm(given, made, own)
        if read:
            name, kind, arguments, call = read
            layer = replace(
                first,
                name=name,
                kind=kind,
                inputs=first.inputs[:1],
                sources=first.sources[:1],
                parts=first.parts[:1],
                constants=tuple(x for x in arguments.values() if isinstance(x, torch.Tensor)),
                parameters=names,
                arguments={"input": given} | arguments,
                again=lambda *inputs, call=call: [call(*inputs)],
                output=made,
                across_batch=kind == "normalisation",
            )
            after = [_moved(op, start, end) for op in operations[end + 1 :]]
            return [*operations[:start], layer, *after]
    return operations


def _changes(op) -> bool:
    """Whether ``op`` does anything: a ReLU of positive numbers is no part of a layer."""
    if op.parameters or op.output is None:  # a bias of zeros is one
        return True
    return not torch.equal(op.inputs[0], op.output)


def _ends(operations: list, start: int, parameters: dict[str, nn.Parameter]) -> list[int]:
    """Where a layer may end that begins at ``start``: all it needs is its first input."""
    source, ends, weights, written = operations[start].sources[0], [], set(), False
    used = {x: place for place, op in enumerate(operations) for x in op.sources}  # the last time
    needed = 0
    for end in range(start, len(operations)):
        op = operations[end]
        weights |= {name for name in op.parameters if parameters[name].dim() > 1}
        if len(weights) > 2 or any(x < start and x != source for x in op.sources):
            break
        written = written or _is_written_out(op)
        if written and needed <= end and op.output is not None:
            ends.append(end)
        needed = max(needed, used.get(end, end))
    return ends


def _read_layer(x: torch.Tensor, y: torch.Tensor, parameters: Sequence[nn.Parameter]):
    """Name, kind, arguments and call of the layer that makes ``y`` of ``x``, else ``None``.

    It has all ``parameters``.
    """
    if x.dim() != y.dim() or x.dim() not in (2, 4) or len(parameters) not in (1, 2):
        return None
    if len(x) != len(y) or not x.is_floating_point():
        return None
    for weight, bias in ((0, 1), (1, 0))[: len(parameters)]:
        own = [p.detach().reshape(-1) for p in parameters[bias : bias + 1]]
        if any(p.numel() != y.shape[1] for p in own):
            continue
        for form in _forms(parameters[weight].detach(), x, y):
            for settings, sign in product(_settings(form, x, y), (1, -1)):
                added = [sign * p for p in own]  # a bias may be taken away, too
                layer = F.conv2d if settings else F.linear
                made = layer(x, form, *added, **settings)
                if made.shape == y.shape and torch.allclose(made, y, rtol=1e-3, atol=1e-4):
                    name = ("conv2d", "convolution") if settings else ("linear", "linear")
                    arguments = {"weight": form} | ({"bias": added[0]} if added else {})
                    arguments |= settings
                    return *name, arguments, partial(layer, **arguments)
    return None


def _read_norm(x: torch.Tensor, y: torch.Tensor, parameters: Sequence[nn.Parameter]):
    """As ``_read_layer``, of a normalisation over the batch, with its mean and variance."""
    channels = x.shape[1] if x.dim() in (2, 4) and len(x) > 1 else 0
    if x.shape != y.shape or [p.numel() for p in parameters] != [channels] * 2:
        return None
    over = [dim for dim in range(x.dim()) if dim != 1]
    batch = x.mean(over), x.var(over, unbiased=False)
    for scale, shift in (parameters, reversed(parameters)):
        learned = [nn.Parameter(p.detach().reshape(-1)) for p in (scale, shift)]
        made = F.batch_norm(x, *batch, *learned).detach()
        if torch.allclose(made, y, rtol=1e-2, atol=1e-2):  # the spread is measured in two ways
            arguments = {"weight": learned[0], "bias": learned[1], "training": True}
            seen = {"running_mean": batch[0], "running_var": batch[1]}
            call = partial(F.batch_norm, running_mean=None, running_var=None, **arguments)
            return "batch_norm", "normalisation", arguments | seen, call
    return None


def _forms(weight: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    """``weight`` in the forms in which a layer from ``x`` to ``y`` takes it."""
    if weight.dim() < 2 or weight.dim() == x.dim() == 4:
        return (
            [weight] if weight.dim() == 4 and weight.shape[:2] == (y.shape[1], x.shape[1]) else []
        )
    rows = weight.flatten(1)
    size = math.isqrt(weight.numel() // (x.shape[1] * y.shape[1]))  # of a kernel
    shape = (y.shape[1], x.shape[1], size, size)[: x.dim()]
    fitting = [form for form in (rows, rows.T) if len(form) == y.shape[1]]
    return [form.reshape(shape) for form in fitting if form.numel() == math.prod(shape)]


def _settings(weight: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> list[dict]:
    """Those with which a convolution of ``x`` has the size of ``y``; of a linear layer, none."""
    if weight.dim() == 2:
        return [{}]

    def fits(stride: int, padding: int) -> bool:
        sizes = zip(x.shape[2:], weight.shape[2:], y.shape[2:], strict=True)
        return all((a + 2 * padding - k) // stride + 1 == b for a, k, b in sizes)

    pairs = [(stride, padding) for padding in PADDINGS for stride in STRIDES]
    return [{"stride": s, "padding": p} for s, p in pairs if fits(s, p)]


def _moved(op, start: int, end: int):
    """``op``, with sources that count on after ``start`` to ``end`` have become one."""
    sources = tuple(
        x if x < start else start if x <= end else x - (end - start) for x in op.sources
    )
    return replace(op, sources=sources)
