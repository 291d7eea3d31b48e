"""The check of task 5.2: images in colour go in, and every colour counts by itself."""

import torch
from torch import nn

from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import close
from helpers.checks.going_further.student_networks import (
    build_network,
    images_for,
    judge_scores,
    run,
    scores_of,
)


def judge_rgb_net(RGBConvNet) -> None:
    """Raise unless a network of this class takes [N, 3, 32, 32] and gives [N, 10], by image."""
    torch.manual_seed(seed(52))
    model = build_network(RGBConvNet, "RGBConvNet")
    model.eval()
    images = images_for(model, 4, (3, 32, 32))
    scores = scores_of(model, images, "4 images of 3×32×32")
    if not any(parameter.dim() == 4 for parameter in model.parameters()):
        raise Incorrect(
            "RGBConvNet has no convolution. Start from the ConvNet of notebook 3, and change two "
            "of its numbers."
        )
    alone = scores_of(model, images[:1], "1 image of 3×32×32")
    judge_scores(model, scores)
    if not close(run(model, images), scores):
        raise Incorrect(
            "in eval() mode, two calls with the same images give different scores. Leave out what "
            "draws at random, or let it listen to self.training."
        )
    if not close(alone, scores[:1], 1e-3):
        raise Incorrect(
            "the scores of an image change with the other images in the batch. The first "
            "dimension counts images: do not average or reshape over it."
        )
    judge_colours(model, images, scores)


def judge_colours(model: nn.Module, images: torch.Tensor, scores: torch.Tensor) -> None:
    """Raise unless each colour of ``images``, and each pixel, counts by itself for ``scores``."""

    def ignored(changed: torch.Tensor) -> bool:
        return close(run(model, changed), scores, 1e-6)

    if ignored(images.flip(0)):
        raise Incorrect(
            "all images get the same scores. Does forward hand x from layer to layer, up to the "
            "last?"
        )
    for channel, colour in enumerate(("red", "green", "blue")):
        changed = images.clone()
        changed[:, channel] = 1 - changed[:, channel]
        if ignored(changed):
            raise Incorrect(
                f"channel {channel} ({colour}) makes no difference to the scores. "
                "Hand all 3 channels to the first convolution."
            )
    if _mixed_colours(model, images):
        raise Incorrect(
            "your network averages the colours to grey: all that it sees of a pixel is one mixture "
            "of red, green and blue. Let the first convolution take all 3 channels."
        )
    if ignored(images.flip(1)):
        raise Incorrect(
            "with red and blue exchanged, an image gets the same scores. The colours are mixed "
            "before the network sees them: let the first convolution take all 3 channels."
        )
    inner = torch.zeros_like(images)
    inner[..., 2:30, 2:30] = images[..., 2:30, 2:30]
    if ignored(inner):
        raise Incorrect(
            "the two outermost rows and columns of pixels make no difference to the scores. Do not "
            "cut the images to 28×28: change the size of the first linear layer."
        )


def _mixed_colours(model: nn.Module, images: torch.Tensor) -> bool:
    """Whether the gradients at all pixels are multiples of one and the same mixture of colours."""
    images = images.clone().requires_grad_()
    with torch.enable_grad():
        total = model(images).sum()
    if not total.requires_grad:
        raise Incorrect(
            "the scores do not hang on the network any more, so it could not be trained. Leave out "
            "detach() and torch.no_grad() in forward."
        )
    (slope,) = torch.autograd.grad(total, images)
    lengths = torch.linalg.svdvals(slope.cpu().double().transpose(0, 1).flatten(1))
    return bool(lengths[1] < 1e-4 * lengths[0])
