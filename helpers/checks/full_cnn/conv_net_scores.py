"""Does the student's network of task 3.1 compute what the layers asked for compute?

Fresh weights are put into a copy of it, and images are followed from layer to layer.
"""

import torch
from torch import nn

from helpers.checks.core.calling import call
from helpers.checks.core.describing import sentence
from helpers.checks.core.network_runs import draw_weights, run_difference
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.values import close
from helpers.checks.full_cnn.conv_net_run import LAYERS, Run, run


def judge_computation(net: nn.Module) -> None:
    """With fresh weights and images: the scores of the layers asked for, and do they learn?"""
    layers = [m for m in net.conv_stack.modules() if isinstance(m, nn.Conv2d)]
    layers += [m for m in net.linear_stack.modules() if isinstance(m, nn.Linear)]
    if not all(p.requires_grad for p in net.parameters()):
        raise Incorrect(
            "some weights of your network are frozen (requires_grad is False), so training could "
            "not change them. Leave the layers as nn.Conv2d and nn.Linear make them."
        )
    draw_weights(net, 31)
    found = run(net.eval())
    images, scores = found.images, found.scores
    if not scores.isfinite().all():
        raise Incorrect(
            "the scores of your network are not finite (nan or inf), although the images and all "
            f"weights are. {sentence(found.difference())}".rstrip()
        )
    with torch.no_grad():
        again, trained, trained_again = (
            call(net.train(training), images) for training in (False, True, True)
        )
    if not _close(again, scores) or not _close(trained_again, trained):
        raise Incorrect(
            "your network gives different scores for the same images: something in forward "
            "draws at random, such as a dropout, or a layer that is made there. Make all "
            "layers in __init__; dropout comes in notebook 5."
        )
    if not _close(trained, scores):
        raise Incorrect(
            "your network gives other scores in train() mode than in eval() mode. Leave out what "
            "depends on the mode; such layers come in notebook 5."
        )
    if said := run_difference(net.eval(), LAYERS, images):
        _judge_passage(found, layers)
        raise Incorrect(said)
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


def _judge_passage(found: Run, layers: list[nn.Module]) -> None:
    """Raise unless the images pass once through each of ``layers``, in their order."""
    path = found.recording.path()
    order = [
        i for op in path for i, m in enumerate(layers) if any(x is m.weight for x in op.constants)
    ]
    unused = [layer.name for i, layer in enumerate(LAYERS) if i not in order]
    if order and unused:
        raise Incorrect(f"{unused[0]} is never used: forward does not pass the numbers through it.")
    if order != list(range(len(LAYERS))):
        raise Incorrect(
            "forward does not pass the images once through each layer, in the order of the list. "
            "First conv_stack, then flatten, then linear_stack, each once."
        )
