"""Is a shape the right one: written down by a student, or that of what a layer made?"""

import operator
from collections.abc import Mapping

import torch

from helpers.checks.core.describing import describe, show_shape
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect


def judge_image(image) -> None:
    """Refuse what is not one grey image, as it comes from the data or as a batch of one."""
    if not isinstance(image, torch.Tensor) or tuple(image.shape) not in (
        (1, 28, 28),
        (1, 1, 28, 28),
    ):
        raise Incorrect(
            f"image is {describe(image)}; expected is one image, a tensor of shape [1, 28, 28]. "
            "Run the cell again that takes it from the training data."
        )


def judge_comma(value, name: str) -> None:
    """Raise for a tuple of one thing, which a comma after it makes."""
    if isinstance(value, tuple) and len(value) == 1:
        raise Incorrect(f"{name} is a tuple with one thing in it. Take away the comma after that.")


def judge_wrapping(value, name: str) -> None:
    """A single thing in brackets, or with a comma after it, is a list or tuple of one."""
    if not isinstance(value, (list, tuple)) or len(value) != 1:
        return
    if not isinstance(value[0], (list, tuple, float, int)):
        kind = type(value).__name__
        raise Incorrect(
            f"{name} is a {kind} with one thing in it. Take that out of its "
            f"{'brackets' if kind == 'list' else 'brackets, and leave out the comma after it'}."
        )


def judge_known(given, right, name: str, mistakes: Mapping, otherwise: str) -> None:
    """Raise unless ``given`` is ``right``; ``mistakes`` has a sentence for what is often given."""
    if given != right:
        shown = show_shape(given) if isinstance(given, tuple) else given
        named = sentence_on(given, mistakes.items(), operator.eq)
        raise Incorrect(f"{name} is {shown}: {named or otherwise}")


def judge_shape(
    given: tuple[int, ...], right: tuple[int, ...], name: str, mistakes: Mapping[tuple, str]
) -> None:
    """Raise unless the shape, written down for one image, is right."""
    channels, _, width = right
    batch = "64 is the size of a batch; this is one image."
    mistakes = {
        (channels, 1, *right[1:]): "each kernel makes one map: what goes in is summed up.",
        (1, *right): "the leading 1 is a batch dimension; this is one image without it.",
        (64, *right): batch,
        (64, *right[1:]): batch,
        right[1:]: "the channels are missing; they come first, even if there is only 1.",
        **mistakes,
    }
    if len(given) != 3:
        otherwise = f"one image has three entries, not {len(given)}: channels, height and width."
    elif sorted(given) == sorted(right):
        otherwise = "PyTorch puts the channels first, before height and width."
    elif given[0] != channels:
        otherwise = "look again at the first number, the channels that come out."
    elif given[1] != given[2]:
        otherwise = "image and window are square, so height and width must come out the same."
    else:
        way = "large" if given[1] > width else "small"
        otherwise = (
            f"{given[1]} is too {way}. Count the places where the window can start in a row."
        )
    judge_known(given, right, name, mistakes, otherwise)


def judge_made(
    made: torch.Tensor, right: tuple[int, ...], name: str, mistakes: Mapping[tuple, str]
) -> None:
    """Raise unless a layer's output has the right shape, for one image or for a batch of 1."""
    shape = tuple(made.shape)
    if shape == (1, *right):
        return
    image = "that is the shape of an image still. Call the layer with the image."
    mistakes = {(28, 28): image, (1, 28, 28): image, (1, 1, 28, 28): image, **mistakes}
    otherwise = (
        f"that is for {shape[0]} images. Pass one image through the layer."
        if shape[1:] == right
        else f"what comes out for one image has the shape {show_shape(right)}. Look again at the "
        "numbers of the layer, and leave its output as it is."
    )
    judge_known(shape, right, f"the shape of {name}", mistakes, otherwise)
