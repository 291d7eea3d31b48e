"""Checks of notebook 04, inspection."""

import torch
from torch import nn

from helpers.checks.core.calling import (
    call_student,
    expect_function,
    fill,
    judge_left_behind,
    on_cpu,
    parameter_values,
)
from helpers.checks.core.checking import check
from helpers.checks.core.figures import pictures_of, show_size
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered, describe
from helpers.checks.inspection import (
    activations as _activations,
)
from helpers.checks.inspection import (
    decision_map as _decision_map,
)
from helpers.checks.inspection import (
    feature_maps as _feature_maps,
)
from helpers.checks.inspection import (
    kernel_pictures as _kernel_pictures,
)
from helpers.checks.inspection import (
    mistakes as _mistakes,
)


@check("4.1", "The first layer")
def first_layer(first_layer, model) -> str:
    """Right: ``model.conv_stack[0]`` itself, the convolution that sees the image."""
    answered(first_layer=first_layer, model=model)
    stack = getattr(model, "conv_stack", None)
    parts = stack.modules() if isinstance(stack, nn.Module) else ()
    right = next((part for part in parts if isinstance(part, nn.Conv2d)), None)
    if right is None:
        raise Incorrect(
            "model has no conv_stack to take a layer from. Run the cell that loads model again."
        )
    if first_layer is right:
        return (
            f"the first of {len(stack)} layers in conv_stack: {right.out_channels} kernels of "
            f"{right.in_channels}×{show_size(right.kernel_size)}"
        )
    if isinstance(first_layer, str):
        raise Incorrect(
            f"first_layer is {describe(first_layer)}; expected is the layer itself. "
            "Leave out the quotes and index model.conv_stack like a list."
        )
    if isinstance(first_layer, torch.Tensor):
        raise Incorrect(_which_numbers(first_layer, right))
    if isinstance(first_layer, (list, tuple, nn.ModuleList)):
        raise Incorrect(
            f"first_layer is a {type(first_layer).__name__} of {len(first_layer)} things; expected "
            "is one layer by itself. Index model.conv_stack with a single number."
        )
    if hasattr(first_layer, "__next__"):
        raise Incorrect(
            f"first_layer is a {type(first_layer).__name__}, which gives one layer after the "
            "other; expected is the first of them. Index model.conv_stack like a list."
        )
    if not isinstance(first_layer, nn.Module):
        raise Incorrect(
            f"first_layer is {describe(first_layer)}; expected is one layer of model. "
            "Index model.conv_stack like a list."
        )
    if first_layer is model or first_layer is stack:
        name = "the whole network" if first_layer is model else "the whole conv_stack"
        raise Incorrect(
            f"first_layer is {name}; expected is only its first layer. "
            "A Sequential can be indexed like a list."
        )
    raise Incorrect(_which_layer(first_layer, model, right))


def _which_numbers(tensor: torch.Tensor, right: nn.Conv2d) -> str:
    """The message on a tensor in place of the layer ``right``."""
    part, advice = "numbers that a layer takes or gives", "do not call the layer."
    if tensor.shape == right.weight.shape:
        part = "the weights of a layer"
        advice = "leave out what follows the index, such as .weight."
    elif tensor.shape == (right.out_channels,):
        part, advice = "the biases of a layer", "leave out .bias after the index."
    return f"first_layer is {describe(tensor)}: {part}. Expected is the layer itself; {advice}"


def _which_layer(layer: nn.Module, model: nn.Module, right: nn.Module) -> str:
    """The message on a layer that is not the one asked for."""
    for name, part in model.named_modules():
        if part is layer and isinstance(layer, nn.Sequential):
            return (
                f"first_layer is {name}, a Sequential of {len(layer)} layers; expected is one "
                "layer, the convolution that sees the image first. Take it from model.conv_stack."
            )
        if part is layer:
            return (
                f"first_layer is {name}, of type {type(layer).__name__}; expected is the "
                "convolution that sees the image first. Python counts from 0."
            )
    if isinstance(layer, nn.Sequential):
        return (
            "first_layer is a Sequential around some layers, as a slice gives it; expected is "
            "one layer. Index with a single number, without a colon."
        )
    if type(layer) is type(right) and _same_numbers(layer.weight, right.weight):
        return (
            "first_layer is a copy: the same numbers, but not the layer that belongs to model. "
            "Take the layer out of model.conv_stack without copying it."
        )
    return (
        f"first_layer is a {type(layer).__name__} that does not belong to model: one that you have "
        "made, or of another network. Take the trained one out of model.conv_stack."
    )


def _same_numbers(a: torch.Tensor, b: torch.Tensor) -> bool:
    same_form = a.shape == b.shape and not a.is_meta and not b.is_meta
    return same_form and torch.equal(a.detach().cpu(), b.detach().cpu())


@check("4.2", "Its kernels")
def kernel_pictures(fig, first_layer) -> str:
    """Right: one picture per kernel, all on one diverging colour scale with 0 in its middle."""
    layer = _convolution(first_layer)
    kernels = layer.weight.detach().cpu().double().numpy()[:, 0]
    pictures = pictures_of(fig, len(kernels), f"the {len(kernels)} kernels of first_layer")
    _kernel_pictures.judge_kernels(
        [picture.as_seen(kernels) for picture in pictures], kernels, layer.bias
    )
    _kernel_pictures.judge_scales(pictures)
    return "one scale for all kernels: the middle colour is 0, and equal colours are equal weights"


def _convolution(layer) -> nn.Conv2d:
    answered(first_layer=layer)
    if not isinstance(layer, nn.Conv2d) or layer.in_channels != 1:
        raise Incorrect(
            f"first_layer is {describe(layer)}, not the convolution that sees the grey image. "
            "Do task 4.1 first."
        )
    if layer.weight.is_meta:
        raise Incorrect(
            "first_layer is on the device meta, where a layer has no numbers. Do task 4.1 first."
        )
    return layer


@check("4.3", "What they make of an image")
@on_cpu
def feature_maps(index, feature_maps, fig, first_layer, training_data) -> str:
    """Right: ``first_layer(training_data[index][0])`` for a drawn index, beside the image."""
    answered(index=index, feature_maps=feature_maps, fig=fig, training_data=training_data)
    layer = _convolution(first_layer)
    position = _feature_maps.read_index(index)
    image = _feature_maps.drawn_image(position, training_data)
    right = _feature_maps.judge_maps(feature_maps, layer, image, position)
    _feature_maps.judge_drawn_maps(fig, right, image)
    return f"{len(right)} kernels make {len(right)} feature maps of {show_size(right.shape[1:])}"


@check("4.4", "Catch the output of a layer")
@on_cpu
def activations(get_activations) -> str:
    """Right: what ``layer`` gives while ``model(images)`` runs; no hook stays behind."""
    expect_function(get_activations, "get_activations")
    generator = seeded(44)
    earlier: list[torch.Tensor] = []
    for number, (model, layer, shape, on) in enumerate(_activations.cases()):
        fill(model.eval(), generator)
        images = torch.rand(shape, generator=generator)
        values, seen = parameter_values(model), _activations.watch(model, layer, images)
        given = images.clone()
        with torch.enable_grad():
            recorded = _activations.record(
                get_activations, model, layer, given, on=on, again=number > 0
            )
        if not torch.equal(given.detach(), images):
            raise Incorrect(
                "get_activations changed the images that it was given. Hand them to model as they "
                "are."
            )
        _activations.judge_activations(recorded, seen | {"earlier": earlier}, on)
        judge_left_behind(model, values, "get_activations")
        earlier.append(seen["output"])
    return "the hook noted the layer's output during the forward pass, and is gone again"


@check("4.5", "The map of a decision")
@on_cpu
def decision_map(decision_map) -> str:
    """Right: large on the pixels that decide on the score of ``label``, however it is computed.

    Judged on networks of which only one bright square of the image counts for ``label``: the mean
    there must stand far above that of all pixels more than 8 away, so that patches may overlap.
    A gradient must have lost its sign: "large, positive or negative: the pixel matters".
    """
    expect_function(decision_map, "decision_map")
    for number, seed in enumerate((1, 4, 9)):
        puzzle = _decision_map.make_puzzle(seed, negative=seed == 9)
        values, image = parameter_values(puzzle.model), puzzle.image.clone()
        with torch.enable_grad():
            found = call_student(
                decision_map, puzzle.model, image, puzzle.label, on="a 28×28 image",
                again=number > 0, hints=_decision_map.HINTS,
            )  # fmt: skip
        importance = _decision_map.read_importance(found)
        if not torch.equal(image.detach(), puzzle.image):
            raise Incorrect(
                "decision_map changed the image that it was given. Work on image.clone()."
            )
        _decision_map.judge_importance(importance, puzzle)
        if image.requires_grad:
            raise Incorrect(
                "decision_map switched on requires_grad for the image that it was given, and it "
                "stays on. Work on image.clone()."
            )
        judge_left_behind(puzzle.model, values, "decision_map")
    return "the map finds the pixels that the given label hangs on, even if another is predicted"


@check("4.6", "Count them, and look at the worst")
@on_cpu
def mistakes(confusion_matrix, confident_mistakes) -> str:
    """Right: counts with rows true and columns predicted; the surest wrong answers first."""
    answered(confusion_matrix=confusion_matrix, confident_mistakes=confident_mistakes)
    expect_function(confusion_matrix, "confusion_matrix")
    expect_function(confident_mistakes, "confident_mistakes")
    generator = seeded(46)
    earlier = torch.zeros(10, 10, dtype=torch.float64)
    for count, classes in ((300, 10), (60, 8)):
        labels, predictions = _mistakes.make_labels(count, classes, generator)
        given = labels.clone(), predictions.clone()
        counts = call_student(
            confusion_matrix, *given, on=f"{count} labels and predictions", again=count < 300
        )
        _mistakes.judge_unchanged(given, (labels, predictions), "confusion_matrix")
        earlier = _mistakes.judge_counts(counts, labels, predictions, earlier)
    for wrong, k in ((24, None), (24, 3), (4, 10)):
        probabilities, labels = _mistakes.make_answers(wrong, generator)
        given = probabilities.clone(), labels.clone()
        on = f"60 images with {wrong} mistakes and " + (f"k={k}" if k else "no k given")
        arguments = {} if k is None else {"k": k}
        indices = call_student(
            confident_mistakes, *given, on=on, again=k is not None, hints=_mistakes.HINTS,
            **arguments,
        )  # fmt: skip
        _mistakes.judge_indices(indices, probabilities, labels, k or 10, on)
        _mistakes.judge_unchanged(given, (probabilities, labels), "confident_mistakes")
    return "rows are true classes, columns predicted ones; the diagonal counts the right answers"
