"""What several tests of the checks of notebook 04 share."""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn import functional

from helpers import sharing
from helpers.datasets import ImageDataset

_FOLDER = tempfile.TemporaryDirectory()  # gone when the tests end


def page_of(model, shape=(1, 28, 28)) -> sharing.Page:
    """A page of ``model``, in a folder of its own, with pictures of nothing in ten classes."""
    images = torch.zeros(20, *shape, dtype=torch.uint8, device="cpu")
    labels = torch.arange(20, device="cpu") % 10
    data = ImageDataset(images, labels, list("abcdefghij"), "official", "nothing")
    return sharing.page(model, Path(tempfile.mkdtemp(dir=_FOLDER.name)) / "net.html", data)


def draw(pictures, symmetric=True, cmap="RdBu", **options):
    """A figure with a picture in each of its axes, drawn by ``imshow``."""
    fig, axes = plt.subplots(1, len(pictures))
    if symmetric:
        limit = max(abs(np.asarray(p)).max() for p in pictures)
        options = {"vmin": -limit, "vmax": limit} | options
    for ax, picture in zip(np.atleast_1d(axes), pictures, strict=True):
        ax.imshow(np.asarray(picture), cmap=cmap, **options)
    return fig


def get_activations(model, layer, images):
    kept = {}
    handle = layer.register_forward_hook(lambda m, i, output: kept.update(output=output.detach()))
    with torch.no_grad():
        model(images)
    handle.remove()
    return kept["output"]


def batched_occlusion(model, image, label):
    """All positions in one batch; a value stands in the middle of its patch; a numpy array."""
    rows = torch.arange(28)
    inside = (rows[:, None] - rows[None]).abs() <= 3
    mask = inside[:, None, :, None] & inside[None, :, None, :]
    covered = torch.where(mask.reshape(784, 1, 28, 28), image.mean(), image)
    with torch.no_grad():
        return (model(image[None])[0, label] - model(covered)[:, label]).reshape(28, 28).numpy()


def gradient(of="score", shape=(28, 28), finish=torch.abs, name="autograd"):
    """A gradient map: of the score, the probability, its logarithm or the loss."""

    def decision_map(model, image, label):
        x = image.clone().unsqueeze(0).requires_grad_(True)
        scores = model(x)
        value = {
            "score": lambda: scores[0, label],
            "probability": lambda: scores.softmax(1)[0, label],
            "log": lambda: scores.log_softmax(1)[0, label],
            "loss": lambda: functional.cross_entropy(scores, torch.tensor([label])),
            "predicted": lambda: scores.max(),
            "sum": lambda: scores.sum(),
            "next": lambda: scores[0, (label + 1) % 10],
            "certain": lambda: scores.softmax(1).sum() * 0,
        }[of]()
        if name == "autograd":
            (slope,) = torch.autograd.grad(value, x)
        else:
            value.backward()
            slope = x.grad
            if name == "zero_grad":
                model.zero_grad()
        return finish(slope.detach()).reshape(shape)

    return decision_map


def confusion_matrix(labels, predictions):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label, prediction] += 1
    return matrix


def confident_mistakes(probabilities, labels, k=10):
    confidence, predictions = probabilities.max(dim=1)
    wrong = (predictions != labels).nonzero().flatten()
    return wrong[confidence[wrong].argsort(descending=True)][:k]


def confidence(probabilities, labels):
    return probabilities.amax(1)
