"""Checks of tasks 3.7 to 3.9: lists, plots and learning rates, mistakes by their message."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from helpers.checks import learning_rates, loss_plot, training_run
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

# ----------------------------------------------------------------------------- 3.7

TRAIN = [2.304, 2.302, 2.299, 2.28, 2.1, 1.5, 1.2, 1.0, 0.95, 0.9]
TEST = [2.303, 2.301, 2.297, 2.26, 1.9, 1.4, 1.1, 1.02, 0.97, 0.93]
ACCURACIES = [0.1, 0.1, 0.14, 0.25, 0.35, 0.5, 0.57, 0.61, 0.64, 0.66]
PLATEAU = [2.3040 - 0.0001 * i for i in range(10)]


def test_training_run_accepts():
    line = assert_passes(training_run, TRAIN, TEST, ACCURACIES)
    assert assert_passes(training_run, PLATEAU, TEST, [0.1] * 10) == line
    longer = [*TRAIN, *TRAIN[::-1], 0.8], [*TEST, *TEST, 0.8], [*ACCURACIES, *ACCURACIES, 0.7]
    assert_passes(training_run, *longer)
    assert_passes(
        training_run,
        tuple(TRAIN),
        np.array(TEST),
        [torch.tensor(value) for value in ACCURACIES],
    )
    assert_no_trace(training_run, TRAIN, TEST, ACCURACIES)


NEEDS_GRADIENT = torch.tensor(2.3, requires_grad=True)


@pytest.mark.parametrize(
    "train, test, accuracies, fragment",
    [
        (TRAIN, TEST, [], "accuracies is still empty"),
        (TRAIN, TEST[:9], ACCURACIES, "9 (test_losses)"),
        (TRAIN[:4], TEST[:4], ACCURACIES[:4], "4 epochs so far"),
        (TRAIN[:1], TEST[:1], ACCURACIES[:1], "is 1 epoch so far"),
        ([*TRAIN[:9], NEEDS_GRADIENT], TEST, ACCURACIES, ".item()"),
        (NEEDS_GRADIENT.expand(10), TEST, ACCURACIES, ".item()"),
        ([*TRAIN[:9], math.nan], TEST, ACCURACIES, "the training has failed"),
        ([None] * 10, TEST, ACCURACIES, "function without return"),
        (TRAIN, list(zip(TEST, ACCURACIES, strict=True)), ACCURACIES, "take them apart"),
        (TRAIN, TEST, [f"{a:.1%}" for a in ACCURACIES], "are for printing"),
        ([[t] for t in TRAIN], TEST, ACCURACIES, "without brackets around it"),
        ([TRAIN], TEST, ACCURACIES, "without brackets around it"),
        (TRAIN, [2.3026] * 10, ACCURACIES, "the test loss is the same in every epoch"),
        (TRAIN, TEST, [-a for a in ACCURACIES], "from 0 to 1"),
        (0.9, TEST, ACCURACIES, "a list with one number per epoch"),
        ({"epoch": 1}, TEST, ACCURACIES, "a list with one number per epoch"),
        (TRAIN, TEST, [100 * a for a in ACCURACIES], "percent"),
        (TRAIN, TEST, [10000 * a for a in ACCURACIES], "from 0 to 1"),
        (TRAIN, ACCURACIES, TEST, "swapped"),
        (TRAIN, TEST, TRAIN, "looks like a loss"),
        (TRAIN, ACCURACIES, ACCURACIES, "accuracies and test_losses hold the same"),
        (TRAIN, TRAIN, ACCURACIES, "train_losses and test_losses hold the same"),
        (ACCURACIES, TEST, ACCURACIES, "train_losses and accuracies hold the same"),
        ([938 * t for t in TRAIN], TEST, ACCURACIES, "a sum in place of a mean"),
        (TRAIN, [157 * t for t in TEST], ACCURACIES, "a sum in place of a mean"),
        ([t / 64 for t in TRAIN], TEST, ACCURACIES, "divided twice"),
        ([-t for t in TRAIN], TEST, ACCURACIES, "never negative"),
        ([2.3] * 10, TEST, ACCURACIES, "does not learn"),
        (TRAIN[::-1], TEST, ACCURACIES, "run the loop again"),
        ([Liar()] * 10, TEST, ACCURACIES, "a number was expected"),
    ],
)
def test_training_run_explains(train, test, accuracies, fragment):
    assert_incorrect(training_run, fragment, train, test, accuracies)


@pytest.mark.parametrize(
    "lists", [([], [], []), (..., TEST, ACCURACIES), (TRAIN, TEST, None), ([...], TEST, ACCURACIES)]
)
def test_training_run_blank(lists):
    assert_blank(training_run, *lists)


# ----------------------------------------------------------------------------- 3.8


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


# ----------------------------------------------------------------------------- 3.9

SLOW = ACCURACIES
MIDDLE = [0.35, 0.6, 0.68, 0.72, 0.74, 0.75, 0.76, 0.77, 0.78, 0.79]
FAST = [0.77, 0.82, 0.84, 0.85, 0.86, 0.865, 0.87, 0.872, 0.878, 0.881]
RUNS = {1e-3: SLOW, 1e-2: MIDDLE, 1e-1: FAST}


class History:
    accuracies = FAST


def test_learning_rates_accepts():
    assert_passes(learning_rates, RUNS, 1e-1)
    assert_passes(learning_rates, RUNS, torch.tensor(0.1))
    assert_passes(learning_rates, {"1e-3": SLOW * 2, "0.01": tuple(MIDDLE), "1e-1": FAST}, "0.1")
    assert_passes(learning_rates, {**RUNS, 1e-1: History()}, 0.1)
    more = {**RUNS, 0.3: [*FAST[:9], 0.884], 1e-5: [0.1] * 10, 1e-6: [0.1] * 10}
    assert_passes(learning_rates, more, 0.3)
    assert_passes(learning_rates, more, 0.1)
    assert_no_trace(learning_rates, RUNS, 1e-1)


CONTINUED = {1e-3: [0.87] * 4 + [0.88] * 6, 1e-2: MIDDLE, 1e-1: FAST}


@pytest.mark.parametrize(
    "runs, best, fragment",
    [
        ([SLOW, MIDDLE, FAST], 0.1, "expected is a dictionary"),
        ({1e-3: SLOW, 1e-1: FAST}, 0.1, "no accuracies for 1e-2"),
        ({1e-3: SLOW}, 1e-3, "1e-2 and 1e-1"),
        ({**RUNS, 1e-2: MIDDLE[:3]}, 0.1, "has 3 epochs"),
        ({**RUNS, 1e-2: (torch.nn.Linear(1, 1), MIDDLE)}, 0.1, "Take them apart"),
        ({**RUNS, 1e-2: 0.79}, 0.1, "a list with one number per epoch"),
        ({**RUNS, "fast": FAST}, 0.1, "expected is a learning rate"),
        ({**RUNS, 1e-1: [100 * a for a in FAST]}, 0.1, "percent"),
        ({**RUNS, 1e-2: TRAIN}, 0.1, "looks like a loss"),
        ({**RUNS, 1e-2: FAST}, 0.1, "begin with the same numbers"),
        (dict.fromkeys(RUNS, SLOW + MIDDLE + FAST), 0.1, "a new empty list"),
        ({1e-3: SLOW, 1e-2: SLOW + MIDDLE, 1e-1: FAST}, 0.1, "begin with the same numbers"),
        (CONTINUED, 0.1, "trained before"),
        ({**RUNS, 1e-1: [0.1] * 10}, 1e-2, "made anew"),
        ({**RUNS, 1e-1: [0.5, *MIDDLE[1:]]}, 1e-1, "made anew"),
        (RUNS, 1e-2, "Compare the last"),
        (RUNS, 1e-3, "ends at an accuracy of 0.66"),
        (RUNS, FAST[-1], "which is an accuracy"),
        (RUNS, 0.4, "Choose one of 1e-3, 1e-2, 1e-1"),
        (RUNS, FAST, "a number was expected"),
        (RUNS, "the largest", "expected is a learning rate"),
    ],
)
def test_learning_rates_explains(runs, best, fragment):
    assert_incorrect(learning_rates, fragment, runs, best)


def test_learning_rates_blank():
    assert_blank(learning_rates, RUNS, ...)
    assert_blank(learning_rates, ..., 1e-1)
    assert_blank(learning_rates, {}, 1e-1)
    assert_blank(learning_rates, dict.fromkeys(RUNS), 1e-1)
    assert_blank(learning_rates, {**RUNS, 1e-2: ...}, 1e-1)
