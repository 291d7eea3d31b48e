"""Checks of notebook 05, going further."""

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from helpers.checks import _norms
from helpers.checks._check import check
from helpers.checks._feedback import Incorrect
from helpers.checks._networks import (
    build_network,
    call_network,
    images_for,
    listed,
    run,
    scores_of,
    watching,
)
from helpers.checks._reading import answered, close, describe
from helpers.checks._results import judge_results, read_share

LIMIT = 100_000  # parameters, in task 5.5


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
        hint = "Any number of layers should work: make them in a loop over channels."
        model = call_network(make_conv_net, channels, kernel_size, on=on, hint=hint)
        if not isinstance(model, nn.Module):
            raise Incorrect(
                f"make_conv_net returned {describe(model)} for {on}; expected is a network. "
                "End the function with return and the network."
            )
        _judge_variant(model, channels, kernel_size, on)
    model = call_network(make_conv_net, on="no arguments")
    _judge_variant(model, (6, 16), 5, "no arguments, which means channels=(6, 16), kernel_size=5")
    judge_results(results)
    return "channels and kernel_size set every size; one function makes networks of any depth"


def _judge_variant(model: nn.Module, channels: tuple, kernel_size: int, on: str) -> None:
    with watching(model) as calls:
        scores_of(model, images_for(model, 4), f"4 images, made with {on}")
    convolutions = [layer for layer, _ in calls if isinstance(layer, nn.Conv2d)]
    widths = tuple(layer.out_channels for layer in convolutions)
    if len(widths) != len(channels):
        raise Incorrect(
            f"made with {on}, the network has {len(widths)} convolutions; expected is one for "
            f"each entry of channels: {len(channels)}. Add layers in a loop over channels."
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


@check("5.2", "Colours")
def rgb_net(RGBConvNet) -> str:
    """Right: [N, 3, 32, 32] → [N, 10], image by image, and every colour counts by itself."""
    torch.manual_seed(52)
    model = build_network(RGBConvNet, "RGBConvNet").eval()
    images = images_for(model, 4, (3, 32, 32))
    scores = scores_of(model, images, "4 images of 3×32×32")
    alone = scores_of(model, images[:1], "1 image of 3×32×32")
    if not close(alone, scores[:1], 1e-3):
        raise Incorrect(
            "the scores of an image change with the other images in the batch. The first "
            "dimension counts images: do not average or reshape over it."
        )
    if close(run(model, images.mean(1, keepdim=True).expand_as(images)), scores, 1e-6):
        raise Incorrect(
            "your network averages the colours to grey: it gives a grey copy of an image the same "
            "scores. Let the first convolution take all 3 channels."
        )
    for channel, colour in enumerate(("red", "green", "blue")):
        changed = images.clone()
        changed[:, channel] = 1 - changed[:, channel]
        if close(run(model, changed), scores, 1e-6):
            raise Incorrect(
                f"channel {channel} ({colour}) makes no difference to the scores. "
                "Hand all 3 channels to the first convolution."
            )
    return "3×32×32 goes in, 10 scores come out: each first kernel has a slice for every colour"


@check("5.3", "Dropout")
def dropout(DropoutConvNet) -> str:
    """Right: numbers are dropped at random in training mode only, before the last layer.

    ``nn.Dropout`` or a relative of it, or ``F.dropout`` that listens to ``self.training``.
    """
    torch.manual_seed(53)
    model = build_network(DropoutConvNet, "DropoutConvNet")
    images = images_for(model, 64)
    with watching(model.eval()) as calls:
        scores = scores_of(model, images, "64 images in eval() mode")
    if not close(run(model, images), scores):
        raise Incorrect(
            "in eval() mode, two calls with the same images give different scores: something is "
            "still dropped. nn.Dropout listens to train() and eval() by itself; F.dropout needs "
            "training=self.training."
        )
    used = [layer for layer, _ in calls if isinstance(layer, _DropoutNd)]
    defined = {name: m for name, m in model.named_modules() if isinstance(m, _DropoutNd)}
    for name, layer in defined.items():
        if layer.p in (0, 1):
            raise Incorrect(
                f"{name} has p={layer.p:g}, so it drops {'all' if layer.p else 'nothing'}. p is "
                "the share that is dropped: choose one between 0 and 1, such as 0.5."
            )
    if defined and not used:
        raise Incorrect(
            f"{listed(defined)} is defined, but forward never calls it. "
            "Put it between the layers, or call it in forward."
        )
    last = max((i for i, (m, _) in enumerate(calls) if isinstance(m, nn.Linear)), default=-1)
    if any(isinstance(layer, _DropoutNd) for layer, _ in calls[last + 1 :]) and last >= 0:
        raise Incorrect(
            "dropout comes after the last layer, so it sets scores to 0. "
            "Put it before a linear layer, where the next layer can make up for what is missing."
        )
    model.train()
    if close(run(model, images), run(model, images), 1e-6):
        raise Incorrect(
            "no dropout found: in train() mode, two calls with the same images give the same "
            "scores. Put nn.Dropout among the linear layers."
        )
    return "train() drops at random, anew in every call; eval() keeps all and repeats itself"


@check("5.4", "Batch normalisation")
def batch_norm(BatchNormConvNet) -> str:
    """Right: BatchNorm2d after every convolution, BatchNorm1d after every linear layer but the
    last, before or after ReLU, each its own."""
    torch.manual_seed(54)
    model = build_network(BatchNormConvNet, "BatchNormConvNet").train()
    images = images_for(model, 8)
    with watching(model) as calls:
        try:
            scores = scores_of(model, images, "8 images")
        except Incorrect as error:
            raise Incorrect(_norms.norm_that_does_not_fit(calls) or error.message) from None
    _norms.judge_norms(model, calls)
    if close(run(model.eval(), images), scores, 1e-6):
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
    small_net.eval()
    scores = scores_of(small_net, images_for(small_net, 4), "4 images")
    sizes = {
        name or type(layer).__name__: sum(p.numel() for p in layer.parameters(recurse=False))
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
    read_share(accuracy, "accuracy")
    return f"within {LIMIT:,} parameters; the mark to beat is 92.5%"
