"""Checks of notebook 04, inspection: what is right, and what is said then."""

import torch

from helpers.checks.core.calling import call_student, judge_function, on_cpu
from helpers.checks.core.checking import check
from helpers.checks.core.describing import show_size
from helpers.checks.core.figures import pictures_of
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seeded
from helpers.checks.core.values import answered
from helpers.checks.inspection import activations as hooks
from helpers.checks.inspection import decision_map as puzzles
from helpers.checks.inspection import mistakes as answers
from helpers.checks.inspection.feature_maps import (
    drawn_image,
    judge_drawn_maps,
    judge_maps,
    read_index,
)
from helpers.checks.inspection.first_layer import judge_convolution, judge_first_layer
from helpers.checks.inspection.kernel_pictures import judge_kernels, judge_scales
from helpers.checks.inspection.network_as_it_was import fill, judge_left_behind, parameter_values


@check("4.1", "The first layer", hints=(
    "Try model.conv_stack[5] in a cell of its own: it shows the last layer of the stack.",
    "names = ['a', 'b']; names[0] is 'a'. It works the same way with the layers of "
    "model.conv_stack.",
))  # fmt: skip
def first_layer(first_layer, model) -> str:
    """Right: ``model.conv_stack[0]`` itself, the convolution that sees the image."""
    answered(first_layer=first_layer, model=model)
    return judge_first_layer(first_layer, model)


@check("4.2", "Its kernels", hints=(
    "Print the smallest and the largest weight. The scale has to reach from minus something to "
    "plus the same, for all six pictures.",
    "Three steps: kernels is first_layer.weight with .detach().cpu(); limit is the largest of "
    "their absolute values, kernels.abs().max().item(), taken once, over all six; then, for each "
    "number and its axes, imshow of kernels[number, 0] with a diverging cmap, vmin=-limit and "
    "vmax=limit.",
))  # fmt: skip
def kernel_pictures(fig, first_layer) -> str:
    """Right: one picture per kernel, all on one diverging colour scale with 0 in its middle."""
    layer = judge_convolution(first_layer)
    kernels = layer.weight.detach().cpu().double().numpy()[:, 0]
    pictures = pictures_of(fig, len(kernels), f"the {len(kernels)} kernels of first_layer")
    judge_kernels([picture.as_seen(kernels) for picture in pictures], kernels, layer.bias)
    judge_scales(pictures)
    return "one scale for all kernels: the middle colour is 0, and equal colours are equal weights"


@check("4.3", "What they make of an image", hints=(
    "Three things one after the other: a number, an image, its maps. The image is found with the "
    "number, the maps are made from the image.",
    "For a die it would be torch.randint(6, (1,)).item(), a number from 0 to 5: put the number "
    "of images in place of the 6. The image is the first part of training_data[index]; call "
    "first_layer with it. Then seven axes: the image on the first, and a loop for the maps.",
))  # fmt: skip
@on_cpu
def feature_maps(index, feature_maps, fig, first_layer, training_data) -> str:
    """Right: ``first_layer(training_data[index][0])`` for a drawn index, beside the image."""
    answered(index=index, feature_maps=feature_maps, fig=fig, training_data=training_data)
    layer = judge_convolution(first_layer)
    position = read_index(index)
    image = drawn_image(position, training_data)
    right = judge_maps(feature_maps, layer, image, position)
    judge_drawn_maps(fig, right, image)
    return f"{len(right)} kernels make {len(right)} feature maps of {show_size(right.shape[1:])}"


@check("4.4", "Catch the output of a layer", hints=(
    "Write the hook first, as a small function of its own: it gets layer, inputs and output, and "
    "appends the output to a list that you made before.",
    "Five steps: an empty list; handle = layer.register_forward_hook(your hook); model(images), "
    "whose result you need not keep; handle.remove(); return the one thing that is in the list.",
))  # fmt: skip
@on_cpu
def activations(get_activations) -> str:
    """Right: what ``layer`` gives while ``model(images)`` runs; no hook stays behind."""
    judge_function(get_activations, "get_activations")
    generator = seeded(44)
    earlier: list[torch.Tensor] = []
    for number, (model, layer, shape, on) in enumerate(hooks.cases()):
        fill(model.eval(), generator)
        images = torch.rand(shape, generator=generator)
        values, seen = parameter_values(model), hooks.watch(model, layer, images)
        given = images.clone()
        with torch.enable_grad():
            recorded = hooks.record(get_activations, model, layer, given, on=on, again=number > 0)
        if not torch.equal(given.detach(), images):
            raise Incorrect(
                "get_activations changed the images that it was given. Hand them to model as they "
                "are."
            )
        hooks.judge_activations(recorded, seen | {"earlier": earlier}, on)
        judge_left_behind(model, values, "get_activations")
        earlier.append(seen["output"])
    return "the hook noted the layer's output during the forward pass, and is gone again"


@check("4.5", "The map of a decision", hints=(
    "The question is always the same: if this pixel were different, how much would the score of "
    "label change? You may try it (cover the pixel and see) or compute it (the gradient).",
    "The gradient in four steps: x = image.clone().requires_grad_(); the score is one entry of "
    "model(x.unsqueeze(0)), in row 0 and column label; torch.autograd.grad(score, x) gives a "
    "tuple with one tensor of the shape of the image; its absolute values, without the channel, "
    "are the map. Image and model must be on the same device.",
))  # fmt: skip
@on_cpu
def decision_map(decision_map) -> str:
    """Right: large on the pixels that decide on the score of ``label``, however it is computed.

    Judged on networks of which only one bright square of the image counts for ``label``: the mean
    there must stand far above that of all pixels more than 8 away, so that patches may overlap.
    A gradient must have lost its sign: "large, positive or negative: the pixel matters".
    """
    judge_function(decision_map, "decision_map")
    for number, seed in enumerate((1, 4, 9)):
        puzzle = puzzles.make_puzzle(seed, negative=seed == 9)
        values, image = parameter_values(puzzle.model), puzzle.image.clone()
        with torch.enable_grad():
            found = call_student(
                decision_map, puzzle.model, image, puzzle.label, on="a 28×28 image",
                again=number > 0, advice=puzzles.ADVICE,
            )  # fmt: skip
        importance = puzzles.read_importance(found)
        if not torch.equal(image.detach(), puzzle.image):
            raise Incorrect(
                "decision_map changed the image that it was given. Work on image.clone()."
            )
        puzzles.judge_importance(importance, puzzle)
        if image.requires_grad:
            raise Incorrect(
                "decision_map switched on requires_grad for the image that it was given, and it "
                "stays on. Work on image.clone()."
            )
        judge_left_behind(puzzle.model, values, "decision_map")
    return "the map finds the pixels that the given label hangs on, even if another is predicted"


@check("4.6", "Count them, and look at the worst", hints=(
    "The matrix is a tally: for each image, one stroke in the row of its label and the column of "
    "its prediction. For the mistakes, answer three questions: how sure, how predicted, where "
    "wrong?",
    "Matrix: torch.zeros(10, 10, dtype=torch.int64), and a loop over the pairs that adds 1. "
    "Mistakes: max(dim=1) gives confidence and predictions; the places where predictions and "
    "labels differ are (...).nonzero()[:, 0]; argsort(descending=True) of the confidence at "
    "these places gives an order among them; take the places in this order, and the first k.",
))  # fmt: skip
@on_cpu
def mistakes(confusion_matrix, confident_mistakes) -> str:
    """Right: counts with rows true and columns predicted; the surest wrong answers first."""
    answered(confusion_matrix=confusion_matrix, confident_mistakes=confident_mistakes)
    judge_function(confusion_matrix, "confusion_matrix")
    judge_function(confident_mistakes, "confident_mistakes")
    generator = seeded(46)
    earlier = torch.zeros(10, 10, dtype=torch.float64)
    for count, classes in ((300, 10), (60, 8)):
        labels, predictions = answers.make_labels(count, classes, generator)
        given = labels.clone(), predictions.clone()
        counts = call_student(
            confusion_matrix, *given, on=f"{count} labels and predictions", again=count < 300
        )
        answers.judge_unchanged(given, (labels, predictions), "confusion_matrix")
        earlier = answers.judge_counts(counts, labels, predictions, earlier)
    for wrong, k in ((24, None), (24, 3), (4, 10)):
        probabilities, labels = answers.make_answers(wrong, generator)
        given = probabilities.clone(), labels.clone()
        on = f"60 images with {wrong} mistakes and " + (f"k={k}" if k else "no k given")
        arguments = {} if k is None else {"k": k}
        indices = call_student(
            confident_mistakes, *given, on=on, again=k is not None, advice=answers.ADVICE,
            **arguments,
        )  # fmt: skip
        answers.judge_indices(indices, probabilities, labels, k or 10, on)
        answers.judge_unchanged(given, (probabilities, labels), "confident_mistakes")
    return "rows are true classes, columns predicted ones; the diagonal counts the right answers"
