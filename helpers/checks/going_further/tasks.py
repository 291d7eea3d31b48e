"""Checks of notebook 05, going further: what is right, and what is said then."""

import torch

from helpers.checks.core.checking import check
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import answered
from helpers.checks.going_further.batch_norm import judge_batch_norm
from helpers.checks.going_further.data_parallel import (
    judge_logger,
    judge_sampler,
    judge_wrap,
    process_group,
)
from helpers.checks.going_further.dropout import judge_dropout
from helpers.checks.going_further.rgb_net import judge_rgb_net
from helpers.checks.going_further.small_net import LIMIT, judge_small_net
from helpers.checks.going_further.student_networks import images_for
from helpers.checks.going_further.variants import judge_networks, judge_results
from helpers.models import ConvNet


@check("5.1", "Other shapes", hints=(
    "Write down the layers for channels=(6, 16) and for channels=(8,). What repeats for each "
    "number? And which two things does each round have to hand to the next?",
    "Before the loop: layers = [], in_channels = 1, width = 28. In each round: append a "
    "convolution from in_channels to this number, a ReLU, a pooling; compute the new width "
    "(twice get_output_width); this number is the next in_channels. After the loop, "
    "nn.Sequential(*layers, nn.Flatten(), ...) with the three linear layers, the first of which "
    "takes in_channels * width**2 numbers.",
))  # fmt: skip
def variants(make_conv_net, results) -> str:
    """Right: a network with one convolution per entry of ``channels``, and a table of results.

    Tried with combinations whose kernels fit when each convolution is followed by 2×2 pooling.
    """
    answered(make_conv_net=make_conv_net, results=results)
    judge_networks(make_conv_net)
    judge_results(results)
    return "channels and kernel_size set every size; one function makes networks of any depth"


@check("5.2", "Colours", hints=(
    "Go through ConvNet line by line and ask of each number: does it depend on the colours, or "
    "on the size of the picture? Two do.",
    "Follow the width from 32: get_output_width(32, 5), then pooling by 2, and both once more. "
    "The first linear layer takes 16 times the square of what is left; the first convolution "
    "takes one channel for each colour.",
))  # fmt: skip
def rgb_net(RGBConvNet) -> str:
    """Right: [N, 3, 32, 32] → [N, 10], image by image, and every colour counts by itself."""
    judge_rgb_net(RGBConvNet)
    return "3×32×32 goes in, 10 scores come out: each first kernel has a slice for every colour"


@check("5.3", "Dropout", hints=(
    "A dropout layer sits in the row of layers like a ReLU does. Where may numbers be missing "
    "without harm, and where not?",
    "For a smaller network it would be nn.Sequential(nn.Linear(8, 6), nn.ReLU(), "
    "nn.Dropout(0.5), nn.Linear(6, 2)). Yours has two ReLUs, so two dropouts.",
))  # fmt: skip
def dropout(DropoutConvNet) -> str:
    """Right: numbers are dropped at random in training mode only, before the last layer.

    ``nn.Dropout`` or a relative of it, or ``F.dropout`` that listens to ``self.training``.
    """
    judge_dropout(DropoutConvNet)
    return "train() drops at random, anew in every call; eval() keeps all and repeats itself"


@check("5.4", "Batch normalisation", hints=(
    "Two kinds of layers are followed by two kinds of normalisation. What does a convolution "
    "hand on, and what a linear layer?",
    "For a smaller network: nn.Conv2d(1, 3, 5), nn.BatchNorm2d(3), nn.ReLU() in one stack and "
    "nn.Linear(8, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 2) in the other. The number in "
    "a BatchNorm is what the layer before it gives out.",
))  # fmt: skip
def batch_norm(BatchNormConvNet) -> str:
    """Right: BatchNorm2d after every convolution, BatchNorm1d after every linear layer but the
    last, before or after ReLU, each its own."""
    judge_batch_norm(BatchNormConvNet)
    return "train() normalises by the batch, eval() by the mean and variance that training kept"


@check("5.5", "As good as you can, within 100,000 parameters", hints=(
    "Print where the parameters of your network sit, with helpers.layers.layer_table(small_net, "
    "(1, 28, 28)). Spend them where they see most.",
    "A stage that works: twice convolution 3×3 with padding=1, batch norm and ReLU, then pooling "
    "by 2. Three stages, each with about twice the channels of the last; then "
    "nn.AdaptiveAvgPool2d(1), nn.Flatten() and one linear layer to 10. Train it with AdamW for "
    "as many epochs as you have patience.",
))  # fmt: skip
def small_net(small_net, accuracy) -> str:
    """Right: an instance with at most 100,000 parameters, and its accuracy between 0 and 1."""
    answered(small_net=small_net, accuracy=accuracy)
    judge_small_net(small_net, accuracy)
    return f"within {LIMIT:,} parameters; the mark to beat is 92.5%"


@check("5.6", "The same training on several processes", hints=(
    "Ask of each function what would go wrong without it. All ranks would see the same images; "
    "each would train for itself; each line would be printed several times.",
    "With three ranks and the order 5, 2, 0, 4, 1, 3, rank 1 gets 2 and 1: each third place, "
    "from the second on. DistributedSampler(dataset, num_replicas=..., rank=...) deals out so "
    "and shuffles, anew after its set_epoch(...). DistributedDataParallel(...) takes the "
    "network. And of all ranks, only 0 is in every run.",
))  # fmt: skip
def data_parallel(make_sampler, wrap, is_logger) -> str:
    """Right: ranks share out one order of images, average their gradients, and one of them prints.

    In any form that trains, on any number of ranks, as one process would.
    """
    judge_sampler(make_sampler)
    torch.manual_seed(seed(56))
    model = ConvNet()
    with process_group():
        judge_wrap(wrap, model, images_for(model, 4))
    judge_logger(is_logger)
    return "ranks share the images, average the gradients, and one prints: as one process would"
