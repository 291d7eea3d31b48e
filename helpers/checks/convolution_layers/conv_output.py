"""The check of task 1.3: which shape comes out of the layer, and which numbers."""

from functools import partial

import torch
import torch.nn.functional as F

from helpers.checks.convolution_layers.conv_layer import judge_garment_layer
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import judge_comma, judge_image, judge_made, judge_shape
from helpers.checks.core.values import answered, close, shape_of


@check("1.3", "What comes out?", hints=(
    "Draw a row of 6 boxes and slide a strip of 3 boxes along it: it fits in 4 places. Find the "
    "rule that gives 4 from 6 and 3.",
    "A row of 6 with a window of 3 has 6 - 3 + 1 = 4 places, a column as well, and each kernel "
    "makes one map: 2 kernels would make (2, 4, 4). For feature_maps, call conv_layer with image "
    "in the parentheses.",
))  # fmt: skip
def conv_output(predicted_shape, feature_maps, conv_layer, image) -> str:
    """Right: ``[8, 24, 24]`` and what ``conv_layer`` makes of ``image`` (also as a batch of 1)."""
    answered(
        predicted_shape=predicted_shape,
        feature_maps=feature_maps,
        conv_layer=conv_layer,
        image=image,
    )
    predicted = shape_of(predicted_shape, "predicted_shape")
    judge_comma(feature_maps, "feature_maps")
    if not isinstance(feature_maps, torch.Tensor):
        raise Incorrect(
            f"feature_maps is {describe(feature_maps)}; expected is the tensor that comes out when "
            "you call the layer like a function, with the image in the parentheses."
        )
    judge_image(image)
    layer = judge_garment_layer(conv_layer, "conv_layer", padding=0)
    batch = tuple(feature_maps.shape) == (1, 8, 24, 24)
    if not (batch and predicted == (1, 8, 24, 24)):
        mistakes = {
            (8, 1, 5, 5): "that is the shape of the weights; asked for is what comes out.",
            (8, 28, 28): "without padding the window cannot start at every pixel of a row.",
            (8, 23, 23): "one place too few: the first place counts as well.",
            (8, 25, 25): "one place too many: the window has to end inside the image.",
            (8, 12, 12): "that is every second place; the window moves by 1 pixel at a time.",
            (1, 24, 24): "1 is the image's channel; how many maps do 8 kernels make?",
            (1, 28, 28): "that is the shape of the image that goes in.",
            (8, 5, 5): "that is the size of the kernels; the window moves on by 1 pixel at a time.",
        }
        judge_shape(predicted, (8, 24, 24), "predicted_shape", mistakes)
    mistakes = {
        (24, 24): "that is one map alone. Keep all that come out of the layer.",
        (1, 24, 24): "that is one map alone. Keep all that come out of the layer.",
        (24, 24, 8): "PyTorch puts the channels first. Leave the output as it is.",
        (8, 1, 5, 5): "that is the shape of the layer's weights. Call the layer with the image.",
    }
    judge_made(feature_maps, (8, 24, 24), "feature_maps", mistakes)
    _judge_maps(feature_maps.reshape(8, 24, 24), layer, image)
    return "[1, 28, 28] → [8, 24, 24]: a window of 5 pixels has 24 places in a row of 28"


def _judge_maps(maps, layer, image) -> None:
    picture = image.detach().reshape(1, 1, 28, 28).cpu().double()
    weight, bias = (p.detach().cpu().double() for p in (layer.weight, layer.bias))
    expected = F.conv2d(picture, weight, bias)[0]
    if close(maps, expected, 2e-3):
        return
    mistakes = (
        (expected - bias[:, None, None], "feature_maps lacks the bias. Call the layer itself: it "
         "adds the bias."),
        (expected.relu(), "feature_maps has no negative values: a ReLU came after the layer. "
         "Leave it out here."),
        (F.conv2d(picture, weight.flip(2, 3), bias)[0], "feature_maps comes from kernels that "
         "are turned round. Call the layer: it takes them as they are."),
    )  # fmt: skip
    otherwise = (
        "feature_maps has the right shape, but conv_layer makes something else of this image. If "
        "you made the layer or took the image anew in the meantime, run your cell again."
    )
    raise Incorrect(sentence_on(maps, mistakes, partial(close, tolerance=2e-3)) or otherwise)
