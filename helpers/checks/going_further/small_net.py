"""The check of task 5.5: a trained network within a limit of parameters."""

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.going_further.shares import read_share
from helpers.checks.going_further.student_networks import (
    images_for,
    judge_lists,
    scores_of,
    uncompiled,
    without_compiling,
)

LIMIT = 100_000  # parameters, in task 5.5


def judge_small_net(small_net, accuracy) -> None:
    """Raise unless the network is within ``LIMIT``, has learned, and ``accuracy`` is a share."""
    if not isinstance(small_net, nn.Module):
        raise Incorrect(
            f"small_net is {describe(small_net)}; expected is the network that you have trained, "
            "the one that you call with images."
        )
    small_net = uncompiled(small_net)
    if any(is_lazy(p) for p in small_net.parameters()):
        raise Incorrect(
            "small_net has lazy layers that have not seen an image yet, so it cannot be trained. "
            "Train it first."
        )
    judge_lists(small_net)
    small_net.eval()
    with without_compiling(small_net):
        scores = scores_of(small_net, images_for(small_net, 4), "4 images")
    sizes = {
        f"{name} ({type(layer).__name__})" if name else type(layer).__name__: sum(
            p.numel() for p in layer.parameters(recurse=False)
        )
        for name, layer in small_net.named_modules()
    }
    total = sum(p.numel() for p in small_net.parameters())
    if total > LIMIT:
        largest = max(sizes, key=sizes.get)
        raise Incorrect(
            f"small_net has {total:,} parameters, {total - LIMIT:,} more than {LIMIT:,}. Most of "
            f"them, {sizes[largest]:,}, are in {largest}: begin there."
        )
    if not total:
        raise Incorrect("small_net has no parameters, so it cannot learn. Add layers to it.")
    if not scores.isfinite().all():
        raise Incorrect(
            "the scores of small_net are not finite (nan or inf): training has diverged. "
            "Start anew with a smaller learning rate."
        )
    if torch.equal(scores, scores[:1].expand_as(scores)):
        raise Incorrect(
            "small_net gives all images the same scores: it has not learned to tell them apart. "
            "Train longer, or with another learning rate."
        )
    read_share(accuracy, "accuracy")
