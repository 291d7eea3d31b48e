"""Task 3.8: right ways, mistakes and their messages, blanks, traces."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from helpers.checks import loss_plot
from helpers.checks.full_cnn import loss_curves
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
        lambda: drawn(lambda ax: [ax.plot(range(10, 0, -1), v[::-1]) for v in (TRAIN, TEST)]),
        lambda: drawn(lambda ax: [ax.step(range(1, 11), v) for v in (TRAIN, TEST)]),
        lambda: drawn(lambda ax: [ax.errorbar(range(10), v, 0.1) for v in (TRAIN, TEST)]),
        lambda: drawn(lambda ax: ax.plot(range(10), TRAIN, "o-", range(10), TEST, "s--")),
        lambda: drawn(lambda ax: ax.plot(list(zip(TRAIN, TEST, strict=True)))),
        lambda: drawn(lambda ax: [ax.plot(np.float32(v), ".") for v in (TRAIN, TEST)]),
        lambda: plot(xlabel="Epoche", ylabel="Verlust je Bild"),
        lambda: plot(xlabel="epoch (loss after it)", ylabel="cross-entropy"),
        lambda: plot(curves=[(TEST, "validation"), (TRAIN, "train")]),
    ],
)
def test_loss_plot_accepts(make):
    fig = make()
    assert_passes(loss_plot, fig, TRAIN, TEST)
    assert_no_trace(loss_plot, fig, TRAIN, TEST)


def drawn(draw, xlabel="epoch", ylabel="loss", legend=("training", "test")) -> Figure:
    """A figure in whose axes ``draw`` has drawn."""
    fig = Figure()
    ax = fig.subplots()
    draw(ax)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if not ax.get_legend():
        ax.legend(legend)
    return fig


def both(make, x=range(1, 11)) -> Figure:
    """Both curves, each after ``make`` has made something else of its numbers."""
    return drawn(
        lambda ax: [ax.plot(*[*filter(len, [x]), make(np.array(v))]) for v in (TRAIN, TEST)]
    )


def one(values) -> Figure:
    return drawn(lambda ax: ax.plot(values))


def plot_hidden() -> Figure:
    fig = plot()
    fig.axes[0].lines[1].set_visible(False)
    return fig


def plot_named_in_part() -> Figure:
    """The legend has the training and a line for the guess, but not the test."""

    def draw(ax):
        ax.plot(TRAIN, label="training")
        ax.plot(TEST)
        ax.axhline(2.3, color="red", label="guess")
        ax.legend()

    return drawn(draw)


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
        (plot().axes[0], "fig is of type Axes; expected is the figure"),
        (plot().subplots(2, 2), "fig is of type ndarray; expected is the figure"),
        (list(plot().axes[0].lines), "fig is of type list; expected is the figure"),
        (plot().axes[0].lines[0], "fig is of type Line2D; expected is a figure"),
        (plt, "expected is a figure"),
        ([plot(), plot()], "fig is 2 figures"),
        (one(TRAIN + TEST), "one line shows both lists, one behind the other"),
        (one(TEST + TRAIN), "one line shows both lists, one behind the other"),
        (one(np.stack([TRAIN, TEST], axis=1).ravel()), "one line shows both lists in turn"),
        (one(np.stack([TEST, TRAIN], axis=1).ravel()), "one line shows both lists in turn"),
        (one([TRAIN, TEST]), "10 lines of two points each: the two losses of one epoch"),
        (one(np.subtract(TRAIN, TEST)), "the difference of the two losses"),
        (one(np.subtract(TEST, TRAIN)), "the difference of the two losses"),
        (one(np.add(TEST, TRAIN)), "the sum of the two losses"),
        (one(np.add(TEST, TRAIN) / 2), "the mean of the two losses"),
        (one(np.divide(TEST, TRAIN)), "the quotient of the two losses"),
        (one(np.divide(TRAIN, TEST)), "the quotient of the two losses"),
        (drawn(lambda ax: ax.plot(TRAIN, TEST)), "by train_losses and upwards by test_losses"),
        (drawn(lambda ax: ax.plot(TEST, TRAIN)), "by test_losses and upwards by train_losses"),
        (drawn(lambda ax: ax.scatter(TRAIN, TEST)), "by train_losses and upwards by test_losses"),
        (
            drawn(lambda ax: [ax.plot(v, ACCURACIES) for v in (TRAIN, TEST)]),
            "the values of train_losses go to the right, and other numbers upwards",
        ),
        (
            drawn(lambda ax: [ax.plot(ACCURACIES, v) for v in (TRAIN, TEST)]),
            "stand at 0.1, 0.1, 0.14, … 0.66 on the horizontal axis",
        ),
        (both(np.array, x=range(10, 0, -1)), "stand at 10, 9, 8, … 1 on the horizontal axis"),
        (both(np.array, x=range(2, 12)), "stand at 2, 3, 4, … 11 on the horizontal axis"),
        (both(np.array, x=np.linspace(0, 10, 10)), "stand at 0, 1.111, 2.222, … 10"),
        (both(np.array, x=np.linspace(0, 1, 10)), "stand at 0, 0.1111, 0.2222, … 1"),
        (
            drawn(lambda ax: ax.plot(range(1, 11), TRAIN, TEST)),
            "begins at 1 and test_losses begins at 0",
        ),
        (both(np.log), "a curve shows the logarithms of train_losses"),
        (both(np.sort), "a curve shows train_losses from the last epoch to the first"),
        (both(np.cumsum), "the sums of train_losses up to each epoch"),
        (both(np.negative), "train_losses with the opposite sign"),
        (both(lambda y: 100 * y), "train_losses in percent"),
        (both(lambda y: y / y[0]), "train_losses divided by its first value"),
        (both(lambda y: 1 - y), "1 minus train_losses"),
        (both(lambda y: y.round(1)), "train_losses rounded to 1 digit after the point"),
        (both(lambda y: y.round()), "train_losses rounded to 0 digits after the point"),
        (both(np.diff, x=()), "the changes of train_losses from epoch to epoch"),
        (both(lambda y: y[1:], x=()), "the last 9 of the 10 numbers of train_losses"),
        (both(lambda y: y[:-1], x=()), "the first 9 of the 10 numbers of train_losses"),
        (both(lambda y: y[::2], x=()), "5 of the 10 numbers of train_losses"),
        (both(lambda y: np.tile(y, 2), x=()), "a curve of 20 points begins with the 10 numbers"),
        (drawn(lambda ax: [ax.plot(n, v, "o") for n, v in enumerate(TRAIN)]), "no line with two"),
        (drawn(lambda ax: ax.imshow([TRAIN, TEST])), "no line with two points"),
        (drawn(lambda ax: ax.hist(TRAIN)), "bars or other shapes, but no lines"),
        (plot_hidden(), "test_losses is not in the plot, which has one curve"),
        (plot_named_in_part(), "has no entry for test_losses"),
        (plot(xlabel="loss", ylabel="cross-entropy loss"), "the horizontal axis is called 'loss'"),
        (plot(xlabel="Accuracy"), "the horizontal axis is called 'accuracy'"),
        (plot(ylabel="epochs"), "the vertical axis is called 'epochs', but what it shows are"),
        (plot(curves=[(TRAIN, "a"), (TEST, "b")]), "do not tell which curve is which"),
        (plot(curves=[(TRAIN, "training")]), "test_losses is not in the plot, which"),
        (plot(curves=[(TEST, "test")]), "train_losses is not in the plot, which"),
        (plot(curves=[(TEST, "test"), (TEST, "training")]), "test_losses is drawn twice"),
        (plot(curves=[(TEST, "a"), (ACCURACIES, "b")]), "Draw both losses"),
        ((plot(), plot().axes[0]), "fig is of type tuple; expected is the figure"),
        (plot_bars(), "bars or other shapes, but no lines"),
        (plot(ylabel="accuracy"), "but what it shows are losses"),
        (plot(curves=[(TRAIN, "loss"), (TEST, "loss")]), "Give them different names"),
        (plot_legend_of_letters(), "single letters"),
        (plot(curves=[(ACCURACIES, "a"), (ACCURACIES, "b")]), "are they accuracies?"),
        (plot(curves=[([5] * 10, "a"), ([6] * 10, "b")]), "as they stand in the lists"),
        (
            plot(curves=[(TRAIN[:5], "a"), (TEST[:5], "b")], x=range(5)),
            "run the cell that draws again",
        ),
        (plot_swapped_axes(), "the epochs upwards"),
        (plot_apart(), "in different axes"),
        (plot(x=range(0, 640, 64)), "stand at 0, 64, 128, … 576"),
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


BUMPY = [2.31, 2.2, 2.25, 1.9, 1.4, 1.1], [2.1, 2.3, 2.15, 1.7, 1.5, 1.2]


@pytest.mark.parametrize("words, made", loss_curves._MADE_OF_IT)
def test_loss_plot_names_what_is_made_of_a_list(words, made):
    train, test = BUMPY
    fig = drawn(lambda ax: (ax.plot(train), ax.plot(made(np.array(test)))))
    assert_incorrect(loss_plot, f"a curve shows {words.format('test_losses')}.", fig, train, test)


@pytest.mark.parametrize("words, made", loss_curves._MADE_OF_BOTH)
def test_loss_plot_names_what_is_made_of_both_lists(words, made):
    fig = one(made(*map(np.array, BUMPY)))
    assert_incorrect(loss_plot, f"one line shows {words}.", fig, *BUMPY)


def test_loss_plot_follows_lists_that_have_grown_or_were_emptied():
    assert_passes(
        loss_plot, drawn(lambda ax: (ax.plot(TRAIN * 2), ax.plot(TEST * 2))), TRAIN * 2, TEST * 2
    )
    assert_incorrect(loss_plot, "the first 10 of the 20", plot(), TRAIN * 2, TEST * 2)
    assert_incorrect(loss_plot, "begins with the 4 numbers", plot(), TRAIN[:4], TEST[:4])


def test_loss_plot_blank():
    assert_blank(loss_plot, ..., TRAIN, TEST)
    assert "such as plt.show()" in assert_blank(loss_plot, None, TRAIN, TEST)
    assert_blank(loss_plot, Figure(), TRAIN, TEST)
    assert_blank(loss_plot, plot(curves=[], legend=False), TRAIN, TEST)
    assert_blank(loss_plot, plot(), [], TEST)
