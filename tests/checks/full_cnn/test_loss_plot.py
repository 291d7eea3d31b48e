"""Task 3.8: right ways, mistakes and their messages, blanks, traces."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from helpers.checks import loss_plot
from tests.checks.full_cnn.parts import ACCURACIES, TEST, TRAIN
from tests.checks.tables import (
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)


def plot(
    curves=((TRAIN, "training"), (TEST, "test")),
    x=range(1, 11),
    xlabel="epoch",
    ylabel="loss",
    legend=True,
    method="plot",
) -> Figure:
    fig = Figure()
    ax = fig.subplots()
    for values, label in curves:
        getattr(ax, method)(x, values, label=label)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if legend:
        ax.legend()
    return fig


def plot_plainly() -> Figure:
    """No x given, figure-wide names, labels handed to the legend, a third line for the guess."""
    fig = Figure()
    ax = fig.subplots()
    ax.plot(np.array(TRAIN), "o-")
    ax.plot(torch.tensor(TEST), "s--")
    ax.axhline(math.log(10))
    fig.supxlabel("Epoche")
    fig.supylabel("Verlust")
    ax.legend(["Training", "Test"])
    return fig


def plot_with_texts() -> Figure:
    fig = plot(legend=False)
    fig.axes[0].annotate("training", (9, TRAIN[-1]))
    fig.axes[0].text(9, TEST[-1], "test")
    return fig


def plot_with_pyplot() -> Figure:
    fig = plt.figure()
    plt.plot(range(10), TRAIN, label="train loss")
    plt.plot(range(10), TEST, label="test loss")
    plt.xlabel("epoch")
    plt.ylabel("loss")
    plt.legend()
    plt.close(fig)
    return fig


def plot_legend_by_handles() -> Figure:
    """The legend names the curves in another order than that in which they were drawn."""
    fig = Figure()
    ax = fig.subplots()
    (train,), (test,) = ax.plot(TRAIN), ax.plot(TEST)
    ax.set(xlabel="epoch", ylabel="loss")
    ax.legend([test, train], ["test", "training"])
    return fig


def plot_in_one_colour() -> Figure:
    """The curves differ in their lines only; the test curve is the first in the legend."""
    fig = Figure()
    ax = fig.subplots()
    ax.plot(TEST, "k--", label="test")
    ax.plot(TRAIN, "k-", label="training")
    ax.set(xlabel="epoch", ylabel="loss")
    ax.legend()
    return fig


def plot_in_one_call() -> Figure:
    fig = Figure()
    ax = fig.subplots()
    ax.plot(range(10), np.stack([TRAIN, TEST], axis=1))
    ax.set(xlabel="epoch", ylabel="loss")
    ax.legend(["training", "test"])
    return fig


@pytest.mark.parametrize(
    "make",
    [
        plot,
        plot_plainly,
        plot_with_texts,
        plot_with_pyplot,
        plot_legend_by_handles,
        plot_in_one_colour,
        plot_in_one_call,
        lambda: plot(method="scatter"),
        lambda: plot(method="semilogy", x=range(10)),
        lambda: plot().axes[0],
    ],
)
def test_loss_plot_accepts(make):
    fig = make()
    assert_passes(loss_plot, fig, TRAIN, TEST)
    assert_no_trace(loss_plot, fig, TRAIN, TEST)


def plot_bars() -> Figure:
    fig = Figure()
    fig.subplots().bar(range(10), TRAIN)
    return fig


def plot_legend_of_letters() -> Figure:
    fig = plot(curves=[(TRAIN, None), (TEST, None)], legend=False)
    fig.axes[0].legend("training")
    return fig


def plot_swapped_axes() -> Figure:
    fig = Figure()
    ax = fig.subplots()
    ax.plot(TRAIN, range(10))
    ax.plot(TEST, range(10))
    return fig


def plot_apart() -> Figure:
    fig = Figure()
    for ax, values in zip(fig.subplots(1, 2), (TRAIN, TEST), strict=True):
        ax.plot(values)
    return fig


def plot_legend_swapped() -> Figure:
    fig = Figure()
    ax = fig.subplots()
    ax.plot(TRAIN)
    ax.plot(TEST)
    ax.set(xlabel="epoch", ylabel="loss")
    ax.legend(["test", "training"])
    return fig


@pytest.mark.parametrize(
    "fig, fragment",
    [
        (plot().axes[0].lines, "expected is the Matplotlib figure"),
        (plt, "expected is the Matplotlib figure"),
        (plot(curves=[(TRAIN, "training")]), "test_losses is not in the plot."),
        (plot(curves=[(TEST, "test")]), "train_losses is not in the plot."),
        (plot(curves=[(TEST, "test"), (TEST, "training")]), "test_losses is drawn twice"),
        (plot(curves=[(TEST, "a"), (ACCURACIES, "b")]), "Draw both losses"),
        ((plot(), plot().axes[0]), "each under its own name"),
        (plot_bars(), "bars, but no lines"),
        (plot(ylabel="accuracy"), "the curves are losses"),
        (plot(curves=[(TRAIN, "loss"), (TEST, "loss")]), "Give them different names"),
        (plot_legend_of_letters(), "single letters"),
        (plot(curves=[(ACCURACIES, "a"), (ACCURACIES, "b")]), "like accuracies"),
        (plot(curves=[([5] * 10, "a"), ([6] * 10, "b")]), "Plot the lists as they are"),
        (plot(curves=[(TRAIN[:5], "a"), (TEST[:5], "b")], x=range(5)), "Run the cell"),
        (plot_swapped_axes(), "the epochs upwards"),
        (plot_apart(), "in different axes"),
        (plot(x=range(0, 640, 64)), "from 0 to 576"),
        (plot(xlabel=""), "the horizontal axis has no name"),
        (plot(ylabel=" "), "the vertical axis has no name"),
        (plot(xlabel="", ylabel=""), "the horizontal and the vertical axis have no name"),
        (plot(xlabel="loss", ylabel="epoch"), "swapped"),
        (plot(legend=False), "One call more"),
        (plot(curves=[(TRAIN, None), (TEST, None)], legend=False), "ax.legend()"),
        (plot(curves=[(TRAIN, "test"), (TEST, "training")]), "the labels are swapped"),
        (plot_legend_swapped(), "the labels are swapped"),
    ],
)
def test_loss_plot_explains(fig, fragment):
    assert_incorrect(loss_plot, fragment, fig, TRAIN, TEST)


def test_loss_plot_blank():
    assert_blank(loss_plot, ..., TRAIN, TEST)
    assert_blank(loss_plot, Figure(), TRAIN, TEST)
    assert_blank(loss_plot, plot(curves=[], legend=False), TRAIN, TEST)
    assert_blank(loss_plot, plot(), [], TEST)
