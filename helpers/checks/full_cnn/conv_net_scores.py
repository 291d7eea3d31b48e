"""Does the student's network of task 3.1 compute what the layers asked for compute?

Fresh weights are put into a copy of it, and its scores are compared with those of the same layers
written in ``torch.nn.functional``. If they differ, what came out of each layer and what went into
the next one say where.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.core.calling import call
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import close
from helpers.checks.full_cnn.conv_net_run import BATCH

LAYERS = (
    "the first convolution",
    "the second convolution",
    "the first fully-connected layer",
    "the second fully-connected layer",
    "the third fully-connected layer",
)
NUM_CONVOLUTIONS = 2
POOLS = {"maximum": F.max_pool2d, "average": F.avg_pool2d}
BENDS = {
    "ReLU": F.relu,
    "nothing": lambda x: x,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "leaky ReLU": F.leaky_relu,
    "ELU": F.elu,
    "GELU": F.gelu,
    "softmax": lambda x: F.softmax(x, 1),
}
ENDS = {
    "ReLU": F.relu,
    "softmax": lambda x: F.softmax(x, 1),
    "softmax over the batch": lambda x: F.softmax(x, 0),
    "log-softmax": lambda x: F.log_softmax(x, 1),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


@dataclass
class Passage:
    """One call of one of the five layers: which, what went in and what came out."""

    layer: int
    given: torch.Tensor
    result: torch.Tensor


def judge_computation(net: nn.Module) -> None:
    """With fresh weights and images: the scores of the layers asked for, and do they learn?"""
    generator = seeded(31)
    layers = [m for m in net.conv_stack.modules() if isinstance(m, nn.Conv2d)]
    layers += [m for m in net.linear_stack.modules() if isinstance(m, nn.Linear)]
    if not all(p.requires_grad for p in net.parameters()):
        raise Incorrect(
            "some weights of your network are frozen (requires_grad is False), so training could "
            "not change them. Leave the layers as nn.Conv2d and nn.Linear make them."
        )
    with torch.no_grad():
        for p in (p for layer in layers for p in (layer.weight, layer.bias)):
            scale = (2 / p[0].numel()) ** 0.5 if p.dim() > 1 else 0.5
            p.copy_(scale * torch.randn(p.shape, generator=generator, device="cpu"))
        images = torch.randn(BATCH, 1, 28, 28, generator=generator, device="cpu")
        found, passages = _watch(net.eval(), layers, images)
        again = [call(net, images), call(net.train(), images), call(net, images)]
        if not all(_close(scores, found) for scores in again):
            raise Incorrect(
                "your network gives different scores for the same images: something in forward "
                "draws at random, such as a dropout, or a layer that is made there. Make all "
                "layers in __init__; dropout comes in notebook 5."
            )
        if not _close(found, _scores(layers, images)):
            raise Incorrect(_difference(passages, images, found))
    with torch.enable_grad():
        scores = call(net, images)
    gradients = [None]
    if scores.requires_grad:
        weights = list(net.parameters())
        gradients = torch.autograd.grad(scores.sum(), weights, allow_unused=True)
    if any(gradient is None for gradient in gradients):
        raise Incorrect(
            "training could not reach all layers: something in forward cuts them off, such as "
            "detach() or torch.no_grad(). Leave it out."
        )


def _close(found, expected: torch.Tensor) -> bool:
    return isinstance(found, torch.Tensor) and close(found, expected, 1e-3)


def _watch(net, layers, images) -> tuple[torch.Tensor, list[Passage]]:
    """The network's scores for ``images``, and how they passed the layers."""
    passages = []

    def note(module, inputs, output):  # clones, since ReLU may work in place
        passages.append(Passage(layers.index(module), inputs[0].clone(), output.clone()))

    handles = [layer.register_forward_hook(note) for layer in layers]
    try:
        return call(net, images), passages
    finally:
        for handle in handles:
            handle.remove()


def _scores(layers, images: torch.Tensor) -> torch.Tensor:
    """The scores of the layers asked for, in their order, with the same weights."""
    x = images
    for layer in layers[:NUM_CONVOLUTIONS]:
        x = F.max_pool2d(F.relu(F.conv2d(x, layer.weight, layer.bias)), 2)
    x = x.flatten(1)
    for layer in layers[NUM_CONVOLUTIONS:-1]:
        x = F.relu(F.linear(x, layer.weight, layer.bias))
    return F.linear(x, layers[-1].weight, layers[-1].bias)


def _difference(passages: list[Passage], images: torch.Tensor, found) -> str:
    """In which way the scores ``found`` are other than those asked for, in a sentence or more."""
    order = [passage.layer for passage in passages]
    unused = [name for i, name in enumerate(LAYERS) if i not in order]
    if passages and unused:
        return f"{unused[0]} is never used: forward does not pass the numbers through it."
    if order != list(range(len(LAYERS))):
        return (
            "forward does not pass the images once through each layer, in the order of the list. "
            "First conv_stack, then flatten, then linear_stack, each once."
        )
    if not _close(passages[0].given, images):
        return (
            "forward changes the images before they come to the first convolution. Pass x to "
            "conv_stack as it is."
        )
    after = [passage.given for passage in passages[1:]]
    bends = dict.fromkeys(LAYERS[:-1], "ReLU")
    pools = dict.fromkeys(LAYERS[:NUM_CONVOLUTIONS], "maximum")
    for name, passage, came in zip(LAYERS[:-1], passages[:-1], after, strict=True):
        step = _step(passage.result, came, pooled=name in pools)
        if step is None:
            return (
                f"what comes after {name} is not what the list asks for. Compare "
                "print(ConvNet()) with it line by line, and then your forward."
            )
        bends[name] = step[0]
        if name in pools:
            pools[name] = step[1]
    return " ".join(_say(bends, pools, _end(passages[-1].result, found)))


def _step(result: torch.Tensor, came: torch.Tensor, pooled: bool) -> tuple[str, str] | None:
    """Which activation function and pooling lead from a layer's result to the next one's input."""
    for pool_name, pool in POOLS.items() if pooled else [("", None)]:
        for name, bend in BENDS.items():
            candidates = [pool(bend(result), 2), bend(pool(result, 2))] if pool else [bend(result)]
            for candidate in candidates:
                if _close(came.flatten(1), candidate.flatten(1)):
                    return name, pool_name
    return None


def _end(result: torch.Tensor, found: torch.Tensor) -> str:
    """What happens to the scores of the last layer; empty if nothing does."""
    if _close(found, result):
        return ""
    return next((name for name, end in ENDS.items() if _close(found, end(result))), "something")


def _say(bends: dict[str, str], pools: dict[str, str], end: str):
    if "average" in pools.values():
        yield "your pooling takes the average of each window; asked for is its maximum."
    missing = [place for place, bend in bends.items() if bend == "nothing"]
    if missing:
        yield (
            f"there is no ReLU after {', nor after '.join(missing)}. Without it, two "
            "layers in a row can do no more than one."
        )
    for other in sorted(set(bends.values()) - {"ReLU", "nothing"}):
        places = [place for place, bend in bends.items() if bend == other]
        yield f"after {' and after '.join(places)} comes {other}; asked for is ReLU."
    if end == "ReLU":
        yield (
            "there is a ReLU after the last layer, which turns every negative score into zero. "
            "Scores may be negative: leave it out."
        )
    elif end == "something":
        yield (
            "forward changes the scores after the last layer; asked for are the scores as that "
            "layer gives them. Return what linear_stack returns."
        )
    elif end:
        yield (
            f"your network ends with a {end}; asked for are the scores as the last layer gives "
            "them. The loss function of Task 3.4 does the rest."
        )
