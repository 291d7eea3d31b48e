"""Right and wrong answers to the tasks on pooling; see ``tests.checks.answers``."""

from collections.abc import Callable

from torch import nn

from helpers import layers
from tests.checks.parts import Data, Wrong, figure
from tests.checks.pooling.parts import GIVEN, changes_of


def get_pooled_width(input_width, kernel_size, stride=None):
    """Task 2.2."""
    return layers.get_output_width(input_width, kernel_size, stride or kernel_size)


def relative_change(before, after):
    """Task 2.4."""
    return ((after - before).abs().sum() / before.abs().sum()).item()


def right_answers() -> dict[str, Callable[[], tuple]]:
    """For each check, by its name, a function that makes its arguments anew."""
    image = Data()[0][0]
    pooled = nn.MaxPool2d(5)(image)
    layer, images, shifted = GIVEN
    changes = changes_of(layer(images).detach(), layer(shifted).detach())
    return {
        "max_pool": lambda: ((1, 5, 5), pooled, image),
        "pooled_width": lambda: (get_pooled_width, 3),
        "side_by_side": lambda: (figure([image[0], pooled[0]]), image, pooled),
        "shift_changes": lambda: (relative_change, dict(changes), *GIVEN),
    }


WRONG: dict[str, list[Wrong]] = {
    "2.1": [
        Wrong(
            {
                "answer-2-1": """
                    predicted_shape = (1, 24, 24)
                    pooled = nn.MaxPool2d(5)(image)
                """
            },
            "that is the size after a convolution",
        ),
        Wrong(
            {
                "answer-2-1": """
                    predicted_shape = (1, 5, 5)
                    pooled = nn.MaxPool2d(5, stride=1)(image)
                """
            },
            "windows of 5 that move by 1 pixel only make 24",
        ),
    ],
    "2.2": [
        Wrong(
            {
                "answer-2-2": """
                    def get_pooled_width(input_width, kernel_size, stride=None):
                        if stride is None:
                            return get_output_width(input_width, kernel_size)
                        return get_output_width(input_width, kernel_size, stride)

                    dropped = 3
                """
            },
            "If no stride is given, pooling does not take 1",
        ),
        Wrong(
            {
                "answer-2-2": """
                    def get_pooled_width(input_width, kernel_size, stride=None):
                        return get_output_width(input_width, kernel_size, stride or kernel_size)

                    dropped = get_pooled_width(28, 5)
                """
            },
            "that is the number of windows in a row",
        ),
    ],
    "2.3": [
        Wrong(
            {
                "answer-2-3": """
                    fig = plt.figure()
                    plt.imshow(image[0])
                    plt.title("image")
                    plt.imshow(pooled[0])
                    plt.title("pooled")
                    plt.show()
                """
            },
            "where the second hides the first",
        ),
        Wrong(
            {
                "answer-2-3": """
                    fig, axes = plt.subplots(1, 2)
                    axes[0].imshow(image[0])
                    axes[1].imshow(pooled[0])
                    plt.title("image")
                    plt.title("pooled")
                    plt.show()
                """
            },
            "the image has no title",
        ),
        Wrong(
            {
                "answer-2-3": """
                    fig, axes = plt.subplots(1, 3)
                    axes[0].imshow(image[0])
                    axes[0].set_title("image")
                    axes[1].imshow(pooled[0])
                    axes[1].set_title("pooled")
                    plt.show()
                """
            },
            "the figure has 3 axes, one of them empty; asked for are two",
        ),
    ],
    "2.4": [
        Wrong(
            {
                "answer-2-4": """
                    def relative_change(before, after):
                        return (after - before).sum().abs() / before.sum().abs()

                    with torch.no_grad():
                        before, after = conv_layer(images), conv_layer(shifted)
                    mean, maximum = nn.AvgPool2d(2), nn.MaxPool2d(2)
                    changes = {
                        "convolution": relative_change(before, after),
                        "maximum": relative_change(maximum(before), maximum(after)),
                        "average": relative_change(mean(before), mean(after)),
                    }
                """
            },
            "take absolute values first, then sum",
        ),
        Wrong(
            {
                "answer-2-4": """
                    def relative_change(before, after):
                        return ((after - before).abs().sum() / before.abs().sum()).item()

                    with torch.no_grad():
                        before, after = conv_layer(images), conv_layer(shifted)
                    maximum = nn.MaxPool2d(2)
                    changes = {
                        "convolution": relative_change(before, after),
                        "maximum": relative_change(maximum(before), maximum(after)),
                        "average": relative_change(maximum(before), maximum(after)),
                    }
                """
            },
            "of the feature maps after max pooling by 2",
        ),
    ],
}
