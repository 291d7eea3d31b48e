"""The check of task 5.4: which batch normalisation comes after which layer."""

from collections import Counter
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from helpers.checks.core.checking import check
from helpers.checks.core.conv_nets import conv_net
from helpers.checks.core.describing import show_shape
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import close
from helpers.checks.going_further import student_networks as networks
from helpers.layers import Operation, recorded

LAYERS = conv_net((6, 16), 5, norms=True)


@check("5.4", "Batch normalisation", hints=(
    "Two kinds of layers are followed by two kinds of normalisation. What does a convolution "
    "hand on, and what a linear layer?",
    "For a smaller network: nn.Conv2d(1, 3, 5), nn.BatchNorm2d(3), nn.ReLU() in one stack and "
    "nn.Linear(8, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 2) in the other. The number in "
    "a BatchNorm is what the layer before it gives out.",
))  # fmt: skip
def batch_norm(BatchNormConvNet) -> str:
    """Right: the network of notebook 3 with BatchNorm2d after every convolution and BatchNorm1d
    after every linear layer but the last, before or after ReLU and pooling, each its own. A bias
    that a norm takes out again may be missing."""
    torch.manual_seed(seed(54))
    model = networks.build_network(BatchNormConvNet, "BatchNormConvNet")
    model.train()
    images = networks.images_for(model, 8)
    with watching(model) as calls:
        try:
            scores = networks.scores_of(model, images, "8 images", LAYERS)
        except Incorrect as error:
            raise Incorrect(_norm_that_does_not_fit(calls) or error.message) from None
    networks.judge_scores(model, scores)
    _judge_norms(model, calls, images)
    model.eval()
    if close(networks.run(model, images), scores, 1e-6):
        raise Incorrect(
            "train() and eval() give the same scores, so that batch normalisation is not at work. "
            "Let forward use the layers' results, and leave the mode to train() and eval()."
        )
    networks.judge_layers(model.train(), LAYERS, (8, 1, 28, 28))
    return "train() normalises by the batch, eval() by the mean and variance that training kept"


class Call(NamedTuple):
    """A layer that was called, and the shape of what it got."""

    layer: nn.Module
    shape: tuple[int, ...]


@contextmanager
def watching(model: nn.Module):
    """Collect a ``Call`` for each convolution, linear layer and norm, as they are called.

    A norm raises before it comes to any operation, so that a recording would not show it.
    """
    calls: list[Call] = []

    def note(layer, inputs):
        x = inputs[0] if inputs else None
        calls.append(Call(layer, tuple(x.shape) if isinstance(x, torch.Tensor) else ()))

    kinds = (nn.Conv2d, nn.Linear, _BatchNorm)
    layers = [layer for layer in model.modules() if isinstance(layer, kinds)]
    handles = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _norm_that_does_not_fit(calls: list) -> str | None:
    """What to say if the last layer called is a batch norm that cannot take its input."""
    if not calls:
        return None
    layer, shape = calls[-1]
    kind = type(layer).__name__
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm3d)) and len(shape) == 4:
        return (
            f"a {kind} gets {show_shape(shape)}, the output of a convolution. For images "
            "with height and width there is nn.BatchNorm2d."
        )
    if isinstance(layer, nn.BatchNorm2d) and len(shape) == 2:
        return (
            f"a BatchNorm2d gets {show_shape(shape)}, without height and width, as a linear "
            "layer gives it. For that there is nn.BatchNorm1d."
        )
    if isinstance(layer, _BatchNorm) and len(shape) > 1 and shape[1] != layer.num_features:
        things = "numbers" if len(shape) == 2 else "channels"
        return (
            f"a {kind} is made for {layer.num_features} {things}, but gets {shape[1]}. "
            "It needs as many as the layer before it gives out."
        )
    return None


def _judge_norms(model: nn.Module, calls: list, images: torch.Tensor) -> None:
    """Raise unless each batch norm of ``model`` is used once, learns, and keeps what eval() needs.

    Where each of them stands is another question, which ``judge_layers`` answers.
    """
    with torch.no_grad(), recorded(model) as recording:
        model(images)
    # Those that lead to the result may be written out; the others happen, too.
    found = [op for op in recording.operations if op.name == "batch_norm"]
    found = found or [op for op in recording.path() if op.name == "batch_norm"]
    parts = dict(model.named_modules())
    called = [id(call.layer) for call in calls]
    for name, part in parts.items():
        if isinstance(part, _BatchNorm) and id(part) not in called:
            raise Incorrect(f"{name} is defined, but forward never calls it. Call it in forward.")
    if not found:
        raise Incorrect(
            "no batch normalisation happens in forward. Put nn.BatchNorm2d after each convolution, "
            "and nn.BatchNorm1d after each linear layer but the last, as layers made in __init__."
        )
    for op in found:
        _judge_norm(op, parts)
    used = Counter(op.parameters for op in found)
    for op in found:
        if used[op.parameters] > 1:
            raise Incorrect(
                f"{_name(op)} is used {used[op.parameters]} times. Each layer has numbers of its "
                "own to normalise: make a new BatchNorm for each."
            )


def _judge_norm(op: Operation, parts: dict[str, nn.Module]) -> None:
    """Raise unless this operation has a scale and a shift to learn, and keeps mean and spread."""
    learned = [x for x in op.constants if isinstance(x, nn.Parameter)]
    if len(op.parameters) < len(learned):
        raise Incorrect(
            "a batch normalisation has a scale and a shift that the network does not know of, so "
            "that they are not trained. Make it in __init__, as a layer of the network."
        )
    if not learned:
        raise Incorrect(
            f"{_name(op)} has no scale and shift to learn, as with affine=False. Leave that "
            "argument out."
        )
    if len(op.constants) == len(learned):
        raise Incorrect(
            f"{_name(op)} keeps no mean and no spread, as with track_running_stats=False, so that "
            "eval() has nothing to go by but the batch at hand. Leave that argument out."
        )
    # With momentum=None, a layer takes the mean of all batches: of the first, the whole of it.
    momentum = getattr(parts.get(op.module), "momentum", op.settings.get("momentum"))
    if momentum is not None and not 0 < momentum < 1:
        kept = "only the last batch" if momentum >= 1 else "nothing"
        raise Incorrect(
            f"{_name(op)} has momentum={momentum:g}, so that eval() knows {kept} of the training. "
            "Leave that argument out."
        )


def _name(op: Operation) -> str:
    return op.module or "a batch normalisation in forward"
