"""Right and wrong answers to the tasks on convolution layers; see ``tests.checks.answers``."""

from collections.abc import Callable

import torch
from torch import nn

from helpers import layers
from tests.checks.parts import Data, Wrong


def value_by_hand(image, layer, channel, row, column):
    """Task 1.4."""
    kernel = layer.weight[channel]
    height, width = kernel.shape[1:]
    window = image[:, row : row + height, column : column + width]
    return (window * kernel).sum() + layer.bias[channel]


def edge_layer() -> nn.Conv2d:
    """Task 1.7."""
    layer = nn.Conv2d(1, 1, 3, bias=False)
    nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.weight[..., 0], layer.weight[..., 2] = -1, 1
    return layer


def right_answers() -> dict[str, Callable[[], tuple]]:
    """For each check, by its name, a function that makes its arguments anew."""
    layer, image = nn.Conv2d(1, 8, 5), Data()[0][0]
    return {
        "conv_layer": lambda: (nn.Conv2d(1, 8, 5),),
        "conv_parameters": lambda: ((8, 1, 5, 5), (8,), 208),
        "conv_output": lambda: ((8, 24, 24), layer(image), layer, image),
        "value_by_hand": lambda: (value_by_hand,),
        "output_width": lambda: (layers.get_output_width,),
        "same_padding": lambda: (nn.Conv2d(1, 8, 5, padding="same"), (8, 28, 28)),
        "vertical_edges": lambda: (edge_layer(),),
    }


WRONG: dict[str, list[Wrong]] = {
    "1.1": [
        Wrong(
            {"answer-1-1": "conv_layer = nn.Conv2d(8, 1, 5)\nprint(conv_layer)"},
            "it should be the other way round",
        ),
        Wrong(
            {"answer-1-1": "conv_layer = nn.Conv2d(28, 8, 5)\nprint(conv_layer)"},
            "28 is their width, which the layer need not know",
        ),
    ],
    "1.2": [
        Wrong(
            {
                "answer-1-2": """
                    weight_shape = (1, 8, 5, 5)
                    bias_shape = (8,)
                    num_parameters = 208
                """
            },
            "the channels that come out stand first",
        ),
        Wrong(
            {
                "answer-1-2": """
                    weight_shape = conv_layer.weight.shape
                    bias_shape = conv_layer.bias.shape
                    num_parameters = conv_layer.weight.numel()
                """
            },
            "these are the weights alone; the biases are learned, too",
        ),
    ],
    "1.3": [
        Wrong(
            {
                "answer-1-3": """
                    image, label = training_data[0]
                    predicted_shape = (8, 28, 28)
                    feature_maps = conv_layer(image)
                """
            },
            "without padding the window cannot start at every pixel",
        ),
        Wrong(
            {
                "answer-1-3": """
                    image, label = training_data[0]
                    predicted_shape = (8, 24, 24)
                    feature_maps = conv_layer
                """
            },
            "call the layer like a function, with the image in the parentheses",
        ),
    ],
    "1.4": [
        Wrong(
            {
                "answer-1-4": """
                    def value_by_hand(image, layer, channel, row, column):
                        size = layer.kernel_size[0]
                        window = image[0, row : row + size, column : column + size]
                        return (window * layer.weight[channel, 0]).sum()
                """
            },
            "The bias of the channel is still missing",
        ),
        Wrong(
            {
                "answer-1-4": """
                    def value_by_hand(image, layer, channel, row, column):
                        return layer(image)[channel, row, column]
                """
            },
            "the value is right, but the layer computed it",
        ),
        Wrong(
            {
                "answer-1-4": """
                    def value_by_hand(image, layer, channel, row, column):
                        return torch.conv2d(image, layer.weight, layer.bias)[channel, row, column]
                """
            },
            "a convolution of PyTorch computed it, from more of the image than the window",
        ),
    ],
    "1.5": [
        Wrong(
            {
                "answer-1-5": """
                    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
                        reach = dilation * (kernel_size - 1) + 1
                        if reach > input_width + padding:
                            raise ValueError("the kernel does not fit")
                        return (input_width + padding - reach) // stride + 1
                """
            },
            "Padding is added on both sides of the image",
        ),
        Wrong(
            {
                "answer-1-5": """
                    def get_output_width(input_width, kernel_size, stride=1, padding=0, dilation=1):
                        reach = dilation * (kernel_size - 1) + 1
                        return (input_width + 2 * padding - reach) // stride + 1
                """
            },
            "it should raise a ValueError with a sentence that says so",
        ),
    ],
    "1.6": [
        Wrong(
            {
                "answer-1-6": """
                    same_layer = nn.Conv2d(1, 8, 5, padding=1)
                    same_shape = (8, 28, 28)
                """
            },
            "an image of 28×28 becomes 26×26. padding also takes a word",
        ),
        Wrong(
            {
                "answer-1-6": """
                    same_layer = nn.Conv2d(1, 8, 5, padding="same")
                    same_shape = (8, 24, 24)
                """
            },
            "that is the shape without padding",
        ),
    ],
    "1.7": [
        Wrong(
            {
                "answer-1-7": """
                    edge_kernel = torch.tensor([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
                    edge_layer = nn.Conv2d(1, 1, 3, bias=False)
                    with torch.no_grad():
                        edge_layer.weight[0, 0] = edge_kernel
                """
            },
            "your kernel finds horizontal edges",
        ),
        Wrong(
            {
                "answer-1-7": """
                    edge_kernel = torch.tensor([[0, 1, 0], [0, 1, 0], [0, 1, 0]])
                    edge_layer = nn.Conv2d(1, 1, 3, bias=False)
                    with torch.no_grad():
                        edge_layer.weight[0, 0] = edge_kernel
                """
            },
            "All weights have the same sign",
        ),
    ],
}
