"""Checks of notebook 05, going further."""

import math
import re
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from helpers.checks._feedback import (
    Incorrect,
    NotAnswered,
    answered,
    attempt,
    check,
    close,
    describe,
    is_blank,
    real_number,
    show_shape,
    whole_number,
)

LIMIT = 100_000  # parameters, in task 5.5

# ----------------------------------------------------------------------------- 5.1


@check("5.1")
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
        model = _call(make_conv_net, channels, kernel_size, on=on, hint=hint)
        if not isinstance(model, nn.Module):
            raise Incorrect(
                f"make_conv_net returned {describe(model)} for {on}; expected is a network. "
                "End the function with return and the network."
            )
        _judge_variant(model, channels, kernel_size, on)
    model = _call(make_conv_net, on="no arguments")
    _judge_variant(model, (6, 16), 5, "no arguments, which means channels=(6, 16), kernel_size=5")
    _judge_results(results)
    return "channels and kernel_size set every size; one function makes networks of any depth"


def _judge_variant(model: nn.Module, channels: tuple, kernel_size: int, on: str) -> None:
    with _watching(model) as calls:
        _scores(model, _images(model, 4), f"4 images, made with {on}")
    convolutions = [layer for layer, _ in calls if isinstance(layer, nn.Conv2d)]
    widths = tuple(layer.out_channels for layer in convolutions)
    if len(widths) != len(channels):
        raise Incorrect(
            f"made with {on}, the network has {len(widths)} convolutions; expected is one for "
            f"each entry of channels: {len(channels)}. Add layers in a loop over channels."
        )
    if widths != channels:
        raise Incorrect(
            f"made with {on}, the convolutions have {_listed(widths)} output channels; expected "
            f"are {_listed(channels)}. Take each number from channels."
        )
    kernels = [layer.kernel_size for layer in convolutions]
    if any(kernel != (kernel_size, kernel_size) for kernel in kernels):
        raise Incorrect(
            f"made with {on}, the kernels have sizes {_listed(kernel[0] for kernel in kernels)}; "
            f"expected is {kernel_size} for each. Hand kernel_size on to nn.Conv2d."
        )


def _judge_results(results) -> None:
    if isinstance(results, dict) or not isinstance(results, (list, tuple)):
        raise Incorrect(
            f"results is {describe(results)}; expected is a list with one dictionary per variant."
        )
    if not results:
        raise NotAnswered("results is still empty. Add one dictionary per variant that you train.")
    rows = [_row(number, result) for number, result in enumerate(results)]
    if len(rows) < 3:
        raise Incorrect(
            f"results has {len(rows)} row{'s' * (len(rows) > 1)}; expected are at least 3, so "
            "that there is something to compare. Train another variant."
        )
    for number, row in enumerate(rows):
        for earlier in range(number):
            if row[1:] == rows[earlier][1:]:
                raise Incorrect(
                    f"rows {earlier} and {number} of results have the same numbers. Make a new "
                    "network for each variant, train it, and write down what you measured then."
                )
            if row[0] == rows[earlier][0]:
                raise Incorrect(
                    f"rows {earlier} and {number} of results have the same variant, "
                    f"{row[0][:40]}. Give each a name that tells them apart."
                )


def _row(number: int, result) -> tuple[str, int, float, float]:
    """One row of results as variant, parameters, seconds, accuracy; or what is wrong with it."""
    answered(**{f"row {number} of results": result})
    keys = ("variant", "parameters", "seconds", "accuracy")
    if not isinstance(result, dict):
        raise Incorrect(
            f"row {number} of results is {describe(result)}; expected is a dictionary with the "
            f"keys {_listed(keys)}."
        )
    missing = [key for key in keys if key not in result]
    if missing:
        raise Incorrect(
            f"row {number} of results lacks {_listed(missing)}; each row needs {_listed(keys)}."
        )
    names = [f'"{key}" in row {number} of results' for key in keys]
    for name, key in zip(names, keys, strict=True):
        if is_blank(result[key]):
            raise NotAnswered(f"put what you measured in place of the dots for {name}.")
    parameters = whole_number(result["parameters"], names[1])
    seconds = real_number(result["seconds"], names[2])
    if parameters <= 0:
        raise Incorrect(
            f"{names[1]} is {parameters:,}; a network with convolutions has more. Add up p.numel() "
            "over model.parameters()."
        )
    if not 0 < seconds < math.inf:
        raise Incorrect(
            f"{names[2]} is {seconds:g}; expected is a time above 0. "
            "Subtract the clock before training from the clock after it."
        )
    return str(result["variant"]), parameters, seconds, _share(result["accuracy"], names[3])


# ----------------------------------------------------------------------------- 5.2


@check("5.2")
def rgb_net(RGBConvNet) -> str:
    """Right: [N, 3, 32, 32] → [N, 10], image by image, and every colour counts by itself."""
    torch.manual_seed(52)
    model = _build(RGBConvNet, "RGBConvNet").eval()
    images = _images(model, 4, (3, 32, 32))
    scores = _scores(model, images, "4 images of 3×32×32")
    alone = _scores(model, images[:1], "1 image of 3×32×32")
    if not close(alone, scores[:1], 1e-3):
        raise Incorrect(
            "the scores of an image change with the other images in the batch. The first "
            "dimension counts images: do not average or reshape over it."
        )
    if close(_run(model, images.mean(1, keepdim=True).expand_as(images)), scores, 1e-6):
        raise Incorrect(
            "your network averages the colours to grey: it gives a grey copy of an image the same "
            "scores. Let the first convolution take all 3 channels."
        )
    for channel, colour in enumerate(("red", "green", "blue")):
        changed = images.clone()
        changed[:, channel] = 1 - changed[:, channel]
        if close(_run(model, changed), scores, 1e-6):
            raise Incorrect(
                f"channel {channel} ({colour}) makes no difference to the scores. "
                "Hand all 3 channels to the first convolution."
            )
    return "3×32×32 goes in, 10 scores come out: each first kernel has a slice for every colour"


# ----------------------------------------------------------------------------- 5.3


@check("5.3")
def dropout(DropoutConvNet) -> str:
    """Right: numbers are dropped at random in training mode only, before the last layer.

    ``nn.Dropout`` or a relative of it, or ``F.dropout`` that listens to ``self.training``.
    """
    torch.manual_seed(53)
    model = _build(DropoutConvNet, "DropoutConvNet")
    images = _images(model, 64)
    with _watching(model.eval()) as calls:
        scores = _scores(model, images, "64 images in eval() mode")
    if not close(_run(model, images), scores):
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
            f"{_listed(defined)} is defined, but forward never calls it. "
            "Put it between the layers, or call it in forward."
        )
    last = max((i for i, (m, _) in enumerate(calls) if isinstance(m, nn.Linear)), default=-1)
    if any(isinstance(layer, _DropoutNd) for layer, _ in calls[last + 1 :]) and last >= 0:
        raise Incorrect(
            "dropout comes after the last layer, so it sets scores to 0. "
            "Put it before a linear layer, where the next layer can make up for what is missing."
        )
    model.train()
    if close(_run(model, images), _run(model, images), 1e-6):
        raise Incorrect(
            "no dropout found: in train() mode, two calls with the same images give the same "
            "scores. Put nn.Dropout among the linear layers."
        )
    return "train() drops at random, anew in every call; eval() keeps all and repeats itself"


# ----------------------------------------------------------------------------- 5.4


@check("5.4")
def batch_norm(BatchNormConvNet) -> str:
    """Right: BatchNorm2d after every convolution, BatchNorm1d after every linear layer but the
    last, before or after ReLU, each its own."""
    torch.manual_seed(54)
    model = _build(BatchNormConvNet, "BatchNormConvNet").train()
    images = _images(model, 8)
    with _watching(model) as calls:
        try:
            scores = _scores(model, images, "8 images")
        except Incorrect as error:
            raise Incorrect(_norm_that_does_not_fit(calls) or error.message) from None
    norms = {name: m for name, m in model.named_modules() if isinstance(m, _BatchNorm)}
    if not norms:
        raise Incorrect(
            "no batch normalisation found. Put nn.BatchNorm2d after each convolution, and "
            "nn.BatchNorm1d after each linear layer but the last."
        )
    called = [id(layer) for layer, _ in calls]
    for name, norm in norms.items():
        if id(norm) not in called:
            raise Incorrect(f"{name} is defined, but forward never calls it. Call it in forward.")
        if called.count(id(norm)) > 1:
            raise Incorrect(
                f"{name} is used {called.count(id(norm))} times. Each layer has numbers of its own "
                "to normalise: make a new BatchNorm for each."
            )
        if not norm.track_running_stats:
            raise Incorrect(
                f"{name} has track_running_stats=False, so that eval() has nothing to go by but "
                "the batch at hand. Leave that argument out."
            )
    _judge_norm_order(calls)
    if close(_run(model.eval(), images), scores, 1e-6):
        raise Incorrect(
            "train() and eval() give the same scores, so that batch normalisation is not at work. "
            "Let forward use the layers' results, and leave the mode to train() and eval()."
        )
    return "train() normalises by the batch, eval() by the mean and variance that training kept"


def _norm_that_does_not_fit(calls: list) -> str | None:
    """What to say if the last layer called is a batch norm that cannot take its input."""
    layer, shape = calls[-1] if calls else (None, ())
    if isinstance(layer, nn.BatchNorm1d) and len(shape) == 4:
        return (
            f"a BatchNorm1d gets {show_shape(shape)}, the output of a convolution. For images "
            "with height and width there is nn.BatchNorm2d."
        )
    if isinstance(layer, nn.BatchNorm2d) and len(shape) == 2:
        return (
            f"a BatchNorm2d gets {show_shape(shape)}, without height and width, as a linear "
            "layer gives it. For that there is nn.BatchNorm1d."
        )
    if isinstance(layer, _BatchNorm) and len(shape) > 1 and shape[1] != layer.num_features:
        return (
            f"a {type(layer).__name__} is made for {layer.num_features} channels, but gets "
            f"{shape[1]}. It needs as many as the layer before it gives out."
        )
    return None


def _judge_norm_order(calls: list) -> None:
    """Raise unless the right norm stands between each convolution or linear layer and the next."""
    layers = [layer for layer, _ in calls if isinstance(layer, (nn.Conv2d, nn.Linear, _BatchNorm))]
    starts = [i for i, layer in enumerate(layers) if not isinstance(layer, _BatchNorm)]
    linear = sum(isinstance(layers[i], nn.Linear) for i in starts)
    if linear in (0, len(starts)):
        kind = "nn.Conv2d" if linear else "nn.Linear"
        raise Incorrect(f"the network has no {kind}. Start from the ConvNet of notebook 03.")
    counts = {"convolution": 0, "linear layer": 0}
    for start, end in zip(starts, [*starts[1:], len(layers)], strict=True):
        norms = layers[start + 1 : end]
        name, wanted = "convolution", nn.BatchNorm2d
        if isinstance(layers[start], nn.Linear):
            name, wanted = "linear layer", nn.BatchNorm1d
        counts[name] += 1
        last = counts["linear layer"] == linear
        if last and norms:
            raise Incorrect(
                "a BatchNorm comes after the last linear layer, where it changes the scores. "
                "Leave it out there."
            )
        if not last and not any(isinstance(norm, wanted) for norm in norms):
            raise Incorrect(
                f"{name} number {counts[name]} has no {wanted.__name__} after it. "
                f"Each {name} needs one of its own"
                + (", only the last does without." if wanted is nn.BatchNorm1d else ".")
            )


# ----------------------------------------------------------------------------- 5.5


@check("5.5")
def small_net(small_net, accuracy) -> str:
    """Right: an instance with at most 100,000 parameters, and its accuracy between 0 and 1."""
    answered(small_net=small_net, accuracy=accuracy)
    if not isinstance(small_net, nn.Module):
        raise Incorrect(
            f"small_net is {describe(small_net)}; expected is the network that you have trained, "
            "the one that you call with images."
        )
    small_net.eval()
    scores = _scores(small_net, _images(small_net, 4), "4 images")
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
    _share(accuracy, "accuracy")
    return f"within {LIMIT:,} parameters; the mark to beat is 92.5%"


def _share(value, name: str) -> float:
    """An accuracy as a number between 0 and 1."""
    if isinstance(value, (list, tuple)):
        raise Incorrect(
            f"{name} is a {type(value).__name__} of {len(value)} things; expected is one number. "
            "Take the last, after training."
        )
    share = real_number(value, name)
    if math.isnan(share):
        raise Incorrect(f"{name} is nan, not a number: was it divided by 0 images? Measure again.")
    if 1 < share <= 100:
        raise Incorrect(
            f"{name} is {share:g}: a percentage, it seems. Expected is the share of right answers "
            "between 0 and 1; divide by 100."
        )
    if not 0 <= share <= 1:
        raise Incorrect(
            f"{name} is {share:g}; expected is the share of right answers, between 0 and 1. "
            "Divide the number of right answers by the number of images."
        )
    return share


# ----------------------------------------------------------------- the student's networks


def _build(network, name: str) -> nn.Module:
    """An instance of the student's class."""
    answered(**{name: network})
    if isinstance(network, nn.Module):
        raise Incorrect(
            f"{name} is an instance of your class; expected is the class itself. "
            "Leave out the parentheses."
        )
    if not callable(network):
        raise Incorrect(f"{name} is {describe(network)}; expected is a class of nn.Module.")
    model = _call(network, on="no arguments")
    if not isinstance(model, nn.Module):
        raise Incorrect(
            f"{name} makes {describe(model)}; expected is a network. "
            f"Let the class inherit from nn.Module: class {name}(nn.Module)."
        )
    if any(part is Ellipsis for module in model.modules() for part in vars(module).values()):
        raise NotAnswered(f"there are still dots (...) in {name} to fill in.")
    return model


def _call(function, *args, on: str, hint: str = ""):
    """``attempt``, with the usual errors of networks in a student's words, and with a hint."""
    try:
        return attempt(function, *args, on=on)
    except Incorrect as error:
        message = _in_words(error.message.rstrip(".") + ".")
        raise Incorrect(f"{message} {hint}".rstrip()) from None


def _in_words(message: str) -> str:
    """``message`` with advice on what stands behind an error of PyTorch's."""
    name = message.split(" ", 1)[0]
    where = message.partition(" on ")[2].partition(": ")[0]
    sizes = re.search(r"cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)", message)
    if sizes:
        return (
            f"{name} fails on {where}: a linear layer is made for {sizes[2]} numbers, but gets "
            f"{sizes[1]}. Compute its size from that of the image, with get_output_width."
        )
    channels = re.search(r"expected input\[.*\] to have (\d+) channels, but got (\d+)", message)
    if channels:
        return (
            f"{name} fails on {where}: a convolution is made for {channels[1]} channels, but gets "
            f"{channels[2]}. It takes in what the layer before it gives out."
        )
    if "Kernel size can't be greater" in message or "Output size is too small" in message:
        return (
            f"{name} fails on {where}: there is less image left than a kernel needs. "
            "Pool less often, or pad the convolutions."
        )
    if "'NoneType' object is not callable" in message:
        raise NotAnswered(f"a part of {name} is still None. Fill it in.")
    if "before Module.__init__() call" in message:
        return f"{message} Begin __init__ with super().__init__()."
    return message


def _images(model: nn.Module, count: int, shape: tuple = (1, 28, 28)) -> torch.Tensor:
    """Random images with values from 0 to 1, where and of the type that ``model`` works with."""
    generator = torch.Generator().manual_seed(count)
    images = torch.rand(count, *shape, generator=generator, device="cpu")
    first = next(model.parameters(), images)
    return images.to(first.device, first.dtype)


def _run(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model(images)


def _scores(model: nn.Module, images: torch.Tensor, on: str) -> torch.Tensor:
    """The scores of ``images``, which must be [N, 10]."""
    name = type(model).__name__
    with torch.no_grad():
        try:
            scores = _call(model, images, on=on)
        except Incorrect as error:
            if "channels, but gets" in error.message:
                _judge_first_channels(model, images.shape[1])
            raise
    if not isinstance(scores, torch.Tensor):
        raise Incorrect(
            f"{name} returned {describe(scores)} on {on}; expected is a tensor of scores. "
            "Return the result of the last layer."
        )
    if scores.shape == (len(images), 10):
        return scores
    found = (
        f"{name} returned the shape {show_shape(scores.shape)} on {on}; expected is "
        f"{show_shape((len(images), 10))}"
    )
    if scores.shape == (3 * len(images), 10):
        raise Incorrect(
            f"{found}. The 3 colours are treated as 3 images; they are channels of one image."
        )
    if scores.shape == (1, 10):
        raise Incorrect(f"{found}. Images are mixed: keep the first dimension, which counts them.")
    if scores.dim() == 2 and len(scores) == len(images):
        raise Incorrect(f"{found}. The last layer gives {scores.shape[1]}: there are 10 classes.")
    raise Incorrect(f"{found}: for each image, one score per class.")


def _judge_first_channels(model: nn.Module, expected: int) -> None:
    """Raise if the first convolution is made for images with other channels."""
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and first.in_channels != expected:
        colours = "grey" if expected == 1 else "colour"
        raise Incorrect(
            f"the first convolution of {type(model).__name__} takes {first.in_channels} "
            f"channel{'s' * (first.in_channels > 1)} in; {colours} images have {expected}. "
            "Change its first argument."
        )


@contextmanager
def _watching(model: nn.Module):
    """Collect (layer, shape of its input), in the order in which layers are called."""
    calls: list[tuple[nn.Module, tuple[int, ...]]] = []

    def note(layer, inputs):
        calls.append((layer, tuple(getattr(inputs[0], "shape", ())) if inputs else ()))

    kinds = (nn.Conv2d, nn.Linear, _BatchNorm, _DropoutNd)
    layers = [layer for layer in model.modules() if isinstance(layer, kinds)]
    handles = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _listed(things) -> str:
    """``a, b and c``."""
    *most, last = map(str, things)
    return f"{', '.join(most)} and {last}" if most else last
