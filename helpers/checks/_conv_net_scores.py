"""Does the student's network of task 3.1 compute what the layers asked for compute?

Fresh weights are put into a copy of it, and its scores are compared with those of the same layers
written in ``torch.nn.functional``; if they differ, with those of likely variants.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks._bench import call
from helpers.checks._conv_net import BATCH, ORDINALS
from helpers.checks._feedback import Incorrect
from helpers.checks._reading import close


def look_at_scores(net: nn.Module) -> None:
    """With fresh weights and inputs: the scores of the layers asked for, in their order?"""
    generator = torch.Generator(device="cpu").manual_seed(31)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, device="cpu")

    weights = []
    with torch.no_grad():
        for part in (net.conv_stack, net.linear_stack):
            for p in part.parameters():
                scale = (2 / p[0].numel()) ** 0.5 if p.dim() > 1 else 0.5
                p.copy_(scale * normal(*p.shape))
                weights.append(p.detach().clone())
        images = normal(BATCH, 1, 28, 28)
        found = call(net.eval(), images)
        if not _close(found, _scores(images, weights)):
            raise Incorrect(_difference(found, images, weights))
        net.train()
        again = [call(net, images) for _ in range(2)]
    if not all(_close(scores, found) for scores in again):
        raise Incorrect(
            "in training your network gives different scores for the same images: something in "
            "forward draws at random. Dropout comes in notebook 05; leave it out here."
        )


def _close(found, expected: torch.Tensor) -> bool:
    return isinstance(found, torch.Tensor) and close(found, expected, 1e-3)


POOLS = {"maximum": F.max_pool2d, "average": F.avg_pool2d}
BENDS = {
    "ReLU": F.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "leaky ReLU": F.leaky_relu,
    "GELU": F.gelu,
}
ENDS = {
    "scores": lambda x: x,
    "ReLU": F.relu,
    "softmax": lambda x: F.softmax(x, 1),
    "softmax over the batch": lambda x: F.softmax(x, 0),
    "log-softmax": lambda x: F.log_softmax(x, 1),
    "sigmoid": torch.sigmoid,
}
BENT = tuple(
    f"{ordinal} {kind}"
    for kind in ("convolution", "fully-connected layer")
    for ordinal in ORDINALS[:2]
)


def _scores(images, weights, bent=(True,) * 4, bend="ReLU", pool="maximum", end="scores"):
    """The scores of the layers asked for, or of a variant of them.

    ``weights`` are weight and bias of five layers in a row; ``bent`` says after which of the first
    four the activation function ``bend`` comes.
    """
    pairs = [weights[i : i + 2] for i in range(0, len(weights), 2)]
    x = images
    for (weight, bias), here in zip(pairs[:2], bent[:2], strict=True):
        x = F.conv2d(x, weight, bias)
        x = POOLS[pool](BENDS[bend](x) if here else x, 2)
    x = x.flatten(1)
    for (weight, bias), here in zip(pairs[2:], [*bent[2:], False], strict=True):
        x = F.linear(x, weight, bias)
        x = BENDS[bend](x) if here else x
    return ENDS[end](x)


def _difference(found, images, weights) -> str:
    """In which way ``found`` differs from the scores asked for, in a sentence."""
    for pool, end in itertools.product(POOLS, ENDS):
        for bent in itertools.product((True, False), repeat=4):
            if _close(found, _scores(images, weights, bent, pool=pool, end=end)):
                return " ".join(_say(bent, pool, end))
    for bend in BENDS:
        if _close(found, _scores(images, weights, bend=bend)):
            return f"the activation function of your network is {bend}; asked for is ReLU."
    return (
        "with the same weights, your network gives other scores than the layers asked for. Compare "
        "print(ConvNet()) with the list line by line, then forward: each part takes what the "
        "part before it returned."
    )


def _say(bent, pool: str, end: str):
    if pool != "maximum":
        yield "your pooling takes the average of each window; asked for is its maximum."
    missing = [place for place, here in zip(BENT, bent, strict=True) if not here]
    if missing:
        yield (
            f"there is no ReLU after the {', nor after the '.join(missing)}. Without it, two "
            "layers in a row can do no more than one."
        )
    if end == "ReLU":
        yield (
            "there is a ReLU after the last layer, which turns every negative score into zero. "
            "Scores may be negative: leave it out."
        )
    elif end != "scores":
        yield (
            f"your network ends with a {end}; asked for are the scores as the last layer gives "
            "them. The loss function of task 3.4 does the rest."
        )
