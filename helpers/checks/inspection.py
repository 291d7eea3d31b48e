"""Checks of notebook 04, inspection."""

import torch
from torch import nn

from helpers.checks import _activations, _decision, _feature_maps, _kernels, _mistakes
from helpers.checks._check import check
from helpers.checks._feedback import Incorrect
from helpers.checks._pictures import pictures_of, show_size
from helpers.checks._reading import answered, describe
from helpers.checks._student import (
    call_student,
    expect_function,
    fill,
    judge_left_behind,
    on_cpu,
    parameter_values,
)


@check("4.1", "The first layer")
def first_layer(first_layer, model) -> str:
    """Right: ``model.conv_stack[0]`` itself, the convolution that sees the image."""
    answered(first_layer=first_layer, model=model)
    stack = getattr(model, "conv_stack", None)
    if not isinstance(stack, nn.Sequential):
        raise Incorrect(
            "model has no conv_stack to take a layer from. Run the cell that loads model again."
        )
    right = stack[0]
    if first_layer is right:
        return (
            f"the first of {len(stack)} layers in conv_stack: {right.out_channels} kernels of "
            f"{right.in_channels}×{show_size(right.kernel_size)}"
        )
    if isinstance(first_layer, str):
        raise Incorrect(
            f"first_layer is the text {describe(first_layer)}; expected is the layer itself. "
            "Leave out the quotes and index model.conv_stack like a list."
        )
    if isinstance(first_layer, torch.Tensor):
        part = "the weights" if first_layer.dim() == 4 else "the numbers"
        raise Incorrect(
            f"first_layer is {describe(first_layer)}: these are {part} of a layer. Expected is "
            "the layer itself; leave out what follows the index, such as .weight."
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
    if isinstance(first_layer, nn.Sequential):
        raise Incorrect(
            "first_layer is a Sequential around some layers, as a slice gives it; expected is "
            "one layer. Index with a single number, without a colon."
        )
    raise Incorrect(_which_layer(first_layer, model, right))


def _which_layer(layer: nn.Module, model: nn.Module, right: nn.Module) -> str:
    """The message on a layer that is not the one asked for."""
    for name, part in model.named_modules():
        if part is layer:
            return (
                f"first_layer is {name}, of type {type(layer).__name__}; expected is the "
                "convolution that sees the image first. Python counts from 0."
            )
    if type(layer) is type(right) and _same_numbers(layer.weight, right.weight):
        return (
            "first_layer is a copy: the same numbers, but not the layer that belongs to model. "
            "Take the layer out of model.conv_stack without copying it."
        )
    return (
        f"first_layer is a new {type(layer).__name__} with random numbers, which has learned "
        "nothing. Do not make a layer: take the trained one out of model.conv_stack."
    )


def _same_numbers(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a.detach().cpu(), b.detach().cpu())


@check("4.2", "Its kernels")
def kernel_pictures(fig, first_layer) -> str:
    """Right: one picture per kernel, all on one diverging colour scale with 0 in its middle."""
    layer = _convolution(first_layer)
    kernels = layer.weight.detach().cpu().double().numpy()[:, 0]
    pictures = pictures_of(fig, len(kernels), f"the {len(kernels)} kernels of first_layer")
    _kernels.judge_kernels([picture.values for picture in pictures], kernels, layer.bias)
    _kernels.judge_scales(pictures)
    return "one scale for all kernels: the middle colour is 0, and equal colours are equal weights"


def _convolution(layer) -> nn.Conv2d:
    answered(first_layer=layer)
    if not isinstance(layer, nn.Conv2d) or layer.in_channels != 1:
        raise Incorrect(
            f"first_layer is {describe(layer)}, not the convolution that sees the grey image. "
            "Do task 4.1 first."
        )
    return layer


@check("4.3", "What they make of an image")
@on_cpu
def feature_maps(index, feature_maps, fig, first_layer, training_data) -> str:
    """Right: ``first_layer(training_data[index][0])`` for a drawn index, beside the image."""
    answered(index=index, feature_maps=feature_maps, fig=fig, training_data=training_data)
    layer = _convolution(first_layer)
    image = _feature_maps.drawn_image(index, training_data).to(
        layer.weight.device, layer.weight.dtype
    )
    image = image.reshape(1, 1, *image.shape[-2:])
    right = _feature_maps.judge_maps(feature_maps, layer, image, int(index))
    _feature_maps.judge_drawn_maps(fig, right, image)
    return f"{len(right)} kernels make {len(right)} feature maps of {show_size(right.shape[1:])}"


@check("4.4", "Catch the output of a layer")
@on_cpu
def activations(get_activations) -> str:
    """Right: what ``layer`` gives while ``model(images)`` runs; no hook stays behind."""
    expect_function(get_activations, "get_activations")
    generator = torch.Generator().manual_seed(44)
    earlier: list[torch.Tensor] = []
    for number, (model, layer, shape, on) in enumerate(_activations.cases()):
        fill(model.eval(), generator)
        images = torch.rand(shape, generator=generator)
        values, seen = parameter_values(model), _activations.watch(model, layer, images)
        with torch.enable_grad():
            recorded = call_student(
                get_activations, model, layer, images.clone(), on=on, again=number > 0
            )
        _activations.judge_activations(recorded, seen | {"earlier": earlier}, on)
        judge_left_behind(model, values, "get_activations")
        earlier.append(seen["output"])
    return "the hook noted the layer's output during the forward pass, and is gone again"


@check("4.5", "The map of a decision")
@on_cpu
def decision_map(decision_map) -> str:
    """Right: large on the pixels that decide on the score of ``label``, however it is computed.

    Judged on networks of which only one square of the image counts for ``label``: the mean
    there must stand far above that of all pixels more than 8 away, so that patches may overlap.
    """
    expect_function(decision_map, "decision_map")
    for number, seed in enumerate((1, 4, 9)):
        puzzle = _decision.make_puzzle(seed)
        values, image = parameter_values(puzzle.model), puzzle.image.clone()
        with torch.enable_grad():
            found = call_student(
                decision_map, puzzle.model, image, puzzle.label, on="a 28×28 image",
                again=number > 0,
                hint="The network wants a batch of images, and gives a row of scores for each.",
            )  # fmt: skip
        importance = _decision.read_importance(found)
        if not torch.equal(image.detach(), puzzle.image):
            raise Incorrect(
                "decision_map changed the image that it was given. Work on image.clone()."
            )
        _decision.judge_importance(importance, puzzle)
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
    generator = torch.Generator().manual_seed(46)
    earlier = torch.zeros(10, 10, dtype=torch.float64)
    for count, classes in ((200, 10), (60, 8)):
        labels = torch.randint(classes, (count,), generator=generator)
        guesses = torch.randint(classes, (count,), generator=generator)
        predictions = torch.where(torch.rand(count, generator=generator) < 0.6, labels, guesses)
        counts = call_student(
            confusion_matrix, labels.clone(), predictions.clone(),
            on=f"{count} labels and predictions", again=count < 200,
        )  # fmt: skip
        earlier = _mistakes.judge_counts(counts, labels, predictions, earlier)
    for wrong, k in ((24, None), (24, 3), (4, 10)):
        probabilities, labels = _mistakes.make_answers(wrong, generator)
        on = f"60 images with {wrong} mistakes and " + (f"k={k}" if k else "no k given")
        arguments = {} if k is None else {"k": k}
        indices = call_student(
            confident_mistakes, probabilities.clone(), labels.clone(), on=on, again=k is not None,
            hint="With fewer mistakes than k, return all of them." if wrong < 10 else "",
            **arguments,
        )  # fmt: skip
        _mistakes.judge_indices(indices, probabilities, labels, k or 10, on)
    return "rows are true classes, columns predicted ones; the diagonal counts the right answers"
