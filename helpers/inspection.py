"""Looking into a trained network: activations, what a decision hangs on, and its mistakes.

Every function leaves the model as it was: its mode (train or eval, module by module), gradients,
parameters, statistics and hooks. The model runs in eval mode, on its own device, in its own
precision, and uncompiled; results are on the CPU, in float32 or float64, and carry no gradient. A
wrong argument raises ``ValueError`` with a sentence.
"""

import operator
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from helpers.network_modes import (
    as_written,
    checked_network,
    checked_to_watch,
    suited,
    unwrapped,
    widened,
)

__all__ = [
    "activations",
    "confusion_matrix",
    "grad_cam",
    "most_confident_mistakes",
    "occlusion_map",
    "saliency",
]


def activations(model: nn.Module, layer: nn.Module, images: Tensor) -> Tensor:
    """What ``layer`` of ``model`` gives out while the model looks at ``images``.

    ``images`` is a batch ``[N, C, H, W]``, or one image ``[C, H, W]``, which counts as a batch of
    one. Returns the layer's output, for a convolution ``[N, K, h, w]``. If the model calls the
    layer several times, the output of the last call.

    A forward hook catches the output, and is removed also when the model fails.
    """
    with as_written(model) as model, torch.no_grad():
        batch = suited(_batch(images), model)
        if unwrapped(layer) is model:
            outputs = [model(batch)]
        else:
            with _outputs_of(model, layer) as outputs:
                model(batch)
    return widened(_last(outputs, layer)).cpu()


def saliency(model: nn.Module, image: Tensor, label: int) -> Tensor:
    """How strongly the score of class ``label`` reacts to each pixel of ``image``.

    The absolute gradient of the score (before softmax) with respect to the pixel, the largest of
    the channels (Simonyan, Vedaldi & Zisserman, 2014). ``image`` is ``[C, H, W]``; returns
    ``[H, W]``, in units of score per unit of brightness.
    """
    with as_written(model) as model, torch.inference_mode(False), torch.enable_grad():
        batch = suited(_one_image(image), model).clone().requires_grad_()
        (gradient,) = _gradient(_score(model(batch), label), batch)
    return widened(gradient).abs().amax(dim=0).cpu()


def occlusion_map(
    model: nn.Module,
    image: Tensor,
    label: int,
    patch_size: int = 4,
    stride: int = 1,
    fill: float = 0.0,
    batch_size: int = 256,
) -> Tensor:
    """How much the probability of class ``label`` drops when a patch of ``image`` is covered.

    A square of ``patch_size`` pixels, filled with the value ``fill``, is put on every position in
    steps of ``stride`` (and on the last one, so that the edges are reached); the idea is from
    Zeiler & Fergus (2014). ``image`` is ``[C, H, W]``. Returns ``[H, W]``: for each pixel the
    mean drop over the patches that cover it, from −1 to 1. Negative means that the class became
    more probable without the pixel.
    """
    batch = suited(_one_image(image), checked_network(model))
    height, width = batch.shape[-2:]
    if not 1 <= patch_size <= min(height, width):
        raise ValueError(
            f"patch_size is {patch_size}, but it must lie between 1 and {min(height, width)}, "
            f"the side of the image"
        )
    if not 1 <= stride <= patch_size:
        raise ValueError(
            f"stride is {stride}, but it must lie between 1 and the patch size ({patch_size}): "
            "else some pixels would never be covered"
        )
    corners = [
        (top, left)
        for top in _positions(height - patch_size, stride)
        for left in _positions(width - patch_size, stride)
    ]
    total = torch.zeros(height, width)
    count = torch.zeros(height, width)
    with as_written(model) as model, torch.no_grad():
        before = _probability(model(batch), label)
        for start in range(0, len(corners), batch_size):
            chunk = corners[start : start + batch_size]
            covered = batch.repeat(len(chunk), 1, 1, 1)
            for i, (top, left) in enumerate(chunk):
                covered[i, :, top : top + patch_size, left : left + patch_size] = fill
            drops = (before - _probability(model(covered), label)).float().cpu()
            for drop, (top, left) in zip(drops, chunk, strict=True):
                total[top : top + patch_size, left : left + patch_size] += drop
                count[top : top + patch_size, left : left + patch_size] += 1
    return total / count


def grad_cam(model: nn.Module, layer: nn.Module, image: Tensor, label: int) -> Tensor:
    """Where ``layer`` found something that speaks for class ``label``: Grad-CAM.

    ReLU(Σₖ αₖ Aᵏ), where Aᵏ are the feature maps of ``layer`` and αₖ is the mean over the map of
    the gradient of the class score with respect to Aᵏ (Selvaraju et al., 2017), enlarged
    bilinearly to the size of ``image``, ``[C, H, W]``. Returns ``[H, W]``, zero or larger, in
    units of score. ``layer`` must give out maps ``[1, K, h, w]``, so it stands before flattening.
    """
    with (
        as_written(model) as model,
        torch.inference_mode(False),
        torch.enable_grad(),
        _outputs_of(model, layer) as outputs,
    ):
        # The image requires a gradient so that frozen parameters do not cut the graph.
        batch = suited(_one_image(image), model).clone().requires_grad_()
        scores = model(batch)
        maps = _last(outputs, layer)
        if maps.dim() != 4:
            raise ValueError(
                f"Grad-CAM needs feature maps [1, K, h, w], but this {type(layer).__name__} gives "
                f"out {list(maps.shape)}: take a layer before flattening"
            )
        (gradient,) = _gradient(_score(scores, label), maps)
    weights = widened(gradient).mean(dim=(1, 2), keepdim=True)
    heat = (weights * maps.detach()[0]).sum(dim=0).relu()
    size = batch.shape[-2:]
    return F.interpolate(heat[None, None], size, mode="bilinear", align_corners=False)[0, 0].cpu()


def confusion_matrix(labels: Tensor, predictions: Tensor, num_classes: int = 10) -> Tensor:
    """How many images of each class (rows) were taken for each class (columns).

    ``labels`` and ``predictions`` are whole numbers ``[N]`` from 0 to ``num_classes`` − 1.
    Returns int64 ``[num_classes, num_classes]``; the diagonal counts what is right.
    """
    labels = _class_numbers("labels", labels, num_classes)
    predictions = _class_numbers("predictions", predictions, num_classes)
    if len(labels) != len(predictions):
        raise ValueError(
            f"there are {len(labels):,} labels, but {len(predictions):,} predictions; "
            "one is needed for each image"
        )
    pairs = labels * num_classes + predictions
    return torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def most_confident_mistakes(probabilities: Tensor, labels: Tensor, k: int = 10) -> Tensor:
    """Indices of the ``k`` wrong predictions that the network was most sure of, surest first.

    ``probabilities`` is ``[N, classes]``, after softmax; ``labels`` whole numbers ``[N]``.
    Returns int64 ``[k]``, or fewer where the network makes fewer mistakes.
    """
    if k < 1:
        raise ValueError(f"k is {k}, but at least one mistake must be asked for")
    probabilities = torch.as_tensor(probabilities).detach().cpu()
    if probabilities.dim() != 2:
        raise ValueError(
            f"probabilities must have the shape [N, classes], not {list(probabilities.shape)}"
        )
    sums = probabilities.double().sum(dim=1)
    if not (bool((probabilities >= 0).all()) and bool(((sums - 1).abs() < 1e-2).all())):
        raise ValueError(
            "the probabilities of an image must be 0 or more and sum to 1; these do not. If they "
            "are scores of a network, apply softmax(dim=1) first"
        )
    labels = _class_numbers("labels", labels, probabilities.shape[1])
    if len(labels) != len(probabilities):
        raise ValueError(
            f"there are probabilities for {len(probabilities):,} images, "
            f"but {len(labels):,} labels; one is needed for each image"
        )
    confidence, predictions = probabilities.max(dim=1)
    wrong = (predictions != labels).nonzero().flatten()
    order = confidence[wrong].argsort(descending=True, stable=True)
    return wrong[order[:k]]


@contextmanager
def _outputs_of(model: nn.Module, layer: nn.Module) -> Iterator[list]:
    """A list to which each call of ``layer`` inside adds its output."""
    layer = unwrapped(layer)
    checked_to_watch(model)
    if not any(module is layer for module in model.modules()):
        raise ValueError(
            f"this layer is not a part of the model: {layer!r}. Take one of the model's own, "
            "for example model.conv_stack[0]"
        )
    outputs = []

    def keep(_module, _inputs, output):
        outputs.append(output)
        # The model goes on with a copy, so that an in-place layer after this one (such as
        # nn.ReLU(inplace=True)) does not change what was kept.
        return output.clone() if isinstance(output, Tensor) else output

    handle = layer.register_forward_hook(keep)
    try:
        yield outputs
    finally:
        handle.remove()


def _last(outputs: list, layer: nn.Module) -> Tensor:
    if not outputs:
        raise ValueError(
            f"the model never called this layer: {layer!r}. Is it used in the model's forward?"
        )
    if not isinstance(outputs[-1], Tensor):
        raise ValueError(
            f"the layer gives out a {type(outputs[-1]).__name__}, not a tensor: {layer!r}"
        )
    return outputs[-1]


def _batch(images: Tensor) -> Tensor:
    """``images`` as ``[N, C, H, W]`` of floating-point numbers."""
    if not isinstance(images, Tensor):
        raise ValueError(f"images must be a tensor, not a {type(images).__name__}")
    if not images.is_floating_point():
        raise ValueError(f"pixels must be floating-point numbers from 0 to 1, not {images.dtype}")
    if images.dim() not in (3, 4):
        raise ValueError(
            f"expected a batch of images [N, C, H, W] or one image [C, H, W], "
            f"not a tensor of shape {list(images.shape)}"
        )
    return images if images.dim() == 4 else images.unsqueeze(0)


def _one_image(image: Tensor) -> Tensor:
    """``image`` as a batch of one, ``[1, C, H, W]``."""
    batch = _batch(image)
    if len(batch) != 1:
        raise ValueError(f"expected one image [C, H, W], but these are {len(batch)}")
    return batch.detach()


def _checked_scores(scores: Tensor, label: int) -> Tensor:
    """``scores`` if they are ``[N, classes]`` and ``label`` is one of the classes."""
    if not isinstance(scores, Tensor) or scores.dim() != 2:
        shape = list(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise ValueError(f"the model must return scores of shape [N, classes], not {shape}")
    try:
        number = operator.index(label)
    except TypeError:
        raise ValueError(f"label must be the number of a class, not {label!r}") from None
    if not 0 <= number < scores.shape[1]:
        raise ValueError(
            f"label is {number}, but the model knows the classes 0 to {scores.shape[1] - 1}"
        )
    return scores


def _score(scores: Tensor, label: int) -> Tensor:
    return _checked_scores(scores, label)[0, operator.index(label)]


def _probability(scores: Tensor, label: int) -> Tensor:
    return widened(_checked_scores(scores, label)).softmax(dim=1)[:, operator.index(label)]


def _gradient(score: Tensor, source: Tensor) -> Tensor:
    """∂score / ∂source, same shape as ``source``. The ``.grad`` of parameters stays untouched."""
    gradient = None
    if score.requires_grad:
        (gradient,) = torch.autograd.grad(score, source, allow_unused=True)
    if gradient is None:
        raise ValueError("no gradient leads from the score of the class back to here")
    return gradient


def _positions(last: int, stride: int) -> list[int]:
    """0, stride, 2·stride … and ``last``."""
    return sorted({*range(0, last + 1, stride), last})


def _class_numbers(name: str, values: Tensor, num_classes: int) -> Tensor:
    """``values`` as int64 ``[N]`` on the CPU, each from 0 to ``num_classes`` − 1."""
    numbers = torch.as_tensor(values).detach().cpu()
    if numbers.dim() != 1 or numbers.is_floating_point() or numbers.dtype == torch.bool:
        raise ValueError(
            f"{name} must be whole numbers of shape [N], not {numbers.dtype} of shape "
            f"{list(numbers.shape)}. From scores [N, classes], argmax(dim=1) gives them"
        )
    if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < num_classes:
        raise ValueError(
            f"{name} must lie between 0 and {num_classes - 1}, but they run from "
            f"{int(numbers.min())} to {int(numbers.max())}"
        )
    return numbers.to(torch.int64)
