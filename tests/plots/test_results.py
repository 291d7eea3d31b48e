"""Pictures of training and results: curves, confusion, mistakes and bars."""

import math

import numpy as np
import pytest
import torch

from helpers import plots
from helpers.datasets import FASHION_CLASSES
from tests.plots.examples import OFFICIAL, PROBABILITIES, images_of, texts_of, titles_of


def test_curves_start_at_epoch_one_and_differ_without_colour():
    series = {str(i): np.linspace(2.3, 1 / (i + 1), 10) for i in range(6)}
    picture = plots.curves(series, title="Six")
    lines = picture.axes[0].get_lines()
    assert all(list(line.get_xdata()) == list(range(1, 11)) for line in lines)
    looks = {(str(line.get_linestyle()), line.get_marker()) for line in lines}
    assert len(looks) == 6
    picture.draw_without_rendering()
    assert all(float(tick).is_integer() for tick in picture.axes[0].get_xticks())
    assert picture.axes[0].get_xlabel() == "epoch"


def test_curves_say_where_they_begin_and_end():
    picture = plots.curves(
        {"training": [2.302, 0.7], "test": [2.301, 0.71]},
        reference=(math.log(10), "guessing, ln 10"),
    )
    assert picture.caption == (
        "Loss over 2 epochs: training from 2.302 to 0.700; test from 2.301 to 0.710. "
        "The dotted line: guessing, ln 10, 2.303."
    )
    labels = [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
    assert labels == ["training, at last 0.700", "test, at last 0.710", "guessing, ln 10: 2.303"]
    assert picture.axes[0].get_ylabel() == "loss"


def test_curves_of_shares_are_percentages():
    picture = plots.curves({"test": [0.1, 0.875]}, ylabel="accuracy", percent=True)
    assert picture.caption == "Accuracy over 2 epochs: test from 10.0% to 87.5%."
    picture.draw_without_rendering()
    assert all(label.get_text().endswith("%") for label in picture.axes[0].get_yticklabels())


@pytest.mark.parametrize("values", [[0.5], [2.3, math.nan, math.inf]])
def test_one_epoch_and_a_run_that_broke_can_be_drawn(values):
    picture = plots.curves({"training": values})
    assert picture.png()
    assert "inf" not in picture.caption.replace("finite", "")


@pytest.mark.parametrize("series", [{}, {"training": []}])
def test_nothing_to_draw_is_said(series):
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.curves(series)


OTHERS = [[0.1, 0.1, 0.2], [0.1, 0.3, 0.4], [0.1, 0.5, 0.6], [0.1, 0.6, 0.7]]


def test_ones_own_run_is_the_thick_line_among_thin_ones():
    picture = plots.among([0.1, 0.2, 0.5], OTHERS, title="Mine")
    *thin, own = picture.axes[0].get_lines()
    assert [list(line.get_ydata()) for line in thin] == OTHERS
    assert list(own.get_ydata()) == [0.1, 0.2, 0.5]
    assert all(list(line.get_xdata()) == [1, 2, 3] for line in (*thin, own))
    assert own.get_linewidth() > 3 * max(line.get_linewidth() for line in thin)
    assert own.get_zorder() >= max(line.get_zorder() for line in thin), "drawn over them"
    assert own.get_marker() == "o" and {line.get_marker() for line in thin} == {"None"}
    assert picture.caption == (
        "Test accuracy by epoch. Thin lines: 4 recorded runs, after epoch 3 between 20.0% and "
        "70.0%, the median at 50.0%. Thick line with dots: your run, after epoch 3 at 50.0%, "
        "above 50% of them."
    )
    labels = [text.get_text() for text in picture.axes[0].get_legend().get_texts()]
    assert labels == ["4 recorded runs", "your run, after epoch 3 at 50.0%"]
    assert (picture.axes[0].get_xlabel(), picture.axes[0].get_title()) == ("epoch", "Mine")


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ([0.1, 0.2, 0.65, 0.9, 0.95], "your run, after epoch 3 at 65.0%, above 75% of them"),
        ([0.1, 0.2], "your run, after epoch 2 at 20.0%, above 25% of them"),
        (torch.tensor([0.1]), "your run, after epoch 1 at 10.0%, above 0% of them"),
    ],
)
def test_runs_are_compared_after_the_last_epoch_that_all_have(own, said):
    picture = plots.among(own, OTHERS)
    assert said in picture.caption
    assert len(picture.axes[0].get_lines()[-1].get_ydata()) == len(own), "all of it is drawn"
    assert picture.axes[0].get_xlim()[1] > max(len(own), 3)


@pytest.mark.parametrize(("own", "others"), [([], OTHERS), ([0.1], [])])
def test_no_run_to_draw_is_said(own, others):
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.among(own, others)


def test_confusion_prints_every_count():
    matrix = torch.tensor([[8, 2], [1, 9]])
    picture = plots.confusion(matrix, ["Coat", "Bag"])
    assert texts_of(picture) == ["8", "2", "1", "9"]
    places = [text.get_position() for text in picture.axes[0].texts]
    assert places == [(0, 0), (1, 0), (0, 1), (1, 1)], "rows are the true classes"
    assert "85.0% were recognised" in picture.caption
    assert picture.caption.endswith("Data: most often, Coat was taken for Bag, 2 times")
    axes = picture.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Coat", "Bag"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Coat", "Bag"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")


def test_confusion_of_an_empty_class_and_without_mistakes():
    picture = plots.confusion(torch.diag(torch.tensor([3, 0])), ["Coat", "Bag"])
    assert picture.png()
    assert picture.caption.endswith("no mistakes")


def test_confusion_of_another_number_of_classes_is_refused():
    with pytest.raises(ValueError, match="must be 10×10"):
        plots.confusion(torch.zeros(2, 2), FASHION_CLASSES)


def test_mistakes_show_true_and_predicted_class():
    probabilities = torch.zeros(40, 10)
    probabilities[:, 8] = 0.987
    probabilities[:, 0] = 0.013
    picture = plots.mistakes(OFFICIAL, torch.tensor([4, 9]), probabilities)
    assert titles_of(picture) == ["Coat →\nBag, 98.7%", "Ankle Boot →\nBag, 98.7%"]
    for image, index in zip(images_of(picture), (4, 9), strict=True):
        assert np.allclose(image.get_array(), OFFICIAL[index][0][0])
    assert picture.caption.endswith("Coat → Bag, 98.7%, Ankle Boot → Bag, 98.7%")


def test_no_mistake_is_a_picture_too():
    picture = plots.mistakes(OFFICIAL, [], PROBABILITIES)
    assert picture.caption.startswith("There is no mistake to show.")
    assert picture.png()


def test_mistakes_of_other_images_are_refused():
    with pytest.raises(ValueError, match="40 images, but there are probabilities for 5"):
        plots.mistakes(OFFICIAL, [0], PROBABILITIES[:5])


def test_bars_print_each_probability_and_mark_the_true_class():
    probabilities = torch.tensor([[0.25, 0.7, 0.05]])
    picture = plots.bars(probabilities, ["Coat", "Bag", "Shirt"], label=0, title="Mine")
    assert texts_of(picture) == ["25.0%", "70.0%", "5.0%"]
    names = [label.get_text() for label in picture.axes[0].get_yticklabels()]
    assert names == ["Coat (true)", "Bag", "Shirt"]
    assert picture.caption == (
        "Probabilities of 3 classes; the largest is 70.0%, that of the true class 25.0%.\n"
        "Data: predicted Bag, true Coat"
    )
    top, bottom = picture.axes[0].patches[0], picture.axes[0].patches[-1]
    assert top.get_y() < bottom.get_y()
    assert picture.axes[0].yaxis_inverted(), "the first class stands at the top"


def test_bars_of_several_images_are_refused():
    with pytest.raises(ValueError, match="10 classes, but 20 probabilities"):
        plots.bars(PROBABILITIES[:2], FASHION_CLASSES)
