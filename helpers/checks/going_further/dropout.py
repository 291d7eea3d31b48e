"""The check of task 5.3: where numbers are dropped, how many, and what becomes of the others."""

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from helpers.checks.core.checking import check
from helpers.checks.core.conv_nets import WORDS, Layer, apply, conv_net
from helpers.checks.core.describing import listed
from helpers.checks.core.network_runs import draw_images
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import close
from helpers.checks.going_further import student_networks as networks
from helpers.layers import describe_network, recorded

LAYERS = conv_net((6, 16), 5)
ENOUGH = 30  # of so many numbers, each dropped by itself, some are dropped and some are kept


@check("5.3", "Dropout", hints=(
    "A dropout layer sits in the row of layers like a ReLU does. Where may numbers be missing "
    "without harm, and where not?",
    "For a smaller network it would be nn.Sequential(nn.Linear(8, 6), nn.ReLU(), "
    "nn.Dropout(0.5), nn.Linear(6, 2)). Yours has two ReLUs, so two dropouts.",
))  # fmt: skip
def dropout(DropoutConvNet) -> str:
    """Right: the network of notebook 3 that drops half of the numbers after each ReLU between its
    linear layers, in training mode only, and doubles the others.

    ``nn.Dropout``, or ``F.dropout`` that listens to ``self.training``, or any other way to do so.
    """
    torch.manual_seed(seed(53))
    model = networks.build_network(DropoutConvNet, "DropoutConvNet")
    images = networks.images_for(model, 64)
    model.eval()
    scores = networks.scores_of(model, images, "64 images in eval() mode", LAYERS)
    networks.judge_scores(model, scores)
    if model.training:
        raise Incorrect(
            "after eval() and one call, your network is in train() mode. Leave the mode to whoever "
            "calls the network: no train() in forward, and no eval() of its own."
        )
    if not close(networks.run(model, images), scores):
        raise Incorrect(
            "in eval() mode, two calls with the same images give different scores: something is "
            "drawn at random. nn.Dropout listens to train() and eval() by itself if it is made in "
            "__init__; F.dropout needs training=self.training."
        )
    defined = {name: m for name, m in model.named_modules() if isinstance(m, _DropoutNd)}
    _judge_defined(model, defined, images)
    networks.judge_layers(model, LAYERS, (4, 1, 28, 28))
    model.train()
    dropped = networks.run(model, images)
    if close(networks.run(model, images), dropped, 1e-6):
        raise Incorrect(
            "nothing is dropped at random: in train() mode, two calls with the same images give "
            "the same scores. "
            + (
                "Is there an eval() in forward? Leave the mode to whoever calls the network."
                if defined
                else "Put nn.Dropout(0.5) among the linear layers."
            )
        )
    _judge_training(model)
    return "train() drops at random, anew in every call; eval() keeps all and repeats itself"


def _judge_defined(model: nn.Module, defined: dict[str, nn.Module], images: torch.Tensor) -> None:
    """Raise if a dropout layer that was made cannot do its work."""
    for name, layer in defined.items():
        if layer.p in (0, 1):
            raise Incorrect(
                f"{name} has p={layer.p:g}, so it drops {'all' if layer.p else 'nothing'}. p is "
                "the share that is dropped: asked for is 0.5."
            )
    called = {operation.module for operation in describe_network(model, images[:2])}
    unused = [name for name in defined if name not in called]
    if unused:
        raise Incorrect(
            f"{listed(unused)} is defined, but forward never calls it. "
            "Put it between the layers, or call it in forward."
        )


def _judge_training(model: nn.Module) -> None:
    """Raise unless ``model``, in train() mode, drops where it should, and as it should."""
    images = draw_images(model, 52, (64, 1, 28, 28))
    with torch.no_grad(), recorded(model) as recording:
        scores = model(images)
    found = [op for op in recording.path() if op.kind in WORDS]
    if len(found) != len(LAYERS):
        raise Incorrect(
            "in train() mode, your network does not use the same layers as in eval() mode. Nothing "
            "but dropout should depend on the mode."
        )
    if not close(found[0].inputs[0], images, 1e-3):
        raise Incorrect(_wrong_place("before the first convolution"))
    arrived = [op.inputs[0] for op in found[1:]] + [scores]
    places = list(zip(LAYERS, found, arrived, strict=True))
    for layer, op, came in sorted(places, key=lambda place: _is_asked_for(place[0])):
        _judge_after(layer, op.output, came)


def _is_asked_for(layer: Layer) -> bool:
    """Whether dropout is asked for after ``layer``."""
    return layer.kind == "linear" and bool(layer.after)


def _judge_after(layer: Layer, result: torch.Tensor, came: torch.Tensor) -> None:
    """Raise unless, in train() mode, what ``came`` of a layer's ``result`` is right there."""
    expected = result
    for word in layer.after:
        expected = apply(word, expected)
    expected = expected.flatten(1)
    same = close(came.flatten(1), expected, 1e-3)
    if _is_asked_for(layer):
        if same:
            raise Incorrect(
                f"in train() mode, nothing is dropped after the ReLU behind {layer.name}. Asked "
                "for is nn.Dropout(0.5) after each ReLU in linear_stack."
            )
        _judge_dropped(f"after {layer.name}", came, expected)
    elif not same and not layer.after:
        raise Incorrect(
            "in train() mode, the scores are changed after the last layer. Put dropout before a "
            "linear layer, where the next layer can make up for what is missing."
        )
    elif not same:
        raise Incorrect(_wrong_place(f"after {layer.name}"))


def _wrong_place(place: str) -> str:
    return (
        f"in train() mode, something else happens {place} than in eval() mode. Dropout is asked "
        "for after the two ReLUs in linear_stack, and nowhere else."
    )


def _judge_dropped(place: str, came: torch.Tensor, expected: torch.Tensor) -> None:
    """Raise unless each number is dropped by itself, half of them, and the others are doubled."""
    live = expected > 1e-3 * expected.max()
    kept = live & (came != 0)
    factors = came[kept] / expected[kept]
    factor = factors.median().item() if len(factors) else 0.0
    if not close(came, kept * factor * expected, 1e-2):
        raise Incorrect(
            f"what happens {place} in train() mode is not what nn.Dropout(0.5) does: some numbers "
            "are set to 0, and all others are doubled."
        )
    if _all_or_none(kept, live, 1) or _all_or_none(kept, live, 0):
        raise Incorrect(
            f"the numbers {place} are dropped together: all of an image, or the same of all "
            "images. Each should be dropped by itself, as nn.Dropout does it."
        )
    share = 1 - kept.sum().item() / live.sum().item()
    if abs(share - 0.5) > 0.06:
        raise Incorrect(
            f"about {share:.0%} of the numbers {place} are dropped; asked for is one half, with "
            "nn.Dropout(0.5)."
        )
    if abs(factor - 2) > 0.02:
        raise Incorrect(
            f"what is not dropped {place} is multiplied by {factor:.3g}. When half of the numbers "
            "are dropped, the others are doubled: nn.Dropout(0.5) does both."
        )


def _all_or_none(kept: torch.Tensor, live: torch.Tensor, dim: int) -> bool:
    """Whether, wherever there are many numbers along ``dim``, all are kept or none is."""
    counts, whole = kept.sum(dim), live.sum(dim)
    many = whole >= ENOUGH
    return bool(many.any() and ((counts == 0) | (counts == whole))[many].all())
