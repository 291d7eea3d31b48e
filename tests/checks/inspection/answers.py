"""Right and wrong answers to the tasks on inspection; see ``tests.checks.answers``."""

from collections.abc import Callable

import torch

from helpers import models
from tests.checks.inspection.parts import page_of
from tests.checks.parts import Data, Wrong, figure


def get_activations(model, layer, images):
    """Task 4.4."""
    caught = []
    handle = layer.register_forward_hook(lambda layer, inputs, output: caught.append(output))
    try:
        with torch.no_grad():
            model(images)
    finally:
        handle.remove()
    return caught[0]


def decision_map(model, image, label):
    """Task 4.5."""
    image = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(image.unsqueeze(0))[0, label], image)
    return gradient[0].abs()


def confusion_matrix(labels, predictions):
    """Task 4.6."""
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        matrix[label, prediction] += 1
    return matrix


def confident_mistakes(probabilities, labels, k=10):
    """Task 4.6."""
    confidence, predictions = probabilities.max(dim=1)
    wrong = (predictions != labels).nonzero()[:, 0]
    return wrong[confidence[wrong].argsort(descending=True)[:k]]


def right_answers() -> dict[str, Callable[[], tuple]]:
    """For each check, by its name, a function that makes its arguments anew."""
    model, data = models.ConvNet(), Data()
    image, first = data[0][0], model.conv_stack[0]
    first_maps = first(image).detach()
    kernels = [kernel[0] for kernel in first.weight]
    largest = first.weight.abs().max().item()
    return {
        "first_layer": lambda: (first, model),
        "kernel_pictures": lambda: (figure(kernels, limits=largest), first),
        "feature_maps": lambda: (0, first_maps, figure([image[0], *first_maps]), first, data),
        "activations": lambda: (get_activations,),
        "decision_map": lambda: (decision_map,),
        "mistakes": lambda: (confusion_matrix, confident_mistakes),
        "own_page": lambda: (page_of(model), 281_640, model),
    }


WRONG: dict[str, list[Wrong]] = {
    "4.1": [
        Wrong(
            {"answer-4-1": "first_layer = model.conv_stack[1]\nprint(first_layer)"},
            "Python counts from 0",
        ),
        Wrong(
            {"answer-4-1": "first_layer = model.conv_stack[0].weight\nprint(first_layer)"},
            "leave out what follows the index, such as .weight",
        ),
    ],
    "4.2": [
        Wrong(
            {
                "answer-4-2": """
                    fig, axes = plt.subplots(1, 6)
                    for ax, kernel in zip(axes, first_layer.weight.detach().cpu()):
                        ax.imshow(kernel[0], cmap="RdBu_r")
                    plt.show()
                """
            },
            "each picture has its own colour scale",
        ),
        Wrong(
            {
                "answer-4-2": """
                    kernels = first_layer.weight.detach().cpu()
                    limit = kernels.abs().max()
                    fig, axes = plt.subplots(1, 6)
                    for ax, kernel in zip(axes, kernels):
                        ax.imshow(kernel[0], cmap="gray", vmin=-limit, vmax=limit)
                    plt.show()
                """
            },
            "the colour map gray has no neutral middle for 0",
        ),
    ],
    "4.3": [
        Wrong(
            {
                "answer-4-3": """
                    index = torch.randint(59_999, (1,)).item()
                    image, label = training_data[index + 1]
                    feature_maps = first_layer(image.to(device)).detach().cpu()
                """
            },
            "Draw index once, then use it for the image and the maps",
        ),
        Wrong(
            {
                "answer-4-3-figure": """
                    fig, axes = plt.subplots(1, 6)
                    for ax, feature_map in zip(axes, feature_maps):
                        ax.imshow(feature_map, cmap="RdBu_r")
                    plt.show()
                """
            },
            "fig has 6 pictures; expected are 7",
        ),
        Wrong(
            {
                "answer-4-3-figure": """
                    fig, axes = plt.subplots(1, 7)
                    axes[0].imshow(training_data[index][0][0], cmap="gray")
                    for ax, feature_map in zip(axes[1:], feature_maps):
                        ax.imshow(feature_map.T, cmap="RdBu_r")
                    plt.show()
                """
            },
            "feature map 0 is shown with rows and columns swapped",
        ),
    ],
    "4.4": [
        Wrong(
            {
                "answer-4-4": """
                    def get_activations(model, layer, images):
                        caught = []
                        layer.register_forward_hook(lambda *args: caught.append(args[2]))
                        with torch.no_grad():
                            model(images)
                        return caught[0]
                """
            },
            "leaves a hook on layer 2 (Conv2d) of the network",
        ),
        Wrong(
            {
                "answer-4-4": """
                    def get_activations(model, layer, images):
                        with torch.no_grad():
                            return layer(images)
                """
            },
            "what the layer makes of the images directly",
        ),
        Wrong(
            {
                "answer-4-4": """
                    def get_activations(model, layer, images):
                        caught = []
                        handle = model.register_forward_hook(lambda *args: caught.append(args[2]))
                        with torch.no_grad():
                            model(images)
                        handle.remove()
                        return caught[0]
                """
            },
            "Register the hook on the layer that was handed over",
        ),
    ],
    "4.5": [
        Wrong(
            {
                "answer-4-5": """
                    def decision_map(model, image, label):
                        batch = image.unsqueeze(0).requires_grad_()
                        score = model(batch).max()
                        return torch.autograd.grad(score, batch)[0][0, 0].abs()
                """
            },
            "Use the score of the given label",
        ),
        Wrong(
            {
                "answer-4-5": """
                    def decision_map(model, image, label):
                        heat = torch.zeros(28, 28)
                        with torch.no_grad():
                            before = model(image.unsqueeze(0))[0, label]
                            for row in range(0, 28, 4):
                                for column in range(0, 28, 4):
                                    covered = image.clone()
                                    covered[:, row : row + 4, column : column + 4] = 0
                                    after = model(covered.unsqueeze(0))[0, label]
                                    heat[row : row + 4, column : column + 4] = after - before
                        return heat
                """
            },
            "its sign is turned round",
        ),
        Wrong(
            {
                "answer-4-5": """
                    def decision_map(model, image, label):
                        x = image.clone().requires_grad_()
                        gradient, = torch.autograd.grad(model(x[None])[0, label], x)
                        return gradient[0].relu()
                """
            },
            "with 0 in place of its negative half",
        ),
    ],
    "4.6": [
        Wrong(
            {
                "answer-4-6": """
                    def confusion_matrix(labels, predictions):
                        matrix = torch.zeros(10, 10, dtype=torch.int64)
                        for label, prediction in zip(labels, predictions):
                            matrix[prediction, label] += 1
                        return matrix

                    def confident_mistakes(probabilities, labels, k=10):
                        confidence, predictions = probabilities.max(dim=1)
                        wrong = (predictions != labels).nonzero()[:, 0]
                        return wrong[confidence[wrong].argsort(descending=True)[:k]]
                """
            },
            "rows and columns are swapped",
        ),
        Wrong(
            {
                "answer-4-6": """
                    def confusion_matrix(labels, predictions):
                        return torch.bincount(10 * labels + predictions, minlength=100).view(10, 10)

                    def confident_mistakes(probabilities, labels, k=10):
                        confidence, predictions = probabilities.max(dim=1)
                        wrong = predictions != labels
                        return confidence[wrong].argsort(descending=True)[:k]
                """
            },
            "the indices count within the mistakes only",
        ),
        Wrong(
            {
                "answer-4-6": """
                    def confusion_matrix(labels, predictions):
                        return torch.bincount(10 * labels + predictions, minlength=100).view(10, 10)

                    def confident_mistakes(probabilities, labels, k=10):
                        confidence, predictions = probabilities.max(dim=1)
                        wrong = (predictions != labels).nonzero()[:, 0]
                        return wrong[confidence[wrong].topk(k).indices]
                """
            },
            "There are only 4 mistakes here, fewer than k: return all of them.",
        ),
    ],
    "4.7": [
        Wrong(
            {
                "answer-4-7": """
                    from helpers import models, sharing

                    my_page = sharing.page(models.ConvNet(), "my_network.html", test_data)
                    multiplications = 281_640
                """
            },
            "other numbers in them, as in conv_stack.0",
        ),
        Wrong(
            {
                "answer-4-7": """
                    from helpers import sharing

                    my_page = sharing.page(model, "my_network.html", test_data)
                    multiplications = sum(p.numel() for p in model.parameters())
                """
            },
            "that is the number of parameters",
        ),
        Wrong(
            {
                "answer-4-7": """
                    from helpers import sharing

                    my_page = sharing.page(model, "my_network.html", test_data)
                    multiplications = 6 * 24 * 24 * 25 + 16 * 8 * 8 * 25 + 30_720 + 10_080 + 840
                """
            },
            "a window reaches through all the maps that come in",
        ),
    ],
}
