"""Checks of tasks 5.2 and 5.5: networks in colour, and within a limit."""

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from helpers.checks.core.checking import check
from helpers.checks.core.conv_nets import conv_net
from helpers.checks.core.describing import describe
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import answered, close
from helpers.checks.going_further import student_networks as networks
from helpers.checks.going_further.measured import judge_measured, sample
from helpers.checks.going_further.shares import read_share

LAYERS = conv_net((6, 16), 5)  # of task 5.2
LIMIT = 100_000  # parameters, in task 5.5


@check("5.2", "Colours", hints=(
    "Go through ConvNet line by line and ask of each number: does it depend on the colours, or "
    "on the size of the picture? Two do.",
    "Follow the width from 32: get_output_width(32, 5), then pooling by 2, and both once more. "
    "The first linear layer takes 16 times the square of what is left; the first convolution "
    "takes one channel for each colour.",
))  # fmt: skip
def rgb_net(RGBConvNet) -> str:
    """Right: the network of notebook 3 for images of 3×32×32; every colour counts by itself."""
    torch.manual_seed(seed(52))
    model = networks.build_network(RGBConvNet, "RGBConvNet")
    model.eval()
    images = networks.images_for(model, 4, (3, 32, 32))
    scores = networks.scores_of(model, images, "4 images of 3×32×32", LAYERS)
    alone = networks.scores_of(model, images[:1], "1 image of 3×32×32")
    networks.judge_scores(model, scores)
    if not close(networks.run(model, images), scores):
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
    networks.judge_layers(model.train(), LAYERS, (4, 3, 32, 32))
    return "3×32×32 goes in, 10 scores come out: each first kernel has a slice for every colour"


def judge_colours(model: nn.Module, images: torch.Tensor, scores: torch.Tensor) -> None:
    """Raise unless each colour of ``images``, and each pixel, counts by itself for ``scores``."""

    def ignored(changed: torch.Tensor) -> bool:
        return close(networks.run(model, changed), scores, 1e-6)

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
            "your network mixes the colours to grey: all that it sees of a pixel is one mixture of "
            "red, green and blue. Let the first convolution take all 3 channels."
        )
    if ignored(images.flip(1)):
        raise Incorrect(
            "with red and blue exchanged, an image gets the same scores, so that the network does "
            "not tell them apart. Let the first convolution take all 3 channels as they are."
        )
    inner = torch.zeros_like(images)
    inner[..., 2:30, 2:30] = images[..., 2:30, 2:30]
    if ignored(inner):
        raise Incorrect(
            "the two outermost rows and columns of pixels make no difference to the scores. The "
            "images should come whole to the first convolution; what has to fit is the size of the "
            "first linear layer."
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


@check("5.5", "As good as you can, within 100,000 parameters", hints=(
    "Print where the parameters of your network sit, with helpers.layers.layer_table(small_net, "
    "(1, 28, 28)). Spend them where they see most.",
    "A stage that works: twice convolution 3×3 with padding=1, batch norm and ReLU, then pooling "
    "by 2. Three stages, each with about twice the channels of the last; then "
    "nn.AdaptiveAvgPool2d(1), nn.Flatten() and one linear layer to 10. Train it with AdamW for "
    "as many epochs as you have patience.",
))  # fmt: skip
def small_net(small_net, accuracy, training_data, test_data) -> str:
    """Right: an instance with at most 100,000 parameters, and its accuracy on the test images."""
    answered(small_net=small_net, accuracy=accuracy)
    training, test = sample(training_data, "training_data"), sample(test_data, "test_data")
    if not isinstance(small_net, nn.Module):
        raise Incorrect(
            f"small_net is {describe(small_net)}; expected is the network that you have trained, "
            "the one that you call with images."
        )
    small_net = networks.uncompiled(small_net)
    if any(is_lazy(p) for p in small_net.parameters()):
        raise Incorrect(
            "small_net has lazy layers that have not seen an image yet, so none of their weights "
            "are there. Train it first."
        )
    networks.judge_lists(small_net)
    small_net.eval()
    with networks.without_compiling(small_net):
        scores = networks.scores_of(small_net, networks.images_for(small_net, 4), "4 images")
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
            "the scores of small_net are not finite (nan or inf), so that nothing can be read from "
            "them. If training has diverged, start anew with a smaller learning rate."
        )
    if torch.equal(scores, scores[:1].expand_as(scores)):
        raise Incorrect(
            "small_net gives all images the same scores, so that it does not tell them apart. If "
            "forward uses the images, train longer, or with another learning rate."
        )
    share = read_share(accuracy, "accuracy")
    with networks.without_compiling(small_net):
        judge_measured(share, small_net, training, test)
    return f"within {LIMIT:,} parameters; the mark to beat is 92.5%"
