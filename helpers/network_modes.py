"""What is a network, and what it can be for a while and is not afterwards."""

import copy
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

_LAYOUTS = torch.contiguous_format, torch.channels_last
_TRIED = 64  # images: with fewer, what is less exact is not seen
NO_NUMBERS = (
    "the network is on the device meta, where layers have shapes, but no numbers. Make it on "
    "another device"
)
_ROUNDING = 1e-6  # of the largest value; float32 has 6e-8 for each operation


def checked_network(model) -> nn.Module:
    """``model``, if it is a network. Raises ``ValueError``, which says what it is instead."""
    if isinstance(model, nn.Module):
        if "_modules" not in vars(model):
            raise ValueError("__init__ of the network does not start with super().__init__()")
        return model
    if isinstance(model, type) and issubclass(model, nn.Module):
        name = model.__name__
        raise ValueError(f"{name} is a class, the plan of a network. Make one from it: {name}()")
    if model is None or model is ...:
        raise ValueError(f"there is no network yet, but {model!r}: make one first")
    tensors = list(model.values()) if isinstance(model, Mapping) else []
    if tensors and all(isinstance(x, torch.Tensor) for x in tensors):
        raise ValueError(
            "these are the weights of a network, not the network: make it, and give them to its "
            "load_state_dict"
        )
    raise ValueError(f"this is of type {type(model).__name__}, not a network (nn.Module)")


def checked_to_watch(model) -> nn.Module:
    """``model``, if it is a network whose layers tell when they run. Raises ``ValueError``."""
    model = checked_network(model)
    made_by = "torch.jit" if isinstance(model, torch.jit.ScriptModule) else "torch.export"
    if made_by == "torch.jit" or has_one_mode(model):
        raise ValueError(
            f"this network was made by {made_by}: it computes what the original does, but its "
            "layers cannot be watched. Give the network that it was made from"
        )
    return model


def has_one_mode(model: nn.Module) -> bool:
    """Is it for good in the mode in which it was exported, or frozen?"""
    exported = isinstance(model, torch.fx.GraphModule) and "eval" in vars(model)
    return exported or not hasattr(model, "training")


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Evaluation mode; afterwards each part of ``model`` is in the mode that it was in."""
    if has_one_mode(model):
        yield
        return
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def unwrapped(model: nn.Module) -> nn.Module:
    """The network itself, of one that ``torch.compile`` or ``nn.DataParallel`` has wrapped."""
    while True:
        if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            model = model.module
        elif isinstance(getattr(model, "_orig_mod", None), nn.Module):
            model = model._orig_mod
        else:
            return model


@contextmanager
def uncompiled() -> Iterator[None]:
    """What ``torch.compile`` has compiled runs as it was written: compiled, it may ignore hooks."""
    if "torch._dynamo" not in sys.modules:  # nothing has been; importing it takes seconds
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


@contextmanager
def as_written(model: nn.Module) -> Iterator[nn.Module]:
    """``model`` without its wrapper, in evaluation mode, and with nothing compiled that runs.

    Raises ``ValueError`` if it is no network.
    """
    model = unwrapped(checked_network(model))
    with evaluation_mode(model), uncompiled():
        yield model


def suited(images: torch.Tensor, model: nn.Module) -> torch.Tensor:
    """``images`` on the device of ``model``, as numbers of the kind with which it computes.

    Raises ``ValueError`` if it has none to compute with.
    """
    for weights in (*model.parameters(), *model.buffers()):
        if weights.is_meta:
            raise ValueError(NO_NUMBERS)
        if weights.is_floating_point():
            return images.to(weights.device, weights.dtype)
    return images


def widened(values: torch.Tensor) -> torch.Tensor:
    """``values`` in float32 at least: half precision is for networks, not for their results."""
    if values.is_floating_point():
        return values.to(torch.promote_types(values.dtype, torch.float32))
    return values


@contextmanager
def channels_last(model: nn.Module, batches: Iterable) -> Iterator[None]:
    """Weights of convolutions with the channels last in memory, where that is faster: on a CPU.

    Measured on two cores: 8% for ``ConvNet``, a quarter for networks with more channels. A network
    that cannot take it stays as it is: ``view`` in its forward may fail then. So does one that
    gives other results, beyond rounding: dropout draws its masks in the order of the memory, and
    batch normalisation sums up less exactly. That costs 2% for ``ConvNet`` with two norms, a third
    for three stages of 16, 32 and 48 channels. Some of the first images of ``batches`` are there
    to try.
    """
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d) and not m.weight.is_cuda]
    plain = all(layer.weight.is_contiguous() for layer in layers)
    if not layers or not plain or has_hooks(model) or not _takes_it(model, batches):
        yield
        return
    _lay_out(layers, torch.channels_last)
    try:
        yield
    finally:
        _lay_out(layers, torch.contiguous_format)


def _lay_out(layers: Iterable[nn.Module], memory_format: torch.memory_format) -> None:
    for layer in layers:
        layer.to(memory_format=memory_format)


def _takes_it(model: nn.Module, batches: Iterable) -> bool:
    """Is it the same network, to rounding? Tried on copies."""
    try:
        images = next(iter(batches))[0][:_TRIED]
        plain, trial = (_trained_once(model, images, kind) for kind in _LAYOUTS)
        return all(
            (a - b).abs().max() <= _ROUNDING * a.abs().max()
            for a, b in zip(plain, trial, strict=True)
            if a.numel()
        )
    except Exception:  # if it is of another kind, it comes again in training, and is raised
        return False


def _trained_once(
    model: nn.Module, images: torch.Tensor, layout: torch.memory_format
) -> list[torch.Tensor]:
    """The scores of ``images`` in training mode, and the buffers, such as statistics, after it.

    Random numbers are drawn that nobody misses afterwards.
    """
    states = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            trial = copy.deepcopy(model).train()
            _lay_out([m for m in trial.modules() if isinstance(m, nn.Conv2d)], layout)
            scores = trial(images.to(next(trial.parameters()).device))
            return [x.double() for x in (scores, *trial.buffers())]
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


def has_hooks(model: nn.Module) -> bool:
    """Does any part of ``model`` call other functions along with its forward or backward?"""
    of_modules = (
        hooks
        for module in model.modules()
        for name, hooks in vars(module).items()
        if name.endswith("_hooks")
    )
    of_parameters = (
        getattr(parameter, name, None)
        for parameter in model.parameters()
        for name in ("_backward_hooks", "_post_accumulate_grad_hooks")
    )
    return any(of_modules) or any(of_parameters)
