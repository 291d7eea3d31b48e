"""Checks of notebook 05, going further."""

import itertools

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parameter import is_lazy

from helpers.checks.core.checking import check
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import answered, close, describe
from helpers.checks.going_further import (
    batch_norm as _batch_norm,
)
from helpers.checks.going_further import (
    data_parallel as _data_parallel,
)
from helpers.checks.going_further.student_networks import (
    Call,
    build_network,
    call_network,
    images_for,
    judge_colours,
    judge_lists,
    judge_scores,
    listed,
    run,
    scores_of,
    uncompiled,
    watching,
    without_compiling,
)
from helpers.checks.going_further.variants import judge_results, read_share
from helpers.models import ConvNet

LIMIT = 100_000  # parameters, in task 5.5

# Parts of error messages of make_conv_net, and what to try then.
HINTS = (
    ("index out of range", "Any number of layers should work: make them in a loop over channels."),
    ("values to unpack", "Any number of layers should work: make them in a loop over channels."),
    ("positional argument", "Leave the first line of the function as the notebook has it."),
)


@check("5.1", "Other shapes")
def variants(make_conv_net, results) -> str:
    """Right: a network with one convolution per entry of ``channels``, and a table of results.

    Tried with combinations whose kernels fit when each convolution is followed by 2×2 pooling.
    """
    answered(make_conv_net=make_conv_net, results=results)
    if not callable(make_conv_net) or isinstance(make_conv_net, nn.Module):
        raise Incorrect(
            f"make_conv_net is {describe(make_conv_net)}; expected is a function that builds a "
            "new network for the channels and kernel size it is given."
        )
    for channels, kernel_size in (((6, 16), 5), ((8,), 5), ((5, 7), 3), ((4, 6, 8), 3)):
        on = f"channels={channels}, kernel_size={kernel_size}"
        model = uncompiled(call_network(make_conv_net, channels, kernel_size, on=on, hints=HINTS))
        if not isinstance(model, nn.Module):
            raise Incorrect(
                f"make_conv_net returned {describe(model)} for {on}; expected is a network. "
                "End the function with return and the network."
            )
        _judge_variant(model, channels, kernel_size, on)
    model = uncompiled(call_network(make_conv_net, on="a call without arguments", hints=HINTS))
    _judge_variant(model, (6, 16), 5, "no arguments, which means channels=(6, 16), kernel_size=5")
    judge_results(results)
    return "channels and kernel_size set every size; one function makes networks of any depth"


def _judge_variant(model: nn.Module, channels: tuple, kernel_size: int, on: str) -> None:
    judge_lists(model)
    with watching(model) as calls:
        scores = scores_of(model, images_for(model, 4), f"4 images, made with {on}")
    calls = [call for call in calls if isinstance(call.layer, nn.Conv2d)]
    convolutions = [call.layer for call in calls]
    widths = tuple(layer.out_channels for layer in convolutions)
    if len(widths) != len(channels):
        raise Incorrect(
            f"made with {on}, the network has {len(widths)} convolution{'s' * (len(widths) != 1)}; "
            f"expected is one for each entry of channels: {len(channels)}. Add layers nn.Conv2d in "
            "a loop over channels."
        )
    if widths != channels:
        raise Incorrect(
            f"made with {on}, the convolutions have {listed(widths)} output channels; expected "
            f"are {listed(channels)}. Take each number from channels."
        )
    kernels = [layer.kernel_size for layer in convolutions]
    if any(kernel != (kernel_size, kernel_size) for kernel in kernels):
        raise Incorrect(
            f"made with {on}, the kernels have sizes {listed(kernel[0] for kernel in kernels)}; "
            f"expected is {kernel_size} for each. Hand kernel_size on to nn.Conv2d."
        )
    _judge_between(model, calls, on)
    judge_scores(model, scores)


def _judge_between(model: nn.Module, calls: list[Call], on: str) -> None:
    """Raise unless pooling and ReLU stand between the ``calls`` of convolutions."""
    # Of the combinations tried, a kernel alone leaves more than 0.8 of the width; with pooling,
    # less than 0.5 is left.
    for number, (before, after) in enumerate(itertools.pairwise(calls), start=1):
        if after.shape[-1] > 0.6 * before.shape[-1]:
            raise Incorrect(
                f"made with {on}, convolution {number} gets images {before.shape[-1]} pixels wide, "
                f"and the next one still {after.shape[-1]}. Put 2×2 max pooling behind each "
                "convolution."
            )
    # After ReLU there are no negative numbers; another layer of this kind may stand in its place.
    others = any(type(part).__module__ == nn.ReLU.__module__ for part in model.modules())
    if any(call.smallest < 0 for call in calls[1:]) and not others:
        raise Incorrect(
            f"made with {on}, negative numbers pass from one convolution to the next. Put a ReLU "
            "behind each convolution."
        )


@check("5.2", "Colours")
def rgb_net(RGBConvNet) -> str:
    """Right: [N, 3, 32, 32] → [N, 10], image by image, and every colour counts by itself."""
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
    return "3×32×32 goes in, 10 scores come out: each first kernel has a slice for every colour"


@check("5.3", "Dropout")
def dropout(DropoutConvNet) -> str:
    """Right: numbers are dropped at random in training mode only, before the last layer.

    ``nn.Dropout`` or a relative of it, or ``F.dropout`` that listens to ``self.training``.
    """
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
    return "train() drops at random, anew in every call; eval() keeps all and repeats itself"


_AFTER_LAST = (
    "dropout comes after the last layer, so it sets scores to 0. "
    "Put it before a linear layer, where the next layer can make up for what is missing."
)


@check("5.4", "Batch normalisation")
def batch_norm(BatchNormConvNet) -> str:
    """Right: BatchNorm2d after every convolution, BatchNorm1d after every linear layer but the
    last, before or after ReLU, each its own."""
    torch.manual_seed(seed(54))
    model = build_network(BatchNormConvNet, "BatchNormConvNet")
    model.train()
    images = images_for(model, 8)
    with watching(model) as calls:
        try:
            scores = scores_of(model, images, "8 images")
        except Incorrect as error:
            raise Incorrect(_batch_norm.norm_that_does_not_fit(calls) or error.message) from None
    judge_scores(model, scores)
    _batch_norm.judge_norms(model, calls)
    model.eval()
    if close(run(model, images), scores, 1e-6):
        raise Incorrect(
            "train() and eval() give the same scores, so that batch normalisation is not at work. "
            "Let forward use the layers' results, and leave the mode to train() and eval()."
        )
    return "train() normalises by the batch, eval() by the mean and variance that training kept"


@check("5.5", "As good as you can, within 100,000 parameters")
def small_net(small_net, accuracy) -> str:
    """Right: an instance with at most 100,000 parameters, and its accuracy between 0 and 1."""
    answered(small_net=small_net, accuracy=accuracy)
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
    return f"within {LIMIT:,} parameters; the mark to beat is 92.5%"


@check("5.6", "The same training on several processes")
def data_parallel(make_sampler, wrap, is_logger) -> str:
    """Right: ranks share out one order of images, average their gradients, and one of them prints.

    In any form that trains, on any number of ranks, as one process would.
    """
    _data_parallel.judge_sampler(make_sampler)
    torch.manual_seed(seed(56))
    model = ConvNet()
    with _data_parallel.process_group():
        _data_parallel.judge_wrap(wrap, model, images_for(model, 4))
    _data_parallel.judge_logger(is_logger)
    return "ranks share the images, average the gradients, and one prints: as one process would"
