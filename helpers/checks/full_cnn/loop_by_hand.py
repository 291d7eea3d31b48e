"""What plain SGD does on the bench of tasks 3.5 and 3.6, computed by hand, without autograd."""

import torch
import torch.nn.functional as F

from helpers.checks.full_cnn.loop_recorder import LEARNING_RATE


def slopes(images, labels, weight, bias) -> tuple[float, list[torch.Tensor]]:
    """The loss of a batch, and its gradients in weight and bias, computed by hand."""
    x = images.flatten(1)
    scores = F.linear(x, weight, bias)
    # The gradient of cross-entropy in the scores: probabilities minus the one-hot label.
    slope = (scores.softmax(1) - F.one_hot(labels, 10)) / len(x)
    return F.cross_entropy(scores, labels).item(), [slope.T @ x, slope.sum(0)]


def trained(
    batches, weight: torch.Tensor, accumulate: bool = False
) -> tuple[torch.Tensor, list[float]]:
    """Weights after one epoch of plain SGD, and the loss of each batch, computed by hand.

    ``accumulate``: gradients are never cleared.
    """
    weight = weight.detach().clone()
    bias = weight.new_zeros(10)
    sums = [torch.zeros_like(weight), torch.zeros_like(bias)]
    losses = []
    for images, labels in batches:
        loss, gradients = slopes(images, labels, weight, bias)
        losses.append(loss)
        if accumulate:
            sums = [a + b for a, b in zip(sums, gradients, strict=True)]
            gradients = sums
        weight = weight - LEARNING_RATE * gradients[0]
        bias = bias - LEARNING_RATE * gradients[1]
    return weight, losses
