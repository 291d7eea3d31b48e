"""The check of task 2.1: the shape after pooling, and the pooled image."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe
from helpers.checks.core.known_mistakes import sentence_on
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.shapes import judge_comma, judge_image, judge_made, judge_shape
from helpers.checks.core.values import answered, close, shape_of


@check("2.1", "Pool an image", hints=(
    "Cut a strip of 28 boxes into pieces of 5. How many whole pieces do you get?",
    "nn.MaxPool2d(3) makes [1, 9, 9] of one image, because 9 windows of 3 fit into 28. A layer "
    "is made first and called then: nn.MaxPool2d(...)(image).",
))  # fmt: skip
def max_pool(predicted_shape, pooled, image) -> str:
    """Right: ``[1, 5, 5]`` and what ``nn.MaxPool2d(5)`` makes of ``image`` (or a batch of 1)."""
    answered(predicted_shape=predicted_shape, pooled=pooled, image=image)
    predicted = shape_of(predicted_shape, "predicted_shape")
    if isinstance(pooled, (nn.Module, type)):
        raise Incorrect(
            f"pooled is {describe(pooled)}. Make the layer with nn.MaxPool2d(...), and call it "
            "with the image: pooled is what comes out."
        )
    judge_comma(pooled, "pooled")
    if isinstance(pooled, tuple) and len(pooled) == 2 and isinstance(pooled[0], torch.Tensor):
        raise Incorrect("pooled is a pair: leave out return_indices, or keep the first part only.")
    if not isinstance(pooled, torch.Tensor):
        raise Incorrect(f"pooled is {describe(pooled)}; expected is the tensor that comes out.")
    judge_image(image)
    batch = tuple(pooled.shape) == (1, 1, 5, 5)
    if not (batch and predicted == (1, 1, 5, 5)):
        mistakes = {
            (8, 1, 5, 5): "that is the shape of the weights; asked for is what comes out.",
            (1, 24, 24): "that is the size after a convolution; pooling moves by a whole window.",
            (1, 23, 23): "pooling moves its window by more than 1 pixel at a time.",
            (1, 6, 6): "the sixth window would hang over the edge, and is left out.",
            (1, 4, 4): "that is the number of steps; the first place of the window counts as well.",
            (1, 14, 14): "that is pooling by 2; this window is 5 pixels wide.",
            (1, 28, 28): "that is the image itself; pooling keeps one value of each window.",
            (8, 5, 5): "this is the image, which has 1 channel, not the output of conv_layer.",
            (1, 1, 1): "the largest value of each window is kept, not that of the image.",
        }
        judge_shape(predicted, (1, 5, 5), "predicted_shape", mistakes)
    mistakes = {
        (1, 24, 24): "windows of 5 that move by 1 pixel only make 24. Pool with "
        "nn.MaxPool2d(5), and leave out stride.",
        (1, 6, 6): "that is one window too many. Take 5 pixels; leave out ceil_mode and padding.",
        (1, 14, 14): "pooling by 2 makes 14; take a window of 5 pixels.",
        (8, 24, 24): "so many channels come out of a convolution; pool the image itself.",
        (8, 4, 4): "so many channels come out of a convolution; pool the image itself.",
        (5, 5): "the channel got lost. Give the image with its channel, [1, 28, 28].",
        (1, 28, 5): "28 rows are left. nn.MaxPool2d pools in both directions, nn.MaxPool1d in one.",
        (1, 1, 1): "that is a single number; keep the largest of each window.",
        (): "that is a single number; keep the largest of each window.",
    }
    judge_made(pooled, (1, 5, 5), "pooled", mistakes)
    _judge_pooled(pooled.reshape(1, 5, 5), image.detach().reshape(1, 28, 28))
    return "[1, 28, 28] → [1, 5, 5]: 25 numbers are left of 784"


def _judge_pooled(pooled: torch.Tensor, image: torch.Tensor) -> None:
    picture = image.cpu().double()
    if close(pooled, F.max_pool2d(picture, 5), 2e-3):
        return
    begin = "pooled has the right shape, but not the right values: "
    if not pooled.is_floating_point():
        raise Incorrect(
            f"{begin}they are of type {pooled.dtype}, those of the image of {image.dtype}. Leave "
            "out what rounds or compares, and return_indices, which gives places, not values."
        )
    mistakes = (
        (F.avg_pool2d(picture, 5), "these are the windows' means. Take nn.MaxPool2d."),
        (-F.max_pool2d(-picture, 5), "these are the smallest values of the windows, not the "
         "largest."),
        (picture[:, ::5, ::5][:, :5, :5], "this is every fifth pixel. Take the largest of each "
         "window."),
        (picture[:, :5, :5], "this is a corner of the image. Pool the whole image."),
        (F.adaptive_avg_pool2d(picture, 5), "the image was made smaller by taking means. Take "
         "nn.MaxPool2d."),
        (F.adaptive_max_pool2d(picture, 5), "the windows overlap. Take nn.MaxPool2d, not "
         "AdaptiveMaxPool2d."),
        *(
            (
                F.max_pool2d(picture, size, 5),
                f"these are windows of {size} pixels. Take windows of 5.",
            )
            for size in (4, 6, 7, 8)
        ),
    )  # fmt: skip
    otherwise = (
        "nn.MaxPool2d(5) makes something else of this image. If you took the image anew in the "
        "meantime, run your cell again."
    )
    raise Incorrect(
        begin + (sentence_on(pooled, mistakes, partial(close, tolerance=1e-5)) or otherwise)
    )
