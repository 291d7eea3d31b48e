"""The check of task 5.3: numbers are dropped in training only, before the last layer."""

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from helpers.checks.core.describing import listed
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import close
from helpers.checks.going_further.student_networks import (
    build_network,
    images_for,
    judge_scores,
    run,
    scores_of,
    watching,
)

_AFTER_LAST = (
    "dropout comes after the last layer, so it sets scores to 0. "
    "Put it before a linear layer, where the next layer can make up for what is missing."
)


def judge_dropout(DropoutConvNet) -> None:
    """Raise unless ``train()`` drops at random and ``eval()`` drops nothing."""
    torch.manual_seed(seed(53))
    model = build_network(DropoutConvNet, "DropoutConvNet")
    images = images_for(model, 64)
    model.eval()
    with watching(model) as calls:
        scores = scores_of(model, images, "64 images in eval() mode")
    judge_scores(model, scores)
    if model.training:
        raise Incorrect(
            "after eval(), your network goes back to train() mode. Leave the mode to whoever calls "
            "the network: no train() in forward."
        )
    if not close(run(model, images), scores):
        raise Incorrect(
            "in eval() mode, two calls with the same images give different scores: something is "
            "still dropped. nn.Dropout listens to train() and eval() by itself if it is made in "
            "__init__; F.dropout needs training=self.training."
        )
    defined = {name: m for name, m in model.named_modules() if isinstance(m, _DropoutNd)}
    for name, layer in defined.items():
        if layer.p in (0, 1):
            raise Incorrect(
                f"{name} has p={layer.p:g}, so it drops {'all' if layer.p else 'nothing'}. p is "
                "the share that is dropped: choose one between 0 and 1, such as 0.5."
            )
    layers = [call.layer for call in calls]
    if defined and not any(isinstance(layer, _DropoutNd) for layer in layers):
        raise Incorrect(
            f"{listed(defined)} is defined, but forward never calls it. "
            "Put it between the layers, or call it in forward."
        )
    last = max((i for i, layer in enumerate(layers) if isinstance(layer, nn.Linear)), default=-1)
    if any(isinstance(layer, _DropoutNd) for layer in layers[last + 1 :]) and last >= 0:
        raise Incorrect(_AFTER_LAST)
    model.train()
    dropped = run(model, images)
    if close(run(model, images), dropped, 1e-6):
        raise Incorrect(
            "your dropout drops nothing: in train() mode, two calls with the same images give the "
            "same scores. Leave the mode to train() and eval(): no eval() in forward."
            if defined
            else "no dropout found: in train() mode, two calls with the same images give the same "
            "scores. Put nn.Dropout among the linear layers."
        )
    if (dropped == 0).sum() > (scores == 0).sum():
        raise Incorrect(_AFTER_LAST)
